"""Reminders: three days before, the evening before, once each, and never of what is over."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail

from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.letters import NoLongerNeeded
from booking.messages import drain_outbox
from booking.models import NoticeChoice, Order, OutboxMessage
from booking.reminders import remind_guests, remind_hosts
from booking.tasks import remind_of_stays
from members.journal import SYSTEM
from oti.lib.dates import at_paris
from tests.booking.pages import paid_stay
from tests.cast import NOW, SATURDAY, FakeBank, cancel_order

pytestmark = pytest.mark.django_db
THREE_BEFORE = at_paris(SATURDAY - timedelta(days=3), time(9))
EVENING = at_paris(SATURDAY - timedelta(days=1), time(18))


@pytest.fixture
def order(bank: FakeBank) -> Order:
    order = paid_stay(bank)
    OutboxMessage.objects.all().delete()
    Order.objects.filter(pk=order.pk).update(language="en")
    order.refresh_from_db()
    return order


def told(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind).order_by("pk"))


def text_of(message: OutboxMessage) -> str:
    return compose(message).body.replace("\u00a0", " ").replace("\u202f", " ")


# --- Guests --------------------------------------------------------------------------------------
def test_guest_is_reminded_once_three_days_before(order: Order, at):
    assert remind_guests(now=THREE_BEFORE - timedelta(minutes=1)) == 0
    assert remind_guests(now=THREE_BEFORE) == 1
    assert remind_guests(now=THREE_BEFORE) == 0
    assert remind_guests(now=THREE_BEFORE + timedelta(days=1)) == 0

    at(THREE_BEFORE)
    [message] = told("stay_soon")
    text = text_of(message)
    assert message.recipient == order.email
    for words in ("The Narces Cottage", "Solange’s table", order.access_token):
        assert words in text
    assert "At what time do you think of arriving?" in text


def test_hour_that_is_known_is_said_back(order: Order, at):
    Order.objects.filter(pk=order.pk).update(arrival_time=time(17, 30))
    remind_guests(now=THREE_BEFORE)
    at(THREE_BEFORE)
    assert "You said that you arrive around 5" in text_of(told("stay_soon")[0])


@pytest.mark.parametrize("hour", [time(8, 59), time(20), time(2)])
def test_nobody_is_woken_up(order: Order, hour: time):
    assert remind_guests(now=at_paris(SATURDAY - timedelta(days=2), hour)) == 0


def test_who_booked_later_or_is_here_or_cancelled_is_not_reminded(order: Order):
    Order.objects.filter(pk=order.pk).update(confirmed_at=THREE_BEFORE + timedelta(hours=1))
    assert remind_guests(now=THREE_BEFORE + timedelta(days=1)) == 0
    # Under way: the workshop is still to come.
    Order.objects.filter(pk=order.pk).update(confirmed_at=NOW)
    assert remind_guests(now=at_paris(SATURDAY, time(17))) == 0
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=THREE_BEFORE)
    assert remind_guests(now=THREE_BEFORE) == 0


def test_those_who_booked_late_take_nobody_s_turn(order: Order, bank: FakeBank):
    other = paid_stay(bank)
    late = THREE_BEFORE + timedelta(seconds=1)
    Order.objects.filter(pk=order.pk).update(confirmed_at=late)
    Order.objects.filter(pk=other.pk).update(confirmed_at=THREE_BEFORE)
    assert remind_guests(now=THREE_BEFORE + timedelta(hours=1), limit=1) == 1
    assert [one.order for one in told("stay_soon")] == [other]


def test_reminder_that_became_untrue_is_dropped(order: Order, at):
    remind_guests(now=THREE_BEFORE)
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=THREE_BEFORE)
    at(THREE_BEFORE)

    drain_outbox(now=THREE_BEFORE)

    assert told("stay_soon")[0].state == "dropped"
    assert not [one for one in mail.outbox if "expected on" in one.subject]


# --- Hosts ---------------------------------------------------------------------------------------
def test_host_learns_the_evening_before_what_begins(order: Order, at):
    host = order.lines.get(kind="lodging").sub_order.provider
    assert remind_hosts(now=EVENING - timedelta(hours=2)) == 0
    assert remind_hosts(now=EVENING) == 1
    assert remind_hosts(now=EVENING + timedelta(minutes=15)) == 0

    at(EVENING)
    [message] = told("day_ahead")
    assert message.recipient == host.email
    OutboxMessage.objects.update(language="en")
    text = text_of(told("day_ahead")[0])
    assert f"/pro/journee/?jour={SATURDAY}" in text
    assert "3 pm, Claire: The Narces Cottage" in text
    for private in ("Dupont", order.email, order.phone, "Solange’s table"):
        assert private not in text


def test_empty_day_tells_nothing_and_a_day_that_is_over_is_dropped(order: Order, at):
    assert remind_hosts(now=EVENING - timedelta(days=1)) == 0
    remind_hosts(now=EVENING)
    at(EVENING + timedelta(days=2))
    with pytest.raises(NoLongerNeeded):
        compose(told("day_ahead")[0])


@pytest.mark.parametrize(
    ("way", "channels"), [("mail", {"mail"}), ("sms", {"sms"}), ("both", {"mail", "sms"})]
)
def test_host_is_told_as_it_chose(order: Order, settings, way, channels):
    settings.SMS_CONSOLE = True
    host = order.lines.get(kind="lodging").sub_order.provider
    phone = "" if way == "mail" else "+33612345678"
    NoticeChoice.objects.create(provider=host, way=way, phone=phone, updated_at=NOW)

    remind_hosts(now=EVENING)

    assert {one.channel for one in told("day_ahead")} == channels


def test_without_a_service_sms_becomes_a_mail(order: Order, settings):
    settings.SMS_CONSOLE, settings.SMS_URL = False, ""
    host = order.lines.get(kind="lodging").sub_order.provider
    NoticeChoice.objects.create(provider=host, way="sms", phone="+33612345678", updated_at=NOW)
    remind_hosts(now=EVENING)
    assert [one.channel for one in told("day_ahead")] == ["mail"]


def test_task_does_both(order: Order, at):
    at(EVENING)
    remind_of_stays()
    assert told("day_ahead")


def test_line_cancelled_since_leaves_the_others(order: Order, at):
    meal = order.lines.get(kind="meal")
    evening = at_paris(date(2027, 7, 13), time(18))
    remind_hosts(now=evening)
    cancel_lines(order, [meal.pk], basis="full", reason="x", actor=SYSTEM, now=evening)
    at(datetime(2027, 7, 13, 18, 5, tzinfo=NOW.tzinfo))
    with pytest.raises(NoLongerNeeded):
        compose(told("day_ahead")[0])
