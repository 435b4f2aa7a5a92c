"""A house is asked once, whatever two workers do: each step is looked at again under its lock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from booking import locks, payouts, seller_asks
from booking.basket import add_to_basket
from booking.models import OutboxMessage, Payout, SellerAsk
from booking.seller_asks import follow_sellers
from booking.wishes import LineRequest
from members.models import Entry, Provider
from tests import factories
from tests.cast import NOW, FakeBank, paid_order
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
DAY = date(2027, 7, 12)
AFTER = datetime(2027, 7, 20, 12, tzinfo=NOW.tzinfo)
STEPS = (0, 30, 60)


@pytest.fixture
def house(bank: FakeBank) -> Provider:
    """Return a house that sold a place and said nothing for the tax office."""
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, request, now=NOW)
    paid_order(basket, bank)
    return offer.provider


def follow_together(now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let two workers see the same house, then follow it."""
    meeting = Meeting(2)
    follow = seller_asks._follow

    def meet_then_follow(*args: Any, **kwargs: Any) -> int:
        meeting.wait()
        return follow(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(seller_asks, "_follow", meet_then_follow)
        return run_together([lambda: follow_sellers(now=now) for _worker in range(2)])


def test_each_letter_is_written_once(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in STEPS:
        done = follow_together(NOW + timedelta(days=days), monkeypatch)
        assert not errors_in(done)
        assert sorted(done) == [0, 1]

    ask = SellerAsk.objects.get(provider=house)
    assert ask.frozen_at == NOW + timedelta(days=60)
    assert OutboxMessage.objects.filter(kind="seller_data").count() == 3
    assert Entry.objects.filter(subject=f"provider:{house.pk}").count() == 3


def test_sentinel_without_the_lock_both_ask_again(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_sellers(now=NOW)
    meeting = Meeting(2)
    look = seller_asks.next_step

    def look_together(*args: Any, **kwargs: Any) -> str:
        found = look(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(locks, "lock_provider", lambda pk: Provider.objects.get(pk=pk))
    monkeypatch.setattr(seller_asks, "next_step", look_together)

    follow_together(NOW + timedelta(days=30), monkeypatch)

    # The letter has a key of its own; what is told in the journal is told twice.
    assert Entry.objects.filter(verb="seller data asked for again").count() == 2


def test_share_that_leaves_while_payments_begin_to_wait_leaves_once(
    house: Provider, bank: FakeBank
) -> None:
    account = factories.an_account(house)
    bank.give_papers(account.account_id)
    for days in STEPS[:2]:
        follow_sellers(now=NOW + timedelta(days=days))
    share = Payout.objects.get()

    done = run_together(
        [
            lambda: payouts.settle_payout(share.pk, now=AFTER),
            lambda: follow_sellers(now=AFTER),
        ]
    )

    assert not errors_in(done)
    share.refresh_from_db()
    assert share.state in {"paid", "held"}
    assert len(bank.transfers) == (share.state == "paid")
