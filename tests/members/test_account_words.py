"""Accounts speak with our voice, and say the same for an address that nobody uses."""

from __future__ import annotations

import re
from pathlib import Path
from smtplib import SMTPServerDisconnected

import allauth
import django
import pytest
from allauth.account.models import EmailAddress
from babel.messages.pofile import read_po
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from members.library_words import OF_FORMS, WORDS
from members.models import User
from tests import factories
from tests.pages import text_of

pytestmark = pytest.mark.django_db
KNOWN = "claire.dupont@example.org"
UNKNOWN = "nobody@example.org"
ENGLISH = {"accept-language": "en"}
AWAY = "Our mail is away: the code or link could not leave."


@pytest.fixture(autouse=True)
def _claire():
    user = factories.a_user(KNOWN)
    EmailAddress.objects.create(user=user, email=KNOWN, verified=True, primary=True)


def send(name: str, email: str, **fields: str):
    data = {"email": email, **fields}
    return Client().post(reverse(name), data, headers=ENGLISH, follow=True)


def sign_up(email: str):
    password = "Lentille-verte-43"
    return send("account_signup", email, password1=password, password2=password, is_of_age="on")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda email: send("account_request_login_code", email),
            "If there is an account with EMAIL, a code has left.",
        ),
        (
            lambda email: send("account_reset_password", email),
            "If there is an account with this address, the link is on its way.",
        ),
        (sign_up, "A code is on its way to EMAIL"),
    ],
    ids=["code", "password", "signup"],
)
def test_the_page_is_the_same_whether_there_is_an_account(ask, words: str):
    pages = {email: text_of(ask(email)).replace(email, "EMAIL") for email in (KNOWN, UNKNOWN)}

    assert pages[KNOWN] == pages[UNKNOWN]
    assert words in pages[KNOWN]


@pytest.mark.parametrize(
    ("ask", "email", "subject"),
    [
        ("account_request_login_code", KNOWN, "Your code to sign in"),
        ("account_request_login_code", UNKNOWN, "No account with this address"),
        ("account_reset_password", KNOWN, "A new password"),
        ("account_reset_password", UNKNOWN, "No account with this address"),
        ("account_signup", KNOWN, "You have an account already"),
        ("account_signup", UNKNOWN, "Your code to confirm this address"),
    ],
)
def test_mails_speak_with_our_voice(mailoutbox, ask: str, email: str, subject: str):
    sign_up(email) if ask == "account_signup" else send(ask, email)

    [mail] = mailoutbox
    assert (mail.subject, mail.to) == (subject, [email])
    assert mail.body.startswith("Good day,")
    assert mail.body.endswith("Velay, terre de liens")
    for foreign in ("testserver!", "You are receiving", "You're receiving", "Thank you for using"):
        assert foreign not in mail.body


def test_mail_to_an_unknown_address_leads_to_its_booking(mailoutbox):
    send("account_request_login_code", UNKNOWN)

    assert f"http://testserver{reverse('booking:find-order')}" in mailoutbox[0].body or (
        "/en/find/" in mailoutbox[0].body
    )


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
@pytest.mark.parametrize(
    "ask", ["account_request_login_code", "account_reset_password", "account_signup"]
)
@pytest.mark.parametrize("fault", [ConnectionRefusedError, SMTPServerDisconnected, TimeoutError])
def test_mail_server_that_is_down_is_told(monkeypatch, ask: str, email: str, fault):
    def fail(self: object, fail_silently: bool = False) -> int:
        raise fault

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)

    page = sign_up(email) if ask == "account_signup" else send(ask, email)

    assert page.status_code == 200
    told = [str(message) for message in page.context["messages"]]
    assert len(told) == 1
    assert told[0].startswith(AWAY)


def test_signing_in_and_out_is_said_shortly(client: Client):
    page = client.post(
        reverse("account_login"),
        {"login": KNOWN, "password": "secret"},
        headers=ENGLISH,
        follow=True,
    )
    assert "You are signed in." in text_of(page)

    page = client.post(reverse("account_logout"), headers=ENGLISH, follow=True)
    assert "You are signed out." in text_of(page)


def test_a_link_that_serves_no_more_says_what_to_do(client: Client):
    address = reverse("account_reset_password_from_key", args=["1", "x"])

    page = client.get(address, headers=ENGLISH)

    assert "This link no longer works" in text_of(page)
    assert "Bad Token" not in text_of(page)
    assert reverse("account_reset_password") in page.content.decode()


def test_a_new_password_is_chosen_by_the_link_of_the_mail(client: Client, mailoutbox):
    send("account_reset_password", KNOWN)
    link = re.search(r"http://testserver(\S+/key/\S+)", mailoutbox[0].body)[1]

    page = client.get(link, headers=ENGLISH, follow=True)
    assert "Keep this password" in text_of(page)
    action = page.redirect_chain[-1][0]
    again = client.post(action, {"password1": "x", "password2": "y"}, headers=ENGLISH)
    assert again.context["form"].errors

    password = "Lentille-verte-44"
    done = client.post(
        action, {"password1": password, "password2": password}, headers=ENGLISH, follow=True
    )
    assert "Change Password" not in text_of(done)
    assert client.login(email=KNOWN, password=password) or client.login(
        username=KNOWN, password=password
    )


def test_words_said_in_our_voice_are_those_of_the_library():
    """A word that the library has changed would be said in its own voice again."""
    for words, folder in (
        (WORDS, Path(allauth.__file__).parent / "locale"),
        (OF_FORMS, Path(django.__file__).parent / "conf/locale"),
    ):
        with (folder / "fr/LC_MESSAGES/django.po").open("rb") as file:
            known = {str(message.id) for message in read_po(file)}
        assert set(words) <= known


@pytest.mark.parametrize("name", ["account_email", "mfa_index", "account_change_password"])
def test_pages_of_an_account_keep_one_voice(name: str):
    browser = Client(headers={"accept-language": "fr"})
    browser.force_login(User.objects.get(email=KNOWN))

    page = text_of(browser.get(reverse(name)))

    for foreign in ("e-mail", "deux facteurs", "d'", "n'", "l'"):
        assert foreign not in page
