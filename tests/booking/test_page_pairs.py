"""Moments for two: from an offer, from the stay, and the press that adds both halves."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from booking.models import Basket, Offer, OfferPermit, Slot
from tests import factories
from tests.booking.pages import address, body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)
OFFER, PAIRS, ADD, PAIR = (
    "booking:experience-offer",
    "booking:for-two",
    "booking:line-add",
    "booking:pair-add",
)
DUPONT = {"adults": "2", "children": "2", "ages": ["5", "10"]}
FAR = {"latitude": 45.0, "longitude": 4.15}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def english(client: Client) -> Client:
    """Return a visitor who reads the source texts."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def dinner() -> Slot:
    offer = factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=150)
    return factories.a_slot(offer, DAY, time(19, 30))


@pytest.fixture
def care() -> Slot:
    return factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=40)


def page_of(client: Client, slot: Slot, party: dict | None = None):
    return client.get(address(PAIRS, slot.offer.slug), DUPONT if party is None else party)


def forms_of(page) -> list[dict]:
    """Return what each button of a page of pairs sends, as a browser would."""
    found = []
    for day in page.context["days"]:
        for pair in day["pairs"]:
            form: dict[str, list[str]] = {}
            for name, value in pair["add"]["fields"]:
                form.setdefault(name, []).append(value)
            found.append(form)
    return found


def told(response) -> str:
    return " ".join(str(one) for one in get_messages(response.wsgi_request))


# --- From an offer --------------------------------------------------------------------------------
def test_a_dinner_for_grown_ups_asks_whether_the_children_are_to_be_minded(english, dinner, care):
    page = english.get(address(OFFER, dinner.offer.slug), DUPONT)

    assert "Somebody minds the children (5 and 10 years old) meanwhile" in body(page)
    assert english.get(page.context["for_two"]["url"]).context["days"]


def test_childcare_leads_to_moments_for_two(english, dinner, care):
    page = english.get(address(OFFER, care.offer.slug))

    link = page.context["for_two"]
    assert "what you can do meanwhile" in body(page)
    # Nobody said yet who comes.
    asked = english.get(link["url"])
    assert "How old are your children?" in body(asked)


@pytest.mark.parametrize("why", ["no children", "nobody minds", "on request"])
def test_where_nothing_goes_together_the_page_says_nothing(english, dinner, why):
    if why != "nobody minds":
        factories.a_slot(factories.a_childcare(), DAY, time(19), capacity=40)
    if why == "on request":
        Offer.objects.filter(pk=dinner.offer_id).update(confirmation="on_request")
    party = {"adults": "2"} if why == "no children" else DUPONT

    page = english.get(address(OFFER, dinner.offer.slug), party)

    assert page.context["for_two"] is None


def test_a_pair_is_shown_hour_by_hour_and_added_with_one_press(english, dinner, care):
    page = page_of(english, dinner)

    text = body(page)
    hours = ("7 pm", "7:30 pm", "Add both")
    assert [text.index(hour) for hour in hours] == sorted(text.index(hour) for hour in hours)
    assert "Add both, €104" in text
    [form] = forms_of(page)
    answer = english.post(address(PAIR), form)
    assert (answer.status_code, answer.url) == (303, address("booking:my-stay"))
    basket = Basket.objects.get()
    assert [line.slot_id for line in basket.lines.order_by("position")] == [dinner.pk, care.pk]
    assert [row["age"] for row in basket.people] == [None, None, 5, 10]

    again = english.post(address(PAIR), form)
    assert "nothing was added twice" in told(again)
    assert basket.lines.count() == 2


def test_from_the_childcare_the_same_pair_is_found(english, dinner, care):
    assert [form["moment_slot"] for form in forms_of(page_of(english, care))] == [[str(dinner.pk)]]


def test_a_place_that_went_meanwhile_leaves_nothing_behind_and_is_told(english, dinner, care):
    [form] = forms_of(page_of(english, dinner))
    Slot.objects.filter(pk=care.pk).update(sold=care.capacity)

    answer = english.post(address(PAIR), form)

    assert answer.status_code == 303
    assert answer.url.startswith(address(PAIRS, dinner.offer.slug))
    assert "Nothing was added: the two go together." in told(answer)
    assert "The carers have no room left" in told(answer)
    assert not Basket.objects.get().lines.exists()
    assert forms_of(english.get(answer.url)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"moment_slot": "99999999999999999999"},
        {"care_slot": "abc"},
        {"moment_offer": ""},
        {"care_ages": "5,x"},
        {"care_ages": "5,99"},
        {"moment_adults": "-1"},
        {"moment_shown_amount": "12"},
        {"next": "https://elsewhere.example.org/"},
        {"care_slot": None, "care_offer": None},
    ],
    ids=str,
)
def test_whatever_is_sent_nothing_is_half_added(english, dinner, care, change):
    [form] = forms_of(page_of(english, dinner))
    wrong = {name: value for name, value in {**form, **change}.items() if value is not None}

    answer = english.post(address(PAIR), wrong)

    assert answer.status_code == 303
    assert answer.url.startswith("/")
    assert not answer.url.startswith("//")
    assert Basket.objects.get().lines.count() in {0, 2}
    if "next" not in change:
        assert "Nothing was added" in told(answer)


