"""A house comes in: opened by its host, sent to the office, approved, suspended (features.md H01).

Each move is made under the provider's lock, journalled with who and why, and told by mail.
`Provider.state` follows the enrolment: what sells asks for `active`, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError
from django.utils.text import slugify

from booking import locks
from booking.messages import write_message
from booking.papers import checklist, host_of, is_complete, mark_of
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from members.journal import Actor, record
from members.models import Paper, Provider, ProviderRole, User
from members.rules import enrolment, papers
from oti.lib.codes import reference_code
from oti.lib.dates import today as day_of

# Nobody opens a shop of shops by hand: more than that is a mistake, or worse.
MOST_WAITING = 5


@dataclass(frozen=True)
class NewHouse:
    """What is asked to begin: a name, a commune, what it offers, how it is reached."""

    name: str
    commune_id: int
    activities: tuple[str, ...]
    is_professional: bool
    phone: str
    language: str


# --- The host -----------------------------------------------------------------------------------
def open_house(user: User, house: NewHouse, *, now: datetime) -> Provider:
    """Begin the enrolment of a house, owned by this person; the same one twice is one draft.

    Nothing of it is shown or sold. Raises NotAllowed `too_many_houses` past five that wait.
    """
    try:
        return _open(user, house, now=now)
    except IntegrityError:
        # Two presses at once want the same short name: the second finds what the first made.
        return _open(user, house, now=now)


def _open(user: User, house: NewHouse, *, now: datetime) -> Provider:
    with locks.write_transaction():
        own = Provider.objects.filter(
            roles__user=user,
            roles__role=ProviderRole.Role.OWNER,
            enrolment__in=enrolment.NOT_YET,
        )
        same = own.filter(name__iexact=house.name, commune_id=house.commune_id).first()
        if same is not None:
            return same
        if own.count() >= MOST_WAITING:
            raise NotAllowed(trouble("too_many_houses", count=MOST_WAITING))
        made = Provider.objects.create(
            slug=_free_slug(house.name),
            name=house.name,
            commune_id=house.commune_id,
            activities=list(house.activities),
            is_professional=house.is_professional,
            phone=house.phone,
            email=user.email,
            language=house.language,
            state=Provider.State.SUSPENDED,
            enrolment=enrolment.DRAFT,
        )
        ProviderRole.objects.create(user=user, provider=made, role=ProviderRole.Role.OWNER)
        record("house opened", f"provider:{made.pk}", actor=Actor.person(user), at=now)
    return made


def submit_house(provider: Provider, *, actor: Actor, now: datetime) -> None:
    """Send a house to the office, which is told by mail.

    Raises BadInput `papers_missing` while something is to be done, WrongState `enrolment_moved`.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        if not is_complete(checklist(house, today=day_of(now))):
            raise BadInput(trouble("papers_missing"))
        house.submitted_at = now
        _move(house, enrolment.SUBMITTED, reason="", actor=actor, now=now)
        write_message(
            "enrolment_submitted",
            key=f"provider:{house.pk}:submitted:{now:%Y%m%d%H%M%S%f}",
            recipient=settings.OFFICE["email"],
            language="fr",
            data={"provider": house.pk},
            now=now,
        )


# --- The office ---------------------------------------------------------------------------------
def approve_house(
    provider: Provider, *, seen: str, actor: Actor, now: datetime, note: str = ""
) -> None:
    """Let a house sell, its papers accepted as they were read; `note` is a word to the host.

    `seen` is the fingerprint (`papers.mark_of`) of what the office read. Raises BadInput
    `papers_missing_now` while something that is asked isn't there, WrongState `papers_changed` when
    the host changed something since, `enrolment_moved`.
    """
    with locks.write_transaction():
        house = _read_house(provider, seen)
        # Since it was sent a document may have been deleted, or have ended.
        if not is_complete(checklist(house, today=day_of(now))):
            raise BadInput(trouble("papers_missing_now"))
        Paper.objects.filter(provider=house).update(review=Paper.Review.ACCEPTED, remark="")
        _move(house, enrolment.APPROVED, reason=note.strip(), actor=actor, now=now)
        _tell_host(house, now=now)


