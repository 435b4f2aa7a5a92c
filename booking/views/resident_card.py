"""The residents' card: one's own, to show or to print, and what providers grant who has it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking.advantages import advantages_on
from booking.resident_cards import card_url, drawing_of, replace_card
from booking.views.answers import see_other, told_at
from destination.spoken import language_of
from members.access import household_member_for
from oti.lib.dates import today as day_of


@never_cache
@login_required
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """Show one's card, once the household is verified, and what it is good for."""
    member = household_member_for(request.user)
    is_verified = member.household.is_verified
    context = {
        "member": member,
        "household": member.household,
        "drawing": drawing_of(card_url(member)) if is_verified else "",
        "advantages": [
            (one, language_of(one, "text")) for one in advantages_on(day_of(timezone.now()))
        ],
    }
    return render(request, "booking/residence/card.html", context)


@require_POST
@never_cache
@login_required
@told_at("resident-card")
def renew(request: HttpRequest) -> HttpResponse:
    """Give oneself another card in the place of a lost one."""
    replace_card(household_member_for(request.user), now=timezone.now())
    messages.success(request, _("Here is your new card. The one before counts no more."))
    return see_other("resident-card")
