"""What pages and mails say of a request: what is asked, how it stands, what is free instead.

It reads rows that are loaded already, and decides nothing; what is free instead is searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.availability import StaySearch, search_stays
from booking.booked_lines import REMEMBERED_AFTER
from booking.experience_search import search_experiences
from booking.models import BookingRequest, Offer, Order
from booking.needs import are_read
from booking.own_labels import Labels, own_labels_of_requests, relabelled, room_named
from booking.refusals import MESSAGES, BadInput
from booking.rules import states
from booking.rules.kinds import SLEPT
from booking.rules.people import Guest
from booking.rules.pricing import Quote
from booking.rules.refunds import RefundPolicy, deadlines
from booking.showing import (
    cancellation_words,
    dates_words,
    item_rows,
    line_when,
    moment_words,
    offer_url,
    option_words,
    participant_words,
    quantity_words,
    search_query,
    when_words,
)
from destination.models import Commune
from destination.spoken import in_language, language_of_texts
from destination.templatetags.velay import names
from members.models import Provider
from oti.lib.dates import paris
from oti.lib.joins import read_joined

SUBSTITUTES = 3
# What has less than this left is shown so.
URGENT = timedelta(hours=6)
# Where the guest stands: more than the state alone, once there is an order.
TO_PAY, PAID, UNPAID = "to_pay", "paid", "unpaid"
# Accepted, then taken by others before it was paid.
TAKEN = str(BookingRequest.Reason.TAKEN)
CALLED_OFF = str(BookingRequest.Reason.CALLED_OFF)


@dataclass(frozen=True)
class ShownRequest:
    """A request in the words of the active language."""

    request: BookingRequest
    title: str
    room: str
    lang: str
    starts_at: datetime
    when: str
    party: str
    options: tuple[str, ...]
    # The services alone, as the host is paid; with the tourist tax, as the guest pays.
    rows: list[dict[str, Any]]
    paid_rows: list[dict[str, Any]]
    host: str
    standing: str
    rules: list[str]
    people: tuple[str, ...]
    needs: str

    @property
    def code(self) -> str:
        """Return its code."""
        return self.request.code

    @property
    def total(self) -> Decimal:
        """Return what is paid online once it is accepted, in euros."""
        return self.request.total_amount

    @property
    def tax_on_site(self) -> Decimal:
        """Return the tourist tax to be paid on site, beside the total."""
        return self.request.tourist_tax_on_site_amount

    @property
    def unit_name(self) -> str:
        """Return the room's name where the title doesn't say it."""
        return "" if self.room.lower() in self.title.lower() else self.room

    @property
    def until(self) -> datetime | None:
        """Return the next moment that counts: to answer before, to pay before."""
        if self.standing == states.REQUESTED:
            return paris(self.request.deadline)
        if self.standing == TO_PAY and self.request.order:
            return paris(self.request.order.pay_until)
        return None

    @property
    def until_words(self) -> str:
        """Write that moment: "mercredi 7 avril, 10 h"."""
        return moment_words(self.until) if self.until else ""

    @property
    def is_open(self) -> bool:
        """Whether the guest may still take it back."""
        return self.standing in {states.REQUESTED, TO_PAY}


# Written out: the page of an order, and each answer of the API about one, asks for them.
REQUESTS_BESIDE = """
SELECT {columns} FROM booking_bookingrequest asked
JOIN booking_offer offer ON offer.id = asked.offer_id
JOIN destination_commune commune ON commune.id = offer.commune_id
JOIN members_provider host ON host.id = asked.provider_id
LEFT JOIN booking_order bought ON bought.id = asked.order_id
WHERE asked.came_with_id = %s ORDER BY asked.starts_at, asked.id
"""
TABLES_BESIDE: dict[str, type[Model]] = {
    "asked": BookingRequest,
    "offer": Offer,
    "commune": Commune,
    "host": Provider,
    "bought": Order,
}


def requests_beside(order: Order) -> list[BookingRequest]:
    """Return what was asked for with an order, in the order of its hours; one statement."""
    rows = read_joined(REQUESTS_BESIDE, TABLES_BESIDE, [order.pk])
    for asked, asked.offer, asked.offer.commune, asked.provider, asked.order in rows:
        asked.came_with = order
    return [row[0] for row in rows]


def with_words(rows: QuerySet[BookingRequest]) -> QuerySet[BookingRequest]:
    """Return requests read with what `shown` asks of them; one statement."""
    return rows.select_related("offer__commune", "provider", "order")


def shown(request: BookingRequest, *, now: datetime, labels: Labels | None = None) -> ShownRequest:
    """Put a request into words; it is loaded `with_words`.

    `labels` (`own_labels_of_requests`) call options and prices as the house does, for its host.
    """
    quote = relabelled(Quote.from_json(request.quote), request, labels or {})
    policy = RefundPolicy.from_json(request.policy)
    starts_at, ends_at = paris(request.starts_at), paris(request.ends_at)
    guests = [Guest(one["age"]) for one in request.people]
    return ShownRequest(
        request=request,
        title=in_language(request.titles),
        room=room_named(request, labels or {}),
        lang=language_of_texts(request.titles),
        starts_at=starts_at,
        when=line_when(request, request.kind, starts_at, ends_at, now=now),
        party=quantity_words(request.offer, request.quantity, guests, quote),
        options=option_words(quote.items, request.options),
        rows=item_rows(Quote(quote.services)),
        paid_rows=item_rows(quote),
        host=host_name(request),
        standing=standing_of(request, now=now),
        rules=cancellation_words(deadlines(policy, starts_at), fee=policy.flat_fee, now=now),
        people=tuple(one["first_name"] for one in request.people),
        needs=request.needs if _is_needed(request, now=now) else "",
    )


def _is_needed(request: BookingRequest, *, now: datetime) -> bool:
    """Tell whether its host still needs what is known of a guest's health to answer or welcome."""
    if not are_read(request.kind):
        return False
    standing = standing_of(request, now=now)
    if standing == states.REQUESTED:
        return True
    # Paid once, then cancelled: nobody comes.
    is_off = request.order is not None and request.order.state == states.CANCELLED
    is_bought = standing in {TO_PAY, PAID} and not is_off
    return is_bought and request.ends_at + REMEMBERED_AFTER > now


