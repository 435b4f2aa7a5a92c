"""One tab pays for a bed while another adds what makes a package of it: never without the form."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from booking import basket as baskets
from booking import checkout, locks
from booking.basket import add_to_basket
from booking.models import Basket, Order
from booking.packages import standing_of
from booking.refusals import Refusal
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, names_of, place_order
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
COUPLE = (None, None)


def pay_for_the_bed_while_adding(monkeypatch: pytest.MonkeyPatch) -> tuple[Basket, list[Any]]:
    """Let one tab order a week and another add activities dear enough; return what came of it.

    They meet where each has read the basket and none has written.
    """
    terms = factories.terms()
    factories.package_form()
    basket = factories.a_basket()
    gite = factories.a_lodging(now=NOW)
    request = LineRequest(
        offer_id=gite.pk,
        unit_id=gite.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=COUPLE,
    )
    add_to_basket(basket, request, now=NOW)
    walk = factories.an_activity(adult="150")
    slot = factories.a_slot(walk, date(2027, 7, 12))
    basket.refresh_from_db()
    total, names = view_basket(basket, now=NOW).total, names_of(basket)
    meeting, ordered = Meeting(2), Meeting(2)
    check, fresh = checkout.check_before_ordering, baskets._check_fresh

    def check_then_meet(*args: Any, **kwargs: Any) -> None:
        check(*args, **kwargs)
        meeting.wait()

    def meet_then_look(*args: Any) -> None:
        meeting.wait()
        ordered.wait()
        fresh(*args)

    monkeypatch.setattr(checkout, "check_before_ordering", check_then_meet)
    monkeypatch.setattr(baskets, "_check_fresh", meet_then_look)

    def order() -> Order:
        placed = place_order(
            Basket.objects.get(pk=basket.pk),
            contact=checkout.Contact("Claire", "Dupont", "c@example.org"),
            names=names,
            arrival_time=None,
            needs="",
            terms=terms,
            shown_total=total,
            language="fr",
            now=NOW,
        )
        ordered.wait()
        return placed

    def add() -> Any:
        wanted = LineRequest(offer_id=walk.pk, slot_id=slot.pk, ages=COUPLE)
        return add_to_basket(Basket.objects.get(pk=basket.pk), wanted, now=NOW)

    return basket, run_together([order, add])


def is_package_paid_without_form(basket: Basket) -> bool:
    """Whether there is an order without the form for a basket that holds a package by now."""
    basket.refresh_from_db()
    standing = standing_of(view_basket(basket, now=NOW), language="fr", now=NOW)
    orders = Order.objects.filter(basket=basket, evidence__form__isnull=True)
    return standing.is_package and orders.exists()


def test_sentinel_without_the_lock_a_package_is_ordered_without_its_form(monkeypatch):
    monkeypatch.setattr(locks, "lock_basket", lambda pk: Basket.objects.get(pk=pk))

    basket, results = pay_for_the_bed_while_adding(monkeypatch)

    assert errors_in(results) == []
    assert is_package_paid_without_form(basket)


def test_package_of_the_last_moment_is_never_ordered_without_its_form(monkeypatch):
    basket, results = pay_for_the_bed_while_adding(monkeypatch)

    assert not is_package_paid_without_form(basket)
    [refused] = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code in {"frozen", "package_form_missing"}
