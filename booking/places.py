"""Choosing places in a slot: who takes part, for how much, on which dates.

One panel for activities, meals, produce and the sessions of events. It asks `availability`, puts
the answer into words and never holds anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import cards
from booking.free_slots import DAYS_SHOWN, SlotChoice, first_slot_choices
from booking.lower_prices import Followed
from booking.models import Basket, Offer
from booking.people import people_from
from booking.quoting import check_places, policy_of, quote_places, supplement_terms
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import OptionChoice, Quote
from booking.rules.refunds import deadlines
from booking.showing import cancellation_words, item_rows, party_words, people_words
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

MOST_SLOTS = 10
# Of something lent, a week is enough: its days are chosen in the box beside.
MOST_DAYS_LENT = 7
# What lacks beside the places of one date.
OF_SIDES = {"side_gone", "side_partly_gone"}
NO_LINK = Followed()
# Fewer are left on a day than are wanted.
PARTLY_LENT = "partly_gone_on"
# Above that, a number of places says nothing urgent.
FEW_PLACES = 10


@dataclass(frozen=True)
class Wanted:
    """Who takes part, and what comes with it.

    `keys` are persons of the stay (`is_of_stay`); without a stay only their ages are known.
    `is_chosen`: they said so, rather than the page proposing it.
    """

    guests: tuple[Guest, ...]
    keys: tuple[str, ...] = ()
    is_of_stay: bool = False
    is_chosen: bool = False
    quantity: int = 1
    options: tuple[OptionChoice, ...] = ()


def may_join(offer: Offer, guest: Guest) -> bool:
    """Tell whether an offer takes a person of that age and has a price for it."""
    if check_places(offer, [guest], 1):
        return False
    return quote_places(offer, [guest], 1, ())[0] is not None


def who_takes_part(
    offer: Offer,
    *,
    basket: Basket | None,
    data: QueryDict,
    guests: Sequence[Guest],
    quantity: int,
    options: tuple[OptionChoice, ...],
) -> Wanted:
    """Return who takes part: those ticked, else everybody who may, of the stay or of the party.

    `others` in the address asks for persons who aren't of the stay.
    """
    if offer.is_sold_by_item:
        return Wanted(guests=(), quantity=quantity, options=options)
    people = people_from(basket.people) if basket else []
    if people and "others" not in data:
        ticked = data.getlist("people")
        is_chosen = bool(ticked) or "who" in data
        joining = [
            one
            for one in people
            if (one.key in ticked if is_chosen else may_join(offer, one.guest))
        ]
        return Wanted(
            guests=tuple(one.guest for one in joining),
            keys=tuple(one.key for one in joining),
            is_of_stay=True,
            is_chosen=is_chosen,
            options=options,
        )
    return Wanted(
        guests=tuple(guest for guest in guests if may_join(offer, guest)), options=options
    )


def places_panel(
    offer: Offer,
    wanted: Wanted,
    *,
    basket: Basket | None,
    party: Sequence[Guest],
    from_day: date | None,
    to_day: date | None,
    cancelled: Collection[int] = (),
    is_party_told: bool = True,
    is_party_right: bool = True,
    link: Followed = NO_LINK,
    back: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what `booking/parts/places.html` shows: people, price, dates with their forms.

    A party that has a mistake (`is_party_right`) is no other one: until it is put right there is
    neither a price nor a button, for whoever isn't known from the stay.

    Where a `link` promises a lower price for a date, that is its price.

    A party that they told, rather than the usual two adults, is remembered by what they add.

    Dates: `[from_day, to_day]`, or four weeks from `from_day`, or from the first date to come; of
    these the first days with ten slots, or a week of something lent. `cancelled` are slots of
    sessions that don't take place.
    """
    today = day_of(now)
    shown, later = first_slot_choices(
        offer,
        most=MOST_DAYS_LENT if offer.is_sold_by_day else MOST_SLOTS,
        from_day=from_day and max(from_day, today),
        to_day=to_day,
        guests=wanted.guests,
        quantity=wanted.quantity,
        options=wanted.options,
        reduction=None if offer.is_on_request else link.reduction,
        now=now,
    )
    told = party if is_party_told else ()
    days = _days(offer, wanted, shown, cancelled=cancelled, party=told, link=link, back=back)
    quote, reasons = _price(offer, wanted)
    is_unknown = not (is_party_right or wanted.is_of_stay or offer.is_sold_by_item)
    if is_unknown:
        quote, reasons = None, []
        days = [{**day, "slots": [{**one, "add": None} for one in day["slots"]]} for day in days]
    return {
        "people": _people(offer, wanted, basket),
        "is_by_item": offer.is_sold_by_item,
        "quantity": wanted.quantity,
        "options": cards.options_for(supplement_terms(offer), wanted.options),
        "from_price": cards.from_price(offer),
        "quote": quote,
        "breakdown": item_rows(quote) if quote else [],
        "price_note": _price_note(offer, wanted),
        "lower_price": link.notice(
            [one.quote for one in shown], is_on_request=offer.is_on_request, is_by_date=True
        ),
        "is_party_unknown": is_unknown,
        "reasons": reasons,
        "excluded": "" if is_unknown else _excluded(offer, wanted, party),
        "days": days,
        "is_one_a_day": all(len(day["slots"]) == 1 for day in days),
        "first_free": None
        if is_unknown
        else next((one.slot.day for one in shown if one.is_free), None),
        "later": later,
        "next_day": None if shown else _next_day(offer, from_day, to_day, now=now),
        "policy": _policy(offer, shown, now=now),
    }


def _price(offer: Offer, wanted: Wanted) -> tuple[Quote | None, list[str]]:
    troubles = check_places(offer, wanted.guests, wanted.quantity)
    quote = None
    if not troubles:
        quote, troubles = quote_places(offer, wanted.guests, wanted.quantity, wanted.options)
    return quote, [one.message for one in troubles]


