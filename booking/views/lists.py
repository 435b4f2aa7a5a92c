"""The pages of lists: what they show beside the results, and what to do when there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import browsing, cards, pictures
from booking.access import basket_for
from booking.availability import StayResults, search_stays
from booking.experience_search import search_experiences
from booking.facets import Facets
from booking.forms.search import SearchForm
from booking.models import Offer
from booking.quoting import USUAL_ARRIVAL
from booking.rules.kinds import DATED
from booking.showing import party_words
from booking.spots import anchor_of, pin_of
from booking.views.chips import NO_FILTER, experience_filters, stay_filters
from booking.views.proposals import nothing_found, ways_to_loosen
from destination.map_box import ZONE_TOKEN, map_box
from destination.models import Pole
from destination.models.territory import poles_on
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of


def stays_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/stays.html` shows: full prices for dates and party, else the shelf."""
    path = request.path
    poles = poles_on(day_of(now))
    context: dict[str, Any] = {
        "search": form.for_component(path, form.wishes()),
        "is_open": not form.is_ready,
        "page_errors": form.page_errors,
        **_indexing(request, form, poles, ("pole", "type")),
    }
    if form.is_ready:
        return context | _priced(request, form, poles, now=now)
    return context | _shelf(form, path, poles, now=now)


def _indexing(
    request: HttpRequest, form: SearchForm, poles: Sequence[Pole], kept: tuple[str, ...]
) -> dict[str, Any]:
    """Tell search engines what to keep: the bare list, and those of one pole or one kind.

    `landing_names` are the words of what the address chose, for the title.
    """
    if not request.GET:
        return {"is_faceted": False, "canonical": "", "landing_names": []}
    names = {pole.slug: pole.name for pole in poles}
    labels = dict(Offer.LodgingType.choices)
    wished = {name: form.wish(name) for name in kept if name in request.GET}
    is_landing = (
        set(request.GET) == set(wished)
        and all(wished.values())
        and ("pole" not in wished or wished["pole"] in names)
    )
    if not is_landing:
        return {"is_faceted": True, "canonical": "", "landing_names": []}
    words = [capfirst(str(labels[wished["type"]]))] if wished.get("type") else []
    words += [names[wished["pole"]]] if wished.get("pole") else []
    query = urlencode([(name, wished[name]) for name in kept if name in wished])
    return {
        "is_faceted": False,
        "canonical": f"{request.path}?{query}",
        "landing_names": words,
    }


