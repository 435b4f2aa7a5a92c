"""Whether a basket is a package, who answers for it, and whether it may be sold (domain.md §2).

It reads a basket's view against the law and the office's papers; it writes nothing. An order is
refused by `booking.checkout`, under the locks, for the troubles returned here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from booking.models import Organiser
from booking.refusals import Trouble, trouble
from booking.rules.moments import absolute
from booking.rules.package_law import (
    PackageLine,
    PackageVerdict,
    Trip,
    classify,
)
from booking.stay_view import BasketView, LineView
from destination.models import LegalText
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

ORGANISER = "organiser"
BLOCK = "block"
SECONDS_OF_AN_HOUR = 3600


@dataclass(frozen=True)
class CountedLine:
    """A line of the basket as the law reads it."""

    view: LineView
    counts: PackageLine

    def to_json(self) -> dict[str, Any]:
        """Return the row kept as evidence: the type and the value in euros, as text."""
        return {
            "line": self.view.line.pk,
            "title": self.view.title,
            "kind": self.view.offer.kind,
            "type": self.counts.type,
            "value": str(self.counts.value),
            "intrinsic": self.counts.intrinsic,
            "essential": self.counts.essential,
        }


@dataclass(frozen=True)
class Standing:
    """How a basket stands before the law of packages at one moment.

    `organiser` and `form` are those that hold on that day, None where there are none; both are
    read for a package only. `obstacles` say why it can't be sold here, empty for what can.
    """

    verdict: PackageVerdict
    lines: tuple[CountedLine, ...]
    organiser: Organiser | None = None
    form: LegalText | None = None
    obstacles: tuple[Trouble, ...] = ()

    @property
    def is_package(self) -> bool:
        """Whether the basket is a package."""
        return self.verdict.is_package


def standing_of(view: BasketView, *, language: str, now: datetime) -> Standing:
    """Return how the counted lines of a basket stand at `now`; at most two statements.

    A page shows organiser and form for some seconds; what sells reads them (oti.lib.memo).
    """
    lines = tuple(CountedLine(one, _read_line(one, view)) for one in view.counted)
    verdict = classify([one.counts for one in lines], _trip_of(view.counted))
    if not verdict.is_package:
        return Standing(verdict, lines)
    organiser = organiser_identity(now)
    form = form_in_force(language, now)
    obstacles = _obstacles(organiser, form, now=now)
    return Standing(verdict, lines, organiser, form, tuple(obstacles))


def organiser_identity(now: datetime) -> Organiser | None:
    """Return who organises packages on the day of `now`: the identity that began last, or None.

    It may be incomplete or expired; a demonstration's counts for nothing in production. Shown for
    up to REMEMBER_SECONDS; an order reads it anew.
    """
    organiser = _organiser_on(day_of(now))
    if organiser is not None and organiser.is_demo and not settings.SELLS_ON_DEMO_TEXTS:
        return None
    return organiser


def package_seller(*, now: datetime) -> Organiser | None:
    """Return the organiser whose papers let packages be sold at `now`, None where none are sold.

    What the legal notice says: the same test as an order's (`organiser_missing`,
    `organiser_expired`, `package_blocked`). Shown for up to REMEMBER_SECONDS.
    """
    organiser = organiser_identity(now)
    if organiser is None or not organiser.is_complete or organiser.is_expired_on(day_of(now)):
        return None
    return None if settings.PACKAGE_POLICY == BLOCK else organiser


def form_in_force(language: str, now: datetime) -> LegalText | None:
    """Return the information form of the day, French where `language` has none (§2.4).

    A demonstration's form counts for nothing in production (core.md 15). Shown for up to
    REMEMBER_SECONDS; an order reads it anew.
    """
    return _form_on(language, day_of(now))


def terms_in_force(language: str, now: datetime) -> LegalText | None:
    """Return the conditions of sale of the day, French where `language` has none.

    Shown for up to REMEMBER_SECONDS; an order reads them anew.
    """
    return _terms_on(language, day_of(now))


@remembered(most=4)
def _organiser_on(day: date) -> Organiser | None:
    return Organiser.objects.in_force(day)


@remembered(most=8)
def _form_on(language: str, day: date) -> LegalText | None:
    return LegalText.objects.in_force(
        LegalText.Kind.PACKAGE_FORM, language, day, is_demo_good=settings.SELLS_ON_DEMO_TEXTS
    )


@remembered(most=8)
def _terms_on(language: str, day: date) -> LegalText | None:
    return LegalText.objects.in_force(LegalText.Kind.TERMS, language, day)


def check_package(standing: Standing, form: LegalText | None) -> list[Trouble]:
    """Return why a basket can't be ordered with the form that the visitor says to have received.

    Codes: `package_blocked`, `organiser_missing`, `organiser_expired`, `package_form_unavailable`,
    `package_form_missing`; none where it is no package. The form must be the one of the day.
    """
    if not standing.is_package:
        return []
    if standing.obstacles:
        return list(standing.obstacles)
    if form is None or standing.form is None or form.pk != standing.form.pk:
        return [trouble("package_form_missing", field="package_form")]
    return []


def _obstacles(
    organiser: Organiser | None, form: LegalText | None, *, now: datetime
) -> list[Trouble]:
    if settings.PACKAGE_POLICY == BLOCK:
        return [trouble("package_blocked")]
    troubles = []
    if organiser is None or not organiser.is_complete:
        troubles.append(trouble("organiser_missing"))
    elif organiser.is_expired_on(day_of(now)):
        troubles.append(trouble("organiser_expired"))
    if form is None:
        troubles.append(trouble("package_form_unavailable"))
    return troubles


def _read_line(one: LineView, view: BasketView) -> PackageLine:
    return PackageLine(
        type=one.offer.kind_rules.travel_type,
        value=one.quote.gross if one.quote else Decimal(0),
        intrinsic=_is_intrinsic(one, view.counted),
        sold_as_package=one.line.is_sold_whole and _is_sold_whole(view),
        essential=one.offer.is_essential,
    )


def _is_sold_whole(view: BasketView) -> bool:
    """Whether services of two types are left of a stay that was proposed at one price.

    The bed alone of such a stay is no package.
    """
    whole = (one for one in view.counted if one.line.is_sold_whole)
    return len({one.offer.kind_rules.travel_type for one in whole} - {""}) > 1


def _is_intrinsic(one: LineView, lines: Sequence[LineView]) -> bool:
    """Whether it is a meal that the host of the lodging gives during the stay (vector P6)."""
    if not one.offer.kind_rules.may_be_intrinsic:
        return False
    day = one.starts_at.date()
    return any(
        other.line.arrival <= day <= other.line.departure
        for other in lines
        # Something lent for some days has an arrival too: only a bed makes a host.
        if other.unit is not None
        and other.offer.provider_id == one.offer.provider_id
        and other.line.arrival is not None
        and other.line.departure is not None
    )


def _trip_of(counted: Sequence[LineView]) -> Trip:
    """Return the frame of the services; goods, fetched at any hour, don't stretch it."""
    lines = [one for one in counted if one.offer.kind_rules.travel_type]
    if not lines:
        return Trip(has_night=False, hours=Decimal(0))
    first = min(absolute(one.starts_at) for one in lines)
    last = max(absolute(one.ends_at) for one in lines)
    seconds = int((last - first).total_seconds())
    return Trip(
        has_night=any(one.unit is not None for one in lines),
        hours=Decimal(seconds) / SECONDS_OF_AN_HOUR,
    )
