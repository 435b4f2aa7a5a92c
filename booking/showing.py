"""What the pages and mails of a stay show: plain values for the components, words included.

It reads views and rows that are loaded already, and decides nothing. Sums are decimal euros.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model, prefetch_related_objects
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from booking.arrivals import ArrivalNotice, hours_words, is_outside, notice_of
from booking.care import Sheet, asks_sheet, filled_lines, is_open
from booking.models import (
    BasketLine,
    BookingRequest,
    Offer,
    Order,
    OrderLine,
    Participant,
    Refund,
    Slot,
    SubOrder,
)
from booking.models.offers import VatScheme
from booking.needs import are_read
from booking.people import Person, guests_of
from booking.pictures import Picture, covers
from booking.refusals import Trouble
from booking.rules import states
from booking.rules.kinds import SLEPT, kind_of
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import TAX_KIND, Quote, QuoteItem
from booking.rules.refunds import RefundPolicy, deadlines
from booking.stay_view import BasketView, DayView, EntryView, LineView
from destination.models import Commune
from destination.spoken import in_language, language_of, language_of_texts
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
from members.models import Provider
from oti.lib.dates import ONE_DAY, count_nights, paris
from oti.lib.html import NBSP, format_number
from oti.lib.joins import keep_related, read_joined, read_rows
from oti.lib.money import ZERO, quantize

# Why a line can't be had, where one word says it.
GONE = {"gone", "sold_out", "partly_gone", "closed", "slot_past", "not_on_sale"}
# Days without anything are shown up to this many in a row; a longer gap is left out.
LONGEST_GAP = 3
# How long a host still reads how to reach a guest who has left, and what the guest needed.
REMEMBERED_AFTER = timedelta(days=14)


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
    return {"ideas": [], "browse_url": f"{reverse('booking:ideas')}?day={day.day.isoformat()}"}


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


# --- The order -----------------------------------------------------------
@dataclass
class SoldLine:
    """One line of an order as its pages and mails show it."""

    line: OrderLine
    title: str
    when: str
    starts_at: datetime
    ends_at: datetime
    quote: Quote
    guests: list[Guest]
    names: list[str]
    rules: list[str]
    rule: str
    refunds: list[Refund] = field(default_factory=list)
    tickets: list[Any] = field(default_factory=list)
    image: Picture | None = None
    # Whether the carer's sheet goes with it and may be written; whether it is.
    is_sheet_open: bool = False
    is_sheet_filled: bool = False
    # Told to who arrives there, on the first evening, at another hour than its own.
    arrival_notice: ArrivalNotice | None = None

    @property
    def lang(self) -> str:
        """Return the language of the title where it is not the reader's."""
        return language_of_texts(self.line.titles)

    @property
    def offer(self) -> Offer:
        """Return the offer as it is now (place, access, hours)."""
        return self.line.offer

    @property
    def provider(self) -> Any:
        """Return who provides it."""
        return self.line.sub_order.provider

    @property
    def amount(self) -> Decimal:
        """Return what was paid online for it."""
        return self.line.gross_amount + self.line.tourist_tax_amount

    @property
    def is_alive(self) -> bool:
        """Whether it is, or was, to be had."""
        return self.line.state in {states.SOLD, states.HONOURED, states.NO_SHOW}

    @property
    def is_lodging(self) -> bool:
        """Whether nights were bought."""
        return self.line.unit_id is not None

    @property
    def bead(self) -> str:
        """Return its bead on the thread: a stay, an event, something to do."""
        return kind_of(self.line.kind).bead

    @property
    def is_lent(self) -> bool:
        """Whether something is to be brought back on another day."""
        return self.line.unit_id is None and self.starts_at.date() < self.ends_at.date()

    @property
    def deposit(self) -> str:
        """Name the deposit asked for on site, as it was when it was sold."""
        return deposit_words(self.line.deposit_amount)

    @property
    def options(self) -> tuple[str, ...]:
        """Name the options that were bought with it."""
        return option_words(self.quote.items, self.line.options)

    @property
    def party(self) -> str:
        """Write who takes part, or how many items."""
        return quantity_words(self.offer, self.line.quantity, self.guests, self.quote)

    @property
    def unit_name(self) -> str:
        """Return the room's name where the title doesn't say it."""
        name = self.line.unit_name
        return "" if name.lower() in self.title.lower() else name

    @property
    def place(self) -> str:
        """Return the meeting place or the address of the host, with the commune."""
        where = self.offer.place or (self.provider.address if self.is_lodging else "")
        commune = self.line.commune_name
        return where if commune in where else ", ".join(part for part in (where, commune) if part)

    @property
    def given_back(self) -> list[str]:
        """Write how each refund of the line stands."""
        return [refund_words(one) for one in self.refunds]

    @property
    def back(self) -> Decimal:
        """Return what was, or is being, given back of it."""
        alive = (one.amount for one in self.refunds if one.state != states.FAILED)
        return sum(alive, ZERO)

    @property
    def services_back(self) -> Decimal:
        """Return what of it was, or is being, given back of the services, without the tax."""
        alive = [one for one in self.refunds if one.state != states.FAILED]
        return sum((one.amount - one.tourist_tax_amount for one in alive), ZERO)

    @property
    def items(self) -> list[dict[str, Any]]:
        """Return the itemised price of the services, without the tourist tax."""
        return item_rows(Quote(self.quote.services))


