"""The outbox: messages are written in the transaction of what they tell, and sent later, once.

A task is sent by name after the commit; when the queue is away, beat drains what is left
(core.md 16). The same key never makes two messages.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Case, IntegerField, When
from django.utils import timezone

from booking import locks
from booking.gateways.sms import SmsRefused, get_sms_gateway
from booking.letters import NoLongerNeeded, Reader
from booking.models import Order, OutboxMessage
from booking.refusals import WrongState, trouble
from booking.task_queue import ask_for_task
from members.journal import Actor, record
from oti.lib.inserts import insert_or_find
from oti.lib.joins import read_rows

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
# About two hours: an SMS that comes later helps nobody.
MAX_ATTEMPTS_OF_SMS = 8
# A sender that died is replaced after this time.
LEASE = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=2)
# A mail server that hangs costs EMAIL_TIMEOUT for each message, and a task lives two minutes.
MOST_AT_ONCE = 8
TO_MANY = ("campaign",)
ORDERS_OF = "SELECT {columns} FROM booking_order it WHERE id = ANY(%s::bigint[])"
SENT = """
UPDATE booking_outboxmessage
SET state = 'sent', sent_at = %s, message_id = %s, last_error = '' WHERE id = %s
"""


def write_message(
    kind: str,
    *,
    key: str,
    recipient: str,
    language: str,
    order: Order | None = None,
    data: dict[str, Any] | None = None,
    channel: str = OutboxMessage.Channel.MAIL,
    is_commercial: bool = False,
    now: datetime,
) -> bool:
    """Write a message in the present transaction; a known key writes nothing.

    Sending is asked for after the commit. Returns whether the message is new. Who left no address
    is told nothing. A commercial one counts for `relations.frequency`.
    """
    if not recipient:
        return False
    message, is_new = OutboxMessage.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "channel": channel,
            "recipient": recipient,
            "language": language,
            "order": order,
            "data": data or {},
            "is_commercial": is_commercial,
            "next_attempt_at": now,
            "created_at": now,
        },
    )
    if is_new:
        pk = message.pk
        transaction.on_commit(lambda: ask_for_task("booking.tasks.send_message", pk))
    return is_new


@dataclass(frozen=True)
class Letter:
    """A message, mostly about an order, before it is written."""

    kind: str
    key: str
    recipient: str
    language: str
    data: dict[str, Any] = field(default_factory=dict)
    is_commercial: bool = False


def write_messages(
    letters: Sequence[Letter], *, order: Order | None, now: datetime
) -> list[OutboxMessage]:
    """Write messages in one statement, in the present transaction; a known key writes nothing.

    A key is given once. Sending is asked for after the commit, of all together, also of one that
    is known: it is sent once, whoever asks. Returns them in the order of `letters`.
    """
    rows = [
        OutboxMessage(
            key=one.key,
            kind=one.kind,
            recipient=one.recipient,
            language=one.language,
            order=order,
            data=one.data,
            is_commercial=one.is_commercial,
            next_attempt_at=now,
            created_at=now,
        )
        for one in letters
    ]
    insert_or_find(rows, by="key")
    for few in _some_at_once([row.pk for row in rows]):
        transaction.on_commit(partial(ask_for_task, "booking.tasks.send_messages", few))
    return rows


def send_message(message_id: int, *, now: datetime) -> bool:
    """Send one message if it is due; returns whether it was sent by this call."""
    return send_messages([message_id], now=now) == 1


def send_messages(message_ids: Sequence[int], *, now: datetime) -> int:
    """Send those of some messages that are due; returns how many were sent by this call.

    Each is taken under a lease just before it is composed, sent outside any transaction and marked
    at once, by itself. One that fails is tried again later, later each time; one that ends the
    whole task keeps no other, for none was taken with it.
    """
    from booking.emails import compose

    sent = 0
    orders: dict[int, Order] = {}
    # What several letters about one order tell is read once.
    reader = Reader()
    with _mail_line() as line:
        for message in _taken(message_ids, orders, now=now):
            try:
                if message.channel == OutboxMessage.Channel.SMS:
                    name = _text(message)
                else:
                    _echo(message, now=now)
                    mail = compose(message, reader)
                    _send(mail, message, line)
                    name = mail.extra_headers.get("Message-ID", "")
            except NoLongerNeeded:
                OutboxMessage.objects.filter(pk=message.pk).update(
                    state=OutboxMessage.State.DROPPED, last_error=""
                )
                continue
            except Exception as error:  # noqa: BLE001 - anything wrong with a mail is told and tried again
                _hang_up(line)
                _put_off(message, error, now=now)
                continue
            with connection.cursor() as cursor:
                cursor.execute(SENT, [now, name, message.pk])
            sent += 1
    return sent


def _put_off(message: OutboxMessage, error: Exception, *, now: datetime) -> None:
    logger.warning("message %s not sent: %s", message.pk, error)
    is_sms = message.channel == OutboxMessage.Channel.SMS
    most = MAX_ATTEMPTS_OF_SMS if is_sms else MAX_ATTEMPTS
    is_over = message.attempts >= most or isinstance(error, SmsRefused)
    delay = min(timedelta(seconds=30) * 2**message.attempts, LONGEST_DELAY)
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=OutboxMessage.State.FAILED if is_over else OutboxMessage.State.WAITING,
        next_attempt_at=now + delay,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )


def send_again(message: OutboxMessage, *, actor: Actor, now: datetime) -> None:
    """Put a message that was given up, or sent, back into the queue (the office asks for it).

    Raises WrongState `message_emptied` for one of long ago: nobody knows to whom it went.
    """
    pk = message.pk
    with locks.write_transaction():
        kept = OutboxMessage.objects.filter(pk=pk).exclude(recipient="")
        is_put = kept.update(
            state=OutboxMessage.State.WAITING, attempts=0, next_attempt_at=now, last_error=""
        )
        if not is_put:
            raise WrongState(trouble("message_emptied"))
        record("message sent again", f"message:{pk}", actor=actor, at=now, kind=message.kind)
        transaction.on_commit(lambda: ask_for_task("booking.tasks.send_message", pk))


def drain_outbox(*, now: datetime, limit: int = 200) -> int:
    """Send every message that is due; returns how many were sent.

    Letters to many come last: nobody's confirmation waits behind a campaign.
    """
    is_to_many = Case(When(kind__in=TO_MANY, then=1), default=0, output_field=IntegerField())
    due = (
        OutboxMessage.objects.filter(
            state__in=[OutboxMessage.State.WAITING, OutboxMessage.State.SENDING],
            next_attempt_at__lte=now,
        )
        .order_by(is_to_many, "next_attempt_at", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    return sum(send_messages(few, now=now) for few in _some_at_once(list(due)))


def _some_at_once(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return [ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE)]


def _taken(
    message_ids: Sequence[int], orders: dict[int, Order], *, now: datetime
) -> Iterator[OutboxMessage]:
    """Take one message after the other, those that are due; messages of one order share its row."""
    for pk in message_ids:
        for message in locks.claim_messages([pk], now=now, until=now + LEASE):
            number = message.order_id
            if number:
                if number not in orders:
                    rows = read_rows(ORDERS_OF, Order, [[number]])
                    orders |= {one.pk: one for one in rows}
                message.order = orders[number]
            yield message


@contextmanager
def _mail_line() -> Iterator[BaseEmailBackend]:
    """Give a line to the mail server that is opened by the first message and serves the others."""
    line = get_connection()
    try:
        yield line
    finally:
        _hang_up(line)


def _hang_up(line: BaseEmailBackend) -> None:
    # After a failure nobody knows what the line is good for; the next message opens another one.
    with suppress(OSError):
        line.close()


def _echo(message: OutboxMessage, *, now: datetime) -> None:
    """Write the SMS that goes beside a mail to a host who asked for it; again is the same."""
    from booking.texting import echo_of

    phone = echo_of(message)
    if not phone:
        return
    with locks.write_transaction():
        write_message(
            message.kind,
            key=f"sms:{message.key}",
            recipient=phone,
            language=message.language,
            order=message.order,
            data=message.data,
            channel=OutboxMessage.Channel.SMS,
            now=now,
        )


def _text(message: OutboxMessage) -> str:
    """Send a message as an SMS; returns what the service calls it."""
    from booking.texting import text_of

    gateway = get_sms_gateway()
    if gateway is None:
        msg = "nobody carries SMS"
        raise SmsRefused(msg)
    return gateway.send(message.recipient, text_of(message), key=f"outbox-{message.pk}")


def _send(mail: EmailMultiAlternatives, message: OutboxMessage, line: BaseEmailBackend) -> None:
    # The same message has the same name wherever it is sent from: mailboxes drop a double.
    mail.extra_headers["Message-ID"] = f"<outbox-{message.pk}@velay.example.org>"
    mail.extra_headers["Date"] = timezone.localtime(message.created_at).strftime(
        "%a, %d %b %Y %H:%M:%S %z"
    )
    # Opened here, it isn't closed by the first message that it carries.
    line.open()
    mail.connection = line
    mail.send()
