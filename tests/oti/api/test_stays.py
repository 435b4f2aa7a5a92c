"""GET /api/v1/stays: lodgings free for a stay, at the price that the pages show."""

from urllib.parse import quote

import pytest
from django.test import Client

from tests import factories
from tests.booking.pages import a_week, body
from tests.cast import NOW
from tests.oti.api.client import ask, codes, fields

pytestmark = pytest.mark.django_db
WEEK = "arrival=2027-07-10&departure=2027-07-17"


def test_result_is_the_whole_price_explained():
    offer = a_week()

    answer = ask(f"stays?{WEEK}&adults=2&ages=5,10")

    assert answer.status_code == 200
    found = answer.json()
    assert (found["count"], found["page"], found["pages"]) == (1, 1, 1)
    row = found["results"][0]
    assert row["offer"]["slug"] == offer.slug
    assert row["offer"]["pole"] == "massif-du-mezenc"
    assert row["offer"]["url"] == f"http://testserver/fr/dormir/{offer.slug}/"
    assert row["unit"]["id"] == offer.units.get().pk
    assert (row["nights"], row["total_cents"], row["tourist_tax_cents"]) == (7, 77540, 1540)
    assert row["tax_on_site_cents"] == 0
    assert sum(one["gross_cents"] for one in row["breakdown"]) == row["total_cents"]
    assert row["breakdown"][0] == {
        "kind": "night",
        "label": row["breakdown"][0]["label"],
        "day": "2027-07-10",
        "quantity": 1,
        "unit_cents": 10000,
        "gross_cents": 10000,
    }
    assert row["free_cancellation_until"] == "2027-06-26T15:00+02:00"


def test_tax_on_site_stands_beside_the_total():
    a_week(provider=factories.a_provider(is_professional=True))

    row = ask(f"stays?{WEEK}&adults=2&ages=5,10").json()["results"][0]

    assert (row["total_cents"], row["tax_on_site_cents"]) == (76000, 1540)


def test_total_is_the_pages_to_the_cent():
    a_week(night="97.35")

    row = ask(f"stays?{WEEK}&adults=2&ages=5,10").json()["results"][0]
    page = body(Client().get(f"/fr/dormir/?{WEEK}&adults=2&children=2&ages=5&ages=10"))

    whole, part = divmod(row["total_cents"], 100)
    assert f'name="shown_amount" value="{whole}.{part:02d}"' in page


def test_statements_do_not_grow_with_the_results(django_assert_max_num_queries):
    for _number in range(6):
        a_week()
    with django_assert_max_num_queries(11):
        answer = ask(f"stays?{WEEK}&adults=2")
    assert answer.json()["count"] == 6


def test_page_past_the_last_one_is_empty():
    a_week()
    found = ask(f"stays?{WEEK}&adults=2&page=999").json()
    assert (found["results"], found["count"]) == ([], 1)