# Written out: the page of an order, its mails and the API read it.
LINES_OF_ORDER = """
SELECT {columns} FROM booking_orderline line
JOIN booking_offer offer ON offer.id = line.offer_id
JOIN members_provider host ON host.id = offer.provider_id
JOIN destination_commune commune ON commune.id = offer.commune_id
JOIN booking_suborder part ON part.id = line.sub_order_id
JOIN members_provider provider ON provider.id = part.provider_id
LEFT JOIN booking_slot slot ON slot.id = line.slot_id
WHERE line.order_id = %s ORDER BY line.starts_at, line.position, line.id
"""
PEOPLE_OF_ORDER = """
SELECT {columns} FROM booking_orderline_participants link
JOIN booking_participant participant ON participant.id = link.participant_id
WHERE participant.order_id = %s ORDER BY participant.id
"""
REFUNDS_OF_ORDER = """
SELECT {columns} FROM booking_refund it JOIN booking_orderline line ON line.id = it.line_id
WHERE line.order_id = %s ORDER BY it.created_at DESC
"""
TABLES_OF_ORDER: dict[str, type[Model]] = {
    "line": OrderLine,
    "offer": Offer,
    "host": Provider,
    "commune": Commune,
    "part": SubOrder,
    "provider": Provider,
    "slot": Slot,
}


def rows_of(order: Order) -> list[OrderLine]:
    """Return the lines of an order with what `sold_lines` tells of them."""
    lines: list[OrderLine] = []
    for row in read_joined(LINES_OF_ORDER, TABLES_OF_ORDER, [order.pk]):
        line, offer, offer.provider, offer.commune, part, part.provider, slot = row
        line.order = part.order = order
        line.offer, line.sub_order, line.slot = offer, part, slot
        lines.append(line)
    people: dict[int, list[Participant]] = defaultdict(list)
    tables: dict[str, type[Model]] = {
        "link": OrderLine.participants.through,
        "participant": Participant,
    }
    for link, participant in read_joined(PEOPLE_OF_ORDER, tables, [order.pk]):
        people[link.orderline_id].append(participant)
    refunds: dict[int, list[Refund]] = defaultdict(list)
    for refund in read_rows(REFUNDS_OF_ORDER, Refund, [order.pk]):
        refunds[refund.line_id or 0].append(refund)
    for line in lines:
        keep_related(line, "participants", people[line.pk])
        keep_related(line, "refunds", refunds[line.pk])
    prefetch_related_objects([one for one in lines if _has_tickets(one)], "tickets__participant")
    return lines


def _has_tickets(line: OrderLine) -> bool:
    """Tell whether it may have tickets, reached by their name (core.md 17)."""
    return line.kind == Offer.Kind.EVENT_TICKET and hasattr(line, "tickets")


def sold_lines(
    order: Order,
    rows: Iterable[OrderLine] | None = None,
    *,
    has_pictures: bool = False,
    now: datetime,
) -> list[SoldLine]:
    """Return the lines of an order with all that its pages show, in a bounded number of statements.

    `rows` are those of `rows_of`, loaded here by default. Tickets are reached by their name on
    the line: the programme stands above (core.md 17).
    """
    lines = list(rows_of(order) if rows is None else rows)
    images = covers(line.offer for line in lines) if has_pictures else {}
    filled = filled_lines(lines)
    shown = [sold_line(line, now=now) for line in lines]
    for one in shown:
        one.is_sheet_filled = one.line.pk in filled
        one.image = images.get(one.line.offer_id)
    _tell_hours(order, shown)
    return shown


def _tell_hours(order: Order, lines: Sequence[SoldLine]) -> None:
    """Mark the lodgings where the stay begins whose hours aren't those of the arrival."""
    # Before the payment too: whoever comes back from the bank may still change the hour.
    coming = (one for one in lines if one.is_alive or one.line.state == states.HELD)
    lodgings = [one for one in coming if one.is_lodging]
    first = min((one.starts_at.date() for one in lodgings), default=None)
    for one in lodgings:
        if order.arrival_time is not None and one.starts_at.date() == first:
            one.arrival_notice = notice_of(
                order.arrival_time,
                one.offer,
                one.provider,
                title=one.title,
                starts_at=one.starts_at,
            )


