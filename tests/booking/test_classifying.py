"""The tourist tax of a lodging follows its classification, and says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from booking.classifying import end_organic_labels, follow_classifications
from booking.messages import drain_outbox
from booking.models import Offer, OfferLabel, OutboxMessage
from booking.rules.classification import category_when_ended
from members.models import Entry, Paper
from tests import factories
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
Type, Category = Offer.LodgingType, Offer.TaxCategory


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(lodging_type=Type.GITE, tax_category=Category.THREE_STAR)


def certificate(offer: Offer, *, days: int, review: str = Paper.Review.ACCEPTED) -> Paper:
    return Paper.objects.update_or_create(
        provider=offer.provider,
        code="classification",
        defaults={
            "number": "43-1",
            "valid_until": TODAY + timedelta(days=days),
            "review": review,
            "updated_at": NOW,
        },
    )[0]


def category_of(offer: Offer) -> str:
    offer.refresh_from_db()
    return offer.tax_category


def test_ended_classification_takes_the_stars_and_tells_both_once(gite: Offer):
    certificate(gite, days=-1)
    assert [follow_classifications(now=NOW) for _run in range(2)] == [1, 0]
    assert category_of(gite) == Category.UNCLASSIFIED
    assert OutboxMessage.objects.filter(kind="classification_moved").count() == 2
    drain_outbox(now=NOW)
    assert all(gite.title in str(one.body) for one in mail.outbox)
    entry = Entry.objects.get(subject=f"offer:{gite.pk}")
    assert "3_star" in str(entry.data)


def test_classification_that_ends_today_still_counts(gite: Offer):
    certificate(gite, days=0)
    assert follow_classifications(now=NOW) == 0
    assert category_of(gite) == Category.THREE_STAR


def test_new_certificate_counts_once_the_office_accepted_it(gite: Offer):
    certificate(gite, days=-1)
    follow_classifications(now=NOW)
    certificate(gite, days=1800, review=Paper.Review.GIVEN)
    assert follow_classifications(now=NOW) == 0
    assert category_of(gite) == Category.UNCLASSIFIED
    certificate(gite, days=1800)
    assert follow_classifications(now=NOW) == 1
    assert category_of(gite) == Category.THREE_STAR
    assert follow_classifications(now=NOW) == 0


def test_a_day_in_the_past_that_nobody_has_read_takes_no_stars(gite: Offer):
    certificate(gite, days=-400, review=Paper.Review.GIVEN)
    assert follow_classifications(now=NOW) == 0
    assert category_of(gite) == Category.THREE_STAR


def test_what_the_office_wrote_meanwhile_stands(gite: Offer):
    certificate(gite, days=-1)
    follow_classifications(now=NOW)
    Offer.objects.filter(pk=gite.pk).update(tax_category=Category.TWO_STAR)
    certificate(gite, days=1800)
    assert follow_classifications(now=NOW) == 0
    assert category_of(gite) == Category.TWO_STAR


def test_house_without_certificate_is_left_alone(gite: Offer):
    assert follow_classifications(now=NOW) == 0
    assert category_of(gite) == Category.THREE_STAR


def test_other_lodgings_of_the_house_and_other_houses(gite: Offer):
    room = factories.a_lodging(
        provider=gite.provider, lodging_type=Type.GUEST_ROOM, tax_category=Category.ONE_STAR
    )
    tents = factories.a_lodging(
        provider=gite.provider, lodging_type=Type.CAMPING, tax_category=Category.CAMPING_HIGH
    )
    other = factories.a_lodging(tax_category=Category.FOUR_STAR)
    certificate(gite, days=-400)
    assert follow_classifications(now=NOW) == 2
    assert category_of(room) == Category.ONE_STAR
    assert category_of(tents) == Category.CAMPING_LOW
    assert category_of(other) == Category.FOUR_STAR


def organic(offer: Offer) -> OfferLabel:
    return OfferLabel.objects.create(
        offer=offer,
        code=OfferLabel.Code.ORGANIC,
        valid_until=TODAY + timedelta(days=300),
        proof="1",
    )


def test_nothing_is_called_organic_past_the_certificate(gite: Offer):
    own, foreign = organic(gite), organic(factories.a_lodging())
    paper = Paper.objects.create(
        provider=gite.provider, code="organic", valid_until=TODAY, updated_at=NOW
    )
    assert end_organic_labels(now=NOW) == 0
    Paper.objects.update(valid_until=TODAY - timedelta(days=1))
    assert [end_organic_labels(now=NOW) for _run in range(2)] == [1, 0]
    paper.refresh_from_db()
    own.refresh_from_db()
    foreign.refresh_from_db()
    assert own.valid_until == paper.valid_until
    assert foreign.valid_until > TODAY


@given(st.sampled_from(Type.values), st.sampled_from(Category.values))
def test_ending_twice_is_ending_once(lodging: str, category: str):
    once = category_when_ended(lodging, category)
    assert once in Category.values
    assert category_when_ended(lodging, once) == once
