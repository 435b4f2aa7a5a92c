"""Segments: who is meant, who gets a mail, and why the others don't (L03)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Order, OrderLine, PastStay
from booking.relations.segments import PLACE, Audience, count_audience, statement_of
from booking.rules.departments import PREFECTURES
from booking.rules.segments import OVERSEAS, Segment, place_of
from members.models import Customer, HouseholdMember
from tests import factories
from tests.booking.pages import paid_stay
from tests.booking.relations.knowing import SUMMER, a_guest, an_order, had_a_letter, says
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank

pytestmark = pytest.mark.django_db
BACK = SUMMER + timedelta(days=7)
POSTCODES = ("43000", "4 3 0 0 0", "20000", "97400", "99000", "4300", "43000 ", "x")


def counted(segment: Segment | None = None, purpose: str = "offers", **asked):
    return count_audience(Audience(segment or Segment(), purpose, **asked), now=NOW)


def recipients(segment: Segment, purpose: str = "offers") -> set[str]:
    statement, values = statement_of(Audience(segment, purpose), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(statement + "SELECT email FROM one_each WHERE why = ''", values)
        return {row[0] for row in cursor.fetchall()}


@pytest.fixture
def guests() -> None:
    a_guest("anna@example.org", first_day=date(2027, 1, 10), adults=2, postal_code="43000")
    a_guest(
        "bob@example.org",
        children=2,
        poles=["mezenc", "le-puy"],
        kinds=["lodging", "meal"],
        language="en",
        postal_code="75011",
    )
    a_guest("carl@example.org", adults=14, is_group=True, language="de", country="DE")
    a_guest("dora@example.org", adults=1, first_day=date(2025, 10, 4), postal_code="69001")


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (Segment(), "abcd"),
        (Segment(seasons=("hiver",)), "a"),
        (Segment(seasons=("ete",)), "bc"),
        (Segment(seasons=("ete", "automne")), "bcd"),
        (Segment(parties=("family",)), "b"),
        (Segment(parties=("solo", "couple")), "ad"),
        (Segment(parties=("group",)), "c"),
        (Segment(poles=("mezenc",)), "b"),
        (Segment(kinds=("meal", "rental")), "b"),
        # One stay was all of it.
        (Segment(seasons=("ete",), parties=("family",), poles=("le-puy",)), "b"),
        (Segment(seasons=("hiver",), parties=("family",)), ""),
        (Segment(languages=("en", "de")), "bc"),
        (Segment(last_since=date(2026, 1, 1)), "abc"),
        (Segment(last_until=date(2026, 1, 1)), "d"),
        (Segment(last_since=BACK, last_until=BACK), "bc"),
        (Segment(stays_least=1, stays_most=1), "abcd"),
        (Segment(stays_least=2), ""),
        (Segment(places=("near",)), "ad"),
        (Segment(places=("far", "abroad")), "bc"),
        (Segment(second_homes="with"), ""),
        (Segment(second_homes="without"), "abcd"),
    ],
)
def test_who_is_meant(guests, segment: Segment, expected: str):
    assert {one[0] for one in recipients(segment)} == set(expected)
    assert counted(segment).recipients == len(expected)


def test_nobody_and_everybody_are_clear(guests):
    nobody = counted(Segment(stays_least=3, stays_most=2))
    assert (nobody.meant, nobody.recipients, nobody.reasons) == (0, 0, {})
    assert counted(Segment(kinds=("shuttle",))).meant == 0
    everybody = counted()
    assert (everybody.meant, everybody.recipients) == (4, 4)
    assert everybody.by_language == {"de": 1, "en": 1, "fr": 2}


def test_each_reason_is_counted_once(guests, settings):
    settings.COMMERCIAL_LETTERS_IN_30_DAYS = 1
    says("anna@example.org", ("offers", False, NOW))
    a_guest("untold@example.org", letters=Order.Letters.UNTOLD, postal_code="43000")
    a_guest("old@example.org", placed_at=NOW - timedelta(days=1200), postal_code="43000")
    gone = says("dora@example.org")
    gone.bounced_at = NOW
    gone.save()
    a_guest("lost@example.org")
    had_a_letter("Bob@example.org", at=NOW - timedelta(days=29))
    found = counted(Segment(places=("near", "far", "abroad")))
    assert found.reasons == {
        "said_no": 1,
        "never_said": 1,
        "too_long_ago": 1,
        "bounced": 1,
        "unplaced": 1,
        "capped": 1,
    }
    assert (found.recipients, found.meant) == (1, 7)


def test_a_family_gets_one_mail_with_offers_and_each_its_letter():
    claire = factories.a_household(factories.a_user("claire@example.org"))
    paul = factories.a_user("paul@example.org")
    HouseholdMember.objects.create(
        household=claire.household, user=paul, first_name="Paul", joined_at=NOW
    )
    a_guest("claire@example.org", first_day=date(2026, 5, 2))
    a_guest("paul@example.org", placed_at=NOW - timedelta(days=20))
    found = counted(Segment(second_homes="with"))
    assert (found.recipients, found.reasons) == (1, {"same_family": 1})
    # The one who booked last.
    assert recipients(Segment(second_homes="with")) == {"paul@example.org"}
    # The other one, once that one says no: no family is left out by one word.
    says("paul@example.org", ("offers", False, NOW))
    assert recipients(Segment(second_homes="with")) == {"claire@example.org"}

    for email in ("claire@example.org", "paul@example.org"):
        says(email, ("news", True, NOW))
    assert counted(purpose="news").recipients == 2


def test_two_people_of_one_address_are_one_mail():
    a_guest("both@example.org", last_name="Dupont")
    a_guest("both@example.org", last_name="Martin", children=1)
    found = counted()
    assert (found.meant, found.recipients) == (1, 1)
    assert counted(Segment(parties=("family",))).recipients == 1


def test_a_person_with_two_addresses_counts_all_stays():
    first = a_guest("one@example.org")
    second = a_guest("two@example.org")
    left = second.customer
    second.customer = first.customer
    second.save()
    Customer.objects.filter(pk=left.pk).update(merged_into=first.customer)
    assert recipients(Segment(stays_least=2)) <= {"one@example.org", "two@example.org"}
    assert counted(Segment(stays_least=2)).recipients == 1


def test_who_only_asked_for_the_letter_gets_it_and_no_offers():
    says("reader@example.org", ("news", True, NOW), language="de")
    assert counted(purpose="news").by_language == {"de": 1}
    assert counted(Segment(languages=("fr",)), "news").meant == 0
    # Nothing is known of their stays.
    assert counted(Segment(seasons=("ete",)), "news").meant == 0
    assert counted().reasons == {"never_said": 1}


def test_stays_without_an_address_are_told_apart():
    a_guest("anna@example.org")
    PastStay.objects.update(identity=None)
    found = counted(Segment(parties=("couple",)))
    assert (found.meant, found.strangers) == (0, 1)
    assert counted(Segment(parties=("solo",))).strangers == 0


def test_who_is_here_then_gets_no_offer_for_these_days(bank: FakeBank):
    order = paid_stay(bank)
    Order.objects.filter(pk=order.pk).update(letters=Order.Letters.TOLD)
    a_guest(order.email)
    assert counted(windows=((SATURDAY, NEXT_SATURDAY),)).reasons == {"here": 1}
    after = NEXT_SATURDAY + timedelta(days=1)
    assert counted(windows=((after, after + timedelta(days=7)),)).recipients == 1
    OrderLine.objects.filter(order=order).update(state="cancelled")
    assert counted(windows=((SATURDAY, NEXT_SATURDAY),)).recipients == 1


def test_a_fresh_no_counts_before_anybody_knows_whose_it_is():
    a_guest("anna@example.org")
    an_order("Anna@example.org", letters=Order.Letters.REFUSED, placed_at=NOW)
    assert counted().reasons == {"said_no": 1}


@pytest.mark.parametrize("code", POSTCODES)
@pytest.mark.parametrize("country", ["", "FR", "BE"])
def test_places_are_those_of_the_rule(code: str, country: str):
    a_guest("anna@example.org", postal_code=code, country=country)
    values = {"departments": [*PREFECTURES, *OVERSEAS]}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PLACE} FROM members_customer c", values)
        [(place,)] = cursor.fetchall()
    assert (place == "") == (place_of(code, country) == "")
    bands = ("near", "region", "far", "farther", "abroad")
    for band in bands:
        is_in = counted(Segment(places=(band,))).recipients == 1
        assert is_in == (place_of(code, country) == band)


def test_counting_takes_as_many_statements_for_whomever(guests):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        counted(Segment(seasons=("ete",), places=("near",)), windows=((SATURDAY, NEXT_SATURDAY),))
    # A transaction, its memory, one count.
    assert len(asked) <= 4
