"""Moments for two: pages that propose them with childcare, and the press that adds both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import basket as baskets
from booking import cards, showing
from booking.access import basket_for, remember_basket
from booking.catalogue import catalogue
from booking.forms.asking import asked
from booking.forms.pairs import CARE, MOMENT, read_pair
from booking.forms.search import SearchForm
from booking.kept_offers import offer_of_slug
from booking.models import Basket, ComesBy, Offer
from booking.pairing import (
    Half,
    Pair,
    add_pair,
    comes_home,
    find_pairs,
    plan_of,
    say_how_they_come,
)
from booking.people import Person, match_people, people_from
from booking.pictures import Picture, covers
from booking.refusals import Refusal
from booking.rules.kinds import FOR_TWO, MINDING
from booking.views.answers import own_address, see_other, tell
from destination.spoken import language_of
from destination.templatetags.velay import euros, heure, years_old
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

MY_STAY = "booking:my-stay"
# Shown at once; the dates of the search are asked for where there are more.
MOST_PAIRS = 12


@never_cache
@require_safe
def for_two(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an offer with its other half: a moment with carers, childcare with moments."""
    now = timezone.now()
    offer = offer_of_slug(slug, is_lodging=False)
    if offer is None or not offer.is_published or offer.kind not in (*FOR_TWO, *MINDING):
        raise Http404
    form = asked(request, now=now)
    basket = basket_for(request)
    people = _people(basket, form)
    is_frozen = basket is not None and basket.state == Basket.State.FROZEN
    is_ready = not form.page_errors and any(not one.is_adult for one in people)
    plan = plan_of(basket)
    is_had = offer.pk in plan.offers
    pairs: list[Pair] = []
    if is_ready:
        pairs = find_pairs(
            offer,
            people,
            plan,
            from_day=form.arrival_day,
            to_day=form.departure_day,
            now=now,
        )
    show = _Show(back=request.get_full_path(), is_frozen=is_frozen, on_foot=plan.on_foot)
    context = {
        "offer": offer,
        "is_care": offer.kind in MINDING,
        "search": form.for_component(request.path),
        "page_errors": form.page_errors,
        "is_open": not is_ready or form.is_updating,
        "has_children": is_ready or bool(form.page_errors),
        "is_frozen": is_frozen,
        "on_foot": plan.on_foot,
        "back": request.get_full_path(),
        "party": showing.party_words([one.guest for one in people]),
        "days": _days(pairs[:MOST_PAIRS], people, show=show),
        "has_more": len(pairs) > MOST_PAIRS,
        "is_had": is_had,
        "back_url": showing.offer_url(offer, f"?{form.party_query}" if form.party_query else ""),
        "empty_actions": _elsewhere(form, is_had=is_had),
    }
    return render(request, "booking/for_two.html", context)


@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a moment and its childcare into the stay, both or none; say why where none."""
    now = timezone.now()
    basket = basket_for(request) or baskets.new_basket(language=get_language() or "fr", now=now)
    try:
        moment, care = read_pair(request.POST)
        lines = add_pair(basket, moment, care, now=now)
    except Refusal as refusal:
        messages.warning(request, _("Nothing was added: the two go together."))
        tell(request, refusal.troubles)
        back = own_address(request, request.POST.get("next", ""))
        response = see_other(back or MY_STAY)
    else:
        messages.success(request, _added_words(basket, len(lines)))
        response = see_other(MY_STAY)
    remember_basket(request, response, basket)
    return response


@never_cache
@require_POST
def how_they_come(request: HttpRequest) -> HttpResponse:
    """Keep in the stay whether its people come by car: ways are counted by it."""
    now = timezone.now()
    basket = basket_for(request) or baskets.new_basket(language=get_language() or "fr", now=now)
    back = own_address(request, request.POST.get("next", ""))
    response = see_other(back or MY_STAY)
    if request.POST.get("comes_by") not in ComesBy:
        messages.warning(request, _("Say whether you come by car: nothing was changed."))
        return response
    comes_by = ComesBy(request.POST["comes_by"])
    try:
        say_how_they_come(basket, comes_by)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return response
    if comes_by == ComesBy.WITHOUT:
        told = _("Noted: from childcare to your moments you go on foot.")
    else:
        told = _("Noted: from childcare to your moments you go by car.")
    messages.success(request, told)
    remember_basket(request, response, basket)
    return response


def for_two_link(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> dict[str, Any] | None:
    """Return the way from an offer's page to its pairs, in words; None where there are none.

    A moment leads there once children are known of, childcare always. It asks nothing more of the
    database than who comes.
    """
    is_care = offer.kind in MINDING
    people = _people(basket_for(request), form)
    children = [one.age for one in people if not one.is_adult]
    if offer.is_on_request or not (is_care or (children and offer.kind in FOR_TWO)):
        return None
    listed = catalogue(day_of(now))
    if not is_care and not any(one.kind in MINDING for one in listed.values()):
        return None
    query = form.party_query
    url = reverse("booking:for-two", args=[offer.slug]) + (f"?{query}" if query else "")
    if is_care:
        text = _("Dinner, a walk, a concert: what you can do meanwhile, the way there included.")
        return {"text": text, "url": url, "label": _("Moments for two")}
    text = ngettext(
        "Going there as grown-ups? Somebody minds the child (%(ages)s) meanwhile.",
        "Going there as grown-ups? Somebody minds the children (%(ages)s) meanwhile.",
        len(children),
    )
    return {
        "text": text % {"ages": years_old(children)},
        "url": url,
        "label": _("Have them minded"),
    }


def _people(basket: Basket | None, form: SearchForm) -> list[Person]:
    """Return who comes: those told, found among the persons of the stay, else those of the stay.

    Whoever the stay doesn't know yet has no key.
    """
    known = people_from(basket.people) if basket else []
    if known and not form.has_party:
        return known
    people, keys = match_people(known, [guest.age for guest in form.guests])
    own = {one.key for one in known}
    told = [one for one in people if one.key in keys]
    return [one if one.key in own else Person(key="", age=one.age) for one in told]


def _elsewhere(form: SearchForm, *, is_had: bool) -> list[dict[str, Any]]:
    query = form.party_query
    address = f"{reverse('booking:experiences')}?kind={MINDING[0]}"
    childcare = {
        "label": _("All the childcare"),
        "url": f"{address}&{query}" if query else address,
    }
    return [{"label": _("My stay"), "url": reverse(MY_STAY)}, childcare] if is_had else [childcare]


def _added_words(basket: Basket, count: int) -> str:
    if not count:
        return _("Both are in your stay already: nothing was added twice.")
    if count == 1:
        text = _("The other one was in your stay already. Both are held until %(hour)s.")
    else:
        text = _("Your moment and the childcare are in your stay, held until %(hour)s.")
    return text % {"hour": heure(basket.expires_at)}


# --- A pair as it is shown ----------------------------------------------------------------------
@dataclass(frozen=True)
class _Show:
    """How pairs are shown: where adding one leads back to, whether it can be, the way's words."""

    back: str
    is_frozen: bool
    on_foot: bool


