"""The pages of lists: what they show beside the results, and what to do when there are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import browsing, cards, pictures
from booking.availability import (
    StayResults,
    StaySearch,
    count_fitting,
    search_stays,
)
from booking.features import FEATURE_ICONS, FEATURES
from booking.forms.search import SearchForm
from booking.models import Offer
from booking.showing import party_words
from destination.models import Pole
from destination.models.territory import poles_on
from destination.templatetags.velay import date_range
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of

# What lodgings have and people look for; the first ones stand in the row, the rest unfolds.
LODGING_FEATURES = (
    "pets",
    "cot",
    "accessible",
    "linen_included",
    "breakfast",
    "table_hotes",
    "wifi",
    "parking",
    "garden",
    "fireplace",
    "bike_shed",
    "ev_charging",
)
FEATURES_IN_ROW = 3
TYPE_ICONS = {
    Offer.LodgingType.GITE: "house",
    Offer.LodgingType.GUEST_ROOM: "bed-double",
    Offer.LodgingType.HOTEL: "bed-double",
    Offer.LodgingType.CAMPING: "tent",
    Offer.LodgingType.UNUSUAL: "moon",
    Offer.LodgingType.HOSTEL: "users",
}
# How many filters are tried one by one when nothing is found.
MOST_TRIES = 4
WEEK = timedelta(days=7)

Chip = dict[str, Any]


def stays_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/stays.html` shows: full prices for dates and party, else the shelf."""
    path = request.path
    poles = poles_on(day_of(now))
    context: dict[str, Any] = {
        "search": form.for_component(path, form.wishes()),
        "is_open": not form.is_ready,
        "is_faceted": bool(request.GET),
        "page_errors": form.page_errors,
        **_stay_filters(form, path, poles),
    }
    if form.is_ready:
        return context | _priced(request, form, poles, now=now)
    return context | _shelf(form, path, now=now)


def _priced(
    request: HttpRequest, form: SearchForm, poles: Sequence[Pole], *, now: datetime
) -> dict[str, Any]:
    criteria = form.criteria
    found = search_stays(criteria, now=now)
    if not found.results and found.page > found.pages:
        # A page that doesn't exist is the last one, not a sold-out week.
        criteria = replace(criteria, page=found.pages)
        found = search_stays(criteria, now=now)
    nights = count_nights(criteria.arrival, criteria.departure)
    title = ngettext("%(count)s place to stay", "%(count)s places to stay", found.count)
    return {
        "title": title % {"count": found.count} if found.results else _("Where to stay"),
        "note": _("Prices for %(nights)s and %(party)s, with every mandatory fee.")
        % {"nights": nights_words(nights), "party": party_words(criteria.guests)},
        "cards": _stay_cards(request, form, found, now=now),
        "has_prices": True,
        "sorts": _sorts(form),
        "hidden_for_sort": form.dates_and_party() + form.wishes({"sort": ""}),
        "pages": _pages(form, request.path, found.page, found.pages),
        **({} if found.results else _nothing_found(form, request.path, poles, now=now)),
    }


def _stay_cards(
    request: HttpRequest, form: SearchForm, found: StayResults, *, now: datetime
) -> list[dict[str, Any]]:
    criteria = form.criteria
    units = [one.unit for one in found.results]
    left = browsing.equals_left(units, criteria.arrival, criteria.departure, now=now)
    photos = pictures.covers(one.offer for one in found.results)
    return [
        cards.lodging_card(
            one,
            guests=criteria.guests,
            arrival=criteria.arrival,
            departure=criteria.departure,
            query=form.party_query,
            back=request.get_full_path(),
            picture=photos.get(one.offer.pk),
            left=left.get(one.unit.pk),
        )
        for one in found.results
    ]


def _shelf(form: SearchForm, path: str, *, now: datetime) -> dict[str, Any]:
    shelf = browsing.browse_lodgings(
        pole=form.wish("pole"),
        lodging_type=form.wish("type"),
        features=form.features,
        page=form.page,
        now=now,
    )
    photos = pictures.covers(one.offer for one in shelf.results)
    empty = {
        "title": _("Nothing has all of that"),
        "text": _("No place has everything you ticked. Let one filter go."),
        "actions": [
            {"label": label, "url": f"{path}?{form.query(**change)}"}
            for label, change in _ways_to_loosen(form, ())
        ],
    }
    return {
        "title": _("Where to stay in the Velay"),
        "note": _("Give your dates and who comes: each price becomes that of your whole stay."),
        "cards": [
            cards.shelf_card(one, query=form.party_query, picture=photos.get(one.offer.pk))
            for one in shelf.results
        ],
        "pages": _pages(form, path, shelf.page, shelf.pages),
        "empty": None if shelf.results else empty,
    }


