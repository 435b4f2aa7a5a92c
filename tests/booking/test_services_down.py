"""What only helps may be away: the stay is composed, paid and confirmed without it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from kombu.exceptions import OperationalError

from booking import checkout, messages, settlement
from booking.models import Basket, Order, OutboxMessage, SlotHold, Stay
from oti.celery import app
from tests import factories
from tests.booking.pages import address, body, checkout_form, dupont_stay
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db
# Nobody listens there.
NOWHERE = 9


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def no_valkey(settings, monkeypatch):
    """Take cache and queue away, as when their server is stopped."""
    settings.CACHES = {
        "default": {
            **settings.CACHES["default"],
            "LOCATION": f"redis://localhost:{NOWHERE}/0",
        }
    }

    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError

    monkeypatch.setattr(app, "send_task", refuse)
    cache.set("anything", 1)
    assert cache.get("anything") is None


@pytest.fixture
def no_mail(settings):
    """Take the mail server away."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", NOWHERE


@pytest.mark.usefixtures("no_valkey")
def test_a_stay_is_composed_and_paid_without_valkey(
    client: Client, bank: FakeBank, mailoutbox, django_capture_on_commit_callbacks
):
    factories.terms("en")
    factories.package_form("en")
    offer = factories.a_lodging(title_en="The Narces Cottage", now=NOW)
    [unit] = offer.units.all()
    found = client.get(
        address("booking:stays"),
        {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": "2", "ages": ["5", "10"]},
    )
    assert "The Narces Cottage" in body(found)

    with django_capture_on_commit_callbacks(execute=True):
        added = client.post(
            address("booking:line-add"),
            {
                "offer": offer.pk,
                "unit": unit.pk,
                "arrival": SATURDAY.isoformat(),
                "departure": NEXT_SATURDAY.isoformat(),
                "adults": "2",
                "ages": "5,10",
            },
        )
        basket = Basket.objects.get()
        assert added.status_code == 303
        assert "Everything is held for you until" in body(client.get(added.url))
        assert client.post(address("booking:hold-extend")).status_code == 303
        assert client.get(address("booking:checkout")).status_code == 200
        total = str(checkout.view_basket(basket, now=NOW).total)
        sent = client.post(address("booking:checkout"), checkout_form(basket, shown_total=total))
        order = Order.objects.get()
        payment = order.payments.get()
        assert sent.url == payment.url
        bank.pay(payment.session_id)
        assert settlement.settle_payment(payment.pk, now=NOW + timedelta(minutes=1)) == "paid"

    thanks = client.get(address("booking:payment-return", order.reference))
    assert "Paid and confirmed" in body(thanks)
    assert Stay.objects.get().state == Stay.State.SOLD
    # No task could be asked for: beat sends what is written.
    assert mailoutbox == []
    assert messages.drain_outbox(now=NOW + timedelta(minutes=2)) == 2
    assert {mail.to[0] for mail in mailoutbox} == {order.email, offer.provider.email}


@pytest.mark.usefixtures("no_mail")
def test_a_stay_is_sold_without_the_mail_server_and_its_mails_wait(client: Client, bank: FakeBank):
    order = paid_order(dupont_stay(client), bank)
    waiting = OutboxMessage.objects.count()

    assert messages.drain_outbox(now=NOW + timedelta(minutes=1)) == 0

    assert order.state == "confirmed"
    assert waiting >= 2
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 1)}


@pytest.mark.usefixtures("no_mail")
def test_mails_that_waited_leave_once_when_mail_is_back(
    client: Client, bank: FakeBank, settings, mailoutbox
):
    paid_order(dupont_stay(client), bank)
    messages.drain_outbox(now=NOW + timedelta(minutes=1))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    written = OutboxMessage.objects.count()

    assert messages.drain_outbox(now=NOW + timedelta(hours=1)) == written
    assert messages.drain_outbox(now=NOW + timedelta(hours=2)) == 0
    assert len(mailoutbox) == written


@pytest.mark.usefixtures("no_mail")
def test_the_link_of_a_booking_is_promised_and_waits(client: Client, bank: FakeBank):
    order = paid_order(dupont_stay(Client()), bank)

    answer = client.post(
        address("booking:find-order"), {"email": order.email, "reference": order.reference}
    )

    assert answer.status_code == 200
    assert OutboxMessage.objects.get(kind="find_order").state == "waiting"


def test_an_age_that_falls_into_a_hole_between_prices_is_refused_in_words(client: Client):
    offer = factories.an_activity()
    offer.bands.filter(code="enfant").update(min_age=6)
    slot = factories.a_slot(offer, SATURDAY)

    answer = client.post(
        address("booking:line-add"),
        {"offer": offer.pk, "slot": slot.pk, "adults": "2", "ages": "5,10"},
    )

    assert 400 <= answer.status_code < 500
    assert not SlotHold.objects.exists()
    assert "%(" not in body(answer)


def test_a_refresh_of_the_page_that_pays_leads_to_the_payment_under_way(
    client: Client, bank: FakeBank
):
    factories.terms("en")
    factories.package_form("en")
    basket = dupont_stay(client)
    form = checkout_form(basket)
    first = client.post(address("booking:checkout"), form)

    again = client.post(address("booking:checkout"), form)
    shown = client.get(address("booking:checkout"))

    assert again.url == first.url
    assert Order.objects.count() == 1
    assert "A payment is under way" in body(shown)


def test_one_hour_is_told_for_a_stay_that_is_being_paid(client: Client, bank: FakeBank):
    factories.terms("en")
    factories.package_form("en")
    basket = dupont_stay(client)
    client.post(address("booking:checkout"), checkout_form(basket))
    order = Order.objects.get()
    basket.refresh_from_db()
    hours = {
        name: body(client.get(address(name, *args)))
        for name, args in (
            ("booking:checkout", ()),
            ("booking:my-stay", ()),
            ("booking:payment-back", (order.reference,)),
            ("booking:trip", (order.reference,)),
            ("destination:home", ()),
        )
    }

    assert order.pay_until == order.payments.get().expires_at < basket.expires_at
    for name, text in hours.items():
        assert "10:31 am" in text, name
        assert "10:36 am" not in text, name


def test_in_the_grace_after_the_hour_one_takes_the_stay_back(client: Client, bank: FakeBank, at):
    factories.terms("en")
    factories.package_form("en")
    client.post(address("booking:checkout"), checkout_form(dupont_stay(client)))
    order = Order.objects.get()
    at(order.pay_until + timedelta(minutes=1))

    text = body(client.get(address("booking:my-stay")))

    assert "The time to pay has passed" in text
    assert "Finish the payment" not in text
    assert "Change my stay" in text
