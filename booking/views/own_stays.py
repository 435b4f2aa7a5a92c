"""The account of somebody signed in: their own stays, those bought before it among them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, Max, Min, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import showing
from booking.access import orders_of
from booking.claiming import claim_orders
from booking.models import Order
from booking.rules import states
from destination.spoken import in_language
from members.addresses import propose_address
from oti.lib.dates import paris

PAGE = 20
GONE = {states.CANCELLED, states.RELEASED}


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """List one's own stays: those to come first, then the others, the last one first."""
    now = timezone.now()
    claim_orders(request.user, now=now)
    orders = (
        orders_of(request.user, now=now)
        .annotate(first=Min("lines__starts_at"), last=Max("lines__ends_at"))
        .annotate(coming=Case(When(last__gte=now, then="first")))
        .order_by("coming", "-first", "-pk")
        .prefetch_related("lines")
    )
    page = Paginator(orders, PAGE).get_page(request.GET.get("page"))
    rows = [_row(order, now=now) for order in page]
    context = {
        "coming": [row for row in rows if row["is_coming"]],
        "past": [row for row in rows if not row["is_coming"]],
        "page": page,
    }
    return render(request, "booking/account.html", context)


def account_offer(request: HttpRequest, order: Order) -> bool:
    """Tell whether to propose an account for a paid order; its address is then proposed too."""
    is_offered = (
        not request.user.is_authenticated
        and order.user_id is None
        and order.state == states.CONFIRMED
    )
    if is_offered:
        propose_address(request, order.email)
    return is_offered


def _row(order: Order, *, now: datetime) -> dict[str, Any]:
    """Return one stay: its days, what it is made of; what was cancelled only if all was."""
    lines = list(order.lines.all())
    kept = [line for line in lines if line.state not in GONE] or lines
    first = min(paris(line.starts_at) for line in kept)
    last = max(paris(line.ends_at) for line in kept)
    return {
        "order": order,
        "starts_at": first,
        "dates": showing.dates_words(first.date(), last.date()),
        "titles": [in_language(line.titles) for line in kept],
        "is_coming": last >= now,
    }
