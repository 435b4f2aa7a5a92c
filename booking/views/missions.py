"""An ambassador's missions: which are open, taking one, giving it back, saying that it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.forms.missions import DoneForm
from booking.refusals import Refusal
from booking.relations import missions
from booking.views.answers import see_other, tell
from destination.models.territory import poles_on
from members.access import ambassador_for
from members.rules.missions import CONFIRMED, DONE, HOLDS, TAKEN
from oti.lib.dates import today as day_of

MISSIONS, MISSION = "missions", "mission"


@never_cache
@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show one's own missions, those that are open, and what one gave already."""
    ambassador, now = ambassador_for(request.user), timezone.now()
    poles = _poles()
    found = [
        (one, poles.get(one.mission.pole, "")) for one in missions.missions_for(ambassador, now=now)
    ]
    context = {
        "own": [row for row in found if row[0].state in (TAKEN, DONE)],
        "open": [row for row in found if row[0].state not in HOLDS],
        "confirmed": [row for row in found if row[0].state == CONFIRMED],
        "given": missions.given_by(ambassador),
    }
    return render(request, "booking/space/missions.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mission with what may be done next; posted, say that it is done."""
    if request.method != "POST":
        return _page(request, pk)
    ambassador = ambassador_for(request.user)
    form = DoneForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form, status=422)
    data = form.cleaned_data
    try:
        missions.say_done(
            ambassador, pk, words=data["words"], minutes=data["minutes"], now=timezone.now()
        )
    except Refusal as refusal:
        # It moved on: there is no form any more that this could stand beside.
        tell(request, refusal.troubles)
        return see_other(MISSIONS)
    messages.success(request, _("Thank you. The office confirms it and writes to you."))
    return see_other(MISSIONS)


@require_POST
@never_cache
@login_required
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mission."""
    ambassador = ambassador_for(request.user)
    return _done(
        request,
        lambda: missions.take_mission(ambassador, pk, now=timezone.now()),
        _("It is yours. Once it is done, say so here."),
        to=(MISSION, pk),
    )


@require_POST
@never_cache
@login_required
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a mission to somebody else."""
    ambassador = ambassador_for(request.user)
    return _done(
        request,
        lambda: missions.give_back(ambassador, pk, now=timezone.now()),
        _("It is given back: somebody else may take it."),
        to=(MISSIONS,),
    )


# --- Inside -------------------------------------------------------------------------------------
def _page(
    request: HttpRequest, pk: int, form: DoneForm | None = None, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    shown = missions.mission_for(ambassador_for(request.user), pk, now=now)
    if shown is None:
        raise Http404
    begins = shown.mission.first_day <= day_of(now)
    context = {
        "one": shown,
        "mission": shown.mission,
        "pole": _poles().get(shown.mission.pole, ""),
        "form": (form or DoneForm()) if shown.state == TAKEN and begins else None,
        "is_early": not begins,
        "page_errors": status != 200,
    }
    return render(request, "booking/space/mission.html", context, status=status)


def _poles() -> dict[str, str]:
    return {one.slug: one.name for one in poles_on(day_of(timezone.now()))}


def _done(
    request: HttpRequest, case: Callable[[], Any], told: str, *, to: tuple[Any, ...]
) -> HttpResponse:
    """Do one thing and say so, or say why not beside the list."""
    try:
        case()
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(MISSIONS)
    messages.success(request, told)
    return see_other(*to)
