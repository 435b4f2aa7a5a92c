"""Who came back, counted in the database: equal to the rule, and to what one knows beforehand."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import pytest

from booking.host_refunds import refund_line, refundable
from booking.models import KeptReturns, Order, OrderLine, PastStay
from booking.relations.customers import identify_orders, identity_of
from booking.relations.past_stays import keep_past_stays
from booking.relations.retention import (
    count_returns,
    day_a_year_before,
    keep_returns,
    kept_returns,
)
from booking.rules.retention import (
    FAMILY,
    GROUP,
    KINDS,
    PARTY,
    POLE,
    SECOND_HOME,
    WITH_CHILDREN,
    Cell,
    CountedStay,
    rates,
    tally,
)
from members.journal import SYSTEM
from members.models import Customer, CustomerIdentity, Household
from oti.lib.dates import at_paris
from tests import factories
from tests.booking.relations.returning import somebody, stayed
from tests.booking.relations.stays import ASKED, LAST_DAY, past_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
UNTIL = date(2027, 12, 31)


def rate_of(year: int, kind: str = FAMILY, *, until: date = UNTIL) -> tuple[int, int]:
    """Return numerator and denominator."""
    rate = count_returns(until=until).rate(year, kind)
    return (rate.back, rate.households) if rate else (0, 0)


def test_a_synthetic_set_whose_answer_is_known(django_assert_num_queries):
    """Eight families in 2025: six in 2026, three of whom in 2027 too; two more since 2026."""
    for number in range(10):
        years = [2025] * (number < 8) + [2026] * (number >= 2) + [2027] * (5 <= number < 9)
        for year in years:
            stayed(somebody(number), date(year, 7, 10))
    for _ in range(2):
        stayed(None, date(2026, 8, 1))
    with django_assert_num_queries(1):
        found = count_returns(until=UNTIL)
    of_2026, of_2027 = found.rate(2026), found.rate(2027)
    assert of_2026
    assert of_2027
    assert (of_2026.back, of_2026.households) == (6, 8)
    assert (of_2026.percent, of_2026.low, of_2026.high) == (75, 41, 93)
    assert (of_2026.known, of_2026.stays, of_2026.coverage) == (16, 18, 89)
    assert (of_2027.back, of_2027.households, of_2027.percent) == (4, 8, 50)
    assert found.years() == [2027, 2026]
    assert found.rate(2025) is None
    assert not found.is_demo


def test_a_stay_over_new_year_is_of_the_new_year():
    for number in range(5):
        stayed(somebody(number), date(2026, 1, 2))
        stayed(somebody(number), date(2026, 12, 31))
    assert rate_of(2027) == (0, 5)
    assert rate_of(2026) == (0, 0)
    for number in range(5):
        stayed(somebody(number), date(2027, 1, 1), first_day=date(2026, 12, 27))
    assert rate_of(2027) == (5, 5)


def test_a_year_is_counted_up_to_a_day():
    for number in range(6):
        stayed(somebody(number), date(2026, 7, 1))
        stayed(somebody(number), date(2027, 2 + number, 1))
    assert rate_of(2027, until=date(2027, 4, 1)) == (3, 6)
    assert rate_of(2027, until=date(2027, 3, 31)) == (2, 6)
    assert count_returns(until=date(2027, 4, 1)).is_running(2027)
    assert not count_returns(until=UNTIL).is_running(2027)


def test_one_family_with_two_addresses_of_its_own_is_two_until_merged():
    first, second = somebody(1), somebody(2)
    stayed(first, date(2026, 7, 1))
    stayed(second, date(2027, 7, 1))
    assert rate_of(2027) == (0, 1)
    # What merging two persons writes: the identity means the other one from now on.
    CustomerIdentity.objects.filter(pk=second.pk).update(customer=first.customer)
    Customer.objects.filter(pk=second.customer_id).update(merged_into=first.customer)
    assert rate_of(2027) == (1, 1)


def test_the_same_name_elsewhere_is_another_household():
    a = identity_of("a@example.org", first_name="Jean", last_name="Martin", now=NOW)
    b = identity_of("b@example.org", first_name="Jean", last_name="Martin", now=NOW)
    stayed(a, date(2026, 7, 1))
    stayed(b, date(2027, 7, 1))
    assert rate_of(2027) == (0, 1)


def test_two_persons_of_one_address_are_one_household():
    a = identity_of("a@example.org", first_name="Jean", last_name="Martin", now=NOW)
    b = identity_of("a@example.org", first_name="Paule", last_name="Martin", now=NOW)
    stayed(a, date(2026, 7, 1))
    stayed(b, date(2026, 8, 1))
    stayed(b, date(2027, 7, 1))
    assert rate_of(2027) == (1, 1)


def test_groups_and_second_homes_are_apart():
    person = factories.a_household(factories.a_user("claire@example.org"))
    home = identity_of("claire@example.org", first_name="Claire", last_name="Martin", now=NOW)
    # Known by who stayed, though the row itself doesn't say so.
    stayed(home, date(2026, 7, 1))
    stayed(home, date(2027, 7, 1), household=person.household)
    stayed(somebody(1), date(2026, 7, 1), is_group=True)
    stayed(somebody(2), date(2026, 7, 1))
    assert rate_of(2027, SECOND_HOME) == (1, 1)
    assert rate_of(2027, GROUP) == (0, 1)
    assert rate_of(2027, FAMILY) == (0, 1)


def test_who_sold_the_house_is_a_family_like_others_from_then_on():
    person = factories.a_household(factories.a_user("claire@example.org"))
    home = identity_of("claire@example.org", first_name="Claire", last_name="Martin", now=NOW)
    ended = factories.SPRING.replace(year=2026, month=12)
    Household.objects.filter(pk=person.household_id).update(state="ended", ended_at=ended)
    for year in (2025, 2026, 2027):
        stayed(home, date(year, 7, 1))
    later = date(2028, 12, 31)
    assert rate_of(2026, SECOND_HOME, until=later) == (1, 1)
    assert rate_of(2027, SECOND_HOME, until=later) == (1, 1)
    assert rate_of(2028, SECOND_HOME, until=later) == (0, 0)
    assert rate_of(2028, FAMILY, until=later) == (0, 1)


def test_poles_and_parties_of_the_year_before():
    for number in range(6):
        who = somebody(number)
        stayed(who, date(2026, 7, 1), poles=["puy", "mezenc", "puy"], children=number % 2)
        if number < 2:
            stayed(who, date(2027, 7, 1), poles=["loire"])
    found = count_returns(until=UNTIL)
    for pole in ("puy", "mezenc"):
        rate = found.rate(2027, FAMILY, POLE, pole)
        assert rate
        assert (rate.back, rate.households) == (2, 6)
    assert found.rate(2027, FAMILY, POLE, "loire") is None
    with_children = found.rate(2027, FAMILY, PARTY, WITH_CHILDREN)
    assert with_children
    assert (with_children.back, with_children.households) == (1, 3)


@pytest.mark.parametrize("seed", range(4))
def test_the_database_counts_what_the_rule_counts(seed: int):
    chance = random.Random(seed)
    people = [somebody(number) for number in range(12)]
    rows, counted = [], []
    for _ in range(120):
        who = chance.choice([None, *people])
        day = date(2023, 1, 1) + timedelta(days=chance.randrange(5 * 365))
        is_group = chance.random() < 0.2
        poles = chance.sample(["puy", "mezenc", "loire"], chance.randrange(3))
        language = chance.choice(["fr", "en", ""])
        adults, children = chance.randrange(4), chance.choice([0, 0, 1, 2])
        rows.append(
            PastStay(
                source=PastStay.Source.IMPORTED,
                identity=who,
                first_day=day,
                last_day=day,
                is_group=is_group,
                poles=poles,
                language=language,
                adults=adults,
                children=children,
                kept_at=NOW,
            )
        )
        counted.append(
            CountedStay(
                household=who.customer.family_id if who else None,
                year=day.year,
                kind=GROUP if is_group else FAMILY,
                poles=tuple(poles),
                language=language,
                adults=adults,
                children=children,
            )
        )
    PastStay.objects.bulk_create(rows)
    assert count_returns(until=UNTIL).rates == rates(tally(counted), until=2027)


def test_what_was_counted_for_a_day_is_kept_and_counted_again():
    now = at_paris(UNTIL, time(12))
    keep_returns(now=now)
    for number in range(5):
        stayed(somebody(number), date(2026, 7, 1))
    assert kept_returns(until=UNTIL).rates == {}
    assert kept_returns(until=UNTIL).counted_at == now
    later = now + timedelta(hours=1)
    keep_returns(now=later)
    kept = kept_returns(until=UNTIL)
    assert kept.counted_at == later
    assert kept.rates == count_returns(until=UNTIL).rates
    assert len(kept.rates) == 4
    # Of another day nothing is kept: it is counted.
    assert kept_returns(until=UNTIL - timedelta(days=1)).counted_at is None
    keep_returns(now=now + timedelta(days=1))
    assert KeptReturns.objects.get().until == UNTIL + timedelta(days=1)


def test_nobody_yet():
    found = count_returns(until=UNTIL)
    assert found.years() == []
    assert found.rates == {}
    stayed(somebody(1), date(2027, 7, 1))
    assert count_returns(until=UNTIL).years() == []


def test_what_lies_far_back_is_left_out():
    stayed(somebody(1), date(2010, 7, 1))
    assert Cell(2011, KINDS[0]) not in count_returns(until=UNTIL).rates


# --- What is no stay ----------------------------------------------------------------------------
@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Give the stay of the Duponts in July 2027; they were here the year before."""
    order = past_stay(bank)
    identify_orders(now=ASKED)
    order.refresh_from_db()
    stayed(order.identity, LAST_DAY.replace(year=LAST_DAY.year - 1))
    return order


def test_a_stay_that_was_sold_here_is_a_return(order: Order):
    keep_past_stays(now=ASKED)
    assert rate_of(LAST_DAY.year) == (1, 1)


def test_a_no_show_is_no_return(order: Order):
    OrderLine.objects.update(state="no_show", no_show_at=ASKED, changed_at=ASKED)
    keep_past_stays(now=ASKED)
    assert rate_of(LAST_DAY.year) == (0, 1)


def test_a_stay_given_back_whole_is_no_return(order: Order):
    keep_past_stays(now=ASKED)
    later = ASKED + timedelta(hours=1)
    for line in order.lines.all():
        left = refundable(line)
        refund_line(line, left, shown_left=left, reason="x", actor=SYSTEM, now=later)
    keep_past_stays(now=later + timedelta(hours=1))
    assert rate_of(LAST_DAY.year) == (0, 1)


def test_a_year_before():
    assert day_a_year_before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert day_a_year_before(date(2027, 11, 26)) == date(2026, 11, 26)
