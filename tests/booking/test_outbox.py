"""The outbox: written with what it tells, sent once, tried again when mail is away."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend as LocMemBackend
from django.db import transaction

from booking import messages
from booking.models import OutboxMessage
from members.journal import SYSTEM
from oti.celery import app
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_mail(monkeypatch):
    monkeypatch.setattr(
        "booking.emails.compose",
        lambda message, reader: EmailMultiAlternatives("Sujet", "Texte", to=[message.recipient]),
    )


def write(key: str = "order:ABC:confirmed") -> None:
    messages.write_message(
        "order_confirmed", key=key, recipient="claire@example.org", language="fr", now=NOW
    )


def test_same_key_is_written_once():
    write()
    write()

    assert OutboxMessage.objects.count() == 1


def test_message_is_sent_once(django_capture_on_commit_callbacks):
    write()
    message = OutboxMessage.objects.get()

    assert messages.send_message(message.pk, now=NOW)
    assert not messages.send_message(message.pk, now=NOW + timedelta(minutes=1))
    assert messages.drain_outbox(now=NOW + timedelta(hours=1)) == 0

    message.refresh_from_db()
    assert (len(mail.outbox), message.state) == (1, "sent")
    assert mail.outbox[0].extra_headers["Message-ID"] == message.message_id


def test_queue_that_is_away_delays_a_mail_and_loses_nothing(
    monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*args: object, **kwargs: object) -> None:
        message = "no broker"
        raise OSError(message)

    monkeypatch.setattr(app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        write()

    assert OutboxMessage.objects.get().state == "waiting"
    assert messages.drain_outbox(now=NOW + timedelta(seconds=30)) == 1
    assert len(mail.outbox) == 1


def test_task_is_asked_for_by_name_after_the_commit(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked: list[tuple[str, tuple[int, ...], bool]] = []
    monkeypatch.setattr(
        app, "send_task", lambda name, args, retry: asked.append((name, args, retry))
    )
    with django_capture_on_commit_callbacks(execute=True):
        write()
        assert asked == []

    message = OutboxMessage.objects.get()
    assert asked == [("booking.tasks.send_message", (message.pk,), False)]
    app.loader.import_default_modules()
    assert "booking.tasks.send_message" in app.tasks


def test_message_of_a_transaction_that_fails_does_not_exist():
    def write_then_fail() -> None:
        with transaction.atomic():
            write()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        write_then_fail()

    assert not OutboxMessage.objects.exists()


def test_mail_server_that_is_down_is_tried_later_and_later(monkeypatch):
    write()
    message = OutboxMessage.objects.get()

    def fail(self: object, fail_silently: bool = False) -> int:
        text = "connection refused"
        raise ConnectionRefusedError(text)

    with monkeypatch.context() as patch:
        patch.setattr(EmailMultiAlternatives, "send", fail)
        assert not messages.send_message(message.pk, now=NOW)
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("waiting", 1)
        assert message.next_attempt_at > NOW
        assert "connection refused" in message.last_error
        assert messages.drain_outbox(now=NOW) == 0

    assert messages.drain_outbox(now=message.next_attempt_at) == 1
    assert len(mail.outbox) == 1


def test_sender_that_died_is_replaced_after_its_lease():
    write()
    message = OutboxMessage.objects.get()
    OutboxMessage.objects.update(state="sending", attempts=1, next_attempt_at=NOW + messages.LEASE)

    assert messages.drain_outbox(now=NOW) == 0
    assert messages.drain_outbox(now=NOW + messages.LEASE) == 1
    message.refresh_from_db()
    assert message.state == "sent"


def test_message_is_given_up_in_the_end_and_the_office_sends_it_again(monkeypatch):
    write()
    OutboxMessage.objects.update(attempts=messages.MAX_ATTEMPTS - 1)
    message = OutboxMessage.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(EmailMultiAlternatives, "send", lambda *args, **kwargs: 1 / 0)
        messages.send_message(message.pk, now=NOW)
    message.refresh_from_db()
    assert message.state == "failed"

    messages.send_again(message, actor=SYSTEM, now=NOW)

    assert messages.drain_outbox(now=NOW) == 1


def test_messages_of_an_order_are_asked_for_together_and_share_one_line(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked: list[list[int]] = []
    monkeypatch.setattr(app, "send_task", lambda name, args, retry: asked.append([name, *args]))
    opened: list[int] = []
    monkeypatch.setattr(LocMemBackend, "open", lambda line: opened.append(id(line)), raising=False)
    letters = [
        messages.Letter("order_confirmed", f"key:{number}", f"{number}@example.org", "fr")
        for number in range(messages.MOST_AT_ONCE + 1)
    ]
    with django_capture_on_commit_callbacks(execute=True):
        messages.write_messages(letters, order=None, now=NOW)

    pks = list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True))
    assert asked == [
        ["booking.tasks.send_messages", pks[: messages.MOST_AT_ONCE]],
        ["booking.tasks.send_messages", pks[messages.MOST_AT_ONCE :]],
    ]
    app.loader.import_default_modules()
    assert "booking.tasks.send_messages" in app.tasks
    assert messages.send_messages(asked[0][1], now=NOW) == messages.MOST_AT_ONCE
    assert len(set(opened)) == 1
    assert messages.send_messages(pks, now=NOW) == 1


def test_message_that_fails_stops_no_other(monkeypatch):
    for number in range(3):
        write(f"key:{number}")
    first, second, third = OutboxMessage.objects.order_by("pk")
    closed: list[int] = []
    monkeypatch.setattr(LocMemBackend, "close", lambda line: closed.append(id(line)), raising=False)

    def compose(message: OutboxMessage, reader: object) -> EmailMultiAlternatives:
        if message == second:
            text = "no such row"
            raise LookupError(text)
        return EmailMultiAlternatives("Sujet", "Texte", to=[message.recipient])

    monkeypatch.setattr("booking.emails.compose", compose)

    assert messages.send_messages([first.pk, second.pk, third.pk], now=NOW) == 2

    told = OutboxMessage.objects.order_by("pk").values_list("state", "attempts", "last_error")
    assert list(told) == [
        ("sent", 1, ""),
        ("waiting", 1, "LookupError: no such row"),
        ("sent", 1, ""),
    ]
    # The line that carried the failure isn't used again.
    assert len(closed) == 2
