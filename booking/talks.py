"""What a guest and a host write to each other: kept here, told by mail, answered on a page.

Neither learns the other's address: mails go out from the office's, and lead to the page. What is
written stays plain text. The office reads along at the order's page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from booking import locks
from booking.messages import write_message
from booking.models import Order, Talk, TalkMessage
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from booking.rules import states
from booking.rules.talks import LONGEST, plain_text
from members.journal import VISITOR, Actor, record
from members.models import Provider

# How long after the last service of the order somebody may still write.
AFTERWARDS = timedelta(days=30)
MOST_AN_HOUR = 10
AN_HOUR = timedelta(hours=1)
HOST, GUEST = TalkMessage.Author.HOST, TalkMessage.Author.GUEST
BOUGHT = {states.CONFIRMED, states.CANCELLED}


def open_until(order: Order) -> datetime | None:
    """Return until when guest and hosts may write to each other; None if never."""
    last: datetime | None = order.lines.aggregate(last=Max("ends_at"))["last"]
    return last + AFTERWARDS if last and order.state in BOUGHT else None


def may_write(order: Order, *, now: datetime) -> bool:
    """Tell whether guest and hosts may write to each other at `now`: there is somebody to tell."""
    until = open_until(order)
    return bool(order.email) and until is not None and now <= until


def messages_of(order: Order, provider: Provider) -> list[TalkMessage]:
    """Return what was written between an order's guest and a provider, the first first."""
    rows = TalkMessage.objects.filter(talk__order=order, talk__provider=provider)
    return list(rows.order_by("at", "pk"))


def talks_of(order: Order) -> Sequence[Talk]:
    """Return the threads of an order with their messages and providers, the last one first."""
    return list(order.talks.select_related("provider").prefetch_related("messages"))


def write_to_guest(
    order: Order, provider: Provider, text: str, *, actor: Actor, now: datetime
) -> TalkMessage:
    """Write to the guest of an order in the name of one of its hosts. Locks the order.

    Raises BadInput `message_empty`, `message_too_long`; WrongState `talk_closed`; NotAllowed
    `too_many_messages` past ten an hour; Busy.
    """
    return _write(order, provider, HOST, text, actor=actor, now=now)


def write_to_host(order: Order, provider: Provider, text: str, *, now: datetime) -> TalkMessage:
    """Write to one of the hosts of an order as its guest. Locks and raises as `write_to_guest`."""
    return _write(order, provider, GUEST, text, actor=VISITOR, now=now)


def read_by_host(order: Order, provider: Provider) -> None:
    """Note that the house has seen what the guest wrote."""
    _talk(order, provider).filter(is_new_to_host=True).update(is_new_to_host=False)


def read_by_guest(order: Order, provider: Provider) -> None:
    """Note that the guest has seen what the house wrote."""
    _talk(order, provider).filter(is_new_to_guest=True).update(is_new_to_guest=False)


def _talk(order: Order, provider: Provider) -> QuerySet[Talk]:
    return Talk.objects.filter(order=order, provider=provider)


def _write(
    head: Order, provider: Provider, author: str, text: str, *, actor: Actor, now: datetime
) -> TalkMessage:
    words = plain_text(text)
    if not words:
        raise BadInput(trouble("message_empty", field="text"))
    if len(words) > LONGEST:
        raise BadInput(trouble("message_too_long", field="text", most=LONGEST))
    with locks.write_transaction():
        order = locks.lock_order(head.pk)
        if not may_write(order, now=now):
            raise WrongState(trouble("talk_closed"))
        _check_rate(order, provider, author, now=now)
        is_guest = author == GUEST
        talk, _is_new = Talk.objects.update_or_create(
            order=order,
            provider=provider,
            defaults={
                "last_at": now,
                ("is_new_to_host" if is_guest else "is_new_to_guest"): True,
                ("is_new_to_guest" if is_guest else "is_new_to_host"): False,
            },
        )
        message = TalkMessage.objects.create(
            talk=talk, author=author, user_id=actor.user_id, text=words, at=now
        )
        # The words stand in their row: the journal says that there were some.
        record(
            f"message by the {author}",
            f"order:{order.reference}",
            actor=actor,
            at=now,
            provider=provider.name,
            message=message.pk,
        )
        write_message(
            "talk_host" if is_guest else "talk_guest",
            key=f"talk:{message.pk}",
            recipient=provider.email if is_guest else order.email,
            language=provider.language if is_guest else order.language,
            order=order,
            data={"message": message.pk},
            now=now,
        )
    return message


def _check_rate(order: Order, provider: Provider, author: str, *, now: datetime) -> None:
    written = TalkMessage.objects.filter(
        talk__order=order, talk__provider=provider, author=author, at__gt=now - AN_HOUR
    )
    if written.count() >= MOST_AN_HOUR:
        raise NotAllowed(trouble("too_many_messages"))
