"""What the page of an offer says to machines, from the same data as the page (S05)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from booking.models import Offer
from booking.pictures import Picture
from booking.relations.reviews_shown import Rating
from booking.rules.satisfaction import BEST_SCORE
from booking.showing import offer_url
from destination.structured import Node, in_commune, position
from oti.lib.money import quantize

# Other lodgings are a LodgingBusiness without more.
LODGINGS = {
    Offer.LodgingType.HOTEL: "Hotel",
    Offer.LodgingType.CAMPING: "Campground",
    Offer.LodgingType.GUEST_ROOM: "BedAndBreakfast",
    Offer.LodgingType.HOSTEL: "Hostel",
}


def _about(offer: Offer, pictures: Iterable[Picture], origin: str) -> Node:
    images = [f"{origin}{one.large_url}" for one in pictures]
    return {
        "name": offer.title,
        "description": offer.summary,
        "url": f"{origin}{offer_url(offer)}",
        **({"image": images} if images else {}),
    }


def price(amount: Decimal, *, unit: str = "") -> Node:
    """Return the price that the page shows, in euros; `unit` is a UN/CEFACT code (DAY)."""
    node: Node = {"@type": "Offer", "price": str(quantize(amount)), "priceCurrency": "EUR"}
    if unit:
        node["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "price": str(quantize(amount)),
            "priceCurrency": "EUR",
            "unitCode": unit,
        }
    return node


def rated(rating: Rating | None) -> Node:
    """Return the average of the reviews as the page shows it; nothing for too few of them."""
    if rating is None:
        return {}
    return {
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": str(rating.average),
            "bestRating": str(BEST_SCORE),
            "worstRating": "1",
            "reviewCount": rating.count,
        }
    }


def of_lodging(
    offer: Offer,
    *,
    pictures: Iterable[Picture],
    lowest: Decimal | None,
    rating: Rating | None = None,
    origin: str,
) -> Node:
    """Return a lodging; `lowest` is the lowest night that its page shows, None if none."""
    kind = LODGINGS.get(Offer.LodgingType(offer.lodging_type)) if offer.lodging_type else None
    codes = offer.commune.postal_codes
    return {
        "@type": kind or "LodgingBusiness",
        **_about(offer, pictures, origin),
        **in_commune(offer.commune.name, codes[0] if codes else ""),
        **position(offer.latitude, offer.longitude),
        **({"makesOffer": price(lowest, unit="DAY")} if lowest is not None else {}),
        **rated(rating),
    }


def of_experience(
    offer: Offer,
    *,
    pictures: Iterable[Picture],
    from_price: Decimal | None,
    rating: Rating | None = None,
    origin: str,
) -> Node:
    """Return something to do or to fetch; `from_price` is what its page shows for one."""
    node: dict[str, Any] = {
        "@type": "Product",
        **_about(offer, pictures, origin),
        "brand": {"@type": "Organization", "name": offer.provider.name},
        **rated(rating),
    }
    if from_price is not None:
        node["offers"] = price(from_price)
    return node
