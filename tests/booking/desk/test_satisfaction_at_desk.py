"""The desk's « Satisfaction »: answers, figures by pole, and guests to call back."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import FollowUp, Order, Survey
from members.models import User
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


@pytest.fixture
def desk(staff: User, order: Order) -> Client:
    """Return the browser of somebody of the office, who signed in after the stay."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(staff)
    return client


def test_office_reads_all_of_it_and_filters(desk: Client, order: Order):
    answered(order, 9, "We come again.", lodging=(5, "The stove"), meal=(2, "Cold soup"))
    house = order.lines.get(kind="meal").sub_order.provider
    other = factories.a_provider()
    index = reverse("desk_surveys:index")
    for query, is_found in (
        ({}, True),
        ({"who": "promoters"}, True),
        ({"who": "passives"}, False),
        ({"who": "detractors"}, False),
        ({"who": "others"}, True),
        ({"provider": house.pk}, True),
        ({"provider": other.pk}, False),
        ({"last_day_from": "2027-07-17", "last_day_to": "2027-07-17"}, True),
        ({"last_day_from": "2027-07-18"}, False),
        ({"last_day_from": "tomorrow"}, True),
        ({"q": "soup"}, True),
    ):
        answer = desk.get(index, query)
        assert answer.status_code == 200
        assert ("We come again." in body(answer)) == is_found, query
    seen = body(desk.get(reverse("desk_surveys:inspect", args=[Survey.objects.get().pk])))
    for words in ("We come again.", "The stove", "Cold soup", order.reference):
        assert words in seen
    export = desk.get(index, {"export": "csv"})
    table = b"".join(export.streaming_content).decode()
    assert "Cold soup" in table
    assert "We come again." in table


def test_answers_of_a_pole(desk: Client, order: Order):
    answered(order, 9, "We come again.")
    index = reverse("desk_surveys:index")
    pole = factories.a_perimeter().poles.first()
    assert "We come again." in body(desk.get(index, {"pole": pole.pk}))
    assert pole.name in body(desk.get(reverse("desk_surveys:figures")))
    assert desk.get(index, {"pole": "0"}).status_code == 200


def test_figures_of_a_period(desk: Client, order: Order):
    answered(order, 9)
    figures = reverse("desk_surveys:figures")
    assert "1 (100 %)" in body(desk.get(figures))
    assert "1 (100 %)" not in body(desk.get(figures, {"first": "2027-08-01", "last": "2027-08-31"}))
    for bad in ({"first": "x"}, {"first": "2027-08-02", "last": "2027-08-01"}):
        assert desk.get(figures, bad).status_code == 200


def test_detractor_is_on_the_first_page_until_it_is_done(desk: Client, order: Order):
    survey = answered(order, 3, "Cold rooms.")
    home = reverse("wagtailadmin_home")
    todo = reverse("desk_follow_ups:index")
    assert todo in body(desk.get(home))
    assert "Claire" in body(desk.get(todo, {"state": "open"}))
    page = reverse("desk_follow_ups:handle", args=[survey.pk])
    assert "Cold rooms." in body(desk.get(page))
    assert desk.post(page, {"comment": ""}).status_code == 200
    assert FollowUp.objects.get().done_at is None

    desk.post(page, {"comment": "Called: a night given."})

    assert FollowUp.objects.get().comment == "Called: a night given."
    assert "a night given" in body(desk.get(page))
    assert "Claire" not in body(desk.get(todo, {"state": "open"}))
    assert "Claire" in body(desk.get(todo, {"state": "done"}))
    again = desk.post(page, {"comment": "Twice"})
    assert again.status_code == 200
    assert FollowUp.objects.get().comment == "Called: a night given."


def test_who_may_not_sees_nothing(order: Order):
    survey = answered(order, 3)
    stranger = Client()
    stranger.force_login(factories.a_user())
    for address in (
        reverse("desk_surveys:index"),
        reverse("desk_surveys:figures"),
        reverse("desk_surveys:inspect", args=[survey.pk]),
        reverse("desk_follow_ups:handle", args=[survey.pk]),
    ):
        assert stranger.get(address).status_code in {302, 403}
