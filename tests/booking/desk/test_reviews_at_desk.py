"""The desk reads reviews before visitors do, and looks again at those that are reported."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Order, Review
from booking.relations import reviews
from members.journal import SYSTEM
from members.models import User
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
INDEX = "desk_reviews:index"


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


@pytest.fixture
def review(order: Order) -> Review:
    answered(order, lodging=(4, "Call 04 71 00 00 00"), may_publish=True)
    return Review.objects.get()


@pytest.fixture
def desk(staff: User, order: Order) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(staff)
    return client


def test_review_is_read_then_published_or_refused(desk: Client, review: Review):
    page = reverse("desk_reviews:decide", args=[review.pk])
    assert reverse(INDEX) in body(desk.get(reverse("wagtailadmin_home")))
    assert page in body(desk.get(reverse(INDEX), {"waiting": "true"}))
    assert "looks like a phone number" in body(desk.get(page))
    for bad in ({}, {"decision": "burn"}, {"decision": "refuse"}, {"decision": "remove"}):
        assert desk.post(page, bad).status_code == 200
        review.refresh_from_db()
        assert review.state == "to_read"
    desk.post(page, {"decision": "refuse", "reason": "personal"})
    review.refresh_from_db()
    assert (review.state, review.reason) == ("refused", "personal")
    desk.post(page, {"decision": "publish"})
    review.refresh_from_db()
    assert review.state == "published"
    assert page not in body(desk.get(reverse(INDEX), {"waiting": "true"}))


def test_reply_and_reports_are_decided(desk: Client, review: Review):
    page = reverse("desk_reviews:decide", args=[review.pk])
    desk.post(page, {"decision": "publish"})
    reviews.reply_to_review(review, "Thank you", actor=SYSTEM, now=LATER)
    doubter = factories.a_user("doubt@example.org")
    reviews.report_review(review, "Never here", user=doubter, now=LATER)
    shown = body(desk.get(page))
    for words in ("Thank you", "Never here", "doubt@example.org"):
        assert words in shown
    desk.post(page, {"decision": "reply_yes"})
    desk.post(page, {"decision": "keep"})
    review.refresh_from_db()
    assert (review.state, review.reply_state) == ("published", "published")
    assert "Never here" not in body(desk.get(page))
    desk.post(page, {"decision": "remove", "reason": "insult"})
    review.refresh_from_db()
    assert review.state == "removed"