def host_name(request: BookingRequest) -> str:
    """Name who answers: "Anne et Joël"."""
    provider = request.provider
    return names(provider.host_names) if provider.host_names else str(provider.name)


def standing_of(request: BookingRequest, *, now: datetime) -> str:
    """Return how a request stands for its guest: a state, `to_pay`, `paid`, `unpaid`, `taken`."""
    order = request.order
    if order is not None and order.confirmed_at is not None:
        return PAID
    if request.state == states.ACCEPTED and order is not None:
        is_open = order.state == states.AWAITING_PAYMENT and order.deadline > now
        return TO_PAY if is_open else UNPAID
    if request.reason == CALLED_OFF:
        return CALLED_OFF
    if request.state == states.LAPSED and order is not None:
        return TAKEN if request.reason == TAKEN else UNPAID
    if request.state == states.REQUESTED and request.deadline <= now:
        # The clock says so already; the round that writes it comes each minute.
        return states.LAPSED
    return str(request.state)


def left_words(until: datetime, *, now: datetime) -> str:
    """Write how much time is left: "23 h left", "40 min left"."""
    left = max(until - now, timedelta())
    hours, minutes = divmod(int(left.total_seconds() // 60), 60)
    if hours:
        return ngettext("%(count)s hour left", "%(count)s hours left", hours) % {"count": hours}
    return ngettext("%(count)s minute left", "%(count)s minutes left", minutes) % {"count": minutes}


def promise_words(offer: Offer, *, hours: int) -> str:
    """Write beside an offer on request who answers, and within what time."""
    provider = offer.provider
    host = names(provider.host_names) if provider.host_names else provider.name
    text = ngettext(
        "On request: answer within %(count)s hour, from %(host)s",
        "On request: answer within %(count)s hours, from %(host)s",
        hours,
    )
    return text % {"host": host, "count": hours}


# --- Instead -----------------------------------------------------------
@dataclass(frozen=True)
class Instead:
    """Something that can be had at once on the same days, at its price for the same party."""

    offer: Offer
    title: str
    url: str
    note: str
    amount: Decimal | None


def free_instead(request: BookingRequest, *, now: datetime) -> list[Instead]:
    """Return up to three offers for the same days and persons that are sold at once."""
    guests = [Guest(one["age"]) for one in request.people]
    if request.arrival and request.departure and request.unit_id:
        return _beds(request, guests, now=now)
    return _things(request, guests, now=now)


def _beds(request: BookingRequest, guests: Sequence[Guest], *, now: datetime) -> list[Instead]:
    if request.arrival is None or request.departure is None:
        return []
    criteria = StaySearch(
        arrival=request.arrival,
        departure=request.departure,
        adults=sum(one.is_adult for one in guests),
        child_ages=tuple(one.age for one in guests if not one.is_adult and one.age is not None),
    )
    try:
        found = search_stays(criteria, now=now).results
    except BadInput:
        # The days have passed meanwhile.
        return []
    query = search_query(request.arrival, request.departure, guests)
    return [
        Instead(
            offer=one.offer,
            title=one.offer.title,
            url=offer_url(one.offer, query),
            note=dates_words(request.arrival, request.departure),
            amount=one.quote.total,
        )
        for one in _others(found, request)
    ]


def _things(request: BookingRequest, guests: Sequence[Guest], *, now: datetime) -> list[Instead]:
    day = paris(request.starts_at).date()
    found = search_experiences(
        kinds=[request.kind], from_day=day, to_day=day, guests=guests, now=now
    ).results
    return [
        Instead(
            offer=one.offer,
            title=one.offer.title,
            url=offer_url(one.offer, f"?from={day.isoformat()}"),
            note=when_words(paris(one.slot.starts_at), None, None) if one.slot else "",
            amount=one.quote.total if one.quote else one.from_amount,
        )
        for one in _others(found, request)
    ]


def _others(found: Iterable[Any], request: BookingRequest) -> list[Any]:
    """Return the first few that are another offer and sold at once."""
    instant = (
        one
        for one in found
        if one.offer.pk != request.offer_id
        and not one.offer.is_on_request
        and not getattr(one, "is_on_request", False)
    )
    return [one for _rank, one in zip(range(SUBSTITUTES), instant, strict=False)]


def answer_words(shown_request: ShownRequest) -> str:
    """Write how a request stands, for its guest, in one sentence."""
    params = {"host": shown_request.host, "moment": shown_request.until_words}
    if shown_request.standing == states.REQUESTED:
        return _("Answer before %(moment)s, from %(host)s.") % params
    if shown_request.standing == TO_PAY:
        return _("%(host)s said yes: pay before %(moment)s.") % params
    texts = {
        PAID: _("Accepted and paid."),
        UNPAID: _("%(host)s said yes, but it wasn’t paid in time: it is free for others again."),
        TAKEN: str(MESSAGES["gone"]),
        # What was paid at the last moment went back: « nothing was charged » wouldn't be true.
        CALLED_OFF: _("The date was called off: it costs you nothing."),
        states.DECLINED: _("%(host)s had to say no."),
        states.LAPSED: _("%(host)s didn’t answer in time."),
        states.WITHDRAWN: _("You took it back."),
    }
    return texts[shown_request.standing] % params


def is_slept(request: BookingRequest) -> bool:
    """Whether somebody asks for a bed."""
    return request.kind in SLEPT


# --- For the host -----------------------------------------------------------
@dataclass(frozen=True)
class AskedRow:
    """A request in a host's lists: who asks what, and how long there is to answer."""

    one: ShownRequest
    guest: str
    people: tuple[str, ...]
    left: str
    is_urgent: bool


def asked_rows(rows: Iterable[BookingRequest], *, now: datetime) -> list[AskedRow]:
    """Return requests as their host sees them, in the order given."""
    asked = list(rows)
    labels = own_labels_of_requests(asked)
    return [
        AskedRow(
            one=shown(row, now=now, labels=labels),
            guest=row.first_name,
            people=tuple(participant_words(one["first_name"], one["age"]) for one in row.people),
            left=left_words(row.deadline, now=now),
            is_urgent=row.deadline - now < URGENT,
        )
        for row in asked
    ]
