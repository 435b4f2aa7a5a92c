"""A lost phone: administrators take the second proof off, once, with a reason that is kept."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from booking import locks
from booking.lost_factors import KIND, take_off_factors
from booking.models import OutboxMessage
from booking.refusals import BadInput, Refusal, WrongState
from members.journal import Actor
from members.models import Entry, User
from tests import factories
from tests.cast import NOW
from tests.members import factors
from tests.pages import text_of

pytestmark = pytest.mark.django_db
REASON = "Lost phone; called back at the house"


@pytest.fixture
def host() -> User:
    host = factors.able_to_sign_in(factories.a_host(factories.a_provider(language="en")))
    factors.with_app(host)
    factors.with_passkey(host)
    return host


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("administration@example.org", "x")


def test_everything_comes_off_and_everybody_concerned_hears(host: User, admin: User):
    other = "anne.privee@example.org"
    EmailAddress.objects.create(user=host, email=other, verified=True)
    EmailAddress.objects.create(user=host, email="jamais@example.org", verified=False)
    browser = Client()
    browser.force_login(host)

    take_off_factors(host, reason=f"  {REASON} ", actor=Actor.person(admin), now=NOW)

    assert not Authenticator.objects.filter(user=host).exists()
    assert browser.get(reverse("members:home")).status_code == 302
    [line] = Entry.objects.filter(subject=f"user:{host.pk}")
    assert (line.verb, line.actor, line.data["reason"]) == ("factors taken off", admin, REASON)
    assert line.data["kinds"] == ["recovery_codes", "totp", "webauthn"]
    told = OutboxMessage.objects.filter(kind=KIND)
    assert {(one.recipient, one.language) for one in told} == {(host.email, "en"), (other, "en")}


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_reason_is_asked_for(host: User, admin: User, reason: str):
    with pytest.raises(BadInput) as refused:
        take_off_factors(host, reason=reason, actor=Actor.person(admin), now=NOW)

    assert refused.value.troubles[0].code == "reason_missing"
    assert Authenticator.objects.filter(user=host).count() == 3


def test_nobody_does_it_for_themselves(admin: User):
    factors.with_app(admin)

    with pytest.raises(WrongState) as refused:
        take_off_factors(admin, reason=REASON, actor=Actor.person(admin), now=NOW)

    assert refused.value.troubles[0].code == "factors_own"
    assert Authenticator.objects.filter(user=admin).count() == 2


def test_twice_is_said_and_told_once(host: User, admin: User):
    who = Actor.person(admin)
    take_off_factors(host, reason=REASON, actor=who, now=NOW)

    with pytest.raises(WrongState) as refused:
        take_off_factors(host, reason=REASON, actor=who, now=NOW)

    assert refused.value.troubles[0].code == "factors_none"
    assert OutboxMessage.objects.filter(kind=KIND).count() == 1


def test_it_takes_the_account_under_its_lock(host: User, admin: User, monkeypatch):
    asked = []
    known = locks.lock_person
    monkeypatch.setattr(locks, "lock_person", lambda pk: asked.append(pk) or known(pk))

    take_off_factors(host, reason=REASON, actor=Actor.person(admin), now=NOW)

    assert asked == [host.pk]


# --- At the desk ----------------------------------------------------------------------------------
def test_an_administrator_does_it_at_the_desk(client: Client, host: User, admin: User):
    client.force_login(admin)
    address = reverse("desk_lost_factors", args=[host.pk])
    listed = client.get(reverse("wagtailusers_users:index")).content.decode()
    assert address in listed

    page = client.get(address)
    assert host.email in text_of(page)
    refused = client.post(address, {"reason": ""})
    assert refused.status_code == 200
    assert refused.context["form"].errors["reason"]
    done = client.post(address, {"reason": REASON}, follow=True)

    assert host.email in text_of(done)
    assert not Authenticator.objects.filter(user=host).exists()
    # The page has nothing to do any more, and says so.
    again = client.post(address, {"reason": REASON})
    assert again.context["form"].non_field_errors()


@pytest.mark.parametrize("kind", ["office", "host", "visitor"])
def test_nobody_else_may(client: Client, host: User, kind: str):
    asks = factories.a_user("qui@example.org")
    if kind == "office":
        asks.groups.add(factories.the_office())
    elif kind == "host":
        asks = factories.a_host(factories.a_provider())
    client.force_login(asks)
    address = reverse("desk_lost_factors", args=[host.pk])

    for answer in (client.get(address), client.post(address, {"reason": REASON})):
        assert answer.status_code == 302
    assert Authenticator.objects.filter(user=host).count() == 3


def test_refusals_say_what_to_do(host: User):
    with pytest.raises(Refusal) as refused:
        take_off_factors(host, reason="", actor=Actor("system"), now=NOW)
    assert refused.value.troubles[0].message


# --- On the server: the only administrator's phone ------------------------------------------------
def test_the_only_administrator_is_helped_on_the_server(admin: User):
    factors.with_app(admin)
    said = StringIO()

    call_command("take_off_factors", "Administration@example.org", reason=REASON, stdout=said)

    assert "administration@example.org" in said.getvalue()
    assert not Authenticator.objects.filter(user=admin).exists()
    assert Entry.objects.get(verb="factors taken off").actor_label == "system"


@pytest.mark.parametrize(
    ("email", "reason", "words"),
    [
        ("personne@example.org", REASON, "personne@example.org"),
        ("administration@example.org", " ", "journal"),
        ("administration@example.org", REASON, "."),
    ],
)
def test_the_server_says_what_it_cannot_do(admin: User, email: str, reason: str, words: str):
    with pytest.raises(CommandError, match=words):
        call_command("take_off_factors", email, reason=reason)
