"""Filters of the lists as they stand in the address, and what they mean in the database.

One place says what a filter keeps: the lists and the counts on the chips read the same
conditions (features.md A12). A filter only leaves out; it never changes the order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from booking.models import Offer, OfferLabel
from booking.rules.kinds import SLEPT
from destination.models.territory import memberships_on
from oti.lib.memo import remembered

MOST_WORDS = 6
LONGEST_TEXT = 60
MONTHS = {"summer": (4, 5, 6, 7, 8, 9, 10), "winter": (11, 12, 1, 2, 3)}

Category = Offer.TaxCategory
STARS = {
    Category.ONE_STAR: 1,
    Category.TWO_STAR: 2,
    Category.THREE_STAR: 3,
    Category.FOUR_STAR: 4,
    Category.FIVE_STAR: 5,
}
# They share the line of one star in the councils' tariffs without having any.
WITHOUT_STARS = (Offer.LodgingType.GUEST_ROOM, Offer.LodgingType.HOSTEL, Offer.LodgingType.CAMPING)
SLEPT_SQL = ", ".join(f"'{code}'" for code in SLEPT)
NO_STARS = ", ".join(f"'{one.value}'" for one in WITHOUT_STARS)
STARS_SQL = (
    f"CASE WHEN o.kind NOT IN ({SLEPT_SQL}) OR o.lodging_type IN ({NO_STARS}) THEN 0 "
    + " ".join(f"WHEN o.tax_category = '{code.value}' THEN {n}" for code, n in STARS.items())
    + " ELSE 0 END"
)


def stars_of(offer: Offer) -> int:
    """Return the stars of a lodging, 0 where it has none."""
    if not offer.is_lodging or offer.lodging_type in WITHOUT_STARS:
        return 0
    return {code.value: number for code, number in STARS.items()}.get(offer.tax_category, 0)


TEXT_SQL = (
    "unaccent(lower(concat_ws(' ', o.title_fr, o.title_en, o.title_de, c.name, p.name)))"
    " LIKE unaccent(lower(%({word})s))"
)


@dataclass(frozen=True)
class Filters:
    """What a visitor wants beside dates and party; what is empty filters nothing."""

    pole: str = ""
    commune: str = ""
    lodging_type: str = ""
    kind: str = ""
    stars: tuple[int, ...] = ()
    features: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    text: str = ""

    def conditions(self, day: date) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the SQL condition of each filter in use, by its name, and their parameters.

        Those that add up have one each: `features_0`, `labels_1`, in their order.
        They speak of `o` (offer), `p` (provider), `c` (commune) and `m` (commune and pole).
        """
        found: dict[str, str] = {}
        values: dict[str, Any] = {}
        simple = {
            "pole": ("m.pole = %(f_pole)s", self.pole),
            "commune": ("c.slug = %(f_commune)s", self.commune),
            "type": ("o.lodging_type = %(f_type)s", self.lodging_type),
            "kind": ("o.kind = %(f_kind)s", self.kind),
            "stars": (f"({STARS_SQL}) = ANY(%(f_stars)s)", list(self.stars)),
        }
        for name, (condition, value) in simple.items():
            if value:
                found[name] = condition
                values[f"f_{name}"] = value
        for number, code in enumerate(self.features):
            found[f"features_{number}"] = f"o.features ? %(f_feature{number})s"
            values[f"f_feature{number}"] = code
        for number, code in enumerate(self.labels):
            found[f"labels_{number}"] = (
                "EXISTS (SELECT 1 FROM booking_offerlabel l WHERE l.offer_id = o.id"  # noqa: S608
                f" AND l.code = %(f_label{number})s AND l.valid_until >= %(f_day)s)"
            )
            values |= {f"f_label{number}": code, "f_day": day}
        words = words_of(self.text)
        if words:
            names = {f"f_word{number}": f"%{word}%" for number, word in enumerate(words)}
            found["text"] = " AND ".join(TEXT_SQL.format(word=name) for name in names)
            values |= names
        return found, values


def words_of(text: str) -> list[str]:
    """Return the words that are looked for, without signs that a pattern would read."""
    return [word for word in re.split(r"[\W_]+", text[:LONGEST_TEXT]) if word][:MOST_WORDS]


Places = tuple[list[int], list[str]]


def placed(day: date) -> Places:
    """Return the communes where something is sold on `day`, each with the slug of its pole."""
    rows = (
        memberships_on(day)
        .filter(is_neighbour=False)
        .order_by("commune_id")
        .values_list("commune_id", "pole__slug")
    )
    return [row[0] for row in rows], [row[1] for row in rows]


JOINS = """
    JOIN members_provider p ON p.id = o.provider_id
    JOIN destination_commune c ON c.id = o.commune_id
    JOIN unnest(%(communes)s::bigint[], %(poles)s::text[]) AS m(commune_id, pole)
        ON m.commune_id = o.commune_id
"""


def offers_kept(filters: Filters, *, day: date) -> list[int] | None:
    """Return the ids of the offers that the filters keep, None where nothing filters."""
    found, values = filters.conditions(day)
    if not found:
        return None
    communes, poles = placed(day)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.id FROM booking_offer o {JOINS} WHERE {' AND '.join(found.values())}",  # noqa: S608 - constants
            {**values, "communes": communes, "poles": poles},
        )
        return [row[0] for row in cursor.fetchall()]


@remembered(most=256)
def labels_of(offer_id: int, *, day: date) -> tuple[OfferLabel, ...]:
    """Return the labels of an offer that hold on `day`, for its page."""
    return tuple(OfferLabel.objects.valid_on(day).filter(offer=offer_id).order_by("code"))
