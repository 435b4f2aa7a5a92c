"""What the carrier of mails says of them: signed, kept once."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.carriers import NotTheCarrier, read_news
from booking.refusals import Busy
from booking.relations.mail_events import keep_news

logger = logging.getLogger(__name__)
LONGEST_BODY = 200_000


@csrf_exempt
@never_cache
@require_POST
def carrier(request: HttpRequest) -> HttpResponse:
    """Take a signed word of the carrier; 503 asks it to come back, 200 that it is kept."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > LONGEST_BODY:
        return HttpResponse(status=413)
    if len(request.body) > LONGEST_BODY:
        return HttpResponse(status=413)
    now = timezone.now()
    try:
        for news in read_news(request, now=now):
            keep_news(news, now=now)
    except NotTheCarrier:
        logger.warning("a word that isn't the mail carrier's")
        return HttpResponse(status=400)
    except Busy:
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    return HttpResponse(status=200)
