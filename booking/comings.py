"""What guests change of their coming once it is bought: the hour, the needs, the names.

Never the dates, the party or the ages: a price hangs on them. Each host learns what concerns it
and nothing else: the hour where the stay begins, the needs where they are read, the names where
that person comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Prefetch

from booking import locks
from booking.booked_lines import first_arrival
from booking.care import filled_lines
from booking.hook_outbox import tell_changed
from booking.messages import write_message
from booking.models import Order, OrderLine, Participant
from booking.needs import are_read, readers_of_order
from booking.people import PersonName
from booking.refusals import NotAllowed, WrongState, trouble
from booking.rules import states
from members.journal import Actor, record
from members.models import Entry
from oti.lib.dates import today as day_of

VERB = "coming changed"
ARRIVAL, NEEDS, NAMES = "arrival", "needs", "names"
# Each change is a mail to every host concerned.
MOST_AN_HOUR = 10
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Coming:
    """How somebody comes: the local hour of arrival, the needs, names by a participant's key."""

    arrival_time: time | None
    needs: str
    names: Mapping[str, PersonName]


@dataclass(frozen=True)
class Open:
    """What of a coming may still be changed, and who is concerned.

    `beds` are the lodgings where the stay begins, until the end of that day; `lines` what has not
    begun; `people` those who take part in one of them.
    """

    beds: tuple[OrderLine, ...]
    lines: tuple[OrderLine, ...]
    people: tuple[Participant, ...]

    @property
    def readers(self) -> list[str]:
        """Return the names of those who read the needs."""
        return readers_of_order(self.lines)

    @property
    def is_any(self) -> bool:
        """Whether anything can be changed at all."""
        return bool(self.beds or self.lines)


def open_of(order: Order, *, now: datetime) -> Open:
    """Return what of an order may still be changed; two statements."""
    if order.state != states.CONFIRMED:
        return Open((), (), ())
    all_of_it = list(
        order.lines.filter(state__in=states.TAKES_PLACE)
        .select_related("sub_order__provider")
        .prefetch_related(Prefetch("participants", Participant.objects.order_by("pk")))
        .order_by("starts_at", "pk")
    )
    rows = [one for one in all_of_it if one.state == states.SOLD]
    first = first_arrival(all_of_it)
    begins_today_or_later = first is not None and first >= day_of(now)
    lines = tuple(one for one in rows if one.starts_at > now)
    people = {one.pk: one for line in lines for one in line.participants.all()}
    return Open(
        beds=tuple(one for one in rows if one.unit_id and one.arrival == first)
        if begins_today_or_later
        else (),
        lines=lines,
        people=tuple(people[pk] for pk in sorted(people)),
    )


def change_coming(order: Order, coming: Coming, *, actor: Actor, now: datetime) -> list[str] | None:
    """Write how somebody comes; returns the names of the hosts who are told, None where all is as
    before.

    Nobody is told of a family name: hosts read first names. What can't be changed any more stays
    as it was, whatever is given. Locks: the order. Raises WrongState `nothing_to_come`, NotAllowed
    `too_many_changes` past ten an hour; nothing is written then. Busy.
    """
    with locks.write_transaction():
        current = locks.lock_order(order.pk)
        found = open_of(current, now=now)
        if not found.is_any:
            raise WrongState(trouble("nothing_to_come"))
        told = _write(current, found, coming)
        if not told:
            return None
        subject = f"order:{current.reference}"
        before = Entry.objects.filter(verb=VERB, subject=subject, at__gt=now - AN_HOUR)
        if before.count() >= MOST_AN_HOUR:
            raise NotAllowed(trouble("too_many_changes"))
        hosts: dict[int, set[str]] = defaultdict(set)
        concerned = {}
        for what, lines in told.items():
            for line in lines:
                hosts[line.sub_order_id].add(what)
                concerned[line.pk] = line
        record(VERB, subject, actor=actor, at=now, what=sorted(told))
        _tell(current, concerned.values(), hosts, now=now)
        tell_changed(current, concerned.values(), now=now)
    order.refresh_from_db()
    return sorted(
        {
            one.sub_order.provider.host_names or one.sub_order.provider.name
            for one in concerned.values()
        }
    )


def is_sheet_of_another(found: Open, coming: Coming) -> bool:
    """Whether a care sheet that is written was written of a child who has another name now.

    What it says of health goes with the place of the child, not with its name: its parents have to
    read it again. One statement, where childcare is to come.
    """
    renamed = {one.pk for one in found.people if _is_renamed(one, coming.names)}
    concerned = [one for one in found.lines if renamed & {who.pk for who in one.participants.all()}]
    return bool(filled_lines(concerned))


def _write(order: Order, found: Open, coming: Coming) -> dict[str, Sequence[OrderLine]]:
    """Write what is new; returns the lines that each of it is told about."""
    told: dict[str, Sequence[OrderLine]] = {}
    if found.beds and coming.arrival_time != order.arrival_time:
        order.arrival_time = coming.arrival_time
        told[ARRIVAL] = found.beds
    reading = [one for one in found.lines if are_read(one.kind)]
    # A browser ends lines in its own way: that alone is nothing new.
    if reading and coming.needs.strip().splitlines() != order.needs.strip().splitlines():
        order.needs = coming.needs.strip()
        told[NEEDS] = reading
    if told:
        order.save(update_fields=["arrival_time", "needs"])
    renamed = [one for one in found.people if _is_renamed(one, coming.names)]
    keys = {one.pk for one in renamed if one.first_name != coming.names[one.key].first_name}
    for one in renamed:
        name = coming.names[one.key]
        one.first_name, one.last_name = name.first_name, name.last_name
    Participant.objects.bulk_update(renamed, ["first_name", "last_name"])
    with_them = [one for one in found.lines if keys & {who.pk for who in one.participants.all()}]
    return told | ({NAMES: with_them} if renamed else {})


def _is_renamed(one: Participant, names: Mapping[str, PersonName]) -> bool:
    name = names.get(one.key)
    return name is not None and (name.first_name, name.last_name) != (
        one.first_name,
        one.last_name,
    )


def _tell(
    order: Order,
    lines: Iterable[OrderLine],
    hosts: Mapping[int, Collection[str]],
    *,
    now: datetime,
) -> None:
    for part in {one.sub_order_id: one.sub_order for one in lines}.values():
        write_message(
            "coming_changed",
            key=f"order:{order.reference}:coming:{now:%y%m%d%H%M%S%f}:{part.provider_id}",
            recipient=part.provider.email,
            language=part.provider.language,
            order=order,
            data={"sub_order": part.pk, "what": sorted(hosts[part.pk])},
            now=now,
        )
