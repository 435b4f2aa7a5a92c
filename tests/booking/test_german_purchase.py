"""The path of a purchase in German: its pages, the word of the button, its mails."""

from __future__ import annotations

import pytest
from django.test import Client

from booking import checkout, settlement
from booking.emails import compose
from booking.models import Order, OutboxMessage
from tests import factories
from tests.booking.pages import dupont_stay
from tests.cast import NOW, FakeBank, order_from
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db

# Words of the frame and of the path that nobody who reads German should meet.
NOT_GERMAN = (
    *("Mon séjour", "Réserver", "Connexion", "Conditions de vente", "Ajouter", "Payer"),
    *("My stay", "Sign in", "Conditions of sale", "Your details", "Who takes part", "Receipt"),
)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
    factories.terms()
    factories.package_form()


def assert_is_german(text: str) -> None:
    assert [word for word in NOT_GERMAN if word in text] == []


def test_pages_from_the_stay_to_the_order_button(client: Client):
    dupont_stay(client)

    stay = text_of(client.get(address("booking:my-stay", language="de")))
    form = text_of(client.get(address("booking:checkout", language="de")))

    assert "Mein Aufenthalt" in stay
    # What isn't translated is in English before French, as it says.
    assert "The Narces Cottage" in stay
    # The words that the law asks for (BGB §312j, as our own L221-14).
    assert "Jetzt zahlungspflichtig buchen: 1.063,40 €" in form.replace("\u00a0", " ")
    for text in (stay, form):
        assert_is_german(text)


def test_what_is_missing_is_said_in_german_beside_its_field(client: Client):
    dupont_stay(client)

    page = client.post(address("booking:checkout", language="de"), {"first_name": ""})

    assert page.status_code == 422
    assert_is_german(text_of(page))


@pytest.fixture
def order(bank: FakeBank) -> Order:
    placed = order_from(dupont_stay(Client()), language="de")
    checkout.begin_payment(
        placed, success_url="https://site/a", cancel_url="https://site/b", now=NOW
    )
    payment = placed.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)
    placed.refresh_from_db()
    return placed


def test_the_confirmation_and_the_trip_are_german(client: Client, order: Order):
    mail = compose(OutboxMessage.objects.get(kind="order_confirmed"))
    html = next(one.content for one in mail.alternatives if one.mimetype == "text/html")

    for text in (mail.body, html):
        plain = text.replace("\u00a0", " ").replace("\u202f", " ")
        assert f"/de/reise/{order.reference}/?cle=" in plain
        assert "1.063,40 €" in plain
        assert "Kurtaxe" in plain
        assert_is_german(plain)
    page = client.get(f"/de/reise/{order.reference}/", {"cle": order.access_token}, follow=True)
    text = text_of(page)
    assert order.reference in text
    assert_is_german(text)
