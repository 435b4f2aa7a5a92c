"""GET /api/v1/offers, an offer, and when it can be had."""

from datetime import date, time, timedelta

import pytest

from booking.basket import add_to_basket
from booking.models import Closure, Offer, Slot
from booking.wishes import LineRequest
from tests import factories
from tests.booking.pages import a_week
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.oti.api.client import a_workshop, ask, codes, fields

pytestmark = pytest.mark.django_db


def test_list_says_what_is_sold_and_from_how_much(django_assert_max_num_queries):
    gite = a_week()
    slot = a_workshop(title="Premiers points de dentelle")
    for _number in range(4):
        a_workshop()
    with django_assert_max_num_queries(10):
        found = ask("offers").json()

    rows = {row["slug"]: row for row in found["results"]}
    assert found["count"] == len(rows) == 6
    assert rows[gite.slug]["from_cents"] == 10000
    assert rows[gite.slug]["lodging_type"] == "gite"
    assert rows[slot.offer.slug]["from_cents"] == 3200
    assert rows[slot.offer.slug]["url"].endswith(f"/fr/vivre/{slot.offer.slug}/")
    assert rows[slot.offer.slug]["pole"] == "massif-du-mezenc"


def test_list_is_narrowed_by_kind_pole_and_words():
    a_week()
    slot = a_workshop(title="Premiers points de dentelle", title_en="First stitches of lace")

    def slugs(query):
        return [row["slug"] for row in ask(f"offers?{query}").json()["results"]]

    assert slugs("kind=workshop") == [slot.offer.slug]
    assert slugs("q=dentelle") == [slot.offer.slug]
    assert slugs("q=lace%20Estables") == [slot.offer.slug]
    assert slugs("q=lace%20Marseille") == []
    assert len(slugs("pole=massif-du-mezenc")) == 2


@pytest.mark.parametrize("state", ["draft", "paused", "archived"])
def test_what_is_not_published_is_not_known(state: str):
    offer = a_workshop(state=state).offer

    assert ask("offers").json()["count"] == 0
    for address in (f"offers/{offer.slug}", f"offers/{offer.slug}/availability"):
        answer = ask(address)
        assert (answer.status_code, codes(answer)) == (404, ["not_found"])


def test_offer_beside_the_perimeter_is_shown_and_not_sold():
    commune = factories.a_commune("Ailleurs", insee="07001", inside=False)
    offer = a_workshop(commune=commune).offer

    assert ask("offers").json()["count"] == 0
    assert ask(f"offers/{offer.slug}").json()["is_sold"] is False
    assert ask(f"offers/{offer.slug}/availability").json()["slots"] == []


def test_an_empty_wish_is_no_wish():
    workshop = factories.an_activity(kind="workshop", title="Dentelle")
    factories.an_activity(kind="meal")

    answer = ask("offers?kind=workshop&pole=&q=&page=")

    assert answer.status_code == 200
    assert [one["slug"] for one in answer.json()["results"]] == [workshop.slug]
    assert ask(f"offers/{workshop.slug}/availability?from=&to=").status_code == 200
    assert fields(ask("stays?arrival=&departure=2027-07-17&adults=2&pole=")) == {
        "arrival": "date_unreadable"
    }


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("kind=castle", {"kind": "unknown"}),
        ("kind=lodging&kind=meal", {"kind": "repeated"}),
        ("pole=x&page=x", {"page": "invalid"}),
        ("pole=x", {"pole": "unknown"}),
        (f"q={'a' * 81}", {"q": "max_length"}),
        ("q=%ff", {"q": "invalid"}),
        ("page=-1", {"page": "min_value"}),
    ],
)
def test_odd_wishes_are_named(query: str, wrong: dict[str, str]):
    factories.a_perimeter()
    answer = ask(f"offers?{query}")
    assert (answer.status_code, fields(answer)) == (422, wrong)


