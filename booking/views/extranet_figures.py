"""A host's figures: a period and the one before, drawn, beside the middle of its pole."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.house_figures import HouseFigures, Part, Series, figures_of
from booking.house_months import middle_of_pole
from booking.models import HouseMonth
from booking.rules import periods
from booking.rules.periods import Period, read_period
from booking.views.houses import houses_of, shown_house
from destination.templatetags.velay import date_range, mois, mois_court
from members.models import Provider
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of
from oti.lib.html import month_name

NIGHTS, PLACES = HouseMonth.Family.NIGHTS, HouseMonth.Family.PLACES


@dataclass(frozen=True)
class Drawn:
    """One family of offers as its page shows it: rows of the table, the same drawn."""

    family: str
    series: Series
    before: Series | None
    percent: int | None
    percent_before: int | None
    middle: int | None
    rows: list[tuple[str, str, Part]]

    @property
    def has_elsewhere(self) -> bool:
        """Whether something may have been sold elsewhere: nights always, places where some were."""
        return self.family == NIGHTS or self.series.total.elsewhere > 0


@never_cache
@login_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show what a house sold over a month, a season or a year."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    now = timezone.now()
    house = shown_house(providers, request.GET.get("maison", ""))
    asked = request.GET.get("periode", "")
    period = read_period(asked) or periods.year_of(day_of(now).year)
    shown, before = figures_of(house, period), figures_of(house, period.a_year_before())
    context = {
        "providers": providers,
        "house": house,
        "period": period,
        "title": period_words(period),
        "is_unreadable": bool(asked) and read_period(asked) is None,
        "kinds": _kinds(period, house),
        "previous": _link(period.moved(-1), house),
        "next": _link(period.moved(1), house),
        "before_title": period_words(period.a_year_before()),
        "before_url": _link(period.a_year_before(), house),
        "figures": shown,
        "before": before,
        "languages": _languages(shown),
        "drawn": _drawn(house, shown, before, own=providers, now=now),
        "csv_url": f"{reverse('extranet-figures-csv')}?{_query(period, house)}",
        "is_new": not before.is_sold and not shown.is_sold,
    }
    return render(request, "booking/extranet/figures.html", context)


@never_cache
@login_required
@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Give the table of a period as a file for a spreadsheet."""
    providers = houses_of(request)
    period = read_period(request.GET.get("periode", ""))
    if not providers or period is None:
        raise Http404
    house = shown_house(providers, request.GET.get("maison", ""))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{house.slug}-{period.code}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    # A spreadsheet knows the signs by this mark, and columns by semicolons.
    answer.write("\ufeff")
    rows = csv.writer(answer, delimiter=";")
    rows.writerow(_heads())
    shown = figures_of(house, period)
    for family, series in ((NIGHTS, shown.nights), (PLACES, shown.places)):
        for part in series.parts if series else ():
            one = part.counts
            rows.writerow(
                [
                    _unit_words(family),
                    part.first.isoformat(),
                    (part.after - ONE_DAY).isoformat(),
                    *(one.open, one.here, one.widget, one.elsewhere, one.free, one.closed),
                    "" if one.percent is None else one.percent,
                ]
            )
    return answer


def period_words(period: Period) -> str:
    """Return the name of a period: « July 2027 », « Summer 2027 », « 2027 »."""
    if period.kind == periods.YEAR:
        return str(period.year)
    if period.kind == periods.MONTH:
        return capfirst(mois(period.first))
    name = {
        periods.WINTER: pgettext("period", "Winter %(years)s"),
        periods.SPRING: pgettext("period", "Spring %(years)s"),
        periods.SUMMER: pgettext("period", "Summer %(years)s"),
        periods.AUTUMN: pgettext("period", "Autumn %(years)s"),
    }[period.season]
    years = f"{period.first.year}–{period.year}" if period.first.year < period.year else period.year
    return name % {"years": years}


def _drawn(
    house: Provider,
    shown: HouseFigures,
    before: HouseFigures,
    *,
    own: Iterable[Provider],
    now: datetime,
) -> list[Drawn]:
    keys = {one.pk for one in own}
    found = []
    for family, series, old, percents in (
        (NIGHTS, shown.nights, before.nights, None),
        (PLACES, shown.places, before.places, (shown.fill, before.fill)),
    ):
        if series is None:
            continue
        fill = (series.total.percent, old.total.percent if old else None)
        percent, percent_before = percents or fill
        found.append(
            Drawn(
                family=family.value,
                series=series,
                before=old if old and not old.is_quiet else None,
                percent=percent,
                percent_before=percent_before,
                middle=middle_of_pole(house, family, shown.period, own=keys, now=now),
                rows=[(*_part_words(part, shown.period), part) for part in series.parts],
            )
        )
    return found


def _part_words(part: Part, period: Period) -> tuple[str, str]:
    """Return the name of a part, in a table and below a bar."""
    if period.kind != periods.MONTH:
        spans_two_years = period.first.year != (period.ends_on - ONE_DAY).year
        name = mois(part.first)
        if not spans_two_years:
            name = month_name(part.first.month, get_language() or "fr")
        return capfirst(name), mois_court(part.first).rstrip(".")[:4]
    last = part.after - ONE_DAY
    return date_range(part.first, last, "short text"), f"{part.first.day}–{last.day}"


def _kinds(period: Period, house: Provider) -> list[tuple[str, str, bool]]:
    """Return the ways to cut time, each around the first month shown: (words, url, is shown)."""
    day = period.first
    season = periods.season_on(day)
    if period.kind == periods.SEASON:
        season = period
    around = (
        (_("Month"), periods.month_of(day.year, day.month)),
        (_("Season"), season),
        (_("Year"), periods.year_of(period.year)),
    )
    return [(words, _link(one, house), one.kind == period.kind) for words, one in around]


def _languages(shown: HouseFigures) -> list[tuple[str, int, int]]:
    """Return in which languages people booked: (name, bookings, percent)."""
    return [
        (
            capfirst(get_language_info(code)["name_translated"]),
            count,
            (200 * count + shown.bookings) // (2 * shown.bookings),
        )
        for code, count in shown.languages
    ]


def _heads() -> list[str]:
    return [
        pgettext("figures", "What"),
        pgettext("period", "From"),
        pgettext("period", "To"),
        pgettext("figures", "Open"),
        pgettext("figures", "Sold on the site"),
        pgettext("figures", "Sold in your widget"),
        pgettext("figures", "Other platforms"),
        pgettext("figures", "Free"),
        pgettext("figures", "Closed"),
        pgettext("figures", "Taken, in %"),
    ]


def _unit_words(family: str) -> str:
    return pgettext("figures", "nights") if family == NIGHTS else pgettext("figures", "places")


def _link(period: Period, house: Provider) -> str:
    """Return the address of a period, "" for one that nobody can mean."""
    if not period.is_possible:
        return ""
    return f"{reverse('extranet-figures')}?{_query(period, house)}"


def _query(period: Period, house: Provider) -> str:
    return f"maison={house.slug}&periode={period.code}"
