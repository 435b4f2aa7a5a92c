"""What a house grants to residents, and the check of the card that they show."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking.advantages import advantages_of, end_advantage, grant_advantage
from booking.forms.advantages import AdvantageForm
from booking.refusals import Refusal
from booking.resident_cards import check_card
from booking.views.answers import see_other
from booking.views.houses import house_address, houses_of, put_into, shown_house
from members.access import provider_for
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import today as day_of


@never_cache
@login_required
@require_safe
def advantages(request: HttpRequest) -> HttpResponse:
    """List what one house grants."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    house = shown_house(providers, request.GET.get("maison", ""))
    return _page(request, house, AdvantageForm())


@require_POST
@never_cache
@login_required
def add(request: HttpRequest, house: str) -> HttpResponse:
    """Grant something more."""
    provider = provider_for(request.user, house)
    form = AdvantageForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, form, status=422)
    actor = Actor.person(request.user)
    try:
        grant_advantage(provider, form.given, actor=actor, now=timezone.now())
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, provider, form, status=refusal.status)
    messages.success(request, _("Thank you: residents read it in their space."))
    return see_other(house_address("extranet-advantages", provider))


@require_POST
@never_cache
@login_required
def end(request: HttpRequest, house: str, pk: int) -> HttpResponse:
    """End what one's house grants."""
    provider = provider_for(request.user, house)
    if not end_advantage(provider, pk, actor=Actor.person(request.user), now=timezone.now()):
        raise Http404
    messages.success(request, _("Ended: residents read it no more."))
    return see_other(house_address("extranet-advantages", provider))


@never_cache
@login_required
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """Say whether the card that a resident shows counts; only to who works for a house."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    token = request.GET.get("carte", "")
    context = {"checked": check_card(token) if token else None}
    return render(request, "booking/extranet/card.html", context)


def _page(
    request: HttpRequest, house: Provider, form: AdvantageForm, *, status: int = 200
) -> HttpResponse:
    today = day_of(timezone.now())
    context = {
        "providers": houses_of(request),
        "house": house,
        "running": advantages_of(house, today=today),
        "today": today,
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/advantages.html", context, status=status)
