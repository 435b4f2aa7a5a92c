"""An account: proposed after the payment, made by a code, and one's own stays in it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from booking.models import Order
from members.journal import SYSTEM
from members.models import User
from tests import factories
from tests.booking.pages import address, body, checkout_form, dupont_stay, paid_stay
from tests.cast import NOW, FakeBank, cancel_order, order_from

pytestmark = pytest.mark.django_db
CLAIRE = "claire.dupont@example.org"
PROPOSED = "Your stays in one place, if you like"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def follow_link(client: Client, order: Order, page: str = "booking:trip") -> str:
    link = address(page, order.reference)
    return body(client.get(link, {"cle": order.access_token}, follow=True))


def english(client: Client, path: str, data: dict[str, str] | None = None, *, follow: bool = True):
    headers = {"accept-language": "en"}
    if data is None:
        return client.get(path, headers=headers, follow=follow)
    return client.post(path, data, headers=headers, follow=follow)


def claire() -> User:
    user = factories.a_user(CLAIRE)
    EmailAddress.objects.create(user=user, email=CLAIRE, verified=True, primary=True)
    return user


# --- Proposed -------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["booking:trip", "booking:payment-return"])
def test_guest_is_offered_an_account_once_it_is_paid(client: Client, order: Order, page: str):
    text = follow_link(client, order, page)

    assert PROPOSED in text
    ask = f"{reverse('account_signup')}?langue=en&next={address('booking:account')}"
    assert ask in text


def test_nobody_is_asked_for_an_account_before_paying(client: Client, bank: FakeBank):
    factories.terms("en")
    factories.package_form("en")
    basket = dupont_stay(client)
    checkout = client.get(address("booking:checkout"))
    sent = client.post(address("booking:checkout"), checkout_form(basket))
    order = Order.objects.get()
    waiting = [
        follow_link(client, order, name) for name in ("booking:trip", "booking:payment-back")
    ]

    assert sent.status_code == 303
    for text in (body(checkout), *waiting):
        assert PROPOSED not in text
        assert reverse("account_signup") not in text


@pytest.mark.parametrize("page", ["booking:trip", "booking:payment-return"])
def test_signed_in_buyer_is_not_asked_again(client: Client, order: Order, page: str):
    client.force_login(factories.a_user())

    assert PROPOSED not in follow_link(client, order, page)


def test_cancelled_stay_proposes_nothing(client: Client, order: Order):
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)

    assert PROPOSED not in follow_link(client, order)


@pytest.mark.parametrize("form", ["account_signup", "account_login", "account_request_login_code"])
def test_address_of_the_stay_is_written_already(client: Client, order: Order, form: str):
    assert CLAIRE not in body(english(client, reverse(form)))

    follow_link(client, order)

    assert f'value="{CLAIRE}"' in body(english(client, reverse(form)))


# --- Made ---------------------------------------------------------------------------------------
def sign_up(client: Client, email: str):
    values = {"email": email, "password1": "Lentille-verte-43", "password2": "Lentille-verte-43"}
    values["is_of_age"] = "on"
    return english(
        client, reverse("account_signup"), {**values, "next": address("booking:account")}
    )


def code_in(mail: str) -> str:
    [code] = re.findall(r"^\s*([A-Z0-9]{3,4}-[A-Z0-9]{3,4})\s*$", mail, flags=re.M)
    return code


def test_guest_makes_an_account_by_a_code_and_finds_the_stay_in_it(
    client: Client, order: Order, mailoutbox
):
    follow_link(client, order)
    sign_up(client, CLAIRE)
    order.refresh_from_db()
    assert order.user is None

    page = english(
        client,
        reverse("account_email_verification_sent"),
        {"code": code_in(mailoutbox[-1].body), "next": address("booking:account")},
    )

    order.refresh_from_db()
    assert order.user == User.objects.get(email=CLAIRE)
    assert page.redirect_chain[-1][0] == address("booking:account")
    assert "10 to 17 July 2027" in body(page)
    assert address("booking:trip", order.reference) in body(page)
    assert client.get(address("booking:trip", order.reference)).status_code == 200


def test_address_that_was_typed_and_not_proved_opens_nothing(client: Client, order: Order):
    sign_up(client, CLAIRE)

    assert english(client, address("booking:account"), follow=False).status_code == 302
    assert client.get(address("booking:trip", order.reference)).status_code == 404
    order.refresh_from_db()
    assert order.user is None


def test_signing_in_is_enough_for_a_known_address(client: Client, order: Order):
    claire()

    page = english(client, reverse("account_login"), {"login": CLAIRE, "password": "secret"})

    order.refresh_from_db()
    assert order.user == User.objects.get(email=CLAIRE)
    assert page.redirect_chain[-1][0].endswith(("/account/", "/compte/"))


# --- Shown ----------------------------------------------------------------------------------------
def test_account_without_a_stay_leads_to_beds(client: Client):
    client.force_login(factories.a_user("nouvelle@example.org"))

    text = body(client.get(address("booking:account")))

    assert "No stay here yet" in text
    assert "nouvelle@example.org" in text
    assert address("booking:stays") in text


def test_each_one_sees_its_own_stays_only(order: Order):
    mine, other = Client(), Client()
    mine.force_login(claire())
    other.force_login(factories.a_user())

    assert order.reference in body(mine.get(address("booking:account")))
    assert order.reference not in body(other.get(address("booking:account")))
    assert other.get(address("booking:trip", order.reference)).status_code == 404


def test_stay_that_waits_for_its_payment_is_shown_until_its_time_has_passed(
    client: Client, bank: FakeBank, at
):
    order = order_from(dupont_stay(Client()))
    user = claire()
    Order.objects.update(user=user)
    client.force_login(user)

    assert "Not paid yet" in body(client.get(address("booking:account")))

    at(order.deadline + timedelta(minutes=1))
    assert order.reference not in body(client.get(address("booking:account")))


def test_stays_to_come_stand_before_those_that_are_over(client: Client, order: Order, at):
    client.force_login(claire())
    assert "To come" in body(client.get(address("booking:account")))

    at("2027-09-01 10:00")
    client.force_login(User.objects.get(email=CLAIRE))
    text = body(client.get(address("booking:account")))

    assert "To come" not in text
    assert order.reference in text


def test_menu_leads_a_signed_in_person_to_its_account(client: Client):
    client.force_login(factories.a_user())

    home = body(client.get(address("destination:home")))

    assert f'href="{address("booking:account")}"' in home


def test_many_stays_ask_few_questions(client: Client, order: Order, django_assert_max_num_queries):
    user = claire()
    client.force_login(user)
    client.get(address("booking:account"))

    with django_assert_max_num_queries(14):
        client.get(address("booking:account"))
