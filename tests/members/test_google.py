"""Signing in with Google: where it is offered, whom it lets in, what it never opens."""

from __future__ import annotations

import re
from datetime import date

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse

from booking.relations.erasing import erase
from booking.relations.own_copy import copy_of
from booking.relations.personal_data import Subject
from destination.models import LegalText
from members.models import Entry, User
from tests import factories
from tests.cast import NOW
from tests.members import factors
from tests.members.googling import (
    AWAY,
    EMAIL,
    ENGLISH,
    WITH_GOOGLE,
    Google,
    come_back,
    leave,
    through,
)
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
BUTTON = "Continue with Google"
TAKE_OFF = "socialaccount_connections"
OF_GOOGLE = [
    *("google_login", "google_callback", "google_login_by_token", "socialaccount_signup", TAKE_OFF),
    *("socialaccount_login_cancelled", "socialaccount_login_error"),
]


@pytest.fixture
def google(settings, monkeypatch) -> Google:
    settings.SOCIALACCOUNT_PROVIDERS = WITH_GOOGLE
    found = Google()
    monkeypatch.setattr(DefaultSocialAccountAdapter, "get_requests_session", lambda _self: found)
    return found


@pytest.fixture
def claire() -> User:
    return factors.able_to_sign_in(factories.a_user(EMAIL))


def who(client: Client) -> str:
    """Return who is signed in, "" for nobody."""
    number = client.session.get("_auth_user_id")
    return User.objects.get(pk=number).email if number else ""


def link(user: User, uid: str = "1084") -> SocialAccount:
    return SocialAccount.objects.create(
        user=user, provider="google", uid=uid, extra_data={"email": user.email}
    )


# --- Where it is offered --------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["account_login", "account_signup"])
def test_the_button_is_there_only_where_it_is_configured(client: Client, page: str, settings):
    assert BUTTON not in text_of(client.get(reverse(page), headers=ENGLISH))

    settings.SOCIALACCOUNT_PROVIDERS = WITH_GOOGLE
    answer = client.get(f"{reverse(page)}?next=/espace/", headers=ENGLISH)
    assert BUTTON in text_of(answer)
    form = answer.content.decode().partition(f'action="{reverse("google_login")}"')[2]
    assert 'name="next" value="/espace/"' in form.partition("</form>")[0]


def test_the_privacy_notice_names_it_only_where_it_is_configured(client: Client, settings):
    day = date(2020, 1, 1)
    of_old = {"kind": LegalText.Kind.PRIVACY, "language": "en", "title": "Privacy"}
    for version in ("1", "2"):
        LegalText.objects.create(
            **of_old, version=version, valid_from=day.replace(day=int(version)), body="Text."
        )
    notice = address("destination:legal", "vie-privee", language="en")
    assert "Google" not in text_of(client.get(notice))

    settings.SOCIALACCOUNT_PROVIDERS = WITH_GOOGLE
    told = text_of(client.get(notice))
    assert "Signing in with Google" in told
    assert "Google Ireland Limited" in told
    # An older version stays what it was, and other texts don't speak of it.
    assert "Google" not in text_of(client.get(notice, {"version": "1"}))
    LegalText.objects.update(kind=LegalText.Kind.NOTICE)
    other = address("destination:legal", "mentions-legales", language="en")
    assert "Google" not in text_of(client.get(other))


