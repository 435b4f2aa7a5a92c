"""GET /api/v1/orders/{reference}: for whoever has the key."""

from datetime import timedelta

import pytest

from booking import settlement
from booking.models import Order
from tests.cast import NOW, FakeBank
from tests.oti.api.client import ask, checkout_body, codes, dupont_basket, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """An order that awaits its payment."""
    token = dupont_basket()
    assert send(f"baskets/{token}/checkout", checkout_body(token)).status_code == 201
    return Order.objects.get()


def pay(order: Order, bank: FakeBank) -> None:
    """Let the bank tell that it is paid."""
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(seconds=20))


def test_order_that_waits_gives_the_banks_page(order: Order):
    answer = ask(f"orders/{order.reference}", Authorization=f"Bearer {order.access_token}")

    told = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (told["state"], told["paid_cents"]) == ("awaiting_payment", 0)
    assert told["payment_url"] == order.payments.get().url
    assert told["pay_before"] == "2027-04-06T10:31+02:00"


def test_paid_order_tells_each_line_as_sold(
    order: Order, bank: FakeBank, django_assert_max_num_queries
):
    pay(order, bank)
    key = {"Authorization": f"bearer {order.access_token}"}
    with django_assert_max_num_queries(14):
        told = ask(f"orders/{order.reference}", **key).json()

    assert (told["state"], told["total_cents"], told["paid_cents"]) == ("confirmed", 87140, 87140)
    assert (told["tourist_tax_cents"], told["refunded_cents"]) == (1540, 0)
    assert told["payment_url"] is None
    assert told["confirmed_at"] == "2027-04-06T10:00:20+02:00"
    lodging, workshop = told["lines"]
    assert (lodging["title"], lodging["state"]) == ("Le Gîte des Narces", "sold")
    assert lodging["price"]["total_cents"] + workshop["price"]["total_cents"] == 87140
    assert len(workshop["people"]) == 4
    assert told["url"].startswith("http://testserver/fr/voyage/")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer é",
        "Bearer \x00",
        "Basic Zm9vOmJhcg==",
        "Token {key}",
        "{key}",
    ],
)
def test_without_the_key_it_is_not_known(order: Order, header: str | None):
    headers = {} if header is None else {"Authorization": header.format(key=order.access_token)}

    wrong = ask(f"orders/{order.reference}", **headers)
    unknown = ask("orders/NOTHERE8", **headers)

    assert (wrong.status_code, unknown.status_code) == (404, 404)
    assert wrong.content == unknown.content
    assert codes(wrong) == ["not_found"]


def test_key_of_another_order_opens_nothing(order: Order):
    token = dupont_basket()
    other = send(f"baskets/{token}/checkout", checkout_body(token)).json()

    answer = ask(f"orders/{order.reference}", Authorization=f"Bearer {other['access_token']}")

    assert answer.status_code == 404


def test_session_of_the_office_is_not_asked(order: Order, admin_client):
    assert ask(f"orders/{order.reference}", admin_client).status_code == 404


def test_key_ends_a_year_after_the_stay(order: Order, at):
    key = {"Authorization": f"Bearer {order.access_token}"}
    at("2028-07-16 09:00")
    assert ask(f"orders/{order.reference}", **key).status_code == 200
    at("2028-07-17 11:00")
    assert ask(f"orders/{order.reference}", **key).status_code == 404
