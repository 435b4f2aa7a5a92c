"""Two proofs: how they are given, set up, lost, and what a session is worth meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.checks import run_checks
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members import second_factor
from members.access import owned_by, providers_of
from members.models import Entry, User
from tests import factories
from tests.cast import NOW
from tests.members import factors
from tests.pages import text_of

pytestmark = pytest.mark.django_db
HOME = "/pro/"


@pytest.fixture(autouse=True)
def _asked(settings):
    settings.IS_SECOND_FACTOR_ASKED = True


@pytest.fixture
def host() -> User:
    return factors.able_to_sign_in(factories.a_host(factories.a_provider()))


def opens(client: Client, address: str = HOME) -> bool:
    return client.get(address).status_code == 200


# --- Signing in -----------------------------------------------------------------------------------
def test_a_password_alone_is_not_enough_once_there_is_a_factor(client: Client, host: User):
    factors.with_app(host)

    assert factors.sign_in(client, host, HOME) == reverse("mfa_authenticate")
    # Not signed in yet: the first proof alone opens nothing at all.
    assert client.get(HOME).url.startswith(reverse("account_login"))
    answer = client.post(reverse("mfa_authenticate"), {"code": factors.code(), "next": HOME})
    assert answer.url == HOME
    assert opens(client)


def test_a_code_by_mail_is_not_enough_either(client: Client, host: User, mailoutbox):
    factors.with_app(host)
    client.post(reverse("account_request_login_code"), {"email": host.email})
    text = mailoutbox[0].body
    sent = next(word for word in text.split() if len(word) == 9 and word[4] == "-")

    answer = client.post(reverse("account_confirm_login_code"), {"code": sent})

    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert client.get(HOME).status_code == 302


@pytest.mark.parametrize("wrong", ["000000", "", "abc", "0" * 5000, "\u0000"])
def test_a_wrong_code_is_said_beside_its_field(client: Client, host: User, wrong: str):
    factors.with_app(host)
    factors.sign_in(client, host)

    page = client.post(reverse("mfa_authenticate"), {"code": wrong})

    assert page.status_code == 200
    assert page.context["form"].errors["code"]
    assert client.get(HOME).status_code == 302


def test_a_code_that_was_not_written_is_asked_for(host: User):
    client = Client(headers={"accept-language": "en"})
    factors.with_app(host)
    factors.sign_in(client, host)

    page = client.post(reverse("mfa_authenticate"), {"code": " "})

    assert page.context["form"].errors["code"] == ["Write the code first."]


def test_a_code_serves_once(client: Client, host: User):
    factors.with_app(host)
    shown = factors.code()
    factors.sign_in(client, host)
    client.post(reverse("mfa_authenticate"), {"code": shown})
    other = Client()
    factors.sign_in(other, host)

    assert other.post(reverse("mfa_authenticate"), {"code": shown}).status_code == 200
    assert not opens(other)


def test_an_old_code_does_not_serve(client: Client, host: User):
    factors.with_app(host)
    factors.sign_in(client, host)

    assert (
        client.post(reverse("mfa_authenticate"), {"code": factors.code(later=-3)})
        .context["form"]
        .errors
    )


def test_a_recovery_code_serves_once(client: Client, host: User):
    first, *_rest = factors.with_app(host)
    factors.sign_in(client, host)

    client.post(reverse("mfa_authenticate"), {"code": first})

    assert opens(client)
    other = Client()
    factors.sign_in(other, host)
    assert other.post(reverse("mfa_authenticate"), {"code": first}).context["form"].errors


def test_guessing_is_stopped(client: Client, host: User, settings):
    factors.with_app(host)
    factors.sign_in(client, host)
    for _try in range(6):
        page = client.post(reverse("mfa_authenticate"), {"code": "000000"})

    # The right one isn't listened to either, for some minutes.
    page = client.post(reverse("mfa_authenticate"), {"code": factors.code()})
    assert page.context["form"].errors
    assert not opens(client)


# --- Setting up -----------------------------------------------------------------------------------
def test_the_key_of_an_app_outlives_a_reload_and_not_much_more(
    client: Client, host: User, mailoutbox, at
):
    at(NOW)
    factors.sign_in(client, host)
    factors.read_mail(client, mailoutbox)
    page = reverse("mfa_activate_totp")
    first = client.get(page).context["form"].secret
    assert client.get(page).context["form"].secret == first
    wrong = client.post(page, {"code": "000000"})
    assert wrong.context["form"].secret == first
    at(NOW + timedelta(minutes=20))
    factors.read_mail(client, mailoutbox)
    assert client.get(page).context["form"].secret != first


def test_a_host_sets_up_an_app_and_comes_back(client: Client, host: User, monkeypatch, mailoutbox):
    # Each test is one transaction: what follows its end is done at once, as it is for real.
    monkeypatch.setattr(transaction, "on_commit", lambda done: done())
    factors.sign_in(client, host, "/pro/messages/")
    led = client.get("/pro/messages/")
    page = client.get(led.url)
    assert reverse("mfa_activate_totp") in page.content.decode()
    factors.read_mail(client, mailoutbox)
    # Who has just signed in isn't asked for the password again.
    form = client.get(reverse("mfa_activate_totp"))
    secret = form.context["form"].secret
    assert secret in form.content.decode()
    assert "no-store" in form["Cache-Control"]

    done = client.post(reverse("mfa_activate_totp"), {"code": factors.code(secret)})

    assert done.url == reverse("mfa_view_recovery_codes")
    codes = client.get(done.url)
    for one in codes.context["unused_codes"]:
        assert one in codes.content.decode()
    assert f'href="{reverse("members:protect")}"' in codes.content.decode()
    assert client.get(reverse("members:protect")).url == "/pro/messages/"
    assert opens(client, "/pro/messages/")


def test_the_first_factor_ends_every_other_session(
    client: Client, host: User, monkeypatch, mailoutbox
):
    monkeypatch.setattr(transaction, "on_commit", lambda done: done())
    thief = Client()
    factors.sign_in(thief, host)
    factors.sign_in(client, host)
    factors.read_mail(client, mailoutbox)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    client.post(reverse("mfa_activate_totp"), {"code": factors.code(secret)})

    assert opens(client)
    # Whoever knew the password, and had signed in a minute before, adds no factor of their own.
    for name in ("members:home", "mfa_add_webauthn", "mfa_view_recovery_codes"):
        assert thief.get(reverse(name)).url.startswith(reverse("account_login"))


def test_a_fresh_password_changes_no_factor(client: Client, host: User):
    factors.sign_in(client, host)
    factors.with_app(host)

    for name in ("mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_deactivate_totp"):
        led = client.get(reverse(name)).url
        again = client.get(led)
        # The way to it asks for the factor, whatever the page before was named.
        asked = again.url if again.status_code == 302 else led
        assert asked.startswith(reverse("mfa_reauthenticate")), name


def test_the_secret_is_stored_sealed(client: Client, host: User):
    factors.with_app(host)

    stored = [one.data for one in Authenticator.objects.filter(user=host)]
    assert factors.SECRET not in str(stored)
    assert {next(iter(one.values()))[:7] for one in stored} == {"sealed:"}


def test_a_factor_set_up_elsewhere_is_asked_for_here(client: Client, host: User):
    client.force_login(host)
    assert not opens(client)
    factors.with_app(host)

    led = client.get("/pro/messages/")

    assert led.url == f"{reverse('mfa_reauthenticate')}?next=%2Fpro%2Fmessages%2F"
    answer = client.post(led.url, {"code": factors.code(), "next": "/pro/messages/"})
    assert answer.url == "/pro/messages/"
    assert opens(client, "/pro/messages/")


def test_the_password_does_not_stand_in_for_the_second_proof(client: Client, host: User):
    client.force_login(host)
    factors.with_app(host)

    led = client.get(f"{reverse('account_reauthenticate')}?next=/pro/messages/")

    assert led.url == f"{reverse('mfa_reauthenticate')}?next=%2Fpro%2Fmessages%2F"
    page = client.get(led.url).content.decode()
    assert reverse("account_reauthenticate") not in page
    again = client.post(reverse("account_reauthenticate"), {"password": factors.PASSWORD})
    assert again.url.startswith(reverse("mfa_reauthenticate"))
    assert not opens(client)


def test_a_passkey_set_up_elsewhere_is_asked_for_by_its_own_page(client: Client, host: User):
    client.force_login(host)
    factors.with_passkey(host)

    assert client.get(HOME).url.startswith(reverse("mfa_reauthenticate_webauthn"))


def test_a_foreign_way_back_is_forgotten(client: Client, host: User):
    client.force_login(host)
    client.get(reverse("members:protect"), {"next": "https://evil.example/"})
    factors.with_app(host)

    assert client.get(reverse("members:protect")).url == reverse("members:home")


def test_taking_off_the_last_factor_closes_the_spaces(client: Client, host: User):
    factors.with_app(host)
    factors.sign_in(client, host)
    client.post(reverse("mfa_authenticate"), {"code": factors.code()})
    other = Client()
    factors.sign_in(other, host)
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        other.post(reverse("mfa_authenticate"), {"code": factors.code()})
    assert opens(other)

    client.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.filter(user=host).exists()
    assert client.get(HOME).url.startswith(reverse("members:protect"))
    # Others are signed out altogether.
    assert other.get(HOME).url.startswith(reverse("account_login"))


# --- What one proof is worth ----------------------------------------------------------------------
def test_with_one_proof_a_person_is_a_visitor(host: User):
    assert providers_of(host).exists()
    office = factories.a_user("bureau@example.org")
    office.groups.add(factories.the_office())
    assert office.has_perm("booking.view_order")

    host.is_held_back = office.is_held_back = True

    assert not providers_of(host).exists()
    assert owned_by(host) == set()
    assert not office.has_perm("booking.view_order")
    assert not office.has_module_perms("booking")
    # What it would be asked for is known all the same.
    assert second_factor.is_asked_of(host)
    assert second_factor.is_asked_of(office)


def test_an_administrator_is_asked_too(host: User):
    admin = User.objects.create_superuser("administration@example.org", "x")
    admin.is_held_back = True

    assert second_factor.is_asked_of(admin)
    assert not admin.has_perm("members.change_user")


# --- Days of grace, switches ----------------------------------------------------------------------
def test_days_of_grace_count_from_the_first_time(client: Client, host: User, settings):
    settings.SECOND_FACTOR_GRACE_DAYS = 10
    client.force_login(host)

    page = client.get(HOME)
    assert "needs a second proof soon" in text_of(page) or "bientôt" in text_of(page)
    host.refresh_from_db()
    assert host.second_factor_asked_at is not None
    first = host.second_factor_asked_at
    assert opens(client)
    host.refresh_from_db()
    assert host.second_factor_asked_at == first

    User.objects.update(second_factor_asked_at=first - timedelta(days=10, seconds=1))
    assert not opens(client)


def test_grace_is_none_for_who_has_a_factor(client: Client, host: User, settings):
    settings.SECOND_FACTOR_GRACE_DAYS = 10
    factors.with_app(host)
    client.force_login(host)

    assert not opens(client)


@pytest.mark.parametrize(
    ("chosen", "days", "found"),
    [("off", 0, ["members.W001"]), ("on", 7, ["members.W002"]), ("on", 0, [])],
)
def test_the_deployment_check_tells(settings, chosen: str, days: int, found: list[str]):
    settings.IS_PRODUCTION = True
    settings.SECOND_FACTOR = chosen
    settings.SECOND_FACTOR_GRACE_DAYS = days

    told = run_checks(include_deployment_checks=True)

    assert [one.id for one in told if str(one.id).startswith("members.")] == found


# --- Sessions -------------------------------------------------------------------------------------
def test_a_person_signs_out_everywhere_else(client: Client, host: User):
    other = Client()
    client.force_login(host)
    other.force_login(host)

    assert client.post(reverse("members:sessions-end")).status_code == 303

    assert client.get(reverse("members:home")).status_code == 200
    assert other.get(reverse("members:home")).status_code == 302
    assert Entry.objects.filter(verb="sessions ended", subject=f"user:{host.pk}").count() == 1


# --- One door -------------------------------------------------------------------------------------
def test_the_desk_has_no_door_of_its_own(client: Client):
    answer = client.get("/gestion/login/", {"next": "/gestion/commandes/"})

    assert answer.url == "/compte/login/?next=%2Fgestion%2Fcommandes%2F"
    evil = client.get("/gestion/login/", {"next": "https://evil.example/"})
    assert evil.url == "/compte/login/?next=%2Fgestion%2F"
    assert client.get("/gestion/password_reset/").status_code == 404


def test_the_desk_changes_neither_address_nor_password(client: Client, settings):
    settings.IS_SECOND_FACTOR_ASKED = False
    office = factories.a_user("bureau@example.org")
    office.groups.add(factories.the_office())
    client.force_login(office)

    page = client.get(reverse("wagtailadmin_account")).content.decode()

    assert 'name="name_email-first_name"' in page
    assert 'name="name_email-email"' not in page
    assert 'name="password-new_password1"' not in page


def test_who_may_not_open_the_desk_is_told_so(client: Client, host: User):
    client.force_login(factories.a_user("visiteuse@example.org"))

    page = client.get("/gestion/", follow=True)

    assert page.status_code == 403
    assert "visiteuse@example.org" in page.content.decode()