def test_an_empty_form_is_told_what_lacks(english):
    answer = english.post(address(PAIR))

    assert (answer.status_code, answer.url) == (303, address("booking:my-stay"))
    assert "Nothing was added" in told(answer)


def test_pages_of_what_is_no_half_of_a_pair_are_not_found(client):
    lodging, rental = factories.a_lodging(), factories.a_rental()
    draft = factories.an_activity(state="draft")

    for slug in (lodging.slug, rental.slug, draft.slug, "nothing"):
        assert client.get(address(PAIRS, slug)).status_code == 404


@pytest.mark.parametrize(
    "party",
    [
        {"adults": "2", "children": "1"},
        {"adults": "2", "children": "1", "ages": "abc"},
        {"adults": "x", "children": "2", "ages": ["5", "10"]},
        {"adults": "2", "children": "99"},
        {**DUPONT, "arrival": "2027-07-20", "departure": "2027-07-10"},
        {**DUPONT, "arrival": "demain"},
    ],
    ids=str,
)
def test_a_party_that_cannot_be_read_is_told_beside_its_field(english, dinner, care, party):
    page = page_of(english, dinner, party)

    assert page.status_code == 200
    assert page.context["page_errors"]
    assert page.context["days"] == []
    assert "Nothing goes together" not in body(page)


def test_without_a_carer_at_that_time_the_page_leads_on(english, dinner):
    factories.a_slot(factories.a_childcare(), DAY, time(9), capacity=40)

    page = page_of(english, dinner)

    assert "Nothing goes together on these days" in body(page)
    assert "kind=childcare" in page.content.decode()


def test_the_dates_of_the_search_are_those_of_the_pairs(english, dinner, care):
    for day in (DAY + timedelta(days=1), DAY + timedelta(days=40)):
        factories.a_slot(dinner.offer, day, time(19, 30))
        factories.a_slot(care.offer, day, time(19), capacity=40)

    def days(**dates: str) -> list[date]:
        page = page_of(english, dinner, {**DUPONT, **dates})
        return [day["date"] for day in page.context["days"]]

    assert days(arrival="2027-07-12", departure="2027-07-12") == []
    assert days(arrival="2027-07-12", departure="2027-07-13") == [DAY, DAY + timedelta(days=1)]


def test_statements_are_bounded(english, dinner, care, django_assert_max_num_queries):
    for minute in range(0, 60, 10):
        late = factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=60)
        factories.a_slot(late, DAY, time(20, minute))
    page_of(english, care)
    dates = {"arrival": "2027-07-12", "departure": "2027-07-14"}

    with django_assert_max_num_queries(16):
        page_of(english, care, {**DUPONT, **dates})


# --- From the stay --------------------------------------------------------------------------------
def with_the_duponts(client: Client, care: Slot) -> None:
    walk = factories.a_slot(factories.an_activity(), DAY + timedelta(days=1))
    client.post(address(ADD), {"offer": walk.offer_id, "slot": walk.pk, **DUPONT})
    form = {"offer": care.offer_id, "slot": care.pk, "people": ["p3", "p4"]}
    assert client.post(address(ADD), form).status_code == 303


def link_of(page, name: str) -> str:
    found = re.search(rf'href="(/[^"]*/{name}/)"', page.content.decode())
    assert found, body(page)
    return found[1]


def test_the_stay_asks_what_the_grown_ups_do_meanwhile(english, dinner, care):
    with_the_duponts(english, care)
    stay = english.get(address("booking:my-stay"))
    assert "and you, meanwhile?" in body(stay)

    page = english.get(link_of(stay, "for-two"))

    [card] = page.context["cards"]
    assert "fetch them before 10:30" in body(page)
    assert english.post(address(ADD), dict_of(card["add"]["fields"])).status_code == 303
    assert "and you, meanwhile?" not in body(english.get(address("booking:my-stay")))
    # There is something now: nothing to propose any more.
    assert english.get(link_of(stay, "for-two")).url == address("booking:my-stay")


def dict_of(fields) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return form