def test_kind_and_pole_narrow():
    a_week()
    base = f"stays?{WEEK}&adults=2"
    assert ask(f"{base}&kind=gite&pole=massif-du-mezenc").json()["count"] == 1
    assert ask(f"{base}&kind=hotel").json()["count"] == 0


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"arrival": "required", "departure": "required", "adults": "required"}),
        ("arrival=2027-02-31&departure=2027-07-17&adults=2", {"arrival": "date_unreadable"}),
        (
            "arrival=10/07/2027&departure=20270717&adults=2",
            {"arrival": "date_unreadable", "departure": "date_unreadable"},
        ),
        ("arrival=2027-W28-6&departure=2027-07-17&adults=2", {"arrival": "date_unreadable"}),
        (
            "arrival=&departure=&adults=",
            {"arrival": "date_unreadable", "departure": "date_unreadable", "adults": "invalid"},
        ),
        ("arrival=2027-07-17&departure=2027-07-10&adults=2", {"departure": "dates_reversed"}),
        ("arrival=2027-07-10&departure=2027-07-10&adults=2", {"departure": "dates_reversed"}),
        ("arrival=2027-04-01&departure=2027-04-09&adults=2", {"arrival": "in_the_past"}),
        ("arrival=2099-07-10&departure=2099-07-17&adults=2", {"arrival": "too_far"}),
        (
            "arrival=0001-01-01&departure=9999-12-31&adults=2",
            {"departure": "max_stay", "arrival": "in_the_past"},
        ),
        (f"{WEEK}&adults=0", {"adults": "no_adult"}),
        (f"{WEEK}&adults=-1", {"adults": "min_value"}),
        (f"{WEEK}&adults=99", {"adults": "too_many_people"}),
        (f"{WEEK}&adults=99999999999999999999", {"adults": "invalid"}),
        (f"{WEEK}&adults=2.5", {"adults": "invalid"}),
        (f"{WEEK}&adults=%D9%A2", {"adults": "invalid"}),
        (f"{WEEK}&adults=two", {"adults": "invalid"}),
        (f"{WEEK}&adults=2&ages=18", {"ages": "age_unreadable"}),
        (f"{WEEK}&adults=2&ages=5,", {"ages": "age_unreadable"}),
        (f"{WEEK}&adults=2&ages=5;10", {"ages": "age_unreadable"}),
        (f"{WEEK}&adults=2&ages={','.join(['5'] * 99)}", {"adults": "too_many_people"}),
        (f"{WEEK}&adults=2&ages={','.join(['5'] * 5000)}", {"ages": "age_unreadable"}),
        (f"{WEEK}&adults=2&ages=5&ages=10", {"ages": "repeated"}),
        (f"{WEEK}&arrival=2027-07-11&adults=2", {"arrival": "repeated"}),
        (f"{WEEK}&adults=2&page=0", {"page": "min_value"}),
        (f"{WEEK}&adults=2&page=1e3", {"page": "invalid"}),
        (f"{WEEK}&adults=2&page=999999999999", {"page": "invalid"}),
        (f"{WEEK}&adults=2&kind=castle", {"kind": "unknown"}),
        (f"{WEEK}&adults=2&pole=atlantis", {"pole": "unknown"}),
        (f"{WEEK}&adults=2&pole=%ff%fe", {"pole": "invalid"}),
        (f"{WEEK}&adults=2&pole={quote('é' * 300)}", {"pole": "invalid"}),
        (f"{WEEK}&adults=2&pole=%00", {"": "null_character"}),
        (f"{WEEK}&adults=2&x=%00", {"": "null_character"}),
        (f"{WEEK}&adults=2&language=nl", {"language": "unknown"}),
    ],
)
def test_what_can_not_be_read_or_be_is_named(query: str, wrong: dict[str, str]):
    factories.a_perimeter()

    answer = ask(f"stays?{query}")

    assert answer.status_code == 422, answer.content
    assert fields(answer) == wrong
    assert all(one["message"] for one in answer.json()["problems"])


def test_thousands_of_parameters_are_refused():
    answer = ask("stays?" + "&".join(f"x{number}=1" for number in range(1500)))

    assert (answer.status_code, codes(answer)) == (422, ["unreadable"])


def test_language_is_that_of_the_address_or_of_the_header():
    a_week()
    address = f"stays?{WEEK}&adults=2"

    def title(answer):
        return answer.json()["results"][0]["offer"]["title"]

    assert title(ask(address)) == "Le Gîte des Narces"
    assert title(ask(address, Accept_Language="en-GB,fr;q=0.5")) == "The Narces Cottage"
    assert title(ask(f"{address}&language=en", Accept_Language="fr")) == "The Narces Cottage"
    assert title(ask(address, Accept_Language="*;q=x,,")) == "Le Gîte des Narces"


def test_who_has_the_same_answer_is_told_so():
    a_week()
    first = ask(f"stays?{WEEK}&adults=2")

    again = ask(f"stays?{WEEK}&adults=2", If_None_Match=first["ETag"])
    other = ask(f"stays?{WEEK}&adults=1", If_None_Match=first["ETag"])

    assert first["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_nobody_is_remembered():
    a_week()
    client = Client()

    answer = ask(f"stays?{WEEK}&adults=2", client, Origin="https://elsewhere.example.org")

    assert not client.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert "Access-Control-Allow-Origin" not in answer


def test_held_nights_are_not_shown():
    from booking.basket import add_to_basket
    from booking.wishes import LineRequest
    from tests.cast import NEXT_SATURDAY, SATURDAY

    offer = a_week()
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

    assert ask(f"stays?{WEEK}&adults=2").json()["count"] == 0