def ask_to_fix(
    provider: Provider,
    *,
    remarks: Mapping[str, str],
    note: str,
    seen: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a house back to its host with a remark beside each item that is to be put right.

    A house that sells goes on selling: it is only asked. Raises BadInput `remark_missing`,
    WrongState `papers_changed` or `enrolment_moved`.
    """
    asked = {papers_code: words.strip() for papers_code, words in remarks.items() if words.strip()}
    if not asked and not note.strip():
        raise BadInput(trouble("remark_missing", field="note"))
    with locks.write_transaction():
        house = _read_house(provider, seen)
        known = {one.code for one in papers.papers_of(host_of(house))}
        for code in sorted(known & asked.keys()):
            Paper.objects.update_or_create(
                provider=house,
                code=code,
                defaults={
                    "review": Paper.Review.TO_FIX,
                    "remark": asked[code],
                    "updated_at": now,
                },
            )
        if house.enrolment == enrolment.APPROVED:
            house.office_note = note.strip()
            house.save(update_fields=["office_note"])
            record(
                "papers asked for",
                f"provider:{house.pk}",
                actor=actor,
                at=now,
                reason=note.strip(),
                papers=sorted(asked),
            )
        else:
            _move(house, enrolment.TO_FIX, reason=note.strip(), actor=actor, now=now)
        _tell_host(house, kind=enrolment.TO_FIX, now=now)


def accept_papers(provider: Provider, *, seen: str, actor: Actor, now: datetime) -> int:
    """Accept what an approved house gave since it was read; returns how many papers.

    What the office asked for and didn't get yet stays asked for. Raises WrongState.
    """
    with locks.write_transaction():
        house = _read_house(provider, seen)
        if house.enrolment != enrolment.APPROVED:
            raise WrongState(trouble("enrolment_moved"))
        given = Paper.objects.filter(provider=house, review=Paper.Review.GIVEN)
        count = given.update(review=Paper.Review.ACCEPTED)
        record("papers accepted", f"provider:{house.pk}", actor=actor, at=now, count=count)
    return count


def suspend_house(provider: Provider, *, reason: str, actor: Actor, now: datetime) -> None:
    """Stop selling a house; what is sold already is honoured. Raises BadInput `reason_missing`."""
    _move_with_reason(provider, enrolment.SUSPENDED, reason=reason, actor=actor, now=now)


def reopen_house(provider: Provider, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a suspended house sell again. Raises BadInput `reason_missing`, WrongState."""
    _move_with_reason(provider, enrolment.APPROVED, reason=reason, actor=actor, now=now)


def _move_with_reason(
    provider: Provider, to: str, *, reason: str, actor: Actor, now: datetime
) -> None:
    words = reason.strip()
    if not words:
        raise BadInput(trouble("reason_missing", field="note"))
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        # From « to be read » one is approved by reading, not by a reason.
        if to == enrolment.APPROVED and house.enrolment != enrolment.SUSPENDED:
            raise WrongState(trouble("enrolment_moved"))
        _move(house, to, reason=words, actor=actor, now=now)
        _tell_host(house, now=now)


def _read_house(provider: Provider, seen: str) -> Provider:
    house = locks.lock_provider(provider.pk)
    if mark_of(house) != seen:
        raise WrongState(trouble("papers_changed"))
    return house


def _move(house: Provider, to: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Move a locked house and journal it."""
    before = house.enrolment
    if not enrolment.can_move(before, to):
        raise WrongState(trouble("enrolment_moved"))
    sells = to == enrolment.APPROVED
    house.enrolment = to
    house.state = Provider.State.ACTIVE if sells else Provider.State.SUSPENDED
    house.office_note = reason
    house.save(update_fields=["enrolment", "state", "office_note", "submitted_at"])
    record(
        f"enrolment {to}",
        f"provider:{house.pk}",
        actor=actor,
        at=now,
        before=before,
        reason=reason,
    )


def _tell_host(house: Provider, *, kind: str = "", now: datetime) -> None:
    move = kind or house.enrolment
    write_message(
        "enrolment_moved",
        key=f"provider:{house.pk}:{move}:{now:%Y%m%d%H%M%S%f}",
        recipient=house.email,
        language=house.language,
        data={"provider": house.pk, "move": move, "note": house.office_note},
        now=now,
    )


def _free_slug(name: str) -> str:
    base = slugify(name)[:40].strip("-") or "maison"
    if not Provider.objects.filter(slug=base).exists():
        return base
    return f"{base}-{reference_code(5).lower()}"
