"""Two pages about one line: why it could not be added, and the form that changes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from booking import showing
from booking.forms.basket import OPTION, read_ages, read_day
from booking.free_slots import SlotChoice, slot_choices
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer, Order, Slot, Unit
from booking.people import Person, guests_of, people_from
from booking.quoting import supplement_terms
from booking.refusals import Refusal, Trouble
from booking.rules import states
from booking.rules.people import Guest, check_ages
from booking.stay_view import BasketView, LineView
from booking.views.answers import own_address
from members.models import Provider
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of

# What trying again, as it is, may mend.
PASSING = {"busy", "held_by_others"}
# Accepting what it costs now mends them.
ABOUT_PRICE = {"price_changed", "proposal_over"}
ABOUT_PEOPLE = {"overlap", "age_mismatch", "no_band", "nobody"}
MAX_FIELDS = 80
SLOTS_SHOWN = 12
FEW_SLOTS = 2
WEEKS_AROUND = timedelta(days=21)

# Where a trouble leads on the form that changes a line.
ANCHORS = {
    "arrival": "#edit-arrival",
    "departure": "#edit-departure",
    "adults": "#edit-adults",
    "children": "#edit-children",
    "ages": "#edit-adults",
    "people": "#edit-people",
    "quantity": "#edit-quantity",
    "slot": "#edit-slots",
    "options": "#edit-options",
}


def order_under_way(basket: Basket) -> Order | None:
    """Return the order that freezes a basket."""
    return basket.orders.filter(state=states.AWAITING_PAYMENT).first()


def refused(
    request: HttpRequest, basket: Basket, refusal: Refusal, *, now: datetime
) -> HttpResponse:
    """Say why something could not be added, with all that was asked and the ways out."""
    data = request.POST
    codes = {one.code for one in refusal.troubles}
    offer = _offer_of(data)
    slot = _row(Slot.objects.filter(offer=offer), data.get("slot")) if offer else None
    unit = _row(Unit.objects.filter(offer=offer), data.get("unit")) if offer else None
    guests = _guests(basket, data)
    days = (
        read_day(data.get("arrival") or data.get("first_day")),
        read_day(data.get("departure") or data.get("last_day")),
    )
    chooses_people = bool(slot and basket.people and codes <= ABOUT_PEOPLE)
    new_price = next(
        (one.params["new"] for one in refusal.troubles if one.code in ABOUT_PRICE), None
    )
    context = {
        "troubles": refusal.troubles,
        "offer": offer,
        "unit": unit,
        "asked": _asked_words(offer, slot, days, guests),
        "fields": _fields(data, without_people=chooses_people),
        "people": _who_may(offer, basket) if offer and chooses_people else [],
        "can_retry": codes <= PASSING,
        "can_overlap": codes == {"overlap"} and slot is not None,
        "bed_had": next((one.params for one in refusal.troubles if one.code == "has_bed"), None),
        "new_price": new_price if codes <= ABOUT_PRICE else None,
        "back_url": own_address(request, data.get("next", ""))
        or (showing.offer_url(offer, _asked_query(offer, data, days, guests)) if offer else ""),
        "search_url": _search_url(offer, days, guests),
        "order": order_under_way(basket) if "frozen" in codes else None,
        "page_errors": True,
    }
    if getattr(request, "htmx", False):
        return render(request, "booking/line_refused.html#troubles", context, status=422)
    return render(request, "booking/line_refused.html", context, status=refusal.status)


def edit(
    request: HttpRequest,
    view: BasketView,
    line: LineView,
    *,
    refusal: Refusal | None = None,
    now: datetime,
) -> HttpResponse:
    """Show the form that changes a line: as it is, or as it was typed with what is wrong."""
    troubles = refusal.troubles if refusal else ()
    asked = _asked_again(request.POST) if request.method == "POST" else _asked_before(line)
    offer = line.offer
    fields = {one.field or "": one.message for one in troubles}
    chosen = asked["options"]
    slots = _slots(view, line, now=now) if line.slot and not offer.is_sold_by_day else []
    has_own_date = any(one.slot.pk == line.line.slot_id for one in slots)
    context = {
        "view": view,
        "line": line,
        "asked": asked,
        "errors": fields,
        "problems": [
            {"text": one.message, "href": ANCHORS.get(one.field or "", "")} for one in troubles
        ],
        "units": list(offer.units.filter(is_active=True)) if line.unit else [],
        "slots": slots,
        "date_gone": showing.moment_words(line.starts_at) if slots and not has_own_date else "",
        "people": _choices(view.people, asked["people"]),
        "options": [
            {"terms": one, "chosen": chosen.get(one.code, "")}
            for one in supplement_terms(offer)
            if not one.is_mandatory
        ],
        "back_url": reverse("booking:my-stay") + f"#ligne-{line.line.pk}",
        "first_day": day_of(now),
        "can_overlap": any(one.code == "overlap" for one in troubles) and line.slot is not None,
        "page_errors": bool(troubles),
    }
    status = refusal.status if refusal else 200
    return render(request, "booking/line_edit.html", context, status=status)


# --- What was asked -----------------------------------------------------------
def _asked_before(line: LineView) -> dict[str, Any]:
    children = [guest.age for guest in line.guests if not guest.is_adult]
    return {
        "arrival": line.line.arrival,
        "departure": line.line.departure,
        "last_day": line.line.departure - ONE_DAY if line.line.departure else None,
        "adults": len(line.guests) - len(children),
        "children": len(children),
        "ages": children,
        "unit": line.line.unit_id,
        "slot": line.line.slot_id,
        "people": line.people,
        "quantity": line.line.quantity,
        "options": {one["code"]: one["quantity"] for one in line.line.options},
    }


def _asked_again(data: QueryDict) -> dict[str, Any]:
    ages = [
        int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
        for text in data.getlist("ages")[: settings.MAX_PARTY]
    ]
    children = data.get("children", "")
    return {
        "arrival": _typed_day(data, "arrival") or _typed_day(data, "first_day"),
        "last_day": _typed_day(data, "last_day"),
        "departure": read_day(data.get("departure")) or data.get("departure", ""),
        "adults": data.get("adults", ""),
        "children": children or len(ages),
        "ages": ages + [None] * (min(_small(children), settings.MAX_PARTY) - len(ages)),
        "unit": _small(data.get("unit", "")),
        "slot": _small(data.get("slot", "")),
        "people": data.getlist("people"),
        "quantity": data.get("quantity", ""),
        "options": {
            name.removeprefix(OPTION): data.get(name) for name in data if name.startswith(OPTION)
        },
    }


def _typed_day(data: QueryDict, name: str) -> date | str:
    return read_day(data.get(name)) or data.get(name, "")


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _slots(view: BasketView, line: LineView, *, now: datetime) -> list[SlotChoice]:
    """Return the slots that these persons could have around the present one, and this one.

    A date that nobody keeps for them any more is one that they can have, or isn't shown.
    """
    slot = line.line.slot
    if slot is None:
        return []
    choices = slot_choices(
        line.offer,
        from_day=max(day_of(now), slot.day - WEEKS_AROUND),
        to_day=max(day_of(now), slot.day) + WEEKS_AROUND,
        guests=line.guests,
        quantity=line.line.quantity,
        now=now,
        except_basket=view.basket.pk,
    )
    had = [one for one in choices if one.free > 0 or (line.is_held and one.slot.pk == slot.pk)]
    nearest = sorted(
        _during_stay(view, had, slot.pk), key=lambda one: abs(one.slot.starts_at - slot.starts_at)
    )[:SLOTS_SHOWN]
    return sorted(nearest, key=lambda one: one.slot.starts_at)


def _during_stay(view: BasketView, had: list[SlotChoice], own: int) -> list[SlotChoice]:
    """Keep the dates of the days that have a bed, and the present one; all where these are few."""
    beds = [(one.line.arrival, one.line.departure) for one in view.lines if one.unit is not None]
    nights = [(first, last) for first, last in beds if first and last]
    within = [one for one in had if any(first <= one.slot.day <= last for first, last in nights)]
    if len(within) < FEW_SLOTS:
        return had
    return [one for one in had if one in within or one.slot.pk == own]


def _who_may(offer: Offer, basket: Basket) -> list[dict[str, Any]]:
    """Return the persons of the basket, those chosen whose age the offer takes."""
    people = people_from(basket.people)
    fitting = [
        person.key
        for person in people
        if not check_ages(offer.min_age, offer.max_age, [person.guest])
    ]
    return _choices(people, fitting)


def _choices(people: Sequence[Person], chosen: Sequence[str]) -> list[dict[str, Any]]:
    words = showing.people_words(people)
    return [{"key": key, "words": text, "is_on": key in chosen} for key, text in words.items()]


# --- What was refused -----------------------------------------------------------
def _offer_of(data: QueryDict) -> Offer | None:
    number = _small(data.get("offer") or "")
    offer = kept_offers([number]).get(number) if number else None
    if offer is None or offer.state != Offer.State.PUBLISHED:
        return None
    return offer if offer.provider.state == Provider.State.ACTIVE else None


def _row(rows: Any, pk: str | None) -> Any:
    number = _small(pk or "")
    return rows.filter(pk=number).first() if number else None


def _guests(basket: Basket, data: QueryDict) -> list[Guest]:
    if data.getlist("people"):
        return guests_of(people_from(basket.people), data.getlist("people"))
    ignored: list[Trouble] = []
    ages = read_ages(data, ignored)
    return [] if ignored else [Guest(age) for age in ages]


def _asked_words(
    offer: Offer | None,
    slot: Slot | None,
    days: tuple[date | None, date | None],
    guests: Sequence[Guest],
) -> list[str]:
    if offer is None:
        return []
    when = ""
    if slot is not None:
        when = showing.when_words(slot.starts_at, None, None)
    elif days[0] and days[1] and _in_order(offer, *days):
        when = showing.dates_words(days[0], days[1])
    return [part for part in (when, showing.party_words(guests), offer.commune.name) if part]


def _in_order(offer: Offer, first: date, last: date) -> bool:
    """Whether two days are a span: a night lies between, or something is lent for one day."""
    return first < last or (offer.is_sold_by_day and first == last)


def _asked_query(
    offer: Offer, data: QueryDict, days: tuple[date | None, date | None], guests: Sequence[Guest]
) -> str:
    """Return the address parameters with which the offer's page shows what was asked."""
    if not offer.is_sold_by_day:
        return showing.search_query(*days, guests)
    kept = {name: data[name] for name in ("first_day", "last_day", "quantity") if name in data}
    return f"?{urlencode(kept)}" if kept else ""


def _fields(data: QueryDict, *, without_people: bool) -> list[tuple[str, str]]:
    left_out = {"csrfmiddlewaretoken"}
    if without_people:
        left_out |= {"people", "adults", "children", "ages"}
    pairs = [(name, value) for name in data for value in data.getlist(name) if name not in left_out]
    return pairs[:MAX_FIELDS]


def _search_url(
    offer: Offer | None, days: tuple[date | None, date | None], guests: Sequence[Guest]
) -> str:
    name = "booking:experiences" if offer and not offer.is_lodging else "booking:stays"
    return reverse(name) + showing.search_query(*days, guests)
