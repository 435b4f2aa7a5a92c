"""The page that a mail of the quiet season leads to: dates that a host wants to fill, or wanted."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.access import basket_for
from booking.campaign_mails import is_to_be_had, periods_of
from booking.lower_prices import GIVEN, followed
from booking.models import CampaignNeed, Offer
from booking.pictures import covers
from booking.showing import offer_url
from oti.lib.dates import today as day_of


@never_cache
@require_safe
def quiet_offer(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is proposed and until when, or say that it is over and what else there is."""
    rows = CampaignNeed.objects.select_related("campaign", "need__offer__commune", "need__provider")
    proposal = get_object_or_404(rows.prefetch_related("need__periods"), code=code)
    now = timezone.now()
    need, today = proposal.need, day_of(now)
    offer = need.offer
    link = followed(code, offer, find_basket=lambda: basket_for(request), now=now)
    is_on_sale = offer.state == Offer.State.PUBLISHED
    context = {
        "need": need,
        "offer": offer,
        "host": need.provider.host_names or need.provider.name,
        "picture": covers([offer]).get(offer.pk),
        "is_open": is_on_sale and is_to_be_had(need, today),
        "price": link.proposal,
        "is_own": link.is_own,
        "offer_url": offer_url(offer) if is_on_sale else "",
        "periods": [
            {"first": first, "last": last, "url": offer_url(offer, _query(proposal, first, last))}
            for first, last in periods_of(need, today)
        ],
    }
    return render(request, "booking/quiet_offer.html", context)


def _query(proposal: CampaignNeed, first: date, last: date) -> str:
    """Return what leads to these days: nights, or dates from the first one on."""
    days = {"from": first}
    if proposal.need.offer.is_lodging:
        days = {"arrival": first, "departure": last}
    given = {GIVEN: proposal.code} if proposal.campaign.percent_off else {}
    return f"?{urlencode({**days, **given})}"
