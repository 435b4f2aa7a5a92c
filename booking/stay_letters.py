"""The mails between the sale and the end of a stay: no-shows, refunds, messages, reminders.

Each is read from the rows as they are when it is sent, in the language of who reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from booking.letters import Content, Reader, order_of, order_url
from booking.models import OutboxMessage, TalkMessage
from members.models import Provider


def host_of(provider: Provider) -> str:
    """Return how a provider is called in a mail: by first names where they are known."""
    return provider.host_names or provider.name


def _no_show(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    line = next(one for one in lines if one.line.pk == message.data["line"])
    return {
        "order": order,
        "line": line,
        "host": host_of(line.provider),
        "is_undone": message.data["is_undone"],
        "trip_url": order_url(order),
        "desk_url": settings.BASE_URL + reverse("desk_orders:inspect", args=[order.pk]),
    }


def _host_refund(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    line = next(one for one in lines if one.line.pk == message.data["line"])
    return {
        "order": order,
        "line": line,
        "host": host_of(line.provider),
        "amount": Decimal(message.data["amount"]),
        "reason": message.data["reason"],
        "trip_url": order_url(order),
    }


def _talk(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    written = TalkMessage.objects.select_related("talk__provider").get(pk=message.data["message"])
    provider = written.talk.provider
    own = reverse("extranet-talk", args=[order.reference, provider.slug])
    return {
        "order": order,
        "host": host_of(provider),
        "house": provider.name,
        "text": written.text,
        "guest_url": order_url(order, "booking:talk", provider.slug),
        "host_url": settings.BASE_URL + own,
    }


STAY_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "no_show": _no_show,
    "no_show_office": _no_show,
    "host_refund": _host_refund,
    "talk_guest": _talk,
    "talk_host": _talk,
}
