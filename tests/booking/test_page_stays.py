"""Where to stay: full prices, filters in the address, words when something is wrong or missing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from booking.basket import add_to_basket
from booking.models import Offer
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, fields_of, text_of, with_basket

pytestmark = pytest.mark.django_db
WEEK = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2, "ages": [5, 10]}


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def stays(client: Client, language: str = "en", **query):
    return client.get(address("booking:stays", language=language, **query))


def test_a_family_sees_the_price_of_its_whole_stay_and_can_add_it(client: Client):
    offer = factories.a_lodging(night="100", cleaning="60", title_en="The cottage", now=NOW)

    page = stays(client, **WEEK)

    assert page.status_code == 200
    # Seven nights, the cleaning, the tourist tax of two adults (domain.md, vector T1).
    assert "€775.40" in text_of(page)
    assert "7 nights, all included" in text_of(page)
    [form] = fields_of(page)
    assert form["unit"] == [str(offer.units.get().pk)]
    assert form["ages"] == ["5,10"]
    assert form["shown_amount"] == ["775.40"]


def test_the_form_of_a_card_puts_the_lodging_into_the_stay(client: Client):
    factories.a_lodging(night="100", now=NOW)
    [form] = fields_of(stays(client, **WEEK))

    answer = client.post(address("booking:line-add"), form)

    assert answer.status_code == 303
    assert "/my-stay/" in answer.headers["Location"]


def test_tax_that_is_paid_on_site_stands_beside_the_price(client: Client):
    host = factories.a_provider(is_professional=True)
    factories.a_lodging(night="100", provider=host, now=NOW)

    text = text_of(stays(client, **WEEK))

    assert "€700" in text
    assert "tourist tax on site: €15.40" in text


def test_without_dates_every_lodging_stands_with_its_lowest_night(client: Client):
    factories.a_lodging(night="80", title_en="The cottage", now=NOW)

    page = stays(client)

    assert "The cottage" in text_of(page)
    assert "€80" in text_of(page)
    assert not fields_of(page)
    assert b"noindex" not in page.content


@pytest.mark.parametrize(
    ("party", "shown"),
    [
        ({"adults": 2, "children": 2, "ages": [5, 10]}, {"for six"}),
        ({"adults": 2}, {"for two", "for six"}),
        # One of them is in the cot.
        ({"adults": 2, "children": 1, "ages": [0]}, {"for two", "for six"}),
        ({"adults": 8}, set()),
        # A party with a mistake isn't applied.
        ({"adults": 2, "children": 1, "ages": [""]}, {"for two", "for six"}),
        ({}, {"for two", "for six"}),
    ],
)
def test_without_dates_only_what_holds_the_party_is_shown(client: Client, party, shown):
    couple = factories.a_lodging(sleeps=2, title_en="for two", now=NOW)
    couple.units.update(max_infants=1)
    factories.a_lodging(sleeps=6, title_en="for six", now=NOW)
    # Closed units hold nobody.
    closed = factories.a_lodging(sleeps=9, title_en="for nine", now=NOW)
    closed.units.update(is_active=False)

    page = stays(client, **party)

    text = text_of(page)
    assert {title for title in ("for two", "for six") if title in text} == shown
    if party.get("children") == 2:
        assert "Those that hold 2 adults, 2 children (5 and 10 years old)" in text
    if not shown:
        assert "No place holds all of you" in text


def test_filters_stay_in_the_address_and_are_not_indexed(client: Client):
    factories.a_lodging(features=["pets"], title_en="With a dog", now=NOW)
    factories.a_lodging(features=[], title_en="Without animals", now=NOW)

    page = stays(client, **WEEK, features="pets", sort="price")

    text = text_of(page)
    assert "With a dog" in text
    assert "Without animals" not in text
    assert b'content="noindex"' in page.content
    chip = next(one for one in page.context["chips"] if one["id"] == "chip-with-cot")
    assert "features=pets&features=cot" in chip["url"]
    assert f"arrival={SATURDAY}" in chip["url"]
    assert "sort=price" in chip["url"]
    assert "ages=5&ages=10" in chip["url"]


def test_twelve_a_page_and_the_rest_on_the_next_one(client: Client):
    for _number in range(14):
        factories.a_lodging(now=NOW)

    first, second, beyond = (stays(client, **WEEK, page=number) for number in (1, 2, 50))

    assert [len(page.context["cards"]) for page in (first, second)] == [12, 2]
    assert f"arrival={SATURDAY}" in first.context["pages"]["next_url"]
    assert "page=2" in first.context["pages"]["next_url"]
    shown = {card["url"] for page in (first, second) for card in page.context["cards"]}
    assert len(shown) == 14
    assert beyond.status_code == 200


def test_nothing_found_names_the_filter_to_let_go(client: Client):
    factories.a_lodging(features=["cot"], now=NOW)

    page = stays(client, **WEEK, features=["pets", "cot"])

    text = text_of(page)
    assert "Nothing free as you ask" in text
    assert "Without “Pets welcome” (1)" in text
    assert "Without “Cot for a baby”" not in text  # that would find nothing either
    assert "4 71 00 00 00" in text


def test_the_number_of_a_way_out_is_that_of_the_page_it_leads_to(client: Client):
    for _number in range(3):
        factories.a_lodging(now=NOW)
    # The table finds this one; the rules of stay refuse it.
    shut = factories.a_lodging(now=NOW)
    factories.a_restriction(shut, "closed_to_departure", NEXT_SATURDAY, date(2027, 7, 18))

    page = stays(client, **WEEK, features="pets")
    [way_out] = page.context["empty"]["actions"]
    there = client.get(way_out["url"])

    assert way_out["label"] == "Without “Pets welcome” (3)"
    assert there.context["title"] == "3 places to stay"
    assert len(there.context["cards"]) == 3


def test_a_way_out_that_the_rules_refuse_is_not_offered(client: Client):
    shut = factories.a_lodging(now=NOW)
    factories.a_restriction(shut, "closed_to_departure", NEXT_SATURDAY, date(2027, 7, 18))

    page = stays(client, **WEEK, features="pets")

    assert "(1)" not in text_of(page)


def test_nothing_free_that_week_offers_the_next_one(client: Client):
    offer = factories.a_lodging(now=NOW)
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=offer.pk,
            unit_id=offer.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None,),
        ),
        now=NOW,
    )

    page = stays(client, **WEEK)

    [earlier, later, _ready_made] = page.context["empty"]["actions"]
    assert f"arrival={SATURDAY - timedelta(days=7)}" in earlier["url"]
    assert f"arrival={NEXT_SATURDAY}" in later["url"]
    assert "ages=5&ages=10" in later["url"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"arrival": "31/02/2027"}, "This date doesn't exist"),
        ({"arrival": NEXT_SATURDAY, "departure": SATURDAY}, "departure must come after"),
        ({"arrival": "2027-01-02", "departure": "2027-01-09"}, "This date has passed"),
        ({"arrival": "2030-01-02", "departure": "2030-01-09"}, "aren't open yet"),
        ({"departure": ""}, "Choose an arrival and a departure"),
        ({"adults": 0}, "At least one adult"),
        ({"children": 99}, "20 persons at most online"),
        ({"children": 3}, "Give the age of each child"),
        ({"ages": [5, 44]}, "An age is a whole number from 0 to 17"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_nothing_is_lost(client: Client, wrong, words):
    factories.a_lodging(now=NOW)

    page = stays(client, **{**WEEK, **wrong}, features="pets")

    assert page.status_code == 200
    assert words in text_of(page)
    assert b'aria-invalid="true"' in page.content
    assert page.content.decode().count("<title>Error:") == 1
    search = page.context["search"]
    assert search["hidden"] == [("features", "pets")]
    if "arrival" not in wrong:
        assert search["arrival"] == SATURDAY
    elif wrong["arrival"] == "31/02/2027":
        assert 'value="31/02/2027"' in page.content.decode()


def field_of(page, name: str) -> str:
    """Return the tag of the first field of this name."""
    body = page.content.decode()
    start = body.index(f'name="{name}"')
    return body[body.rindex("<", 0, start) : body.index(">", start)]


def test_what_is_refused_stays_in_its_field_as_it_was_typed(client: Client):
    crowd = stays(client, **{**WEEK, "adults": 500, "ages": [5]})
    assert 'value="500"' in field_of(crowd, "adults")
    assert "adults=500" in crowd.content.decode()

    reversed_days = stays(client, **{**WEEK, "departure": SATURDAY - timedelta(days=3)})
    departure = field_of(reversed_days, "departure")
    assert 'type="date"' in departure
    assert 'value="2027-07-07"' in departure
    assert 'aria-invalid="true"' in departure

    ancient = field_of(stays(client, **{**WEEK, "arrival": "11/07/1327"}), "arrival")
    assert 'type="date"' in ancient
    assert 'value="1327-07-11"' in ancient

    no_day = field_of(stays(client, **{**WEEK, "arrival": "31/02/2027"}), "arrival")
    assert 'value="31/02/2027"' in no_day


def test_dates_may_be_typed_as_people_write_them(client: Client):
    factories.a_lodging(night="100", now=NOW)

    page = stays(client, arrival="10/07/2027", departure="17/07/2027", adults=2)

    assert "€715.40" in text_of(page)


def test_asking_for_the_fields_of_the_ages_is_no_mistake(client: Client):
    page = stays(client, **{**WEEK, "ages": []}, children=2, update=1)

    assert not page.context["page_errors"]
    assert page.content.decode().count('name="ages"') >= 2


def test_dates_and_people_of_the_stay_are_known(client: Client):
    offer = factories.a_lodging(night="100", now=NOW)
    factories.a_lodging(night="50", title_en="Another one", now=NOW)
    basket = factories.a_basket()
    add_to_basket(
        basket,
        LineRequest(
            offer_id=offer.pk,
            unit_id=offer.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None, 5),
        ),
        now=NOW,
    )

    page = stays(with_basket(client, basket))

    assert page.context["search"]["arrival"] == SATURDAY
    assert page.context["search"]["ages"] == [5]
    assert [card["title"] for card in page.context["cards"]] == ["Another one"]


def test_the_last_of_several_equal_rooms_is_told_a_lone_house_is_not(client: Client, bank):
    hotel = factories.a_lodging(units=2, title_en="Hotel", sleeps=4, now=NOW)
    factories.a_lodging(title_en="House", sleeps=4, now=NOW)
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=hotel.pk,
            unit_id=hotel.units.first().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None,),
        ),
        now=NOW,
    )

    page = stays(client, **WEEK)

    left = {card["title"]: card["left"] for card in page.context["cards"]}
    assert left == {"Hotel": 1, "House": None}


def test_htmx_gets_the_results_alone(client: Client):
    factories.a_lodging(now=NOW)
    headers = {"HX-Request": "true", "HX-Target": "results"}

    part = client.get(address("booking:stays", **WEEK), headers=headers)
    back = client.get(
        address("booking:stays", **WEEK),
        headers={**headers, "HX-History-Restore-Request": "true"},
    )

    assert b"<html" not in part.content
    assert b'id="results"' in part.content
    assert b"<html" in back.content


def test_drafts_paused_and_neighbours_are_not_listed(client: Client):
    factories.a_lodging(title_en="A draft", state=Offer.State.DRAFT, now=NOW)
    factories.a_lodging(title_en="On pause", state=Offer.State.PAUSED, now=NOW)
    beside = factories.a_commune("Borée", insee="07037", inside=False)
    factories.a_lodging(title_en="Beside", commune=beside, now=NOW)

    text = text_of(stays(client)) + text_of(stays(client, **WEEK))

    assert not [title for title in ("A draft", "On pause", "Beside") if title in text]


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(14):
        factories.a_lodging(units=1 + number % 3, cleaning="60", now=NOW)

    with django_assert_max_num_queries(17):
        stays(client, **WEEK)
    with django_assert_max_num_queries(11):
        stays(client)
    # Nothing is found: the nearest stays are looked for.
    with django_assert_max_num_queries(20):
        stays(client, **WEEK, features=["pets", "cot"], pole="massif-du-mezenc", type="gite")


def test_the_note_of_prices_leaves_out_the_tax_that_is_paid_on_site(client: Client):
    factories.a_lodging(night="100", now=NOW)
    assert "with every mandatory fee." in text_of(stays(client, **WEEK))

    host = factories.a_provider(is_professional=True)
    factories.a_lodging(night="100", provider=host, now=NOW)

    assert "with every mandatory fee but the tourist tax where it is paid on site." in text_of(
        stays(client, **WEEK)
    )


def test_a_noun_within_the_name_of_a_kind_keeps_its_capital_in_german(client: Client):
    offer = factories.a_lodging(lodging_type="insolite", now=NOW)
    stays_page = text_of(stays(client, language="de"))
    chosen = text_of(stays(client, language="de", type="insolite"))
    page = text_of(client.get(address("booking:stay-offer", offer.slug, language="de")))

    for text in (stays_page, chosen, page):
        assert "Außergewöhnliche Unterkunft" in text
        assert "Außergewöhnliche unterkunft" not in text
