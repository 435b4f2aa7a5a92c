"""The page of something to do: who takes part, for how much, on which dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from booking import cards, pictures, structured
from booking.access import basket_for
from booking.alternatives import nearest_slot_days
from booking.filters import labels_of
from booking.forms.asking import TOLD_BY_ADDRESS
from booking.forms.search import SearchForm, options_asked, quantity_asked, read_day
from booking.lower_prices import GIVEN, followed
from booking.models import Offer
from booking.pairing import comes_home
from booking.places import Wanted, places_panel, who_takes_part
from booking.quoting import supplement_terms
from booking.relations.reviews_shown import reviews_of_offer
from booking.request_words import promise_words
from booking.showing import deposit_words
from booking.views.lending import lending_box
from booking.views.pairs import for_two_link
from destination.models.territory import pole_by_commune
from destination.spoken import say_languages
from destination.structured import breadcrumbs
from oti.lib.dates import today as day_of


def experience_offer_page(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> dict[str, Any]:
    """Return what `booking/experience_offer.html` shows; `offer` comes from `kept_offers`: other
    threads hold it too.

    An offer beside the perimeter is shown, not sold.
    """
    say_languages(request, offer)
    pole = pole_by_commune(day_of(now)).get(offer.commune_id)
    context: dict[str, Any] = {
        "offer": offer,
        "pole": pole,
        "crumbs": _crumbs(offer),
        "pictures": pictures.gallery(offer.pk),
        "facts": experience_facts(offer),
        "features": cards.feature_facts(offer),
        "labels": labels_of(offer.pk, day=day_of(now)),
        "is_sold": pole is not None,
        "is_faceted": bool(request.GET),
        "page_errors": form.page_errors,
    }
    context["share"] = cards.shared(offer, context["pictures"])
    context["reviews"] = reviews_of_offer(offer.pk)
    panel = {} if pole is None else slot_panel(request, offer, form, now=now)
    context["for_two"] = None if pole is None else for_two_link(request, offer, form, now=now)
    shown = panel["panel"]["from_price"] if panel else None
    origin = request.build_absolute_uri("/")[:-1]
    context["structured"] = [
        structured.of_experience(
            offer,
            pictures=context["pictures"],
            from_price=shown["amount"] if shown else None,
            rating=context["reviews"].rating,
            origin=origin,
        ),
        breadcrumbs(context["crumbs"], origin),
    ]
    return context | panel


def slot_panel(
    request: HttpRequest,
    offer: Offer,
    form: SearchForm,
    *,
    cancelled: frozenset[int] = frozenset(),
    from_day: date | None = None,
    to_day: date | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Return the panel of places with the form that asks who takes part.

    `from` in the address turns to later dates; otherwise the first day that something is lent for,
    the days of the stay, or those given.
    """
    basket = basket_for(request)
    wanted = who_takes_part(
        offer,
        basket=basket,
        data=request.GET,
        guests=form.guests,
        quantity=quantity_asked(request.GET),
        options=options_asked(request.GET, supplement_terms(offer)),
    )
    is_of_sessions = from_day is not None
    turned = read_day(request.GET.get("from", ""))
    if turned:
        from_day, to_day = turned, None
    elif offer.is_sold_by_day and (first := read_day(request.GET.get("first_day", ""))):
        from_day, to_day = first, None
    elif form.arrival_day and not form.page_errors.get("dates"):
        from_day, to_day = form.arrival_day, form.departure_day
    link = followed(
        request.GET.get(GIVEN, ""), offer, find_basket=lambda: basket_for(request), now=now
    )
    panel = places_panel(
        offer,
        wanted,
        basket=basket,
        party=form.guests,
        from_day=from_day,
        to_day=to_day,
        cancelled=cancelled,
        is_party_told=form.has_party,
        is_party_right=form.is_party_right,
        link=link,
        back=request.get_full_path(),
        now=now,
    )
    lending = None
    if offer.is_sold_by_day:
        lending = lending_box(
            offer,
            request.GET,
            first=form.arrival_day,
            last=form.departure_day,
            quantity=wanted.quantity,
            options=wanted.options,
            link=link,
            back=request.get_full_path(),
            now=now,
        )
    return {
        "panel": panel,
        "lower_price": (lending or panel)["lower_price"],
        "promise": promise_words(offer, hours=settings.REQUEST_ANSWER_HOURS),
        "lending": lending,
        "steps": list(offer.steps.select_related("led_by")) if offer.kind_rules.has_steps else [],
        "deposit": deposit_words(offer.deposit_amount),
        "nearest": _nearest(request, offer, wanted, panel, from_day, to_day, now=now),
        "search": form.for_component(f"{request.path}#places", _kept(request)),
        "kept_search": form.dates_and_party()
        if any(name in request.GET for name in TOLD_BY_ADDRESS)
        else [],
        "later_url": _from_url(request, panel["later"]),
        "other_day": None
        if offer.is_sold_by_day
        else _other_day(
            request, panel, is_bounded=bool(form.arrival_day) and not is_of_sessions, now=now
        ),
        "next_url": _from_url(request, panel["next_day"]),
        "others_url": _others_url(request, form),
    }


