"""Sending: signed, tried again, given up, replayed; a dead address holds nobody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail

from booking.messages import drain_outbox
from booking.models import HookDelivery, Webhook
from booking.refusals import BadInput, NotAllowed, WrongState
from booking.rules.webhooks import MOST_ATTEMPTS, WAITS
from booking.webhooks import owning
from booking.webhooks.sending import drain_hooks, forget_deliveries, send_hooks
from members.journal import SYSTEM
from members.models import Entry
from oti.lib.public_hosts import Reason
from oti.lib.sealing import seal
from tests import factories
from tests.booking.webhooks.receiver import SECRET, Receiver
from tests.cast import NOW

pytestmark = pytest.mark.django_db
CLOCK = int(NOW.timestamp())


def a_delivery(hook: Webhook | None = None, **fields) -> HookDelivery:
    values = {
        "webhook": hook or factories.a_webhook(factories.a_provider()),
        "event": uuid4(),
        "topic": "line.changed",
        "data": {"reference": "WYYA3KK6", "line": 5, "state": "cancelled"},
        "next_attempt_at": NOW,
        "happened_at": NOW,
    }
    return HookDelivery.objects.create(**{**values, **fields})


def fresh(delivery: HookDelivery) -> HookDelivery:
    delivery.refresh_from_db()
    return delivery


def test_what_is_sent_is_signed_and_says_what_happened(receiver: Receiver):
    delivery = a_delivery()
    assert send_hooks([delivery.pk], now=NOW) == 1

    [body] = receiver.told
    assert body == {
        "id": str(delivery.event),
        "topic": "line.changed",
        "happened_at": "2027-04-06T10:00:00+02:00",
        "house": delivery.webhook.provider.slug,
        "data": delivery.data,
    }
    assert receiver.is_signed(0, SECRET, CLOCK)
    assert not receiver.is_signed(0, "another", CLOCK)
    assert receiver.headers[0]["Velay-Topic"] == "line.changed"
    assert fresh(delivery).state == "delivered"
    assert (delivery.delivered_at, delivery.last_status) == (NOW, 200)
    # Sent once: the worker and the clock both come by.
    assert send_hooks([delivery.pk], now=NOW) == drain_hooks(now=NOW) == 0
    assert len(receiver.bodies) == 1


def test_failed_try_is_made_again_later_each_time_then_given_up(receiver: Receiver):
    receiver.status = 500
    delivery = a_delivery()
    now = NOW
    for number, pause in enumerate(WAITS, start=1):
        drain_hooks(now=now)
        assert (fresh(delivery).state, delivery.attempts) == ("waiting", number)
        assert delivery.next_attempt_at == now + pause
        drain_hooks(now=now + pause - timedelta(seconds=1))
        assert fresh(delivery).attempts == number
        now += pause
    drain_hooks(now=now)
    assert (fresh(delivery).state, delivery.attempts) == ("failed", MOST_ATTEMPTS)
    assert drain_hooks(now=now + timedelta(days=9)) == 0
    # The same bytes each time, another signature.
    assert len(set(receiver.bodies)) == 1
    assert len({one["Velay-Signature"] for one in receiver.headers}) == MOST_ATTEMPTS


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 500])
def test_any_answer_but_2xx_is_none_and_no_redirect_is_followed(receiver: Receiver, status):
    receiver.status = status
    delivery = a_delivery()
    drain_hooks(now=NOW)
    assert (fresh(delivery).state, delivery.last_status) == ("waiting", status)
    assert len(receiver.urls) == 1


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.TLS, Reason.TOO_LARGE])
def test_what_fails_on_the_way_is_told_by_its_code(receiver: Receiver, reason):
    receiver.reason = reason
    delivery = a_delivery()
    drain_hooks(now=NOW)
    assert (fresh(delivery).state, delivery.last_problem) == ("waiting", str(reason))


def test_private_address_is_never_connected_to(monkeypatch):
    monkeypatch.setattr("oti.lib.http.resolve", lambda host, seconds: ["127.0.0.1"])

    def connect(*_args):
        pytest.fail("connected")

    monkeypatch.setattr("oti.lib.http.connect", connect)
    delivery = a_delivery()
    drain_hooks(now=NOW)
    assert (fresh(delivery).state, delivery.last_problem) == ("waiting", "private")


def test_dead_address_is_asked_once_a_round_and_holds_nobody(receiver: Receiver):
    dead = factories.a_webhook(factories.a_provider(), "https://dead.example.org/x")
    live = factories.a_webhook(factories.a_provider(), "https://live.example.org/x")
    receiver.by_url = {"https://dead.example.org/x": 503}
    first, second, third = (a_delivery(dead) for _time in range(3))
    good = a_delivery(live)

    assert drain_hooks(now=NOW) == 1

    assert fresh(good).state == "delivered"
    assert receiver.urls.count("https://dead.example.org/x") == 1
    assert fresh(first).attempts == 1
    for one in (second, third):
        assert (fresh(one).state, one.attempts) == ("waiting", 0)


def test_worker_that_died_is_replaced_after_its_lease(receiver: Receiver):
    delivery = a_delivery(state="sending", next_attempt_at=NOW + timedelta(minutes=5))
    assert drain_hooks(now=NOW) == 0
    assert drain_hooks(now=NOW + timedelta(minutes=5)) == 1
    assert fresh(delivery).state == "delivered"


def test_address_that_fails_for_a_day_is_paused_and_its_host_told_once(receiver: Receiver):
    receiver.status = 500
    hook = factories.a_webhook(factories.a_provider())
    a_delivery(hook)
    Webhook.objects.update(failures=50, failing_since=NOW - timedelta(hours=23))
    drain_hooks(now=NOW)
    hook.refresh_from_db()
    assert (hook.pause, hook.failures) == ("", 51)

    later = NOW + timedelta(hours=1)
    a_delivery(hook, next_attempt_at=later)
    drain_hooks(now=later)
    hook.refresh_from_db()
    assert hook.pause == "failures"
    drain_hooks(now=later + timedelta(days=2))
    drain_outbox(now=later)
    [letter] = mail.outbox
    assert letter.to == [hook.provider.email]
    assert hook.masked in letter.body
    assert Entry.objects.filter(verb="webhook paused").count() == 1


def test_good_answer_forgets_the_failures(receiver: Receiver):
    hook = factories.a_webhook(factories.a_provider(), failures=11, failing_since=NOW)
    a_delivery(hook)
    drain_hooks(now=NOW)
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since) == (0, None)


def test_paused_address_keeps_what_waits_until_it_begins_again(receiver: Receiver):
    hook = factories.a_webhook(factories.a_provider())
    delivery = a_delivery(hook)
    owning.pause_webhook(hook, is_paused=True, actor=SYSTEM, now=NOW)
    assert drain_hooks(now=NOW) == 0
    for _time in range(2):
        owning.pause_webhook(hook, is_paused=False, actor=SYSTEM, now=NOW)
    assert drain_hooks(now=NOW) == 1
    assert fresh(delivery).state == "delivered"
    assert Entry.objects.filter(verb="webhook resumed").count() == 1


def test_secret_that_can_no_longer_be_read_is_a_problem_of_that_address(receiver: Receiver):
    bad = factories.a_webhook(factories.a_provider(), secret=b"x")
    delivery, good = a_delivery(bad), a_delivery()
    assert drain_hooks(now=NOW) == 1
    assert fresh(delivery).last_problem == "unreadable"
    assert fresh(good).state == "delivered"


# --- What a host does ----------------------------------------------------------------------------
def added(address: str = "https://hooks.example.org/velay", **changes):
    given = {"topics": ["line.changed"], "actor": SYSTEM, "now": NOW, **changes}
    provider = given.pop("provider", None) or factories.a_provider()
    return owning.add_webhook(provider, address, **given)


def test_address_and_secret_are_kept_sealed():
    hook, secret = added("https://hooks.example.org/velay/a-long-password-1234")
    stored = str(Webhook.objects.values_list().get())
    assert secret not in stored
    assert "a-long-password" not in stored
    assert "a-long-password" not in str(Entry.objects.get().data)
    assert hook.topics == ["line.changed"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://user:word@hooks.example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://exa mple.org/",
        "ftp://example.org",
        "https://" + "x" * 3000,
    ],
)
def test_address_that_may_not_be_asked_is_refused(address):
    with pytest.raises(BadInput, match="webhook_address"):
        added(address)
    assert not Webhook.objects.exists()


def test_address_without_a_topic_twice_or_a_sixth_is_refused():
    house = factories.a_provider()
    for topics in ([], ["line"], ["line.changed.all"]):
        with pytest.raises(BadInput, match="topics_missing"):
            added(topics=topics)
    added(provider=house)
    with pytest.raises(NotAllowed, match="webhook_twice"):
        added(provider=house)
    for number in range(owning.MOST_WEBHOOKS - 1):
        added(f"https://hooks.example.org/{number}", provider=house)
    with pytest.raises(NotAllowed, match="too_many_webhooks"):
        added("https://hooks.example.org/last", provider=house)


def test_new_secret_and_the_one_before_both_sign_for_a_day(receiver: Receiver):
    hook, old = added()
    new = owning.renew_secret(hook, actor=SYSTEM, now=NOW)
    for hours, both in ((1, True), (24, False)):
        now = NOW + timedelta(hours=hours)
        delivery = a_delivery(hook, next_attempt_at=now)
        send_hooks([delivery.pk], now=now)
        moment = int(now.timestamp())
        assert receiver.is_signed(-1, new, moment)
        assert receiver.is_signed(-1, old, moment) is both


def test_replay_tells_the_same_thing_under_the_same_id(receiver: Receiver):
    delivery = a_delivery()
    drain_hooks(now=NOW)
    later = NOW + timedelta(hours=3)
    again = owning.replay(fresh(delivery), actor=SYSTEM, now=later)
    assert again.pk != delivery.pk
    drain_hooks(now=later)
    assert receiver.bodies[0] == receiver.bodies[1]


def test_replay_of_what_waits_sends_it_now(receiver: Receiver):
    delivery = a_delivery(next_attempt_at=NOW + timedelta(hours=6), attempts=4)
    again = owning.replay(delivery, actor=SYSTEM, now=NOW)
    assert again == delivery
    assert drain_hooks(now=NOW) == 1


def test_test_is_sent_even_paused_counts_for_nothing_and_not_twice_a_minute(receiver: Receiver):
    hook = factories.a_webhook(factories.a_provider(), pause="host", topics=["line.changed"])
    waiting = a_delivery(hook)
    done = owning.send_test(hook, actor=SYSTEM, now=NOW)
    assert (done.state, done.topic) == ("delivered", "test")
    assert receiver.told[0]["data"] == {}
    assert fresh(waiting).state == "waiting"
    with pytest.raises(WrongState, match="webhook_busy"):
        owning.send_test(hook, actor=SYSTEM, now=NOW + timedelta(seconds=59))
    receiver.status = 500
    failed = owning.send_test(hook, actor=SYSTEM, now=NOW + timedelta(minutes=1))
    hook.refresh_from_db()
    assert (failed.state, hook.failures) == ("failed", 0)


def test_another_test_is_not_had_by_giving_the_address_again(receiver: Receiver):
    house = factories.a_provider()
    hook = factories.a_webhook(house)
    owning.send_test(hook, actor=SYSTEM, now=NOW)
    owning.remove_webhook(hook, actor=SYSTEM, now=NOW)
    again = factories.a_webhook(house)
    with pytest.raises(WrongState, match="webhook_busy"):
        owning.send_test(again, actor=SYSTEM, now=NOW + timedelta(seconds=59))
    # Of another house it says nothing, and a minute later it is asked again.
    other = factories.a_webhook(factories.a_provider(), "https://b.example.org/")
    owning.send_test(other, actor=SYSTEM, now=NOW)
    owning.send_test(again, actor=SYSTEM, now=NOW + timedelta(minutes=1))
    assert len(receiver.urls) == 3


def test_test_is_short_counts_by_house_and_is_for_approved_houses(receiver: Receiver):
    house = factories.a_provider()
    one, other = factories.a_webhook(house), factories.a_webhook(house, "https://b.example.org/")
    owning.send_test(one, actor=SYSTEM, now=NOW)
    assert receiver.seconds == [3]
    with pytest.raises(WrongState, match="webhook_busy"):
        owning.send_test(other, actor=SYSTEM, now=NOW)
    house.state = "suspended"
    house.save()
    with pytest.raises(NotAllowed, match="house_not_selling"):
        owning.send_test(one, actor=SYSTEM, now=NOW + timedelta(hours=1))
    with pytest.raises(NotAllowed, match="house_not_selling"):
        owning.add_webhook(
            house,
            "https://c.example.org/",
            topics=["line.changed"],
            actor=SYSTEM,
            now=NOW,
        )
    assert len(receiver.urls) == 1


def test_removed_address_takes_its_deliveries_with_it(receiver: Receiver):
    hook = factories.a_webhook(factories.a_provider())
    delivery = a_delivery(hook)
    for _time in range(2):
        owning.remove_webhook(hook, actor=SYSTEM, now=NOW)
    assert send_hooks([delivery.pk], now=NOW) == 0
    assert receiver.urls == []


def test_old_deliveries_are_forgotten():
    hook = factories.a_webhook(factories.a_provider(), secret=seal(SECRET))
    long_ago = NOW - timedelta(days=31)
    a_delivery(hook, state="delivered", happened_at=long_ago)
    a_delivery(hook, state="waiting", happened_at=long_ago)
    a_delivery(hook, state="failed")
    assert forget_deliveries(now=NOW) == 1