@pytest.mark.parametrize("name", OF_GOOGLE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_its_addresses_are_nobodys_without_configuration(name: str, method: str, claire: User):
    browser = Client()
    for _who in range(2):
        assert getattr(browser, method)(reverse(name)).status_code == 404
        browser.force_login(claire)
    assert browser.get("/compte/social/connections/").status_code == 404
    page = text_of(browser.get(reverse("members:home"), headers=ENGLISH))
    assert "Google" not in page


def test_no_script_signs_in(client: Client, google: Google):
    assert client.post(reverse("google_login_by_token"), {"credential": "x"}).status_code == 404


def test_a_link_begins_nothing(client: Client, google: Google):
    page = client.get(f"{reverse('google_login')}?scope=drive&process=connect", headers=ENGLISH)

    assert page.status_code == 200
    assert BUTTON in text_of(page)
    # What a link had added is not sent with the form.
    assert "drive" not in page.content.decode().partition("<main")[2].partition("</main>")[0]


def test_google_is_asked_for_name_and_address_with_a_proof_of_its_own(
    client: Client, google: Google
):
    taken = leave(client)
    come_back(client, taken)

    assert set(taken["scope"].split()) == {"email", "profile"}
    assert (taken["code_challenge_method"], taken["access_type"]) == ("S256", "online")
    assert taken["redirect_uri"] == f"http://testserver{reverse('google_callback')}"
    assert len(google.asked[0]["code_verifier"]) > 40


def test_its_addresses_count_among_the_limits(client: Client, google: Google, settings):
    settings.RATE_LIMITS = {"write": (0, 60)}
    assert client.post(reverse("google_login")).status_code == 429


# --- Making an account ----------------------------------------------------------------------------
def test_who_is_new_declares_their_age_then_is_in(client: Client, google: Google, mailoutbox):
    answer = through(client, next="/espace/mes-donnees/")
    assert answer.url == reverse("socialaccount_signup")
    form = client.get(answer.url, headers=ENGLISH)
    assert EMAIL in form.content.decode()

    missing = client.post(answer.url, {"email": EMAIL}, headers=ENGLISH)
    assert "Say that you are 15 or older" in text_of(missing)
    assert not User.objects.filter(email=EMAIL).exists()
    done = client.post(answer.url, {"is_of_age": "on"}, headers=ENGLISH)

    assert done.url == "/espace/mes-donnees/"
    user = User.objects.get(email=EMAIL)
    assert (who(client), user.first_name, user.has_usable_password()) == (EMAIL, "Claire", False)
    assert EmailAddress.objects.get(user=user).verified
    assert not mailoutbox
    line = Entry.objects.get(subject=f"user:{user.pk}", verb="account made")
    assert line.data == {"is_of_age": True}


def test_nothing_but_the_address_is_kept_of_what_google_tells(client: Client, google: Google):
    client.post(through(client).url, {"is_of_age": "on"})

    assert SocialAccount.objects.get().extra_data == {"email": EMAIL}
    assert not SocialToken.objects.exists()
    through(Client())
    assert SocialAccount.objects.get().extra_data == {"email": EMAIL}


def test_another_address_than_the_proved_one_is_not_taken(client: Client, google: Google):
    form = through(client).url
    client.post(form, {"is_of_age": "on", "email": "somebody@example.org"})

    assert [one.email for one in EmailAddress.objects.all()] == [EMAIL]
    assert who(client) == EMAIL


def test_an_address_that_google_has_not_proved_gets_a_code(
    client: Client, google: Google, mailoutbox
):
    google.person = {"email_verified": False}
    form = through(client).url
    answer = client.post(form, {"is_of_age": "on", "email": EMAIL}, headers=ENGLISH)

    assert answer.url == reverse("account_email_verification_sent")
    assert not EmailAddress.objects.get(email=EMAIL).verified
    assert who(client) == ""
    [mail] = mailoutbox
    assert (mail.subject, mail.to) == ("Your code to confirm this address", [EMAIL])


def test_who_says_nothing_of_an_address_writes_one(client: Client, google: Google, mailoutbox):
    google.person = {"email": None}
    form = through(client).url
    client.post(form, {"is_of_age": "on", "email": "autre@example.org"}, headers=ENGLISH)

    assert who(client) == ""
    assert mailoutbox[0].to == ["autre@example.org"]


# --- Joining an account ---------------------------------------------------------------------------
@pytest.mark.parametrize("written", [EMAIL, EMAIL.title()])
def test_an_address_proved_on_both_sides_is_one_account(
    client: Client, google: Google, claire: User, mailoutbox, written: str
):
    google.person = {"email": written}
    answer = through(client)

    assert answer.url == reverse("after-login")
    assert who(client) == EMAIL
    assert SocialAccount.objects.get().user == claire
    claire.refresh_from_db()
    assert claire.check_password(factors.PASSWORD)
    assert Entry.objects.filter(verb="google linked", subject=f"user:{claire.pk}").exists()
    assert "Google opens your account now." in mailoutbox[0].body


def test_an_address_that_the_account_has_not_proved_opens_nothing(client: Client, google: Google):
    user = factories.a_user(EMAIL)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=False, primary=True)
    user.set_password(factors.PASSWORD)
    user.save()

    answer = through(client, next="/espace/")

    assert answer.url == f"{reverse('account_login')}?next=%2Fespace%2F"
    assert "then link Google" in text_of(client.get(answer.url, headers=ENGLISH))
    assert who(client) == ""
    assert not SocialAccount.objects.exists()
    user.refresh_from_db()
    assert user.check_password(factors.PASSWORD)


