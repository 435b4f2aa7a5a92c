"""A stolen password alone adds no factor: a code is asked for, at the oldest proved address."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from members import fresh_proof, mail_codes
from members.models import User
from tests import factories
from tests.members import factors
from tests.pages import text_of

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
ADDERS = ("mfa_activate_totp", "mfa_add_webauthn")
THIEF = "thief@example.org"


@pytest.fixture
def person() -> User:
    return factors.able_to_sign_in(factories.a_user("claire@example.org"))


@pytest.fixture
def client(person: User) -> Client:
    """Give a client in which somebody has just signed in with the password."""
    client = Client(headers=ENGLISH)
    factors.sign_in(client, person)
    return client


def prove() -> str:
    return reverse("members:prove")


def leads_to_proof(client: Client, name: str) -> bool:
    answer = client.get(reverse(name))
    return answer.status_code == 302 and answer.url.startswith(prove())


# --- The first factor -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ADDERS)
def test_with_the_password_alone_nobody_adds_the_first_factor(
    client: Client, person: User, name: str, mailoutbox
):
    answer = client.get(reverse(name))
    assert answer.url == f"{prove()}?next={reverse(name).replace('/', '%2F')}"
    secret = client.session.get("mfa.totp.secret", factors.SECRET)
    client.post(reverse(name), {"code": factors.code(secret), "name": "x", "credential": "{}"})
    assert not Authenticator.objects.exists()

    back = factors.write_mailed_code(client, answer.url, mailoutbox)

    assert back.url == reverse(name)
    assert client.get(back.url).status_code == 200


def test_the_addresses_of_the_library_are_ours_first():
    for name in (*ADDERS, "account_email"):
        # Theirs have a name.
        assert resolve(reverse(name)).url_name is None


def test_who_has_a_factor_is_asked_for_that_one(client: Client, person: User, mailoutbox):
    factors.with_app(person)
    assert client.get(reverse("mfa_add_webauthn")).url.startswith(reverse("mfa_reauthenticate"))
    assert client.get(prove()).url.startswith(reverse("mfa_reauthenticate"))
    client.post(prove(), {"again": "1"})
    assert mailoutbox == []


def test_who_signed_in_with_a_code_of_that_address_has_read_its_mail(person: User, mailoutbox):
    client = Client(headers=ENGLISH)
    client.post(reverse("account_request_login_code"), {"email": person.email.upper()})
    client.post(reverse("account_confirm_login_code"), {"code": factors.mailed_code(mailoutbox)})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_the_proof_ends(client: Client, person: User, mailoutbox):
    factors.read_mail(client, mailoutbox)
    later = timezone.now() + timedelta(seconds=fresh_proof.GOOD_FOR + 1)
    with time_machine.travel(later, tick=False):
        assert leads_to_proof(client, "mfa_activate_totp")


def test_the_proof_of_one_session_is_none_in_another(client: Client, person: User, mailoutbox):
    factors.read_mail(client, mailoutbox)
    other = Client()
    factors.sign_in(other, person)
    assert leads_to_proof(other, "mfa_activate_totp")


# --- An address of the thief's own ----------------------------------------------------------------
def test_an_address_that_was_added_proves_nothing(client: Client, person: User, mailoutbox):
    EmailAddress.objects.create(user=person, email=THIEF, verified=True)
    client.post(reverse("account_email"), {"action_primary": "", "email": THIEF})
    assert EmailAddress.objects.get(primary=True).email == THIEF

    client.get(prove())

    assert mailoutbox[-1].to == ["claire@example.org"]
    stranger = Client()
    stranger.post(reverse("account_request_login_code"), {"email": THIEF})
    code = factors.mailed_code(mailoutbox)
    stranger.post(reverse("account_confirm_login_code"), {"code": code})
    assert stranger.get(reverse("members:home")).status_code == 200
    assert leads_to_proof(stranger, "mfa_activate_totp")


def test_the_oldest_address_is_not_taken_off_without_its_code(
    client: Client, person: User, mailoutbox
):
    EmailAddress.objects.update(primary=False)
    EmailAddress.objects.create(user=person, email=THIEF, verified=True, primary=True)
    gone = {"action_remove": "", "email": person.email}

    led = client.post(reverse("account_email"), gone)

    assert led.url.startswith(prove())
    assert EmailAddress.objects.filter(email=person.email).exists()
    factors.write_mailed_code(client, led.url, mailoutbox)
    client.post(reverse("account_email"), gone)
    assert not EmailAddress.objects.filter(email=person.email).exists()


def test_an_address_is_added_as_before(client: Client, person: User):
    client.post(reverse("account_email"), {"action_add": "", "email": "new@example.org"})
    assert client.get(reverse("account_email")).status_code == 200


# --- The code -------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", ["", " ", "AAAA-AAAA", "é" * 41, "0" * 5_000])
def test_what_is_no_code_is_told_beside_its_field(client: Client, wrong: str, mailoutbox):
    client.get(prove())
    page = client.post(prove(), {"code": wrong, "next": reverse("mfa_activate_totp")})
    assert page.status_code == 422
    assert page.context["form"].errors["code"]
    # Where one was going isn't lost.
    assert reverse("mfa_activate_totp") in page.content.decode()
    assert leads_to_proof(client, "mfa_activate_totp")


def test_a_code_is_read_in_small_letters_and_without_its_line(client: Client, mailoutbox):
    client.get(prove())
    code = factors.mailed_code(mailoutbox).replace("-", " ").lower()
    assert client.post(prove(), {"code": f" {code} "}).status_code == 302
    assert not leads_to_proof(client, "mfa_activate_totp")


def test_after_three_tries_the_right_one_is_worth_nothing(client: Client, mailoutbox):
    client.get(prove())
    code = factors.mailed_code(mailoutbox)
    for _try in range(mail_codes.MOST_TRIES):
        page = client.post(prove(), {"code": "AAAA-AAAA"})
    assert "ask for another one" in text_of(page)
    assert client.post(prove(), {"code": code}).status_code == 422

    client.post(prove(), {"again": "1"})
    assert client.post(prove(), {"code": factors.mailed_code(mailoutbox)}).status_code == 302


def test_a_code_is_worth_nothing_after_ten_minutes_nor_twice(client: Client, mailoutbox):
    client.get(prove())
    code = factors.mailed_code(mailoutbox)
    later = timezone.now() + timedelta(seconds=mail_codes.CODE_FOR + 1)
    with time_machine.travel(later, tick=False):
        assert client.post(prove(), {"code": code}).status_code == 422
    assert client.post(prove(), {"code": code}).status_code == 302
    assert client.post(prove(), {"code": code}).status_code == 422


def test_a_code_that_an_earlier_version_left_in_the_session_is_worth_nothing(
    client: Client, person: User, mailoutbox
):
    session = client.session
    session[fresh_proof.STATE] = {"user": person.pk, "at": time.time(), "tries": 0, "mark": "x"}
    session.save()
    assert client.get(prove()).status_code == 200
    assert factors.write_mailed_code(client, prove(), mailoutbox).status_code == 302


def test_looking_again_sends_no_second_code_and_pressing_ever_again_is_slowed(
    client: Client, mailoutbox
):
    for _look in range(3):
        assert client.get(prove()).status_code == 200
    assert len(mailoutbox) == 1
    answers = [client.post(prove(), {"again": "1"}).status_code for _press in range(6)]
    assert answers == [200] * 4 + [429] * 2
    assert len(mailoutbox) == mail_codes.MOST_CODES


def test_who_has_proved_no_address_does_so_first(client: Client, person: User):
    EmailAddress.objects.update(verified=False)
    assert client.get(prove()).url == reverse("account_email")


def test_a_foreign_way_back_is_forgotten(client: Client, mailoutbox):
    led = f"{prove()}?next=https://evil.example/"
    assert factors.write_mailed_code(client, led, mailoutbox).url == reverse("members:home")


def test_a_visitor_signs_in_first():
    assert Client().get(prove()).url.startswith(reverse("account_login"))


def test_mail_says_what_to_do_where_it_was_somebody_else(client: Client, mailoutbox):
    client.get(prove())
    [mail] = mailoutbox
    assert mail.subject == "Your code: is it you?"
    assert "choose another password" in mail.body
    # What a session keeps opens nothing.
    assert factors.mailed_code(mailoutbox) not in str(dict(client.session))
