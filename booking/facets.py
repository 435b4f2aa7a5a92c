"""How many offers each filter would show, told from the offers that fit before any filter.

A filter of one choice (pole, commune, kind) is counted as if its own choice were free; one that
adds up (features, labels) as if it were added; and each one in use as if it were let go. The
counts are those of the lists, which read the same answer (features.md A12).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter

from booking.filters import Listed, Sieved

# Which other filters count when one is counted.
GROUPS = {
    "pole": ("near", "zone", "type", "kind", "stars", "age", "features", "labels", "text"),
    "commune": (
        *("pole", "near", "zone", "type", "kind", "stars", "age"),
        *("features", "labels", "text"),
    ),
    "type": ("pole", "commune", "near", "zone", "stars", "features", "labels", "text"),
    "kind": ("pole", "commune", "near", "zone", "age", "features", "labels", "text"),
    "stars": ("pole", "commune", "near", "zone", "type", "features", "labels", "text"),
    "features": (
        *("pole", "commune", "near", "zone", "type", "kind", "stars", "age"),
        *("features", "labels", "text"),
    ),
    "labels": (
        *("pole", "commune", "near", "zone", "type", "kind", "stars", "age"),
        *("features", "labels", "text"),
    ),
}
# Whoever leaves a pole leaves its commune.
WITH_IT = {"pole": ("pole", "commune")}


def _each(name: str) -> Callable[[Iterable[Listed]], Iterable[object]]:
    """Return what reads the one value that each offer has."""
    read = attrgetter(name)
    return lambda offers: map(read, offers)


def _all(name: str) -> Callable[[Iterable[Listed]], Iterable[object]]:
    """Return what reads the several values that each offer has."""
    read = attrgetter(name)
    return lambda offers: chain.from_iterable(map(read, offers))


VALUES = {
    "pole": _each("pole"),
    "commune": _each("commune"),
    "type": _each("lodging_type"),
    "kind": _each("kind"),
    "stars": _each("stars"),
    "features": _all("features"),
    "labels": _all("labels"),
}


class Facets:
    """How many offers each choice of each filter would show, and how many are shown now."""

    def __init__(self, sieved: Sieved) -> None:
        self._sieved = sieved
        self._counts: dict[str, Counter[object]] = {}

    @property
    def total(self) -> int:
        """Return how many offers the filters keep."""
        return len(self._sieved.kept)

    def count(self, group: str, choice: object) -> int:
        """Return how many offers a choice would show."""
        return self._of(group)[choice]

    def count_without(self, name: str) -> int:
        """Return how many offers would be shown without the filter of that name in use."""
        gone = WITH_IT.get(name, (name,))
        return len(self._sieved.passing({one for one in self._sieved.names if one not in gone}))

    def choices(self, group: str) -> list[str]:
        """Return the choices that would show something, in their own order."""
        return sorted(str(choice) for choice in self._of(group))

    def _of(self, group: str) -> Counter[object]:
        """Count a group once, when it is first asked for."""
        if group not in self._counts:
            others = GROUPS[group]
            names = {one for one in self._sieved.names if one.split("_", 1)[0] in others}
            self._counts[group] = Counter(VALUES[group](self._sieved.passing(names)))
        return self._counts[group]
