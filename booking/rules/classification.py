"""Which line of a council's tourist tax a lodging falls to when its classification has ended.

A classification is given for five years; afterwards the lodging is one without stars (domain.md
§1.1, §3.1; Code du tourisme D324-4, L321-1, L332-1). Guest rooms and hostels have no stars to
lose: the law puts them on the line of one star.
"""

from __future__ import annotations

UNCLASSIFIED, CAMPING_LOW = "unclassified", "camping_1_2_star"
CAMPING = "camping"
WITHOUT_STARS = frozenset({"chambre_hotes", "auberge"})


def category_when_ended(lodging_type: str, category: str) -> str:
    """Return the line of the tariff of a lodging whose classification is over.

    Both are codes of `Offer`. What has no stars keeps its line; twice is the same as once.
    """
    if lodging_type in WITHOUT_STARS:
        return category
    return CAMPING_LOW if lodging_type == CAMPING else UNCLASSIFIED
