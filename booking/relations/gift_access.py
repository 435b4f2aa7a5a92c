"""The only way to a household's gift: its signed link, followed in this session."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest

from booking.models import Gift
from oti.lib.dates import today as day_of

GIFTS_OF_SESSION = "gifts"
MOST_REMEMBERED = 20
# After its last day the page still says what became of it.
LINK_LIFE = timedelta(days=120)


def open_gift_link(request: HttpRequest, pk: int, token: str, *, now: datetime) -> None:
    """Let this session see a gift by its link; raises Http404 for a wrong or too old one."""
    gift = Gift.objects.select_related("campaign").filter(pk=pk, told_at__isnull=False).first()
    if gift is None or not hmac.compare_digest(gift.access_token.encode(), token.encode()):
        raise Http404
    if day_of(now) > gift.campaign.valid_until + LINK_LIFE:
        raise Http404
    known = [one for one in request.session.get(GIFTS_OF_SESSION, []) if one != pk]
    request.session[GIFTS_OF_SESSION] = [*known, pk][-MOST_REMEMBERED:]


def gift_for(request: HttpRequest, pk: int) -> Gift:
    """Return a gift whose link this session followed; raises Http404 for any other."""
    gift = Gift.objects.select_related("campaign").filter(pk=pk, told_at__isnull=False).first()
    if gift is None or pk not in request.session.get(GIFTS_OF_SESSION, []):
        raise Http404
    return gift
