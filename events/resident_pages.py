"""The first page of the residents' space: what is new since they last came."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.views.answers import see_other
from events.newness import news_of, residents_programme
from members.access import household_member
from members.models import Household
from oti.lib.dates import paris


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show a household what is new to it; who has none is asked who it is."""
    now = timezone.now()
    member = household_member(request.user)
    if member is None or member.household.state == Household.State.ENDED:
        return see_other("residence")
    news = news_of(member.household, everything="tout" in request.GET, now=now)
    context = {
        "member": member,
        "household": member.household,
        "news": news,
        "since": paris(news.since.at).date(),
        "stay": news.standing.next,
        "is_everything": "tout" in request.GET,
        "programme": [one.row for one in residents_programme(now=now)],
    }
    return render(request, "events/residents.html", context)
