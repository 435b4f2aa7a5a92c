"""The mail to a host whose date is called off: every booking of it at once, none by itself.

As those of `booking.emails`: read when it is sent, in the active language. A guest is a first name
and a reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse

from booking.letters import Content
from booking.models import CalledOff, OrderLine, OutboxMessage
from booking.rules import states
from booking.showing import moment_words, offer_url
from destination.templatetags.velay import names
from members.models import Provider
from oti.lib.dates import paris


def who_called_off(called_off_id: int) -> Content | None:
    """Return what a guest reads of a date that was called off: by whom, where others are booked."""
    rows = CalledOff.objects.select_related("slot__offer__provider").filter(pk=called_off_id)
    row = rows.first()
    if row is None:
        return None
    offer = row.slot.offer
    return {
        "by_host": row.is_by_host,
        "host": _host_of(offer.provider),
        "again_url": settings.BASE_URL + offer_url(offer) if offer.is_published else "",
    }


def _date_called_off(message: OutboxMessage, _reader: object, _now: datetime) -> Content:
    rows = CalledOff.objects.filter(pk__in=message.data["called_off"])
    dates = list(rows.select_related("slot__offer__provider").order_by("slot__starts_at", "pk"))
    shown = [
        {
            "title": row.slot.offer.title,
            "when": moment_words(paris(row.slot.starts_at)),
            "lines": [_line(line) for line in _lines_of(row)],
            "url": settings.BASE_URL + reverse("extranet-slot", args=[row.slot_id]),
        }
        for row in dates
    ]
    return {
        "host": _host_of(dates[0].slot.offer.provider),
        "by_host": dates[0].is_by_host,
        "reason": dates[0].reason_words,
        "dates": shown,
        "first": shown[0],
        "others": len(shown) - 1,
        "count": sum(len(one["lines"]) for one in shown),
        "is_on_site": _any_on_site(shown),
        "home_url": settings.BASE_URL + reverse("extranet-home"),
    }


def _lines_of(row: CalledOff) -> QuerySet[OrderLine]:
    """Return what is cancelled with a date, done or not yet; what had begun before stays."""
    lines = OrderLine.objects.filter(takes__slot=row.slot_id, starts_at__gt=row.at)
    sold = lines.filter(state=states.SOLD)
    since = lines.filter(state=states.CANCELLED, changed_at__gte=row.at)
    found = (sold | since).select_related("order").annotate(persons=Count("participants"))
    return found.order_by("order__placed_at", "pk")


def _line(line: Any) -> Content:
    return {
        "guest": line.order.first_name,
        "reference": line.order.reference,
        "persons": line.persons,
        "is_on_site": line.order.is_counter,
    }


def _any_on_site(dates: Iterable[Content]) -> bool:
    return any(line["is_on_site"] for one in dates for line in one["lines"])


def _host_of(provider: Provider) -> str:
    return names(provider.host_names) if provider.host_names else str(provider.name)


DATE_CONTENTS: dict[str, Callable[[OutboxMessage, Any, datetime], Content]] = {
    "date_called_off": _date_called_off,
}
