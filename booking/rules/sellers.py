"""What the tax office is told of who sells here, of whom, and what becomes of who doesn't say it.

Directive (EU) 2021/514 (« DAC7 »), CGI art. 1649 ter A to E; domain.md §3.5. It reads no row and
sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from booking.rules import kinds
from booking.rules.moments import absolute

QUARTERS = (1, 2, 3, 4)

# What a seller does, as the directive names it.
PROPERTY, SERVICES, GOODS, TRANSPORT = "property", "services", "goods", "transport"
ACTIVITIES = (PROPERTY, SERVICES, GOODS, TRANSPORT)
# A shuttle is work done for its passengers; what is lent without a driver is a vehicle let.
ACTIVITY_OF_KIND: dict[str, str] = {
    kind.code: {"produce": GOODS, "rental": TRANSPORT}.get(
        kind.code, PROPERTY if kind.code in kinds.SLEPT else SERVICES
    )
    for kind in kinds.KINDS
}
# Kinds of property, as the declaration's own list has them.
OTHER_PROPERTY = "DPI910"
PROPERTY_TYPES = {
    "hotel": "DPI902",
    "chambre_hotes": "DPI903",
    "gite": "DPI904",
    "camping": "DPI907",
    "insolite": OTHER_PROPERTY,
    "auberge": OTHER_PROPERTY,
}
HOTEL = "hotel"

# What may be missing, in the order in which it is asked for.
LEGAL_NAME, SIRET, ADDRESS, BORN_ON = "legal_name", "siret", "home_address", "born_on"
TAX_NUMBER, BORN_AT = "tax_number", "born_at"
ACCOUNT, PLACE = "account", "place"

# Who isn't told of.
PUBLIC, LARGE_HOTEL, SMALL_SHOP = "public", "large_hotel", "small_shop"
MOST_RENTALS = 2000
FEWEST_GOODS, LEAST_GOODS = 30, Decimal(2000)

FRANCE = "FR"
# A professional who is a person before the law, not an entity.
OWN_NAME = "own_name"


@dataclass(frozen=True)
class SellerData:
    """What a house said of itself; `places` are the addresses of what it lets, "" for none."""

    is_entity: bool
    legal_name: str = ""
    siret: str = ""
    vat_number: str = ""
    home_address: str = ""
    born_on: str = ""
    born_at: str = ""
    tax_number: str = ""
    tax_country: str = FRANCE
    account: str = ""
    places: tuple[str, ...] = ()


def missing_of(seller: SellerData) -> tuple[str, ...]:
    """Return what must still be said, in order; a VAT number is told by who has one.

    A person has a tax number; whose country gives none says where it was born instead.
    """
    asked = [
        (LEGAL_NAME, seller.legal_name),
        (ADDRESS, seller.home_address),
    ]
    if seller.is_entity:
        asked.insert(1, (SIRET, seller.siret))
    else:
        asked.append((BORN_ON, seller.born_on))
        if seller.tax_country == FRANCE:
            asked.append((TAX_NUMBER, seller.tax_number))
        else:
            asked.append((BORN_AT, seller.tax_number or seller.born_at))
    asked.append((ACCOUNT, seller.account))
    missing = [code for code, value in asked if not value.strip()]
    if any(not place.strip() for place in seller.places):
        missing.append(PLACE)
    return tuple(missing)


@dataclass(frozen=True)
class Sold:
    """What a house sold in a civil year: operations and euros by activity.

    `rentals` is the largest number of rentals of one of its hotels.
    """

    operations: int = 0
    goods: int = 0
    goods_amount: Decimal = Decimal(0)
    rentals: int = 0


def exclusion_of(sold: Sold, *, is_public: bool, is_entity: bool) -> str:
    """Return why the tax office isn't told of a house, "" where it is.

    It is public, a large hotel, or a small shop: goods are all that it sold, in fewer than 30
    sales, for 2,000 euros at most.
    """
    if is_public:
        return PUBLIC
    if is_entity and sold.rentals > MOST_RENTALS:
        return LARGE_HOTEL
    is_shop = 0 < sold.goods == sold.operations
    if is_shop and sold.goods < FEWEST_GOODS and sold.goods_amount <= LEAST_GOODS:
        return SMALL_SHOP
    return ""


def quarter_of(day: date) -> int:
    """Return the quarter of a day, from 1 to 4."""
    return (day.month - 1) // 3 + 1


# --- Asking for it ------------------------------------------------------------------------------
FIRST, SECOND, FREEZE = "first", "second", "freeze"


@dataclass(frozen=True)
class Delays:
    """How long after the first letter the second goes, and payments wait."""

    second: timedelta
    freeze: timedelta


def next_step(
    delays: Delays,
    *,
    first_at: datetime | None,
    second_at: datetime | None,
    frozen_at: datetime | None,
    now: datetime,
) -> str:
    """Return what is due of a house that lacks something: a letter, the freeze, "" for nothing yet.

    Payments wait only after two letters, and as long after the second as the rule leaves between
    them: a second one that went late gives its house the same time.
    """
    if first_at is None:
        return FIRST
    gone = absolute(now) - absolute(first_at)
    if second_at is None:
        return SECOND if gone >= delays.second else ""
    if frozen_at is not None:
        return ""
    since_second = absolute(now) - absolute(second_at)
    is_due = gone >= delays.freeze and since_second >= delays.freeze - delays.second
    return FREEZE if is_due else ""


def freeze_moment(delays: Delays, *, first_at: datetime, second_at: datetime | None) -> datetime:
    """Return from when payments would wait, as far as it is known."""
    moment = absolute(first_at) + delays.freeze
    if second_at is None:
        return moment
    return max(moment, absolute(second_at) + delays.freeze - delays.second)
