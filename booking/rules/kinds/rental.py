"""Things lent by the day: one slot per thing and day, a deposit named and never charged.

Days are taken whole: what comes back on a day can't go out again on that day (core.md 5).
"""

from dataclasses import dataclass
from datetime import date

from booking.rules.kinds.base import Facts, Kind, gettext_noop
from booking.rules.people import Problem

MOST_DAYS = 30


@dataclass(frozen=True)
class Rental(Kind):
    """Bicycles, snowshoes, child seats: taken for one day or several that follow each other."""

    def check_offer(self, facts: Facts, today: date) -> list[Problem]:
        """Refuse a rental that doesn't say its deposit, were it none."""
        return [] if facts.has_deposit else [Problem("deposit_missing")]


RENTAL = Rental(
    code="rental",
    label=gettext_noop("rental"),
    plural=gettext_noop("Rentals"),
    icon="bike",
    sold_by="item_day",
    takes_time=False,
    begins=False,
    gone_code="gone_on",
    partly_gone_code="partly_gone_on",
    capacity_label=gettext_noop("Items"),
    has_deposit=True,
    is_proposed=False,
    most_days=MOST_DAYS,
)
