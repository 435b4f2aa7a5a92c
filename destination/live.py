"""What a live block asks for and what it is answered, whatever is looked for.

A block keeps criteria that may be older than the destination: a pole may be gone since, a commune
may have left the list. Then nothing is found, and the editor is told why (`Live.why`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from destination.models.territory import pole_by_commune, poles_on
from destination.nearby import slug_of_commune, spots
from oti.lib.memo import Wanted

# Why nothing is found.
NOTHING = "nothing"
POLE_GONE = "pole_gone"
COMMUNE_GONE = "commune_gone"
CHOICE_GONE = "choice_gone"


@dataclass(frozen=True)
class Live:
    """What a live block shows: cards or rows, and the list of all with the same criteria.

    `count` is how many that list has, None where nobody counted; `why` says why `cards` is empty.
    Nobody may change it: other pages hold it too.
    """

    cards: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    count: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Where:
    """The place of a block: the slugs of a pole and of a commune, "" for none."""

    pole: str = ""
    near: str = ""

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the place as the lists read it in their address."""
        known = (("pole", self.pole), ("near", self.near))
        return [(name, value) for name, value in known if value]

    def why_nothing(self, today: date) -> str:
        """Return why nothing is found there: nothing is sold in a pole that is gone."""
        is_gone = self.pole and self.pole not in {one.slug for one in poles_on(today)}
        return POLE_GONE if is_gone else NOTHING


def ground_of(day: date) -> tuple[Wanted[Any], ...]:
    """Return where things are, which every live block asks for: for `read_ahead`."""
    return poles_on.of(day), pole_by_commune.of(day), spots.of()


def where_of(pole: str, insee: str) -> Where | None:
    """Return the place that a block names, None where its commune left the list."""
    near = slug_of_commune(insee) if insee else ""
    return None if insee and not near else Where(pole, near)
