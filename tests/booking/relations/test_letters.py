"""The letter: asked for, confirmed by mail, chosen, stopped with one click, forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking.messages import send_message
from booking.models import Order, OutboxMessage
from booking.relations import consent
from members.models import Entry, LetterAddress, LetterChoice
from tests import factories
from tests.booking.pages import address, body, checkout_form, dupont_stay, paid_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
ELISE = "elise@example.org"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def ask(client: Client, email: str = ELISE, **others: str):
    return client.post(address("booking:letter"), {"email": email, "rhythm": "season", **others})


def confirm_url(mailoutbox) -> str:
    [message] = OutboxMessage.objects.filter(kind="letter_confirm")
    send_message(message.pk, now=NOW)
    lines = mailoutbox[-1].body.split()
    [url] = [one for one in lines if "?cle=" in one]
    return url[url.index("/", 8) :]


def confirmed(client: Client, mailoutbox) -> LetterAddress:
    ask(client)
    url = confirm_url(mailoutbox)
    path, key = url.split("?cle=")
    assert client.post(path, {"cle": key}).status_code == 303
    return LetterAddress.objects.get()


def choices_url(known: LetterAddress) -> str:
    return reverse("booking:letter-choices", args=[known.token])


def allowed(email: str, *, now=NOW) -> set[str]:
    return {one for one in consent.rules.PURPOSES if consent.may_write(email, one, now=now)}


# --- Asking -----------------------------------------------------------------------------------
LONG = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.fr"


@pytest.mark.parametrize("email", [ELISE, LONG])
def test_what_stays_of_a_mail_that_was_sent_names_nobody(client: Client, email: str):
    assert ask(client, email).status_code == 200
    assert ask(client, email.upper()).status_code == 200

    [message] = OutboxMessage.objects.filter(kind="letter_confirm")
    assert message.recipient == email
    # The key is kept when the address is long gone (`booking.old_letters`).
    assert email.split("@", maxsplit=1)[0] not in message.key


def test_nothing_is_kept_before_the_mail_is_answered(client: Client, mailoutbox):
    answer = ask(client, "Elise@Example.org")

    assert "One more step: look at your mail." in body(answer)
    assert not LetterAddress.objects.exists()
    url = confirm_url(mailoutbox)
    assert mailoutbox[0].to == [ELISE]
    # A mail scanner that opens the link says nothing in anybody's name.
    assert "Yes, write to me" in body(client.get(url))
    assert not LetterAddress.objects.exists()


def test_the_link_keeps_the_yes_with_its_proof_once(client: Client, mailoutbox):
    known = confirmed(client, mailoutbox)
    assert (known.email, known.rhythm, known.language) == (ELISE, "season", "en")
    word = known.choices.get()
    assert (word.purpose, word.is_yes, word.source) == ("news", True, "form")
    assert word.words == "I want to receive the letter of the Velay."
    assert (word.network, word.at) == ("127.0.0.1", NOW)
    assert allowed(ELISE) == {"news"}
    # The journal outlives the address: it doesn't name it.
    [entry] = Entry.objects.filter(verb="letters chosen")
    assert ELISE not in f"{entry.subject} {entry.data}"


def test_a_no_that_came_after_the_link_was_made_stands(client: Client, mailoutbox, at):
    ask(client)
    url = confirm_url(mailoutbox)
    path, key = url.split("?cle=")
    assert client.post(path, {"cle": key}).status_code == 303
    known = LetterAddress.objects.get()
    at(NOW + timedelta(days=1))
    client.post(reverse("letter-stop", args=[known.token, "news"]))
    assert allowed(ELISE) == set()
    for answer in (client.get(url), client.post(path, {"cle": key})):
        assert answer.status_code == 410
        assert "You asked us to stop since this link was sent" in body(answer)
    assert allowed(ELISE) == set()
    # Asked for again, the new link counts.
    at(NOW + timedelta(days=2))
    ask(client)
    newest = OutboxMessage.objects.filter(kind="letter_confirm").latest("pk")
    told = newest.data["key"]
    assert client.post(path, {"cle": told}).status_code == 303
    assert "news" in allowed(ELISE, now=NOW + timedelta(days=2))


@pytest.mark.parametrize("key", ["", "nonsense", "a:b:c"])
def test_a_link_that_is_none_says_what_to_do(client: Client, key: str):
    answer = client.get(f"{address('booking:letter-confirm')}?cle={key}")
    assert answer.status_code == 410
    assert "give your address again" in body(answer)


def test_a_link_is_good_for_a_week(client: Client, mailoutbox, at):
    ask(client)
    url = confirm_url(mailoutbox)
    at(NOW + timedelta(days=7, minutes=1))
    path, key = url.split("?cle=")
    assert client.post(path, {"cle": key}).status_code == 410
    assert not LetterAddress.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": "elise@"}, "Write an address such as firstname@example.com."),
        ({"email": ""}, "Write an address such as firstname@example.com."),
        ({"rhythm": ""}, "Choose how often."),
        ({"rhythm": "hourly"}, "Choose how often."),
    ],
)
def test_what_is_wrong_is_said_beside_it(client: Client, data: dict[str, str], words: str):
    answer = ask(client, data.pop("email", ELISE), **data)
    assert answer.status_code == 422
    assert words in body(answer)
    assert not OutboxMessage.objects.filter(kind="letter_confirm").exists()


def test_asking_again_and_again_writes_one_mail(client: Client):
    for _time in range(3):
        ask(client)
    assert OutboxMessage.objects.filter(kind="letter_confirm").count() == 1


# --- Choosing ---------------------------------------------------------------------------------
def test_the_page_keeps_what_is_chosen_and_again_adds_nothing(client: Client, mailoutbox):
    known = confirmed(client, mailoutbox)
    chosen = {"news": "on", "offers": "on", "rhythm": "month"}

    for _time in range(2):
        assert client.post(choices_url(known), chosen).status_code == 303

    known.refresh_from_db()
    assert known.rhythm == "month"
    assert allowed(ELISE) == {"news", "offers"}
    said = set(known.choices.values_list("purpose", "is_yes", "source"))
    assert said == {
        ("news", True, "form"),
        ("offers", True, "choices"),
        # What was left empty was said no to: silence doesn't widen it later.
        ("survey", False, "choices"),
    }
    page = body(client.get(choices_url(known)))
    assert page.count("checked") == 3


def test_one_button_stops_everything(client: Client, mailoutbox):
    known = confirmed(client, mailoutbox)
    client.post(choices_url(known), {"news": "on", "offers": "on", "stop": "1"})
    assert allowed(ELISE) == set()


@pytest.mark.parametrize("token", ["x", "nobody-s"])
def test_nobody_elses_page_opens(client: Client, token: str):
    assert client.get(reverse("booking:letter-choices", args=[token])).status_code == 404


# --- Stopping ---------------------------------------------------------------------------------
def test_one_click_from_a_mail_stops_and_twice_is_the_same(mailoutbox):
    known = confirmed(Client(), mailoutbox)
    url = reverse("letter-stop", args=[known.token, "news"])
    # As a mail server does it: no cookie, no token of a form (RFC 8058).
    robot = Client(enforce_csrf_checks=True)

    for _time in range(2):
        answer = robot.post(url, {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "will be sent to you any more" in body(answer)) == (200, True)

    assert allowed(ELISE) == set()
    assert known.choices.filter(purpose="news", is_yes=False).count() == 1


def test_opening_the_link_changes_nothing(client: Client, mailoutbox):
    known = confirmed(client, mailoutbox)
    answer = client.get(reverse("letter-stop", args=[known.token, "news"]))
    assert "Stop these letters?" in body(answer)
    assert allowed(ELISE) == {"news"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_old_mail_whose_address_is_forgotten_is_answered_alike(client: Client, method: str):
    url = reverse("letter-stop", args=["gone", "news"])
    answer = getattr(client, method)(url, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert "will be sent to you any more" in body(answer)


def test_a_purpose_that_is_none_is_the_letter(client: Client, mailoutbox):
    known = confirmed(client, mailoutbox)
    client.post(reverse("letter-stop", args=[known.token, "everything"]))
    assert allowed(ELISE) == set()


# --- Who bought -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ticked", "letters", "expected"),
    [({}, "told", {"offers", "survey"}), ({"no_letters": "1"}, "refused", {"survey"})],
)
def test_checkout_tells_and_listens(client: Client, bank: FakeBank, ticked, letters, expected):
    factories.terms()
    factories.package_form()
    basket = dupont_stay(client)
    page = body(client.get(address("booking:checkout")))
    assert 'name="no_letters" id="id_no_letters" value="1" aria-describedby="letters-note">' in page

    client.post(address("booking:checkout"), checkout_form(basket, **ticked))

    order = Order.objects.get(basket=basket)
    assert order.letters == letters
    assert allowed(order.email) == set()
    order.confirmed_at = NOW
    order.save(update_fields=["confirmed_at"])
    assert allowed(order.email.upper()) == expected


def test_a_no_stands_after_another_stay_is_bought(client: Client, bank: FakeBank, mailoutbox):
    order = paid_stay(bank)
    Order.objects.filter(pk=order.pk).update(letters="told")
    known = consent.address_of(order.email, language="fr", now=NOW)
    proof = consent.Proof("one_click", "x")
    consent.stop(known, "offers", proof=proof, now=NOW - timedelta(days=30))
    assert "offers" not in allowed(order.email)


def test_what_a_program_ordered_told_nobody(bank: FakeBank):
    order = paid_stay(bank)
    assert order.letters == ""
    assert allowed(order.email) == {"survey"}


# --- Those who have an account ------------------------------------------------------------------
def test_an_account_leads_to_the_choices_of_its_proved_address(client: Client):
    person = factories.a_verified_address(factories.a_user(), ELISE)
    client.force_login(person)

    answer = client.post(address("booking:letter-mine"))

    known = LetterAddress.objects.get()
    assert (known.email, answer.url) == (ELISE, choices_url(known))
    assert ELISE in body(client.get(answer.url))


def test_an_address_that_nobody_proved_is_proved_first(client: Client):
    client.force_login(factories.a_user(ELISE))
    assert client.post(address("booking:letter-mine")).url == reverse("account_email")
    assert not LetterAddress.objects.exists()


# --- Forgetting -------------------------------------------------------------------------------
def test_three_silent_years_and_an_address_is_forgotten(client: Client, mailoutbox, bank: FakeBank):
    known = confirmed(client, mailoutbox)
    later = NOW + timedelta(days=3 * 366)
    assert consent.forget_silent(now=NOW + timedelta(days=3 * 365 - 1)) == 0

    assert consent.forget_silent(now=later) == 1

    assert not LetterAddress.objects.filter(pk=known.pk).exists()
    assert not LetterChoice.objects.exists()
    assert allowed(ELISE, now=later) == set()


def test_who_bought_meanwhile_is_remembered(bank: FakeBank):
    order = paid_stay(bank)
    known = consent.address_of(order.email, language="fr", now=NOW)
    LetterAddress.objects.filter(pk=known.pk).update(active_at=NOW - timedelta(days=4 * 365))
    assert consent.forget_silent(now=NOW + timedelta(days=2)) == 0
    known.refresh_from_db()
    assert known.active_at == order.placed_at
