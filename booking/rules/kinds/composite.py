"""A workshop in steps, in its season, with what takes the place of a step decided beforehand.

Picking, cooking, eating: one price, one booking. When nature refuses a step its plan B applies
and nothing is cancelled (features.md N21). Places for children may be counted apart.
"""

from dataclasses import dataclass
from datetime import date

from booking.rules.kinds.base import PLACES, Asked, Facts, Kind, Side, gettext_noop
from booking.rules.people import Problem

CHILD = "child"


@dataclass(frozen=True)
class Composite(Kind):
    """Ordered steps that are sold as one."""

    def needs(self, asked: Asked) -> dict[str, int]:
        """Return the places taken, and those of children beside them."""
        children = sum(not guest.is_adult for guest in asked.guests)
        return {PLACES: len(asked.guests), **({CHILD: children} if children else {})}

    def check_offer(self, facts: Facts, today: date) -> list[Problem]:
        """Refuse fewer than two steps, and steps without any plan B."""
        problems = []
        if len(facts.step_minutes) < 2:
            problems.append(Problem("steps_missing"))
        if not any(facts.step_plans):
            problems.append(Problem("plan_b_missing"))
        return problems


COMPOSITE = Composite(
    code="composite",
    label=gettext_noop("workshop in steps"),
    plural=gettext_noop("Workshops in steps"),
    icon="leaf",
    reads_needs=True,
    has_steps=True,
    sides=(Side(CHILD, gettext_noop("places for children"), is_optional=True, field="people"),),
)