def test_a_stranger_who_waited_in_an_account_is_shut_out(
    client: Client, google: Google, mailoutbox
):
    strangers = "Fougere-rousse-43"
    user = factories.a_user(EMAIL)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=False, primary=True)
    user.set_password(strangers)
    user.save()
    assert through(client).url == reverse("account_login")

    # What the message says: a new password by mail, and signing in with it.
    client.post(reverse("account_reset_password"), {"email": EMAIL})
    form = client.get(re.search(r"http://testserver(\S+/key/\S+)", mailoutbox[0].body)[1]).url
    new = {"password1": factors.PASSWORD, "password2": factors.PASSWORD}
    client.post(form, new)
    factors.sign_in(client, user)
    words = mailoutbox[-1].body.split()
    sent = next(word for word in words if len(word) == 9 and word[4] == "-")
    client.post(reverse("account_email_verification_sent"), {"code": sent})

    other = Client()
    assert through(other).url == reverse("after-login")
    assert who(other) == EMAIL
    user.refresh_from_db()
    assert not user.check_password(strangers)


def test_an_address_without_any_proof_here_opens_nothing(client: Client, google: Google):
    factories.a_user(EMAIL)
    assert through(client).url == reverse("account_login")
    assert who(client) == ""


def test_an_address_that_google_has_not_proved_opens_no_account(
    client: Client, google: Google, claire: User, mailoutbox
):
    google.person = {"email_verified": False}
    form = through(client).url
    answer = client.post(form, {"is_of_age": "on", "email": EMAIL}, headers=ENGLISH)

    # The same page as for an address that nobody uses: who writes it isn't told.
    assert answer.url == reverse("account_email_verification_sent")
    assert mailoutbox[0].subject == "You have an account already"
    assert who(client) == ""
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere(client: Client, google: Google, claire: User, onward: str):
    assert through(client, next=onward).url == reverse("after-login")


# --- The second proof -----------------------------------------------------------------------------
def test_the_second_proof_is_asked_for_afterwards(client: Client, google: Google, settings):
    settings.IS_SECOND_FACTOR_ASKED = True
    host = factors.able_to_sign_in(factories.a_host(factories.a_provider()))
    factors.with_app(host)
    link(host)

    answer = through(client, next="/pro/")

    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert who(client) == ""
    assert client.get("/pro/").url.startswith(reverse("account_login"))
    client.post(reverse("mfa_authenticate"), {"code": factors.code()})
    assert client.get("/pro/").status_code == 200


def test_google_is_no_second_proof(client: Client, google: Google, settings):
    settings.IS_SECOND_FACTOR_ASKED = True
    host = factors.able_to_sign_in(factories.a_host(factories.a_provider()))
    link(host)

    through(client, next="/pro/")

    assert client.get("/pro/").url.startswith(reverse("members:protect"))


# --- What goes wrong ------------------------------------------------------------------------------
def test_who_gives_up_at_google_is_told_what_to_do(client: Client, google: Google):
    taken = leave(client)
    answer = client.get(
        reverse("google_callback"), {"state": taken["state"], "error": "access_denied"}
    )
    page = client.get(answer.url, headers=ENGLISH)

    assert "You stopped at Google" in text_of(page)
    assert reverse("account_request_login_code") in page.content.decode()
    assert BUTTON in text_of(page)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"code": "4/abc"},
        {"code": "4/abc", "state": "somebody-s"},
        {"code": "\0", "state": "\0"},
        {"error": "server_error", "state": "x" * 3000},
    ],
)
def test_what_we_did_not_ask_for_lets_nobody_in(
    client: Client, google: Google, claire: User, query: dict[str, str]
):
    page = client.get(reverse("google_callback"), query, headers=ENGLISH)

    assert page.status_code in {401, 404}
    assert who(client) == ""
    assert google.asked == []
    if page.status_code == 401:
        assert "Google did not let you in" in text_of(page)
        assert reverse("account_login") in page.content.decode()


def test_a_state_serves_once_and_in_its_own_browser(client: Client, google: Google, claire: User):
    taken = leave(client)
    other = Client()
    assert come_back(other, taken).status_code == 401
    assert come_back(client, taken).status_code == 302
    assert come_back(client, taken).status_code == 401
    assert who(other) == ""


@pytest.mark.parametrize("failure", AWAY)
def test_google_away_is_said(client: Client, google: Google, failure: Exception):
    google.failure = failure
    page = through(client)

    assert page.status_code == 401
    assert "Google did not let you in" in text_of(page)


@pytest.mark.parametrize("wrong", [{"aud": "another site"}, {"iss": "evil"}, {"exp": 1}])
def test_a_word_for_somebody_else_is_not_taken(
    client: Client, google: Google, claire: User, wrong: dict[str, object]
):
    google.person = wrong
    assert through(client).status_code == 401
    assert who(client) == ""