def _priced(
    request: HttpRequest,
    form: SearchForm,
    poles: Sequence[Pole],
    *,
    now: datetime,
) -> dict[str, Any]:
    criteria = form.criteria
    found = search_stays(criteria, now=now)
    if not found.results and found.page > found.pages:
        # A page that doesn't exist is the last one, not a sold-out week.
        criteria = replace(criteria, page=found.pages)
        found = search_stays(criteria, now=now)
    facets = Facets(found.sieved)
    nights = count_nights(criteria.arrival, criteria.departure)
    count = found.count
    title = ngettext("%(count)s place to stay", "%(count)s places to stay", count)
    note = _("Prices for %(nights)s and %(party)s, with every mandatory fee.")
    if any(one.quote.tourist_tax_on_site for one in found.results):
        note = _(
            "Prices for %(nights)s and %(party)s, with every mandatory fee but the tourist tax "
            "where it is paid on site."
        )
    return {
        **stay_filters(form, request.path, poles, facets),
        "title": title % {"count": count} if found.results else _("Where to stay"),
        "note": note % {"nights": nights_words(nights), "party": party_words(criteria.guests)},
        "cards": _stay_cards(request, form, found, now=now),
        "has_prices": True,
        "sorts": _sorts(form),
        "hidden_for_sort": form.dates_and_party() + form.wishes({"sort": ""}),
        "pages": _pages(form, request.path, found.page, found.pages),
        **_mapped(
            form,
            request.path,
            [(one.offer, one.quote.total) for one in found.results],
            now=now,
        ),
        **({} if found.results else nothing_found(request, form, facets, poles, now=now)),
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


def _shelf(form: SearchForm, path: str, poles: Sequence[Pole], *, now: datetime) -> dict[str, Any]:
    guests = form.guests if form.has_party else ()
    shelf = browsing.browse_lodgings(filters=form.filters, guests=guests, page=form.page, now=now)
    photos = pictures.covers(one.offer for one in shelf.results)
    empty = {
        "title": _("Nothing has all of that"),
        "text": _("No place has everything you ticked. Let one filter go."),
        "actions": ways_to_loosen(form, path, poles),
    }
    if guests and not shelf.sieved.offers:
        empty = {
            "title": _("No place holds all of you"),
            "text": _("Look for fewer persons: several beds can be added to one stay."),
            "actions": [],
        }
    note = _("Give your dates and who comes: each price becomes that of your whole stay.")
    if guests:
        note = _(
            "Those that hold %(party)s. Give your dates: each price becomes that of your whole "
            "stay."
        ) % {"party": party_words(guests)}
    return {
        **stay_filters(form, path, poles, Facets(shelf.sieved)),
        "title": _("Where to stay in the Velay"),
        "note": note,
        "cards": [
            cards.shelf_card(one, query=form.party_query, picture=photos.get(one.offer.pk))
            | {"id": anchor_of(one.offer)}
            for one in shelf.results
        ],
        "pages": _pages(form, path, shelf.page, shelf.pages),
        **_mapped(form, path, [(one.offer, None) for one in shelf.results], now=now),
        "empty": None if shelf.results else empty,
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


def _mapped(
    form: SearchForm, path: str, shown: Sequence[tuple[Offer, Decimal | None]], *, now: datetime
) -> dict[str, Any]:
    """Return the map of these offers where the address asks for it, and the way to it and back.

    Each with the sum that its card shows for the whole party, None where it shows none.
    """
    is_asked = form.wish("view") == "map"
    query = form.query(view="" if is_asked else "map", page=form.page if form.page > 1 else "")
    found: dict[str, Any] = {"is_map": is_asked, "switch_url": f"{path}?{query}" if query else path}
    if form.is_zone_lost:
        found["zone_note"] = lost_zone()
    if is_asked and (shown or form.zone):
        pins = [pin_of(offer, query=form.party_query, amount=sum_) for offer, sum_ in shown]
        found["map"] = map_box(
            pins,
            day=day_of(now),
            opens="now",
            around=[form.zone.ring] if form.zone else (),
            zone_url=zone_address(form, path),
        )
    return found


def zone_address(form: SearchForm, path: str, more: Sequence[tuple[str, str]] = ()) -> str:
    """Return the address of these results in another part of the map, which a browser fills in.

    `more` are parameters that the form doesn't know.
    """
    return f"{path}?{'&'.join(filter(None, [form.query(zone=ZONE_TOKEN), urlencode(more)]))}"


def lost_zone() -> str:
    """Say that a part of the map was asked for that can't be read."""
    return _(
        "That part of the map can’t be read: all of it is shown. Move the map and search again."
    )


def _pages(form: SearchForm, path: str, number: int, total: int) -> dict[str, Any]:
    def address(page: int) -> str:
        return f"{path}?{form.query(page=page if page > 1 else '')}"

    return {
        "number": number,
        "total": total,
        "previous_url": address(number - 1) if number > 1 else "",
        "next_url": address(number + 1) if number < total else "",
    }


# --- Things to do -------------------------------------------------------------------------------
def experiences_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/experiences.html` shows: what begins on these days, soonest first."""
    path = request.path
    poles = poles_on(day_of(now))
    listed = [one.code for one in DATED]
    kind = form.wish("kind") if form.wish("kind") in listed else ""
    guests = form.guests if form.has_party else ()
    filters = replace(form.filters, lodging_type="", stars=(), kind=kind, age=form.child_age)
    asked: dict[str, Any] = {
        "kinds": listed,
        "season": form.wish("season"),
        "from_day": None if form.page_errors else form.arrival_day,
        "to_day": None if form.page_errors else form.departure_day or form.last_day,
        "arrives_at": _arrives_at(request, form),
        "guests": guests,
        "now": now,
    }
    found = search_experiences(filters=filters, page=form.page, **asked)
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
        "page_errors": form.page_errors,
        **_indexing(request, form, poles, ("pole",)),
        **experience_filters(form, path, poles, Facets(found.sieved)),
        "cards": [
            cards.experience_card(
                one,
                guests=guests,
                query=form.party_query,
                back=request.get_full_path(),
                picture=photos.get(one.offer.pk),
            )
            | {"id": anchor_of(one.offer)}
            for one in found.results
        ],
        "pages": _pages(form, path, found.page, found.pages),
        **_mapped(
            form,
            path,
            [(one.offer, one.quote.total if one.quote else None) for one in found.results],
            now=now,
        ),
        "empty": None if found.results else _nothing_to_live(form, path),
    }


def _arrives_at(request: HttpRequest, form: SearchForm) -> time:
    """Return the hour at which the bed of their stay can be had on the first day."""
    basket = basket_for(request) if form.arrival_day else None
    beds = basket.lines.filter(unit__isnull=False, arrival=form.arrival_day) if basket else None
    hours = beds.values_list("offer__check_in_from", flat=True) if beds is not None else ()
    return min((hour for hour in hours if hour), default=USUAL_ARRIVAL)


def _nothing_to_live(form: SearchForm, path: str) -> dict[str, Any]:
    actions = []
    if form.wish("kind"):
        actions.append({"label": _("Every kind of thing"), "url": f"{path}?{form.query(kind='')}"})
    if form.wish("pole"):
        actions.append(
            {
                "label": _("In the whole Velay"),
                "url": f"{path}?{form.query(pole='', commune='')}",
            }
        )
    if form.zone:
        url = f"{path}?{form.query(zone='')}"
        actions.append({"label": _("Beyond this part of the map"), "url": url})
    if form.features or form.labels or form.wish("q") or form.wish("season"):
        query = form.query(**NO_FILTER)
        actions.append({"label": _("Without any filter"), "url": f"{path}?{query}"})
    if form.has_dates:
        data = form.data.copy()
        for name in ("arrival", "departure"):
            data.pop(name, None)
        query = SearchForm(data, today=form.today).query()
        actions.append({"label": _("On other days"), "url": f"{path}?{query}"})
    actions.append({"label": _("See the ready-made stays"), "url": reverse("booking:ready-stays")})
    return {
        "title": _("Nothing on these days"),
        "text": _("Nothing of that kind has a place left then, or not for these ages."),
        "actions": actions,
    }


def experiences_url(query: str = "") -> str:
    """Return the list of things to do."""
    return reverse("booking:experiences") + (f"?{query}" if query else "")
