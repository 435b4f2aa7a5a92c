"""Reminders: to guests three days before, to hosts the evening before; each once.

The key of each message makes it impossible to write twice, whoever asks and however often. What
has become untrue by the time it is sent is dropped (`letters.NoLongerNeeded`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from booking import locks
from booking.messages import write_message
from booking.models import OrderLine, OutboxMessage
from booking.rules import states
from booking.texting import is_mailed, phone_of
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris, paris
from oti.lib.dates import today as day_of

DAYS_BEFORE = timedelta(days=3)
# Nobody is woken up, and a host still has its evening.
GUESTS_FROM, GUESTS_UNTIL = time(9), time(20)
HOSTS_FROM, HOSTS_UNTIL = time(17), time(21)
SOON, DAY_AHEAD = "stay_soon", "day_ahead"


def remind_guests(*, now: datetime, limit: int = 200) -> int:
    """Write to the guests whose stay begins within three days; returns how many.

    Whoever booked later than that has just had its confirmation, and isn't reminded.
    """
    if not GUESTS_FROM <= paris(now).time() < GUESTS_UNTIL:
        return 0
    written = 0
    for order_id, first in list(_soon(now)[:limit]):
        moment = at_paris(paris(first).date() - DAYS_BEFORE, GUESTS_FROM)
        with locks.write_transaction():
            order = locks.lock_order(order_id)
            if order.state != states.CONFIRMED or order.confirmed_at is None:
                continue
            if not order.email or order.confirmed_at > moment:
                continue
            written += write_message(
                SOON,
                key=f"order:{order.reference}:soon",
                recipient=order.email,
                language=order.language,
                order=order,
                now=now,
            )
    return written


def remind_hosts(*, now: datetime) -> int:
    """Write to the hosts to whom somebody comes tomorrow, as they chose; returns how many."""
    if not HOSTS_FROM <= paris(now).time() < HOSTS_UNTIL:
        return 0
    day = day_of(now) + ONE_DAY
    return sum(_tell_day(provider, day, now=now) for provider in _hosts_of(day))


def _soon(now: datetime) -> QuerySet[OrderLine, tuple[int, datetime]]:
    """Return (order, its first beginning) of stays that begin soon and aren't reminded of yet.

    Only those booked before the moment of their reminder.
    """
    last = at_paris(day_of(now) + DAYS_BEFORE + ONE_DAY, time())
    lines = OrderLine.objects.filter(order=OuterRef("order"), state__in=states.TAKES_PLACE)
    told = OutboxMessage.objects.filter(order=OuterRef("order"), kind=SOON)
    coming = OrderLine.objects.filter(
        state=states.SOLD, starts_at__gt=now, starts_at__lt=last, order__state=states.CONFIRMED
    ).exclude(order__email="")
    # Who is here already needs no reminder of the next day.
    coming = coming.filter(~Exists(lines.filter(starts_at__lte=now)), ~Exists(told))
    firsts = coming.values("order_id", "order__confirmed_at").annotate(first=Min("starts_at"))
    # Here, not once they are read: those who are never reminded would be read first each time.
    early = Q()
    for ahead in range(DAYS_BEFORE.days + 1):
        day = day_of(now) + timedelta(days=ahead)
        start, end = at_paris(day, time()), at_paris(day + ONE_DAY, time())
        moment = at_paris(day - DAYS_BEFORE, GUESTS_FROM)
        early |= Q(first__gte=start, first__lt=end, order__confirmed_at__lte=moment)
    found = firsts.filter(early).order_by("first", "order_id")
    return found.values_list("order_id", "first")


def _hosts_of(day: date) -> Iterable[Provider]:
    start, end = at_paris(day, time()), at_paris(day + ONE_DAY, time())
    lines = OrderLine.objects.filter(
        state=states.SOLD, starts_at__gte=start, starts_at__lt=end, order__state=states.CONFIRMED
    )
    own = Provider.objects.filter(pk__in=lines.values("sub_order__provider"))
    told = set(
        OutboxMessage.objects.filter(key__startswith=f"{DAY_AHEAD}:{day}:").values_list(
            "key", flat=True
        )
    )
    return [one for one in own.order_by("pk") if not _keys(one, day) & told]


def _keys(provider: Provider, day: date) -> set[str]:
    return {f"{DAY_AHEAD}:{day}:{provider.pk}:{way}" for way in OutboxMessage.Channel.values}


def _tell_day(provider: Provider, day: date, *, now: datetime) -> bool:
    phone, is_new = phone_of(provider), False
    mail, sms = OutboxMessage.Channel.MAIL, OutboxMessage.Channel.SMS
    ways = {mail: provider.email} if is_mailed(provider) or not phone else {}
    ways |= {sms: phone} if phone else {}
    with locks.write_transaction():
        for way, recipient in ways.items():
            is_new |= write_message(
                DAY_AHEAD,
                key=f"{DAY_AHEAD}:{day}:{provider.pk}:{way}",
                recipient=recipient,
                language=provider.language,
                channel=way,
                data={"provider": provider.pk, "day": day.isoformat()},
                now=now,
            )
    return is_new
