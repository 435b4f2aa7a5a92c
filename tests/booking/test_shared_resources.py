"""One guide for two walks: what a date needs, nobody else is sold at its hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import pytest

from booking import cancellation, checkout, locks, resources, settlement
from booking.basket import add_to_basket, change_line, renew_holds
from booking.experience_search import search_experiences
from booking.free_slots import slot_choices
from booking.ideas import find_ideas
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer, OfferResource, Order, Payment, Refund, Slot, SlotHold
from booking.offers import changing_offer
from booking.people import people_from
from booking.refusals import BadInput, Busy, NotAllowed, Refusal, Unavailable
from booking.resources import Need
from booking.rules.people import Guest
from booking.rules.pricing import OptionChoice
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.booking.requesting import a_place_asked, accepted
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
ADULT = Guest()


class Walks:
    """Two walks of one guide, at hours that meet, and a third one that begins as they end."""

    def __init__(self, quantity: int = 1) -> None:
        self.provider = factories.a_provider()
        self.forest = self.walk("Forest")
        self.lake = self.walk("Lake")
        self.guide = factories.a_resource(self.provider, quantity=quantity)
        for offer in (self.forest, self.lake):
            factories.a_need(offer, self.guide)
        # Two hours each.
        self.at_two = factories.a_slot(self.forest, DAY, time(14))
        self.at_three = factories.a_slot(self.lake, DAY, time(15))
        self.at_four = factories.a_slot(self.lake, DAY, time(16))

    def walk(self, title: str) -> Offer:
        return factories.an_activity(provider=self.provider, title=title, title_en=title)


@pytest.fixture
def walks() -> Walks:
    return Walks()


def asking(slot: Slot, people: int = 1) -> LineRequest:
    return LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * people)


def hold(slot: Slot, people: int = 1, *, now: datetime = NOW) -> Basket:
    basket = factories.a_basket()
    add_to_basket(basket, asking(slot, people), now=now)
    return basket


def awaiting_payment(basket: Basket) -> tuple[Order, Payment]:
    order = order_from(basket)
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    return order, order.payments.get()


def refusal_of(slot: Slot, *, now: datetime = NOW) -> str:
    with pytest.raises(Refusal) as refused:
        hold(slot, now=now)
    return refused.value.code


# --- Holding -------------------------------------------------------------------------------------
def test_date_that_somebody_books_keeps_the_guide_from_the_others(walks: Walks):
    hold(walks.at_two)
    assert refusal_of(walks.at_three) == "resource_busy"
    # It begins as the other one ends, and more may join a date that has the guide.
    hold(walks.at_four)
    hold(walks.at_two, 2)


def test_date_that_is_added_while_its_host_accepts_is_waited_for(
    walks: Walks, monkeypatch: pytest.MonkeyPatch
):
    Offer.objects.filter(pk=walks.forest.pk).update(confirmation="on_request")
    asked = a_place_asked(walks.at_two, count=1)
    lock_slots = locks.lock_slots

    def lock_then_add(ids: Iterable[int]) -> list[Slot]:
        locked = lock_slots(ids)
        factories.a_slot(walks.lake, DAY, time(14, 30))
        return locked

    with monkeypatch.context() as patched:
        patched.setattr(locks, "lock_slots", lock_then_add)
        with pytest.raises(Busy):
            accepted(asked)

    assert not SlotHold.objects.exists()
    accepted(asked)
    assert SlotHold.objects.get().slot == walks.at_two


def test_refusal_names_nothing_of_the_house(walks: Walks):
    hold(walks.at_two)
    with pytest.raises(Unavailable) as refused:
        hold(walks.at_three)
    (told,) = refused.value.troubles
    assert "Marie" not in told.message
    assert "Forest" not in told.message
    assert told.field == "slot"


def test_hold_that_lapsed_keeps_nobody_away(walks: Walks):
    hold(walks.at_two)
    hold(walks.at_three, now=NOW + timedelta(minutes=16))
    assert refusal_of(walks.at_two, now=NOW + timedelta(minutes=17)) == "resource_busy"


def test_two_guides_lead_two_walks_and_not_three():
    walks = Walks(quantity=2)
    third = factories.a_slot(walks.forest, DAY, time(15, 30))
    hold(walks.at_two)
    hold(walks.at_three)
    assert refusal_of(third) == "resource_busy"


def test_preparation_after_a_walk_keeps_the_next_one_away(walks: Walks):
    OfferResource.objects.filter(offer=walks.forest).update(minutes_after=30)
    hold(walks.at_two)
    assert refusal_of(walks.at_four) == "resource_busy"


def test_two_dates_of_one_offer_need_the_guide_too(walks: Walks):
    hold(walks.at_three)
    assert refusal_of(walks.at_four) == "resource_busy"


def test_things_lent_by_the_day_never_stand_in_their_own_way():
    bicycles = factories.a_rental()
    van = factories.a_resource(bicycles.provider, "Van")
    factories.a_need(bicycles, van, before=720, after=720)
    factories.rental_days(bicycles, DAY, 3)
    request = LineRequest(offer_id=bicycles.pk, arrival=DAY, departure=DAY + timedelta(days=3))
    add_to_basket(factories.a_basket(), request, now=NOW)
    add_to_basket(factories.a_basket(), request, now=NOW)


def test_a_stay_that_moves_to_the_other_hour_gives_its_guide_for_it(walks: Walks):
    basket = hold(walks.at_three)
    line = basket.lines.get()
    change_line(basket, line.pk, asking(walks.at_four), now=NOW)
    assert SlotHold.objects.get().slot == walks.at_four


def test_walk_of_another_provider_is_nobodys_affair(walks: Walks):
    hold(walks.at_two)
    stranger = Walks()
    hold(stranger.at_three)


def test_side_of_a_ride_is_had_with_its_driver():
    shuttle = factories.a_shuttle()
    driver = factories.a_resource(shuttle.provider, "Paul")
    factories.a_need(shuttle, driver)
    ride = factories.a_ride(shuttle, DAY)
    other = factories.an_activity(provider=shuttle.provider)
    factories.a_need(other, driver)
    later = factories.a_slot(other, DAY, time(10, 30))
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=shuttle.pk,
        slot_id=ride.pk,
        ages=(None,),
        options=(OptionChoice("bike", 1),),
    )
    add_to_basket(basket, request, now=NOW)
    assert refusal_of(later) == "resource_busy"


# --- Paying --------------------------------------------------------------------------------------
def test_sold_walk_keeps_the_guide_and_a_cancelled_one_gives_it_back(walks: Walks, bank: FakeBank):
    order = paid_order(hold(walks.at_two), bank)
    assert refusal_of(walks.at_three) == "resource_busy"
    lines = order.lines.values_list("pk", flat=True)
    cancellation.cancel_lines(order, lines, basis="full", reason="Rain", actor=SYSTEM, now=NOW)
    hold(walks.at_three)


def test_what_lapsed_is_asked_for_again_only_while_the_guide_is_free(walks: Walks):
    late = NOW + timedelta(minutes=16)
    basket = hold(walks.at_two)
    hold(walks.at_three, now=late)
    (trouble,) = renew_holds(basket, now=late)
    assert trouble.code == "resource_busy"
    codes = [one.code for line in view_basket(basket, now=late).lines for one in line.troubles]
    assert codes == ["resource_busy", "hold_expired"]


def test_late_money_is_given_back_where_the_guide_went_meanwhile(walks: Walks, bank: FakeBank):
    order, payment = awaiting_payment(hold(walks.at_two))
    late = NOW + timedelta(hours=2)
    hold(walks.at_three, now=late)
    bank.pay(payment.session_id)

    settlement.settle_payment(payment.pk, now=late)

    walks.at_two.refresh_from_db()
    assert walks.at_two.sold == 0
    order.refresh_from_db()
    assert order.state == "expired"
    assert Refund.objects.get().amount == payment.amount


def test_late_money_for_two_walks_sells_one_where_one_guide_left(walks: Walks, bank: FakeBank):
    resources.change_resource(walks.guide, name="Marie", quantity=2, actor=SYSTEM, now=NOW)
    basket = factories.a_basket(None, None)
    for slot, person in ((walks.at_two, "p1"), (walks.at_three, "p2")):
        request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, people=(person,))
        add_to_basket(basket, request, now=NOW)
    order, payment = awaiting_payment(basket)
    late = NOW + timedelta(hours=2)
    resources.change_resource(walks.guide, name="Marie", quantity=1, actor=SYSTEM, now=late)
    bank.pay(payment.session_id)

    settlement.settle_payment(payment.pk, now=late)

    states = sorted(order.lines.values_list("state", flat=True))
    assert states == ["released", "sold"]
    assert sorted(Slot.objects.values_list("sold", flat=True)) == [0, 0, 1]


def test_order_is_placed_and_paid_for_what_is_held(walks: Walks, bank: FakeBank):
    order = order_from(hold(walks.at_two))
    assert order.lines.get().slot == walks.at_two


# --- What visitors see ---------------------------------------------------------------------------
def test_list_of_dates_says_taken_at_that_hour(walks: Walks):
    hold(walks.at_two)
    lake = kept_offers([walks.lake.pk])[walks.lake.pk]
    choices = slot_choices(lake, guests=[ADULT], now=NOW)
    assert [(one.status, one.is_free) for one in choices] == [
        ("resource_busy", False),
        ("available", True),
    ]


def test_own_basket_may_move_what_it_has(walks: Walks):
    basket = hold(walks.at_three)
    lake = kept_offers([walks.lake.pk])[walks.lake.pk]
    choices = slot_choices(lake, guests=[ADULT], now=NOW, except_basket=basket.pk)
    assert [one.is_free for one in choices] == [True, True]


def test_search_shows_the_next_date_that_has_its_guide(walks: Walks):
    hold(walks.at_two)
    found = search_experiences(kinds=["activity"], now=NOW)
    assert {one.slot.pk for one in found.results} == {walks.at_two.pk, walks.at_four.pk}


def test_ideas_leave_out_what_has_no_guide(walks: Walks):
    walks.at_four.delete()
    hold(walks.at_two)
    party = people_from([{"key": "p1", "age": None}])
    days, _kinds = find_ideas(None, party, first=DAY, last=DAY, now=NOW)
    assert [one.offer.pk for one in days[0].ideas] == [walks.forest.pk]


def test_one_statement_more_where_something_is_shared(walks, django_assert_num_queries):
    alone = factories.an_activity()
    for day in range(20):
        factories.a_slot(alone, DAY + timedelta(days=day))
        factories.a_slot(walks.forest, DAY + timedelta(days=1 + day))
    known = kept_offers([alone.pk, walks.forest.pk])
    with django_assert_num_queries(1):
        slot_choices(known[alone.pk], guests=[ADULT], now=NOW)
    with django_assert_num_queries(2):
        slot_choices(known[walks.forest.pk], guests=[ADULT], now=NOW)


# --- What hosts change ---------------------------------------------------------------------------
def link(
    walks: Walks, offer: Offer, need: Need | None = None, *, now: datetime = NOW
) -> list[Slot]:
    return resources.link_offer(walks.guide, offer, need or Need(), actor=SYSTEM, now=now)


def test_offer_of_another_provider_is_refused(walks: Walks):
    with pytest.raises(BadInput) as refused:
        link(walks, factories.an_activity())
    assert refused.value.code == "offer_unknown"


def test_lodging_has_no_dates_that_could_need_it(walks: Walks):
    with pytest.raises(BadInput) as refused:
        link(walks, factories.a_lodging(provider=walks.provider))
    assert refused.value.code == "not_for_lodging"


@pytest.mark.parametrize(
    "need",
    [Need(quantity=0), Need(quantity=501), Need(minutes_before=-1), Need(minutes_after=1441)],
)
def test_needs_that_can_t_be_are_refused(walks: Walks, need: Need):
    with pytest.raises(BadInput):
        link(walks, walks.forest, need)


def test_date_can_t_need_more_than_there_is(walks: Walks):
    with pytest.raises(NotAllowed) as refused:
        link(walks, walks.forest, Need(quantity=2))
    assert refused.value.code == "resource_too_few"


def test_sold_dates_that_now_collide_are_told_and_stay(walks: Walks, bank: FakeBank):
    tasting = walks.walk("Tasting")
    slot = factories.a_slot(tasting, DAY, time(14, 30))
    paid_order(hold(walks.at_two), bank)
    paid_order(hold(slot), bank)

    over = link(walks, tasting)

    assert over == [walks.at_two, slot]
    assert resources.clashes_of(walks.guide, now=NOW) == [walks.at_two, slot]
    assert set(Order.objects.values_list("state", flat=True)) == {"confirmed"}
    # Nobody joins what can't be kept.
    assert refusal_of(slot) == "resource_busy"


def test_offer_that_somebody_books_waits_until_they_are_done(walks: Walks, bank: FakeBank):
    tasting = walks.walk("Tasting")
    slot = factories.a_slot(tasting, DAY, time(14, 30))
    paid_order(hold(walks.at_two), bank)
    hold(slot)
    with pytest.raises(NotAllowed) as refused:
        link(walks, tasting)
    assert refused.value.code == "resource_held"
    assert not Offer.objects.get(pk=tasting.pk).uses_resources
    assert link(walks, tasting, now=NOW + timedelta(minutes=16)) == []


def test_fewer_than_what_is_sold_is_refused_with_the_dates(bank: FakeBank):
    walks = Walks(quantity=2)
    paid_order(hold(walks.at_two), bank)
    hold(walks.at_three)
    with pytest.raises(NotAllowed) as refused:
        resources.change_resource(walks.guide, name="Marie", quantity=1, actor=SYSTEM, now=NOW)
    (told,) = refused.value.troubles
    assert told.code == "resource_used"
    assert "12/07/2027 14:00 (Forest)" in told.message
    assert "12/07/2027 15:00 (Lake)" in told.message
    walks.guide.refresh_from_db()
    assert walks.guide.quantity == 2
    later = NOW + timedelta(minutes=16)
    resources.change_resource(walks.guide, name="Marie", quantity=1, actor=SYSTEM, now=later)


def test_what_no_offer_needs_any_more_limits_nothing(walks: Walks):
    hold(walks.at_two)
    resources.unlink_offer(walks.guide, walks.lake.pk, actor=SYSTEM, now=NOW)
    hold(walks.at_three)
    assert not Offer.objects.get(pk=walks.lake.pk).uses_resources
    assert Offer.objects.get(pk=walks.forest.pk).uses_resources


def test_deleted_resource_limits_nothing_and_twice_is_once(walks: Walks):
    hold(walks.at_two)
    for _press in range(2):
        resources.remove_resource(walks.guide, actor=SYSTEM, now=NOW)
    hold(walks.at_three)
    assert not Offer.objects.filter(uses_resources=True).exists()


def test_offer_that_goes_to_another_provider_leaves_the_guide(walks: Walks):
    hold(walks.at_two)
    with changing_offer(walks.lake, actor=SYSTEM, now=NOW):
        walks.lake.provider = factories.a_provider()
        walks.lake.save()
    assert not Offer.objects.get(pk=walks.lake.pk).uses_resources
    assert walks.guide.links.get().offer == walks.forest
    hold(walks.at_three)


@pytest.mark.parametrize(
    ("name", "quantity", "code"),
    [("  ", 1, "resource_unnamed"), ("marie", 1, "resource_known"), ("Paul", 0, "bad_quantity")],
)
def test_names_and_numbers_that_can_t_be_are_refused(walks: Walks, name, quantity, code):
    with pytest.raises(BadInput) as refused:
        resources.add_resource(walks.provider, name=name, quantity=quantity, actor=SYSTEM, now=NOW)
    assert refused.value.code == code


def test_new_dates_that_would_need_the_guide_twice_are_named_longest_first(walks: Walks):
    start = walks.at_two.starts_at + timedelta(minutes=30)
    moments = [
        (start + timedelta(days=1), start + timedelta(days=1, hours=1)),
        (start, start + timedelta(hours=1)),
        (start + timedelta(days=2), start + timedelta(days=2, hours=4)),
        (start + timedelta(days=2, hours=1), start + timedelta(days=2, hours=2)),
    ]
    found = resources.collisions(walks.lake, moments, now=NOW)
    assert [(one.starts_at, one.other_offer) for one in found] == [
        (moments[2][0], "Lake"),
        (moments[3][0], "Lake"),
        (moments[1][0], "Forest"),
    ]
    assert resources.collisions(factories.an_activity(), moments, now=NOW) == []
