"""A basket begun in a house's widget: its own offers only, by its key, carried to the site once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import signing

from booking.basket import add_to_basket, basket_of
from booking.models import Basket, OrderLine, Stay
from booking.refusals import Refusal
from booking.stay_view import view_basket
from booking.widget import (
    SALT,
    add_in_widget,
    basket_of_token,
    begin_basket,
    carry_over,
    remove_in_widget,
    token_of,
)
from booking.wishes import LineRequest
from tests import factories
from tests.booking.pages import DUPONT, a_week, hold_place
from tests.booking.requesting import a_request, accepted, ask, asked_lodging
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def gite():
    return a_week()


def week_of(offer, **fields) -> LineRequest:
    values = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "ages": DUPONT}
    values |= {"unit_id": offer.units.first().pk, **fields}
    return LineRequest(offer_id=offer.pk, **values)


def chosen(offer) -> Basket:
    basket = begin_basket(language="en")
    add_in_widget(offer.provider, basket, week_of(offer), language="fr", now=NOW)
    return basket


# --- The key -------------------------------------------------------------------------------------
def test_a_key_opens_its_basket_in_its_own_house(gite):
    basket = chosen(gite)
    token = token_of(gite.provider, basket)
    assert basket_of_token(gite.provider, token) == basket
    assert basket_of_token(factories.a_provider(), token) is None


def test_no_key_opens_a_basket_of_the_site(gite):
    """Whoever got hold of the token of a stay on the site can't have it shown in a frame."""
    site = factories.a_basket()
    token = signing.dumps([gite.provider.pk, site.token], salt=SALT)
    assert basket_of_token(gite.provider, token) is None


@pytest.mark.parametrize("change", ["", "x", "forged", "other_salt", "no_list", "number"])
def test_nonsense_opens_nothing(gite, change):
    basket = chosen(gite)
    house = gite.provider
    token = {
        "forged": token_of(house, basket)[:-2] + "xx",
        "other_salt": signing.dumps([house.pk, basket.token], salt="other"),
        "no_list": signing.dumps({"a": 1}, salt=SALT),
        "number": signing.dumps([house.pk, 7], salt=SALT),
    }.get(change, change)
    assert basket_of_token(house, token) is None


def test_a_key_is_good_for_two_days(gite):
    with time_machine.travel(NOW, tick=False):
        token = token_of(gite.provider, chosen(gite))
    with time_machine.travel(NOW + timedelta(days=2, seconds=1), tick=False):
        assert basket_of_token(gite.provider, token) is None


# --- Choosing ------------------------------------------------------------------------------------
def test_what_is_chosen_is_marked_to_the_order(gite, bank: FakeBank):
    basket = chosen(gite)
    assert basket.lines.get().channel == "widget"
    order = paid_order(carry_over(basket, None, now=NOW), bank)
    assert order.lines.get().channel == "widget"


def test_what_is_added_on_the_site_isn_t_marked(gite, bank: FakeBank):
    factories.package_form()
    basket = carry_over(chosen(gite), None, now=NOW)
    hold_place(basket, "Lace")
    paid_order(basket, bank)
    assert set(OrderLine.objects.values_list("kind", "channel")) == {
        ("lodging", "widget"),
        ("workshop", ""),
    }


def test_what_is_asked_of_its_host_is_marked_to_the_order():
    offer = asked_lodging()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    basket = add_in_widget(offer.provider, None, request, language="fr", now=NOW)
    (asked,) = ask(carry_over(basket, None, now=NOW))
    assert asked.channel == "widget"
    assert accepted(asked).lines.get().channel == "widget"
    # What was asked on the site isn't the widget's.
    assert a_request().channel == ""


def test_a_first_thing_begins_a_basket_and_a_refused_one_leaves_none(gite):
    begun = add_in_widget(gite.provider, None, week_of(gite), language="de", now=NOW)
    assert (begun.channel, begun.language, begun.lines.count()) == ("widget", "de", 1)
    with pytest.raises(Refusal, match="gone"):
        add_in_widget(gite.provider, None, week_of(gite), language="de", now=NOW)
    assert Basket.objects.get() == begun


