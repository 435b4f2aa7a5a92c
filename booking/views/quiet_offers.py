"""The page that a mail of the quiet season leads to: dates that a host wants to fill, or wanted."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.campaign_mails import is_to_be_had
from booking.models import CampaignNeed, Offer
from booking.pictures import covers
from booking.showing import offer_url
from oti.lib.dates import ONE_DAY
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
            {
                "first": one.dates.lower,
                # A stay leaves on the day after its last night.
                "last": one.dates.upper if offer.is_lodging else one.dates.upper - ONE_DAY,
                "url": offer_url(offer, _query(offer, one.dates.lower, one.dates.upper)),
            }
            for one in need.periods.all()
            if one.dates.upper > today
        ],
    }
    return render(request, "booking/quiet_offer.html", context)


def _query(offer: Offer, first: object, after: object) -> str:
    if not offer.is_lodging:
        return ""
    return f"?{urlencode({'arrival': first, 'departure': after})}"
