"""The rule of letters as SQL is the pure rule, whatever people said and bought (L02)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.models import GuestImport, Order, PastStay
from booking.relations import consent
from booking.relations.customers import identify_orders, identity_of
from booking.relations.segments import Audience, count_audience
from booking.relations.standings import reasons_of
from booking.rules.segments import Segment
from members.models import (
    Customer,
    CustomerAddress,
    CustomerIdentity,
    ErasedAddress,
    LetterAddress,
)
from oti.lib.dates import paris
from tests import factories
from tests.booking.relations.knowing import an_order, says
from tests.cast import NOW

pytestmark = pytest.mark.django_db
ELISE = "elise@example.org"

moments = st.sampled_from([0, 1, 40, 400, 1094, 1095, 1096, 1097, 1500]).map(
    lambda days: NOW - timedelta(days=days)
)
words = st.tuples(st.sampled_from(["news", "offers", "survey"]), st.booleans(), moments)
orders = st.tuples(st.sampled_from(Order.Letters.values), moments, st.booleans(), st.booleans())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(words, max_size=4),
    st.lists(orders, max_size=3),
    st.booleans(),
    st.lists(st.tuples(moments, st.sampled_from(GuestImport.Basis.values)), max_size=2),
)
def test_sql_says_what_the_rule_says(said, bought, is_identified, imported):
    PastStay.objects.all().delete()
    LetterAddress.objects.all().delete()
    Order.objects.all().delete()
    CustomerIdentity.objects.all().delete()
    CustomerAddress.objects.all().delete()
    Customer.objects.all().delete()
    if said:
        says(ELISE, *said)
    for letters, at, is_paid, is_shouted in bought:
        email = ELISE.upper() if is_shouted else ELISE
        an_order(email, letters=letters, placed_at=at, is_paid=is_paid)
    for at, basis in imported:
        of_a_file(ELISE, at, basis=basis)
    if is_identified:
        identify_orders(now=NOW)

    for purpose in ("news", "offers"):
        known = LetterAddress.objects.filter(email=ELISE).first()
        standing = (
            consent.standings(known, now=NOW)[purpose]
            if known
            else consent.rules.standing(purpose, [], consent._bought(ELISE), now=NOW)
        )
        expected = standing.reason.value if standing.reason else ""
        assert reasons_of([ELISE], purpose, now=NOW) == {ELISE: expected}

        counted = count_audience(Audience(Segment(), purpose), now=NOW)
        is_known = bool(said or imported) or (is_identified and any(one[2] for one in bought))
        assert counted.meant == is_known
        if is_known:
            assert counted.recipients == (not expected)
            assert counted.reasons == ({expected: 1} if expected else {})


def of_a_file(email: str, at: datetime, *, basis: str) -> PastStay:
    """Let a host's file tell of somebody's stay."""
    head, _is_new = GuestImport.objects.get_or_create(
        basis=basis,
        defaults={
            "provider": factories.a_provider(),
            "words": "We may write to you.",
            "file_name": "guests.csv",
            "sha256": basis,
            "read_at": NOW,
        },
    )
    with transaction.atomic():
        who = identity_of(email, first_name="Élise", last_name="Faure", now=NOW)
    day = paris(at).date()
    return PastStay.objects.create(
        source="imported",
        identity=who,
        guest_import=head,
        first_day=day,
        last_day=day,
        kept_at=NOW,
    )


def test_an_address_that_was_erased_says_no_until_it_says_something_itself():
    an_order(ELISE, letters="told", placed_at=NOW - timedelta(days=40), is_paid=True)
    assert reasons_of([ELISE], "offers", now=NOW) == {ELISE: ""}
    ErasedAddress.objects.create(mark=consent.mark_of(ELISE), at=NOW)
    assert reasons_of([ELISE], "offers", now=NOW) == {ELISE: "said_no"}
    assert not consent.may_write(ELISE, "offers", now=NOW)
    says(ELISE, ("offers", True, NOW))
    assert reasons_of([ELISE], "offers", now=NOW) == {ELISE: ""}


def test_an_address_that_comes_back_is_written_to_no_more():
    known = says(ELISE, ("news", True, NOW))
    known.bounced_at = NOW
    known.save()
    assert reasons_of([ELISE.upper(), "paul@example.org"], "news", now=NOW) == {
        ELISE: "bounced",
        "paul@example.org": "never_said",
    }
    # What it said before its mailbox was gone is still the first reason.
    assert reasons_of([ELISE], "offers", now=NOW) == {ELISE: "never_said"}


def test_no_other_purpose_is_asked_for():
    with pytest.raises(ValueError, match="survey"):
        reasons_of([ELISE], "survey", now=NOW)
