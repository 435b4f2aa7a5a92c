"""What the API answers about a stay in the making and about one that was bought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from booking import models
from booking.availability import free_until
from booking.letters import order_url
from booking.models import BookingRequest, Order, Payment, Refund
from booking.packages import Standing
from booking.request_mails import request_url
from booking.request_words import requests_beside, shown
from booking.rules import states
from booking.sold_lines import SoldLine
from booking.stay_view import BasketView, EntryView, LineView
from destination.models import LegalText
from oti.api.answers import (
    Cents,
    Moment,
    OfferName,
    Price,
    Problem,
    cents,
    moment,
    offer_name,
    price_of,
)
from oti.api.problems import problems_of
from oti.lib.joins import read_rows


# --- Shapes -------------------------------------------------------------------------------------
class BasketKey(serializers.Serializer):
    """A new basket; the token is its only key. Nothing is held yet."""

    token = serializers.CharField()
    expires_at = Moment(allow_null=True)


class Deadline(serializers.Serializer):
    """Until when everything is held."""

    expires_at = Moment()


class BasketPerson(serializers.Serializer):
    """A person of the stay; names are asked for at checkout, by key."""

    key = serializers.CharField()
    age = serializers.IntegerField(allow_null=True)


class TakenOption(serializers.Serializer):
    """An option of a line."""

    code = serializers.CharField()
    quantity = serializers.IntegerField()


class BasketLine(serializers.Serializer):
    """A line; one that isn't counted can't be had and isn't in the total."""

    id = serializers.IntegerField()
    offer = OfferName()
    unit = serializers.IntegerField(allow_null=True)
    slot = serializers.IntegerField(allow_null=True)
    arrival = serializers.DateField(allow_null=True)
    departure = serializers.DateField(allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    people = serializers.ListField(child=serializers.CharField())
    quantity = serializers.IntegerField()
    options = TakenOption(many=True)
    on_request = serializers.BooleanField(
        help_text="Its host answers first: nothing is held, and it isn't in the total."
    )
    is_held = serializers.BooleanField()
    held_until = Moment(allow_null=True)
    is_counted = serializers.BooleanField()
    price = Price(allow_null=True)
    shown_cents = Cents(help_text="The price it was added at.")
    free_cancellation_until = Moment(allow_null=True)
    troubles = Problem(many=True)


class Totals(serializers.Serializer):
    """What the counted lines cost."""

    gross_cents = Cents(help_text="The services.")
    tourist_tax_cents = Cents()
    total_cents = Cents(help_text="Paid online; to be repeated at checkout.")
    tax_on_site_cents = Cents(help_text="Beside the total.")
    on_request_cents = Cents(
        help_text="What hosts are asked for at checkout: apart, paid only once accepted."
    )


class Entry(serializers.Serializer):
    """Something of a day: an arrival, a departure or a moment of a line."""

    line = serializers.IntegerField()
    kind = serializers.CharField()
    time = serializers.CharField(allow_null=True)


class TimelineDay(serializers.Serializer):
    """One day of the stay; a free one has no entry."""

    day = serializers.DateField()
    entries = Entry(many=True)


class Terms(serializers.Serializer):
    """The conditions of sale in force, to be read and accepted."""

    version = serializers.CharField()
    language = serializers.CharField()
    url = serializers.CharField()


class Package(serializers.Serializer):
    """Whether the stay is a package: then its form is to be received before it is ordered."""

    is_package = serializers.BooleanField()
    reason = serializers.CharField()
    form = Terms(allow_null=True)
    problems = Problem(many=True)


class Basket(serializers.Serializer):
    """A stay in the making."""

    state = serializers.CharField(help_text="open, or frozen while a payment is under way.")
    expires_at = Moment(allow_null=True)
    can_extend = serializers.BooleanField()
    can_check_out = serializers.BooleanField()
    friend_code = serializers.CharField(help_text="Who invited; empty for nobody.")
    tells_name = serializers.BooleanField()
    people = BasketPerson(many=True)
    lines = BasketLine(many=True)
    totals = Totals()
    timeline = TimelineDay(many=True)
    terms = Terms(allow_null=True)
    package = Package()


class FriendCode(serializers.Serializer):
    """Who invited: the code of an ambassador, "" for nobody. Whether it counts is decided later."""

    friend_code = serializers.CharField()
    tells_name = serializers.BooleanField(
        help_text="The ambassador may read the buyer's first name."
    )


class PairParticipant(serializers.Serializer):
    """An age, as a new line takes it."""

    age = serializers.IntegerField(allow_null=True)


class OtherHalf(serializers.Serializer):
    """A date that can be added as it is, by its offer, slot and participants."""

    offer = OfferName()
    slot = serializers.IntegerField()
    starts_at = Moment()
    ends_at = Moment()
    people = serializers.ListField(child=serializers.CharField())
    participants = PairParticipant(many=True)
    price = Price()
    way_minutes = serializers.IntegerField(
        allow_null=True, help_text="One way from the carer; null where a carer is proposed."
    )


class Pairs(serializers.Serializer):
    """What a line of a stay lacks, and what would do, the nearest first."""

    line = serializers.IntegerField()
    lacks = serializers.CharField(
        allow_null=True,
        help_text="childcare: it leaves `children` alone. moment: the grown-ups have nothing yet "
        "meanwhile. null: nothing.",
    )
    children = serializers.ListField(child=serializers.CharField())
    proposals = OtherHalf(many=True)


class AskedLine(serializers.Serializer):
    """Something that a host was asked for: it is neither held nor paid before the answer."""

    code = serializers.CharField()
    title = serializers.CharField()
    provider = serializers.CharField()
    state = serializers.CharField(
        help_text="requested, to_pay, paid, unpaid, declined, lapsed or withdrawn."
    )
    arrival = serializers.DateField(allow_null=True)
    departure = serializers.DateField(allow_null=True)
    starts_at = Moment()
    total_cents = Cents(help_text="Paid online once it is accepted, by the link of `url`.")
    tax_on_site_cents = Cents(help_text="Beside the total.")
    answer_before = Moment()
    url = serializers.CharField(help_text="Its page: how it stands, to pay it or take it back.")


class PlacedOrder(serializers.Serializer):
    """An order that awaits its payment at the bank's page, and what hosts were asked for.

    Where everything is on request there is no order and nothing to pay.
    """

    order = serializers.CharField(allow_null=True)
    access_token = serializers.CharField(allow_null=True)
    payment_url = serializers.CharField(allow_null=True)
    expires_at = Moment(allow_null=True)
    requests = AskedLine(many=True)


class SoldPart(serializers.Serializer):
    """A line of an order, as sold."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    provider = serializers.CharField()
    commune = serializers.CharField()
    unit_name = serializers.CharField()
    arrival = serializers.DateField(allow_null=True)
    departure = serializers.DateField(allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    people = serializers.ListField(child=serializers.CharField())
    quantity = serializers.IntegerField()
    price = Price()
    refunded_cents = Cents()
    cancellation = serializers.ListField(child=serializers.CharField())


class OrderDetail(serializers.Serializer):
    """An order, for whoever has its key."""

    reference = serializers.CharField()
    state = serializers.CharField()
    language = serializers.CharField()
    placed_at = Moment()
    confirmed_at = Moment(allow_null=True)
    gross_cents = Cents()
    tourist_tax_cents = Cents()
    total_cents = Cents()
    tax_on_site_cents = Cents()
    paid_cents = Cents()
    refunded_cents = Cents()
    pay_before = Moment(allow_null=True)
    payment_url = serializers.CharField(allow_null=True)
    url = serializers.CharField()
    lines = SoldPart(many=True)
    requests = AskedLine(many=True, help_text="What hosts were asked for with this order.")


# --- The basket ---------------------------------------------------------------------------------
def basket_answer(view: BasketView, standing: Standing, terms: LegalText | None) -> dict[str, Any]:
    """Return a stay in the making as it stands."""
    return {
        "state": view.basket.state,
        "expires_at": moment(view.held_until),
        "can_extend": view.can_extend,
        "can_check_out": view.can_check_out,
        **friend_answer(view.basket),
        "people": [{"key": one.key, "age": one.age} for one in view.people],
        "lines": [line_answer(one, view) for one in view.lines],
        "totals": {
            "gross_cents": cents(view.gross),
            "tourist_tax_cents": cents(view.tourist_tax),
            "total_cents": cents(view.total),
            "tax_on_site_cents": cents(view.tourist_tax_on_site),
            "on_request_cents": cents(view.asked_total),
        },
        "timeline": [
            {"day": day.day.isoformat(), "entries": [_entry(one) for one in day.entries]}
            for day in view.days
        ],
        "terms": _legal(terms),
        "package": {
            "is_package": standing.is_package,
            "reason": standing.verdict.reason,
            "form": _legal(standing.form),
            "problems": problems_of(standing.obstacles),
        },
    }


def friend_answer(basket: models.Basket) -> dict[str, Any]:
    """Return the code that a stay came with."""
    return {"friend_code": basket.friend_code, "tells_name": basket.tells_friend}


def line_answer(one: LineView, view: BasketView) -> dict[str, Any]:
    """Return a line with its price, until when it is held and what is wrong with it."""
    line = one.line
    return {
        "id": line.pk,
        "offer": offer_name(one.offer),
        "unit": line.unit_id,
        "slot": line.slot_id,
        "arrival": line.arrival.isoformat() if line.arrival else None,
        "departure": line.departure.isoformat() if line.departure else None,
        "starts_at": moment(one.starts_at),
        "ends_at": moment(one.ends_at),
        "people": one.people,
        "quantity": line.quantity,
        "options": list(line.options),
        "on_request": one.is_on_request,
        "is_held": one.is_held,
        "held_until": moment(view.held_until) if one.is_held else None,
        "is_counted": one.counted,
        "price": price_of(one.quote) if one.quote else None,
        "shown_cents": cents(line.shown_amount),
        "free_cancellation_until": moment(free_until(one.offer, one.starts_at)),
        "troubles": problems_of(one.troubles),
    }


def _entry(entry: EntryView) -> dict[str, Any]:
    kind = "arrival" if entry.is_arrival else "departure" if entry.is_departure else "moment"
    hour = entry.time.strftime("%H:%M") if entry.time else None
    return {"line": entry.view.line.pk, "kind": kind, "time": hour}


def _legal(text: LegalText | None) -> dict[str, Any] | None:
    if text is None:
        return None
    path = reverse("destination:legal", args=[text.kind])
    return {
        "version": text.version,
        "language": text.language,
        "url": settings.BASE_URL + path,
    }


# --- The order ----------------------------------------------------------------------------------
PAYMENTS_OF = "SELECT {columns} FROM booking_payment it WHERE order_id = %s ORDER BY attempt"


def order_answer(order: Order, lines: list[SoldLine], *, now: datetime) -> dict[str, Any]:
    """Return an order with its lines as sold; the bank's page as long as it is open."""
    payments = read_rows(PAYMENTS_OF, Payment, [order.pk])
    last = payments[-1] if payments else None
    is_open = (
        last is not None
        and order.state == states.AWAITING_PAYMENT
        and last.expires_at > now
        and bool(last.url)
    )
    return {
        "reference": order.reference,
        "state": order.state,
        "language": order.language,
        "placed_at": moment(order.placed_at),
        "confirmed_at": moment(order.confirmed_at),
        "gross_cents": cents(order.gross_amount),
        "tourist_tax_cents": cents(order.tourist_tax_amount),
        "total_cents": cents(order.total_amount),
        "tax_on_site_cents": cents(order.tourist_tax_on_site_amount),
        "paid_cents": sum(cents(one.captured_amount) for one in payments),
        "refunded_cents": _given_back(payments),
        "pay_before": moment(last.expires_at) if is_open and last else None,
        "payment_url": last.url if is_open and last else None,
        "url": order_url(order),
        "lines": [_sold(one) for one in lines],
        "requests": asked_with(order, now=now),
    }


def asked_with(order: Order, *, now: datetime) -> list[dict[str, Any]]:
    """Return what hosts were asked for with an order; one statement."""
    return [asked_answer(one, now=now) for one in requests_beside(order)]


def asked_answer(request: BookingRequest, *, now: datetime) -> dict[str, Any]:
    """Return a request as it stands; its page's link is its key."""
    one = shown(request, now=now)
    return {
        "code": request.code,
        "title": one.title,
        "provider": request.provider.name,
        "state": one.standing,
        "arrival": request.arrival.isoformat() if request.arrival else None,
        "departure": request.departure.isoformat() if request.departure else None,
        "starts_at": moment(one.starts_at),
        "total_cents": cents(one.total),
        "tax_on_site_cents": cents(one.tax_on_site),
        "answer_before": moment(request.deadline),
        "url": request_url(request),
    }


def _given_back(payments: list[Payment]) -> int:
    return sum(cents(one.refunded_amount) for one in payments)


def _sold(one: SoldLine) -> dict[str, Any]:
    line = one.line
    return {
        "id": line.pk,
        "title": one.title,
        "kind": line.kind,
        "state": line.state,
        "provider": one.provider.name,
        "commune": line.commune_name,
        "unit_name": line.unit_name,
        "arrival": line.arrival.isoformat() if line.arrival else None,
        "departure": line.departure.isoformat() if line.departure else None,
        "starts_at": moment(one.starts_at),
        "ends_at": moment(one.ends_at),
        "people": one.names,
        "quantity": line.quantity,
        "price": price_of(one.quote),
        "refunded_cents": sum(
            cents(back.amount) for back in one.refunds if back.state != Refund.State.FAILED
        ),
        "cancellation": one.rules,
    }
