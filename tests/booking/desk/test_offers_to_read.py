"""The office reads what hosts sent: a queue, the texts beside the old ones, a decision."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from booking import offer_reviews
from booking.models import Offer, OfferReview
from booking.offer_content import keep_content, review_of
from tests import factories
from tests.booking.offers import HOST
from tests.cast import NOW

pytestmark = pytest.mark.django_db
INDEX = "desk_offer_reviews:index"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def sent() -> Offer:
    offer = factories.a_lodging(
        now=NOW, registration_number="43091000123AB", description="Un poêle.", spirit=["zen"]
    )
    keep_content(offer, {"title_fr": "Un autre titre"}, actor=HOST, now=NOW)
    offer_reviews.submit_offer(offer, actor=HOST, now=NOW)
    return offer


def address(offer: Offer) -> str:
    return reverse("desk_offer_reviews:review", args=[review_of(offer).pk])


def decide(desk: Client, offer: Offer, decision: str, **given: object):
    seen = review_of(offer).edition
    return desk.post(address(offer), {"decision": decision, "seen": seen, **given})


def test_what_was_sent_waits_in_the_queue_and_on_the_first_page(desk, sent):
    assert sent.provider.name in desk.get(reverse(INDEX)).content.decode()
    assert "offer of a host to be read" in desk.get(reverse("wagtailadmin_home")).content.decode()
    page = desk.get(address(sent)).content.decode()
    assert "Un autre titre" in page
    assert sent.title_fr in page
    assert "What visitors see now" in page


def test_approved_it_leaves_the_queue(desk, sent):
    assert decide(desk, sent, "approve").status_code == 302
    sent.refresh_from_db()
    assert sent.title_fr == "Un autre titre"
    assert sent.provider.name not in desk.get(reverse(INDEX)).content.decode()
    assert "The host has it in hand" in desk.get(address(sent)).content.decode()


def test_sent_back_with_a_remark_it_stays_as_visitors_know_it(desk, sent):
    assert decide(desk, sent, "fix", remark_title_fr="Trop long").status_code == 302
    review = review_of(sent)
    assert (review.state, review.remarks) == ("to_fix", {"title_fr": "Trop long"})
    old = sent.title_fr
    sent.refresh_from_db()
    assert sent.title_fr == old


def test_remarks_dont_go_nowhere_and_words_are_asked_for(desk, sent):
    left = decide(desk, sent, "approve", remark_title_fr="Trop long")
    mute = decide(desk, sent, "fix")
    odd = decide(desk, sent, "explode")
    assert left.status_code == mute.status_code == odd.status_code == 200
    assert "Trop long" in left.content.decode()
    assert review_of(sent).state == "submitted"


def test_an_older_edition_is_not_approved(desk, sent):
    desk.post(address(sent), {"decision": "approve", "seen": 0})
    assert review_of(sent).pending


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("lodging", ["couchages", "prix", "regles", "papiers"]),
        ("rental", ["prix", "regles", "dates"]),
        ("shuttle", ["prix", "regles", "dates"]),
        ("childcare", ["prix", "regles", "papiers", "dates"]),
        ("composite", ["prix", "etapes", "regles", "dates"]),
    ],
)
def test_each_kind_is_read_with_its_own_parts_alone(desk, kind, parts):
    offer = factories.a_lodging(now=NOW) if kind == "lodging" else factories.an_activity(kind=kind)
    review = OfferReview.objects.create(offer=offer, state="submitted", pending={"title_fr": "Bis"})

    page = desk.get(reverse("desk_offer_reviews:review", args=[review.pk]))

    shown = re.findall(r'name="remark_(\w+)"', page.content.decode())
    texts = ["title_fr", "summary_fr", "description_fr", "place_fr", "without_car_fr"]
    if kind == "shuttle":
        texts.remove("without_car_fr")
    assert shown == [*texts, "access_info_fr", "spirit", "features", "photos", *parts]
    # Nothing is asked that isn't shown.
    assert set(page.context["form"].codes) == set(shown)
    assert ("Prices, units and dates" in page.content.decode()) == (kind == "lodging")


def test_a_remark_on_a_part_that_a_kind_has_not_is_none(desk):
    offer = factories.an_activity(kind="rental")
    OfferReview.objects.create(offer=offer, state="submitted", pending={"title_fr": "Bis"})

    decide(desk, offer, "fix", remark_couchages="Where are the beds?", remark_prix="Too dear")

    assert review_of(offer).remarks == {"prix": "Too dear"}


def test_only_the_office_decides(sent, client):
    host = Client()
    host.force_login(factories.a_host(sent.provider))
    for browser in (client, host):
        assert browser.post(address(sent), {"decision": "approve", "seen": 2}).status_code == 302
    assert review_of(sent).state == "submitted"
