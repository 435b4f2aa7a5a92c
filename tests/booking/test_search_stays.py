"""Searching: free for all these nights, for this party, at the price that will be charged."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from booking import availability, search_table, search_upkeep
from booking.availability import StaySearch, search_stays, stay_choices
from booking.basket import add_to_basket
from booking.models import Closure, Offer, PriceRule, Stay, UnitDay
from booking.refusals import BadInput
from booking.search_upkeep import extend_search_table, tidy_holds
from booking.stay_calendar import stay_calendar
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from destination.models import PerimeterActivation, PoleMembership
from members.models import Provider
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DUPONT = StaySearch(SATURDAY, NEXT_SATURDAY, adults=2, child_ages=(5, 10))


def found(criteria: StaySearch = DUPONT) -> list[Offer]:
    return [one.offer for one in search_stays(criteria, now=NOW).results]


def add_week(offer: Offer, basket=None, *, now=NOW):
    basket = basket or factories.a_basket()
    add_to_basket(
        basket,
        LineRequest(
            offer_id=offer.pk,
            unit_id=offer.units.first().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None, 5, 10),
        ),
        now=now,
    )
    return basket


def test_price_of_the_list_is_the_price_of_the_stay_and_of_the_bank(bank: FakeBank):
    offer = factories.a_lodging(night="100", cleaning="60", now=NOW)

    shown = search_stays(DUPONT, now=NOW).results[0].quote.total
    choice = stay_choices(
        offer, arrival=SATURDAY, departure=NEXT_SATURDAY, guests=DUPONT.guests, now=NOW
    )[0]
    basket = add_week(offer)
    in_stay = view_basket(basket, now=NOW).total
    order = paid_order(basket, bank)

    at_bank = next(iter(bank.sessions.values())).amount_total_cents
    assert shown == choice.quote.total == in_stay == order.total_amount == Decimal("775.40")
    assert at_bank == 77540


def test_sold_held_closed_or_blocked_nights_are_not_shown(bank: FakeBank):
    sold, held, closed, blocked, free = (factories.a_lodging(now=NOW) for _number in range(5))
    paid_order(add_week(sold), bank)
    add_week(held)
    one_night = (date(2027, 7, 12), date(2027, 7, 13))
    Closure.objects.create(unit=closed.units.get(), dates=one_night, reason="Travaux")
    Stay.objects.create(unit=blocked.units.get(), dates=one_night, state="blocked")
    for offer in (closed, blocked):
        search_table.refresh_runs([offer.units.get().pk], *one_night)

    assert found() == [free]


def test_expired_hold_hides_nothing():
    offer = factories.a_lodging(now=NOW)
    add_week(offer)

    results = search_stays(DUPONT, now=NOW + timedelta(minutes=16)).results

    assert [one.offer for one in results] == [offer]


def test_departure_day_of_others_can_be_an_arrival(bank: FakeBank):
    offer = factories.a_lodging(now=NOW)
    paid_order(add_week(offer), bank)

    after = StaySearch(NEXT_SATURDAY, NEXT_SATURDAY + timedelta(days=3), adults=2)
    assert found(after) == [offer]


@pytest.mark.parametrize(
    ("party", "is_shown"),
    [
        ({"adults": 2, "child_ages": (5, 10)}, True),
        ({"adults": 4, "child_ages": ()}, True),
        ({"adults": 5, "child_ages": ()}, False),
        ({"adults": 4, "child_ages": (1,)}, True),
        ({"adults": 4, "child_ages": (3,)}, False),
        ({"adults": 1, "child_ages": (3, 4, 5, 6)}, False),
    ],
)
def test_party_fits_by_adults_children_and_total_with_a_cot(party, is_shown):
    factories.a_lodging(sleeps=4, cots=1, now=NOW)

    assert bool(found(replace(DUPONT, **party))) is is_shown


def test_rules_of_stay_hide_what_they_refuse_and_the_next_one_is_shown():
    saturdays = factories.a_lodging()
    for weekday in (0, 1, 2, 3, 4, 6):
        factories.a_restriction(
            saturdays,
            "closed_to_arrival",
            date(2027, 7, 1),
            date(2027, 9, 1),
            weekday=weekday,
        )
    no_departure = factories.a_lodging()
    factories.a_restriction(
        no_departure, "closed_to_departure", NEXT_SATURDAY, NEXT_SATURDAY + timedelta(days=1)
    )
    through = factories.a_lodging()
    factories.a_restriction(
        through, "min_stay_through", date(2027, 7, 12), date(2027, 7, 14), value=10
    )
    units = [one.units.get().pk for one in (saturdays, no_departure, through)]
    search_table.rebuild_units(units, today=TODAY)

    assert found() == [saturdays]
    sunday = replace(
        DUPONT,
        arrival=SATURDAY + timedelta(days=1),
        departure=NEXT_SATURDAY + timedelta(days=1),
    )
    assert saturdays not in found(sunday)
    assert no_departure in found(sunday)


def test_night_without_price_is_not_sold():
    offer = factories.a_lodging(night=None)
    PriceRule.objects.create(
        tariff=offer.tariffs.get(), dates=(SATURDAY, date(2027, 7, 15)), amount=Decimal("80")
    )
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)

    assert found() == []
    assert found(replace(DUPONT, departure=date(2027, 7, 15))) == [offer]


def test_only_what_is_published_and_inside_is_shown():
    factories.a_lodging(now=NOW, state=Offer.State.PAUSED)
    factories.a_lodging(now=NOW, provider=factories.a_provider(state=Provider.State.SUSPENDED))
    beside = factories.a_commune("Sainte-Eulalie", insee="07235", inside=False)
    factories.a_lodging(now=NOW, commune=beside)
    shown = factories.a_lodging(now=NOW)

    assert found() == [shown]


def test_switching_the_perimeter_changes_what_is_sold_without_code():
    offer = factories.a_lodging(now=NOW)
    second = factories.Perimeter.objects.create(slug="thematique", name="Proposition 2")
    assert found() == [offer]

    PerimeterActivation.objects.create(perimeter=second, active_from=TODAY)
    assert found() == []

    pole = factories.Pole.objects.create(
        perimeter=second, slug="pleine-nature", name="Pleine nature", colour="mezenc"
    )
    PoleMembership.objects.create(
        perimeter=second, pole=pole, commune=offer.commune, valid_from=TODAY
    )
    assert found() == [offer]
    assert search_stays(DUPONT, now=NOW).results[0].pole == pole


def test_free_cancellation_is_promised_only_before_its_last_day():
    factories.a_lodging(now=NOW)

    def until(days: int) -> date | None:
        arrival = TODAY + timedelta(days=days)
        criteria = StaySearch(arrival, arrival + timedelta(days=2), adults=2)
        (one,) = search_stays(criteria, now=NOW).results
        return one.free_cancellation_until and one.free_cancellation_until.date()

    # Everything is given back up to 14 days before.
    assert until(15) == TODAY + timedelta(days=1)
    assert until(14) is None
    assert until(3) is None


def test_filters_and_sorting():
    dear = factories.a_lodging(night="150", now=NOW, features=["wifi", "pets"])
    cheap = factories.a_lodging(night="50", now=NOW, lodging_type="hotel")

    assert found(replace(DUPONT, sort="price")) == [cheap, dear]
    assert found(replace(DUPONT, sort="price_desc")) == [dear, cheap]
    assert found(replace(DUPONT, features=("pets",))) == [dear]
    assert found(replace(DUPONT, lodging_type="hotel")) == [cheap]
    assert found(replace(DUPONT, pole="massif-du-mezenc", sort="price")) == [cheap, dear]
    assert found(replace(DUPONT, pole="la-chaise-dieu")) == []


def test_hotel_is_one_result_with_its_cheapest_free_room():
    hotel = factories.a_lodging(units=3, now=NOW)
    add_week(hotel)

    results = search_stays(DUPONT, now=NOW)

    assert results.count == 1
    assert results.results[0].unit == hotel.units.all()[1]


def test_twelve_a_page_and_every_offer_once():
    offers = {factories.a_lodging(now=NOW).pk for _number in range(14)}

    first = search_stays(DUPONT, now=NOW)
    second = search_stays(replace(DUPONT, page=2), now=NOW)

    assert (first.count, first.pages, len(first.results), len(second.results)) == (14, 2, 12, 2)
    assert {one.offer.pk for one in [*first.results, *second.results]} == offers


def test_a_page_far_down_prices_its_own_offers_alone(monkeypatch):
    for _number in range(30):
        factories.a_lodging(now=NOW)
    priced: list[int] = []
    load = availability.StayLoader.results

    def count_loaded(self, candidates):
        priced.append(len(candidates))
        return load(self, candidates)

    monkeypatch.setattr(availability.StayLoader, "results", count_loaded)

    third = search_stays(replace(DUPONT, page=3), now=NOW)
    beyond = search_stays(replace(DUPONT, page=9999), now=NOW)

    assert (third.count, third.pages, len(third.results)) == (30, 3, 6)
    assert (beyond.results, beyond.count, beyond.pages) == ([], 30, 3)
    assert sum(priced) <= 16


def test_pages_stay_whole_where_the_rules_refuse_what_the_table_found():
    offers = [factories.a_lodging(now=NOW) for _number in range(28)]
    for offer in offers[::4]:
        factories.a_restriction(offer, "closed_to_departure", NEXT_SATURDAY, date(2027, 7, 18))

    pages = [search_stays(replace(DUPONT, page=page), now=NOW) for page in (1, 2)]

    assert [(one.count, one.pages, len(one.results)) for one in pages] == [(21, 2, 12), (21, 2, 9)]
    shown = {one.offer.pk for page in pages for one in page.results}
    assert shown == {offer.pk for offer in offers} - {offer.pk for offer in offers[::4]}


def test_equal_offers_take_turns_at_the_top():
    for _number in range(4):
        factories.a_lodging(now=NOW)

    tops = set()
    for day in range(12):
        at = NOW + timedelta(days=day)
        tops.add(search_stays(DUPONT, now=at).results[0].offer.pk)

    assert len(tops) > 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"departure": SATURDAY}, "dates_reversed"),
        ({"arrival": TODAY - timedelta(days=1)}, "in_the_past"),
        ({"arrival": date(2030, 1, 1), "departure": date(2030, 1, 5)}, "too_far"),
        ({"adults": 0}, "no_adult"),
        ({"child_ages": (5,) * 99}, "too_many_people"),
        ({"child_ages": (42,)}, "age_unreadable"),
    ],
)
def test_bad_criteria_say_why(fields, code):
    with pytest.raises(BadInput) as error:
        search_stays(replace(DUPONT, **fields), now=NOW)

    assert code in [one.code for one in error.value.troubles]


def test_search_is_bounded(django_assert_max_num_queries):
    for _number in range(14):
        factories.a_lodging(now=NOW)

    with django_assert_max_num_queries(11):
        search_stays(DUPONT, now=NOW)


def test_calendar_tells_sold_out_arrival_days_and_closed_seasons(bank: FakeBank):
    offer = factories.a_lodging(now=NOW)
    paid_order(add_week(offer), bank)
    for weekday in (0, 1, 2, 3, 4, 6):
        factories.a_restriction(
            offer, "closed_to_arrival", date(2027, 7, 1), date(2027, 8, 1), weekday=weekday
        )
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)

    month = stay_calendar(offer, year=2027, month=7, now=NOW)

    days = {one.day.day: one for week in month.weeks for one in week if one}
    assert len(days) == 31
    assert (days[10].is_free, days[16].is_free, days[17].is_free) == (False, False, True)
    assert (days[3].can_arrive, days[4].can_arrive, days[17].can_arrive) == (True, False, True)
    assert days[4].is_free
    assert days[3].price == Decimal("100")
    assert month.next == (2027, 8)
    assert "samedi" in month.rule or "Saturday" in month.rule


def test_table_follows_the_days_and_is_never_wrong(bank: FakeBank):
    offer = factories.a_lodging(now=NOW)
    paid_order(add_week(offer), bank)
    tomorrow = NOW + timedelta(days=1)

    assert extend_search_table(now=tomorrow) > 0
    assert extend_search_table(now=tomorrow) == 0
    assert search_table.find_drift(today=TODAY + timedelta(days=1)) == []
    UnitDay.objects.filter(day=SATURDAY).update(free_run=5)
    assert search_table.find_drift(today=TODAY + timedelta(days=1)) == [offer.units.get().pk]


def test_table_is_written_on_where_a_call_was_cut_short(monkeypatch):
    monkeypatch.setattr(search_upkeep, "BATCH", 1)
    lodgings = [factories.a_lodging(now=NOW) for _number in range(3)]
    tomorrow = NOW + timedelta(days=1)
    day = TODAY + timedelta(days=1)

    written = extend_search_table(now=tomorrow, seconds=0)
    assert len(search_table.find_drift(today=day)) == 2

    assert extend_search_table(now=tomorrow, seconds=0) == written
    assert extend_search_table(now=tomorrow) == written
    assert extend_search_table(now=tomorrow) == 0
    assert search_table.find_drift(today=day) == []
    assert len(lodgings) * written == UnitDay.objects.count()


def test_old_holds_are_tidied_and_nothing_else(bank: FakeBank):
    kept = factories.a_lodging(now=NOW)
    paid_order(add_week(kept), bank)
    lapsed = factories.a_lodging(now=NOW)
    add_week(lapsed)

    assert tidy_holds(now=NOW + timedelta(hours=1)) == 0
    assert tidy_holds(now=NOW + timedelta(days=2)) == 1
    assert Stay.objects.get().state == "sold"
