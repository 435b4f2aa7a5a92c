"""The last booking at a lower price, wanted by several at once: one has it (features.md N06).

Decided under the lock of what the host wants to fill; the sentinel takes that lock away.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from booking import locks, proposals
from booking.basket import add_to_basket, renew_holds
from booking.models import (
    Basket,
    BasketLine,
    CapacityNeed,
    Offer,
    Stay,
)
from booking.refusals import PriceChanged
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NOW, FakeBank, paid_order
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
QUIET = (date(2027, 9, 4), date(2027, 9, 11))
BUYERS = 6


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(units=BUYERS, now=NOW)


def proposed(offer: Offer, most: int) -> str:
    return str(factories.a_proposal(offer, QUIET, most=most).code)


def add(basket: Basket, offer: Offer, code: str, bed: int) -> None:
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.order_by("pk")[bed].pk,
        arrival=QUIET[0],
        departure=QUIET[1],
        ages=(None,),
        proposal=code,
    )
    add_to_basket(basket, request, now=NOW)


def rush(offer: Offer, code: str) -> list[Any]:
    """Let each buyer want a bed of its own at the lower price, all at once."""
    baskets = [factories.a_basket() for _number in range(BUYERS)]
    return run_together(
        [
            lambda one=one, bed=bed: add(one, offer, code, bed)  # type: ignore[misc]
            for bed, one in enumerate(baskets)
        ]
    )


def test_of_six_who_want_the_last_two_two_have_them(gite: Offer, bank: FakeBank):
    code = proposed(gite, most=2)
    refused = errors_in(rush(gite, code))
    assert [type(one) for one in refused] == [PriceChanged] * (BUYERS - 2)
    assert BasketLine.objects.count() == Stay.objects.count() == 2
    for line in BasketLine.objects.select_related("basket"):
        assert paid_order(line.basket, bank).lines.get().proposal is not None
    need = CapacityNeed.objects.get()
    assert (need.redeemed, need.max_redemptions) == (2, 2)


def test_sentinel_without_the_lock_more_have_it(gite: Offer, monkeypatch: pytest.MonkeyPatch):
    code, meeting = proposed(gite, most=1), Meeting(BUYERS)
    monkeypatch.setattr(locks, "lock_needs_proposed", lambda keys: {})
    read = proposals.proposals_by_key

    def read_together(*args: Any, **kwargs: Any) -> Any:
        found = read(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(proposals, "proposals_by_key", read_together)
    rush(gite, code)
    assert BasketLine.objects.exclude(proposal=None).count() > 1


def test_two_lapsed_stays_that_want_it_back_and_one_has_it(gite: Offer):
    code = proposed(gite, most=2)
    baskets = [factories.a_basket() for _number in range(2)]
    for bed, one in enumerate(baskets):
        add(one, gite, code, bed)
    CapacityNeed.objects.update(max_redemptions=1)
    later = NOW.replace(hour=15)
    results = run_together(
        [lambda one=one: renew_holds(one, now=later) for one in baskets]  # type: ignore[misc]
    )
    assert errors_in(results) == []
    assert sorted(len(one) for one in results) == [0, 1]
    assert BasketLine.objects.exclude(proposal=None).count() == 1
