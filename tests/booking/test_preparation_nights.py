"""Nights kept free after each stay: nobody sleeps them, nobody pays them, all calendars say so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from booking import cancellation, checkout, search_table, search_upkeep, settlement
from booking.availability import StaySearch, search_stays, stay_choices
from booking.basket import add_to_basket, renew_holds
from booking.capacity_needs import room_in
from booking.channels.blocks import write_blocks
from booking.channels.export import calendar_of
from booking.counter import price_at_counter
from booking.holds import hold_nights
from booking.kept_offers import kept_offers
from booking.models import Basket, ExportLink, FeedEvent, Offer, Stay, Unit, UnitDay
from booking.night_sheet import PREPARED, SOLD, taken_nights
from booking.offers import changing_offer, close_nights
from booking.refusals import Refusal
from booking.rules.people import Guest
from booking.stay_calendar import stay_calendar
from booking.wishes import LineRequest
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, TODAY, FakeBank, order_from, paid_order
from tests.pages import text_of

pytestmark = pytest.mark.django_db
FIRST = date(2027, 7, 10)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.fixture
def gite() -> Offer:
    return a_gite()


def a_gite(preparation: int = 2) -> Offer:
    offer = factories.a_lodging()
    offer.units.update(preparation_nights=preparation)
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    return offer


def hold(offer: Offer, first: int, after: int, *, now: datetime = NOW) -> Basket:
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=day(first),
        departure=day(after),
        ages=(None,),
    )
    add_to_basket(basket, request, now=now)
    return basket


def is_shown(offer: Offer, first: int, after: int, *, now: datetime = NOW) -> bool:
    """Ask the search and the page, which are of one mind."""
    found = search_stays(StaySearch(day(first), day(after), 1), now=now).results
    known = kept_offers([offer.pk])[offer.pk]
    nights = {"arrival": day(first), "departure": day(after)}
    (choice,) = stay_choices(known, **nights, guests=[Guest()], now=now)
    assert choice.is_free is bool(found)
    return choice.is_free


def refused(offer: Offer, first: int, after: int, *, now: datetime = NOW) -> bool:
    shown = is_shown(offer, first, after, now=now)
    try:
        hold(offer, first, after, now=now)
    except Refusal:
        assert not shown
        return True
    assert shown
    return False


def sell(offer: Offer, first: int, after: int, bank: FakeBank):
    return paid_order(hold(offer, first, after), bank)


def assert_table_is_true() -> None:
    assert search_table.find_drift(today=TODAY) == []


def test_nights_after_a_sale_are_nobodys_and_so_are_those_before(gite: Offer, bank: FakeBank):
    order = sell(gite, 10, 14, bank)
    assert_table_is_true()
    for first, after in ((14, 17), (15, 17), (7, 10), (8, 9), (9, 10)):
        assert refused(gite, first, after)
    # Two nights lie between each of these and the one that is sold.
    assert not refused(gite, 16, 18)
    assert not refused(gite, 5, 8)
    # Nobody pays them.
    line = order.lines.get()
    assert (line.arrival, line.departure) == (day(10), day(14))


def test_hold_keeps_them_as_long_as_it_lives(gite: Offer):
    hold(gite, 10, 14)
    assert refused(gite, 15, 17)
    late = NOW + timedelta(minutes=16)
    assert not refused(gite, 15, 17, now=late)
    assert_table_is_true()


def test_hold_that_lapsed_is_had_again_only_with_its_preparation(gite: Offer):
    basket = hold(gite, 10, 14)
    late = NOW + timedelta(minutes=16)
    hold(gite, 15, 17, now=late)
    (trouble,) = renew_holds(basket, now=late)
    assert trouble.code == "gone"


def test_late_money_is_given_back_where_only_preparation_is_missing(gite: Offer, bank: FakeBank):
    order = order_from(hold(gite, 10, 14))
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    late = NOW + timedelta(hours=2)
    hold(gite, 15, 17, now=late)
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=late)
    assert not Stay.objects.filter(state="sold").exists()


def test_late_money_takes_them_again_with_its_nights(gite: Offer, bank: FakeBank):
    order = order_from(hold(gite, 10, 14))
    checkout.begin_payment(order, success_url="s", cancel_url="c", now=NOW)
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(hours=2))
    assert Stay.objects.get(state="sold").preparation == 2
    assert_table_is_true()


def test_cancelled_stay_gives_them_back(gite: Offer, bank: FakeBank):
    order = sell(gite, 10, 14, bank)
    lines = order.lines.values_list("pk", flat=True)
    cancellation.cancel_lines(order, lines, basis="full", reason="Fire", actor=SYSTEM, now=NOW)
    assert_table_is_true()
    assert not refused(gite, 8, 15)


def test_closed_nights_may_be_prepared_in(gite: Offer):
    close_nights(
        gite.units.get(),
        first_night=day(10),
        reopening=day(12),
        reason="Works",
        actor=SYSTEM,
        now=NOW,
    )
    assert not refused(gite, 8, 10)
    assert_table_is_true()


def test_change_of_the_number_leaves_what_is_sold(gite: Offer, bank: FakeBank):
    sell(gite, 10, 14, bank)
    unit = gite.units.get()
    unit.preparation_nights = 0
    unit.save()
    search_table.rebuild_units([unit.pk], today=TODAY)
    # What was sold keeps its two nights; what comes before asks for none.
    assert refused(gite, 15, 17)
    assert not refused(gite, 8, 10)


def test_page_s_calendar_shows_them_taken(gite: Offer, bank: FakeBank):
    sell(gite, 10, 14, bank)
    hold(gite, 18, 19)
    known = kept_offers([gite.pk])[gite.pk]
    month = stay_calendar(known, year=2027, month=7, now=NOW)
    free = {one.day for week in month.weeks for one in week if one and one.is_free}
    assert {day(number) for number in range(8, 21)} & free == set()
    assert {day(7), day(21)} <= free


# --- What hosts and platforms read ---------------------------------------------------------------
def test_host_s_calendar_tells_nights_from_preparation(gite: Offer, bank: FakeBank):
    sell(gite, 10, 14, bank)
    unit = gite.units.get()

    def told(first: int, after: int) -> list[tuple[str, date, date]]:
        taken = taken_nights([unit.pk], day(first), day(after), now=NOW)
        return [(one.state, one.starts_on, one.ends_on) for one in taken]

    sold, prepared = (SOLD, day(10), day(14)), (PREPARED, day(14), day(16))
    assert told(0, 30) == [sold, prepared]
    assert told(15, 30) == [prepared]
    assert told(0, 14) == [sold]
    assert told(16, 30) == []


def test_page_of_the_host_says_preparation(gite: Offer, bank: FakeBank, client, at):
    at(NOW)
    sell(gite, 10, 14, bank)
    client.force_login(factories.a_host(gite.provider))
    page = client.get(
        reverse("extranet-calendar"), {"mois": "2027-07"}, headers={"Accept-Language": "en"}
    )
    assert "bk--prep" in page.text
    assert "kept free after the stay" in page.text
    # Neither sold nor free: 31 nights without 4, 2 after them and 2 that are too short before.
    assert "too short before the next stay" in page.text
    assert "23 nights still free" in text_of(page)


@pytest.mark.parametrize(("first", "after"), [(15, 17), (7, 10), (8, 9)])
def test_counter_names_no_price_for_nights_that_it_cant_sell(gite, bank, at, first, after):
    at(NOW)
    sell(gite, 10, 14, bank)
    unit = gite.units.get()

    def ask(first: int, after: int) -> None:
        nights = {"arrival": day(first), "departure": day(after)}
        wish = LineRequest(offer_id=gite.pk, unit_id=unit.pk, ages=(None,), **nights)
        price_at_counter(gite.provider, wish, now=NOW)

    with pytest.raises(Refusal) as refusal:
        ask(first, after)
    assert refusal.value.code == "counter_taken"
    ask(16, 18)
    ask(5, 8)


def test_own_nights_beside_one_another_are_named(gite: Offer):
    basket = hold(gite, 10, 14)
    line = basket.lines.get()
    unit = gite.units.get()
    for first, after, code in ((11, 13, "already_yours"), (15, 17, "beside_yours")):
        dates = day(first), day(after)
        with pytest.raises(Refusal) as refusal:
            hold_nights(unit.pk, *dates, basket_id=basket.pk, now=NOW, until=NOW)
        assert [(one.code, one.line) for one in refusal.value.troubles] == [(code, line.pk)]


def test_nights_too_short_before_a_stay_are_not_to_be_filled(gite: Offer, bank: FakeBank):
    period = [(day(0), day(20))]
    assert room_in(gite, period, now=NOW).left == 20
    sell(gite, 10, 14, bank)
    assert room_in(gite, period, now=NOW).left == 12
    # A stay that follows the period, and one that is only on hold.
    hold(gite, 21, 23)
    assert room_in(gite, period, now=NOW).left == 11


def test_other_platforms_read_both_apart(gite: Offer, bank: FakeBank):
    sell(gite, 10, 14, bank)
    link = ExportLink.objects.create(unit=gite.units.get(), token="x" * 32, created_at=NOW)
    told = calendar_of(link, today=TODAY).decode()
    _head, sold, prepared = told.split("BEGIN:VEVENT")
    for event, first, after, summary in (
        (sold, "20270720", "20270724", "Réservé"),
        (prepared, "20270724", "20270726", "Préparation"),
    ):
        assert f"DTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{after}" in event
        assert f"SUMMARY:{summary} – OTI Velay" in event


def told_elsewhere(unit: Unit, first: int, after: int) -> None:
    feed = unit.feeds.first() or factories.a_feed(unit)
    FeedEvent.objects.create(
        feed=feed,
        uid=f"{first}",
        dates=(day(first), day(after)),
        kind=FeedEvent.Kind.RESERVED,
        first_seen_at=NOW,
    )


def test_what_another_platform_says_of_these_nights_takes_none(gite: Offer, bank: FakeBank):
    sell(gite, 10, 14, bank)
    unit: Unit = gite.units.get()
    # Our own nights come back as « not available », and somebody's right after them.
    told_elsewhere(unit, 10, 16)
    told_elsewhere(unit, 15, 18)
    blocks = write_blocks(unit.pk, today=TODAY)
    assert blocks.closed == ((day(16), day(18)),)
    assert_table_is_true()


def test_block_ends_a_hold_whose_preparation_it_takes(gite: Offer):
    hold(gite, 10, 14)
    unit = gite.units.get()
    told_elsewhere(unit, 15, 18)
    blocks = write_blocks(unit.pk, today=TODAY)
    assert blocks.lost_holds == 1
    assert_table_is_true()


# --- After what is booked elsewhere ---------------------------------------------------------------
def stay_elsewhere(gite: Offer) -> Stay:
    return Stay.objects.get(unit=gite.units.get(), is_imported=True)


def test_stay_right_after_a_booking_elsewhere_leaves_time_to_prepare(gite: Offer):
    unit = gite.units.get()
    told_elsewhere(unit, 10, 14)
    write_blocks(unit.pk, today=TODAY)
    assert_table_is_true()
    for first, after in ((14, 17), (15, 17), (8, 9), (9, 10)):
        assert refused(gite, first, after)
    assert not refused(gite, 16, 18)
    assert not refused(gite, 5, 8)


@pytest.mark.parametrize(("kind", "asked"), [("blocked", 0), ("unclear", 2), ("reserved", 2)])
def test_closures_elsewhere_ask_for_no_preparation(gite: Offer, kind: str, asked: int):
    unit = gite.units.get()
    told_elsewhere(unit, 10, 14)
    FeedEvent.objects.update(kind=kind)
    write_blocks(unit.pk, today=TODAY)
    assert stay_elsewhere(gite).preparation == asked


def test_our_own_closure_that_comes_back_is_no_booking(gite: Offer):
    unit = gite.units.get()
    nights = {"first_night": day(10), "reopening": day(14)}
    close_nights(unit, **nights, reason="Works", actor=SYSTEM, now=NOW)
    told_elsewhere(unit, 10, 14)
    FeedEvent.objects.update(kind=FeedEvent.Kind.UNCLEAR)
    write_blocks(unit.pk, today=TODAY)
    assert stay_elsewhere(gite).preparation == 0


def test_sale_that_came_first_is_not_prepared_into(gite: Offer, bank: FakeBank):
    unit = gite.units.get()
    order = sell(gite, 15, 18, bank)
    told_elsewhere(unit, 10, 14)
    write_blocks(unit.pk, today=TODAY)
    assert stay_elsewhere(gite).preparation == 1
    # Cancelled, it leaves both nights.
    lines = order.lines.values_list("pk", flat=True)
    cancellation.cancel_lines(order, lines, basis="full", reason="Fire", actor=SYSTEM, now=NOW)
    assert stay_elsewhere(gite).preparation == 2
    assert_table_is_true()


def test_preparation_after_a_booking_elsewhere_ends_a_hold(gite: Offer):
    hold(gite, 15, 18)
    unit = gite.units.get()
    told_elsewhere(unit, 10, 14)
    assert write_blocks(unit.pk, today=TODAY).lost_holds == 1
    assert_table_is_true()


def test_yesterday_s_guest_is_prepared_after_until_somebody_comes(gite: Offer):
    unit = gite.units.get()
    told_elsewhere(unit, 10, 14)
    write_blocks(unit.pk, today=TODAY)
    told_elsewhere(unit, 15, 17)
    write_blocks(unit.pk, today=day(14))
    rows = Stay.objects.filter(is_imported=True).order_by("dates")
    assert [one.preparation for one in rows] == [1, 2]


def test_another_number_counts_for_bookings_elsewhere_too(gite: Offer):
    unit = gite.units.get()
    told_elsewhere(unit, 10, 14)
    write_blocks(unit.pk, today=TODAY)
    with changing_offer(gite, actor=SYSTEM, now=NOW):
        gite.units.update(preparation_nights=3)
    assert stay_elsewhere(gite).preparation == 3
    # What was imported before anything was prepared is found at night.
    Stay.objects.update(preparation=0)
    UnitDay.objects.all().delete()
    search_upkeep.extend_search_table(now=NOW)
    assert stay_elsewhere(gite).preparation == 3
    assert_table_is_true()
