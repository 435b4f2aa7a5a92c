"""Letters around a stay: each once an order, to who may have it, and never of what went wrong."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail

from booking import locks
from booking.emails import compose
from booking.host_refunds import refund_line, refundable
from booking.letters import NoLongerNeeded
from booking.messages import drain_outbox
from booking.models import LifeCycleLetter, Order, OrderLine, OutboxMessage
from booking.refusals import Busy
from booking.relations import consent, frequency, life_cycle
from booking.relations.life_cycle import switch_letter, write_life_cycle
from booking.tasks import write_life_cycle as task
from members.journal import SYSTEM
from members.models import Entry
from oti.lib.dates import at_paris
from tests.booking.relations.stays import past_stay
from tests.cast import SATURDAY, FakeBank, cancel_order

pytestmark = pytest.mark.django_db


def morning(day: date) -> datetime:
    return at_paris(day, time(10))


DAYS = {
    "prepare": morning(SATURDAY - timedelta(days=14)),
    "during": morning(SATURDAY + timedelta(days=1)),
    "anniversary": morning(SATURDAY.replace(year=2028)),
    "next_season": morning(date(2027, 11, 15)),
}
COMMERCIAL = ("anniversary", "next_season")


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return a_told_stay(bank)


def a_told_stay(bank: FakeBank, **fields: str) -> Order:
    order = past_stay(bank)
    Order.objects.filter(pk=order.pk).update(letters="told", **fields)
    order.refresh_from_db()
    return order


def outcome(order: Order, rule: str) -> str:
    return LifeCycleLetter.objects.get(order=order, rule=rule).outcome


# --- Once, at its moment ----------------------------------------------------------------------
@pytest.mark.parametrize("rule", DAYS)
def test_each_letter_is_written_once(order: Order, rule: str, at):
    now = DAYS[rule]
    assert write_life_cycle(now=now - timedelta(days=1)) == 0
    assert write_life_cycle(now=now) == 1
    assert write_life_cycle(now=now) == 0
    assert write_life_cycle(now=now + timedelta(days=1)) == 0

    message = OutboxMessage.objects.get()
    assert (message.kind, message.recipient) == (f"life_{rule}", order.email)
    assert message.is_commercial == (rule in COMMERCIAL)
    assert outcome(order, rule) == "written"


@pytest.mark.parametrize("rule", DAYS)
@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_each_is_in_the_language_of_the_order(order: Order, rule: str, language: str, at):
    Order.objects.update(language=language)
    at(DAYS[rule])
    write_life_cycle(now=DAYS[rule])
    drain_outbox(now=DAYS[rule])
    [sent] = mail.outbox
    assert f"/{language}/" in sent.body
    html = sent.alternatives[0].content
    assert f'lang="{language}"' in html
    assert order.first_name in html


@pytest.mark.parametrize("rule", ["prepare", "during"])
def test_what_is_part_of_the_stay_sells_nothing(order: Order, rule: str, at):
    at(DAYS[rule])
    Order.objects.update(letters="refused")
    write_life_cycle(now=DAYS[rule])
    sent = compose(OutboxMessage.objects.get())
    links = [word for word in sent.body.split() if word.startswith("http")]
    assert links
    assert all(order.access_token in one for one in links)
    assert "List-Unsubscribe" not in sent.extra_headers


@pytest.mark.parametrize("rule", COMMERCIAL)
def test_what_sells_can_be_stopped_with_one_click(order: Order, rule: str, at, client):
    at(DAYS[rule])
    write_life_cycle(now=DAYS[rule])
    sent = compose(OutboxMessage.objects.get())
    url = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in sent.body
    # What opens the order is in no letter that people hand on.
    assert order.access_token not in sent.body
    assert client.post(url[url.index("/", 8) :]).status_code == 200
    assert not consent.may_write(order.email, "offers", now=DAYS[rule])
    with pytest.raises(NoLongerNeeded):
        compose(OutboxMessage.objects.get())


@pytest.mark.parametrize("hour", [time(8, 59), time(20), time(2)])
def test_nobody_is_woken_up(order: Order, hour: time):
    assert write_life_cycle(now=at_paris(DAYS["prepare"].date(), hour)) == 0


def test_the_clock_writes(order: Order, at):
    at(DAYS["prepare"])
    task()
    assert OutboxMessage.objects.filter(kind="life_prepare").count() == 1


def test_a_round_is_bounded_and_the_next_goes_on(bank: FakeBank):
    first = a_told_stay(bank)
    a_told_stay(bank, email="other@example.org")
    now = DAYS["prepare"]
    assert write_life_cycle(now=now, limit=1) == 1
    assert OutboxMessage.objects.get().order == first
    assert write_life_cycle(now=now, limit=1) == 1
    assert write_life_cycle(now=now, limit=1) == 0


# --- Who gets none ----------------------------------------------------------------------------
def test_a_stay_bought_five_days_before_gets_no_letter_to_get_ready(order: Order):
    Order.objects.update(confirmed_at=morning(SATURDAY - timedelta(days=5)))
    assert write_life_cycle(now=morning(SATURDAY - timedelta(days=7))) == 0
    assert outcome(order, "prepare") == "booked_late"
    assert write_life_cycle(now=morning(SATURDAY - timedelta(days=4))) == 0


@pytest.mark.parametrize("rule", DAYS)
def test_cancelled_orders_get_none(order: Order, rule: str):
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=morning(date(2027, 6, 1)))
    OutboxMessage.objects.all().delete()
    assert write_life_cycle(now=DAYS[rule]) == 0


@pytest.mark.parametrize("rule", ["during", *COMMERCIAL])
def test_who_did_not_come_gets_none(order: Order, rule: str):
    OrderLine.objects.filter(kind="lodging").update(state="no_show", no_show_at=DAYS["during"])
    assert write_life_cycle(now=DAYS[rule]) == 0
    assert outcome(order, rule) == "troubled"


@pytest.mark.parametrize("rule", COMMERCIAL)
def test_whose_stay_was_given_back_in_part_is_not_invited_again(order: Order, rule: str):
    meal = order.lines.get(kind="meal")
    OrderLine.objects.filter(pk=meal.pk).update(state="cancelled")
    assert write_life_cycle(now=DAYS[rule]) == 0
    assert outcome(order, rule) == "troubled"


@pytest.mark.parametrize("rule", COMMERCIAL)
@pytest.mark.parametrize("letters", ["", "refused"])
def test_who_did_not_say_yes_gets_nothing_that_sells(order: Order, rule: str, letters: str):
    Order.objects.update(letters=letters)
    assert write_life_cycle(now=DAYS[rule]) == 0
    assert outcome(order, rule) == "no_consent"


def test_who_is_back_is_not_reminded_of_last_year(bank: FakeBank, order: Order):
    again = a_told_stay(bank)
    year = timedelta(days=364)
    for line in again.lines.all():
        OrderLine.objects.filter(pk=line.pk).update(
            starts_at=line.starts_at + year, ends_at=line.ends_at + year
        )
    assert write_life_cycle(now=DAYS["anniversary"]) == 0
    assert outcome(order, "anniversary") == "coming_back"


def test_a_no_that_is_said_meanwhile_is_seen_under_the_lock(order: Order, monkeypatch):
    lock = locks.lock_letter_address
    now = DAYS["anniversary"]

    def rival(email: str, **others):
        address = lock(email, **others)
        address.choices.create(purpose="offers", is_yes=False, source="choices", at=now)
        return address

    monkeypatch.setattr(locks, "lock_letter_address", rival)
    assert write_life_cycle(now=now) == 0
    assert outcome(order, "anniversary") == "no_consent"


# --- One person -------------------------------------------------------------------------------
@pytest.mark.parametrize("rule", DAYS)
def test_two_orders_of_one_person_get_one_letter(bank: FakeBank, order: Order, rule: str):
    other = a_told_stay(bank, email=order.email.upper())
    # Two orders of one stay: neither is a return of the other.
    OrderLine.objects.update(ends_at=at_paris(SATURDAY + timedelta(days=7), time(10)))
    assert write_life_cycle(now=DAYS[rule]) == 1
    for day in range(1, 3):
        assert write_life_cycle(now=DAYS[rule] + timedelta(days=day)) == 0
    assert OutboxMessage.objects.count() == 1
    assert not LifeCycleLetter.objects.filter(order=other, outcome="written", rule=rule).exists()


def test_one_letter_a_person_and_day_the_other_waits_for_tomorrow(bank: FakeBank, order: Order):
    later = a_told_stay(bank)
    ahead = timedelta(days=15)
    for line in later.lines.all():
        OrderLine.objects.filter(pk=line.pk).update(
            starts_at=line.starts_at + ahead, ends_at=line.ends_at + ahead
        )
    now = DAYS["during"]
    assert write_life_cycle(now=now) == 1
    assert write_life_cycle(now=now + timedelta(days=1)) == 1
    kinds = OutboxMessage.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["life_prepare", "life_during"]


# --- How often --------------------------------------------------------------------------------
def a_campaign(email: str, now: datetime, **fields: str) -> OutboxMessage:
    return OutboxMessage.objects.create(
        key=f"campaign:{OutboxMessage.objects.count()}",
        kind="campaign",
        recipient=email,
        is_commercial=True,
        next_attempt_at=now,
        created_at=now,
        **fields,
    )


def test_campaigns_and_letters_share_one_cap(order: Order, settings):
    settings.COMMERCIAL_LETTERS_IN_30_DAYS = 2
    now = DAYS["anniversary"]
    a_campaign(order.email.upper(), now - timedelta(days=29))
    a_campaign(order.email, now - timedelta(days=1), state="dropped")
    a_campaign(order.email, now - timedelta(days=31))
    assert frequency.at_the_cap([order.email, "nobody@example.org"], now=now) == set()

    a_campaign(order.email, now - timedelta(days=2), state="sent")
    assert frequency.at_the_cap([order.email, "nobody@example.org"], now=now) == {order.email}
    assert write_life_cycle(now=now) == 0
    assert outcome(order, "anniversary") == "at_the_cap"


def test_a_cap_of_none_is_everybody(settings):
    settings.COMMERCIAL_LETTERS_IN_30_DAYS = 0
    assert frequency.is_at_the_cap("Elise@example.org", now=DAYS["prepare"])


# --- The office -------------------------------------------------------------------------------
def test_what_is_switched_off_is_not_written(order: Order):
    now = DAYS["prepare"]
    switch_letter("prepare", is_on=False, actor=SYSTEM, now=now)
    switch_letter("prepare", is_on=False, actor=SYSTEM, now=now)
    assert write_life_cycle(now=now) == 0
    assert not LifeCycleLetter.objects.exists()
    switch_letter("prepare", is_on=True, actor=SYSTEM, now=now)
    assert write_life_cycle(now=now) == 1
    assert Entry.objects.filter(verb="letter switched off").count() == 2
    assert life_cycle.outcomes(since=now.date())["prepare"] == {"written": 1}


@pytest.mark.parametrize("rule", DAYS)
def test_stay_of_which_all_was_given_back_is_decided_once_and_read_no_more(
    order: Order, rule: str, monkeypatch: pytest.MonkeyPatch
):
    now = DAYS[rule]
    for line in order.lines.all():
        left = refundable(line)
        refund_line(line, left, shown_left=left, reason="x", actor=SYSTEM, now=order.placed_at)
    write_life_cycle(now=now)
    assert LifeCycleLetter.objects.filter(order=order, rule=rule).count() == 1
    read: list[object] = []
    monkeypatch.setattr(life_cycle, "_decide", lambda _rule, pk, **_when: read.append(pk))
    write_life_cycle(now=now + timedelta(hours=1))
    assert read == []


def test_a_letter_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no such letter"):
        switch_letter("after", is_on=False, actor=SYSTEM, now=DAYS["prepare"])


def test_one_order_that_is_busy_does_not_hide_the_others(bank: FakeBank, monkeypatch):
    first, second = a_told_stay(bank), a_told_stay(bank, email="other@example.org")
    lock = locks.lock_order

    def busy(pk: int) -> Order:
        if pk == first.pk:
            raise Busy
        return lock(pk)

    monkeypatch.setattr(locks, "lock_order", busy)
    assert write_life_cycle(now=DAYS["prepare"]) == 1
    assert OutboxMessage.objects.get().order == second


@pytest.mark.parametrize("rule", COMMERCIAL)
def test_what_sells_is_not_sent_to_who_refused_it_with_another_stay(order: Order, rule: str, at):
    at(DAYS[rule])
    write_life_cycle(now=DAYS[rule])
    # The box of the checkout, while the letter waits in the queue.
    Order.objects.update(letters="refused")
    with pytest.raises(NoLongerNeeded):
        compose(OutboxMessage.objects.get())


def test_what_changed_before_it_was_sent_is_dropped(order: Order, at):
    at(DAYS["prepare"])
    write_life_cycle(now=DAYS["prepare"])
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=DAYS["prepare"])
    with pytest.raises(NoLongerNeeded):
        compose(OutboxMessage.objects.get(kind="life_prepare"))
