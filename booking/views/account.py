"""What one bought: the trip by its link, the receipt, the calendar, finding it again."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import package_words
from booking.access import order_for
from booking.claiming import claim_orders
from booking.finding import send_order_link
from booking.forms.checkout import FindOrderForm
from booking.ics import calendar_of
from booking.models import Order, Refund, Survey
from booking.needs import readers_of_order, reading_words
from booking.receipts import kept_vat_rows, vat_rows
from booking.relations.invitations_shown import invitation_shown
from booking.rules import states
from booking.sold_lines import (
    SoldLine,
    order_dates,
    order_days,
    order_summary,
    refund_words,
    sold_lines,
)
from booking.talks import talks_of
from booking.views.answers import by_link, see_other
from booking.views.meetings import in_trip_days, meetings_beside
from booking.views.own_stays import account_offer
from booking.views.requests import asked_beside
from destination.spoken import in_language
from members.spaces import spaces_of
from oti.lib.clients import client_network, count
from oti.lib.money import ZERO

logger = logging.getLogger(__name__)

FIND_TRIES = 10
FIND_SECONDS = 600
# Lines that were the visitor's are shown; those released without a payment were never.
BOUGHT = {states.CONFIRMED, states.CANCELLED}


@never_cache
@require_safe
@by_link("booking:trip")
def trip(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an order by its signed link: where to go, whom to call, what was cancelled."""
    now = timezone.now()
    order = order_for(request, reference)
    is_bought = order.state in BOUGHT
    lines = sold_lines(order, has_pictures=True, now=now)
    talks = _talks(order, lines) if is_bought else []
    context: dict[str, Any] = {
        "order": order,
        "is_bought": is_bought,
        "is_waiting": order.state == states.AWAITING_PAYMENT,
        "dates": order_dates(lines),
        "days": order_days([one for one in lines if one.is_alive]) if is_bought else [],
        "is_expected": _is_expected(lines, now=now),
        "may_cancel": order.state == states.CONFIRMED
        and any(one.is_open_to_cancel for one in lines),
        "may_change": order.state == states.CONFIRMED
        and any(one.line.state == states.SOLD and one.starts_at > now for one in lines),
        # Once no bed waits for it, nobody does.
        "arrival_time": order.arrival_time
        if any(one.is_alive and one.is_lodging for one in lines)
        else None,
        "gone": [one for one in lines if not one.is_alive] if is_bought else [],
        "refunds": [
            refund_words(one)
            for one in Refund.objects.filter(payment__order=order, line__isnull=True)
        ],
        "summary": order_summary(order, lines),
        "needs_readers": reading_words(readers_of_order(one.line for one in lines)),
        "offers_account": account_offer(request, order),
        "asked": asked_beside(request, order, now=now),
        "contract": package_words.contract_of(order) if is_bought else None,
        "talks": talks,
        "has_messages": any(one["written"] for one in talks),
        "invited": invitation_shown(order) if is_bought else None,
        "survey": Survey.objects.filter(order=order).first() if is_bought else None,
    }
    if is_bought:
        beside = meetings_beside(
            request, order.basket_id, order=order if context["is_expected"] else None
        )
        # All of it cancelled, nothing stays to be read day by day: a meeting is told of below.
        if context["days"]:
            context["days"] = in_trip_days(context["days"], beside)
        context |= beside
    return render(request, "booking/trip.html", context)


def _talks(order: Order, lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    """Return who may be written to, each host once, with what was written."""
    known = {one.provider_id: one for one in talks_of(order)}
    hosts = {one.provider.pk: one.provider for one in lines if one.is_alive or one.refunds}
    hosts |= {pk: one.provider for pk, one in known.items()}
    found = []
    for pk, provider in hosts.items():
        talk = known.get(pk)
        found.append(
            {
                "house": provider,
                "host": provider.host_names or provider.name,
                "written": list(talk.messages.all()) if talk else [],
                "is_new": talk is not None and talk.is_new_to_guest,
            }
        )
    return found


def _is_expected(lines: Sequence[SoldLine], *, now: datetime) -> bool:
    """Whether somebody waits for them: where they were to sleep, or at what they come for."""
    awaited = [one for one in lines if one.is_lodging] or lines
    return any(one.is_alive and one.ends_at > now for one in awaited)


@never_cache
@require_safe
@by_link("booking:receipt")
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what was paid, by line and by VAT rate, to be printed."""
    now = timezone.now()
    order = order_for(request, reference)
    # What is paid on site has its receipt there.
    if order.state not in BOUGHT or order.is_counter:
        return see_other("booking:trip", reference)
    lines = sold_lines(order, now=now)
    refunds = list(Refund.objects.filter(payment__order=order).select_related("line"))
    back = sum((one.amount for one in refunds if one.state != states.FAILED), ZERO)
    context = {
        "order": order,
        "payment": order.payments.filter(state=states.PAID).first(),
        "lines": lines,
        "vat": vat_rows(lines),
        "back": back,
        "left": order.total_amount - back,
        "vat_left": kept_vat_rows(lines) if back else [],
        "contract": package_words.contract_of(order),
        "refunds": [
            {
                "title": in_language(one.line.titles) if one.line else "",
                "words": refund_words(one),
                "amount": one.amount,
            }
            for one in refunds
        ],
    }
    return render(request, "booking/receipt.html", context)


@never_cache
@require_safe
@by_link("booking:trip-ics")
def trip_ics(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the stay as a calendar file."""
    order = order_for(request, reference)
    if order.state not in BOUGHT:
        return see_other("booking:trip", reference)
    lines = sold_lines(order, now=timezone.now())
    response = HttpResponse(calendar_of(order, lines), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="velay-{order.reference}.ics"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find_order(request: HttpRequest) -> HttpResponse:
    """Send the link of an order to its buyer; the answer is the same whether there is one."""
    form = FindOrderForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "booking/find_order.html", {"form": form})
    if _tries_too_often(request):
        return render(request, "errors/429.html", {"retry_after": FIND_SECONDS}, status=429)
    if not form.is_valid():
        context = {"form": form, "page_errors": True}
        return render(request, "booking/find_order.html", context, status=422)
    send_order_link(
        email=form.cleaned_data["email"],
        reference=form.cleaned_data["reference"],
        now=timezone.now(),
    )
    return render(request, "booking/find_order.html", {"form": form, "is_sent": True})


@never_cache
@login_required
@require_safe
def after_login(request: HttpRequest) -> HttpResponse:
    """Lead each person to its own space; stays bought before as a guest become theirs."""
    claim_orders(request.user, now=timezone.now())
    return see_other(spaces_of(request.user)[0].page)


def _tries_too_often(request: HttpRequest) -> bool:
    """Count tries by address of the client; without the cache everybody is let through."""
    window = int(time.time() // FIND_SECONDS)
    [tries] = count([f"find-order:{client_network(request)}:{window}"], FIND_SECONDS)
    return tries > FIND_TRIES
