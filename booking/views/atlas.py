"""The map of everything: where to sleep, what to do, sites, stations, walks, and the list of it.

The list says what the map shows, in its order; a page of either is bounded, however much there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from booking import browsing
from booking.availability import search_stays
from booking.experience_search import search_experiences
from booking.filters import Filters
from booking.forms.asking import asked
from booking.forms.search import SearchForm
from booking.rules.kinds import DATED
from booking.showing import party_words
from booking.spots import pin_of
from booking.views.chips import zone_chips
from booking.views.lists import lost_zone, zone_address
from destination.map_box import Pin, map_box
from destination.models.territory import poles_on
from destination.outlines import Ring, Walk, pages_of_walks, pole_shapes, walks
from destination.shown_sites import pins_of_sites, pins_of_stations
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of

# Offers of each layer on one page of the map.
SIZE = 60
# Lines of a layer that its list shows at once; the others unfold, where they are worth a press.
SHOWN, WORTH_A_FOLD = 5, 3
KINDS = tuple(one.code for one in DATED)
LAYERS = ("stay", "do", "sites", "stations", "walks")
# What a reader finds of one layer: its pins, and on how many pages.
Found = tuple[list[Pin], int]


@require_safe
def atlas(request: HttpRequest) -> HttpResponse:
    """Show the map with the layers, the pole, dates and party of the address."""
    now = timezone.now()
    form = asked(request, now=now, needs_both_dates=True)
    return render(request, "booking/atlas.html", atlas_page(request, form, now=now))


def atlas_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/atlas.html` shows; sums stand on pins where dates and party are told."""
    today = day_of(now)
    shown = shown_layers(request)
    found = {layer: READERS[layer](form, now) for layer in shown}
    groups = [
        _group(layer, title, found[layer][0])
        for layer, title in _titles().items()
        if layer in found and found[layer][0]
    ]
    pins = [pin for group in groups for pin in group["pins"]]
    layers = [("layers", layer) for layer in shown] if len(shown) < len(_available()) else []
    total = max((pages for _pins, pages in found.values()), default=1)
    return {
        "search": form.for_component(request.path, [*form.wishes({"view": ""}), *layers]),
        "is_open": bool(form.page_errors) or form.is_updating,
        "page_errors": form.page_errors,
        "is_faceted": bool(request.GET),
        "note": _note(form),
        "layers": [
            {"code": code, "label": title, "is_shown": code in shown}
            for code, title in _titles().items()
            if code in _available()
        ],
        "poles": [(one.slug, one.name, one.slug == form.wish("pole")) for one in poles_on(today)],
        "hidden": [*form.dates_and_party(), *form.wishes({"pole": "", "view": ""})],
        "chips": zone_chips(form, request.path, layers),
        "zone_note": lost_zone() if form.is_zone_lost else "",
        "groups": groups,
        "map": map_box(
            pins,
            day=today,
            opens="wide",
            pole=form.wish("pole"),
            around=_frame(form, today),
            with_walks="walks" in shown,
            zone_url=zone_address(form, request.path, layers),
        ),
        "pages": _pages(form, request.path, layers, total),
        "ways": [{"label": _("The whole map"), "url": request.path}],
    }


def _group(layer: str, title: str, pins: list[Pin]) -> dict[str, Any]:
    """Return a layer as the list says it: its first lines, and those that unfold below them."""
    shown = SHOWN if len(pins) >= SHOWN + WORTH_A_FOLD else len(pins)
    parts = {"pins": pins, "first": pins[:shown], "folded": pins[shown:]}
    return {"code": layer, "title": title, **parts}


def _frame(form: SearchForm, today: date) -> list[Ring]:
    """Return what the map shows at first: the part that is searched, the pole, else all."""
    if form.zone:
        return [form.zone.ring]
    shapes = pole_shapes(today)
    chosen = [one for one in shapes if one.code == form.wish("pole")] or shapes
    return [ring for one in chosen for ring in one.rings]


def shown_layers(request: HttpRequest) -> tuple[str, ...]:
    """Return the layers that the address names, all of them where it names none that exists."""
    wished = request.GET.getlist("layers")
    available = _available()
    return tuple(one for one in available if one in wished) or available


def _available() -> tuple[str, ...]:
    return LAYERS if walks() else LAYERS[:-1]


