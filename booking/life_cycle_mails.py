"""The letters around a stay: getting ready, is all well, a memory, the other season.

Each is read from the rows as they are when it is sent; what has become untrue, or was said no to
meanwhile, is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from booking import showing
from booking.letters import Content, NoLongerNeeded, Reader, order_of, order_url, said_no, stop_url
from booking.models import OutboxMessage
from booking.rules import life_cycle as rules
from booking.rules import states
from booking.sold_lines import SoldLine, order_dates
from booking.stay_letters import host_of
from members.rules.consent import OFFERS
from oti.lib.dates import paris
from oti.lib.dates import today as day_of


def _alive(message: OutboxMessage, reader: Reader, now: datetime) -> list[SoldLine]:
    """Return what takes place of an order; raises NoLongerNeeded where nothing does."""
    order = order_of(message)
    lines = [one for one in reader.sold_lines(order, now) if one.is_alive]
    is_missed = any(one.line.state == states.NO_SHOW for one in lines)
    if order.state != states.CONFIRMED or not lines or is_missed:
        raise NoLongerNeeded
    return lines


def _prepare(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order, lines = order_of(message), _alive(message, reader, now)
    first = min(lines, key=lambda one: one.starts_at)
    if first.starts_at <= now:
        raise NoLongerNeeded
    bed = next((one for one in lines if one.is_lodging), None)
    return {
        "order": order,
        "dates": order_dates(lines),
        "lines": lines,
        "is_winter": not rules.saw_summer(paris(first.starts_at).date()),
        "bed_host": host_of(bed.provider) if bed else "",
        "ask_url": order_url(order, "booking:talk", bed.provider.slug) if bed else "",
        "trip_url": order_url(order),
    }


def _during(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order, lines = order_of(message), _alive(message, reader, now)
    beds = [one for one in lines if one.is_lodging and one.starts_at <= now < one.ends_at]
    if not beds or paris(beds[-1].ends_at).date() <= day_of(now):
        raise NoLongerNeeded
    bed = beds[0]
    return {
        "order": order,
        "bed": bed,
        "bed_host": host_of(bed.provider),
        "ask_url": order_url(order, "booking:talk", bed.provider.slug),
        "trip_url": order_url(order),
    }


def _anniversary(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    lines = _alive(message, reader, now)
    bed = next((one for one in lines if one.is_lodging and one.offer.state == "published"), None)
    path = showing.offer_url(bed.offer) if bed else reverse("booking:stays")
    return {
        **_commercial(message, lines, now),
        "lines": lines,
        "bed_host": host_of(bed.provider) if bed else "",
        "again_url": settings.BASE_URL + path,
    }


def _next_season(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    lines = _alive(message, reader, now)
    last_day = max(paris(one.ends_at).date() for one in lines)
    return {
        **_commercial(message, lines, now),
        "is_snow": rules.saw_summer(last_day),
        "stays_url": settings.BASE_URL + reverse("booking:ready-stays"),
    }


def _commercial(message: OutboxMessage, lines: list[SoldLine], now: datetime) -> Content:
    """Return what every letter with something for sale holds: how to stop it, first of all.

    Raises NoLongerNeeded for an address that said no since it was written, or can't be stopped.
    """
    order = order_of(message)
    if message.pk is None:
        # Looked at by the office, sent to nobody.
        url = settings.BASE_URL + reverse("booking:letter")
        return {"order": order, "dates": order_dates(lines), "stop_url": url}
    url = stop_url(order.email, OFFERS)
    if not url or said_no(order.email, OFFERS, now=now):
        raise NoLongerNeeded
    return {"order": order, "dates": order_dates(lines), "stop_url": url}


LIFE_CYCLE_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    f"life_{rules.PREPARE.name}": _prepare,
    f"life_{rules.DURING.name}": _during,
    f"life_{rules.ANNIVERSARY.name}": _anniversary,
    f"life_{rules.NEXT_SEASON.name}": _next_season,
}
