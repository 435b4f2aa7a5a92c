"""A seat in a shuttle: everybody needs one, children too; bicycles and bags are counted apart.

Source: features.md N04 (« children count; luggage and bikes are separate capacities »).
"""

from dataclasses import dataclass

from booking.rules.kinds.base import Asked, Facts, Kind, Side, gettext_noop
from booking.rules.people import Problem

BIKE = "bike"
LUGGAGE = "luggage"
BAGS_EACH = 2


@dataclass(frozen=True)
class Shuttle(Kind):
    """A ride at an hour, from one place to another."""

    def check_party(self, facts: Facts, asked: Asked) -> list[Problem]:
        """Refuse more bicycles than riders, or more than two bags each."""
        problems = super().check_party(facts, asked)
        seats = len(asked.guests)
        if asked.extras.get(BIKE, 0) > seats:
            problems.append(Problem("too_many_bikes", {"seats": seats}))
        if asked.extras.get(LUGGAGE, 0) > BAGS_EACH * seats:
            problems.append(Problem("too_many_bags", {"max": BAGS_EACH * seats}))
        return problems


SHUTTLE = Shuttle(
    code="shuttle",
    label=gettext_noop("shuttle"),
    plural=gettext_noop("Shuttles"),
    icon="bus",
    reads_needs=True,
    travel_type="A",
    is_proposed=False,
    capacity_label=gettext_noop("Seats"),
    sides=(
        Side(BIKE, gettext_noop("bicycles"), supplement_kind=BIKE),
        Side(LUGGAGE, gettext_noop("bags"), supplement_kind=LUGGAGE),
    ),
)
