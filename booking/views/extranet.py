"""The hosts' space: their own bookings, nobody else's, no more yet."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import care, showing
from booking.access import line_for_provider, lines_of_providers
from booking.rules import states
from members.access import providers_of
from members.rules.enrolment import APPROVED
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)

PAGE = 30


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """List what comes, then what is past, for the providers of this person."""
    now = timezone.now()
    providers = list(providers_of(request.user))
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    lines = (
        lines_of_providers(request.user)
        .select_related("order", "offer", "sub_order__provider")
        .prefetch_related("participants")
    )
    coming = lines.filter(ends_at__gte=now).order_by("starts_at", "pk")
    past = lines.filter(ends_at__lt=now).order_by("-starts_at", "-pk")
    shown = Paginator(coming, PAGE).get_page(request.GET.get("page"))
    context = {
        "providers": providers,
        "not_yet": [one for one in providers if one.enrolment != APPROVED],
        "coming": [showing.booked_line(one, first=one.first_arrival, now=now) for one in shown],
        "past": [showing.booked_line(one, first=one.first_arrival, now=now) for one in past[:PAGE]],
        "coming_count": coming.filter(state=states.SOLD).count(),
        "page": shown,
    }
    return render(request, "booking/extranet/home.html", context)


@never_cache
@login_required
@require_safe
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one booking with what this provider needs to welcome, and nothing else."""
    sold = line_for_provider(request.user, pk)
    booked = showing.booked_line(sold, first=sold.first_arrival, now=timezone.now())
    context: dict[str, Any] = {"booked": booked}
    if booked.has_sheet and booked.is_alive:
        try:
            sheet = care.read_care_sheet(sold)
        except Unreadable:
            logger.exception("care sheet of line %s can't be read", pk)
            context["is_sheet_lost"] = True
        else:
            context["sheet"] = sheet and showing.care_words(sold, sheet)
    return render(request, "booking/extranet/line.html", context)
