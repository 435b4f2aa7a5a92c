"""A free activity for which one registers: a walk with the mayor, a choir's open rehearsal."""

from dataclasses import dataclass
from datetime import date

from booking.rules.kinds.base import Facts, Kind, gettext_noop
from booking.rules.people import Problem


@dataclass(frozen=True)
class Registration(Kind):
    """A place that costs nothing, and is a place all the same."""

    def check_offer(self, facts: Facts, today: date) -> list[Problem]:
        """Refuse a price: what is paid for is an activity."""
        return [Problem("must_be_free")] if any(facts.band_cents) else []


REGISTRATION = Registration(
    code="registration",
    label=gettext_noop("free activity"),
    plural=gettext_noop("Free activities"),
    icon="users",
    reads_needs=True,
    # Nothing is bought: no service in the value of a package either.
    travel_type="",
)