def test_offer_tells_its_prices_its_rules_and_no_secret():
    gite = a_week(access_info="La clé est sous la pierre.")

    answer = ask(f"offers/{gite.slug}")

    assert answer.status_code == 200
    told = answer.json()
    assert told["is_sold"] is True
    assert told["units"][0]["id"] == gite.units.get().pk
    assert told["options"][0]["amount_cents"] == 6000
    assert told["options"][0]["is_mandatory"] is True
    assert told["cancellation"]["steps"][0] == {"hours_before": 336, "percent": 100}
    assert "sous la pierre" not in answer.content.decode()


# --- When ---------------------------------------------------------------------------------------
def test_nights_of_a_lodging():
    gite = a_week()
    unit = gite.units.get()
    add_to_basket(
        factories.a_basket(),
        LineRequest(
            offer_id=gite.pk,
            unit_id=unit.pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None,),
        ),
        now=NOW,
    )
    Closure.objects.create(unit=unit, dates=(date(2027, 8, 1), date(2027, 8, 3)), reason="travaux")

    told = ask(f"offers/{gite.slug}/availability?from=2027-07-09&to=2027-07-18").json()

    assert [one["day"] for one in told["days"]][:2] == ["2027-07-09", "2027-07-10"]
    assert len(told["days"]) == 10
    free = {one["day"]: one["is_free"] for one in told["days"]}
    assert (free["2027-07-09"], free["2027-07-10"], free["2027-07-17"]) == (True, False, True)
    assert told["days"][0]["price_cents"] == 10000
    assert told["slots"] == []


def test_slots_with_what_is_left_and_the_price_of_each_age():
    slot = a_workshop(capacity=8)
    closed = factories.a_slot(slot.offer, date(2027, 7, 13))
    Slot.objects.filter(pk=closed.pk).update(is_closed=True)
    add_to_basket(
        factories.a_basket(),
        LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None, None, 5)),
        now=NOW,
    )

    told = ask(f"offers/{slot.offer.slug}/availability?from=2027-07-01&to=2027-07-31").json()

    assert told["slots"] == [
        {
            "id": slot.pk,
            "starts_at": "2027-07-12T14:00+02:00",
            "ends_at": "2027-07-12T16:00+02:00",
            "free": 5,
            "status": "available",
            "sides": [],
        },
        {
            "id": closed.pk,
            "starts_at": "2027-07-13T14:00+02:00",
            "ends_at": "2027-07-13T16:00+02:00",
            "free": 0,
            "status": "closed",
            "sides": [],
        },
    ]
    assert [(one["code"], one["amount_cents"]) for one in told["prices"]] == [
        ("adulte", 3200),
        ("enfant", 1600),
    ]
    assert told["days"] == []


JULY = "availability?from=2027-07-01&to=2027-07-31"
MONDAY = date(2027, 7, 12)


def slots_of(offer, days: str = JULY):
    return ask(f"offers/{offer.slug}/{days}").json()["slots"]


def test_children_are_counted_not_units_of_their_carer():
    care = factories.a_childcare()
    for day, capacity in ((MONDAY, 20), (MONDAY + timedelta(days=1), 7)):
        factories.a_slot(care, day, time(9), capacity=capacity)

    assert [(one["free"], one["status"]) for one in slots_of(care)] == [
        (2, "available"),
        (0, "sold_out"),
    ]


def test_days_past_an_authorisation_or_out_of_season_are_left_out():
    care = factories.a_childcare(valid_until=MONDAY)
    walk = factories.a_composite(season_from_month=8, season_to_month=10)
    for offer in (care, walk):
        factories.a_slot(offer, MONDAY, time(9), capacity=40)
        factories.a_slot(offer, MONDAY + timedelta(days=1), time(9), capacity=40)

    assert len(slots_of(care)) == 1
    assert slots_of(walk) == []


def test_what_is_open_today_is_told_until_it_closes(at):
    visit = factories.an_activity(kind="visit", duration_minutes=480)
    talk = factories.an_activity(duration_minutes=480)
    for offer in (visit, talk):
        factories.a_slot(offer, MONDAY, time(9))
    today = "availability?from=2027-07-12&to=2027-07-12"
    at("2027-07-12 12:00")
    assert [len(slots_of(one, today)) for one in (visit, talk)] == [1, 0]
    at("2027-07-12 17:01")
    assert slots_of(visit, today) == []


