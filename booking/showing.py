"""What the pages and mails of a stay show before it is bought, and the words of both.

It reads views and rows that are loaded already, and decides nothing. Sums are decimal euros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from booking.models import BasketLine, BookingRequest, Offer, OrderLine
from booking.people import Person, guests_of
from booking.pictures import Picture, covers
from booking.refusals import Trouble
from booking.rules.kinds import kind_of
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import TAX_KIND, Quote, QuoteItem
from booking.stay_view import BasketView, DayView, EntryView, LineView
from destination.spoken import language_of
from destination.templatetags.velay import (
    date_range,
    duree,
    euros,
    heure,
    jour,
    jour_long,
    names,
    party,
)
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import ONE_DAY, count_nights, paris
from oti.lib.html import NBSP
from oti.lib.money import ZERO

# Why a line can't be had, where one word says it.
GONE = {"gone", "sold_out", "partly_gone", "closed", "slot_past", "not_on_sale"}
# Days without anything are shown up to this many in a row; a longer gap is left out.
LONGEST_GAP = 3


# --- Words -----------------------------------------------------------
def party_words(guests: Sequence[Guest]) -> str:
    """Write who takes part: "2 adultes, 2 enfants (5 et 10 ans)"; "" for nobody."""
    if not guests:
        return ""
    adults = sum(guest.is_adult for guest in guests)
    ages = [guest.age for guest in guests if not guest.is_adult]
    words = party(adults, ages)
    return words if adults else words.split(", ", 1)[1]


def person_words(person: Person, rank: int) -> str:
    """Write one person whose name isn't known yet: "Adulte 1", "Enfant, 5 ans"."""
    if person.is_adult:
        return _("Adult %(rank)s") % {"rank": rank}
    return _child_words(person.age)


def _adult_words(name: str) -> str:
    """Write an adult who is known by a number, the last word of a name."""
    return _("Adult %(rank)s") % {"rank": name.rpartition(" ")[2]}


def _in_every_language(words: Callable[[], str]) -> set[str]:
    written = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            written.add(words())
    return written


def _child_words(age: int | None) -> str:
    if not age:
        return _("Child, under 1 year")
    return ngettext("Child, %(age)s year", "Child, %(age)s years", age) % {"age": age}


def participant_words(first_name: str, age: int | None) -> str:
    """Write a person as hosts read it: "Claire, adulte", "Tom, 5 ans".

    Who sells on the phone knows one name. The others were counted in words of the guest's language:
    these are said again in the reader's, and say all.
    """
    is_adult = age is None or age >= ADULT_AGE
    counted = partial(_adult_words, first_name) if is_adult else partial(_child_words, age)
    if first_name in _in_every_language(counted):
        return counted()
    if age is None or is_adult:
        return _("%(name)s, adult") % {"name": first_name}
    return ngettext("%(name)s, %(age)s year old", "%(name)s, %(age)s years old", max(age, 1)) % {
        "name": first_name,
        "age": age,
    }


def people_words(people: Iterable[Person]) -> dict[str, str]:
    """Return the words of each person by key; adults are numbered."""
    words = {}
    adults = 0
    for person in people:
        adults += person.is_adult
        words[person.key] = person_words(person, adults)
    return words


def moment_words(moment: datetime) -> str:
    """Write a moment: "samedi 27 juin, 16 h"."""
    return f"{jour_long(moment, 'no-year')}, {heure(moment)}"


def host_words(offer: Offer) -> str:
    """Write who welcomes: "chez Anne et Joël"."""
    provider = offer.provider
    hosts = names(provider.host_names) if provider.host_names else provider.name
    return _("hosted by %(names)s") % {"names": hosts}


