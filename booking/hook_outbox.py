"""What hosts' own programs are to be told: written in the transaction of what happens, sent after.

The outbox of webhooks, like that of mails. It holds references and numbers only: a program asks
the API for more, with a key of its own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from booking.models import Offer, Order, OrderLine, Unit, Webhook
from booking.rules import states, webhooks
from booking.task_queue import ask_for_task

# Topics are compared whole. A house without an address costs this one statement.
TELL = """
INSERT INTO booking_hookdelivery (
    webhook_id, event, topic, data, state, attempts, next_attempt_at, happened_at, last_problem
)
SELECT hook.id, told.event, told.topic, told.data::jsonb, 'waiting', 0, %(now)s, %(now)s, ''
FROM unnest(
    %(houses)s::bigint[], %(events)s::uuid[], %(topics)s::text[], %(data)s::text[]
) AS told(house, event, topic, data)
JOIN booking_webhook hook
    ON hook.provider_id = told.house AND hook.pause = '' AND told.topic = ANY(hook.topics)
ORDER BY hook.id
RETURNING id
"""


@dataclass(frozen=True)
class News:
    """One thing that happened to one house; `data` holds references and numbers."""

    provider_id: int
    topic: str
    data: dict[str, Any]


def tell(news: Sequence[News], *, now: datetime) -> None:
    """Write what is to be told, in the present transaction; it is sent after the commit."""
    if not news:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            TELL,
            {
                "now": now,
                "houses": [one.provider_id for one in news],
                "events": [str(uuid4()) for _one in news],
                "topics": [one.topic for one in news],
                "data": [json.dumps(one.data) for one in news],
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        transaction.on_commit(partial(ask_for_task, "booking.tasks.send_hooks", ids))


def tell_sold(order: Order, lines: Iterable[OrderLine], *, now: datetime) -> None:
    """Tell each house of its own lines of an order that was paid; `sub_order` is loaded.

    When they changed is when the order was confirmed: nothing else is written.
    """
    own = _by_house(lines)
    tell(
        [
            News(
                house,
                webhooks.BOOKING_CONFIRMED,
                {"reference": order.reference, "lines": [one.pk for one in of_house]},
            )
            for house, of_house in sorted(own.items())
        ],
        now=now,
    )


def tell_changed(order: Order, lines: Iterable[OrderLine], *, now: datetime) -> None:
    """Tell each house of its own lines that changed, and of an order that it lost whole.

    Their new state is written already; `sub_order` is loaded.
    """
    own = _by_house(lines)
    _stamp(own, now=now)
    left = set(
        OrderLine.objects.filter(order=order, state__in=states.TAKES_PLACE)
        .filter(sub_order__provider__in=own)
        .values_list("sub_order__provider_id", flat=True)
    )
    news = []
    for house, of_house in sorted(own.items()):
        for one in of_house:
            data = {"reference": order.reference, "line": one.pk, "state": one.state}
            news.append(News(house, webhooks.LINE_CHANGED, data))
        if house not in left and any(one.state == states.CANCELLED for one in of_house):
            data = {"reference": order.reference, "lines": [one.pk for one in of_house]}
            news.append(News(house, webhooks.BOOKING_CANCELLED, data))
    tell(news, now=now)


def tell_nights(
    unit_ids: Collection[int], first: date | None, after: date | None, *, now: datetime
) -> None:
    """Tell houses that nights `[first, after)` of their units were closed, opened or priced.

    None where any night may have changed: an offer was edited.
    """
    own: dict[int, list[int]] = defaultdict(list)
    # Nights change often, and few houses have a program that listens.
    listening = Webhook.objects.filter(pause="", topics__contains=[webhooks.CALENDAR_CHANGED])
    units = Unit.objects.filter(
        pk__in=unit_ids, offer__provider__in=listening.values("provider_id")
    )
    for pk, house in units.order_by("pk").values_list("pk", "offer__provider_id"):
        own[house].append(pk)
    dates = {
        "first_night": first.isoformat() if first else None,
        "ends_on": after.isoformat() if after else None,
    }
    tell(
        [
            News(house, webhooks.CALENDAR_CHANGED, {"units": units_of_it, **dates})
            for house, units_of_it in sorted(own.items())
        ],
        now=now,
    )


def tell_slots(offer: Offer, slot_id: int | None, *, now: datetime) -> None:
    """Tell a house that a date of an offer changed, None where several came: ask for the list."""
    data = {"offer": offer.slug, "slot": slot_id}
    tell([News(offer.provider_id, webhooks.SLOT_CHANGED, data)], now=now)


def _by_house(lines: Iterable[OrderLine]) -> dict[int, list[OrderLine]]:
    own: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        own[line.sub_order.provider_id].append(line)
    return own


def _stamp(own: dict[int, list[OrderLine]], *, now: datetime) -> None:
    """Write when these lines changed: a program asks for what changed since a moment.

    A line that has it already isn't written twice: at a second write of one row PostgreSQL looks at
    its slot and its unit again, which are locked before an order, never after.
    """
    ids = [line.pk for lines in own.values() for line in lines if line.changed_at != now]
    if ids:
        OrderLine.objects.filter(pk__in=ids).update(changed_at=now)
