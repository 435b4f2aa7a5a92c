"""« Mes données »: by the link of a mail, or signed in; the same answer for every address."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from booking.messages import send_message
from booking.models import Order, OutboxMessage
from members.models import User
from tests import factories
from tests.booking.pages import address, body
from tests.booking.relations.stays import LATER, past_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank, at) -> Order:
    order = past_stay(bank)
    at(LATER)
    return order


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"Accept-Language": "en"})


def page() -> str:
    return address("booking:own-data")


def link(client: Client, email: str, mailoutbox) -> dict[str, str]:
    """Ask for the link and return what it carries."""
    told = body(client.post(page(), {"email": email}))
    assert "Look at your mail." in told
    [message] = OutboxMessage.objects.filter(kind="own_data")
    send_message(message.pk, now=LATER)
    [url] = [one for one in mailoutbox[-1].body.split() if "?cle=" in one]
    return {"cle": url.split("?cle=")[1]}


def test_copy_and_erasing_by_the_link_of_a_mail(visitor: Client, order: Order, mailoutbox):
    key = link(visitor, order.email.upper(), mailoutbox)
    assert order.email in body(visitor.get(page(), key))
    file = visitor.post(page(), {**key, "copy": "1"})
    assert file["Content-Type"] == "application/zip"
    assert "no-store" in file["Cache-Control"]
    packed = zipfile.ZipFile(io.BytesIO(file.content))
    assert order.reference in packed.read("orders.csv").decode()

    answer = visitor.post(page(), key)
    assert answer.status_code == 422
    assert "Tick the box" in body(answer)
    assert Order.objects.get().email == order.email
    gone = visitor.post(page(), {**key, "is_sure": "on"})
    assert "Your data are erased" in body(gone)
    assert Order.objects.get().email == ""
    # Again: there is nothing left, and nothing breaks.
    assert visitor.post(page(), {**key, "is_sure": "on"}).status_code == 200
    assert visitor.post(page(), {**key, "copy": "1"}).status_code == 200


def test_every_address_has_the_same_answer(visitor: Client, order: Order, mailoutbox):
    known = visitor.post(page(), {"email": order.email})
    unknown = visitor.post(page(), {"email": "nobody@example.org"})
    assert body(known) == body(unknown)
    assert OutboxMessage.objects.filter(kind="own_data").count() == 2
    # Pressed again at once: one mail.
    visitor.post(page(), {"email": order.email})
    assert OutboxMessage.objects.filter(kind="own_data").count() == 2


def test_before_the_stay_is_over_it_says_what_to_do(
    bank: FakeBank, visitor: Client, at, mailoutbox
):
    order = past_stay(bank)
    at(NOW)
    key = link(visitor, order.email, mailoutbox)
    seen = body(visitor.get(page(), key))
    assert order.reference in seen
    assert 'name="is_sure"' not in seen
    answer = visitor.post(page(), {**key, "is_sure": "on"})
    assert answer.status_code == 409
    assert order.reference in body(answer)
    assert Order.objects.get().email == order.email


@pytest.mark.parametrize("key", ["x", "eyJh.bad.sign", "\x00", "é" * 300])
def test_link_that_is_old_or_no_link_asks_again(visitor: Client, key: str):
    answer = visitor.post(page(), {"cle": key})
    assert answer.status_code in {404, 410}


def test_link_of_three_days_ago_opens_nothing(visitor: Client, order: Order, mailoutbox, at):
    key = link(visitor, order.email, mailoutbox)
    at(LATER + timedelta(days=3, minutes=1))
    answer = visitor.get(page(), key)
    assert answer.status_code == 410
    assert order.email not in body(answer)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", f"{'a' * 300}@example.org"])
def test_what_is_no_address_is_told(visitor: Client, email: str):
    assert visitor.post(page(), {"email": email}).status_code == 422
    assert not OutboxMessage.objects.exists()


def test_asking_ever_again_is_slowed_down(visitor: Client):
    answers = [
        visitor.post(page(), {"email": f"g{one}@example.org"}).status_code for one in range(12)
    ]
    assert answers[:10] == [200] * 10
    assert answers[-1] == 429


def test_signed_in_over_proved_addresses_then_signed_out(order: Order):
    user = factories.a_user(order.email)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    mine = reverse("space-data")
    assert client.get(mine).status_code == 303
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    assert order.email in body(client.get(mine))
    assert "Your data are erased" in body(client.post(mine, {"is_sure": "on"}))
    assert not User.objects.get(pk=user.pk).is_active
    assert client.get(mine).status_code == 302
