"""One person, one account: its spaces, whatever they are, and what it is told of."""

from __future__ import annotations

from smtplib import SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from members.groups import take_access
from members.journal import SYSTEM
from members.models import Entry, User
from members.spaces import spaces_of
from tests import factories
from tests.booking.relations.greeting import a_greeter
from tests.cast import NOW
from tests.members import factors
from tests.pages import text_of

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
PASSWORD = "Lentille-verte-43"


def pages_of(user: User) -> list[str]:
    return [space.page for space in spaces_of(user)]


# --- Spaces ---------------------------------------------------------------------------------------
@pytest.fixture
def person() -> User:
    """Give a person who is a host, of the office, a resident and a greeter at once."""
    user = factors.able_to_sign_in(factories.a_host(factories.a_provider()))
    user.groups.add(factories.the_office())
    factories.a_household(user)
    a_greeter(user=user)
    return user


def test_a_visitor_has_their_stays():
    assert pages_of(factories.a_user("visiteur@example.org")) == ["booking:account"]


def test_each_space_is_in_one_menu(client: Client, person: User):
    assert pages_of(person) == [
        *("extranet-home", "wagtailadmin_home", "space-home", "space-greeter", "booking:account")
    ]
    client.force_login(person)

    page = client.get(reverse("members:home")).content.decode()

    menu = page.partition('class="account-nav"')[2].partition("</nav>")[0]
    for space in pages_of(person):
        assert f'href="{reverse(space)}"' in menu


def test_a_role_that_ends_leaves_the_others(client: Client, person: User):
    take_access(person.roles.get(), actor=SYSTEM, now=NOW)
    assert pages_of(person)[0] == "wagtailadmin_home"
    person.groups.clear()
    person = User.objects.get(pk=person.pk)
    assert pages_of(person) == ["space-home", "space-greeter", "booking:account"]

    client.force_login(person)
    assert client.get(reverse("after-login")).url == reverse("space-home")


# --- The page of the account ----------------------------------------------------------------------
def test_the_account_says_how_it_is_protected(client: Client, person: User):
    client.force_login(person)
    page = text_of(client.get(reverse("members:home"), headers=ENGLISH))
    assert "your account needs a second proof" in page

    factors.with_app(person)
    page = text_of(client.get(reverse("members:home"), headers=ENGLISH))
    assert "Your account is protected by an app." in page
    assert "10 recovery codes are left." in page


def test_an_address_to_be_confirmed_comes_before_a_factor(client: Client, person: User):
    EmailAddress.objects.create(user=person, email="autre@example.org", verified=False)
    client.force_login(person)

    page = client.get(reverse("members:protect"), headers=ENGLISH).content.decode()

    assert "autre@example.org" in page
    assert reverse("account_email") in page
    assert reverse("mfa_add_webauthn") not in page


# --- Making one -----------------------------------------------------------------------------------
def sign_up(client: Client, **fields: str):
    data = {"email": "neuve@example.org", "password1": PASSWORD, "password2": PASSWORD, **fields}
    return client.post(reverse("account_signup"), data, headers=ENGLISH)


def test_nobody_below_fifteen_makes_an_account(client: Client):
    page = sign_up(client)

    assert page.status_code == 200
    assert "Say that you are 15 or older" in text_of(page)
    assert not User.objects.filter(email="neuve@example.org").exists()
    # What was typed is still there.
    assert "neuve@example.org" in page.content.decode()


def test_what_was_declared_is_kept(client: Client):
    assert sign_up(client, is_of_age="on").status_code == 302

    user = User.objects.get(email="neuve@example.org")
    line = Entry.objects.get(subject=f"user:{user.pk}")
    assert (line.verb, line.data) == ("account made", {"is_of_age": True})


# --- Told by mail ---------------------------------------------------------------------------------
def change_password(client: Client):
    new = {"oldpassword": PASSWORD, "password1": f"{PASSWORD}x", "password2": f"{PASSWORD}x"}
    return client.post(reverse("account_change_password"), new, headers=ENGLISH)


def test_a_changed_password_is_told(client: Client, person: User, mailoutbox):
    client.force_login(person)
    assert change_password(client).status_code == 302

    [mail] = mailoutbox
    assert (mail.subject, mail.to) == ("Your account was changed", [person.email])
    assert "Your password was changed." in mail.body
    assert f"http://testserver{reverse('account_reset_password')}" in mail.body
    assert mail.body.endswith("Velay, terre de liens")


def test_a_factor_taken_off_is_told(client: Client, person: User, mailoutbox):
    factors.with_app(person)
    factors.sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": factors.code()})

    client.post(reverse("mfa_deactivate_totp"), headers=ENGLISH)

    [mail] = mailoutbox
    assert "The app that gives codes was taken off." in mail.body


def test_a_notice_that_cannot_leave_changes_nothing(client: Client, person: User, monkeypatch):
    def fail(self: object, fail_silently: bool = False) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    client.force_login(person)

    page = client.get(change_password(client).url, headers=ENGLISH)

    assert "Our mail is away" not in text_of(page)
    person.refresh_from_db()
    assert person.check_password(f"{PASSWORD}x")
