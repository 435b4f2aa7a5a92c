"""The hosts' keys: which programs act for a house, what each may do, revoked with one press."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import house_keys
from booking.forms.doors import KeyForm
from booking.refusals import Refusal
from booking.views.answers import see_other
from booking.views.houses import house_address, houses_of, put_into, shown_house
from booking.views.shown_once import keep_secret, take_secret
from members.access import owned_by, owned_provider_for
from members.journal import Actor
from members.models import HouseKey, Provider
from oti.lib.dates import today as day_of

MOST_SHOWN = 40


@never_cache
@login_required
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys of one house; one that was just made is shown, this once."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    return _page(request, provider, KeyForm())


@require_POST
@never_cache
@login_required
def make(request: HttpRequest, house: str) -> HttpResponse:
    """Make a key of a house that one owns."""
    provider = owned_provider_for(request.user, house)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, form, status=422)
    now = timezone.now()
    try:
        key, secret = house_keys.make_key(
            provider,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            last_day=form.last_day(day_of(now)),
            maker=request.user,
            now=now,
        )
    except Refusal as refusal:
        put_into(form, refusal)
        return _page(request, provider, form, status=refusal.status)
    keep_secret(request, "key", key.pk, secret)
    return see_other(house_address("extranet-keys", provider))


@require_POST
@never_cache
@login_required
def revoke(request: HttpRequest, house: str, pk: int) -> HttpResponse:
    """End a key of a house that one owns."""
    provider = owned_provider_for(request.user, house)
    key = get_object_or_404(HouseKey, provider=provider, pk=pk)
    house_keys.revoke_key(key, actor=Actor.person(request.user), now=timezone.now())
    messages.success(request, _("« %(name)s » opens nothing any more.") % {"name": key.name})
    return see_other(house_address("extranet-keys", provider))


def _page(
    request: HttpRequest, provider: Provider, form: KeyForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    is_owner = provider.pk in owned_by(request.user)
    rows: list[dict[str, Any]] = []
    if is_owner:
        own = HouseKey.objects.filter(provider=provider).select_related("provider", "made_by")
        rows = [
            {
                "key": one,
                "why_dead": house_keys.why_dead(one, now=now),
                "scopes": [HouseKey.Scope(scope).label for scope in one.scopes],
            }
            for one in own[:MOST_SHOWN]
        ]
    shown = take_secret(request, "key") if is_owner and request.method == "GET" else None
    context = {
        "providers": houses_of(request),
        "provider": provider,
        "is_owner": is_owner,
        "rows": rows,
        "new": shown,
        "form": form,
        "api_url": f"{settings.BASE_URL}/api/v1/pro/",
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/keys.html", context, status=status)
