"""What tests of the rate of return share: stays that took place, as an import writes them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from booking.models import PastStay
from booking.relations.customers import identity_of
from members.models import CustomerIdentity
from tests.cast import NOW


def somebody(number: int) -> CustomerIdentity:
    """Give the identity of a person: number and address are the same thing."""
    return identity_of(f"p{number}@example.org", first_name="Camille", last_name="Martin", now=NOW)


def stayed(who: CustomerIdentity | None, last_day: date, **fields: Any) -> PastStay:
    """Let somebody have stayed for a week that ended on a day; None is somebody unknown."""
    values: dict[str, Any] = {
        "source": PastStay.Source.IMPORTED,
        "identity": who,
        "first_day": last_day - timedelta(days=7),
        "last_day": last_day,
        "nights": 7,
        "adults": 2,
        "poles": ["massif-du-mezenc"],
        "kinds": ["lodging"],
        "kept_at": NOW,
        **fields,
    }
    return PastStay.objects.create(**values)