def _nearest(
    request: HttpRequest,
    offer: Offer,
    wanted: Wanted,
    panel: dict[str, Any],
    from_day: date | None,
    to_day: date | None,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return the nearest days with places for these persons, where those shown have none."""
    if not panel["days"] or panel["first_free"] is not None or panel["quote"] is None:
        return []
    days = nearest_slot_days(
        offer,
        from_day=from_day or panel["days"][0]["date"],
        to_day=to_day or panel["days"][-1]["date"],
        guests=wanted.guests,
        quantity=wanted.quantity,
        now=now,
    )
    return [{"day": day, "url": _from_url(request, day)} for day in days]


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what the form of the party hands on."""
    return [(name, request.GET[name]) for name in ("from", "others") if name in request.GET]


def _from_url(request: HttpRequest, day: date | None) -> str:
    if day is None:
        return ""
    data = request.GET.copy()
    data["from"] = day.isoformat()
    return f"{request.path}?{data.urlencode()}#dates"


def _other_day(
    request: HttpRequest, panel: dict[str, Any], *, is_bounded: bool, now: datetime
) -> dict[str, Any] | None:
    """Return the field that goes to a day, where there are more dates than are shown.

    `value` is the day, or what was typed instead of one (`is_no_day`); `passed` is the day asked
    for where the dates shown begin after it.
    """
    text = request.GET.get("from", "").strip()
    if not (text or panel["later"] or is_bounded):
        return None
    day = read_day(text)
    first = panel["days"][0]["date"] if panel["days"] else None
    return {
        "action": f"{request.path}#dates",
        "kept": [
            (name, value)
            for name, values in request.GET.lists()
            if name != "from"
            for value in values
        ],
        "value": day or text,
        "is_no_day": bool(text) and day is None,
        "passed": day if day and first and first > day else None,
        "first_day": day_of(now),
    }


def _others_url(request: HttpRequest, form: SearchForm) -> str:
    data = request.GET.copy()
    for name in ("people", "who"):
        data.pop(name, None)
    data["others"] = "1"
    data.setdefault("adults", str(max(form.adults, 1)))
    return f"{request.path}?{data.urlencode()}#places"


def _crumbs(offer: Offer) -> list[tuple[str, str]]:
    return [(_("Things to do"), reverse("booking:experiences")), (offer.title, "")]


def experience_facts(offer: Offer) -> list[tuple[str, str]]:
    """Return the facts of an offer sold by places as (icon, words)."""
    rules = offer.kind_rules
    facts = [(rules.icon, capfirst(_(rules.label)))]
    ages = cards.ages_words(offer.min_age, offer.max_age)
    if ages:
        facts.append(("users", ages[:1].upper() + ages[1:]))
    if not rules.begins and not rules.is_by_item:
        facts.append(("clock", _("Come when you like while it is open")))
    if rules.needs_permit:
        facts += [
            (
                "shield-check",
                f"{one.get_regime_display()[:1].upper()}{one.get_regime_display()[1:]}",
            )
            for one in offer.permits.all()
        ]
        if comes_home(offer):
            facts.append(("house", _("The carer comes to where you stay")))
    return facts
