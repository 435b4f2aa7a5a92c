"""A guest is asked once, two days after all of it, and only of what it came for."""

from datetime import time, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import locks
from booking.emails import compose
from booking.letters import NoLongerNeeded
from booking.messages import drain_outbox
from booking.models import Order, OrderLine, OutboxMessage, Survey
from booking.refusals import Busy
from booking.relations import consent
from booking.relations.surveys import answer_survey, lines_asked
from booking.relations.surveys_sent import LATEST, ask_guests
from booking.tasks import ask_after_stays
from members.journal import SYSTEM
from members.models import Entry, LetterAddress
from oti.lib.dates import at_paris
from tests.booking.relations.stays import ASKED, LAST_DAY, LATER, asked, past_stay, saying
from tests.cast import FakeBank, cancel_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return past_stay(bank)


def test_guest_is_asked_once_two_days_after_the_last_day(order: Order, at, settings):
    assert ask_guests(now=ASKED - timedelta(days=1)) == 0
    assert ask_guests(now=ASKED) == 1
    assert ask_guests(now=ASKED) == 0
    assert ask_guests(now=ASKED + timedelta(days=3)) == 0

    survey = Survey.objects.get()
    assert survey.expires_at - survey.asked_at == timedelta(days=settings.SURVEY_DAYS)
    assert survey.last_day == LAST_DAY
    assert survey.commune == order.lines.get(kind="lodging").offer.commune
    assert Entry.objects.filter(verb="survey sent").count() == 1
    at(ASKED)
    message = OutboxMessage.objects.get(kind="survey")
    assert message.recipient == order.email
    body = compose(message).body
    assert f"/en/trip/{order.reference}/survey/?cle={survey.access_token}" in body
    # The key of the order opens more: it isn't in this mail.
    assert order.access_token not in body


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_it_is_asked_in_the_language_of_the_guest(order: Order, at, language: str):
    Order.objects.update(language=language)
    at(ASKED)
    asked(order)
    drain_outbox(now=ASKED)
    [sent] = mail.outbox
    assert f"/{language}/" in sent.body


def test_who_said_no_to_it_is_not_asked_and_stands_before_nobody(order: Order):
    known = consent.address_of(order.email, language="en", now=ASKED)
    consent.stop(known, "survey", proof=consent.Proof("one_click", "x"), now=ASKED)

    with CaptureQueriesContext(connection) as ran:
        assert ask_guests(now=ASKED) == 0
    assert len(ran) == 1

    consent.choose(known, {"survey": True}, proof=consent.Proof("choices", "x"), now=LATER)
    assert ask_guests(now=LATER) == 1


def test_its_mail_has_a_button_that_stops_them(order: Order, at, client: Client):
    at(ASKED)
    asked(order)
    sent = compose(OutboxMessage.objects.get(kind="survey"))

    url = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in sent.body
    assert client.post(url[url.index("/", 8) :]).status_code == 200
    assert not consent.may_write(order.email, "survey", now=ASKED)
    with pytest.raises(NoLongerNeeded):
        compose(OutboxMessage.objects.get(kind="survey"))


@pytest.mark.parametrize("hour", [time(8, 59), time(20), time(2)])
def test_nobody_is_woken_up(order: Order, hour: time):
    assert ask_guests(now=at_paris(ASKED.date(), hour)) == 0


def test_a_no_that_is_said_meanwhile_is_seen_under_the_lock(order: Order, monkeypatch):
    lock = locks.lock_order
    address = consent.address_of(order.email, language="en", now=ASKED)

    def rival(pk: int) -> Order:
        address.choices.create(purpose="survey", is_yes=False, source="choices", at=ASKED)
        return lock(pk)

    monkeypatch.setattr(locks, "lock_order", rival)
    assert ask_guests(now=ASKED) == 0
    assert not Survey.objects.exists()


def test_who_is_erased_meanwhile_is_asked_nothing(order: Order, monkeypatch):
    lock = locks.lock_order

    def rival(pk: int) -> Order:
        Order.objects.filter(pk=pk).update(email="")
        return lock(pk)

    monkeypatch.setattr(locks, "lock_order", rival)
    assert ask_guests(now=ASKED) == 0
    assert not Survey.objects.exists()
    assert not LetterAddress.objects.exists()


def test_one_order_that_is_busy_does_not_hide_the_others(bank: FakeBank, monkeypatch):
    first, second = past_stay(bank), past_stay(bank)
    lock = locks.lock_order

    def busy(pk: int) -> Order:
        if pk == first.pk:
            raise Busy
        return lock(pk)

    monkeypatch.setattr(locks, "lock_order", busy)
    assert ask_guests(now=ASKED) == 1
    assert Survey.objects.get().order == second


def test_who_did_not_come_is_not_asked(order: Order):
    OrderLine.objects.update(state="no_show", no_show_at=ASKED)
    assert ask_guests(now=ASKED) == 0


def test_who_cancelled_all_or_left_no_address_is_not_asked(order: Order):
    Order.objects.update(email="")
    assert ask_guests(now=ASKED) == 0
    Order.objects.update(email=order.email)
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=ASKED)
    assert ask_guests(now=ASKED) == 0


def test_what_is_still_to_come_is_waited_for(order: Order):
    lace = order.lines.get(kind="workshop")
    OrderLine.objects.filter(pk=lace.pk).update(
        starts_at=ASKED + timedelta(days=3), ends_at=ASKED + timedelta(days=3, hours=2)
    )
    assert ask_guests(now=ASKED) == 0
    assert ask_guests(now=ASKED + timedelta(days=5)) == 1


def test_another_season_is_not_asked_of(order: Order):
    assert ask_guests(now=ASKED + LATEST + timedelta(days=1)) == 0


def test_only_what_they_came_for_is_asked(order: Order):
    gone = order.lines.get(kind="meal")
    OrderLine.objects.filter(pk=gone.pk).update(state="no_show", no_show_at=ASKED)
    kinds = [one.kind for one in lines_asked(asked(order), now=ASKED)]
    assert kinds == ["lodging", "workshop", "event_ticket"]


def test_one_who_answered_meanwhile_gets_no_mail(order: Order, at):
    survey = asked(order)
    answer_survey(survey, saying(order), now=LATER)
    at(LATER)
    with pytest.raises(NoLongerNeeded):
        compose(OutboxMessage.objects.get(kind="survey"))


def test_the_clock_asks(order: Order, at):
    at(ASKED)
    ask_after_stays()
    assert Survey.objects.count() == 1