def test_the_stay_asks_few_questions_however_it_is_minded(
    english, dinner, care, django_assert_max_num_queries
):
    with_the_duponts(english, care)
    form = {"offer": dinner.offer_id, "slot": dinner.pk, "people": ["p1", "p2"]}
    english.post(address(ADD), form)

    with django_assert_max_num_queries(22):
        english.get(address("booking:my-stay"))


def test_nothing_at_that_time_leads_to_that_day(english, care):
    with_the_duponts(english, care)

    page = english.get(link_of(english.get(address("booking:my-stay")), "for-two"))

    assert page.context["cards"] == []
    assert "arrival=2027-07-12" in page.content.decode()


def test_a_dinner_too_far_from_the_carer_is_told_with_the_minutes(english, care):
    offer = factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=195, **FAR)
    far = factories.a_slot(offer, DAY, time(19, 10))
    with_the_duponts(english, care)
    form = {"offer": offer.pk, "slot": far.pk, "people": ["p1", "p2"]}
    english.post(address(ADD), form)

    stay = body(english.get(address("booking:my-stay")))

    assert "are about 29 min apart: 19 min lack to get there, 24 to be back on time" in stay


def test_the_pairs_of_a_stay_are_for_its_own_people_at_home_too(english, dinner, care):
    OfferPermit.objects.update(regime=OfferPermit.Regime.SAP)
    walk = factories.a_slot(factories.an_activity(), DAY + timedelta(days=1))
    english.post(address(ADD), {"offer": walk.offer_id, "slot": walk.pk, **DUPONT})

    page = english.get(address(PAIRS, dinner.offer.slug))

    [form] = forms_of(page)
    assert (form["moment_people"], form["care_people"]) == (["p1", "p2"], ["p3", "p4"])
    assert "the carer comes to where you stay" in body(page)


def test_children_who_are_no_part_of_the_stay_yet_can_be_told(english, dinner, care):
    walk = factories.a_slot(factories.an_activity(), DAY + timedelta(days=1))
    english.post(address(ADD), {"offer": walk.offer_id, "slot": walk.pk, "adults": "2"})
    assert "How old are your children?" in body(english.get(address(PAIRS, dinner.offer.slug)))

    [form] = forms_of(page_of(english, dinner))
    english.post(address(PAIR), form)

    basket = Basket.objects.get()
    assert [row["age"] for row in basket.people] == [None, None, 5, 10]
    assert [line.people for line in basket.lines.order_by("position")][1:] == [
        ["p1", "p2"],
        ["p3", "p4"],
    ]


def test_dates_alone_leave_the_persons_of_the_stay(english, dinner, care):
    walk = factories.a_slot(factories.an_activity(), DAY + timedelta(days=1))
    english.post(address(ADD), {"offer": walk.offer_id, "slot": walk.pk, **DUPONT})
    dates = {"arrival": "2027-07-12", "departure": "2027-07-14"}

    [form] = forms_of(page_of(english, dinner, dates))

    assert form["care_people"] == ["p3", "p4"]


def test_while_it_is_paid_nothing_can_be_added(english, dinner, care):
    with_the_duponts(english, care)
    Basket.objects.update(state=Basket.State.FROZEN)

    page = english.get(address(PAIRS, dinner.offer.slug))

    assert "A payment is under way" in body(page)
    assert 'name="moment_slot"' not in page.content.decode()


@pytest.mark.parametrize("half", ["dinner", "care"])
def test_what_the_stay_has_already_is_said_and_not_that_nothing_fits(
    english, dinner, care, half, request
):
    [form] = forms_of(page_of(english, dinner))
    english.post(address(PAIR), form)

    text = body(page_of(english, request.getfixturevalue(half)))

    assert "It is in your stay already" in text
    assert address("booking:my-stay") in text
    assert "Nothing goes together" not in text


def test_ways_are_counted_on_foot_once_the_stay_says_so(english, dinner, care):
    Offer.objects.filter(pk=dinner.offer_id).update(latitude="45.0", longitude="4.15")
    page = page_of(english, dinner)
    assert "Between childcare and your moments: by car." in body(page)

    answer = english.post(
        address("booking:comes-by"),
        {
            "comes_by": "without",
            "next": page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"],
        },
        follow=True,
    )

    assert "you go on foot" in body(answer)
    assert "We come by car" in body(answer)
    assert forms_of(page_of(english, dinner)) == []
    assert Basket.objects.get().comes_by == "without"
    english.post(address("booking:comes-by"), {"comes_by": "car"})
    assert Basket.objects.get().comes_by == "car"


@pytest.mark.parametrize("given", [{}, {"comes_by": "bus"}, {"comes_by": ""}])
def test_how_they_come_is_one_of_two(english, given):
    answer = english.post(address("booking:comes-by"), given, follow=True)
    assert "nothing was changed" in body(answer)
    assert not Basket.objects.exclude(comes_by="").exists()
