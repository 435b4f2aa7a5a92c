"""Reviews on the pages: an offer's, all of them, how they come about, a doubt, a reply."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import LineAnswer, Order, Review, ReviewReport
from booking.relations import reviews
from booking.rules.reviews import PUBLISHED
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.stays import LATER, answered, past_stay
from tests.booking.test_page_bookings import host_of
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    at(LATER)
    return past_stay(bank)


@pytest.fixture
def review(order: Order) -> Review:
    answered(order, lodging=(4, "The <i>stove</i>"), may_publish=True)
    review = Review.objects.get()
    reviews.decide_review(review, PUBLISHED, actor=SYSTEM, now=LATER)
    review.refresh_from_db()
    return review


def page_of(review: Review) -> str:
    return address("booking:stay-offer", review.offer.slug)


def others(review: Review, *scores: int) -> None:
    """Add reviews of the same offer, by guests of other stays."""
    for score in scores:
        survey = review.answer.survey
        survey.pk, survey.order = None, copy_of(survey.order)
        survey.save()
        line = review.answer.line
        line.pk, line.order = None, survey.order
        line.save()
        answer = LineAnswer(
            survey=survey, line=line, offer=review.offer, provider=review.provider, score=score
        )
        answer.answered_at = LATER
        answer.save()
        reviews.open_reviews(survey, survey.order, [answer], now=LATER)


def copy_of(order: Order) -> Order:
    order.pk, order.reference, order.basket = None, f"R{Review.objects.count()}", None
    order.save()
    return order


def told_to_machines(page: str) -> dict:
    found = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL)
    nodes = [node for one in found for node in _nodes(json.loads(one))]
    return next(node for node in nodes if node.get("@type") == "LodgingBusiness")


def _nodes(data):
    return data if isinstance(data, list) else data.get("@graph", [data])


def test_offer_shows_what_was_said_and_no_average_of_one(review: Review):
    answer = Client().get(page_of(review))
    page = body(answer)
    for words in ("The <i>stove</i>", "Claire", "1 review", "17 July 2027"):
        assert words in page
    assert "<i>stove" not in answer.content.decode()
    assert review.answer.survey.order.last_name not in page
    assert "aggregateRating" not in page


def test_from_three_on_the_average_is_said_to_machines_too(review: Review):
    others(review, 5, 5)
    page = Client().get(page_of(review)).content.decode()
    assert told_to_machines(page)["aggregateRating"] == {
        "@type": "AggregateRating",
        "ratingValue": "4.7",
        "bestRating": "5",
        "worstRating": "1",
        "reviewCount": 3,
    }


def test_offer_without_reviews_says_nothing_of_them(order: Order):
    offer = order.lines.get(kind="lodging").offer
    assert 'id="avis"' not in body(Client().get(address("booking:stay-offer", offer.slug)))


def test_reviews_cost_one_statement_however_many(review: Review):
    client, page = Client(), page_of(review)
    client.get(page)
    with CaptureQueriesContext(connection) as one:
        client.get(page)
    assert sum("booking_review" in query["sql"] for query in one) == 1
    others(review, 5, 4, 3, 2, 1, 5, 4)
    with CaptureQueriesContext(connection) as many:
        shown = body(client.get(page))
    assert len(many) == len(one)
    everything = address("booking:offer-reviews", review.offer.slug)
    assert everything in shown
    assert "All 8 reviews" in shown
    assert body(client.get(everything)).count('class="review"') == 8
    assert client.get(everything, {"page": "x"}).status_code == 200


def test_what_is_not_published_is_nowhere(order: Order):
    answered(order, lodging=(1, "Secret words"), may_publish=True)
    review = Review.objects.get()
    assert "Secret words" not in body(Client().get(page_of(review)))
    everything = address("booking:offer-reviews", review.offer.slug)
    assert "Secret words" not in body(Client().get(everything))
    assert Client().get(address("booking:review-report", review.pk)).status_code == 404


def test_notice_says_how_they_come_about(settings):
    settings.REVIEW_YEARS = 4
    page = body(Client().get(address("booking:reviews")))
    for words in ("2 days after the stay", "90 days", "No review is paid for", "4 years"):
        assert words in page


# --- A doubt -------------------------------------------------------------------------------------
def test_who_signed_in_reports_here_and_everybody_by_mail(review: Review):
    page = address("booking:review-report", review.pk)
    stranger = Client()
    assert f"bonjour@example.org?subject=Review%20{review.pk}" in body(stranger.get(page))
    assert stranger.post(page, {"text": "Never here"}).status_code == 302
    assert not ReviewReport.objects.exists()
    known = Client()
    known.force_login(factories.a_user())
    assert known.post(page, {"text": ""}).status_code == 422
    assert known.post(page, {"text": "Never here"}).status_code == 303
    assert ReviewReport.objects.get().words == "Never here"
    again = known.post(page, {"text": "Never here"})
    assert again.status_code == 409
    assert "You reported this review already" in body(again)


# --- A reply -------------------------------------------------------------------------------------
def test_host_replies_and_visitors_read_it_once_the_office_has(review: Review, order: Order):
    host = host_of(order, "lodging")
    page = reverse("extranet-review-reply", args=[review.pk])
    assert page in body(host.get(reverse("extranet-reviews")))
    assert host.post(page, {"text": ""}).status_code == 422
    assert host.post(page, {"text": "Come <b>back</b>"}).status_code == 303
    assert "Come <b>back</b>" not in body(Client().get(page_of(review)))
    reviews.decide_reply(review, PUBLISHED, actor=SYSTEM, now=LATER)
    shown = Client().get(page_of(review))
    assert "Come <b>back</b>" in body(shown)
    assert "<b>back" not in shown.content.decode()
    assert host.post(page, {"text": "More"}).status_code == 409


def test_another_house_replies_to_nothing(review: Review, order: Order):
    other = host_of(order, "meal")
    page = reverse("extranet-review-reply", args=[review.pk])
    assert other.get(page).status_code == 404
    assert other.post(page, {"text": "Bad"}).status_code == 404
