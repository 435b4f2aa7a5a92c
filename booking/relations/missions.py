"""An ambassador takes a mission, gives it back, says that it is done; the office decides.

All that changes who does a mission is written under its lock: three are wanted, and the fourth is
told that it is taken. Who is an ambassador is fifteen at least (`ambassadors.join`). Nothing is
paid (features.md M04).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, WrongState, trouble
from members.journal import Actor, record
from members.models import Ambassador, Mission, MissionTake
from members.rules import missions as rules
from oti.lib.dates import today as day_of

HELD = Count("takes", filter=Q(takes__state__in=rules.HOLDS))


@dataclass(frozen=True)
class MissionView:
    """A mission as one ambassador sees it; `own` is what they are in it, None if nothing."""

    mission: Mission
    places: int
    own: MissionTake | None
    is_over: bool

    @property
    def state(self) -> str:
        """Return where it stands for them: their own state, else open, full or over."""
        if self.own is not None and self.own.state in rules.HOLDS:
            return self.own.state
        if self.is_over:
            return "over"
        return "open" if self.places > 0 else "full"


@dataclass(frozen=True)
class Given:
    """What an ambassador gave: missions that the office confirmed, and their minutes."""

    count: int
    minutes: int


# --- What is seen -------------------------------------------------------------------------------
def missions_for(ambassador: Ambassador, *, now: datetime) -> list[MissionView]:
    """Return the missions that are open, and their own ones, in the order of their last day.

    Two statements. One that they gave back is shown as long as it is open.
    """
    own = {one.mission_id: one for one in ambassador.missions.all()}
    held = [pk for pk, one in own.items() if one.state in rules.HOLDS]
    rows = _counted().filter(Q(pk__in=Mission.objects.open_on(day_of(now))) | Q(pk__in=held))
    return [_view(one, own.get(one.pk), now=now) for one in rows.order_by("last_day", "pk")]


def mission_for(ambassador: Ambassador, pk: int, *, now: datetime) -> MissionView | None:
    """Return one mission as an ambassador sees it; None for one that isn't shown to them."""
    mission = _counted().filter(pk=pk).first()
    if mission is None:
        return None
    own = ambassador.missions.filter(mission=mission).first()
    if not mission.is_shown and (own is None or own.state not in rules.HOLDS):
        return None
    return _view(mission, own, now=now)


def open_count(ambassador: Ambassador, *, now: datetime) -> int:
    """Return how many missions an ambassador could take now. One statement."""
    theirs = MissionTake.objects.filter(ambassador=ambassador, state__in=rules.HOLDS)
    rows = Mission.objects.open_on(day_of(now)).annotate(held=HELD).filter(held__lt=F("wanted"))
    return int(rows.exclude(pk__in=theirs.values("mission")).count())


def given_by(ambassador: Ambassador) -> Given:
    """Return how many missions of an ambassador were confirmed, and the minutes they gave."""
    confirmed = ambassador.missions.filter(state=rules.CONFIRMED)
    sums = confirmed.aggregate(count=Count("pk"), minutes=Sum("minutes"))
    return Given(sums["count"], sums["minutes"] or 0)


def to_confirm() -> int:
    """Return how many missions wait for the office."""
    return MissionTake.objects.filter(state=rules.DONE).count()


def _counted() -> QuerySet[Mission]:
    return Mission.objects.annotate(held=HELD)


def _view(mission: Mission, own: MissionTake | None, *, now: datetime) -> MissionView:
    held: int = mission.held  # type: ignore[attr-defined]
    is_over = mission.last_day < day_of(now) or not mission.is_shown
    return MissionView(mission, max(mission.wanted - held, 0), own, is_over)


# --- The ambassador -----------------------------------------------------------------------------
def take_mission(ambassador: Ambassador, pk: int, *, now: datetime) -> MissionTake:
    """Let an ambassador do a mission; twice is once.

    Locks: ambassador, mission. Raises WrongState `ambassador_ended`, `mission_gone`,
    `mission_over`, `mission_full`.
    """
    with locks.write_transaction():
        if not locks.lock_ambassador(ambassador.pk).is_active:
            raise WrongState(trouble("ambassador_ended"))
        mission = _locked(pk)
        own = MissionTake.objects.filter(mission=mission, ambassador=ambassador).first()
        if own is not None and own.state in rules.HOLDS:
            return own
        if not mission.is_shown or mission.last_day < day_of(now):
            raise WrongState(trouble("mission_over"))
        held = MissionTake.objects.filter(mission=mission, state__in=rules.HOLDS).count()
        if not rules.has_room(mission.wanted, held):
            raise WrongState(trouble("mission_full"))
        row = own or MissionTake(mission=mission, ambassador=ambassador)
        row.state, row.taken_at = rules.TAKEN, now
        row.words, row.minutes, row.office_note = "", 0, ""
        row.done_at = row.decided_at = None
        row.save()
        _journal("mission taken", row, Actor.person(ambassador.user), now=now)
    return row


def give_back(ambassador: Ambassador, pk: int, *, now: datetime) -> None:
    """Leave a mission to somebody else; twice is once. Locks: mission.

    Raises WrongState `mission_gone`, `mission_moved` for one that is done.
    """
    with locks.write_transaction():
        row = _own(ambassador, pk)
        if row.state == rules.GIVEN_BACK:
            return
        _move(row, rules.GIVEN_BACK, from_states=(rules.TAKEN,))
        row.save(update_fields=["state"])
        _journal("mission given back", row, Actor.person(ambassador.user), now=now)


