"""Inviting friends: become an ambassador, the link with its code, cards, who came, the thanks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.forms.ambassadors import JoinForm
from booking.models import ReferralGift
from booking.refusals import Refusal
from booking.relations import ambassadors
from booking.relations.invitations_shown import friends_of, gifts_now, ranking
from booking.relations.missions import given_by, open_count
from booking.resident_cards import drawing_of
from booking.views.answers import see_other
from booking.views.houses import put_into
from destination.legal_body import clean_body
from members.access import ambassador_for, ambassador_of, household_member
from members.models import Ambassador
from oti.lib.dates import today as day_of

CARDS_ON_A_SHEET = 8


@never_cache
@login_required
@require_safe
def invite(request: HttpRequest) -> HttpResponse:
    """Show one's link, who came with it and the thanks; who isn't an ambassador may become one."""
    ambassador = ambassador_of(request.user)
    if ambassador is None or not ambassador.is_active:
        return _joining(request, ambassador)
    now = timezone.now()
    address = friends_address(ambassador)
    context = {
        "ambassador": ambassador,
        "address": address,
        "short": address.partition("://")[2],
        "drawing": drawing_of(address),
        "friends": friends_of(ambassador),
        "welcomes": gifts_now(now, whom=ReferralGift.Whom.FRIEND),
        "thanks": gifts_now(now, whom=ReferralGift.Whom.AMBASSADOR),
        "ranking": ranking(),
        "given": given_by(ambassador),
        "open_missions": open_count(ambassador, now=now),
    }
    return render(request, "booking/space/invite.html", context)


@require_POST
@never_cache
@login_required
def join(request: HttpRequest) -> HttpResponse:
    """Sign the charter and become an ambassador."""
    now = timezone.now()
    form = JoinForm(request.POST, today=day_of(now))
    ambassador = ambassador_of(request.user)
    if not form.is_valid():
        return _joining(request, ambassador, form, status=422)
    text = ambassadors.charter_of(day_of(now))
    try:
        ambassadors.join(request.user, form.given, text=text, now=now)
    except Refusal as refusal:
        put_into(form, refusal)
        return _joining(request, ambassador, form, status=refusal.status)
    messages.success(request, _("Welcome. Here are your link, your code and your cards."))
    return see_other("invite")


@never_cache
@login_required
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Show a sheet of cards to print, with the name that one wants on them."""
    ambassador = ambassador_for(request.user)
    names = _names(ambassador)
    name = request.GET.get("nom", names[0])
    address = friends_address(ambassador)
    context = {
        "ambassador": ambassador,
        "name": name if name in names else names[0],
        "names": names,
        "short": address.partition("://")[2],
        "drawing": drawing_of(address),
        "cards": range(CARDS_ON_A_SHEET),
    }
    return render(request, "booking/space/invite_cards.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Say what stopping means, then stop."""
    ambassador = ambassador_for(request.user)
    if request.method == "POST":
        ambassadors.leave(ambassador, now=timezone.now())
        messages.success(request, _("Your code counts no more. Thank you for every friend."))
        return see_other("invite")
    return render(request, "booking/space/invite_leave.html", {"ambassador": ambassador})


def friends_address(ambassador: Ambassador) -> str:
    """Return the whole address that friends follow, in the ambassador's language of now."""
    return settings.BASE_URL + reverse("events:friend", args=[ambassador.code.lower()])


def _joining(
    request: HttpRequest,
    ambassador: Ambassador | None,
    form: JoinForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    text = ambassadors.charter_of(day_of(now))
    member = household_member(request.user)
    initial: dict[str, Any] = {"sha256": text.sha256 if text else ""}
    if member is not None:
        initial["first_name"] = member.first_name
    context = {
        "ended": ambassador,
        "form": form or JoinForm(today=day_of(now), initial=initial),
        "text": text,
        "text_html": clean_body(text.body) if text else "",
        "thanks": gifts_now(now, whom=ReferralGift.Whom.AMBASSADOR),
        "page_errors": status != 200,
    }
    return render(request, "booking/space/invite_join.html", context, status=status)


def _names(ambassador: Ambassador) -> list[str]:
    """Return the names that may stand on a card: one's own, the page's, the household's."""
    member = household_member(ambassador.user)
    names = [ambassador.page.get("name", ""), ambassador.first_name]
    if member is not None and member.household.ended_at is None:
        names.append(member.household.name)
    return list(dict.fromkeys(one for one in names if one))