def cancellation_words(
    steps: Sequence[tuple[datetime, int]], *, fee: Decimal = ZERO, now: datetime
) -> list[str]:
    """Write a cancellation ladder, one sentence a rung, without the rungs that have passed."""
    words = []
    for until, percent in steps:
        if until <= now or not percent:
            continue
        params = {"moment": moment_words(until), "percent": percent, "fee": euros(fee)}
        if fee:
            text = _("%(percent)s %% given back, less %(fee)s, until %(moment)s.")
        elif percent == 100:
            text = _("Free cancellation until %(moment)s.")
        else:
            text = _("%(percent)s %% given back until %(moment)s.")
        words.append(text % params)
    words.append(
        _("After that nothing is given back.") if words else _("Nothing is given back any more.")
    )
    return words


def free_until(
    ladders: Iterable[tuple[Sequence[tuple[datetime, int]], Decimal]],
) -> datetime | None:
    """Return until when the whole stay can be cancelled for nothing, None if it can't."""
    moments = []
    for steps, fee in ladders:
        whole = [until for until, percent in steps if percent == 100]
        if fee or not whole:
            return None
        moments.append(max(whole))
    return min(moments, default=None)


def quantity_words(
    offer: Offer, quantity: int, guests: Sequence[Guest], quote: Quote | None
) -> str:
    """Write how much is bought: persons, or how many of what: "Vélo × 2"."""
    if not offer.is_sold_by_item:
        return party_words(guests)
    name = quote.items[0].label if quote and quote.items else ""
    if not name:
        return f"×{NBSP}{quantity}"
    return f"{name} × {quantity}" if quantity > 1 else name