def give_back_all(ambassador: Ambassador, *, now: datetime) -> None:
    """Leave to others whatever somebody who stops had taken and not done.

    Within a transaction that has locked the ambassador. Locks: their missions (pk).
    """
    open_ones = ambassador.missions.filter(state=rules.TAKEN).order_by("mission_id")
    for pk in list(open_ones.values_list("mission_id", flat=True)):
        row = _own(ambassador, pk)
        if row.state == rules.TAKEN:
            row.state = rules.GIVEN_BACK
            row.save(update_fields=["state"])
            _journal("mission given back", row, Actor.person(ambassador.user), now=now)


def say_done(ambassador: Ambassador, pk: int, *, words: str, minutes: int, now: datetime) -> None:
    """Say that a mission is done, in a line, and how long it took; the office confirms it.

    Twice is once: the office reads the first words. Locks: mission. Raises BadInput
    `mission_words_missing`, `minutes_unlikely`; WrongState `mission_gone`, `mission_moved`,
    `mission_not_yet` before its first day.
    """
    if not words.strip():
        raise BadInput(trouble("mission_words_missing", field="words"))
    if not rules.SHORTEST <= minutes <= rules.LONGEST:
        raise BadInput(trouble("minutes_unlikely", field="minutes"))
    with locks.write_transaction():
        row = _own(ambassador, pk)
        if row.state == rules.DONE:
            return
        if row.mission.first_day > day_of(now):
            raise WrongState(trouble("mission_not_yet", day=row.mission.first_day))
        _move(row, rules.DONE, from_states=(rules.TAKEN,))
        row.words, row.minutes, row.done_at = words.strip()[: rules.MOST_WORDS], minutes, now
        row.save(update_fields=["state", "words", "minutes", "done_at"])
        _journal("mission done", row, Actor.person(ambassador.user), now=now)


# --- The office ---------------------------------------------------------------------------------
def confirm(take: MissionTake, *, note: str, actor: Actor, now: datetime) -> None:
    """Confirm what is done: it counts, and the ambassador is thanked by mail.

    Locks: mission. Raises WrongState `mission_moved`.
    """
    move = _Decision("mission confirmed", rules.CONFIRMED, (rules.DONE,))
    _decide(take, move, note, actor=actor, now=now)


def send_back(take: MissionTake, *, note: str, actor: Actor, now: datetime) -> None:
    """Ask an ambassador for what is missing; the mission stays theirs.

    Locks: mission. Raises BadInput `mission_note_missing`, WrongState `mission_moved`.
    """
    if not note.strip():
        raise BadInput(trouble("mission_note_missing", field="note"))
    move = _Decision("mission sent back", rules.TAKEN, (rules.DONE,))
    _decide(take, move, note, actor=actor, now=now)


def free(take: MissionTake, *, note: str, actor: Actor, now: datetime) -> None:
    """Give a place to somebody else: what was taken and isn't done.

    Locks: mission. Raises BadInput `reason_missing`, WrongState `mission_moved`.
    """
    if not note.strip():
        raise BadInput(trouble("reason_missing", field="note"))
    move = _Decision("mission freed", rules.GIVEN_BACK, (rules.TAKEN, rules.DONE))
    _decide(take, move, note, actor=actor, now=now)


@dataclass(frozen=True)
class _Decision:
    verb: str
    state: str
    from_states: tuple[str, ...]


def _decide(take: MissionTake, move: _Decision, note: str, *, actor: Actor, now: datetime) -> None:
    with locks.write_transaction():
        row = _own(take.ambassador, take.mission_id)
        _move(row, move.state, from_states=move.from_states)
        row.office_note, row.decided_at = note.strip()[:300], now
        row.save(update_fields=["state", "office_note", "decided_at"])
        _journal(move.verb, row, actor, now=now)
        if row.ambassador.user.is_active:
            write_message(
                "ambassador_mission",
                key=f"mission:{row.pk}:{move.state}:{now:%Y%m%d%H%M%S%f}",
                recipient=row.ambassador.user.email,
                language=row.ambassador.language,
                data={"take": row.pk, "move": move.state},
                now=now,
            )
    take.refresh_from_db()


def change_mission(mission: Mission, *, actor: Actor, now: datetime) -> None:
    """Keep what the office wrote of a mission, as `mission` has it.

    Locks: mission. Raises BadInput `mission_has_more` where fewer were wanted than do it already.
    """
    with locks.write_transaction():
        if mission.pk is not None:
            locks.lock_mission(mission.pk)
            held = MissionTake.objects.filter(mission=mission, state__in=rules.HOLDS).count()
            if mission.wanted < held:
                raise BadInput(trouble("mission_has_more", field="wanted", count=held))
        mission.save()
        record("mission written", f"mission:{mission.pk}", actor=actor, at=now)


# --- Inside -------------------------------------------------------------------------------------
def _locked(pk: int) -> Mission:
    mission = locks.lock_mission(pk)
    if mission is None:
        raise WrongState(trouble("mission_gone"))
    return mission


def _own(ambassador: Ambassador, pk: int) -> MissionTake:
    """Lock a mission; return what an ambassador is in it."""
    mission = _locked(pk)
    rows = MissionTake.objects.select_related("ambassador__user")
    row = rows.filter(mission=mission, ambassador=ambassador).first()
    if row is None:
        raise WrongState(trouble("mission_gone"))
    row.mission = mission
    return row


def _move(row: MissionTake, state: str, *, from_states: tuple[str, ...]) -> None:
    if row.state not in from_states or not rules.may_become(row.state, state):
        raise WrongState(trouble("mission_moved"))
    row.state = state


def _journal(verb: str, row: MissionTake, actor: Actor, *, now: datetime) -> None:
    record(
        verb,
        f"ambassador:{row.ambassador_id}",
        actor=actor,
        at=now,
        mission=row.mission_id,
        reason=row.office_note,
    )
