"""A second bed on the same nights: never for a party that nobody asked to double."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client

from booking.basket import add_to_basket, change_line
from booking.models import Basket, Offer, Stay
from booking.refusals import Refusal
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from tests import factories
from tests.booking.pages import a_week, address, body, carry, hold_place, hold_week
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.oti.api.client import codes, new_basket, send, week_line

pytestmark = pytest.mark.django_db
DUPONT = (None, None, 5, 10)


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


def nights(offer: Offer, **changes: Any) -> LineRequest:
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.first().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=DUPONT,
    )
    return replace(request, **changes)


def refused(basket: Basket, request: LineRequest) -> Any:
    with pytest.raises(Refusal) as error:
        add_to_basket(basket, request, now=NOW)
    (one,) = error.value.troubles
    return one


def ages_of(basket: Basket) -> list[int | None]:
    return [person.age for person in view_basket(basket, now=NOW).people]


def asked(gite: Offer, **fields: Any) -> dict[str, Any]:
    form = {"offer": gite.pk, "unit": gite.units.first().pk, "adults": "2", "ages": "5,10"}
    return {**form, "arrival": "2027-07-10", "departure": "2027-07-17", **fields}


# --- The use case -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arrival", "departure"),
    [(SATURDAY, NEXT_SATURDAY), (date(2027, 7, 16), date(2027, 7, 19))],
)
def test_a_second_bed_for_the_same_party_is_asked_about(arrival: date, departure: date) -> None:
    basket = factories.a_basket()
    hold_week(basket, a_week())

    told = refused(basket, nights(factories.a_lodging(), arrival=arrival, departure=departure))

    assert (told.code, told.line) == ("has_bed", basket.lines.get().pk)
    assert told.params["instead_of"] == [basket.lines.get().pk]
    basket.refresh_from_db()
    assert ages_of(basket) == [None, None, 5, 10]
    assert Stay.objects.filter(state="held").count() == 1


def test_nights_that_follow_are_the_same_familys() -> None:
    basket = factories.a_basket()
    hold_week(basket, a_week())

    request = nights(factories.a_lodging(), arrival=NEXT_SATURDAY, departure=date(2027, 7, 20))
    add_to_basket(basket, request, now=NOW)

    assert ages_of(basket) == [None, None, 5, 10]


def test_instead_lets_go_of_the_other_and_keeps_its_place() -> None:
    basket, first, second = factories.a_basket(), a_week(), factories.a_lodging()
    hold_week(basket, first)
    hold_place(basket, "First stitches of lace")
    had = basket.lines.get(offer=first)

    line = add_to_basket(basket, nights(second, instead_of=(had.pk,)), now=NOW)

    basket.refresh_from_db()
    assert [one.offer_id for one in basket.lines.exclude(offer__kind="workshop")] == [second.pk]
    assert line.position == had.position
    assert ages_of(basket) == [None, None, 5, 10]
    assert Stay.objects.get(state="held").line_id == line.pk


def test_what_was_had_stays_when_the_other_is_gone() -> None:
    taken = factories.a_lodging()
    hold_week(factories.a_basket(), taken)
    basket = factories.a_basket()
    hold_week(basket, a_week())
    had = basket.lines.get()

    assert refused(basket, nights(taken, instead_of=(had.pk,))).code == "gone"

    assert basket.lines.get() == had
    assert Stay.objects.filter(line=had, state="held").exists()


def test_others_come_too_when_they_say_so() -> None:
    basket = factories.a_basket()
    hold_week(basket, a_week())

    add_to_basket(basket, nights(factories.a_lodging(), is_for_others=True), now=NOW)

    assert ages_of(basket) == [None, None, 5, 10] * 2


def test_a_party_that_is_spread_over_beds_adds_them_without_being_asked() -> None:
    basket = factories.a_basket()
    everybody = (None, None, None, None, 5, 10)
    add_to_basket(basket, nights(a_week(), party=everybody), now=NOW)

    request = nights(factories.a_lodging(), ages=(None, None), party=everybody)
    add_to_basket(basket, request, now=NOW)

    assert sorted(map(str, ages_of(basket))) == sorted(map(str, everybody))


def test_part_of_a_party_twice_is_asked_about() -> None:
    """Two of four have a bed: a bed for four would make them six."""
    basket = factories.a_basket()
    everybody = (None, None, None, None)
    add_to_basket(basket, nights(a_week(), ages=(None, None), party=everybody), now=NOW)

    told = refused(basket, nights(factories.a_lodging(), ages=everybody))

    assert told.code == "has_bed"


def test_moving_a_bed_onto_the_nights_of_another_one_doubles_nobody() -> None:
    basket = factories.a_basket()
    hold_week(basket, a_week())
    later = factories.a_lodging()
    request = nights(later, arrival=NEXT_SATURDAY, departure=date(2027, 7, 20))
    line = add_to_basket(basket, request, now=NOW)

    with pytest.raises(Refusal) as error:
        change_line(basket, line.pk, replace(request, arrival=date(2027, 7, 16)), now=NOW)

    assert error.value.code == "overlap"
    assert ages_of(basket) == [None, None, 5, 10]


# --- Its page -----------------------------------------------------------------------------------
def test_the_page_asks_which_one_and_loses_nothing(client: Client) -> None:
    basket, second = carry(client, factories.a_basket()), factories.a_lodging()
    hold_week(basket, a_week())
    had = basket.lines.get()

    answer = client.post(address("booking:line-add"), asked(second, shown_amount="715.40"))

    assert answer.status_code == 409
    page = body(answer)
    assert "You already have a bed on these nights" in page
    assert "The Narces Cottage" in page
    assert f'name="instead_of" value="{had.pk}"' in page
    assert 'name="for_others" value="1"' in page
    assert page.count('name="shown_amount" value="715.40"') == 2
    assert basket.lines.get() == had


@pytest.mark.parametrize("presses", [1, 2])
def test_take_this_one_instead(client: Client, presses: int) -> None:
    basket, second = carry(client, factories.a_basket()), factories.a_lodging()
    hold_week(basket, a_week())
    form = asked(second, instead_of=basket.lines.get().pk)

    statuses = [client.post(address("booking:line-add"), form).status_code for _ in range(presses)]

    # The second press is told that it is theirs already.
    assert statuses == [303, 409][:presses]
    assert basket.lines.get().offer_id == second.pk


def test_as_well_for_others(client: Client) -> None:
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())

    answer = client.post(address("booking:line-add"), asked(factories.a_lodging(), for_others="1"))

    assert answer.status_code == 303
    basket.refresh_from_db()
    assert len(basket.people) == 8


def test_strange_lines_take_nothing_out(client: Client) -> None:
    others = factories.a_basket()
    hold_week(others, a_week())
    basket = carry(client, factories.a_basket())
    hold_place(basket, "First stitches of lace")
    strange = [others.lines.get().pk, basket.lines.get().pk, "x", "9" * 30]

    answer = client.post(
        address("booking:line-add"), asked(factories.a_lodging(), instead_of=strange)
    )

    assert answer.status_code == 303
    assert (others.lines.count(), basket.lines.count()) == (1, 2)


# --- The API ------------------------------------------------------------------------------------
def test_the_api_says_what_would_mend_it() -> None:
    token = new_basket()
    line = send(f"baskets/{token}/lines", week_line(a_week())).json()
    second = factories.a_lodging()

    told = send(f"baskets/{token}/lines", week_line(second))

    assert (told.status_code, codes(told)) == (409, ["has_bed"])
    fix = told.json()["problems"][0]["fix"]
    assert fix["instead_of"] == [line["id"]]
    again = week_line(second, instead_of=fix["instead_of"])
    assert send(f"baskets/{token}/lines", again).status_code == 201
    third = week_line(factories.a_lodging(), for_others=True)
    assert send(f"baskets/{token}/lines", third).status_code == 201
    people = Basket.objects.get(token=token).people
    assert len(people) == 8
