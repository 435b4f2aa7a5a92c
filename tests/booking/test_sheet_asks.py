"""The mail that asks parents for the care sheet: once, once more, never for nothing (N05)."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail
from django.test import Client

from booking import care, messages
from booking.basket import add_to_basket
from booking.models import OrderLine, OutboxMessage
from booking.rules import states
from booking.sheet_asks import ask_for_sheets
from booking.wishes import LineRequest
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import address, body
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
# The day before the childcare, at noon.
SOON = datetime(2027, 7, 11, 12, tzinfo=PARIS)


@pytest.fixture
def line(bank: FakeBank, at) -> OrderLine:
    at(NOW)
    factories.terms()
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(19), capacity=40)
    basket = factories.a_basket(language="en")
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(5, 10)), now=NOW)
    line = paid_order(basket, bank).lines.get()
    line.order.language = "en"
    line.order.save(update_fields=["language"])
    return line


def asked() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind="care_sheet_asked").order_by("pk"))


def test_the_mail_leads_straight_to_the_sheet_and_tells_nothing_of_it(line):
    assert ask_for_sheets(now=NOW) == 1
    [message] = asked()
    messages.send_message(message.pk, now=NOW)

    text = mail.outbox[-1].body
    place = address("booking:care-sheet", line.order.reference, line.pk)
    link = f"{place}?cle={line.order.access_token}"
    assert mail.outbox[-1].to == [line.order.email]
    assert link in text
    assert "deleted on" in text
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    opened = client.get(link, follow=True)
    assert opened.redirect_chain == [(place, 303)]
    assert "Phone in an emergency" in body(opened)
    assert Client().get(f"{place}?cle=wrong").status_code == 404


def test_asked_once_and_once_more_shortly_before(line):
    assert ask_for_sheets(now=NOW) == 1
    assert ask_for_sheets(now=NOW + timedelta(days=3)) == 0

    assert ask_for_sheets(now=SOON.replace(hour=23)) == 0
    assert ask_for_sheets(now=SOON) == 1
    assert ask_for_sheets(now=SOON + timedelta(hours=1)) == 0

    assert [one.data["is_again"] for one in asked()] == [False, True]


def test_who_buys_shortly_before_is_asked_once(line):
    assert ask_for_sheets(now=SOON) == 1
    assert ask_for_sheets(now=SOON + timedelta(hours=2)) == 0


@pytest.mark.parametrize("why", ["filled", "cancelled", "begun", "no address", "not paid"])
def test_where_there_is_nothing_to_ask_nobody_is_written_to(line, why):
    now = NOW
    if why == "filled":
        care.fill_care_sheet(line, care.Sheet("0612345678"), now=NOW)
    elif why == "cancelled":
        OrderLine.objects.update(state=states.CANCELLED)
    elif why == "begun":
        now = line.starts_at
    elif why == "no address":
        line.order.email = ""
        line.order.save(update_fields=["email"])
    else:
        line.order.state = states.AWAITING_PAYMENT
        line.order.save(update_fields=["state"])

    assert ask_for_sheets(now=now) == 0
    assert asked() == []


def test_filled_in_meanwhile_the_mail_is_dropped(line):
    ask_for_sheets(now=NOW)
    care.fill_care_sheet(line, care.Sheet("0612345678"), now=NOW)

    messages.send_message(asked()[0].pk, now=NOW)

    assert asked()[0].state == "dropped"


def test_nothing_is_asked_for_what_is_no_childcare(bank: FakeBank, at):
    at(NOW)
    factories.terms()
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,)), now=NOW)
    paid_order(basket, bank)

    assert ask_for_sheets(now=NOW) == 0
