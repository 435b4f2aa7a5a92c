"""A host changes many nights at once, sees first what changes, and takes it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from booking import search_table
from booking.models import Closure, NightEdit, Offer, PriceRule, Stay, StayRestriction, Unit
from booking.night_changes import NightsChange
from booking.night_edits import apply_change, last_edit, preview_change, undo_edit
from booking.night_plan import Plan
from booking.night_sheet import terms_by_tariff, units_of
from booking.offers import close_nights
from booking.refusals import BadInput, Refusal, Unavailable, WrongState
from members.journal import Actor
from members.models import Entry
from oti.lib.dates import nights
from tests import factories
from tests.booking.pages import a_week, hold_week
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db

ANNE = Actor("anne@example.org")
MONTH = date(2027, 7, 1), date(2027, 8, 1)
FRIDAY = 4


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(now=NOW)


@pytest.fixture
def sold(bank: FakeBank) -> Stay:
    """Give a week in July that the Duponts paid."""
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, a_week())
    paid_order(basket, bank)
    return Stay.objects.get(state=Stay.State.SOLD)


def asked(offer: Offer, **fields: Any) -> NightsChange:
    units = tuple(offer.units.order_by("pk").values_list("pk", flat=True))
    values: dict[str, Any] = {"unit_ids": units, "first_night": MONTH[0], "ends_on": MONTH[1]}
    return NightsChange(**{**values, **fields})


def plan(offer: Offer, now: Any = NOW, **fields: Any) -> Plan:
    return preview_change(offer.provider, asked(offer, **fields), now=now)


def change(offer: Offer, now: Any = NOW, **fields: Any) -> NightEdit:
    told = plan(offer, now, **fields)
    return apply_change(offer.provider, told.change, seen=told.mark, actor=ANNE, now=now)


def undo(edit: NightEdit, now: Any = NOW) -> NightEdit:
    return undo_edit(edit, actor=ANNE, now=now)


def prices(offer: Offer, *days: date) -> list[Decimal | None]:
    terms = terms_by_tariff(units_of(offer.provider), days)[offer.tariffs.get().pk]
    return [terms[day].price for day in days]


def codes(refused: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in refused.value.troubles]


def rows() -> tuple[Any, ...]:
    """Return every row that a change can touch, without its key."""
    return (
        sorted(PriceRule.objects.values_list("tariff", "level", "dates", "weekday", "amount")),
        sorted(StayRestriction.objects.values_list("tariff", "kind", "dates", "weekday", "value")),
        sorted(Closure.objects.values_list("unit", "dates", "reason")),
    )


def assert_search_knows() -> None:
    assert search_table.find_drift(today=TODAY) == []


# --- Prices --------------------------------------------------------------------------------------
def test_season_is_laid_over_another_and_leaves_what_sticks_out(gite: Offer) -> None:
    factories.a_season(gite, date(2027, 6, 15), date(2027, 9, 1), "120")

    edit = change(gite, price=Decimal(140))

    assert edit.nights == 31
    assert prices(gite, date(2027, 6, 30), MONTH[0], date(2027, 7, 31), MONTH[1]) == [
        120,
        140,
        140,
        120,
    ]
    assert_search_knows()


def test_price_of_a_season_leaves_weekends_and_exceptions_and_says_so(gite: Offer) -> None:
    factories.a_season(gite, *MONTH, "160", level="weekday", weekday=FRIDAY)
    factories.a_season(gite, date(2027, 7, 13), date(2027, 7, 15), "200", level="exception")

    told = plan(gite, price=Decimal(140))

    assert sorted((one.after, one.nights) for one in told.kept) == [(160, 5), (200, 2)]
    assert told.nights == 31 - 7
    change(gite, price=Decimal(140))
    assert prices(gite, date(2027, 7, 9), date(2027, 7, 13), date(2027, 7, 12)) == [160, 200, 140]


def test_every_night_replaces_weekends_and_exceptions_in_these_dates_only(gite: Offer) -> None:
    factories.a_season(
        gite, date(2027, 6, 1), date(2027, 9, 1), "160", level="weekday", weekday=FRIDAY
    )
    factories.a_season(gite, date(2027, 7, 30), date(2027, 8, 3), "200", level="exception")

    change(gite, price=Decimal(140), price_as="all")

    assert set(prices(gite, *nights(*MONTH))) == {140}
    assert prices(gite, date(2027, 6, 25), MONTH[1], date(2027, 8, 2)) == [160, 200, 200]
    assert_search_knows()


def test_price_of_weekdays_is_theirs_alone(gite: Offer) -> None:
    change(gite, price=Decimal(150), weekdays=frozenset({4, 5}))
    change(gite, price=Decimal(170), weekdays=frozenset({5}), ends_on=date(2027, 7, 15))

    assert prices(gite, date(2027, 7, 9), date(2027, 7, 10), date(2027, 7, 11)) == [150, 170, 100]
    assert prices(gite, date(2027, 7, 16), date(2027, 7, 17)) == [150, 150]


def test_exception_stands_when_the_season_changes(gite: Offer) -> None:
    change(gite, price=Decimal(200), price_as="exception", weekdays=frozenset({5}))
    change(gite, price=Decimal(90))

    assert prices(gite, SATURDAY, SATURDAY - timedelta(days=1)) == [200, 90]
    assert PriceRule.objects.filter(level="exception").count() == 5


def test_units_that_share_prices_change_together_and_are_named() -> None:
    hotel = factories.a_lodging(units=3, now=NOW)
    first = hotel.units.order_by("pk").first()

    told = plan(hotel, unit_ids=(first.pk,), price=Decimal(80))

    assert [one.name for one in told.shared] == ["Logement 2", "Logement 3"]
    assert told.nights == 93
    assert told.changed[0].units == ("Logement 1", "Logement 2", "Logement 3")
    change(hotel, unit_ids=(first.pk,), price=Decimal(80))
    assert_search_knows()


# --- Rules of stay -------------------------------------------------------------------------------
def test_least_nights_replace_every_other_minimum_of_these_days(gite: Offer) -> None:
    factories.a_restriction(gite, "min_stay_through", *MONTH, value=5)
    factories.a_restriction(gite, "min_stay_arrival", MONTH[0], date(2027, 9, 1), value=7)

    change(gite, min_stay=3)

    terms = terms_by_tariff(units_of(gite.provider), [SATURDAY, MONTH[1]])[gite.tariffs.get().pk]
    assert (terms[SATURDAY].min_stay, terms[MONTH[1]].min_stay) == (3, 7)
    assert not StayRestriction.objects.filter(kind="min_stay_through").exists()
    assert_search_knows()


def test_least_nights_of_a_weekday_leave_the_other_days_of_a_rule(gite: Offer) -> None:
    factories.a_restriction(gite, "min_stay_arrival", *MONTH, value=4)

    change(gite, min_stay=2, min_stay_kind="min_stay_through", weekdays=frozenset({6}))

    terms = terms_by_tariff(units_of(gite.provider), list(nights(*MONTH)))
    by_day = terms[gite.tariffs.get().pk]
    assert {day.weekday() for day, one in by_day.items() if one.min_stay == 2} == {6}
    assert {one.min_stay for day, one in by_day.items() if day.weekday() != 6} == {4}


def test_arrival_is_left_to_the_days_chosen_and_given_back(gite: Offer) -> None:
    change(gite, arrival_days=frozenset({5}), departure_days=frozenset({5, 6}))
    terms = terms_by_tariff(units_of(gite.provider), list(nights(*MONTH)))[gite.tariffs.get().pk]
    assert {day.weekday() for day, one in terms.items() if one.arrival_ok} == {5}
    assert {day.weekday() for day, one in terms.items() if one.departure_ok} == {5, 6}

    change(gite, arrival_days=frozenset())
    terms = terms_by_tariff(units_of(gite.provider), [SATURDAY])[gite.tariffs.get().pk]
    assert not terms[SATURDAY].arrival_ok

    change(gite, arrival_days=frozenset(range(7)))
    assert not StayRestriction.objects.filter(kind="closed_to_arrival").exists()
    assert_search_knows()


# --- Closing -------------------------------------------------------------------------------------
def test_nights_close_and_open_again_in_the_middle(gite: Offer) -> None:
    change(gite, sale="close", reason="travaux")
    edit = change(gite, sale="open", first_night=SATURDAY, ends_on=NEXT_SATURDAY)

    assert edit.nights == 7
    assert sorted((row.dates.lower.day, row.dates.upper.day) for row in Closure.objects.all()) == [
        (1, 10),
        (17, 1),
    ]
    assert {one.reason for one in Closure.objects.all()} == {"travaux"}
    assert_search_knows()


def test_sold_nights_are_named_and_stay_sold_while_the_others_close(sold: Stay) -> None:
    offer = sold.unit.offer

    told = plan(offer, sale="close", reason="travaux")

    assert [(one.starts_on, one.ends_on) for one in told.sold] == [(SATURDAY, NEXT_SATURDAY)]
    assert told.sold[0].reference == sold.order_line.order.reference
    assert told.nights == 31 - 7
    change(offer, sale="close", reason="travaux")
    assert not Closure.objects.filter(dates__overlap=DateRange(SATURDAY, NEXT_SATURDAY)).exists()
    sold.refresh_from_db()
    assert sold.state == Stay.State.SOLD
    assert_search_knows()


def test_price_of_sold_nights_is_not_counted_as_changed(sold: Stay) -> None:
    told = plan(sold.unit.offer, price=Decimal(140))
    assert told.nights == 24
    line = sold.order_line
    change(sold.unit.offer, price=Decimal(140))
    before = line.gross_amount
    line.refresh_from_db()
    assert line.gross_amount == before


def test_nights_that_somebody_is_booking_stay_open(gite: Offer) -> None:
    Stay.objects.create(
        unit=gite.units.get(),
        dates=DateRange(SATURDAY, NEXT_SATURDAY),
        state=Stay.State.HELD,
        expires_at=NOW + timedelta(minutes=15),
    )
    told = plan(gite, sale="close", reason="hiver")
    assert (told.nights, len(told.held)) == (24, 1)
    change(gite, sale="close", reason="hiver")
    assert not Closure.objects.filter(dates__overlap=DateRange(SATURDAY, NEXT_SATURDAY)).exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"sale": "close", "reason": "x"}, "only_sold_nights"), ({"sale": "open"}, "nothing_changes")],
)
def test_change_that_changes_nothing_says_why(
    sold: Stay, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        plan(sold.unit.offer, first_night=SATURDAY, ends_on=NEXT_SATURDAY, **fields)
    assert codes(refused) == [code]


# --- What was looked at is what is done ----------------------------------------------------------
def test_change_is_shown_again_when_a_night_was_sold_meanwhile(gite: Offer, bank: FakeBank) -> None:
    told = plan(gite, sale="close", reason="travaux")
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, gite)
    paid_order(basket, bank)

    with pytest.raises(WrongState) as refused:
        apply_change(gite.provider, told.change, seen=told.mark, actor=ANNE, now=NOW)

    assert codes(refused) == ["calendar_moved"]
    assert not Closure.objects.exists()
    assert not NightEdit.objects.exists()


def test_each_change_is_in_the_journal_of_each_unit() -> None:
    hotel = factories.a_lodging(units=2, now=NOW)
    edit = change(hotel, price=Decimal(80))
    undo(edit)

    for unit in hotel.units.all():
        told = Entry.objects.filter(subject=f"unit:{unit.pk}").order_by("pk")
        assert [one.verb for one in told] == ["nights changed", "nights put back"]
        assert told[0].data["price"] == "80"
        assert told[0].actor_label == ANNE.label


# --- Undo ----------------------------------------------------------------------------------------
def test_undo_gives_every_row_back(gite: Offer) -> None:
    factories.a_season(gite, date(2027, 6, 15), date(2027, 9, 1), "120")
    factories.a_season(gite, *MONTH, "160", level="weekday", weekday=FRIDAY)
    factories.a_restriction(gite, "min_stay_arrival", *MONTH, value=4)
    close_nights(
        gite.units.get(),
        first_night=SATURDAY,
        reopening=NEXT_SATURDAY,
        reason="fête",
        actor=ANNE,
        now=NOW,
    )
    before = rows()

    edit = change(
        gite,
        price=Decimal(140),
        price_as="all",
        min_stay=2,
        arrival_days=frozenset({5}),
        sale="close",
        reason="travaux",
        weekdays=frozenset({2, 5}),
    )
    assert rows() != before
    undo(edit)

    assert rows() == before
    assert last_edit(gite.provider, now=NOW) is None
    assert_search_knows()


def test_undo_is_for_the_last_change_once_and_for_a_day(gite: Offer) -> None:
    first = change(gite, price=Decimal(140))
    second = change(gite, price=Decimal(150))
    late = NOW + timedelta(hours=24)

    for edit, moment, code in ((first, NOW, "undo_not_last"), (second, late, "undo_late")):
        with pytest.raises(WrongState) as refused:
            undo(edit, moment)
        assert codes(refused) == [code]
    assert last_edit(gite.provider, now=NOW) == second
    assert last_edit(gite.provider, now=late) is None
    undo(second)
    with pytest.raises(WrongState) as refused:
        undo(second)
    assert codes(refused) == ["undo_done"]
    assert prices(gite, SATURDAY) == [140]


def test_undo_is_refused_when_nights_were_sold_since(gite: Offer, bank: FakeBank) -> None:
    edit = change(gite, price=Decimal(140))
    basket = factories.a_basket(None, None, 5, 10)
    hold_week(basket, gite)
    order = paid_order(basket, bank)

    with pytest.raises(Unavailable) as refused:
        undo(edit)

    assert codes(refused) == ["undo_sold"]
    assert order.reference in refused.value.troubles[0].message
    assert prices(gite, SATURDAY) == [140]


def test_undo_is_refused_when_the_office_changed_these_prices_since(gite: Offer) -> None:
    edit = change(gite, price=Decimal(140))
    factories.a_season(gite, SATURDAY, NEXT_SATURDAY, "99", level="exception")
    with pytest.raises(WrongState) as refused:
        undo(edit)
    assert codes(refused) == ["undo_edited"]


def test_opened_nights_are_not_closed_over_somebody_who_books_them(gite: Offer) -> None:
    change(gite, sale="close", reason="travaux")
    edit = change(gite, sale="open")
    hold_week(factories.a_basket(None, None, 5, 10), gite)

    with pytest.raises(Unavailable) as refused:
        undo(edit)

    assert codes(refused) == ["undo_held"]


# --- Bad input -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ends_on": MONTH[0]}, ["last_before_first"]),
        ({"ends_on": date(2027, 6, 1)}, ["last_before_first"]),
        ({"first_night": TODAY - timedelta(days=1)}, ["in_the_past"]),
        ({"ends_on": date(2037, 7, 1)}, ["change_too_long"]),
        ({"first_night": date(2199, 12, 1), "ends_on": date(2200, 1, 2)}, ["too_far"]),
        ({"price": Decimal(0)}, ["bad_price"]),
        ({"price": Decimal(-5)}, ["bad_price"]),
        ({"price": Decimal("1e9")}, ["bad_price"]),
        ({"price": Decimal("100.001")}, ["bad_price"]),
        ({"price": None}, ["nothing_asked"]),
        ({"price": None, "sale": "close", "reason": "  "}, ["reason_missing"]),
        ({"min_stay": 0}, ["bad_nights"]),
        ({"min_stay": 91}, ["bad_nights"]),
        ({"min_stay_kind": "max_stay"}, ["nothing_asked"]),
        ({"price_as": "base"}, ["nothing_asked"]),
        (
            {"ends_on": date(2027, 7, 3), "weekdays": frozenset({0})},
            ["no_such_night"],
        ),
        (
            {"first_night": date(2020, 1, 1), "price": Decimal(0), "min_stay": 0},
            ["in_the_past", "change_too_long", "bad_price", "bad_nights"],
        ),
    ],
)
def test_what_cannot_be_is_refused_with_everything_at_once(
    gite: Offer, fields: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(BadInput) as refused:
        plan(gite, **{"price": Decimal(140), **fields})
    assert codes(refused) == expected
    assert all(one.message and "%(" not in one.message for one in refused.value.troubles)


def test_unit_of_another_provider_is_unknown(gite: Offer) -> None:
    stranger = factories.a_lodging().units.get()
    for units in ((stranger.pk,), (gite.units.get().pk, stranger.pk), ()):
        with pytest.raises(BadInput) as refused:
            plan(gite, unit_ids=units, price=Decimal(80))
        assert codes(refused) == ["unit_unknown"]


def test_unit_without_prices_can_be_closed_but_not_priced(gite: Offer) -> None:
    Unit.objects.update(tariff=None)
    with pytest.raises(BadInput) as refused:
        plan(gite, price=Decimal(80))
    assert codes(refused) == ["unit_without_prices"]
    change(gite, sale="close", reason="travaux")
    assert_search_knows()


def test_least_nights_above_the_most_are_refused(gite: Offer) -> None:
    gite.tariffs.update(max_stay=5)
    with pytest.raises(BadInput) as refused:
        plan(gite, min_stay=6)
    assert codes(refused) == ["min_over_max"]


def test_same_change_twice_says_that_nothing_changes(gite: Offer) -> None:
    told = plan(gite, price=Decimal(140))
    change(gite, price=Decimal(140))
    with pytest.raises(BadInput) as refused:
        apply_change(gite.provider, replace(told.change), seen=told.mark, actor=ANNE, now=NOW)
    assert codes(refused) == ["nothing_changes"]
    assert NightEdit.objects.count() == 1
