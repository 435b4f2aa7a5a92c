"""Pages of what is on request: said plainly, asked for, answered, paid or taken back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import settlement
from booking.models import BookingRequest, Offer, Order, OutboxMessage, Stay
from booking.request_rounds import follow_requests
from booking.rules import states
from tests import factories
from tests.booking.pages import (
    a_week,
    address,
    body,
    carry,
    checkout_form,
    hold_place,
    hold_week,
)
from tests.booking.requesting import a_request, accepted, asked_lodging
from tests.booking.test_emails import pay
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank

pytestmark = pytest.mark.django_db
DATES: dict[str, Any] = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
    factories.terms()
    factories.terms("en")


@pytest.fixture
def offer() -> Offer:
    offer = a_week(confirmation="on_request")
    offer.provider.host_names = "Anne et Joël"
    offer.provider.save()
    return offer


@pytest.fixture
def host(offer: Offer) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(offer.provider))
    return person


@pytest.fixture
def asked(client: Client, offer: Offer) -> BookingRequest:
    """The Duponts asked for their week, in this browser."""
    basket = carry(client, factories.a_basket(language="en"))
    hold_week(basket, offer)
    basket.refresh_from_db()
    client.post(address("booking:checkout"), checkout_form(basket, shown_total="0.00"))
    return BookingRequest.objects.get()


def page_of(request: BookingRequest) -> str:
    return address("booking:request", request.code)


def host_page(request: BookingRequest, name: str = "extranet-request") -> str:
    return reverse(name, args=[request.code])


# --- Shown -----------------------------------------------------------
def test_lists_and_page_say_who_answers(client: Client, offer: Offer):
    words = "On request: answer within 24 hours, from Anne and Joël"
    listed = body(client.get(address("booking:stays"), DATES))
    shown = body(client.get(address("booking:stay-offer", offer.slug), DATES))
    undated = body(client.get(address("booking:stay-offer", offer.slug)))

    assert words in listed
    assert "Ask for it" in listed
    for page in (shown, undated):
        assert words in page
        assert "It is not yours yet: nothing is kept while you wait." in page
    assert "Add to my stay" not in shown


def test_something_to_do_says_it_too(client: Client):
    offer = hold_place(factories.a_basket(), "Pottery", confirmation="on_request")
    page = body(client.get(address("booking:experience-offer", offer.slug), {"adults": 2}))
    listed = body(client.get(address("booking:experiences"), {"adults": 2}))

    assert "answer within 24 hours" in page
    assert "Ask for it" in page
    assert "answer within 24 hours" in listed


def test_the_stay_shows_it_apart_from_the_total(client: Client, offer: Offer):
    basket = carry(client, factories.a_basket(language="en"))
    hold_place(basket, "Lace")
    hold_week(basket, offer)

    page = body(client.get(address("booking:my-stay")))

    assert "On request, apart" in page
    assert "€775.40" in page
    assert "First the answer of Anne and Joël." in page
    assert "Book all at once" in page
    assert "not counted" not in page
    # What is kept is what is bought, and it says so.
    assert "What isn’t on request is held for you until" in page
    assert "Everything is held" not in page


def test_a_stay_on_request_only_is_sent_not_booked(client: Client, offer: Offer):
    hold_week(carry(client, factories.a_basket(language="en")), offer)

    stay = body(client.get(address("booking:my-stay")))
    checkout = body(client.get(address("booking:checkout")))

    assert "Send my request" in stay
    assert "Book all at once" not in stay
    # Nobody has said yes.
    assert "You are expected." not in stay
    assert "Ask your hosts" in checkout
    assert "Send my request" in checkout
    assert "our bank’s page" not in checkout
    assert "Nothing is charged, and nothing is kept for you yet." in checkout


# --- Asked -----------------------------------------------------------
def test_asking_leads_to_the_page_of_the_request(client: Client, asked: BookingRequest):
    page = body(client.get(page_of(asked)))

    assert "Your request has reached Anne and Joël" in page
    assert "Answer before" in page
    assert "It is not yours yet." in page
    assert "€775.40" in page
    assert (asked.total_amount, asked.first_name) == (Decimal("775.40"), "Claire")
    assert not Order.objects.exists()
    # What was in the stay has left it.
    assert not asked.basket.lines.exists()


def test_a_second_press_leads_to_the_same_request(client: Client, asked: BookingRequest):
    again = client.post(
        address("booking:checkout"), checkout_form(asked.basket, shown_total="0.00")
    )

    assert again.status_code == 303
    assert again.url.endswith(f"{asked.code}/")
    assert BookingRequest.objects.count() == 1


def test_what_is_missing_is_said_and_nothing_is_lost(client: Client, offer: Offer):
    basket = carry(client, factories.a_basket(language="en"))
    hold_week(basket, offer)
    basket.refresh_from_db()

    answer = client.post(
        address("booking:checkout"),
        checkout_form(basket, shown_total="0.00", phone="none", terms=None),
    )

    page = body(answer)
    assert answer.status_code == 422
    assert "Give a number at which your host can reach you." in page
    assert "claire.dupont@example.org" in page
    assert basket.lines.exists()
    assert not BookingRequest.objects.exists()


def test_the_instant_part_is_paid_and_the_rest_asked_for(
    client: Client, offer: Offer, bank: FakeBank
):
    basket = carry(client, factories.a_basket(language="en"))
    hold_place(basket, "Lace")
    hold_week(basket, offer)
    basket.refresh_from_db()
    page = body(client.get(address("booking:checkout")))
    assert "Pay €96.00 now" in page
    assert "Your request leaves at the same moment; it is not part of this payment." in page

    answer = client.post(address("booking:checkout"), checkout_form(basket, shown_total="96.00"))

    order, request = Order.objects.get(), BookingRequest.objects.get()
    assert answer.url.startswith("https://bank.example.org/")
    assert (order.total_amount, request.came_with) == (Decimal("96.00"), order)
    assert client.get(page_of(request)).status_code == 200
    payment = order.payments.get()
    assert bank.sessions[payment.session_id].amount_total_cents == 9600
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)
    for name in ("booking:payment-return", "booking:trip"):
        shown = body(client.get(address(name, order.reference)))
        assert "The Narces Cottage" in shown
        assert "Answer before" in shown
    assert client.get(page_of(request)).status_code == 200


# --- Answered -----------------------------------------------------------
def test_its_host_sees_it_first_with_the_time_left(host: Client, asked: BookingRequest):
    for name in ("extranet-home", "extranet-bookings"):
        page = body(host.get(reverse(name)))
        assert "1 request to answer" in page
        assert "24 hours left" in page
        assert host_page(asked) in page

    shown = body(host.get(host_page(asked)))
    assert "Claire asks you" in shown
    assert "2 adults, 2 children (5 and 10 years old)" in shown
    # Only a first name: no address, no phone before it is paid.
    assert "claire.dupont" not in shown
    assert "06 12 34 56 78" not in shown


def test_yes_with_one_press_then_the_guest_pays(
    client: Client, host: Client, asked: BookingRequest, bank: FakeBank
):
    answer = host.post(host_page(asked, "extranet-accept"), follow=True)
    assert "Accepted: the place is kept, and Claire has the link to pay." in body(answer)
    assert "You accepted" in body(answer)

    page = body(client.get(page_of(asked)))
    assert "Anne and Joël said yes" in page
    assert "Pay €775.40 now" in page
    to_bank = client.post(address("booking:request-pay", asked.code))

    assert to_bank.url.startswith("https://bank.example.org/")
    order = Order.objects.get()
    payment = order.payments.get()
    assert bank.sessions[payment.session_id].amount_total_cents == 77540
    # Back without paying: the page of the request, not of a stay that could be changed.
    back = client.get(address("booking:payment-back", order.reference))
    assert back.url.endswith(f"{asked.code}/")
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW)
    assert "It is yours" in body(client.get(page_of(asked)))
    assert "Accepted and paid." in body(host.get(host_page(asked)))
    # A second press pays nothing more.
    assert client.post(address("booking:request-pay", asked.code)).url.endswith(f"{asked.code}/")


def test_no_with_a_reason_shows_what_is_free(client: Client, host: Client, asked: BookingRequest):
    other = a_week(title="La Grange", title_en="The Barn")
    empty = host.post(host_page(asked, "extranet-decline"), {"words": "Sorry"})
    assert empty.status_code == 422
    assert "Choose a reason: the guest is told." in body(empty)
    assert "Sorry" in body(empty)

    host.post(host_page(asked, "extranet-decline"), {"reason": "away", "words": "Come in August?"})

    page = body(client.get(page_of(asked)))
    assert "Anne and Joël had to say no" in page
    assert "the house is closed then" in page
    assert "Come in August?" in page
    assert "The Barn" in page
    assert f"/{other.slug}/?arrival=2027-07-10" in page


def test_words_of_a_host_are_words(client: Client, host: Client, asked: BookingRequest):
    words = "<script>alert(1)</script>"
    host.post(host_page(asked, "extranet-decline"), {"reason": "other", "words": words})

    assert b"<script>alert" not in client.get(page_of(asked)).content


def test_needs_are_read_while_they_are_of_use(
    host: Client, asked: BookingRequest, at, bank: FakeBank
):
    def is_told() -> bool:
        # Signed in anew: no session lasts until the summer is over.
        host.force_login(asked.provider.roles.get().user)
        page = body(host.get(host_page(asked)))
        assert "Claire" in page
        return "A nut allergy" in page

    BookingRequest.objects.update(needs="A nut allergy")
    assert is_told()
    BookingRequest.objects.update(state="declined", reason="away", answered_at=NOW)
    assert not is_told()
    BookingRequest.objects.update(state="requested", reason="", answered_at=None)
    at(asked.deadline)
    assert not is_told()
    at(NOW)
    host.post(host_page(asked, "extranet-accept"))
    assert is_told()
    pay(Order.objects.get(), bank)
    at(asked.ends_at + timedelta(days=13))
    assert is_told()
    at(asked.ends_at + timedelta(days=14))
    assert not is_told()
    at(NOW)
    Order.objects.update(state="cancelled")
    assert not is_told()


def test_a_place_that_went_is_told_to_its_host(host: Client, asked: BookingRequest):
    accepted(a_request(asked.offer))

    answer = host.post(host_page(asked, "extranet-accept"), follow=True)

    assert "These places are taken or closed meanwhile" in body(answer)
    assert "You can’t?" in body(answer)


def test_nobody_else_answers_or_sees_it(asked: BookingRequest):
    stranger = Client()
    other = factories.a_host(factories.a_provider())
    stranger.force_login(other)
    assert stranger.get(host_page(asked)).status_code == 404
    for name in ("extranet-accept", "extranet-decline"):
        assert stranger.post(host_page(asked, name), {"reason": "away"}).status_code == 404
    assert stranger.get(page_of(asked)).status_code == 404
    assert stranger.get(page_of(asked), {"cle": "x"}).status_code == 404
    for name in ("booking:request-pay", "booking:request-withdraw"):
        assert stranger.post(address(name, asked.code)).status_code == 404
    assert "request to answer" not in body(stranger.get(reverse("extranet-home")))
    asked.refresh_from_db()
    assert asked.state == states.REQUESTED


def test_its_signed_link_opens_it_elsewhere(asked: BookingRequest):
    phone = Client()

    answer = phone.get(page_of(asked), {"cle": asked.access_token})

    assert answer.status_code == 303
    assert "cle" not in answer.url
    assert phone.get(page_of(asked)).status_code == 200


def test_the_guest_takes_it_back(client: Client, host: Client, asked: BookingRequest):
    answer = client.post(address("booking:request-withdraw", asked.code), follow=True)

    assert "You took it back. Nothing was charged." in body(answer)
    late = host.post(host_page(asked, "extranet-accept"), follow=True)
    assert "It was answered or withdrawn meanwhile" in body(late)
    assert "Claire took the request back." in body(late)


def test_too_late_is_told_to_both(client: Client, host: Client, asked: BookingRequest, at):
    at(asked.deadline + timedelta(seconds=1))
    # Before the round that writes it, and after.
    for refusal in ("The time to answer has passed", "It was answered or withdrawn meanwhile"):
        assert "didn’t answer in time" in body(client.get(page_of(asked)))
        assert "This request is closed" in body(host.get(host_page(asked)))
        late = host.post(host_page(asked, "extranet-accept"), follow=True)
        assert refusal in body(late)
        follow_requests(now=asked.deadline)
    assert not Stay.objects.exists()


def test_what_went_elsewhere_is_told_to_both(
    client: Client, host: Client, asked: BookingRequest, bank: FakeBank
):
    order = accepted(asked)
    client.get(address("booking:payment-back", order.reference), {"cle": order.access_token})
    Stay.objects.all().delete()

    answer = client.post(address("booking:payment-retry", order.reference), follow=True)

    for page in (body(answer), body(client.get(page_of(asked)))):
        assert "It is taken already" in page
        assert "It was taken in the meantime" in page
        assert "The time to pay has passed" not in page
    assert not bank.sessions
    told = body(host.get(host_page(asked)))
    assert "You had accepted, but it was taken before the payment of Claire came" in told


def test_pages_ask_a_bounded_number_of_statements(
    host: Client, client: Client, asked: BookingRequest, django_assert_max_num_queries
):
    client.get(page_of(asked))
    with django_assert_max_num_queries(12):
        client.get(page_of(asked))
    with django_assert_max_num_queries(12):
        host.get(host_page(asked))


# --- Mails -----------------------------------------------------------
def test_every_mail_of_a_request_can_be_written(bank: FakeBank):
    from booking.emails import compose

    lodging = asked_lodging()
    first, second, third = (a_request(lodging) for _one in range(3))
    follow_requests(now=NOW + timedelta(hours=12))
    order = accepted(first, now=NOW + timedelta(hours=13))
    late = order.deadline + timedelta(minutes=1)
    settlement.reconcile_payments(now=late)
    follow_requests(now=late)

    mails = {one.kind: compose(one) for one in OutboxMessage.objects.all()}
    kinds = {
        *("request_received", "request_sent", "request_accepted"),
        *("request_refused", "request_closed"),
    }
    assert kinds <= set(mails)
    assert {second.state, third.state} == {states.REQUESTED}
    for kind in kinds:
        mail = mails[kind]
        assert mail.subject
        assert "http" in mail.body
        assert "%(" not in mail.body + mail.subject
    assert f"cle={first.access_token}" in mails["request_accepted"].body
    for kind in ("request_received", "request_closed"):
        assert "claire.dupont" not in mails[kind].body
        assert "06 00 00 00 00" not in mails[kind].body
