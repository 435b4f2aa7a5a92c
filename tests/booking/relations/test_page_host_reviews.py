"""A host reads what guests say of its own lines, and nothing of the others'."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Order
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.booking.test_page_bookings import host_of
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
PAGE = reverse("extranet-reviews")


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


def test_each_host_reads_its_own_answers(order: Order):
    answered(order, 4, "The whole stay", lodging=(5, "The stove"), meal=(2, "Cold soup"))
    lodging = body(host_of(order, "lodging").get(PAGE))
    assert "The stove" in lodging
    assert "Claire" in lodging
    meal = body(host_of(order, "meal").get(PAGE))
    assert "Cold soup" in meal
    for page, others in ((lodging, "Cold soup"), (meal, "The stove")):
        assert others not in page
        # What was said of all of it is the office's.
        assert "The whole stay" not in page
        assert order.last_name not in page


def test_too_few_scores_have_no_average_and_an_empty_page_says_what_comes(order: Order):
    host = host_of(order, "lodging")
    assert "Two days after their stay" in body(host.get(PAGE))
    answered(order, 9, lodging=(5, ""))
    assert "An average is shown from three scores on." in body(host.get(PAGE))


def test_who_has_no_house_is_told(order: Order):
    client = Client()
    client.force_login(factories.a_user())
    assert client.get(PAGE).status_code == 200
    assert client.get(PAGE, {"page": "x"}).status_code == 200
