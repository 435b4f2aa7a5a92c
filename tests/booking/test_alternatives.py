"""When nothing fits: the nearest stays that can be had, at their price, and what was relaxed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client

from booking import search_table
from booking.alternatives import find_alternatives, nearest_stays
from booking.availability import StaySearch, search_stays
from booking.basket import add_to_basket
from booking.models import Offer, Stay
from booking.wishes import LineRequest
from tests import factories
from tests.booking.test_filters import another_pole
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.pages import address, fields_of, text_of

pytestmark = pytest.mark.django_db
DUPONT = StaySearch(SATURDAY, NEXT_SATURDAY, adults=2, child_ages=(5, 10))
WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2, "ages": [5, 10]}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def block(offer: Offer, first: date, last: date) -> None:
    unit = offer.units.first()
    Stay.objects.create(unit=unit, dates=(first, last), state="blocked")
    search_table.refresh_runs([unit.pk], first, last)


def day(shift: int) -> date:
    return SATURDAY + timedelta(days=shift)


def test_shifted_dates_come_nearest_first_at_the_price_that_will_be_charged():
    offer = factories.a_lodging(cleaning="60", now=NOW)
    block(offer, day(0), day(1))

    found = find_alternatives(DUPONT, now=NOW)

    assert [one.relaxed.days for one in found.shifted] == [1, 2, 3]
    assert found.cut is None
    first = found.shifted[0]
    assert (first.search.arrival, first.search.departure) == (day(1), day(8))
    [listed] = search_stays(first.search, now=NOW).results
    assert first.result.quote.total == listed.quote.total


def test_what_is_held_or_refused_by_the_rules_is_not_proposed():
    held = factories.a_lodging(now=NOW)
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=held.pk,
            unit_id=held.units.get().pk,
            arrival=day(0),
            departure=day(12),
            ages=(None,),
        ),
        now=NOW,
    )
    refusing = factories.a_lodging()
    for shift in range(12):
        factories.a_restriction(refusing, "closed_to_departure", day(shift), day(shift + 1))
    search_table.rebuild_units([refusing.units.get().pk], today=TODAY)

    found = find_alternatives(DUPONT, now=NOW)
    assert (found.shifted, found.cut) == ([], None)


def test_no_proposal_lies_in_the_past():
    factories.a_lodging(now=NOW)
    today = replace(DUPONT, arrival=TODAY, departure=TODAY + timedelta(days=2))

    found = find_alternatives(today, now=NOW)

    assert {one.relaxed.days for one in found.shifted} == {1, 2, 3}


def test_another_pole_and_one_filter_less_keep_the_dates():
    there = factories.a_lodging(features=["pets"], now=NOW, **another_pole())
    here = factories.a_lodging(now=NOW)
    asked = replace(DUPONT, pole="massif-du-mezenc", features=("pets",))

    found = find_alternatives(asked, now=NOW)

    assert [one.result.offer for one in found.elsewhere] == [there]
    assert [one.result.offer for one in found.loosened] == [here]
    assert {(one.search.arrival, one.search.departure) for one in found.elsewhere} == {
        (SATURDAY, NEXT_SATURDAY)
    }
    assert found.cut is None


def test_two_places_one_after_the_other_where_nothing_keeps_the_dates():
    first, second = factories.a_lodging(now=NOW), factories.a_lodging(now=NOW)
    block(first, day(3), day(20))
    block(second, day(-20), day(3))

    found = find_alternatives(DUPONT, now=NOW)

    cut = found.cut
    assert cut is not None
    assert (cut.first.result.offer, cut.second.result.offer) == (first, second)
    assert cut.first.search.departure == cut.second.search.arrival == day(3)
    assert cut.total == cut.first.result.quote.total + cut.second.result.quote.total


def test_the_work_is_bounded(django_assert_max_num_queries):
    for number in range(8):
        offer = factories.a_lodging(features=["pets"] if number % 2 else [], now=NOW)
        block(offer, day(number % 5), day(number % 5 + 1))
    asked = replace(
        DUPONT, pole="massif-du-mezenc", lodging_type="hotel", features=("pets", "wifi", "cot")
    )

    with django_assert_max_num_queries(10):
        find_alternatives(asked, now=NOW)
    with django_assert_max_num_queries(6):
        find_alternatives(replace(DUPONT, adults=6), now=NOW)


# --- On the pages --------------------------------------------------------------------------------
def test_the_page_is_never_empty_and_says_what_was_relaxed(client: Client):
    offer = factories.a_lodging(night="100", title_en="The cottage", now=NOW)
    block(offer, day(0), day(1))

    page = client.get(address("booking:stays", **WEEK))

    text = text_of(page)
    assert "A few days earlier or later" in text
    assert "1 day later" in text
    form = fields_of(page)[0]
    assert form["arrival"] == [day(1).isoformat()]
    assert form["shown_amount"] == ["715.40"]
    assert client.post(address("booking:line-add"), form).status_code == 303


def test_both_halves_of_a_stay_can_be_added_one_after_the_other(client: Client):
    first, second = factories.a_lodging(now=NOW), factories.a_lodging(now=NOW)
    block(first, day(3), day(20))
    block(second, day(-20), day(3))

    page = client.get(address("booking:stays", **WEEK))

    assert "In two places, one after the other" in text_of(page)
    *_others, first_half, second_half = fields_of(page)
    for form in (first_half, second_half):
        answer = client.post(address("booking:line-add"), form)
        assert answer.status_code == 303, text_of(answer)


def test_nothing_at_all_still_tells_whom_to_call(client: Client):
    page = client.get(address("booking:stays", **WEEK))

    assert page.status_code == 200
    assert "4 71 00 00 00" in text_of(page)


def test_statements_of_the_empty_page_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(6):
        offer = factories.a_lodging(features=["pets"], units=2, now=NOW)
        block(offer, day(number), day(number + 1))

    with django_assert_max_num_queries(26):
        client.get(
            address(
                "booking:stays",
                **WEEK,
                features=["pets", "cot"],
                pole="massif-du-mezenc",
                type="gite",
            )
        )


def test_a_sold_out_lodging_shows_its_nearest_free_dates_with_their_price(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    block(offer, day(0), day(2))

    page = client.get(address("booking:stay-offer", offer.slug, **WEEK))

    nearest = page.context["other_dates"]
    assert [one["arrival"] for one in nearest] == [day(2), day(3), day(4)]
    assert "€715.40" in text_of(page)


def test_nearest_dates_are_found_by_the_rules_not_by_the_table_alone(
    django_assert_max_num_queries,
):
    offer = factories.a_lodging()
    for shift in (9, 10):
        factories.a_restriction(offer, "closed_to_departure", day(shift), day(shift + 1))
    search_table.rebuild_units([offer.units.get().pk], today=TODAY)
    block(offer, day(-20), day(2))

    with django_assert_max_num_queries(14):
        found = nearest_stays(offer, DUPONT, now=NOW)

    assert [search.arrival for search, _result in found] == [day(4), day(5), day(6)]


def test_a_full_workshop_names_the_nearest_days_with_places(client: Client):
    offer = factories.an_activity()
    factories.a_slot(offer, day(0), capacity=0)
    factories.a_slot(offer, day(2), capacity=1)
    free = [factories.a_slot(offer, day(shift)).day for shift in (-3, 4)]
    asked = {"arrival": day(0), "departure": day(1), "adults": 2}

    page = client.get(address("booking:experience-offer", offer.slug, **asked))

    assert [one["day"] for one in page.context["nearest"]] == free
    assert "Nearest dates with places for you" in text_of(page)


def test_days_with_places_stand_above_dates_that_are_all_full(client: Client):
    offer = factories.an_activity()
    for shift in range(12):
        factories.a_slot(offer, day(shift), capacity=0)
    free = factories.a_slot(offer, day(20)).day

    page = client.get(address("booking:experience-offer", offer.slug, adults=2))

    shown = text_of(page)
    assert [one["day"] for one in page.context["nearest"]] == [free]
    assert shown.index("Nearest dates with places for you") < shown.index("Sold out")
