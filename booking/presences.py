"""When a household is here, as it says itself: its own business, and of nobody else.

Nothing of it goes into the journal, which the office reads: who may know when a house stands empty
must be nobody. What is past is deleted after `PRESENCE_KEPT_DAYS` (domain.md §8.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from booking import locks
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from members.models import Household, HouseholdMember, Presence
from members.rules.households import MOST_NIGHTS, last_left_on, next_stay
from oti.lib.dates import today as day_of

# To come, and in all.
MOST_SAID, MOST_KEPT = 60, 800
# Who said that it is here, and never that it left.
LONGEST_OPEN = timedelta(days=180)


@dataclass(frozen=True)
class Standing:
    """Where a household stands on a day: the stay it is in, when it left last, what comes next."""

    here: Presence | None
    left_on: date | None
    next: tuple[date, date | None] | None


def presences_of(household: Household) -> list[Presence]:
    """Return every stay that a household has said, the first one first."""
    return list(Presence.objects.filter(household=household))


def standing_of(presences: list[Presence], *, today: date) -> Standing:
    """Return where a household stands on a day."""
    stays = [(one.arrival, one.departure) for one in presences]
    return Standing(
        here=next((one for one in presences if one.covers(today)), None),
        left_on=last_left_on(stays, today),
        next=next_stay(stays, today),
    )


def say_presence(
    member: HouseholdMember, *, arrival: date, departure: date, now: datetime
) -> Presence:
    """Write down that a household is here during the nights `[arrival, departure)`.

    Raises BadInput `presence_backwards`, `presence_too_long`, NotAllowed `presences_meet`,
    `too_many_presences`, WrongState `household_ended`.
    """
    if departure <= arrival:
        raise BadInput(trouble("presence_backwards", field="departure"))
    if (departure - arrival).days > MOST_NIGHTS:
        raise BadInput(trouble("presence_too_long", field="departure"))
    with locks.write_transaction():
        household = _open(member)
        known = Presence.objects.filter(household=household)
        coming = known.filter(Q(departure=None) | Q(departure__gt=day_of(now)))
        if coming.count() >= MOST_SAID or known.count() >= MOST_KEPT:
            raise NotAllowed(trouble("too_many_presences"))
        later = Q(departure__isnull=True) | Q(departure__gt=arrival)
        if known.filter(later, arrival__lt=departure).exists():
            raise NotAllowed(trouble("presences_meet", field="arrival"))
        return Presence.objects.create(
            household=household, arrival=arrival, departure=departure, said_at=now
        )


def take_presence_away(member: HouseholdMember, pk: int) -> bool:
    """Delete a stay that one's household has said; returns whether there was one."""
    with locks.write_transaction():
        household = _open(member)
        gone, _by_model = Presence.objects.filter(household=household, pk=pk).delete()
    return bool(gone)


def say_here(member: HouseholdMember, *, now: datetime) -> Presence:
    """« We are here »: from today on, until it says that it left or a stay that it has said begins.

    Who left today goes on with the stay that ended: two clicks more make no row more. Raises
    WrongState `already_here`, `household_ended`, NotAllowed `too_many_presences`.
    """
    today = day_of(now)
    with locks.write_transaction():
        household = _open(member)
        known = presences_of(household)
        if standing_of(known, today=today).here:
            raise WrongState(trouble("already_here"))
        departure = min((one.arrival for one in known if one.arrival > today), default=None)
        again = [one for one in known if one.departure == today]
        if again:
            again[-1].departure = departure
            again[-1].save(update_fields=["departure"])
            return again[-1]
        if len(known) >= MOST_KEPT:
            raise NotAllowed(trouble("too_many_presences"))
        return Presence.objects.create(
            household=household, arrival=today, departure=departure, said_at=now
        )


def say_left(member: HouseholdMember, *, now: datetime) -> Presence:
    """« We left »: the stay under way ends today.

    Raises WrongState `not_here`, `household_ended`.
    """
    today = day_of(now)
    with locks.write_transaction():
        household = _open(member)
        here = standing_of(presences_of(household), today=today).here
        if here is None:
            raise WrongState(trouble("not_here"))
        here.departure = today
        here.save(update_fields=["departure"])
    return here


def forget_presences(*, now: datetime) -> int:
    """Delete stays of long ago, end those that nobody ended; return how many were deleted."""
    today = day_of(now)
    with locks.write_transaction():
        for one in Presence.objects.filter(departure=None, arrival__lte=today - LONGEST_OPEN):
            Presence.objects.filter(pk=one.pk, departure=None).update(
                departure=one.arrival + LONGEST_OPEN
            )
        long_ago = today - timedelta(days=settings.PRESENCE_KEPT_DAYS)
        gone, _by_model = Presence.objects.filter(departure__lt=long_ago).delete()
    return gone


def _open(member: HouseholdMember) -> Household:
    household = locks.lock_household(member.household_id)
    if household.state == Household.State.ENDED:
        raise WrongState(trouble("household_ended"))
    return household
