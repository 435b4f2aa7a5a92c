"""The public invitation to become an ambassador."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.models import ReferralGift
from booking.relations.invitations_shown import gifts_now


@require_safe
def invitation(request: HttpRequest) -> HttpResponse:
    """Say what ambassadors do, what their friends and they are given, and how to become one."""
    now = timezone.now()
    context = {
        "welcomes": gifts_now(now, whom=ReferralGift.Whom.FRIEND),
        "thanks": gifts_now(now, whom=ReferralGift.Whom.AMBASSADOR),
    }
    return render(request, "booking/ambassadors.html", context)
