"""The mails about requests: to the host that is asked, to the guest who waits.

As those of `booking.emails`: read when they are sent, in the active language. What a host is told
is a first name, who comes and what is asked; never an address, and no phone before it is paid.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking.models import BookingRequest, OutboxMessage
from booking.own_labels import own_labels_of_requests
from booking.request_words import CALLED_OFF, answer_words, free_instead, shown, with_words
from destination.templatetags.velay import names

Content = dict[str, Any]


def request_url(request: BookingRequest) -> str:
    """Return the signed link of a request's page, in the active language."""
    path = reverse("booking:request", args=[request.code])
    return f"{settings.BASE_URL}{path}?cle={request.access_token}"


def _request(message: OutboxMessage) -> BookingRequest:
    return with_words(BookingRequest.objects.filter(pk=message.data["request"])).get()


def _to_host(message: OutboxMessage, now: datetime) -> Content:
    request = _request(message)
    one = shown(request, now=now, labels=own_labels_of_requests([request]))
    provider = request.provider
    return {
        "one": one,
        "guest": request.first_name,
        "host": names(provider.host_names) if provider.host_names else provider.name,
        "url": settings.BASE_URL + reverse("extranet-request", args=[one.code]),
        "home_url": settings.BASE_URL + reverse("extranet-home"),
    }


def _received(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    return {
        **_to_host(message, now),
        "is_reminder": bool(message.data.get("is_reminder")),
    }


def _closed(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    return {**_to_host(message, now), "why": message.data["why"]}


def _sent(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    rows = with_words(BookingRequest.objects.filter(pk__in=message.data["requests"]))
    asked = [shown(one, now=now) for one in rows.order_by("starts_at", "pk")]
    return {
        "name": asked[0].request.first_name,
        "asked": [
            {"one": one, "words": answer_words(one), "url": request_url(one.request)}
            for one in asked
        ],
        "url": request_url(asked[0].request),
    }


def _accepted(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    one = shown(_request(message), now=now)
    return {"one": one, "name": one.request.first_name, "url": request_url(one.request)}


def _refused(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    one = shown(_request(message), now=now)
    request = one.request
    return {
        "one": one,
        "name": request.first_name,
        # The date itself is off: nobody said no.
        "why": CALLED_OFF if request.reason == CALLED_OFF else message.data["why"],
        "reason": request.get_reason_display() if request.reason else "",
        "words": request.words,
        "instead": [
            {"one": other, "url": settings.BASE_URL + other.url}
            for other in free_instead(request, now=now)
        ],
        "url": request_url(request),
    }


REQUEST_CONTENTS: dict[str, Callable[[OutboxMessage, Any, datetime], Content]] = {
    "request_received": _received,
    "request_closed": _closed,
    "request_sent": _sent,
    "request_accepted": _accepted,
    "request_refused": _refused,
}
