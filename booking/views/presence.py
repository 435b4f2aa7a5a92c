"""When a household is here: its private calendar, and one click."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import presences
from booking.forms.households import PresenceForm
from booking.refusals import Refusal
from booking.views.answers import see_other, told_at
from booking.views.houses import put_into
from members.access import has_household, household_member_for
from oti.lib.dates import today as day_of


@never_cache
@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """List the stays that one's household has said; without a household, ask which one it is."""
    if not has_household(request.user):
        messages.info(request, _("Say first which house is yours: your days here follow."))
        return see_other("residence")
    return _page(request, PresenceForm())


@require_POST
@never_cache
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Write one more stay down."""
    member = household_member_for(request.user)
    form = PresenceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    data = form.cleaned_data
    try:
        presences.say_presence(
            member, arrival=data["arrival"], departure=data["departure"], now=timezone.now()
        )
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, form, status=refusal.status)
    messages.success(request, _("It is noted. Nobody else reads it."))
    return see_other("presences")


@require_POST
@never_cache
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a stay of one's household."""
    if not presences.take_presence_away(household_member_for(request.user), pk):
        raise Http404
    messages.success(request, _("It is deleted."))
    return see_other("presences")


@require_POST
@never_cache
@login_required
@told_at("space-home")
def now_here(request: HttpRequest) -> HttpResponse:
    """« We are here », « we left »: one click."""
    member, now = household_member_for(request.user), timezone.now()
    if request.POST.get("wish") == "left":
        presences.say_left(member, now=now)
        messages.success(request, _("Safe journey home. See you soon."))
    else:
        presences.say_here(member, now=now)
        messages.success(request, _("Good to have you here."))
    return see_other("space-home")


def _page(request: HttpRequest, form: PresenceForm, *, status: int = 200) -> HttpResponse:
    member = household_member_for(request.user)
    today = day_of(timezone.now())
    known = presences.presences_of(member.household)
    context = {
        "household": member.household,
        "here": presences.standing_of(known, today=today).here,
        "coming": [one for one in known if one.departure is None or one.departure > today],
        "past": [one for one in reversed(known) if one.departure and one.departure <= today],
        "today": today,
        "kept_months": round(settings.PRESENCE_KEPT_DAYS * 12 / 365),
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/residence/presences.html", context, status=status)
