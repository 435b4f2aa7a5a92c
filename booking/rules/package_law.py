"""Whether services chosen together are a package in the sense of the law (domain.md §2.2).

Each kind of offer says its type of service (`booking.rules.kinds`). Code du tourisme L211-2 and its
decree, directive (EU) 2015/2302 art. 2 and 3. It classifies; it neither prices nor refuses.
Values are euros, VAT included, without the tourist tax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

# Kept with each order: which state of the law decided.
RULE_VERSION = "fr-2018-07"

TRANSPORT = "A"
LODGING = "B"
VEHICLE = "C"
OTHER = "D"
# Goods are no travel service: they count for nothing.
GOODS = ""
MAIN_TYPES = frozenset({TRANSPORT, LODGING, VEHICLE})
# Other services make a package with one main type from a quarter of the value on.
SHARE_DIVISOR = 4
SHORTEST_HOURS = 24
SHARE_STEP = Decimal("0.0001")


@dataclass(frozen=True)
class PackageLine:
    """One service of the trip: its type (A, B, C, D, or "" for goods) and its value in euros.

    `intrinsic`: part of another service, as a breakfast of the host's. `essential`: advertised as
    the reason for the trip.
    """

    type: str
    value: Decimal
    intrinsic: bool = False
    bought_after_start: bool = False
    sold_as_package: bool = False
    essential: bool = False


@dataclass(frozen=True)
class Trip:
    """The frame of the services: with a night or not, hours from first to last, who buys."""

    has_night: bool
    hours: Decimal
    b2b_framework: bool = False


@dataclass(frozen=True)
class PackageVerdict:
    """The answer, why, the types that counted, and the share of other services (0 to 1).

    `reason` of a package: `sold_as_package`, `two_types`, `share` or `essential`; of no package:
    `framework`, `short_trip`, `one_type` or `small_share`. `d_share` is cut to four decimals, so
    that it never reads as a quarter that isn't reached; None where nothing has a value.
    """

    is_package: bool
    reason: str
    types: tuple[str, ...]
    d_share: Decimal | None


def classify(lines: Iterable[PackageLine], trip: Trip) -> PackageVerdict:
    """Return whether these lines are a package, with the reason (domain.md §2.2, P1 to P12).

    The order of the lines is irrelevant. A quarter of the value exactly is a package.
    """
    counted = [
        line
        for line in lines
        if line.type != GOODS and not line.intrinsic and not line.bought_after_start
    ]
    types = {line.type for line in counted}
    others = [line for line in counted if line.type == OTHER]
    d_value = sum((line.value for line in others), Decimal(0))
    total = sum((line.value for line in counted), Decimal(0))
    share = (d_value / total).quantize(SHARE_STEP, rounding=ROUND_DOWN) if total else None

    def answer(reason: str, *, is_package: bool) -> PackageVerdict:
        return PackageVerdict(is_package, reason, tuple(sorted(types)), share)

    main = types & MAIN_TYPES
    if trip.b2b_framework:
        return answer("framework", is_package=False)
    if not trip.has_night and trip.hours < SHORTEST_HOURS:
        return answer("short_trip", is_package=False)
    if any(line.sold_as_package for line in counted):
        return answer("sold_as_package", is_package=True)
    if len(main) >= 2:
        return answer("two_types", is_package=True)
    if len(types) < 2:
        return answer("one_type", is_package=False)
    if any(line.essential for line in others):
        return answer("essential", is_package=True)
    if d_value * SHARE_DIVISOR >= total:
        return answer("share", is_package=True)
    return answer("small_share", is_package=False)


def is_package(lines: Iterable[PackageLine], trip: Trip) -> bool:
    """Return whether these lines are a package."""
    return classify(lines, trip).is_package
