"""Two tabs that carry one widget's basket, an add that meets it: decided under its row's lock."""

from __future__ import annotations

from datetime import date

import pytest

from booking import widget
from booking.basket import add_to_basket
from booking.models import Basket, BasketLine, Offer, Stay
from booking.refusals import Refusal
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.concurrency.rivals import errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(units=2, now=NOW)


def week_of(offer: Offer, number: int = 0) -> LineRequest:
    unit = offer.units.order_by("pk")[number]
    return LineRequest(
        offer_id=offer.pk,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None,),
        is_for_others=True,
    )


def chosen(offer: Offer) -> Basket:
    basket = widget.begin_basket(language="fr")
    widget.add_in_widget(offer.provider, basket, week_of(offer), language="fr", now=NOW)
    return basket


def a_stay_of_the_site() -> Basket:
    own = factories.a_basket()
    lace = factories.an_activity()
    slot = factories.a_slot(lace, date(2027, 7, 12))
    add_to_basket(own, LineRequest(offer_id=lace.pk, slot_id=slot.pk, ages=(None,)), now=NOW)
    return own


def test_two_tabs_carry_a_basket_once(gite: Offer):
    basket, stays = chosen(gite), [a_stay_of_the_site(), a_stay_of_the_site()]
    # Each tab has read the basket before either acts: who comes second meets its absence there.
    tabs = [Basket.objects.get(pk=basket.pk) for _ in stays]

    results = run_together(
        [
            lambda tab=tab, own=own: widget.carry_over(tab, own, now=NOW)
            for tab, own in zip(tabs, stays, strict=True)
        ]
    )

    errors = errors_in(results)
    assert [one.code for one in errors if isinstance(one, Refusal)] == ["widget_carried"]
    assert len(errors) == 1
    assert BasketLine.objects.filter(offer=gite).count() == 1
    assert Stay.objects.filter(line__isnull=False).count() == 1


def test_what_is_added_meanwhile_is_carried_or_refused_never_lost(gite: Offer):
    basket, own = chosen(gite), a_stay_of_the_site()
    tab = Basket.objects.get(pk=basket.pk)

    results = run_together(
        [
            lambda: widget.carry_over(basket, own, now=NOW),
            lambda: widget.add_in_widget(
                gite.provider, tab, week_of(gite, 1), language="fr", now=NOW
            ),
        ]
    )

    errors = errors_in(results)
    assert all(isinstance(one, Refusal) for one in errors)
    lines = BasketLine.objects.filter(offer=gite)
    assert {one.basket_id for one in lines} == {own.pk}
    # Who was refused holds nothing.
    assert Stay.objects.count() == lines.count() == 2 - len(errors)
