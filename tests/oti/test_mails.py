"""Mails as they leave: what a mailbox reads of them is what Django's own would have said."""

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import BadHeaderError
from hypothesis import given
from hypothesis import strategies as st

from oti.lib.mails import BYTES_OF_A_WORD, Mail, encoded

LONG = "<https://example.org/" + "x" * 120 + ">"
# Control characters are in no subject of ours: Django refuses some and strips others.
LINES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=200)


def sent(kind: type[EmailMultiAlternatives], subject: str) -> bytes:
    mail = kind(
        subject=subject,
        body="Bonjour à tous.\n" * 3,
        from_email='"Velay, terre de liens" <bonjour@example.org>',
        to=["Élise Martin <elise@example.org>"],
        reply_to=["office@example.org"],
        headers={"Message-ID": "<outbox-1@example.org>", "Date": "x", "List-Unsubscribe": LONG},
    )
    mail.attach_alternative("<p>Été</p>", "text/html")
    mail.attach("velay.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar")
    written: Message = mail.message()
    return written.as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", ["Your stay", "Votre séjour est réservé", "é" * 150])
def test_a_mail_reads_as_django_writes_it(subject: str):
    ours, theirs = read(sent(Mail, subject)), read(sent(EmailMultiAlternatives, subject))

    assert ours["Subject"] == subject
    for name in ("From", "To", "Reply-To", "Message-ID", "List-Unsubscribe", "MIME-Version"):
        assert str(ours[name]).strip() == str(theirs[name]).strip(), name
    parts = [
        [
            (one.get_content_type(), one.get_payload())
            for one in mail.walk()
            if not one.is_multipart()
        ]
        for mail in (ours, theirs)
    ]
    assert parts[0] == parts[1]


@given(LINES)
def test_a_subject_comes_back_as_it_was_written(subject: str):
    subject = " ".join(subject.split())

    written = encoded(subject)

    assert written.isascii()
    assert all(len(word) <= 75 for word in written.split()) or written == subject
    assert read(f"Subject: {written}\r\n\r\n".encode())["Subject"] == subject


def test_no_line_of_its_head_is_longer_than_servers_carry():
    head, _blank, _body = sent(Mail, "Réservé " * 40).partition(b"\r\n\r\n")

    lines = head.split(b"\r\n")
    assert max(len(line) for line in lines if LONG.encode() not in line) <= 78
    assert BYTES_OF_A_WORD * 4 // 3 + len("=?utf-8?b??=") <= 75


def test_a_subject_of_two_lines_is_refused():
    with pytest.raises(BadHeaderError):
        Mail(subject="été\nBcc: x@example.org", to=["a@example.org"]).message()


def test_its_subject_stays_as_it_was():
    mail = Mail(subject="Été", to=["a@example.org"])

    mail.message()

    assert mail.subject == "Été"