def test_another_houses_offer_is_not_sold_through_it(gite):
    basket = begin_basket(language="fr")
    other = a_week()
    with pytest.raises(Refusal, match="offer_unknown"):
        add_in_widget(gite.provider, basket, week_of(other), language="fr", now=NOW)
    # Nor a place of another house under the name of one's own offer.
    with pytest.raises(Refusal, match="unit_unknown"):
        add_in_widget(
            gite.provider,
            basket,
            week_of(gite, unit_id=other.units.get().pk),
            language="fr",
            now=NOW,
        )
    assert not basket.lines.exists()
    assert not Stay.objects.exists()


def test_it_is_the_same_stock(gite):
    chosen(gite)
    with pytest.raises(Refusal, match="gone"):
        add_to_basket(factories.a_basket(), week_of(gite), now=NOW)


def test_what_is_taken_out_is_free_again(gite):
    basket = chosen(gite)
    remove_in_widget(basket, basket.lines.get().pk, now=NOW)
    add_to_basket(factories.a_basket(), week_of(gite), now=NOW)


# --- Carried to the site -------------------------------------------------------------------------
def test_carried_over_it_has_another_key_and_its_hold(gite):
    basket = chosen(gite)
    token, old = token_of(gite.provider, basket), basket.token

    carried = carry_over(basket, None, now=NOW)

    assert carried.pk == basket.pk
    assert basket_of_token(gite.provider, token) is None
    assert basket_of(old) is None
    assert basket_of_token(gite.provider, token_of(gite.provider, carried)) is None
    assert view_basket(carried, now=NOW).can_check_out
    with pytest.raises(Refusal, match="widget_carried"):
        carry_over(carried, None, now=NOW)


def test_it_joins_a_stay_that_there_is_already(gite):
    own = factories.a_basket(None, 5, None)
    hold_place(own, "Lace")
    own.refresh_from_db()
    before = own.lines.get()
    basket = chosen(gite)

    carried = carry_over(basket, own, now=NOW + timedelta(minutes=5))

    assert carried.pk == own.pk
    assert not Basket.objects.filter(pk=basket.pk).exists()
    view = view_basket(carried, now=NOW + timedelta(minutes=6))
    assert {one.offer.kind for one in view.lines} == {"workshop", "lodging"}
    assert carried.lines.first() == before
    assert all(one.is_held for one in view.lines)
    # Two grown-ups and both children of the widget are those of the stay, not four more.
    ages = sorted((row["age"] or 40) for row in carried.people)
    assert ages == [5, 10, 40, 40]
    assert view.total == Decimal("871.40")
    assert Stay.objects.get().expires_at == carried.expires_at


def test_it_does_not_join_a_stay_that_is_being_paid(gite):
    own = factories.a_basket()
    hold_place(own, "Lace")
    Basket.objects.filter(pk=own.pk).update(state="frozen")
    basket = chosen(gite)
    with pytest.raises(Refusal, match="frozen"):
        carry_over(basket, own, now=NOW)
    assert basket_of_token(gite.provider, token_of(gite.provider, basket)) == basket


def test_an_empty_stay_makes_room(gite):
    own = factories.a_basket()
    assert carry_over(chosen(gite), own, now=NOW).pk != own.pk


def test_too_many_lines_are_refused_and_stay_where_they_are(gite, monkeypatch):
    monkeypatch.setattr("booking.widget.MAX_LINES", 1)
    own = factories.a_basket()
    hold_place(own, "Lace")
    basket = chosen(gite)
    with pytest.raises(Refusal, match="bad_quantity"):
        carry_over(basket, own, now=NOW)
    assert (basket.lines.count(), own.lines.count()) == (1, 1)


def test_another_tab_that_still_adds_is_told(gite):
    own = factories.a_basket()
    hold_place(own, "Lace")
    basket = chosen(gite)
    carry_over(Basket.objects.get(pk=basket.pk), own, now=NOW)
    later = week_of(gite, arrival=date(2027, 8, 7), departure=date(2027, 8, 14))
    for action in (
        lambda: add_in_widget(gite.provider, basket, later, language="fr", now=NOW),
        lambda: remove_in_widget(basket, 1, now=NOW),
        lambda: carry_over(basket, own, now=NOW),
    ):
        with pytest.raises(Refusal, match="widget_carried"):
            action()
    assert Stay.objects.count() == 1
