"""What hosts want to fill: said, refused with why, paused, ended; what offers may draw from."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from booking.capacity_needs import (
    EmptyWeek,
    NeedInput,
    empty_weeks,
    move_need,
    needs_open,
    room_in,
    say_need,
)
from booking.models import CapacityNeed, Closure, Offer, Slot, Stay
from booking.refusals import Refusal
from members.journal import SYSTEM
from members.models import Entry, Provider
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
MAY = date(2027, 5, 1)
WEEK = (MAY, date(2027, 5, 8))


def need_input(*periods: tuple[date, date], **fields) -> NeedInput:
    values = {"quantity": 5, "floor": Decimal(70), **fields}
    return NeedInput(periods=periods or (WEEK,), **values)


def say(offer: Offer, given: NeedInput | None = None) -> CapacityNeed:
    return say_need(offer, given or need_input(), actor=SYSTEM, now=NOW)


def codes(offer: Offer, given: NeedInput) -> list[str]:
    with pytest.raises(Refusal) as refused:
        say(offer, given)
    assert not CapacityNeed.objects.exists()
    return [one.code for one in refused.value.troubles]


def test_a_need_is_written_with_its_periods_and_journalled():
    offer = factories.a_lodging()
    second = (date(2027, 5, 15), date(2027, 5, 22))

    need = say(offer, need_input(second, WEEK, most=2, audience="families"))

    assert (need.quantity, need.floor_amount, need.audience) == (5, Decimal(70), "families")
    assert (need.max_redemptions, need.last_day) == (2, date(2027, 5, 21))
    assert [(one.dates.lower, one.dates.upper) for one in need.periods.all()] == [WEEK, second]
    assert Entry.objects.get(subject=f"need:{need.pk}").verb == "need said"


def test_without_a_maximum_as_many_bookings_as_there_is_room():
    assert say(factories.a_lodging()).max_redemptions == 5


def test_it_is_proposed_no_longer_than_its_last_night():
    need = say(factories.a_lodging(), need_input(last_day=date(2028, 1, 1)))
    assert need.last_day == date(2027, 5, 7)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"periods": ()}, "need_no_period"),
        ({"periods": ((MAY, MAY),)}, "days_reversed"),
        ({"periods": ((date(2027, 4, 5), date(2027, 4, 12)),)}, "in_the_past"),
        ({"periods": ((date(2031, 4, 5), date(2031, 4, 12)),)}, "too_far"),
        ({"periods": (WEEK, (date(2027, 5, 7), date(2027, 5, 9)))}, "need_periods_overlap"),
        ({"periods": ((MAY, date(2027, 5, 2)),) * 21}, "need_too_many_periods"),
        ({"quantity": 0}, "bad_quantity"),
        ({"quantity": -3}, "bad_quantity"),
        ({"quantity": 10**9}, "bad_quantity"),
        ({"quantity": 8}, "need_too_many"),
        ({"floor": Decimal(0)}, "bad_price"),
        ({"floor": Decimal(-1)}, "bad_price"),
        ({"floor": Decimal("70.005")}, "bad_price"),
        ({"floor": Decimal(101)}, "floor_above_price"),
        ({"audience": "cats"}, "need_audience"),
        ({"most": 0}, "bad_quantity"),
        ({"last_day": date(2027, 4, 5)}, "in_the_past"),
    ],
)
def test_what_cannot_be_is_refused(change: dict, code: str):
    assert code in codes(factories.a_lodging(night="100"), replace(need_input(), **change))


def test_every_trouble_is_told_at_once():
    given = need_input(quantity=0, floor=Decimal(0), audience="cats")
    assert codes(factories.a_lodging(), given) == ["bad_quantity", "bad_price", "need_audience"]


def test_a_floor_above_the_price_may_be_meant():
    offer = factories.a_lodging(night="100")
    assert say(offer, need_input(floor=Decimal(120), is_floor_meant=True)).pk


def test_closed_nights_are_refused_and_named():
    offer = factories.a_lodging()
    span = DateRange(date(2027, 5, 3), date(2027, 5, 5))
    Closure.objects.create(unit=offer.units.get(), dates=span, reason="Works")

    with pytest.raises(Refusal) as refused:
        say(offer)

    trouble = refused.value.troubles[0]
    assert trouble.code == "need_over_closed"
    assert (trouble.params["first"], trouble.params["last"]) == (date(2027, 5, 3), date(2027, 5, 4))
    assert "Works" in trouble.message


def test_one_closed_place_of_several_leaves_the_others():
    offer = factories.a_lodging(units=2)
    Closure.objects.create(unit=offer.units.first(), dates=DateRange(*WEEK), reason="Works")
    assert room_in(offer, [WEEK], now=NOW).left == 7
    assert say(offer, need_input(quantity=7)).pk


def test_taken_nights_are_not_to_be_filled():
    offer = factories.a_lodging()
    Stay.objects.create(unit=offer.units.get(), dates=DateRange(*WEEK), state="blocked")
    assert codes(offer, need_input()) == ["need_all_taken"]


def test_without_a_price_there_is_nothing_to_propose():
    assert codes(factories.a_lodging(night=None), need_input()) == ["no_price"]


def test_places_of_dates_are_filled_too():
    offer = factories.an_activity(adult="32")
    assert codes(offer, need_input(floor=Decimal(20))) == ["need_no_date"]
    factories.a_slot(offer, MAY, capacity=4)
    closed = factories.a_slot(offer, date(2027, 5, 3))
    assert codes(offer, need_input(floor=Decimal(40), quantity=4)) == ["floor_above_price"]
    assert codes(offer, need_input(floor=Decimal(20), quantity=15)) == ["need_too_many"]
    Slot.objects.filter(pk=closed.pk).update(is_closed=True, closed_reason="Away")
    assert codes(offer, need_input(floor=Decimal(20))) == ["need_over_closed"]
    closed.delete()
    assert say(offer, need_input(floor=Decimal(20), quantity=4)).pk


def test_an_archived_offer_asks_for_nothing():
    offer = factories.a_lodging(state=Offer.State.ARCHIVED)
    assert codes(offer, need_input()) == ["not_on_sale"]


def test_a_house_has_so_many_needs_at_a_time(monkeypatch):
    monkeypatch.setattr("booking.capacity_needs.MOST_NEEDS", 1)
    offer = factories.a_lodging()
    first = say(offer)
    with pytest.raises(Refusal, match="too_many_needs"):
        say(offer)
    move_need(first.pk, "end", actor=SYSTEM, now=NOW)
    assert say(offer).pk


# --- What offers of the quiet season ask ---------------------------------------------------------
def test_open_needs_are_those_that_may_be_drawn_from():
    need = say(factories.a_lodging(), need_input(audience="families"))
    everybody = say(factories.a_lodging())

    assert list(needs_open(TODAY)) == [need, everybody]
    assert list(needs_open(TODAY, audiences=["groups"])) == [everybody]
    assert list(needs_open(TODAY, audiences=["families"])) == [need, everybody]
    assert list(needs_open(TODAY, offers=[need.offer_id])) == [need]
    assert list(needs_open(date(2027, 5, 7))) == [need, everybody]
    assert list(needs_open(date(2027, 5, 8))) == []


@pytest.mark.parametrize(
    "close",
    [
        lambda need: move_need(need.pk, "pause", actor=SYSTEM, now=NOW),
        lambda need: move_need(need.pk, "end", actor=SYSTEM, now=NOW),
        lambda need: CapacityNeed.objects.filter(pk=need.pk).update(redeemed=5),
        lambda need: Offer.objects.filter(pk=need.offer_id).update(state="paused"),
        lambda need: Provider.objects.filter(pk=need.provider_id).update(state="suspended"),
    ],
)
def test_nobody_draws_from_what_is_closed(close):
    need = say(factories.a_lodging())
    close(need)
    assert list(needs_open(TODAY)) == []


def test_several_periods_make_one_open_need(django_assert_num_queries):
    say(factories.a_lodging(), need_input(WEEK, (date(2027, 5, 15), date(2027, 5, 22))))
    with django_assert_num_queries(2):
        assert len([one.periods.all() for one in needs_open(TODAY)]) == 1


def test_moves_are_harmless_twice_and_end_is_final():
    need = say(factories.a_lodging())
    for wish in ("pause", "pause", "resume", "end", "end"):
        move_need(need.pk, wish, actor=SYSTEM, now=NOW)
    verbs = Entry.objects.filter(subject=f"need:{need.pk}").order_by("pk")
    assert [one.verb for one in verbs] == ["need said", "need: pause", "need: resume", "need: end"]
    with pytest.raises(Refusal, match="wrong_state"):
        move_need(need.pk, "resume", actor=SYSTEM, now=NOW)
    with pytest.raises(Refusal, match="wrong_state"):
        move_need(need.pk, "sell", actor=SYSTEM, now=NOW)


# --- What the calendar proposes ------------------------------------------------------------------
def test_empty_weeks_of_the_next_season_are_proposed():
    """In April the next season is summer: nine Saturdays with a whole week after them."""
    gite, stitches = factories.a_lodging(), factories.an_activity()
    hut = factories.a_lodging(night=None)
    saturday = date(2027, 7, 10)
    Stay.objects.create(
        unit=gite.units.get(),
        dates=DateRange(saturday + timedelta(days=2), saturday + timedelta(days=3)),
        state="blocked",
    )
    Closure.objects.create(
        unit=gite.units.get(),
        dates=DateRange(date(2027, 8, 1), date(2027, 8, 15)),
        reason="x",
    )
    factories.a_slot(stitches, date(2027, 7, 13), capacity=6)
    sold = factories.a_slot(stitches, date(2027, 7, 20), capacity=6)
    Slot.objects.filter(pk=sold.pk).update(sold=1)

    season, weeks = empty_weeks([gite, stitches, hut], now=NOW)

    assert season.code == "2027-ete"
    first = [one.first for one in weeks[gite.pk]]
    assert first == [date(2027, 7, 3), date(2027, 7, 17), date(2027, 7, 24), date(2027, 8, 21)]
    assert weeks[stitches.pk] == [EmptyWeek(saturday, date(2027, 7, 17), 6)]
    assert hut.pk not in weeks


def test_weeks_that_are_to_be_filled_already_are_not_proposed_again():
    gite = factories.a_lodging()
    need = say(gite, need_input((date(2027, 7, 12), date(2027, 7, 19))))
    first = date(2027, 7, 3)

    def proposed() -> list[date]:
        return [one.first for one in empty_weeks([gite], now=NOW)[1][gite.pk]]

    assert proposed()[:2] == [first, first + timedelta(days=21)]
    move_need(need.pk, "end", actor=SYSTEM, now=NOW)
    assert proposed()[:2] == [first, first + timedelta(days=7)]


def test_weeks_of_many_offers_are_read_together(django_assert_max_num_queries):
    offers = [factories.a_lodging() for _number in range(6)]
    with django_assert_max_num_queries(10):
        empty_weeks(offers, now=NOW)