def test_bicycles_and_bags_are_told_beside_the_seats(django_assert_max_num_queries):
    ride = factories.a_shuttle()
    for number in range(4):
        factories.a_ride(ride, MONDAY + timedelta(days=number), bikes=number)

    with django_assert_max_num_queries(14):
        told = slots_of(ride)

    assert [{one["code"]: one["free"] for one in slot["sides"]} for slot in told] == [
        {"bike": number, "luggage": 6} for number in range(4)
    ]


def test_offer_tells_its_deposit_its_season_and_its_steps():
    bicycle = factories.a_rental(deposit="150")
    walk = factories.a_composite(season_from_month=8, season_to_month=10)
    other = factories.a_provider(name="Cave des Estables")
    walk.steps.filter(position=2).update(led_by=other, place="Le Monastier")

    assert ask(f"offers/{bicycle.slug}").json()["deposit_cents"] == 15000
    told = ask(f"offers/{walk.slug}").json()
    assert (told["deposit_cents"], told["season"]) == (None, {"from_month": 8, "to_month": 10})
    assert told["steps"][:2] == [
        {
            "title": "Cueillir",
            "place": "",
            "minutes": 100,
            "led_by": None,
            "plan_b": "Visiter une champignonnière",
        },
        {
            "title": "Cuisiner",
            "place": "Le Monastier",
            "minutes": 100,
            "led_by": "Cave des Estables",
            "plan_b": "",
        },
    ]


def test_a_month_from_today_without_days(django_assert_max_num_queries):
    gite = a_week()
    with django_assert_max_num_queries(14):
        told = ask(f"offers/{gite.slug}/availability").json()
    assert (told["first"], told["last"]) == (str(TODAY), str(TODAY + timedelta(days=30)))
    assert len(told["days"]) == 31


def test_three_months_at_once_are_bounded(django_assert_max_num_queries):
    gite = a_week()
    last = TODAY + timedelta(days=91)
    with django_assert_max_num_queries(18):
        told = ask(f"offers/{gite.slug}/availability?from={TODAY}&to={last}").json()
    assert len(told["days"]) == 92


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("from=2027-07-10&to=2027-07-09", {"to": "dates_reversed"}),
        ("from=2027-04-05&to=2027-04-09", {"from": "in_the_past"}),
        ("from=2099-01-01&to=2099-01-02", {"from": "too_far"}),
        ("from=9999-12-31", {"from": "too_far"}),
        ("from=0001-01-01", {"from": "in_the_past"}),
        ("from=2027-07-01&to=2027-10-01", {"to": "span_too_long"}),
        ("from=2027-02-31", {"from": "date_unreadable"}),
        ("to=x", {"to": "date_unreadable"}),
        ("from=2027-07-01&from=2027-07-02", {"from": "repeated"}),
    ],
)
def test_odd_days_are_named(query: str, wrong: dict[str, str]):
    gite = a_week()
    answer = ask(f"offers/{gite.slug}/availability?{query}")
    assert (answer.status_code, fields(answer)) == (422, wrong)


def test_slot_that_had_to_be_booked_earlier_or_lacks_its_guide_has_nothing_left(at):
    walk, lake = a_workshop(), a_workshop()
    provider = walk.offer.provider
    Offer.objects.filter(pk=lake.offer_id).update(provider=provider)
    guide = factories.a_resource(provider)
    for slot in (walk, lake):
        factories.a_need(slot.offer, guide)
    ages = (None,)
    request = LineRequest(offer_id=walk.offer_id, slot_id=walk.pk, ages=ages)
    add_to_basket(factories.a_basket(), request, now=NOW)
    (told,) = ask(f"offers/{lake.offer.slug}/{JULY}").json()["slots"]
    assert (told["status"], told["free"]) == ("resource_busy", 0)

    Offer.objects.filter(pk=walk.offer_id).update(notice_hours=24)
    at(walk.starts_at - timedelta(hours=2))
    that_day = f"availability?from={walk.day}&to={walk.day}"
    (told,) = ask(f"offers/{walk.offer.slug}/{that_day}").json()["slots"]
    assert (told["status"], told["free"]) == ("too_late", 0)