def option_words(
    items: Iterable[QuoteItem], chosen: Iterable[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Name the options that were chosen, from the items of the price: "Linge de lit × 2".

    `chosen` is how a line keeps them: `{code, quantity}`. What is always part of the price is
    no choice.
    """
    taken = {str(one["code"]): int(one["quantity"]) for one in chosen}
    names = {item.code: item.label for item in items if item.kind == "supplement"}
    return tuple(
        f"{names[code]} × {quantity}" if quantity > 1 else names[code]
        for code, quantity in taken.items()
        if quantity > 0 and code in names
    )


def item_rows(quote: Quote) -> list[dict[str, Any]]:
    """Return the itemised price as rows {label, amount}; nights of one price make one row."""
    rows: dict[tuple[str, str, Decimal], list[QuoteItem]] = {}
    for item in quote.items:
        rows.setdefault((item.kind, item.code, item.unit_amount), []).append(item)
    return [
        {
            "label": _item_label(items[0], sum(item.quantity for item in items)),
            "amount": sum((item.gross for item in items), ZERO),
        }
        for items in rows.values()
    ]


def _item_label(item: QuoteItem, quantity: int) -> str:
    if item.kind == TAX_KIND:
        return _("Tourist tax")
    each = euros(item.unit_amount)
    if item.kind == "night":
        text = ngettext("%(count)s night at %(each)s", "%(count)s nights at %(each)s", quantity)
        return text % {"count": quantity, "each": each}
    label = _("Further person and night") if item.kind == "extra_person" else item.label
    if not item.unit_amount:
        return f"{label} × {quantity}" if quantity > 1 else label
    return f"{label}, {quantity} × {each}" if quantity > 1 else label


# --- The basket -----------------------------------------------------------
def search_query(arrival: date | None, departure: date | None, guests: Sequence[Guest] = ()) -> str:
    """Return the address parameters of a search for these dates and persons, "?" included."""
    pairs: list[tuple[str, object]] = []
    if arrival and departure:
        pairs = [("arrival", arrival.isoformat()), ("departure", departure.isoformat())]
    if guests:
        children = [guest.age for guest in guests if not guest.is_adult]
        pairs += [("adults", len(guests) - len(children)), ("children", len(children))]
        pairs += [("ages", age) for age in children]
    return f"?{urlencode(pairs)}" if pairs else ""


def offer_url(offer: Offer, query: str = "") -> str:
    """Return the page of an offer."""
    name = "booking:stay-offer" if offer.is_lodging else "booking:experience-offer"
    return reverse(name, args=[offer.slug]) + query


def line_note(view: LineView) -> str:
    """Write a line in a few words: "7 nuits, chez Anne et Joël", "2 h, 2 adultes"."""
    line = view.line
    if line.unit is not None and line.arrival and line.departure:
        parts = [nights_words(count_nights(line.arrival, line.departure))]
        if line.unit.name.lower() not in view.title.lower():
            parts.insert(0, line.unit.name)
        return ", ".join([*parts, party_words(view.guests), host_words(view.offer)])
    parts = [
        time_words(view.offer, line.arrival, line.departure),
        quantity_words(view.offer, view.line.quantity, view.guests, view.quote),
        view.offer.where,
    ]
    return ", ".join(part for part in parts if part)


def time_words(offer: Offer, first: date | None, after: date | None) -> str:
    """Write how long something takes: "2 h", "3 jours", nothing where one comes freely."""
    if offer.is_sold_by_day and first and after:
        days = count_nights(first, after)
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    return duree(offer.duration_minutes) if offer.kind_rules.begins else ""


def deposit_words(amount: Decimal | None) -> str:
    """Name the deposit that is asked for on site, nothing where there is none."""
    if not amount:
        return ""
    return _("Deposit of %(amount)s asked for on site, not charged here") % {
        "amount": euros(amount)
    }


def tax_note(quote: Quote | None) -> str:
    """Say that the tourist tax is inside a price, where it is."""
    return _("tourist tax included") if quote and quote.tourist_tax else ""


def total_words(tax_on_site: Decimal) -> str:
    """Name a total for what it holds: the tourist tax that is paid on site stands beside it."""
    if tax_on_site:
        return _("Total, without the tourist tax paid on site")
    return _("Total, taxes included")


def stay_days(view: BasketView) -> list[dict[str, Any]]:
    """Return the thread of a basket for `timeline.html`; a frozen one can't be changed."""
    images = covers(one.offer for one in view.lines)
    return [
        {
            "date": day.day,
            "rows": [
                _entry_row(entry, view, images)
                for entry in day.entries
                if entry.view.can_be_had or not entry.is_departure
            ],
            "free": _free_day(day) if day.is_free else None,
        }
        for day in _days_to_show(view)
    ]


def _days_to_show(view: BasketView) -> list[DayView]:
    """Return the days of the thread; a long gap outside any lodging is left out.

    While a payment is under way nothing can be added: free days are left out.
    """
    slept = [
        (one.line.arrival, one.line.departure)
        for one in view.lines
        if one.line.arrival and one.line.departure
    ]
    shown: list[DayView] = []
    gap: list[DayView] = []
    for day in view.days:
        if day.is_free and view.is_frozen:
            continue
        if day.is_free and not any(first <= day.day < last for first, last in slept):
            gap.append(day)
            continue
        if len(gap) <= LONGEST_GAP:
            shown += gap
        gap = []
        shown.append(day)
    return shown


def _free_day(day: DayView) -> dict[str, Any]:
    return {"browse_url": f"{reverse('booking:ideas')}?day={day.day.isoformat()}"}


def _entry_row(
    entry: EntryView, basket: BasketView, images: Mapping[int, Picture]
) -> dict[str, Any]:
    view = entry.view
    if entry.is_return:
        text = _("Bring back « %(title)s » by this hour") % {"title": view.title}
        return {"kind": "leg", "time": entry.time, "icon": "refresh-cw", "text": text}
    if entry.is_departure:
        text = _("Leave %(title)s by this hour") % {"title": view.title}
        return {"kind": "leg", "time": entry.time, "icon": "house", "text": text}
    pk = view.line.pk
    row: dict[str, Any] = {
        "id": f"ligne-{pk}",
        "kind": view.offer.kind_rules.bead,
        "time": entry.time,
        "title": view.title,
        "lang": language_of(view.offer, "title"),
        "url": offer_url(view.offer, _query_of(view)),
        "note": ". ".join(
            part for part in (line_note(view), deposit_words(view.offer.deposit_amount)) if part
        ),
        "options": _options_of(view),
        "image": images.get(view.offer.pk),
        "illustration": view.offer.illustration,
        "price": {
            "amount": view.amount,
            "note": _("paid apart, once accepted") if view.is_on_request else tax_note(view.quote),
            "before": view.old_amount or (view.quote.usual_total if view.quote else None),
            "tax_on_site": view.quote.tourist_tax_on_site if view.quote else None,
        },
        "edit_url": reverse("booking:line-edit", args=[pk]),
        "remove_url": reverse("booking:line-remove", args=[pk]),
    }
    if not basket.is_frozen:
        row |= _troubles_of_row(view)
    return row


def _options_of(view: LineView) -> tuple[str, ...]:
    return option_words(view.quote.items, view.line.options) if view.quote else ()


def _query_of(view: LineView) -> str:
    if view.line.arrival and view.line.departure:
        return search_query(view.line.arrival, view.line.departure, view.guests)
    return ""


def _troubles_of_row(view: LineView) -> dict[str, Any]:
    """Return what a line that can't be had, or not so, shows instead."""
    told = [one for one in view.troubles if one.code != "hold_expired"]
    if not told and view.is_on_request:
        return {"badge": {"label": _("On request"), "kind": "info"}}
    if not told:
        label = {"label": _("No longer held"), "kind": "warn"}
        return {} if view.is_held else {"badge": label}
    row: dict[str, Any] = {"problem": problem_words(view, told)}
    if any(one.code == "price_changed" for one in told) and view.can_be_had:
        accept = _("Accept %(amount)s") % {"amount": euros(view.amount)}
        url = reverse("booking:line-accept", args=[view.line.pk])
        row["actions"] = [{"url": url, "label": accept, "fields": [], "main": True}]
    if not view.can_be_had:
        is_gone = any(one.code in GONE for one in told)
        row["kind"] = "warn"
        row["price_label"] = _("Sold out") if is_gone else _("To be settled")
        row["price"] = {"note": _("not counted")}
    return row


def problem_words(view: LineView, troubles: Sequence[Trouble]) -> str:
    """Write the troubles of a line, with a way out where something else can be had."""
    words = " ".join(dict.fromkeys(one.message for one in troubles))
    if view.can_be_had:
        return words
    if view.unit is not None:
        query = search_query(view.line.arrival, view.line.departure, view.guests)
        url, label = reverse("booking:stays") + query, _("See what is free on these dates")
    else:
        url, label = offer_url(view.offer), _("See the other dates")
    return format_html('{} <a href="{}">{}</a>', words, url, label)


def party_of(view: BasketView) -> str:
    """Write who takes part in anything of the stay."""
    keys = {key for one in view.lines for key in one.people}
    return party_words(guests_of(view.people, keys))


def total_rows(view: BasketView) -> list[dict[str, Any]]:
    """Return one row per counted line for the total's box."""
    return [{"label": one.title, "note": "", "amount": one.amount} for one in view.counted]


def asked_rows_of(view: BasketView) -> list[dict[str, Any]]:
    """Return one row per line on request: its sum, who answers; never in the total."""
    return [
        {
            "title": one.title,
            "when": line_when(one.line, one.offer.kind, one.starts_at, one.ends_at),
            "host": one.offer.provider.host_names or one.offer.provider.name,
            "amount": one.amount,
            "tax_on_site": one.quote.tourist_tax_on_site if one.quote else ZERO,
        }
        for one in view.asked
    ]


def rules_of(view: BasketView, *, now: datetime) -> list[dict[str, Any]]:
    """Return the cancellation rule of each line, bought or asked for: {title, provider, words}."""
    return [
        {
            "title": one.title,
            "provider": one.offer.provider.name,
            "words": cancellation_words(
                one.cancellation, fee=one.offer.cancellation_policy.flat_fee, now=now
            ),
        }
        for one in (*view.counted, *view.asked)
    ]


def promises_of(view: BasketView, *, now: datetime) -> list[tuple[str, str]]:
    """Return what stands under the total: one payment, until when all can be cancelled."""
    count = view.providers_count
    text = ngettext(
        "One payment, for %(count)s provider of the area",
        "One payment, for %(count)s providers of the area",
        count,
    )
    promises = [("shield-check", text % {"count": count})]
    until = free_until(
        (one.cancellation, one.offer.cancellation_policy.flat_fee) for one in view.counted
    )
    if until and until > now:
        words = _("Free cancellation until %(moment)s") % {"moment": moment_words(until)}
        promises.append(("circle-check", words))
    return promises


def summary_of(view: BasketView, *, now: datetime) -> dict[str, Any]:
    """Return the side box of checkout for `summary_card.html`."""
    images = covers(one.offer for one in view.counted)
    return {
        "title": dates_words(view.first_day, view.last_day),
        "lines": [
            {
                "title": one.title,
                "note": line_when(one.line, one.offer.kind, one.starts_at, one.ends_at),
                "options": _options_of(one),
                "image": images.get(one.offer.pk),
                "illustration": one.offer.illustration,
                "amount": one.amount,
            }
            for one in view.counted
        ],
        "rows": [{"label": _("Booking fee"), "amount": ZERO}],
        "total": view.total,
        "total_label": total_words(view.tourist_tax_on_site),
        "tax_on_site": view.tourist_tax_on_site,
        "promises": promises_of(view, now=now),
    }


def dates_words(first: date | None, last: date | None) -> str:
    """Write the days of a stay: "11 au 18 juillet 2026"; one day alone: "samedi 11 juillet"."""
    if first is None or last is None:
        return ""
    return date_range(first, last, "text") if first != last else jour_long(first)


def when_words(
    starts_at: datetime,
    arrival: date | None,
    departure: date | None,
    *,
    now: datetime | None = None,
) -> str:
    """Write when a line happens: "11 au 18 juil., 7 nuits" or "dim. 12 juil., 9 h".

    With `now` the year is said as soon as it isn't that one's.
    """
    if arrival and departure:
        days = _days_words(arrival, departure, now)
        return f"{days}, {nights_words(count_nights(arrival, departure))}"
    return f"{_day_words(starts_at, now)}, {heure(starts_at)}"


def _day_words(moment: datetime, now: datetime | None) -> str:
    """Write "dim. 12 juil.", with its year where `now` is in another one."""
    is_near = now is None or paris(now).year == paris(moment).year
    return jour(moment) if is_near else f"{jour(moment)} {paris(moment).year}"


def _days_words(first: date, last: date, now: datetime | None) -> str:
    """Write "11 au 18 juil.", with the year where `now` is in another one."""
    words = date_range(first, last, "short text")
    # Days of two years say both already.
    is_said = now is None or first.year != last.year or paris(now).year == last.year
    return words if is_said else f"{words} {last.year}"


def line_when(
    line: BasketLine | OrderLine | BookingRequest,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    now: datetime | None = None,
) -> str:
    """Write when a line of a basket or of an order happens.

    "12 au 14 juil., 3 jours" for something lent, both days said; "dim. 12 juil., 10 h à 18 h"
    for what is open; else as `when_words`, whose `now` it has.
    """
    if line.unit_id is None and line.arrival and line.departure:
        count = count_nights(line.arrival, line.departure)
        words = ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        if count == 1:
            return f"{_day_words(starts_at, now)}, {words}"
        return f"{_days_words(line.arrival, line.departure - ONE_DAY, now)}, {words}"
    if line.unit_id is None and not kind_of(kind).begins:
        hours = {"from": heure(starts_at), "to": heure(ends_at)}
        return f"{_day_words(starts_at, now)}, " + _("%(from)s to %(to)s") % hours
    return when_words(starts_at, line.arrival, line.departure, now=now)
