"""What goes with an account that is closed, said before it is: household, invitations, greeting.

Closing an account is being forgotten with it (`erasing.erase`): there is no second way. What has to
be handed over or be over first is said there (`erasing.hindrances`).
"""

from __future__ import annotations

from dataclasses import dataclass

from booking.models import Referral
from booking.relations.personal_data import Subject
from booking.rules import referrals as rules
from members.models import Household, User


@dataclass(frozen=True)
class Farewell:
    """What a person loses with their account."""

    # They leave a household; it ends where nobody else is in it.
    leaves_household: bool = False
    ends_household: bool = False
    # They invite friends: page and code end, and so do thanks that are to come or be handed over.
    is_ambassador: bool = False
    thanks_lost: int = 0
    is_greeter: bool = False


def farewell_of(user: User) -> Farewell:
    """Return what somebody loses by closing their account (5 SQL at most)."""
    subject = Subject.of_account(user)
    member = subject.household_member()
    is_in = member is not None and member.household.state != Household.State.ENDED
    ambassador = subject.ambassador()
    thanks = Referral.objects.filter(ambassador=ambassador, state__in=(rules.PENDING, rules.EARNED))
    return Farewell(
        leaves_household=is_in,
        ends_household=is_in
        and member is not None
        and not member.household.members.exclude(pk=member.pk).exists(),
        is_ambassador=ambassador is not None and ambassador.is_active,
        thanks_lost=thanks.count() if ambassador is not None else 0,
        is_greeter=subject.greeter() is not None,
    )
