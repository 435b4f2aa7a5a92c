"""Stays bought as a guest become those of an account by its verified addresses, by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from booking.claiming import claim_orders
from booking.models import Order
from members.journal import SYSTEM
from members.models import Entry, User
from tests import factories
from tests.booking.pages import dupont_stay, paid_stay
from tests.cast import NOW, FakeBank, cancel_order, order_from

pytestmark = pytest.mark.django_db
CLAIRE = "claire.dupont@example.org"


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def somebody(email: str, *, verified: bool = True) -> User:
    user = factories.a_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def owner(order: Order) -> User | None:
    order.refresh_from_db()
    return order.user


def test_a_verified_address_claims_its_stay_once(order: Order):
    claire = somebody(CLAIRE)

    assert claim_orders(claire, now=NOW) == 1
    assert claim_orders(claire, now=NOW) == 0

    assert owner(order) == claire
    assert Entry.objects.get(verb="order claimed").actor == claire


def test_letters_may_be_written_large_or_small(order: Order):
    Order.objects.update(email="Claire.DUPONT@Example.org")

    assert claim_orders(somebody(CLAIRE), now=NOW) == 1


def test_every_verified_address_of_an_account_counts(order: Order):
    user = somebody("autre@example.org")
    EmailAddress.objects.create(user=user, email=CLAIRE, verified=True)

    assert claim_orders(user, now=NOW) == 1


def test_an_address_that_was_only_typed_claims_nothing(order: Order):
    assert claim_orders(somebody(CLAIRE, verified=False), now=NOW) == 0
    assert owner(order) is None


def test_the_address_of_the_account_itself_proves_nothing(order: Order):
    assert claim_orders(factories.a_user(CLAIRE), now=NOW) == 0
    assert owner(order) is None


@pytest.mark.parametrize("address", ["claire_dupont@example.org", "xclaire.dupont@example.org"])
def test_an_address_that_looks_alike_claims_nothing(order: Order, address: str):
    assert claim_orders(somebody(address), now=NOW) == 0
    assert owner(order) is None


def test_a_stay_of_another_account_stays_there(order: Order):
    other = factories.a_user()
    Order.objects.update(user=other)

    assert claim_orders(somebody(CLAIRE), now=NOW) == 0
    assert owner(order) == other


def test_a_stay_that_was_not_paid_is_not_claimed_before_its_mail_went(bank: FakeBank):
    # Somebody may have typed another's address: its reader knows nothing of it yet.
    order = order_from(dupont_stay(Client()))

    assert claim_orders(somebody(CLAIRE), now=NOW) == 0
    assert owner(order) is None


def test_a_cancelled_stay_is_still_ones_own(order: Order):
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)

    assert claim_orders(somebody(CLAIRE), now=NOW + timedelta(days=1)) == 1


def test_a_claim_that_fails_in_the_middle_leaves_nothing(order: Order, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("booking.claiming.record", fail)

    with pytest.raises(RuntimeError):
        claim_orders(somebody(CLAIRE), now=NOW)

    assert owner(order) is None