# --- Filters ------------------------------------------------------------------------------------
def _stay_filters(form: SearchForm, path: str, poles: Iterable[Pole]) -> dict[str, Any]:
    types = [
        _chip(
            form,
            path,
            f"type-{value}",
            str(label).capitalize(),
            {"type": "" if form.wish("type") == value else value},
            is_active=form.wish("type") == value,
            icon=TYPE_ICONS[Offer.LodgingType(value)],
        )
        for value, label in Offer.LodgingType.choices
    ]
    wishes = [_feature_chip(form, path, code) for code in LODGING_FEATURES]
    row = _pole_chips(form, path, poles) + wishes[:FEATURES_IN_ROW]
    unfolded = wishes[FEATURES_IN_ROW:]
    folded_active = [chip for chip in [*types, *unfolded] if chip["is_active"]]
    return {
        "chips": row,
        "type_chips": types,
        "feature_chips": unfolded,
        "active_filters": sum(chip["is_active"] for chip in [*row, *types, *unfolded]),
        "is_unfolded": bool(folded_active),
        "clear_url": f"{path}?{form.query(pole='', type='', features=())}",
    }


def _pole_chips(form: SearchForm, path: str, poles: Iterable[Pole]) -> list[Chip]:
    return [
        _chip(
            form,
            path,
            f"pole-{pole.slug}",
            pole.name,
            {"pole": "" if form.wish("pole") == pole.slug else pole.slug},
            is_active=form.wish("pole") == pole.slug,
            icon="map-pin",
        )
        for pole in poles
    ]


def _feature_chip(form: SearchForm, path: str, code: str) -> Chip:
    is_active = code in form.features
    others = tuple(one for one in form.features if one != code)
    return _chip(
        form,
        path,
        f"with-{code}",
        str(FEATURES[code]),
        {"features": others if is_active else (*others, code)},
        is_active=is_active,
        icon=FEATURE_ICONS[code],
    )


def _chip(
    form: SearchForm,
    path: str,
    name: str,
    label: str,
    changes: dict[str, Any],
    *,
    is_active: bool,
    icon: str,
) -> Chip:
    return {
        "id": f"chip-{name}",
        "label": label,
        "url": f"{path}?{form.query(**changes)}",
        "is_active": is_active,
        "icon": icon,
    }


def _sorts(form: SearchForm) -> list[dict[str, Any]]:
    names = {
        "relevance": _("Best fit first"),
        "price": _("Lowest price first"),
        "price_desc": _("Highest price first"),
    }
    return [
        {"value": value, "label": label, "is_chosen": form.wish("sort") == value}
        for value, label in names.items()
    ]


def _pages(form: SearchForm, path: str, number: int, total: int) -> dict[str, Any]:
    def address(page: int) -> str:
        return f"{path}?{form.query(page=page if page > 1 else '')}"

    return {
        "number": number,
        "total": total,
        "previous_url": address(number - 1) if number > 1 else "",
        "next_url": address(number + 1) if number < total else "",
    }


# --- Nothing found ------------------------------------------------------------------------------
def _ways_to_loosen(form: SearchForm, poles: Iterable[Pole]) -> list[tuple[str, dict[str, Any]]]:
    """Return each filter that can be let go: its words and the change of the address."""
    ways: list[tuple[str, dict[str, Any]]] = []
    for code in form.features:
        others = tuple(one for one in form.features if one != code)
        label = _("Without « %(filter)s »") % {"filter": FEATURES[code]}
        ways.append((label, {"features": others}))
    if form.wish("type"):
        ways.append((_("Every kind of lodging"), {"type": ""}))
    if form.wish("pole"):
        names = {pole.slug: pole.name for pole in poles}
        name = names.get(form.wish("pole"))
        label = _("Beyond « %(pole)s », in the whole Velay") % {"pole": name}
        ways.append((label if name else _("In the whole Velay"), {"pole": ""}))
    return ways


def _nothing_found(
    form: SearchForm, path: str, poles: Sequence[Pole], *, now: datetime
) -> dict[str, Any]:
    """Say why nothing was found, with the changes that would find something."""
    criteria = form.criteria
    ways = _ways_to_loosen(form, poles)
    actions = []
    for label, change in ways[:MOST_TRIES]:
        count = count_fitting(_loosened(criteria, change), now=now)
        if count:
            label = _("%(change)s (%(count)s)") % {"change": label, "count": count}  # noqa: PLW2901
            actions.append({"label": label, "url": f"{path}?{form.query(**change)}"})
    if not actions:
        actions = _other_weeks(form, path, now=now)
        if ways:
            url = f"{path}?{form.query(pole='', type='', features=())}"
            actions.append({"label": _("Without any filter"), "url": url})
    dates = date_range(criteria.arrival, criteria.departure, "text")
    if ways:
        text = _("Nothing that you filtered is free from %(dates)s for %(party)s.")
    else:
        text = _(
            "Nothing takes %(party)s from %(dates)s: everything is taken, or asks for other days "
            "of arrival or more nights. A larger party may take two places."
        )
    empty = {
        "title": _("Nothing free as you ask"),
        "text": text % {"dates": dates, "party": party_words(criteria.guests)},
        "actions": actions,
    }
    # Folded, the filters leave the ways out in view.
    return {"empty": empty, "is_unfolded": False}


