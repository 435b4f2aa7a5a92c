"""A guest's request: how it stands, the link to pay what was accepted, taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import checkout as buying
from booking import requests
from booking.access import remember_order, remember_requests, request_for, request_of_key
from booking.models import BookingRequest, Order
from booking.pictures import covers
from booking.refusals import Refusal
from booking.request_words import (
    CALLED_OFF,
    PAID,
    TAKEN,
    TO_PAY,
    UNPAID,
    answer_words,
    free_instead,
    is_slept,
    requests_beside,
    shown,
    with_words,
)
from booking.rules import states
from booking.showing import search_query
from booking.views.answers import see_other, tell
from oti.lib.dates import paris

PAGE = "booking:request"
CAME_TO_NOTHING = {states.DECLINED, states.LAPSED, CALLED_OFF, TAKEN, UNPAID}


@never_cache
@require_safe
def request_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a request stands, by its signed link or to who made it."""
    now = timezone.now()
    if "cle" in request.GET:
        remember_requests(request, [request_of_key(code, request.GET["cle"], now=now)])
        return see_other(PAGE, code)
    asked = request_for(request, code)
    one = shown(asked, now=now)
    instead = free_instead(asked, now=now) if one.standing in CAME_TO_NOTHING else []
    images = covers([asked.offer, *(other.offer for other in instead)])
    context = {
        "one": one,
        "words": answer_words(one),
        "instead": [(other, images.get(other.offer.pk)) for other in instead],
        "search_url": _search_url(asked),
        "others": _others(asked, now=now),
        "image": images.get(asked.offer_id),
        "is_paid": one.standing == PAID,
    }
    return render(request, "booking/request.html", context)


@never_cache
@require_POST
def pay(request: HttpRequest, code: str) -> HttpResponse:
    """Lead to the bank's page of what was accepted: it is made when it is asked for."""
    asked = request_for(request, code, to_change=True)
    now = timezone.now()
    if shown(asked, now=now).standing != TO_PAY or asked.order is None:
        return see_other(PAGE, code)
    remember_order(request, asked.order)
    try:
        requests.check_still_held(asked, now=now)
        url = buying.begin_payment(
            asked.order,
            success_url=_return_url(request, asked.order),
            cancel_url=_back_url(request, asked),
            now=now,
        )
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(PAGE, code)
    return see_other(url)


@never_cache
@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take a request back, before it is answered or before it is paid."""
    asked = request_for(request, code, to_change=True)
    try:
        requests.withdraw_request(asked, now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("You took it back. Nothing was charged."))
    return see_other(PAGE, code)


def asked_beside(request: HttpRequest, order: Order, *, now: datetime) -> list[dict[str, Any]]:
    """Return what was asked for with an order, as it stands; who sees the one sees the other.

    One statement. The requests are remembered, so that their pages open too.
    """
    rows = requests_beside(order)
    remember_requests(request, rows)
    asked = [shown(one, now=now) for one in rows]
    return [{"one": one, "words": answer_words(one)} for one in asked]


def _others(asked: BookingRequest, *, now: datetime) -> list[dict[str, Any]]:
    """Return what was asked for by the same press."""
    if asked.basket_id is None:
        return []
    rows = BookingRequest.objects.filter(basket=asked.basket_id, placed_at=asked.placed_at)
    others = with_words(rows.exclude(pk=asked.pk)).order_by("starts_at", "pk")
    return [
        {"one": one, "words": answer_words(one)} for one in (shown(row, now=now) for row in others)
    ]


def _search_url(asked: BookingRequest) -> str:
    if is_slept(asked):
        return reverse("booking:stays") + search_query(asked.arrival, asked.departure)
    day = paris(asked.starts_at).date().isoformat()
    return f"{reverse('booking:experiences')}?arrival={day}"


def _return_url(request: HttpRequest, order: Order) -> str:
    """Return where the bank sends the guest back to: the same at each try, its link signed."""
    with override(order.language):
        path = reverse("booking:payment-return", args=[order.reference])
    return request.build_absolute_uri(f"{path}?cle={order.access_token}")


def _back_url(request: HttpRequest, asked: BookingRequest) -> str:
    with override(asked.language):
        path = reverse(PAGE, args=[asked.code])
    return request.build_absolute_uri(f"{path}?cle={asked.access_token}")