def _days(pairs: Iterable[Pair], people: Sequence[Person], *, show: _Show) -> list[dict[str, Any]]:
    shown = list(pairs)
    photos = covers(half.offer for pair in shown for half in (pair.moment, pair.care))

    def day_of_pair(pair: Pair) -> date:
        return pair.moment.slot.day

    return [
        {"date": day, "pairs": [_pair(one, people, photos, show=show) for one in found]}
        for day, found in groupby(shown, key=day_of_pair)
    ]


def _pair(
    pair: Pair, people: Sequence[Person], photos: Mapping[int, Picture], *, show: _Show
) -> dict[str, Any]:
    moment, care = pair.moment.slot, pair.care.slot
    way = timedelta(minutes=pair.minutes)
    there, back = _ways(on_foot=show.on_foot)
    rows = [
        _row(pair.care, photos),
        _way(paris(moment.starts_at - way), there, pair.minutes, on_foot=show.on_foot),
        _row(pair.moment, photos),
        _way(paris(moment.ends_at), back, pair.minutes, on_foot=show.on_foot),
    ]
    return {
        "id": f"deux-{moment.pk}-{care.pk}",
        "rows": [row for row in rows if row],
        "total": pair.total,
        "name": f"{pair.moment.offer.title} + {pair.care.offer.title}",
        "add": None if show.is_frozen else _add(pair, people, back=show.back),
    }


def _ways(*, on_foot: bool) -> tuple[str, str]:
    if on_foot:
        return _("on foot: about %(minutes)s min"), _("back on foot: about %(minutes)s min")
    return _("on the road: about %(minutes)s min"), _("the way back: about %(minutes)s min")


def _row(half: Half, photos: Mapping[int, Picture]) -> dict[str, Any]:
    offer, slot = half.offer, half.slot
    where = offer.where
    if offer.kind in MINDING and comes_home(offer):
        where = _("the carer comes to where you stay")
    until = _("until %(hour)s") % {"hour": heure(paris(slot.ends_at))}
    guests = showing.party_words([one.guest for one in half.joining])
    return {
        "kind": offer.kind_rules.bead,
        "time": paris(slot.starts_at).time(),
        "title": offer.title,
        "lang": language_of(offer, "title"),
        "url": showing.offer_url(offer),
        "note": ", ".join([until, guests, where]),
        "image": photos.get(offer.pk),
        "illustration": offer.illustration,
        "price": {"amount": half.quote.total},
    }


def _way(moment: datetime, text: str, minutes: int, *, on_foot: bool) -> dict[str, Any] | None:
    if not minutes:
        return None
    words = text % {"minutes": minutes}
    icon = "footprints" if on_foot else "car"
    return {"kind": "leg", "time": moment.time(), "icon": icon, "text": words}


def _add(pair: Pair, people: Sequence[Person], *, back: str) -> dict[str, Any]:
    """Return the form that adds both at the prices shown."""
    fields = [
        (f"{prefix}{name}", value)
        for prefix, half in ((MOMENT, pair.moment), (CARE, pair.care))
        for name, value in _fields(half, people)
    ]
    return {
        "url": reverse("booking:pair-add"),
        "fields": [*fields, ("next", back)],
        "label": _("Add both, %(sum)s") % {"sum": euros(pair.total)},
    }


def _fields(half: Half, people: Sequence[Person]) -> cards.Fields:
    guests = [one.guest for one in half.joining]
    if all(one.key for one in half.joining):
        who, party = [("people", one.key) for one in half.joining], []
    else:
        who, party = cards.party_fields(guests), [one.guest for one in people]
    add = cards.add_places(
        half.offer, half.slot.pk, who, shown=half.quote.total, party=party, back=""
    )
    return [(name, value) for name, value in add["fields"] if name != "next"]