def _loosened(criteria: StaySearch, change: dict[str, Any]) -> StaySearch:
    names = {"type": "lodging_type", "pole": "pole", "features": "features"}
    return replace(criteria, **{names[name]: value for name, value in change.items()})


def _other_weeks(form: SearchForm, path: str, *, now: datetime) -> list[dict[str, Any]]:
    actions = []
    for label, shift in ((_("A week earlier"), -WEEK), (_("A week later"), WEEK)):
        moved = replace(
            form.criteria,
            arrival=form.criteria.arrival + shift,
            departure=form.criteria.departure + shift,
        )
        if moved.arrival >= day_of(now) and count_fitting(moved, now=now):
            data = form.data.copy()
            data["arrival"] = moved.arrival.isoformat()
            data["departure"] = moved.departure.isoformat()
            query = SearchForm(data, today=form.today).query()
            actions.append({"label": label, "url": f"{path}?{query}"})
    return actions


# --- Things to do -------------------------------------------------------------------------------
def experiences_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/experiences.html` shows: what begins on these days, soonest first."""
    path = request.path
    poles = poles_on(day_of(now))
    kind = form.wish("kind") if form.wish("kind") in cards.KIND_ICONS else ""
    guests = form.guests if form.has_party else ()
    found = browsing.listed_experiences(
        kinds=(kind,) if kind else tuple(cards.KIND_ICONS),
        pole=form.wish("pole"),
        from_day=None if form.page_errors else form.arrival_day,
        to_day=None if form.page_errors else form.departure_day,
        guests=guests,
        page=form.page,
        now=now,
    )
    photos = pictures.covers(one.offer for one in found.results)
    title = ngettext("%(count)s thing to do", "%(count)s things to do", found.count)
    return {
        "title": title % {"count": found.count} if found.results else _("Things to do"),
        "note": _("Prices for %(party)s; the next date stands on each card.")
        % {"party": party_words(guests)}
        if guests
        else _("All-in prices, straight from the makers, guides and hosts of the land."),
        "search": form.for_component(path, form.wishes()),
        "is_open": bool(form.page_errors) or form.is_updating,
        "is_faceted": bool(request.GET),
        "page_errors": form.page_errors,
        "chips": _kind_chips(form, path) + _pole_chips(form, path, poles),
        "cards": [
            cards.experience_card(
                one,
                guests=guests,
                query=form.party_query,
                back=request.get_full_path(),
                picture=photos.get(one.offer.pk),
            )
            for one in found.results
        ],
        "pages": _pages(form, path, found.page, found.pages),
        "empty": None if found.results else _nothing_to_live(form, path),
    }


def _kind_chips(form: SearchForm, path: str) -> list[Chip]:
    names = {
        Offer.Kind.ACTIVITY: _("Activities"),
        Offer.Kind.WORKSHOP: _("Workshops"),
        Offer.Kind.MEAL: _("Meals"),
        Offer.Kind.PRODUCE: _("Produce baskets"),
        Offer.Kind.EVENT_TICKET: _("Shows and festivals"),
    }
    return [
        _chip(
            form,
            path,
            f"kind-{kind}",
            names[kind],
            {"kind": "" if form.wish("kind") == kind else str(kind)},
            is_active=form.wish("kind") == kind,
            icon=icon,
        )
        for kind, icon in cards.KIND_ICONS.items()
    ]


def _nothing_to_live(form: SearchForm, path: str) -> dict[str, Any]:
    actions = []
    if form.wish("kind"):
        actions.append({"label": _("Every kind of thing"), "url": f"{path}?{form.query(kind='')}"})
    if form.wish("pole"):
        actions.append({"label": _("In the whole Velay"), "url": f"{path}?{form.query(pole='')}"})
    if form.has_dates:
        data = form.data.copy()
        for name in ("arrival", "departure"):
            data.pop(name, None)
        query = SearchForm(data, today=form.today).query()
        actions.append({"label": _("On other days"), "url": f"{path}?{query}"})
    return {
        "title": _("Nothing on these days"),
        "text": _("Nothing of that kind has a place left then, or not for these ages."),
        "actions": actions,
    }


def experiences_url(query: str = "") -> str:
    """Return the list of things to do."""
    return reverse("booking:experiences") + (f"?{query}" if query else "")
