"""What is free during my stay: day by day, over every kind, only what this party can do."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.test import Client

from booking.basket import add_to_basket
from booking.models import Basket, Offer
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket

pytestmark = pytest.mark.django_db
SUNDAY = SATURDAY + timedelta(days=1)
MONDAY = SATURDAY + timedelta(days=2)
DUPONT = (None, None, 5, 10)


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def a_stay(*ages: int | None) -> Basket:
    """Make a stay of a week for these persons."""
    gite = factories.a_lodging(now=NOW)
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=gite.pk,
        unit_id=gite.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=ages or DUPONT,
    )
    add_to_basket(basket, request, now=NOW)
    return basket


def thing(title: str, day: date, at: time = time(14), *, capacity: int = 10, **fields) -> Offer:
    offer = factories.an_activity(title=title, title_en=title, **fields)
    factories.a_slot(offer, day, at, capacity=capacity)
    return offer


def ideas(client: Client, **query):
    return client.get(address("booking:ideas", **query))


def titles(page) -> dict[date, list[str]]:
    return {day["date"]: [card["title"] for card in day["cards"]] for day in page.context["days"]}


def test_each_day_shows_what_is_feasible_at_the_price_of_those_who_may_join(client: Client):
    basket = a_stay()
    thing("Swimming", SUNDAY, adult="18", child="9")
    thing("Lace", SUNDAY, kind="workshop", min_age=8, adult="20", child="10")
    thing("Dinner", MONDAY, time(19), kind="meal")
    thing("Far away", NEXT_SATURDAY + timedelta(days=3))

    page = ideas(with_basket(client, basket))

    found = titles(page)
    assert list(found) == [SATURDAY + timedelta(days=n) for n in range(8)]
    assert sorted(found[SUNDAY]) == ["Lace", "Swimming"]
    assert found[MONDAY] == ["Dinner"]
    text = text_of(page)
    assert "€54" in text
    # Without the child of five.
    assert "€50" in text
    assert "2 adults, 1 child (10" in text
    assert "Far away" not in text
    assert {chip["id"]: chip["count"] for chip in page.context["kind_chips"]} == {
        "chip-kind-activity": 1,
        "chip-kind-workshop": 1,
        "chip-kind-meal": 1,
    }


def test_one_press_adds_it_for_the_same_persons(client: Client):
    basket = a_stay()
    lace = thing("Lace", SUNDAY, min_age=8)
    visitor = with_basket(client, basket)

    [form] = fields_of(ideas(visitor))
    answer = visitor.post(address("booking:line-add"), form)

    assert answer.status_code == 303
    line = basket.lines.get(offer=lace)
    assert line.people == ["p1", "p2", "p4"]
    # It is planned now: it isn't proposed a second time.
    assert "Lace" not in [title for day in titles(ideas(visitor)).values() for title in day]


def test_produce_is_proposed_by_the_piece_and_clashes_with_nothing(client: Client):
    basket = a_stay()
    offer = factories.a_produce(price="25", title_en="A basket of lentils")
    factories.a_slot(offer, SUNDAY, time(14))
    walk = thing("Walk", SUNDAY)
    add_to_basket(
        basket,
        LineRequest(offer_id=walk.pk, slot_id=walk.slots.get().pk, ages=DUPONT),
        now=NOW,
    )

    page = ideas(with_basket(client, basket))

    assert titles(page)[SUNDAY] == ["A basket of lentils"]
    [form] = fields_of(page)
    assert form["quantity"] == ["1"]
    assert with_basket(client, basket).post(address("booking:line-add"), form).status_code == 303


def test_who_is_elsewhere_is_left_out_and_a_child_is_not_sent_alone(client: Client):
    basket = a_stay()
    walk = thing("Walk", SUNDAY, time(14))
    keys = [one["key"] for one in basket.people if one["age"] is None]
    add_to_basket(
        basket,
        LineRequest(offer_id=walk.pk, slot_id=walk.slots.get().pk, people=(keys[0],)),
        now=NOW,
    )
    thing("Swimming", SUNDAY, time(14, 30))

    [form] = fields_of(ideas(with_basket(client, basket)))
    assert form["people"] == ["p2", "p3", "p4"]

    basket.refresh_from_db()
    view = thing("View", SUNDAY, time(15))
    add_to_basket(
        basket,
        LineRequest(offer_id=view.pk, slot_id=view.slots.get().pk, people=(keys[1],)),
        now=NOW,
    )
    page = ideas(with_basket(client, basket))
    assert titles(page)[SUNDAY] == []
    assert "you already have something at that time" in text_of(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"capacity": 0}, "everything is taken"),
        ({"capacity": 3}, "everything is taken"),
        ({"min_age": 40}, "these ages"),
        ({"min_advance_days": 140}, "booked earlier"),
    ],
)
def test_a_day_without_anything_says_why(client: Client, fields, words):
    thing("Swimming", SUNDAY, **fields)

    page = ideas(with_basket(client, a_stay()))

    day = next(one for one in page.context["days"] if one["date"] == SUNDAY)
    assert day["cards"] == []
    assert words in day["why"]
    empty = next(one for one in page.context["days"] if one["date"] == MONDAY)
    assert "Nothing takes place on that day" in empty["why"]


def test_a_full_day_is_shown_twelve_by_twelve(client: Client):
    for number in range(14):
        thing(f"Swimming {number}", SUNDAY)
    visitor = with_basket(client, a_stay())

    first = ideas(visitor, day=SUNDAY)
    second = visitor.get(first.context["days"][0]["more_url"])

    assert [len(titles(page)[SUNDAY]) for page in (first, second)] == [12, 14]
    assert second.context["days"][0]["more_label"] == ""


def test_a_day_and_a_kind_narrow_it_and_nobody_knows_others(client: Client):
    for number in range(8):
        thing(f"Swimming {number}", SUNDAY)
    thing("Dinner", SUNDAY, time(19), kind="meal")
    visitor = with_basket(client, a_stay())

    whole = ideas(visitor)
    assert len(titles(whole)[SUNDAY]) == 3
    assert "6 more on that day" in text_of(whole)
    assert list(titles(ideas(visitor, day=SUNDAY, kind="meal")).items()) == [(SUNDAY, ["Dinner"])]
    assert len(titles(ideas(visitor, day=SUNDAY))[SUNDAY]) == 9
    for query in (
        {"day": "2031-01-01"},
        {"day": "31/02/2027"},
        {"kind": "war"},
        {"kind": "lodging"},
        {"arrival": "x", "departure": "y"},
        {"arrival": "2020-01-01", "departure": "2020-01-05"},
    ):
        assert ideas(visitor, **query).status_code == 200


def test_without_dates_it_asks_for_them(client: Client):
    thing("Swimming", SUNDAY)

    page = ideas(client)

    assert page.status_code == 200
    assert "Which days are you here?" in text_of(page)
    told = ideas(client, arrival=SATURDAY, departure=NEXT_SATURDAY, adults=2)
    assert titles(told)[SUNDAY] == ["Swimming"]
    assert fields_of(told)[0]["adults"] == ["2"]


def test_a_stay_of_evenings_alone_has_days_too(client: Client):
    basket = factories.a_basket(None, None)
    evening = thing("Evening", SUNDAY, time(21), kind="event_ticket")
    add_to_basket(
        basket,
        LineRequest(offer_id=evening.pk, slot_id=evening.slots.get().pk, ages=(None, None)),
        now=NOW,
    )
    thing("Swimming", SUNDAY)

    assert titles(ideas(with_basket(client, basket))) == {SUNDAY: ["Swimming"]}


def test_drafts_and_neighbours_are_no_ideas(client: Client):
    thing("A draft", SUNDAY, state=Offer.State.DRAFT)
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    thing("Beside", SUNDAY, commune=beside)

    assert titles(ideas(with_basket(client, a_stay())))[SUNDAY] == []


def test_it_is_reached_from_my_stay(client: Client):
    page = with_basket(client, a_stay()).get(address("booking:my-stay"))

    assert address("booking:ideas") in page.content.decode()


def test_a_long_stay_shows_two_weeks_and_leads_to_the_rest(client: Client):
    query = {"arrival": SATURDAY, "departure": SATURDAY + timedelta(days=20), "adults": 1}

    page = ideas(client, **query)

    assert len(page.context["days"]) == 14
    rest = client.get(page.context["later_url"])
    assert rest.context["days"][0]["date"] == SATURDAY + timedelta(days=14)
    assert rest.context["later_url"] == ""


def test_crowded_days_leave_the_last_ones_their_share(client: Client, monkeypatch):
    monkeypatch.setattr("booking.ideas.MOST_SLOTS", 16)
    for number in range(12):
        thing(f"Early {number}", SATURDAY + timedelta(days=number % 3), time(8 + number // 3))
    thing("Last evening", NEXT_SATURDAY, time(21))

    found = titles(ideas(client, arrival=SATURDAY, departure=NEXT_SATURDAY, adults=1))

    assert found[NEXT_SATURDAY] == ["Last evening"]
    assert [len(found[SATURDAY + timedelta(days=number)]) for number in range(3)] == [2, 2, 2]


def test_statements_do_not_grow_with_the_offers(client: Client, django_assert_max_num_queries):
    visitor = with_basket(client, a_stay())
    for number in range(20):
        offer = thing(f"Swimming {number}", SUNDAY + timedelta(days=number % 6))
        factories.a_slot(offer, MONDAY, time(9))

    with django_assert_max_num_queries(16):
        ideas(visitor)


def test_a_free_day_of_my_stay_is_given_its_first_ideas_at_one_press(client: Client):
    basket = a_stay()
    offers = [thing(f"Swimming {number}", SUNDAY, adult="18", child="9") for number in range(4)]
    thing("Dinner", MONDAY, time(19), kind="meal")
    visitor = with_basket(client, basket)
    element = f"free-{SUNDAY.isoformat()}"

    asked = f'hx-get="{address("booking:ideas", day=SUNDAY)}"'
    assert asked in visitor.get(address("booking:my-stay")).content.decode()
    headers = {"HX-Request": "true", "HX-Target": element}
    page = visitor.get(address("booking:ideas", day=SUNDAY), headers=headers)

    text = text_of(page)
    assert text.count("Swimming") == 3
    assert text.count(", €54") == 3
    assert "Dinner" not in text
    assert "<h1" not in page.content.decode()
    assert page.content.decode().count("csrfmiddlewaretoken") == 3
    first, *_others = fields_of(page)
    assert visitor.post(address("booking:line-add"), first).status_code == 303
    assert basket.lines.filter(offer__in=offers).get().people == ["p1", "p2", "p3", "p4"]
    assert element not in visitor.get(address("booking:my-stay")).content.decode()


def test_a_free_day_without_anything_to_do_is_given_nothing(client: Client):
    visitor = with_basket(client, a_stay())
    headers = {"HX-Request": "true", "HX-Target": f"free-{SUNDAY.isoformat()}"}

    page = visitor.get(address("booking:ideas", day=SUNDAY), headers=headers)

    assert page.status_code == 200
    assert page.content.strip() == b""
