"""Checkout: one page, the bank's page, and every way back from it."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from booking import basket as baskets
from booking import settlement
from booking.emails import compose
from booking.models import Basket, Order, OutboxMessage, Payment, SlotHold, Stay
from destination.models import LegalText
from tests import factories
from tests.booking.pages import (
    TOTAL,
    a_week,
    address,
    body,
    carry,
    checkout_form,
    dupont_stay,
    hold_place,
    hold_week,
)
from tests.cast import NOW, TODAY, FakeBank, order_from

pytestmark = pytest.mark.django_db
CHECKOUT = "booking:checkout"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
    factories.terms()
    factories.package_form()


def buy(client: Client, basket: Basket, **fields) -> Order:
    """Send the form of checkout; return the order."""
    answer = client.post(address(CHECKOUT), checkout_form(basket, **fields))
    assert answer.status_code == 303, body(answer)
    return Order.objects.get(basket=basket, state="awaiting_payment")


# --- The page ---------------------------------------------------------------------------------
def test_page_says_the_amount_in_its_button_and_asks_each_thing_once(
    client: Client, django_assert_max_num_queries
):
    dupont_stay(client)

    with django_assert_max_num_queries(30):
        answer = client.get(address(CHECKOUT))

    page = body(answer)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert 'content="noindex"' in page
    assert "Pay €1,063.40 now" in page
    assert "Order with an obligation to pay." in page
    assert '<input type="hidden" name="shown_total" id="id_shown_total" value="1063.40">' in page
    assert "Places held until 10:15 am" in page
    assert "Free cancellation until Saturday 26 June, 3 pm." in page
    assert 'autocomplete="given-name"' in page
    assert 'autocomplete="tel"' in page
    # One block for each person; a child gives no family name.
    for key in ("p1", "p2", "p3", "p4"):
        assert page.count(f'name="{key}_first"') == 1
    assert 'name="p2_last"' in page
    assert 'name="p3_last"' not in page


def test_conditions_are_never_accepted_beforehand(client: Client):
    dupont_stay(client)

    page = body(client.get(address(CHECKOUT)))

    box = page[page.index('name="terms"') :]
    assert "checked" not in box[: box.index(">")]
    assert address("destination:legal", "conditions-de-vente") in page
    assert 'name="terms_version" value="test-1"' in page


def test_tax_on_site_stands_beside_the_total(client: Client):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week(provider=factories.a_provider(is_professional=True)))

    page = body(client.get(address(CHECKOUT)))

    assert "Pay €760.00 now" in page
    assert page.count("Tourist tax, paid on site") >= 2


@pytest.mark.parametrize("has_basket", [True, False])
def test_without_anything_to_pay_one_is_led_to_the_stay(client: Client, has_basket):
    if has_basket:
        carry(client, factories.a_basket())

    answer = client.get(address(CHECKOUT))

    assert (answer.status_code, answer.url) == (303, address("booking:my-stay"))


def test_lapsed_stay_is_held_again_before_it_is_paid(client: Client, at):
    dupont_stay(client)
    at(NOW + timedelta(minutes=16))

    answer = client.get(address(CHECKOUT), follow=True)

    assert answer.redirect_chain[0][1] == 303
    assert "hold them again before you pay" in body(answer)
    assert "Hold them again" in body(answer)


def test_persons_who_take_part_in_nothing_are_not_asked(client: Client):
    basket = carry(client, factories.a_basket(None, None, 5, 10))
    box = factories.a_produce()
    slot = factories.a_slot(box, TODAY + timedelta(days=30))
    request = baskets.LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2)
    baskets.add_to_basket(basket, request, now=NOW)

    page = body(client.get(address(CHECKOUT)))

    assert 'name="p1_first"' not in page
    assert 'name="arrival_time"' not in page
    answer = client.post(
        address(CHECKOUT), checkout_form(basket, shown_total="50.00", arrival_time=None)
    )
    assert answer.status_code == 303
    assert Order.objects.get().total_amount == Decimal("50.00")


# --- Ordering ---------------------------------------------------------------------------------
def test_visitor_is_led_to_the_bank_with_one_order_for_everything(client: Client, bank: FakeBank):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket))

    order = Order.objects.get()
    payment = order.payments.get()
    assert answer.status_code == 303
    assert answer.url == payment.url == bank.sessions[payment.session_id].url
    assert bank.sessions[payment.session_id].amount_total_cents == 106340
    assert order.total_amount == TOTAL
    assert (order.first_name, order.email) == ("Claire", "claire.dupont@example.org")
    assert order.arrival_time.isoformat() == "17:30:00"
    assert order.needs == "A nut allergy"
    assert order.language == "en"
    assert order.terms.version == "test-1"
    names = list(order.participants.values_list("first_name", "last_name", "age"))
    # The buyer is the first adult.
    assert names == [
        ("Claire", "Dupont", None),
        ("Firstp2", "Dupont", None),
        ("Firstp3", "", 5),
        ("Firstp4", "", 10),
    ]
    basket.refresh_from_db()
    assert basket.state == Basket.State.FROZEN


def test_signed_in_buyer_owns_the_order(client: Client, bank: FakeBank):
    user = factories.a_user()
    client.force_login(user)

    assert buy(client, dupont_stay(client)).user == user


def test_buyer_who_stays_at_home_names_every_adult(client: Client, bank: FakeBank):
    basket = dupont_stay(client)

    refused = client.post(
        address(CHECKOUT),
        checkout_form(basket, buyer_comes=None, p1_first="", p1_last=""),
    )
    order = buy(client, basket, buyer_comes=None, p1_first="Marc", p1_last="Roche")

    assert refused.status_code == 422
    assert "Give the first name of the first adult" in body(refused)
    assert str(order.participants.first()) == "Marc Roche"


@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"first_name": "  "}, "Give your first name.", "first_name"),
        ({"last_name": "x" * 81}, "Family name: Shorten it to 80 letters.", "last_name"),
        ({"email": "claire.dupont@"}, "Write an address such as", "email"),
        ({"email": None}, "Write an address such as", "email"),
        ({"phone": ""}, "Give a number at which your host", "phone"),
        ({"phone": "none"}, "Give a number at which your host", "phone"),
        ({"p2_first": ""}, "Adult 2: give the first name.", "p2_first"),
        ({"p2_last": ""}, "Adult 2: give the family name.", "p2_last"),
        ({"p3_first": ""}, "Child, 5 years: give the first name.", "p3_first"),
        ({"arrival_time": "25:61"}, "Write an hour such as 17:30.", "arrival_time"),
        ({"terms": None}, "Accept the conditions of sale to continue.", "terms"),
        ({"terms_version": "test-0"}, "The conditions changed meanwhile", "terms"),
    ],
)
def test_what_is_wrong_is_said_on_top_and_beside_its_field(
    client: Client, bank: FakeBank, fields, message, field
):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket, **fields))

    page = body(answer)
    assert answer.status_code == 422
    assert "<title>Error: Book your stay" in page
    assert f'<a href="#id_{field}">{message}'[:60] in page
    assert f'id="id_{field}_error"' in page
    assert 'role="alert"' in page
    # Nothing typed is lost, and consent is asked again.
    assert "A nut allergy" in page
    assert 'value="Firstp4"' in page
    assert not Order.objects.exists()


@pytest.mark.parametrize("typed", ["17:30", "17h30", "17 h 30", "17h", "5:30 PM", ""])
def test_hour_of_arrival_is_read_as_people_write_it(client: Client, bank: FakeBank, typed):
    order = buy(client, dupont_stay(client), arrival_time=typed)

    assert (order.arrival_time is None) is (typed == "")


@pytest.mark.parametrize(
    "phone", ["06 12 34 56 78", "+33612345678", "0044 20 7946 0958", "(06)12-34.56"]
)
def test_phone_is_kept_as_it_was_written(client: Client, bank: FakeBank, phone):
    assert buy(client, dupont_stay(client), phone=phone).phone == phone


@pytest.mark.parametrize("shown", ["999.00", "0"])
def test_other_total_than_shown_is_told_before_anything_is_ordered(client: Client, shown):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket, shown_total=shown))

    assert answer.status_code == 409
    assert "The total changed from" in body(answer)
    assert "to €1,063.40. Check it, then confirm again." in body(answer)
    assert 'value="1063.40"' in body(answer)
    assert 'value="Firstp4"' in body(answer)
    assert not Order.objects.exists()


@pytest.mark.parametrize("shown", ["", "lots", "NaN", "1e999", None])
def test_total_that_cannot_be_read_is_no_order(client: Client, shown):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket, shown_total=shown))

    assert answer.status_code == 422
    assert "The total could not be read." in body(answer)
    assert not Order.objects.exists()


def test_places_that_lapsed_while_typing_are_held_again_on_the_same_page(
    client: Client, bank: FakeBank, at
):
    basket = dupont_stay(client)
    at(NOW + timedelta(minutes=16))

    answer = client.post(address(CHECKOUT), checkout_form(basket))

    page = body(answer)
    assert answer.status_code == 409
    assert "Your places were no longer held. They are again" in page
    assert "Places held until 10:31 am" in page
    assert 'value="Firstp4"' in page
    assert not Order.objects.exists()
    assert buy(client, basket).total_amount == TOTAL


def test_line_gone_while_typing_is_told_and_no_longer_counted(client: Client, bank: FakeBank, at):
    basket = dupont_stay(client)
    later = NOW + timedelta(minutes=16)
    at(later)
    gite = basket.lines.get(unit__isnull=False)
    hold_week(factories.a_basket(), gite.offer, now=later)

    answer = client.post(address(CHECKOUT), checkout_form(basket))

    page = body(answer)
    assert answer.status_code == 409
    assert "“The Narces Cottage” is gone and no longer counted." in page
    assert "Pay €288.00 now" in page
    assert f"{address('booking:my-stay')}#ligne-{gite.pk}" in page
    assert buy(client, basket, shown_total="288.00").lines.count() == 3


def test_when_all_is_gone_the_stay_tells_it(client: Client, at):
    basket = carry(client, factories.a_basket())
    gite = a_week()
    hold_week(basket, gite)
    later = NOW + timedelta(minutes=16)
    at(later)
    hold_week(factories.a_basket(), gite, now=later)

    answer = client.post(
        address(CHECKOUT), checkout_form(basket, shown_total="775.40"), follow=True
    )

    assert answer.redirect_chain[0] == (address("booking:my-stay"), 303)
    assert "Sold out" in body(answer)
    assert not Order.objects.exists()


def test_price_that_changed_is_accepted_on_the_stay_and_what_was_typed_comes_back(
    client: Client, bank: FakeBank
):
    basket = dupont_stay(client)
    gite = basket.lines.get(unit__isnull=False)
    gite.offer.supplements.update(amount=Decimal("80"))

    answer = client.post(address(CHECKOUT), checkout_form(basket), follow=True)

    assert "The price changed from €775.40 to €795.40" in body(answer)
    client.post(address("booking:line-accept", gite.pk))
    page = body(client.get(address(CHECKOUT)))
    assert 'value="Firstp4"' in page
    assert 'value="claire.dupont@example.org"' in page
    assert "Pay €1,083.40 now" in page


def test_double_click_makes_one_order_and_one_payment(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    form = checkout_form(basket)

    first = client.post(address(CHECKOUT), form)
    second = client.post(address(CHECKOUT), form)

    assert first.url == second.url
    assert second.status_code == 303
    assert Order.objects.count() == Payment.objects.count() == len(bank.sessions) == 1


def test_other_tab_finds_the_payment_under_way(client: Client, bank: FakeBank):
    order = buy(client, dupont_stay(client))

    page = body(client.get(address(CHECKOUT)))

    assert "A payment is under way" in page
    assert address("booking:payment-retry", order.reference) in page
    assert 'id="checkout"' not in page


def test_back_button_after_paying_leads_to_the_order(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    form = checkout_form(basket)
    order = buy(client, basket)
    settle(order, bank)

    seen = client.get(address(CHECKOUT), follow=True)
    sent = client.post(address(CHECKOUT), form, follow=True)

    for answer in (seen, sent):
        assert address("booking:trip", order.reference) in body(answer)
    assert Order.objects.count() == 1


def settle(order: Order, bank: FakeBank) -> None:
    """Let the bank take the money and tell it."""
    payment = order.payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(seconds=20))


# --- The bank is away, or says no -------------------------------------------------------------
def test_order_waits_while_the_bank_does_not_answer(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    bank.is_down = True

    answer = client.post(address(CHECKOUT), checkout_form(basket), follow=True)

    order = Order.objects.get()
    assert answer.redirect_chain[0] == (address("booking:payment-back", order.reference), 303)
    assert "The bank doesn't answer. Nothing was debited" in body(answer)
    assert order.state == "awaiting_payment"
    bank.is_down = False
    retried = client.post(address("booking:payment-retry", order.reference))
    assert retried.url == bank.sessions[order.payments.last().session_id].url


def test_who_comes_back_unpaid_tries_again_on_the_same_page_of_the_bank(
    client: Client, bank: FakeBank, django_assert_max_num_queries
):
    basket = dupont_stay(client)
    at_bank = client.post(address(CHECKOUT), checkout_form(basket)).url
    order = Order.objects.get()

    with django_assert_max_num_queries(30):
        page = body(client.get(address("booking:payment-back", order.reference)))

    assert "Nothing was debited" in page
    assert "until 10:31 am" in page
    retried = client.post(address("booking:payment-retry", order.reference))
    assert (retried.status_code, retried.url) == (303, at_bank)
    assert order.payments.count() == 1


def test_stay_is_given_back_to_be_changed_with_its_places(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    order = buy(client, basket)

    answer = client.post(address("booking:order-reopen", order.reference), follow=True)

    order.refresh_from_db()
    basket.refresh_from_db()
    assert (order.state, basket.state) == ("expired", "open")
    assert bank.sessions[order.payments.get().session_id].status == "expired"
    assert "Your stay is yours to change again." in body(answer)
    assert "The Narces Cottage" in body(answer)
    assert SlotHold.objects.count() == 3
    # As long as was said while it could be paid.
    assert basket.expires_at == Stay.objects.get().expires_at == order.pay_until
    assert order.pay_until > NOW + timedelta(minutes=30)
    assert "until 10:31 am" in body(answer)
    # What was typed waits for the next time.
    assert 'value="Firstp4"' in body(client.get(address(CHECKOUT)))


@pytest.mark.parametrize(
    ("minutes", "kept"),
    # What was said, then a quarter of an hour.
    [(5, 31), (28, 43)],
)
def test_hold_is_never_shortened_by_the_way_back(
    client: Client, bank: FakeBank, at, minutes: int, kept: int
):
    basket = dupont_stay(client)
    order = buy(client, basket)
    at(NOW + timedelta(minutes=minutes))

    client.post(address("booking:order-reopen", order.reference))

    basket.refresh_from_db()
    assert int((basket.expires_at - NOW).total_seconds() // 60) == kept


def test_the_way_back_keeps_nothing_past_the_cap(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    order = buy(client, basket)
    first = NOW - timedelta(minutes=145)
    Basket.objects.filter(pk=basket.pk).update(first_held_at=first)

    client.post(address("booking:order-reopen", order.reference))

    basket.refresh_from_db()
    assert basket.expires_at == NOW + timedelta(minutes=20)


def test_stay_that_was_paid_meanwhile_is_not_given_back(client: Client, bank: FakeBank):
    order = buy(client, dupont_stay(client))
    bank.pay(order.payments.get().session_id)

    answer = client.post(address("booking:order-reopen", order.reference), follow=True)

    order.refresh_from_db()
    assert order.state == "confirmed"
    assert "You’re all set, Claire." in body(answer)


def test_stay_is_not_given_back_while_the_bank_does_not_answer(client: Client, bank: FakeBank):
    order = buy(client, dupont_stay(client))
    bank.is_down = True

    answer = client.post(address("booking:order-reopen", order.reference), follow=True)

    order.refresh_from_db()
    assert order.state == "awaiting_payment"
    assert "The bank doesn't answer." in body(answer)


def test_after_the_deadline_the_way_leads_back_to_the_stay(client: Client, bank: FakeBank, at):
    order = buy(client, dupont_stay(client))
    at(NOW + timedelta(minutes=40))

    page = body(client.get(address("booking:payment-back", order.reference)))
    retried = client.post(address("booking:payment-retry", order.reference), follow=True)

    assert "The time to pay has passed" in page
    assert address("booking:order-reopen", order.reference) in page
    assert "The time to pay has passed: nothing was debited." in body(retried)
    reopened = client.post(address("booking:order-reopen", order.reference), follow=True)
    assert "Your places are no longer held." in body(reopened)


# --- After the bank ---------------------------------------------------------------------------
def test_return_page_never_confirms_whatever_the_bank_knows(
    client: Client, bank: FakeBank, django_assert_max_num_queries
):
    order = buy(client, dupont_stay(client))
    bank.pay(order.payments.get().session_id)
    url = address("booking:payment-return", order.reference)

    with django_assert_max_num_queries(12):
        page = body(client.get(url))

    order.refresh_from_db()
    assert order.state == "awaiting_payment"
    assert "Payment being confirmed" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert 'hx-trigger="every 3s"' in page
    assert not OutboxMessage.objects.exists()


def test_return_page_says_when_it_takes_long(client: Client, bank: FakeBank, at):
    order = buy(client, dupont_stay(client))
    at(NOW + timedelta(minutes=4))

    page = body(client.get(address("booking:payment-return", order.reference)))

    assert "It takes longer than usual." in page


def test_confirmed_order_says_what_happens_next(
    client: Client, bank: FakeBank, django_assert_max_num_queries
):
    order = buy(client, dupont_stay(client))
    settle(order, bank)
    url = address("booking:payment-return", order.reference)

    with django_assert_max_num_queries(30):
        page = body(client.get(url))

    assert "You’re all set, Claire." in page
    assert order.reference in page
    assert "claire.dupont@example.org" in page
    assert "4 hosts are told of your coming:" in page
    assert "It begins with “The Narces Cottage”, Saturday 10 July 2027, 3 pm." in page
    for name in ("trip", "trip-ics", "receipt"):
        assert address(f"booking:{name}", order.reference) in page
    assert "refresh" not in page[: page.index("<body")]
    # A waiting page that asks by script is reloaded whole.
    polled = client.get(url, headers={"HX-Request": "true"})
    assert polled["HX-Refresh"] == "true"


def test_line_lost_when_the_money_came_is_told_with_its_refund(client: Client, bank: FakeBank):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())
    hold_place(basket, "First stitches of lace")
    order = buy(client, basket, shown_total="871.40")
    lace = order.lines.get(kind="workshop")
    lace.slot.is_closed = True
    lace.slot.save()
    settle(order, bank)

    page = body(client.get(address("booking:payment-return", order.reference)))

    assert "Not everything could be had when the payment arrived." in page
    assert "First stitches of lace, €96.00" in page


def test_money_given_back_is_told(client: Client, bank: FakeBank, at):
    basket = carry(client, factories.a_basket())
    gite = a_week()
    hold_week(basket, gite)
    order = buy(client, basket, shown_total="775.40")
    payment = order.payments.get()
    later = NOW + timedelta(minutes=40)
    at(later)
    bank.let_expire(payment.session_id)
    settlement.settle_payment(payment.pk, now=later)
    hold_week(factories.a_basket(), gite, now=later)
    waiting = body(client.get(address("booking:payment-return", order.reference)))
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=later)

    page = body(client.get(address("booking:payment-return", order.reference)))

    assert "The time to pay has passed" in waiting
    assert "Your payment is given back" in page


@pytest.mark.parametrize("name", ["payment-return", "payment-back"])
def test_nobody_else_sees_the_order_without_its_link(client: Client, bank: FakeBank, name):
    order = buy(client, dupont_stay(client))
    url = address(f"booking:{name}", order.reference)
    stranger = Client()

    assert stranger.get(url).status_code == 404
    assert stranger.get(f"{url}?cle=wrong").status_code == 404
    assert stranger.get(f"{url}?cle=é").status_code == 404
    assert stranger.get(f"{url}?cle=").status_code == 404
    followed = stranger.get(f"{url}?cle={order.access_token}")
    assert (followed.status_code, followed.url) == (303, url)
    assert stranger.get(url).status_code == 200


@pytest.mark.parametrize("name", ["payment-retry", "order-reopen"])
def test_nobody_else_pays_or_takes_back(client: Client, bank: FakeBank, name):
    order = buy(client, dupont_stay(client))

    assert Client().post(address(f"booking:{name}", order.reference)).status_code == 404
    assert client.get(address(f"booking:{name}", order.reference)).status_code == 405
    order.refresh_from_db()
    assert order.state == "awaiting_payment"


def test_bank_leads_back_by_signed_links(client: Client, bank: FakeBank, monkeypatch):
    asked = []
    create = bank.create_session
    monkeypatch.setattr(
        bank, "create_session", lambda request: asked.append(request) or create(request)
    )

    order = buy(client, dupont_stay(client))

    key = f"?cle={order.access_token}"
    site = "http://testserver"
    assert asked[0].success_url == (site + address("booking:payment-return", order.reference) + key)
    assert asked[0].cancel_url == site + address("booking:payment-back", order.reference) + key


def test_unknown_order_is_not_found(client: Client):
    for name in ("payment-return", "payment-back", "trip", "receipt", "trip-ics"):
        assert client.get(address(f"booking:{name}", "AAAA3333")).status_code == 404


def test_without_conditions_of_sale_nothing_is_sold(client: Client):
    basket = dupont_stay(client)
    LegalText.objects.filter(kind=LegalText.Kind.TERMS).delete()

    answer = client.post(address(CHECKOUT), checkout_form(basket, terms_version=""))

    assert answer.status_code == 422
    assert not Order.objects.exists()


def test_order_keeps_its_holds_until_the_deadline(client: Client, bank: FakeBank):
    basket = dupont_stay(client)
    order = order_from(basket)

    assert {hold.expires_at for hold in SlotHold.objects.all()} == {order.deadline}


# --- Hours of arrival, options ----------------------------------------------------------------
def a_late_stay(client: Client) -> Basket:
    """Give a visitor a week in a gîte that welcomes from 16 to 20 h."""
    basket = carry(client, factories.a_basket(language="en"))
    hold_week(basket, a_week(check_in_from=time(16), check_in_until=time(20)))
    return basket


def test_hours_of_the_host_stand_beside_the_hour_of_arrival(client: Client):
    a_late_stay(client)

    page = body(client.get(address(CHECKOUT)))

    assert "The Narces Cottage: between 4 pm and 8 pm" in page


@pytest.mark.parametrize(
    ("hour", "is_told"), [("23:30", True), ("0:30", True), ("15:59", True), ("20:00", False)]
)
def test_another_hour_is_ordered_all_the_same_and_the_host_is_to_be_called(
    client: Client, bank: FakeBank, hour, is_told
):
    basket = a_late_stay(client)
    order = buy(client, basket, arrival_time=hour, shown_total="775.40")
    settle(order, bank)

    for name in ("booking:payment-return", "booking:trip"):
        page = body(client.get(address(name, order.reference)))
        assert ("outside the hours of “The Narces Cottage”" in page) is is_told
        assert ('Joël: <a class="link num" href="tel:+33400000000">' in page) is is_told
    mail = compose(OutboxMessage.objects.get(kind="order_confirmed"))
    assert ("outside the hours of" in mail.body) is is_told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"needs": "x" * 1001}, "A special need: Shorten it to 1000 signs."),
        ({"first_name": "Cl\taire\0"}, "First name: Null characters"),
        ({"phone": "06 12 34 56 78" * 5}, "Phone: Shorten it to 40 signs."),
    ],
)
def test_the_list_of_what_is_wrong_names_the_field(client: Client, fields, told):
    basket = dupont_stay(client)

    page = body(client.post(address(CHECKOUT), checkout_form(basket, **fields)))

    assert told in page.split("data-error-summary")[1].split("</ul>")[0]
