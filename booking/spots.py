"""Where offers stand on a map: their own place where the host gave it, else their commune.

What a pin shows is the sum that the card beside it shows; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from booking.models import Offer
from booking.showing import offer_url
from destination.map_box import FLAT, Pin, map_box
from destination.outlines import outline_of
from destination.spoken import language_of
from destination.templatetags.velay import euros

# What is seen around an offer on its own page, in units of the drawing: some 35 km.
AROUND = 460


def anchor_of(offer: Offer) -> str:
    """Return the id of an offer's line in a list, which its pin leads to."""
    return f"res-{offer.pk}"


def pin_of(offer: Offer, *, query: str = "", amount: Decimal | None = None) -> Pin:
    """Return the pin of an offer in a list: `amount` is the sum of its card for the whole party."""
    is_exact = offer.latitude is not None and offer.longitude is not None
    label = ""
    if amount is not None:
        label = euros(amount) if amount else capfirst(_("free of charge"))
    return Pin(
        name=offer.title,
        place=offer.commune.name,
        latitude=offer.latitude if is_exact else offer.commune.latitude,  # type: ignore[arg-type]
        longitude=offer.longitude if is_exact else offer.commune.longitude,  # type: ignore[arg-type]
        layer="stay" if offer.is_lodging else "do",
        anchor=anchor_of(offer),
        url=offer_url(offer, f"?{query}" if query else ""),
        label=label,
        is_exact=is_exact,
        lang=language_of(offer, "title"),
    )


def map_of(offer: Offer, *, day: date) -> dict[str, Any]:
    """Return the map of an offer's page; where only the commune is known, its outline stands out.

    `is_exact` says which of the two; nothing is shown more exactly than it is known.
    """
    pin = replace(pin_of(offer), anchor="", url="")
    area = () if pin.is_exact else outline_of(offer.commune_id)
    found = map_box(
        [pin],
        day=day,
        opens="ask",
        area=area,
        nearest=AROUND,
        shape=FLAT,
        is_detailed=False,
    )
    return found | {"is_exact": pin.is_exact}
