"""The mails between the sale and the end of a stay: no-shows, refunds, messages, reminders.

Each is read from the rows as they are when it is sent, in the language of who reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from booking.booked_lines import booked_line
from booking.letters import Content, NoLongerNeeded, Reader, order_of, order_url
from booking.models import OrderLine, OutboxMessage, TalkMessage
from booking.own_labels import own_labels
from booking.rules import states
from booking.sold_lines import order_dates
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris


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


def _stay_soon(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    alive = [one for one in reader.sold_lines(order, now) if one.is_alive]
    coming = [one for one in alive if one.starts_at > now]
    if order.state != states.CONFIRMED or not coming or len(coming) < len(alive):
        raise NoLongerNeeded
    first = min(coming, key=lambda one: one.starts_at)
    bed = next((one for one in coming if one.is_lodging), None)
    return {
        "order": order,
        "dates": order_dates(coming),
        "lines": coming,
        "first": first,
        "bed_host": host_of(bed.provider) if bed else "",
        "ask_url": order_url(order, "booking:talk", bed.provider.slug) if bed else "",
        "trip_url": order_url(order),
    }


def _care_sheet_asked(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    lines = reader.sold_lines(order, now)
    line = next((one for one in lines if one.line.pk == message.data["line"]), None)
    if line is None or not line.is_sheet_open or line.is_sheet_filled:
        raise NoLongerNeeded
    return {
        "order": order,
        "line": line,
        "host": host_of(line.provider),
        "gone_on": line.ends_at + timedelta(days=settings.CARE_SHEET_DAYS),
        "is_again": message.data["is_again"],
        "sheet_url": order_url(order, "booking:care-sheet", str(line.line.pk)),
    }


def lines_of_day(provider_id: int, day: date) -> list[OrderLine]:
    """Return what begins at a house on a day, the first first.

    Raises NoLongerNeeded where nothing does any more.
    """
    rows = OrderLine.objects.filter(
        sub_order__provider=provider_id,
        state=states.SOLD,
        order__state=states.CONFIRMED,
        starts_at__gte=at_paris(day, time()),
        starts_at__lt=at_paris(day + ONE_DAY, time()),
    )
    found = list(
        rows.select_related("order", "offer", "slot", "sub_order__provider")
        .prefetch_related("participants")
        .order_by("starts_at", "pk")
    )
    if not found:
        raise NoLongerNeeded
    return found


def _day_ahead(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    day = date.fromisoformat(message.data["day"])
    provider = Provider.objects.get(pk=message.data["provider"])
    lines = lines_of_day(provider.pk, day)
    # What was put off until the day itself is over helps nobody.
    if now >= at_paris(day + ONE_DAY, time()):
        raise NoLongerNeeded
    labels = own_labels(lines)
    return {
        "host": host_of(provider),
        "day": day,
        "lines": [booked_line(one, first=None, now=now, labels=labels) for one in lines],
        "day_url": f"{settings.BASE_URL}{reverse('extranet-day')}?jour={day.isoformat()}",
    }


def _counter_sale(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    line = reader.sold_lines(order, now)[0]
    return {
        "order": order,
        "line": line,
        "host": host_of(line.provider),
        "trip_url": order_url(order),
    }


STAY_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "no_show": _no_show,
    "no_show_office": _no_show,
    "host_refund": _host_refund,
    "talk_guest": _talk,
    "talk_host": _talk,
    "counter_sale": _counter_sale,
    "stay_soon": _stay_soon,
    "care_sheet_asked": _care_sheet_asked,
    "day_ahead": _day_ahead,
}
