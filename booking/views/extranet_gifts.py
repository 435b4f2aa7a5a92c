"""A gift at a host's counter: its code is read, shown, and redeemed once."""

from __future__ import annotations

import time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.forms.gifts import CodeForm
from booking.refusals import Refusal
from booking.relations.gift_claims import gift_of_code, redeem
from booking.views.answers import see_other
from booking.views.houses import houses_of, put_into
from members.journal import Actor
from oti.lib.clients import count

TRIES, SECONDS = 30, 600


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest) -> HttpResponse:
    """Say whether a code is good; redeem it when the button says so. Only for who has a house."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    asked = request.POST if request.method == "POST" else request.GET
    code = asked.get("code") or asked.get("cle", "")
    form = CodeForm({"code": code} if code or request.method == "POST" else None)
    context = {"form": form, "page_errors": False}
    if not form.is_bound:
        return render(request, "booking/extranet/gift.html", context)
    if _tries_too_often(request):
        return render(request, "errors/429.html", {"retry_after": SECONDS}, status=429)
    status = 200
    if form.is_valid():
        now, typed = timezone.now(), form.cleaned_data["code"]
        try:
            if "redeem" in request.POST:
                actor = Actor.person(request.user)  # type: ignore[arg-type]
                who = providers[0].name
                redeem(typed, where=who, is_host=True, actor=actor, now=now)
                messages.success(request, _("Redeemed. Nobody can use it a second time."))
                return see_other("extranet-gift")
            context["gift"] = gift_of_code(typed, is_host=True, now=now)
        except Refusal as refusal:
            put_into(form, refusal)
            status = refusal.status
    else:
        status = 422
    context["page_errors"] = bool(form.errors)
    return render(request, "booking/extranet/gift.html", context, status=status)


def _tries_too_often(request: HttpRequest) -> bool:
    window = int(time.time() // SECONDS)
    [tries] = count([f"gift:{request.user.pk}:{window}"], SECONDS)
    return tries > TRIES