def sold_line(line: OrderLine, *, now: datetime) -> SoldLine:
    """Return one line with its words; participants, refunds and tickets are read from it."""
    policy = RefundPolicy.from_json(line.policy)
    participants = list(line.participants.all())
    starts_at = paris(line.starts_at)
    return SoldLine(
        line=line,
        title=in_language(line.titles),
        when=line_when(line, line.kind, starts_at, paris(line.ends_at)),
        starts_at=starts_at,
        ends_at=paris(line.ends_at),
        quote=Quote.from_json(line.quote),
        guests=[Guest(one.age) for one in participants],
        names=[str(one) for one in participants],
        rules=cancellation_words(deadlines(policy, starts_at), fee=policy.flat_fee, now=now),
        rule=in_language(line.policy_summaries),
        refunds=list(line.refunds.all()),
        is_sheet_open=is_open(line, now=now),
        tickets=list(line.tickets.all()) if _has_tickets(line) else [],
    )


def order_days(lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    """Return the lines by day: [{date, entries: [{line, is_departure, time}]}], empty days out."""
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for one in lines:
        days[one.starts_at.date()].append({"line": one, "time": one.starts_at})
        if (one.is_lodging or (one.line.arrival and one.is_lent)) and one.is_alive:
            days[one.ends_at.date()].append(
                {"line": one, "time": one.ends_at, "is_departure": True}
            )
    return [
        {"date": day, "entries": sorted(entries, key=lambda one: one["time"])}
        for day, entries in sorted(days.items())
    ]


def order_dates(lines: Sequence[SoldLine]) -> str:
    """Write the days of an order's stay."""
    alive = [one for one in lines if one.is_alive] or list(lines)
    if not alive:
        return ""
    return dates_words(
        min(one.starts_at.date() for one in alive), max(one.ends_at.date() for one in alive)
    )


def order_summary(order: Order, lines: Sequence[SoldLine]) -> dict[str, Any]:
    """Return the side box of an order for `summary_card.html`: what was paid, what came back."""
    return {
        "title": order_dates(lines),
        "lines": [
            {
                "title": one.title,
                "note": one.when,
                "options": one.options,
                "image": one.image,
                "illustration": one.offer.illustration,
                "amount": one.amount,
            }
            for one in lines
        ],
        "rows": [{"label": _("Booking fee"), "amount": order.fee_amount}],
        "total": order.total_amount,
        "total_label": total_words(order.tourist_tax_on_site_amount),
        "tax_on_site": order.tourist_tax_on_site_amount,
        "promises": [],
    }


def refund_words(refund: Refund) -> str:
    """Write how a refund stands."""
    sum_words = euros(refund.amount, "exact")
    if refund.state == states.DONE and refund.done_at:
        return _("%(sum)s given back on %(day)s") % {
            "sum": sum_words,
            "day": jour_long(refund.done_at),
        }
    if refund.state == states.FAILED:
        return _("%(sum)s could not be given back yet: we are dealing with it") % {"sum": sum_words}
    return _("%(sum)s being given back") % {"sum": sum_words}


# --- The receipt -----------------------------------------------------------
@dataclass
class VatRow:
    """The services of one rate, or of one scheme without a rate."""

    label: str
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO


def vat_rows(lines: Iterable[SoldLine]) -> list[VatRow]:
    """Add up the services by VAT rate, the tourist tax left out; margin lines show no VAT."""
    rows: dict[tuple[str, Decimal], VatRow] = {}
    for one in lines:
        for item in one.quote.services:
            scheme = one.line.vat_scheme
            rate = item.vat_rate if scheme == VatScheme.STANDARD else ZERO
            key = (scheme if scheme != VatScheme.STANDARD else "", rate)
            row = rows.setdefault(key, VatRow(_vat_label(scheme, rate)))
            row.net += item.net
            row.vat += item.vat
            row.gross += item.gross
    return [rows[key] for key in sorted(rows, key=lambda key: (key[0], key[1]))]


def kept_vat_rows(lines: Iterable[SoldLine]) -> list[VatRow]:
    """Add up by VAT rate what was kept of the services, once something was given back.

    Of what is left of the services each item keeps its share, to the cent in all.
    """
    kept = []
    for one in lines:
        services = one.quote.services
        gross = sum((item.gross for item in services), ZERO)
        left = gross - one.services_back
        kept.append(replace(one, quote=Quote(_share_of(services, gross, max(left, ZERO)))))
    return [row for row in vat_rows(kept) if row.gross]


def _share_of(items: Sequence[QuoteItem], gross: Decimal, left: Decimal) -> tuple[QuoteItem, ...]:
    """Return these items, together `gross`, as they are when only `left` is kept of them."""
    if left == gross or not gross:
        return tuple(items)
    shares = [quantize(item.gross * left / gross) for item in items]
    largest = max(range(len(items)), key=lambda number: items[number].gross)
    shares[largest] += left - sum(shares, ZERO)
    found = []
    for item, share in zip(items, shares, strict=True):
        vat = quantize(item.vat * share / item.gross) if item.gross else ZERO
        found.append(replace(item, gross=share, vat=vat, net=share - vat))
    return tuple(found)


def _vat_label(scheme: str, rate: Decimal) -> str:
    if scheme == VatScheme.EXEMPT:
        return _("Not subject to VAT")
    if scheme == VatScheme.MARGIN:
        return _("Special scheme for travel agents")
    percent = rate * 100
    decimals = 0 if percent == percent.to_integral_value() else 1
    return f"{format_number(percent, get_language() or 'fr', decimals=decimals)} %"


# --- What a provider may know -----------------------------------------------------------
@dataclass(frozen=True)
class BookedLine:
    """A line as its provider sees it: its own part, and what it takes to welcome (C12)."""

    pk: int
    kind: str
    title: str
    unit_name: str
    reference: str
    state: str
    state_words: str
    starts_at: datetime
    ends_at: datetime
    when: str
    party: str
    people: tuple[str, ...]
    guest: str
    phone: str
    arrival_time: Any
    # Its own hours, where they come at another one.
    own_hours: str
    needs: str
    options: tuple[str, ...]
    rows: list[dict[str, Any]]
    amount: Decimal
    provider: str
    has_sheet: bool

    @property
    def is_alive(self) -> bool:
        """Whether somebody comes, or came."""
        return self.state in {states.SOLD, states.HONOURED, states.NO_SHOW}

    @property
    def is_lodging(self) -> bool:
        """Whether somebody sleeps there."""
        return self.kind in SLEPT


def first_arrival(lines: Iterable[OrderLine]) -> date | None:
    """Return the day on which an order's stay begins with a bed."""
    sold = (one for one in lines if one.state in {states.SOLD, states.HONOURED, states.NO_SHOW})
    return min((one.arrival for one in sold if one.unit_id and one.arrival), default=None)


def booked_line(line: OrderLine, *, first: date | None, now: datetime) -> BookedLine:
    """Return what the provider of a line may know of it; `order` and `participants` are loaded.

    The buyer is a first name and a phone. The hour of arrival is for the beds where the stay
    begins, on the day `first`; needs are for those whose kind prepares for them.
    """
    order = line.order
    participants = list(line.participants.all())
    guests = [Guest(one.age) for one in participants]
    quote = Quote.from_json(line.quote)
    starts_at, ends_at = paris(line.starts_at), paris(line.ends_at)
    services = Quote(quote.services)
    arrival = line.order.arrival_time if line.unit_id and line.arrival == first else None
    is_outside_hours = arrival is not None and is_outside(arrival, line.offer, starts_at)
    # What is known of a guest is for this coming: not of one that is off, nor for ever after.
    is_sold = line.state in {states.SOLD, states.HONOURED, states.NO_SHOW}
    is_needed = is_sold and ends_at + REMEMBERED_AFTER > now
    return BookedLine(
        pk=line.pk,
        kind=line.kind,
        title=in_language(line.titles),
        unit_name=line.unit_name,
        reference=order.reference,
        state=line.state,
        state_words=str(line.get_state_display()),
        starts_at=starts_at,
        ends_at=ends_at,
        when=line_when(line, line.kind, starts_at, ends_at, now=now),
        party=quantity_words(line.offer, line.quantity, guests, quote),
        people=tuple(participant_words(one.first_name, one.age) for one in participants),
        guest=order.first_name,
        phone=order.phone if is_needed else "",
        arrival_time=arrival,
        own_hours=hours_words(line.offer, starts_at) if is_outside_hours else "",
        needs=order.needs if is_needed and are_read(line.kind) else "",
        options=tuple(
            f"{item.label} × {item.quantity}" if item.quantity > 1 else item.label
            for item in services.items
            if item.kind == "supplement"
        ),
        rows=item_rows(services),
        amount=line.gross_amount,
        provider=line.sub_order.provider.name,
        has_sheet=asks_sheet(line),
    )


def care_words(line: OrderLine, sheet: Sheet) -> dict[str, Any]:
    """Return a care sheet as its carer reads it: each child by first name, with its words."""
    children = [(one.first_name, sheet.health.get(one.key, "")) for one in line.participants.all()]
    return {
        "emergency_phone": sheet.emergency_phone,
        "children": children,
        "fetchers": sheet.fetchers,
    }


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