def _titles() -> dict[str, str]:
    return {
        "stay": _("Where to stay"),
        "do": _("Things to do"),
        "sites": _("Sites and villages"),
        "stations": _("Railway stations"),
        "walks": _("Walks"),
    }


def _note(form: SearchForm) -> str:
    if not form.is_ready:
        return _("Give your dates and who comes: each pin says the price of your whole stay.")
    nights = count_nights(form.criteria.arrival, form.criteria.departure)
    return _("Prices for %(nights)s and %(party)s.") % {
        "nights": nights_words(nights),
        "party": party_words(form.guests),
    }


def _pages(
    form: SearchForm, path: str, layers: list[tuple[str, str]], total: int
) -> dict[str, Any]:
    number = min(form.page, total)

    def address(page: int) -> str:
        rest = [form.query(view="", page=page if page > 1 else ""), urlencode(layers)]
        query = "&".join(part for part in rest if part)
        return f"{path}?{query}" if query else path

    return {
        "number": number,
        "total": total,
        "previous_url": address(number - 1) if number > 1 else "",
        "next_url": address(number + 1) if number < total else "",
    }


# --- What each layer has ------------------------------------------------------------------------
def _lodgings(form: SearchForm, now: datetime) -> Found:
    if not form.is_ready:
        offers, pages = browsing.lodgings_on_sale(
            filters=form.filters, page=form.page, size=SIZE, now=now
        )
        return [pin_of(one, query=form.party_query) for one in offers], pages
    found = search_stays(form.criteria, now=now, size=SIZE)
    return [
        pin_of(one.offer, query=form.party_query, amount=one.quote.total) for one in found.results
    ], found.pages


def _doings(form: SearchForm, now: datetime) -> Found:
    pole = form.wish("pole")
    filters = replace(form.filters, lodging_type="", stars=(), kind=form.wish("kind"))
    when: dict[str, Any] = {
        "from_day": None if form.page_errors else form.arrival_day,
        "to_day": None if form.page_errors else form.departure_day,
        "guests": form.guests if form.has_party else (),
        "size": SIZE,
        "now": now,
    }
    if filters == Filters(pole=pole) and not form.wish("season") and form.page == 1:
        # What most people ask for is remembered some seconds.
        found = browsing.listed_experiences(kinds=KINDS, pole=pole, **when)
    else:
        found = search_experiences(
            kinds=KINDS, filters=filters, season=form.wish("season"), page=form.page, **when
        )
    if form.page > found.pages:
        return [], found.pages
    return [
        pin_of(one.offer, query=form.party_query, amount=one.quote.total if one.quote else None)
        for one in found.results
    ], found.pages


def _sites(form: SearchForm, now: datetime) -> Found:
    if form.page > 1:
        return [], 1
    return _seen(pins_of_sites(form.wish("pole"), day=day_of(now)), form), 1


def _stations(form: SearchForm, now: datetime) -> Found:
    if form.page > 1:
        return [], 1
    return _seen(pins_of_stations(form.wish("pole"), day=day_of(now)), form), 1


def _walks(form: SearchForm, now: datetime) -> Found:
    return _seen([_walk_pin(one) for one in walks()], form) if form.page == 1 else [], 1


def _seen(pins: list[Pin], form: SearchForm) -> list[Pin]:
    """Return the pins of the part of the map that is asked for."""
    zone = form.zone
    return [one for one in pins if zone.holds(one.latitude, one.longitude)] if zone else pins


READERS: dict[str, Callable[[SearchForm, datetime], Found]] = {
    "stay": _lodgings,
    "do": _doings,
    "sites": _sites,
    "stations": _stations,
    "walks": _walks,
}


def _walk_pin(walk: Walk) -> Pin:
    longitude, latitude = walk.start
    length = _("%(length)s km") % {"length": round(walk.length_metres / 1000)}
    title, url = pages_of_walks().get(walk.itinerary, ("", "")) if walk.itinerary else ("", "")
    # What the office loaded has a French name.
    is_foreign = not title and get_language() != settings.LANGUAGE_CODE
    return Pin(
        name=title or walk.name,
        place=length,
        url=url,
        lang=settings.LANGUAGE_CODE if is_foreign else "",
        latitude=latitude,
        longitude=longitude,
        layer="walks",
        anchor=f"walk-{walk.slug}",
    )
