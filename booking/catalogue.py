"""What is on sale, as lists need it, in the rotation of the day.

A process keeps it some seconds (`oti.lib.memo`): who is hosted where, what an offer has, the order
of the day. What is free is asked of the database each time. An offer that left the catalogue may
still be shown meanwhile; it can no longer be added.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from operator import itemgetter
from sys import intern
from typing import Any

from booking.filters import Listed, number_of_stars
from destination.models.territory import SOLD_SQL, pole_by_commune
from oti.lib.memo import Reading, remembered, remembered_reading
from oti.lib.together import Written

# By the id of the offer, in the order of the day.
Catalogue = dict[int, Listed]

# An offer's place in the rotation of a day, as `turn_of` computes it.
TURN_SQL = "md5({offer}::text || %(turn)s)"

ON_SALE = f"""
SELECT o.id, o.kind, m.pole, c.slug, coalesce(c.epci_id, 0), o.lodging_type, o.tax_category,
       o.features::text, l.codes, o.min_advance_days, o.max_advance_days, o.min_age, o.max_age,
       o.uses_resources
FROM booking_offer o
JOIN members_provider p ON p.id = o.provider_id
JOIN destination_commune c ON c.id = o.commune_id
JOIN (SELECT m.commune_id, pole.slug AS pole FROM destination_polemembership m
      JOIN destination_pole pole ON pole.id = m.pole_id WHERE {SOLD_SQL}
) AS m ON m.commune_id = o.commune_id
LEFT JOIN (SELECT offer_id, array_agg(code) AS codes FROM booking_offerlabel
           WHERE valid_until >= %(day)s GROUP BY offer_id) AS l ON l.offer_id = o.id
WHERE o.state = 'published' AND p.state = 'active'
"""  # noqa: S608


def turn_of(offer_id: int, day: date) -> str:
    """Return an offer's place in the day's rotation: equal offers are shown equally often."""
    return hashlib.md5(f"{offer_id}{day.isoformat()}".encode(), usedforsecurity=False).hexdigest()


@remembered(most=2, by_language=False)
def communes_on(day: date) -> list[int]:
    """Return the communes where something is sold on `day`."""
    return sorted(pole_by_commune(day))


@remembered_reading(most=2, by_language=False)
def catalogue(day: date) -> Reading[Catalogue]:
    """Return every offer on sale on `day` by its id, in the rotation of that day."""
    return Reading(Written(ON_SALE, width=14, values={"day": day}), partial(_in_turn, day=day))


def _in_turn(rows: Sequence[tuple[Any, ...]], *, day: date) -> Catalogue:
    in_turn = sorted(((turn_of(row[0], day), row) for row in rows), key=itemgetter(0))
    # Thousands of offers share a few hundred sets of features.
    known: dict[str, tuple[str, ...]] = {}
    lines: dict[tuple[int, str], tuple[int, str]] = {}
    found: Catalogue = {}
    for turn, (_hash, row) in enumerate(in_turn):
        offer_id, kind, pole, commune, council, lodging_type, category, *more = row
        features, labels, *limits = more
        if features not in known:
            known[features] = tuple(dict.fromkeys(map(intern, json.loads(features))))
        found[offer_id] = Listed(
            offer_id,
            turn,
            intern(kind),
            intern(pole),
            intern(commune),
            intern(lodging_type),
            number_of_stars(kind, lodging_type, category),
            known[features],
            tuple(map(intern, labels or ())),
            lines.setdefault((council, category), (council, category)),
            *limits,
        )
    return found
