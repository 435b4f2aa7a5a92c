"""Messages of the bank: stored first, then acted on, once."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from booking.gateways.base import BadSignature
from booking.payment import record_gateway_event
from booking.refusals import Busy
from booking.settlement import act_on_event

logger = logging.getLogger(__name__)

LONGEST_BODY = 1_000_000


@csrf_exempt
@never_cache
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Take a signed message of Stripe; 503 asks it to come back, 200 that it is kept."""
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > LONGEST_BODY:
        return HttpResponse(status=413)
    body = request.body
    if len(body) > LONGEST_BODY:
        return HttpResponse(status=413)
    now = timezone.now()
    try:
        event = record_gateway_event(body, request.headers.get("Stripe-Signature", ""), now=now)
    except BadSignature as error:
        logger.warning("a message that isn't the bank's: %s", error)
        return HttpResponse(status=400)
    try:
        act_on_event(event, now=now)
    except Busy:
        return HttpResponse(status=503, headers={"Retry-After": "5"})
    return HttpResponse(status=200)
