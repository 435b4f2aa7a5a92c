"""The hosts' space: today, and one line of their own bookings; nobody else's."""

from __future__ import annotations

import logging
from datetime import time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import care, house_alerts, house_days
from booking.access import line_for_provider, lines_of_providers, payouts_of_providers
from booking.booked_lines import care_words
from booking.rules import states
from booking.views.extranet_requests import waiting_for
from members.access import owned_by, providers_of
from members.rules.enrolment import APPROVED
from oti.lib.dates import ONE_DAY, at_paris
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)

NEXT_ONES = 5


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show today, what comes next and what is to be paid, for the providers of this person."""
    now = timezone.now()
    own = house_alerts.with_alerts(providers_of(request.user), now=now)
    providers = list(own.order_by("name", "pk"))
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    lines = lines_of_providers(request.user)
    coming = house_days.lines_when(lines, house_days.COMING, now=now)
    # What is left of today stands above already.
    tomorrow = at_paris(day_of(now) + ONE_DAY, time.min)
    later = coming.filter(starts_at__gte=tomorrow)
    owned = owned_by(request.user)
    money = payouts_of_providers(request.user).filter(state__in=states.SHARE_TO_COME, amount__gt=0)
    sums = money.aggregate(
        sum=Sum("amount"), moment=Min("release_on", filter=Q(release_on__gt=now))
    )
    context = {
        "providers": providers,
        "asked": waiting_for(request.user, now=now),
        "not_yet": [one for one in providers if one.enrolment != APPROVED],
        "sheet": house_days.day_of_house(lines, providers, day_of(now), now=now),
        "coming": house_days.told(house_days.with_words(later)[:NEXT_ONES], now=now),
        "coming_count": coming.count(),
        "owns": bool(owned),
        "alerts": house_alerts.alerts_of(providers, owned, now=now),
        "to_come": sums["sum"] or ZERO,
        "moment": sums["moment"],
    }
    return render(request, "booking/extranet/home.html", context)


@never_cache
@login_required
@require_safe
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one booking with what this provider needs to welcome, and nothing else."""
    sold = line_for_provider(request.user, pk)
    (booked,) = house_days.told([sold], now=timezone.now())
    context: dict[str, Any] = {"booked": booked}
    if booked.has_sheet and booked.is_alive:
        try:
            sheet = care.read_care_sheet(sold)
        except Unreadable:
            logger.exception("care sheet of line %s can't be read", pk)
            context["is_sheet_lost"] = True
        else:
            context["sheet"] = sheet and care_words(sold, sheet)
    return render(request, "booking/extranet/line.html", context)