def _price_note(offer: Offer, wanted: Wanted) -> str:
    if offer.is_sold_by_item:
        return ngettext("%(count)s piece", "%(count)s pieces", wanted.quantity) % {
            "count": wanted.quantity
        }
    return party_words(wanted.guests)


def _people(offer: Offer, wanted: Wanted, basket: Basket | None) -> list[dict[str, Any]]:
    """Return the persons of the stay as boxes to tick."""
    if basket is None or not wanted.is_of_stay:
        return []
    people = people_from(basket.people)
    words = people_words(people)
    return [
        {
            "key": one.key,
            "label": words[one.key],
            "is_ticked": one.key in wanted.keys,
            "may_join": may_join(offer, one.guest),
        }
        for one in people
    ]


def _excluded(offer: Offer, wanted: Wanted, party: Sequence[Guest]) -> str:
    """Say who of the party is left out, and why."""
    if offer.is_sold_by_item or wanted.is_of_stay:
        return ""
    out = [guest for guest in party if not may_join(offer, guest)]
    is_for_children = offer.max_age is not None and offer.max_age < ADULT_AGE
    if not out or (is_for_children and all(guest.is_adult for guest in out)):
        return ""
    ages = cards.ages_words(offer.min_age, offer.max_age) or _("not for every age")
    return _("%(ages)s: without %(persons)s.") % {
        "ages": ages[:1].upper() + ages[1:],
        "persons": party_words(out),
    }


# --- Dates --------------------------------------------------------------------------------------
def _days(
    offer: Offer,
    wanted: Wanted,
    choices: Iterable[SlotChoice],
    *,
    cancelled: Collection[int],
    party: Sequence[Guest],
    link: Followed,
    back: str,
) -> list[dict[str, Any]]:
    days: dict[date, list[dict[str, Any]]] = {}
    who = _who_fields(offer, wanted)
    for choice in choices:
        row: dict[str, Any] = {
            "id": f"slot-{choice.slot.pk}",
            "starts_at": paris(choice.slot.starts_at),
            "ends_at": paris(choice.slot.ends_at),
            "add": None,
            **_status(choice, is_cancelled=choice.slot.pk in cancelled),
        }
        if choice.is_free and choice.quote and choice.slot.pk not in cancelled:
            row["add"] = cards.add_places(
                offer,
                choice.slot.pk,
                who,
                shown=choice.quote.total,
                options=wanted.options,
                party=party if len(party) > len(wanted.guests) and not wanted.keys else (),
                proposal=link.code_for(choice.quote),
                back=back,
            )
            if choice.quote.usual_total is not None:
                row["lower"] = (choice.quote.total, choice.quote.usual_total)
        days.setdefault(choice.slot.day, []).append(row)
    return [{"date": day, "slots": slots} for day, slots in days.items()]


def _who_fields(offer: Offer, wanted: Wanted) -> cards.Fields:
    if offer.is_sold_by_item:
        return [("quantity", str(wanted.quantity))]
    if wanted.keys:
        return [("people", key) for key in wanted.keys]
    return cards.party_fields(wanted.guests)


def _status(choice: SlotChoice, *, is_cancelled: bool) -> dict[str, Any]:
    """Return the words of a slot and their colour: what is left, or why nothing is."""
    if is_cancelled:
        return {"words": _("Cancelled"), "kind": "danger", "is_full": True}
    slot_reasons = [
        one.message for one in choice.troubles if one.field == "slot" or one.code in OF_SIDES
    ]
    if choice.status == "closed":
        # Why is for its host, the office and whoever booked it: an illness is nobody else's affair.
        return {"words": _("Closed"), "kind": "plain", "is_full": True}
    if choice.status == "sold_out":
        return {"words": _("Sold out"), "kind": "plain", "is_full": True}
    if choice.status == "resource_busy":
        return {"words": _("Taken at that hour"), "kind": "plain", "is_full": True}
    if any(one.code == PARTLY_LENT for one in choice.troubles):
        text = ngettext("Only %(count)s left", "Only %(count)s left", choice.free)
        return {"words": text % {"count": choice.free}, "kind": "warn", "is_full": False}
    if slot_reasons:
        return {"words": slot_reasons[0], "kind": "warn", "is_full": choice.free <= 0}
    if choice.status == "limited" and choice.free <= FEW_PLACES:
        text = ngettext("Only %(count)s place left", "Only %(count)s places left", choice.free)
        return {"words": text % {"count": choice.free}, "kind": "sun", "is_full": False}
    words = _("Available") if choice.slot.offer.is_sold_by_item else _("Places left")
    return {"words": words, "kind": "ok", "is_full": False}


def _next_day(
    offer: Offer, from_day: date | None, to_day: date | None, *, now: datetime
) -> date | None:
    """Return the first day to come after those that were looked at."""
    after = to_day or max(from_day or date.min, day_of(now)) + timedelta(days=DAYS_SHOWN)
    slot = offer.slots.to_come(now).filter(day__gt=after).order_by("starts_at").first()
    return slot.day if slot else None


def _policy(offer: Offer, choices: Sequence[SlotChoice], *, now: datetime) -> dict[str, Any]:
    """Return the cancellation rule, with the hours of the first date that can be had."""
    policy = policy_of(offer)
    first = next((one.slot for one in choices if one.is_free), None)
    words = []
    if first is not None:
        steps = deadlines(policy, first.starts_at)
        words = cancellation_words(steps, fee=policy.flat_fee, now=now)
    return {
        "summary": offer.cancellation_policy.summary,
        "words": words,
        "for_day": first.day if first else None,
    }