# --- In one's account -----------------------------------------------------------------------------
@pytest.mark.parametrize("is_written", [False, True])
def test_the_account_links_google_after_a_fresh_proof(
    client: Client, google: Google, claire: User, mailoutbox, is_written: bool
):
    at_google = "claire.at.google@example.com"
    google.person = {"email": at_google}
    if is_written:
        EmailAddress.objects.create(user=claire, email=at_google, verified=False)
    factors.sign_in(client, claire)
    page = text_of(client.get(reverse("members:home"), headers=ENGLISH))
    assert "Link my Google account" in page

    answer = through(client, process="connect")

    assert answer.url == reverse("members:home")
    page = text_of(client.get(answer.url, headers=ENGLISH))
    assert "claire.at.google@example.com opens it" in page
    assert "Google opens your account now." in mailoutbox[0].body
    # Google has proved its address to itself: to the account that is still to be done.
    proved = EmailAddress.objects.get(user=claire, verified=True)
    assert proved.email == EMAIL


def test_an_old_session_gives_its_proof_again_before_linking(
    client: Client, google: Google, claire: User
):
    client.force_login(claire)
    answer = through(client, process="connect")
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()

    client.post(reverse("account_reauthenticate"), {"password": factors.PASSWORD})
    assert SocialAccount.objects.get().user == claire


def test_linking_the_address_that_is_the_accounts_own(client: Client, google: Google, claire: User):
    factors.sign_in(client, claire)
    assert through(client, process="connect").url == reverse("members:home")
    assert SocialAccount.objects.get().user == claire


def test_who_is_not_signed_in_links_nothing(client: Client, google: Google, claire: User):
    answer = through(client, process="connect")
    assert client.get(answer.url).url.startswith(reverse("account_login"))
    assert not SocialAccount.objects.exists()


def test_an_account_of_google_opens_one_account(client: Client, google: Google, claire: User):
    link(factories.a_user("other@example.org"))
    factors.sign_in(client, claire)

    answer = through(client, process="connect")

    page = text_of(client.get(answer.url, headers=ENGLISH))
    assert "opens another account here" in page
    assert SocialAccount.objects.get().user != claire


def test_google_is_taken_off(client: Client, google: Google, claire: User, mailoutbox):
    linked = link(claire)
    factors.sign_in(client, claire)
    page = client.get(reverse("members:home"), headers=ENGLISH)
    assert f'name="account" value="{linked.pk}"' in page.content.decode()

    answer = client.post(reverse(TAKE_OFF), {"account": linked.pk}, headers=ENGLISH)

    page = text_of(client.get(answer.url, headers=ENGLISH))
    assert "Google was taken off your account." in page
    assert "No Google account is linked to yours." in page
    assert not SocialAccount.objects.exists()
    assert "Google was taken off your account." in mailoutbox[0].body
    assert Entry.objects.filter(verb="google taken off", subject=f"user:{claire.pk}").exists()


def test_the_only_way_in_is_not_taken_off(client: Client, google: Google):
    user = factories.a_user(EMAIL)
    user.set_unusable_password()
    user.save()
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    linked = link(user)
    client.force_login(user)

    page = text_of(client.get(reverse("members:home"), headers=ENGLISH))
    assert "first choose a password" in page
    answer = client.post(reverse(TAKE_OFF), {"account": linked.pk}, headers=ENGLISH)

    assert answer.status_code == 200
    assert "First choose a password" in text_of(answer)
    assert SocialAccount.objects.filter(pk=linked.pk).exists()


@pytest.mark.parametrize("number", ["", "x", "999999999999999999999", "\0"])
def test_nobody_takes_off_what_is_not_theirs(
    client: Client, google: Google, claire: User, number: str
):
    others = link(factories.a_user("other@example.org"))
    factors.sign_in(client, claire)

    for account in (number, str(others.pk)):
        answer = client.post(reverse(TAKE_OFF), {"account": account}, headers=ENGLISH)
        assert answer.status_code == 200
        assert "linked any more" in text_of(answer)
    assert SocialAccount.objects.filter(pk=others.pk).exists()


# --- One's own data -------------------------------------------------------------------------------
def test_a_copy_holds_it_and_being_forgotten_ends_it(client: Client, google: Google, claire: User):
    link(claire)
    subject = Subject.of_account(claire)
    [told] = copy_of(subject, now=NOW)["google"]
    assert (told["uid"], told["extra_data"]) == ("1084", {"email": EMAIL})

    erase(subject, now=NOW)

    assert not SocialAccount.objects.exists()
    # Whoever comes back is somebody new.
    assert through(client).url == reverse("socialaccount_signup")
