"""What the carrier of mails says: signed, kept once, and what it means for letters (L03)."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse

from booking.messages import drain_outbox
from booking.models import CampaignMail, MailEvent, OutboxMessage
from booking.relations import campaigns, consent
from booking.relations.campaign_results import results_of
from booking.relations.campaign_runs import run_campaigns
from booking.relations.standings import reasons_of
from members.models import LetterAddress, LetterChoice
from tests import factories
from tests.booking.relations.knowing import a_guest, says
from tests.cast import NOW

pytestmark = pytest.mark.django_db
ANNA = "anna@example.org"
KEY = "key-of-the-carrier"


@pytest.fixture(autouse=True)
def _in_spring(at, settings):
    at(NOW)
    settings.MAIL_WEBHOOK_KEY = KEY


def told(kind: str = "failed", *, event_id: str = "e1", key: str = KEY, **fields) -> dict:
    # Mailgun's number of a word is its token.
    moment, word = str(int(NOW.timestamp())), event_id and event_id.ljust(50, "w")
    signature = hmac.new(key.encode(), f"{moment}{word}".encode(), sha256).hexdigest()
    return {
        "signature": {"timestamp": moment, "token": word, "signature": signature},
        "event-data": {
            "id": event_id,
            "timestamp": NOW.timestamp(),
            "event": kind,
            "severity": "permanent",
            "recipient": ANNA,
            "delivery-status": {"message": "550 no such user"},
            **fields,
        },
    }


def say(client: Client, news: object) -> int:
    data = news if isinstance(news, str | bytes) else json.dumps(news)
    page = reverse("webhook-mail")
    return client.post(page, data, content_type="application/json").status_code


def a_sent_mail(mailoutbox) -> CampaignMail:
    a_guest(ANNA)
    campaign = factories.a_campaign(now=NOW, state="scheduled", scheduled_at=NOW)
    run_campaigns(now=NOW)
    drain_outbox(now=NOW)
    return CampaignMail.objects.get(campaign=campaign)


def named(mail) -> dict:
    return {"message": {"headers": {"message-id": mail.extra_headers["Message-ID"].strip("<>")}}}


def test_a_dead_mailbox_gets_no_letter_any_more(client: Client, mailoutbox):
    mail = a_sent_mail(mailoutbox)
    news = told(**named(mailoutbox[0]), recipient="Anna@Example.org")
    for _retry in range(3):
        assert say(client, news) == 200
    address = LetterAddress.objects.get()
    assert (address.bounced_at, address.bounced_why) == (NOW, "550 no such user")
    mail.refresh_from_db()
    assert mail.bounced_at == NOW
    assert results_of(mail.campaign).bounced == 1
    assert reasons_of([ANNA], "offers", now=NOW) == {ANNA: "bounced"}
    assert MailEvent.objects.count() == 1
    # Who answers a mail reads it.
    consent.ask_for_letter(ANNA, rhythm="month", language="fr", now=NOW)
    key = OutboxMessage.objects.get(kind="letter_confirm").data["key"]
    consent.confirm_letter(key, network="", now=NOW)
    assert reasons_of([ANNA], "news", now=NOW) == {ANNA: ""}


def test_a_complaint_is_a_no_to_all_letters_and_a_replay_changes_nothing(
    client: Client, mailoutbox
):
    mail = a_sent_mail(mailoutbox)
    says(ANNA, ("news", True, NOW))
    news = told("complained", **named(mailoutbox[0]))
    assert say(client, news) == 200
    assert reasons_of([ANNA], "offers", now=NOW) == {ANNA: "said_no"}
    assert reasons_of([ANNA], "news", now=NOW) == {ANNA: "said_no"}
    words = LetterChoice.objects.filter(is_yes=False)
    assert set(words.values_list("source", "purpose")) == {
        ("complaint", "news"),
        ("complaint", "offers"),
    }
    mail.refresh_from_db()
    assert mail.complained_at == NOW
    LetterChoice.objects.all().delete()
    assert say(client, news) == 200
    assert not LetterChoice.objects.exists()


def test_what_passes_or_is_no_news_changes_nothing(client: Client):
    for news in (
        told(severity="temporary"),
        told("delivered"),
        told("opened"),
    ):
        assert say(client, news) == 200
    assert not LetterAddress.objects.exists()
    assert not MailEvent.objects.exists()


def test_mails_of_nobody_known_are_kept_too(client: Client):
    assert say(client, told(recipient="else@example.org", message={})) == 200
    assert LetterAddress.objects.get().bounced_at == NOW


@pytest.mark.parametrize(
    "news",
    [
        "",
        "x",
        "[]",
        "null",
        "{}",
        b"\xff\xfe",
        {"signature": {}},
        {"signature": "x", "event-data": {}},
        told(key="another"),
        {**told(), "event-data": None},
        {**told(), "event-data": {"id": "1"}},
        {**told(), "signature": {"timestamp": "soon", "token": "w", "signature": "x"}},
        {**told(), "signature": {"timestamp": "1", "token": "w", "signature": "é"}},
    ],
)
def test_nobody_else_is_believed(client: Client, news):
    assert say(client, news) == 400
    assert not LetterAddress.objects.exists()


def test_another_carrier_speaks_its_own_words_and_shows_its_password(client: Client, settings):
    settings.MAIL_CARRIER, settings.MAIL_WEBHOOK_KEY = "postmark", "velay:a-word"
    news = {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Email": ANNA,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "BouncedAt": NOW.isoformat(),
        "Details": "550 no such user",
    }
    page, data = reverse("webhook-mail"), json.dumps(news)
    for given, status in (("velay:another", 400), ("", 400), ("velay:a-word", 200)):
        known = {"Authorization": f"Basic {b64encode(given.encode()).decode()}"} if given else {}
        answer = client.post(page, data, content_type="application/json", headers=known)
        assert answer.status_code == status, given
    assert LetterAddress.objects.get(email=ANNA).bounced_at == NOW
    settings.MAIL_CARRIER = "pigeons"
    assert (
        client.post(page, data, content_type="application/json", headers=known).status_code == 400
    )


def test_without_a_key_and_long_after_nobody_is_believed(client: Client, settings, at):
    settings.MAIL_WEBHOOK_KEY = ""
    assert say(client, told(key="")) == 400
    settings.MAIL_WEBHOOK_KEY = KEY
    at(NOW.replace(year=NOW.year + 1))
    assert say(client, told()) == 400
    assert client.get(reverse("webhook-mail")).status_code == 405
    assert say(client, "x" * 300_000) == 413
    assert not campaigns.Campaign.objects.exists()
