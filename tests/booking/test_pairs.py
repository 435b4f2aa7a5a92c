"""Moments for two with childcare meanwhile: what is proposed, and added together or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from booking import locks, pairing
from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.emails import compose
from booking.kept_offers import kept_offers
from booking.minding import (
    find_minders,
    find_tight,
    find_unminded,
    may_go_out,
    moments_during,
)
from booking.models import Basket, ComesBy, Offer, OfferPermit, Order, OutboxMessage, Slot, SlotHold
from booking.pairing import Pair, Plan, add_pair, find_pairs, plan_in, plan_of
from booking.people import people_from
from booking.refusals import Refusal
from booking.rules import states
from booking.rules.kinds import PLACES, Asked
from booking.rules.kinds.childcare import CHILDCARE, FORTIETH, UNITS_OF_CARER
from booking.rules.pairing import Hours, fit_of, walk_between, way_between
from booking.rules.people import Guest
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.booking.rules.strategies import bounded
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
ADULTS, CHILDREN = ("p1", "p2"), ("p3", "p4")
# About 25 minutes by road from Les Estables, where the factories put things.
FAR = {"latitude": 45.0, "longitude": 4.15}


def a_dinner(at: time = time(19, 30), *, minutes: int = 150, **fields: object) -> Slot:
    """Make a dinner for grown-ups."""
    offer = factories.an_activity(
        kind="meal", min_age=18, child=None, duration_minutes=minutes, **fields
    )
    return factories.a_slot(offer, DAY, at)


def a_carer(at: time = time(19), *, capacity: int = 40, **fields: object) -> Slot:
    offer = factories.a_childcare()
    if fields:
        Offer.objects.filter(pk=offer.pk).update(**fields)
        offer.refresh_from_db()
    return factories.a_slot(offer, DAY, at, capacity=capacity)


def moment_of(slot: Slot, **fields: object) -> LineRequest:
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, people=ADULTS, is_once=True)
    return replace(request, **fields)


def care_of(slot: Slot, **fields: object) -> LineRequest:
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, people=CHILDREN, is_once=True)
    return replace(request, **fields)


def pairs_for(slot: Slot, basket: Basket, **fields: object) -> list[Pair]:
    offer = kept_offers([slot.offer_id])[slot.offer_id]
    asked = {"from_day": DAY, "to_day": DAY, "now": NOW, **fields}
    return find_pairs(offer, people_from(basket.people), plan_of(basket), **asked)


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


@pytest.fixture
def dupont() -> Basket:
    return factories.a_basket(None, None, 5, 10)


# --- What is proposed -----------------------------------------------------------------------------
def test_a_dinner_comes_with_a_carer_and_a_carer_with_a_dinner(dupont):
    dinner, care = a_dinner(), a_carer()

    for asked in (dinner, care):
        [pair] = pairs_for(asked, dupont)
        assert (pair.moment.slot.pk, pair.care.slot.pk) == (dinner.pk, care.pk)
        assert [one.key for one in pair.moment.joining] == list(ADULTS)
        assert [one.key for one in pair.care.joining] == list(CHILDREN)
        assert pair.total == Decimal("64") + Decimal("40")
        assert pair.minutes == 0


# --- Without a car --------------------------------------------------------------------------------
def test_without_a_car_the_way_is_walked_and_counted(dupont):
    care = a_carer()
    moved = (care.offer.commune.latitude, care.offer.commune.longitude)
    near = {"latitude": float(moved[0]) + 0.006, "longitude": float(moved[1])}
    slow = a_dinner(time(19, 10), minutes=90, **near)
    on_time = a_dinner(time(19, 30), minutes=90, **near)
    a_dinner(time(19, 45), minutes=90, **FAR)
    assert len(pairs_for(care, dupont)) == 3

    pairing.say_how_they_come(dupont, ComesBy.WITHOUT)

    [pair] = pairs_for(care, dupont)
    assert pair.moment.slot.pk == on_time.pk != slow.pk
    assert 12 <= pair.minutes <= 16
    with pytest.raises(Refusal) as refused:
        add_pair(dupont, moment_of(slow), care_of(care), now=NOW)
    assert codes_of(refused) == ["pair_apart"]
    assert not dupont.lines.exists()
    assert len(add_pair(dupont, moment_of(on_time), care_of(care), now=NOW)) == 2


def test_what_is_too_far_to_walk_is_said_of_what_the_stay_has(dupont):
    care, far = a_carer(), a_dinner(time(19, 45), minutes=90, **FAR)
    add_pair(dupont, moment_of(far), care_of(care), now=NOW)
    assert find_tight(view_basket(dupont, now=NOW)) == []

    pairing.say_how_they_come(dupont, ComesBy.WITHOUT)

    [tight] = find_tight(view_basket(dupont, now=NOW))
    assert tight.fit.is_too_far
    assert not tight.fit.is_enough


def test_who_has_a_shuttle_comes_without_a_car_unless_it_says_otherwise(dupont):
    shuttle = factories.an_activity(kind="shuttle", child=None, adult="5", duration_minutes=30)
    ride = factories.a_slot(shuttle, DAY, time(10))
    assert not plan_of(dupont).on_foot
    add_to_basket(dupont, LineRequest(offer_id=shuttle.pk, slot_id=ride.pk, people=ADULTS), now=NOW)
    assert plan_of(dupont).on_foot
    assert plan_in(view_basket(dupont, now=NOW)).on_foot
    pairing.say_how_they_come(dupont, ComesBy.CAR)
    assert not plan_of(dupont).on_foot


def test_stay_that_is_being_paid_says_no_more_how_they_come(dupont):
    Basket.objects.filter(pk=dupont.pk).update(state=Basket.State.FROZEN)
    with pytest.raises(Refusal) as refused:
        pairing.say_how_they_come(dupont, ComesBy.WITHOUT)
    assert codes_of(refused) == ["frozen"]
    assert Basket.objects.get(pk=dupont.pk).comes_by == ""


@pytest.mark.parametrize(
    ("at", "minutes", "is_proposed"),
    [
        (time(19), 210, True),
        (time(18, 59), 120, False),
        (time(20, 30), 121, False),
        (time(20, 30), 120, True),
    ],
)
def test_the_carer_is_there_from_the_first_to_the_last_minute(dupont, at, minutes, is_proposed):
    dinner, care = a_dinner(at, minutes=minutes), a_carer()

    assert bool(pairs_for(dinner, dupont)) is is_proposed
    assert bool(pairs_for(care, dupont)) is is_proposed


def test_a_dinner_far_from_the_carer_leaves_time_for_the_way_and_says_how_long_it_is(dupont):
    care = a_carer()
    early = a_dinner(time(19, 20), minutes=90, **FAR)
    late = a_dinner(time(20, 30), minutes=120, **FAR)
    both_ways = a_dinner(time(19, 45), minutes=90, **FAR)

    [pair] = pairs_for(care, dupont)

    assert pair.moment.slot.pk == both_ways.pk not in {early.pk, late.pk}
    assert 25 <= pair.minutes <= 45


def test_a_carer_who_comes_home_is_where_they_sleep(dupont):
    bed = factories.a_lodging()
    add_to_basket(
        dupont,
        LineRequest(
            offer_id=bed.pk,
            unit_id=bed.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            people=(*ADULTS, *CHILDREN),
        ),
        now=NOW,
    )
    # Its own address is far; the family's bed is beside the dinner.
    care = a_carer(**FAR)
    a_dinner(minutes=180)
    assert pairs_for(care, dupont) == []

    OfferPermit.objects.update(regime=OfferPermit.Regime.SAP)

    [pair] = pairs_for(care, dupont)
    assert pair.minutes == 0


def test_what_takes_only_some_of_them_is_no_pair(dupont):
    a_carer(capacity=8)
    a_carer(min_age=6)
    dinner = a_dinner()
    assert pairs_for(dinner, dupont) == []

    care = a_carer(max_age=9)
    # A child too old for the carer looks after itself.
    [pair] = pairs_for(dinner, dupont)
    assert (pair.care.slot.pk, [one.key for one in pair.care.joining]) == (care.pk, ["p3"])


def test_where_a_host_answers_first_or_they_are_elsewhere_nothing_is_proposed(dupont):
    a_dinner(confirmation=Offer.Confirmation.ON_REQUEST)
    care = a_carer()
    assert pairs_for(care, dupont) == []

    dinner = a_dinner()
    walk = factories.an_activity(duration_minutes=60)
    add_to_basket(dupont, moment_of(factories.a_slot(walk, DAY, time(20)), people=("p1",)), now=NOW)
    assert pairs_for(care, dupont) == []
    assert pairs_for(dinner, dupont) == []


def test_a_carer_who_has_to_know_earlier_is_not_proposed(dupont):
    a_carer(min_advance_days=120)
    assert pairs_for(a_dinner(), dupont) == []

    a_carer(notice_hours=24 * 90)
    assert len(pairs_for(a_dinner(), dupont)) == 1


def test_the_same_carer_may_come_twice_the_same_dinner_is_not_proposed_again(dupont):
    care, dinner = a_carer(), a_dinner()
    add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)
    later = DAY + timedelta(days=1)
    second = factories.a_slot(care.offer, later, time(19), capacity=40)
    lunch = factories.a_slot(dinner.offer, later, time(19, 30))
    other = factories.a_slot(
        factories.an_activity(kind="meal", child=None, duration_minutes=60), later, time(20)
    )

    assert {pair.care.slot.pk for pair in pairs_for(lunch, dupont, to_day=later)} == {second.pk}
    found = pairs_for(second, dupont, to_day=later)
    assert [pair.moment.slot.pk for pair in found] == [other.pk]


def test_without_children_or_without_grown_ups_there_is_nothing_to_pair():
    dinner = a_dinner()
    a_carer()

    assert pairs_for(dinner, factories.a_basket(None, None)) == []
    assert pairs_for(dinner, factories.a_basket(5, 10)) == []


def test_past_the_authorisation_no_carer_is_proposed(dupont):
    dinner, care = a_dinner(), a_carer()
    OfferPermit.objects.update(valid_until=DAY - timedelta(days=1))

    assert pairs_for(dinner, dupont) == []
    with pytest.raises(Refusal) as error:
        add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)
    assert "permit_expired" in codes_of(error)
    assert not dupont.lines.exists()


def test_the_number_of_statements_does_not_grow_with_what_is_free(dupont):
    care = a_carer()
    a_dinner()
    with CaptureQueriesContext(
        connection,
    ) as few:
        pairs_for(care, dupont)
    for minute in range(0, 30, 5):
        a_dinner(time(20, minute), minutes=60)
    with CaptureQueriesContext(connection) as many:
        found = pairs_for(care, dupont)

    assert len(found) == 3
    assert len(many) <= len(few) + 2


def test_a_crowded_day_leaves_room_for_the_next_one(dupont, monkeypatch):
    monkeypatch.setattr(pairing, "MOST_A_DAY", 2)
    monkeypatch.setattr(pairing, "MOST_READ", 4)
    care = a_carer()
    later = DAY + timedelta(days=1)
    factories.a_slot(care.offer, later, time(19), capacity=40)
    for _number in range(5):
        dinner = a_dinner()
    factories.a_slot(dinner.offer, later, time(19, 30))

    days = [pair.moment.slot.day for pair in pairs_for(care, dupont, to_day=later)]

    assert days == [DAY, DAY, later]


# --- Adding both ----------------------------------------------------------------------------------
def test_one_press_holds_both_until_the_same_moment(dupont):
    dinner, care = a_dinner(), a_carer()

    lines = add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)

    assert [line.slot_id for line in lines] == [dinner.pk, care.pk]
    view = view_basket(dupont, now=NOW)
    assert view.can_check_out
    assert view.total == Decimal("104")
    assert set(SlotHold.objects.values_list("expires_at", flat=True)) == {
        NOW + timedelta(minutes=15)
    }
    # A child of 5 takes 8 of a carer's units, one of 10 takes 5.
    assert SlotHold.objects.get(slot=care).quantity == 13 * FORTIETH
    assert find_unminded(view, now=NOW) == []


def test_ages_make_the_persons_of_a_stay_that_has_none_yet():
    basket = factories.a_basket()
    dinner, care = a_dinner(), a_carer()
    party = (None, None, 5, 10)

    add_pair(
        basket,
        moment_of(dinner, people=(), ages=(None, None), party=party),
        care_of(care, people=(), ages=(5, 10), party=party),
        now=NOW,
    )

    assert [row["age"] for row in basket.people] == [None, None, 5, 10]
    assert [line.people for line in basket.lines.order_by("position")] == [
        list(ADULTS),
        list(CHILDREN),
    ]


@pytest.mark.parametrize("gone", ["moment", "care"])
def test_where_one_of_both_is_gone_nothing_is_added(dupont, gone):
    dinner, care = a_dinner(), a_carer()
    Slot.objects.filter(pk=(dinner if gone == "moment" else care).pk).update(sold=6, capacity=6)

    with pytest.raises(Refusal):
        add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)

    dupont.refresh_from_db()
    assert not dupont.lines.exists()
    assert not SlotHold.objects.exists()
    assert dupont.expires_at is None


def test_a_second_press_leaves_one_pair_and_half_of_one_is_completed(dupont):
    dinner, care = a_dinner(), a_carer()
    add_to_basket(dupont, moment_of(dinner), now=NOW)

    [line] = add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)
    again = add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)

    assert line.slot_id == care.pk
    assert again == []
    assert dupont.lines.count() == 2


@pytest.mark.parametrize("half", ["moment", "both"])
def test_what_the_stay_had_is_held_again_with_the_other(dupont, half):
    dinner, care = a_dinner(), a_carer()
    add_to_basket(dupont, moment_of(dinner), now=NOW)
    if half == "both":
        add_to_basket(dupont, care_of(care), now=NOW)
    later = NOW + timedelta(minutes=20)

    new = add_pair(dupont, moment_of(dinner), care_of(care), now=later)

    assert len(new) == (1 if half == "moment" else 0)
    assert dupont.lines.count() == SlotHold.objects.count() == 2
    assert set(SlotHold.objects.values_list("expires_at", flat=True)) == {dupont.expires_at}
    assert dupont.expires_at > later
    assert view_basket(dupont, now=later).can_check_out


def test_what_the_stay_had_and_somebody_else_has_now_refuses_both(dupont):
    dinner, care = a_dinner(), a_carer()
    add_to_basket(dupont, moment_of(dinner), now=NOW)
    Slot.objects.filter(pk=dinner.pk).update(sold=6, capacity=6)

    with pytest.raises(Refusal):
        add_pair(dupont, moment_of(dinner), care_of(care), now=NOW + timedelta(minutes=20))

    assert [line.slot_id for line in dupont.lines.all()] == [dinner.pk]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shown_amount": Decimal("1")}, "price_changed"),
        ({"slot_id": 10**9}, "slot_unknown"),
        ({"people": ("p1", "p3")}, "age_mismatch"),
        ({"people": ("nobody",)}, "nobody"),
    ],
)
def test_what_is_wrong_with_the_moment_refuses_both(dupont, change, code):
    dinner, care = a_dinner(), a_carer()

    with pytest.raises(Refusal) as error:
        add_pair(dupont, moment_of(dinner, **change), care_of(care), now=NOW)

    assert code in codes_of(error)
    assert not dupont.lines.exists()


@pytest.mark.parametrize("which", ["before", "two moments", "child at both"])
def test_hours_that_are_no_pair_are_refused(dupont, which):
    dinner, care = a_dinner(time(18)), a_carer()
    request = care_of(care)
    if which == "two moments":
        walk = factories.an_activity(duration_minutes=60)
        request = care_of(factories.a_slot(walk, DAY, time(22)))
    if which == "child at both":
        feast = factories.an_activity(kind="meal", duration_minutes=60)
        dinner = factories.a_slot(feast, DAY, time(20))

    keys = ("p1", "p3") if which == "child at both" else ADULTS
    with pytest.raises(Refusal) as error:
        add_pair(dupont, moment_of(dinner, people=keys), request, now=NOW)

    assert codes_of(error) == ["overlap" if which == "child at both" else "pair_apart"]
    assert not dupont.lines.exists()


def test_what_its_host_answers_first_is_no_half_of_a_pair(dupont):
    dinner, care = a_dinner(confirmation=Offer.Confirmation.ON_REQUEST), a_carer()

    with pytest.raises(Refusal) as error:
        add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)

    assert codes_of(error) == ["together_on_request"]


def test_a_pair_added_beside_another_tab_is_read_again(dupont, monkeypatch):
    dinner, care = a_dinner(), a_carer()
    stale = Basket.objects.get(pk=dupont.pk)
    add_to_basket(dupont, moment_of(dinner), now=NOW)

    add_pair(stale, moment_of(dinner), care_of(care), now=NOW)

    assert stale.lines.count() == 2


def test_the_slots_are_locked_at_once_and_in_order(dupont, monkeypatch):
    care, dinner = a_carer(), a_dinner()
    asked: list[set[int]] = []
    lock = locks.lock_slots

    def note(ids):
        asked.append(set(ids))
        return lock(ids)

    monkeypatch.setattr(locks, "lock_slots", note)
    add_pair(dupont, moment_of(dinner), care_of(care), now=NOW)

    assert asked == [{care.pk, dinner.pk}]


# --- In the stay ----------------------------------------------------------------------------------
def test_childcare_too_far_from_the_dinner_says_what_lacks(dupont):
    dinner, care = a_dinner(time(19, 10), minutes=195, **FAR), a_carer()
    add_to_basket(dupont, moment_of(dinner), now=NOW)
    view = view_basket(dupont, now=NOW)
    [unminded] = find_unminded(view, now=NOW)
    assert find_minders(unminded, view, now=NOW) == []

    add_to_basket(dupont, care_of(care), now=NOW)

    view = view_basket(dupont, now=NOW)
    assert find_unminded(view, now=NOW) == []
    [tight] = find_tight(view)
    assert (tight.line.line.slot_id, tight.care.line.slot_id) == (dinner.pk, care.pk)
    assert tight.fit.lacking_before == tight.fit.minutes - 10
    assert tight.fit.lacking_after == tight.fit.minutes - 5


def test_during_childcare_without_anything_planned_there_are_moments(dupont):
    care = a_carer()
    near, far = a_dinner(), a_dinner(time(20), minutes=60, **FAR)
    factories.a_slot(factories.an_activity(max_age=12, duration_minutes=60), DAY, time(20))
    add_to_basket(dupont, care_of(care), now=NOW)
    view = view_basket(dupont, now=NOW)

    [line] = may_go_out(view)
    found = moments_during(view, line, now=NOW)

    # The nearest first, whatever its turn.
    assert [half.slot.pk for half, _fit in found] == [near.pk, far.pk]
    add_to_basket(dupont, moment_of(near), now=NOW)
    assert may_go_out(view_basket(dupont, now=NOW)) == []


# --- The ratio (core.md 5) ------------------------------------------------------------------------
def test_a_child_of_five_takes_the_place_that_two_of_ten_would_not(dupont):
    care = a_carer(capacity=10)

    def place(*ages: int) -> int:
        basket = factories.a_basket()
        add_to_basket(basket, care_of(care, people=(), ages=ages), now=NOW)
        return basket.lines.count()

    with pytest.raises(Refusal) as error:
        place(5, 10)
    assert codes_of(error) == ["care_partly_full"]
    assert place(10, 10) == 1
    with pytest.raises(Refusal):
        place(10)


@bounded
@given(st.lists(st.integers(2, 12), min_size=1, max_size=9), st.integers(1, 3))
def test_children_fit_as_long_as_the_ratio_holds(ages, carers):
    needs = CHILDCARE.needs(Asked(guests=tuple(Guest(age) for age in ages)))[PLACES]
    small = sum(age < 6 for age in ages)
    assert (needs <= carers * UNITS_OF_CARER) == (small / 5 + (len(ages) - small) / 8 <= carers)


def test_a_plan_of_nobody_is_free():
    assert plan_of(None) == Plan()


# --- After the sale -------------------------------------------------------------------------------
@pytest.fixture
def bought(dupont, bank: FakeBank) -> Order:
    factories.terms()
    add_pair(dupont, moment_of(a_dinner()), care_of(a_carer()), now=NOW)
    order = paid_order(dupont, bank)
    Order.objects.filter(pk=order.pk).update(language="en")
    return order


def cancelled_mail(order: Order, kind: str) -> str:
    line = order.lines.get(kind=kind)
    cancel_lines(order, [line.pk], basis="full", reason="Illness", actor=SYSTEM, now=NOW)
    message = OutboxMessage.objects.get(kind="lines_cancelled")
    message.language = "en"
    return compose(message).body


def test_the_mail_of_a_cancelled_dinner_proposes_to_cancel_the_childcare(bought):
    text = cancelled_mail(bought, "meal")

    assert "stays booked. Don’t you need it any more?" in text
    care = bought.lines.get(kind="childcare")
    assert care.state == states.SOLD
    assert care.policy_summaries["fr"] in text.replace("\u00a0", " ")


def test_the_mail_of_a_cancelled_childcare_says_nothing_of_the_dinner(bought):
    text = cancelled_mail(bought, "childcare")

    assert "Don’t you need it" not in text
    assert bought.lines.get(kind="meal").state == states.SOLD


@bounded
@given(st.floats(0, 0.05), st.floats(0, 0.05), st.booleans())
def test_a_way_on_foot_is_short_or_none_and_by_car_there_is_always_one(north, east, is_reverse):
    here, there = (45.0, 4.0), (45.0 + north, 4.0 + east)
    hours = [Hours(NOW, NOW + timedelta(hours=4), one) for one in (here, there)]
    care, moment = reversed(hours) if is_reverse else hours
    walked, driven = walk_between(care, moment), way_between(care, moment)
    assert walked is None or 0 <= walked <= 30
    assert fit_of(care, moment, on_foot=True).is_too_far is (walked is None)
    # Whoever drives has its way, however far.
    assert not fit_of(care, moment).is_too_far
    assert driven >= 0
