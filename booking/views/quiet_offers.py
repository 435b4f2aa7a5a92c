"""The page that a mail of the quiet season leads to: dates that a host wants to fill, or wanted."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.campaign_mails import is_to_be_had, periods_of
from booking.models import CampaignNeed, Offer
from booking.pictures import covers
from booking.showing import offer_url
from oti.lib.dates import today as day_of


@never_cache
@require_safe
def quiet_offer(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is proposed and until when, or say that it is over and what else there is."""
    rows = CampaignNeed.objects.select_related("need__offer__commune", "need__provider")
    proposal = get_object_or_404(rows.prefetch_related("need__periods"), code=code)
    need, today = proposal.need, day_of(timezone.now())
    offer = need.offer
    is_on_sale = offer.state == Offer.State.PUBLISHED
    context = {
        "need": need,
        "offer": offer,
        "host": need.provider.host_names or need.provider.name,
        "picture": covers([offer]).get(offer.pk),
        "is_open": is_on_sale and is_to_be_had(need, today),
        "offer_url": offer_url(offer) if is_on_sale else "",
        "periods": [
            {"first": first, "last": last, "url": offer_url(offer, _query(offer, first, last))}
            for first, last in periods_of(need, today)
        ],
    }
    return render(request, "booking/quiet_offer.html", context)


def _query(offer: Offer, first: date, after: date) -> str:
    if not offer.is_lodging:
        return ""
    return f"?{urlencode({'arrival': first, 'departure': after})}"
