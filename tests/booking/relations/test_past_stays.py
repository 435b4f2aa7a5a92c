"""Orders are said whose they are, and stays that are over are counted: once, and as they were."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import tasks
from booking.host_refunds import refund_line, refundable
from booking.models import Order, OrderLine, PastStay, Refund
from booking.relations import past_stays
from booking.relations.customers import identify_orders, identity_of
from booking.relations.past_stays import keep_past_stays
from booking.tasks import know_guests
from members.journal import SYSTEM
from members.models import Customer, CustomerIdentity, Family, HouseholdMember
from oti.lib.dates import paris
from tests import factories
from tests.booking.relations.stays import ASKED, LAST_DAY, past_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return past_stay(bank)


def test_an_order_gets_its_person_and_the_same_one_again(order: Order):
    assert identify_orders(now=ASKED) == 1
    assert identify_orders(now=ASKED) == 0
    order.refresh_from_db()
    assert order.identity
    person = order.identity.customer
    assert (person.first_name, person.last_name) == (order.first_name, order.last_name)

    again = identity_of(
        order.email.upper(),
        first_name=order.last_name.upper(),
        last_name=order.first_name,
        now=ASKED,
    )
    assert again == order.identity
    assert Customer.objects.count() == 1


def test_who_shares_an_address_is_another_person_of_the_same_family(order: Order):
    identify_orders(now=ASKED)
    other = identity_of(order.email, first_name="Paul", last_name="Dupont", now=ASKED)
    order.refresh_from_db()
    assert order.identity
    assert other.customer != order.identity.customer
    assert other.customer.family == order.identity.customer.family


def test_a_name_alone_makes_no_family(order: Order):
    identify_orders(now=ASKED)
    namesake = identity_of(
        "else@example.org", first_name=order.first_name, last_name=order.last_name, now=ASKED
    )
    assert Family.objects.count() == 2
    assert namesake.customer.pk != Customer.objects.earliest("pk").pk


def test_people_of_a_second_home_are_its_family():
    claire = factories.a_household(factories.a_user("claire@example.org"))
    paul = factories.a_user("paul@example.org")
    household = claire.household
    HouseholdMember.objects.create(household=household, user=paul, first_name="Paul", joined_at=NOW)
    families = {
        identity_of(user.email, first_name="A", last_name="Martin", now=NOW).customer.family
        for user in (claire.user, paul)
    }
    assert {one.household for one in families} == {household}


def test_orders_that_were_not_paid_are_nobody_s(order: Order):
    Order.objects.update(confirmed_at=None)
    assert identify_orders(now=ASKED) == 0
    assert not CustomerIdentity.objects.exists()


def test_a_stay_is_counted_once_it_is_over(order: Order):
    know_guests()
    assert keep_past_stays(now=NOW) == 0
    assert keep_past_stays(now=ASKED) == 1
    assert keep_past_stays(now=ASKED + timedelta(days=1)) == 0

    stay = PastStay.objects.get()
    assert stay.order == order
    assert stay.last_day == LAST_DAY
    bed = order.lines.get(kind="lodging")
    assert bed.arrival
    assert stay.nights == (LAST_DAY - bed.arrival).days
    first = order.lines.order_by("starts_at")[0]
    assert stay.first_day == paris(first.starts_at).date()
    assert (stay.adults, stay.children) == (2, 2)
    assert set(stay.kinds) == set(order.lines.values_list("kind", flat=True))
    assert stay.amount == sum(order.lines.values_list("gross_amount", flat=True))
    assert stay.source == PastStay.Source.SITE
    assert not stay.is_group
    assert stay.identity == Order.objects.get(pk=order.pk).identity


def test_no_show_noted_after_takes_the_stay_out_and_back(order: Order, at):
    identify_orders(now=ASKED)
    keep_past_stays(now=ASKED)
    for line in order.lines.all():
        OrderLine.objects.filter(pk=line.pk).update(
            state="no_show", no_show_at=ASKED, changed_at=ASKED + timedelta(hours=1)
        )
    later = ASKED + timedelta(hours=2)
    assert keep_past_stays(now=later) == 1
    assert not PastStay.objects.exists()
    OrderLine.objects.update(state="honoured", no_show_at=None, changed_at=later)
    assert keep_past_stays(now=later) == 1
    assert PastStay.objects.count() == 1


def test_what_was_given_back_is_no_stay(order: Order):
    identify_orders(now=ASKED)
    keep_past_stays(now=ASKED)
    before = PastStay.objects.get().amount
    bed = order.lines.get(kind="lodging")
    left = refundable(bed)
    later = ASKED + timedelta(hours=1)
    refund_line(bed, left, shown_left=left, reason="x", actor=SYSTEM, now=later)
    assert keep_past_stays(now=later + timedelta(minutes=1)) == 1
    stay = PastStay.objects.get()
    assert stay.nights == 0
    assert stay.amount == before - left
    assert "lodging" not in stay.kinds


def give_all_back(order: Order) -> None:
    for line in order.lines.all():
        left = refundable(line)
        refund_line(line, left, shown_left=left, reason="x", actor=SYSTEM, now=ASKED)


@pytest.mark.parametrize("was_counted", [True, False])
def test_what_was_all_given_back_is_read_no_more(
    order: Order, was_counted: bool, monkeypatch: pytest.MonkeyPatch
):
    identify_orders(now=ASKED)
    if was_counted:
        keep_past_stays(now=ASKED - timedelta(minutes=1))
    give_all_back(order)
    later = ASKED + timedelta(hours=1)
    # It goes where it was counted, and is never read where it wasn't.
    assert keep_past_stays(now=later) == int(was_counted)
    assert not PastStay.objects.exists()
    read: list[object] = []
    monkeypatch.setattr(past_stays, "_keep", lambda one, **_when: read.append(one))
    assert keep_past_stays(now=later + timedelta(hours=1)) == 0
    assert read == []


def test_refund_that_fails_makes_it_a_stay_again(order: Order):
    identify_orders(now=ASKED)
    give_all_back(order)
    assert keep_past_stays(now=ASKED + timedelta(hours=1)) == 0
    bed = order.lines.get(kind="lodging")
    Refund.objects.filter(line=bed).update(state=Refund.State.FAILED)
    assert keep_past_stays(now=ASKED + timedelta(hours=2)) == 1
    assert PastStay.objects.get().kinds == ["lodging"]


def test_first_rounds_follow_each_other_until_all_are_known(
    order: Order, at, monkeypatch: pytest.MonkeyPatch
):
    at(ASKED)
    again: list[str] = []
    monkeypatch.setattr(tasks, "ask_for_task", again.append)
    monkeypatch.setattr(past_stays, "MOST", 1)
    returns: list[object] = []
    monkeypatch.setattr(tasks.retention, "keep_returns", lambda **now: returns.append(now))
    know_guests()
    assert (again, len(returns)) == (["booking.tasks.know_guests"], 0)
    know_guests()
    assert (len(again), len(returns)) == (1, 1)


def test_many_persons_are_a_group(order: Order, settings):
    settings.GROUP_FROM = 4
    identify_orders(now=ASKED)
    keep_past_stays(now=ASKED)
    assert PastStay.objects.get().is_group


def test_a_name_of_signs_that_come_apart_hides_no_other_order(order: Order):
    Order.objects.filter(pk=order.pk).update(last_name="ﬃ" * 80)
    assert identify_orders(now=ASKED) == 1


def test_a_stay_is_counted_once_it_is_known_whose_it_is(order: Order):
    # Somebody works on the order while the others are said whose they are.
    assert keep_past_stays(now=ASKED) == 0
    identify_orders(now=ASKED)
    assert keep_past_stays(now=ASKED) == 1
    # One that was counted too early is put right.
    PastStay.objects.update(identity=None)
    assert keep_past_stays(now=ASKED) == 1
    order.refresh_from_db()
    assert PastStay.objects.get().identity == order.identity
    assert keep_past_stays(now=ASKED) == 0


def test_a_stay_of_somebody_without_an_address_is_counted(order: Order):
    Order.objects.update(email="")
    assert identify_orders(now=ASKED) == 0
    assert keep_past_stays(now=ASKED) == 1
