"""An account that a stranger made with somebody's address is no way into what becomes theirs."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from members.models import Entry, User
from tests import factories
from tests.members import factors

pytestmark = pytest.mark.django_db
ADDRESS = "claire.dupont@example.org"


@pytest.fixture
def account() -> User:
    """Give an account with a password, whose address nobody has proved to read."""
    user = factories.a_user(ADDRESS)
    user.set_password(factors.PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=ADDRESS, primary=True)
    return user


def by_code(client: Client) -> None:
    client.post(reverse("account_request_login_code"), {"email": ADDRESS})
    (sent,) = re.findall(r"^\s*([A-Z0-9-]{6,12})\s*$", mail.outbox[-1].body, re.MULTILINE)
    client.post(reverse("account_confirm_login_code"), {"code": sent})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def with_password(client: Client) -> bool:
    client.post(reverse("account_login"), {"login": ADDRESS, "password": factors.PASSWORD})
    return is_in(client)


def test_whose_address_it_is_signs_in_by_a_code_and_the_password_of_before_is_gone(account: User):
    stranger, owner = Client(), Client()
    assert not with_password(stranger)

    by_code(owner)

    assert is_in(owner)
    assert EmailAddress.objects.get().verified
    account.refresh_from_db()
    assert not account.has_usable_password()
    assert not with_password(Client())
    assert Entry.objects.filter(verb="password dropped", subject=f"user:{account.pk}").exists()


def test_password_of_an_account_whose_address_was_proved_before_stays(account: User):
    EmailAddress.objects.update(verified=True)
    owner = Client()
    by_code(owner)
    assert is_in(owner)
    assert with_password(Client())
