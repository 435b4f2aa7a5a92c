"""POST /api/v1/baskets/{token}/checkout: an order and the bank's page, once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking import settlement
from booking.models import Basket, BasketLine, Order
from destination.models import LegalText
from tests import factories
from tests.booking.pages import a_week
from tests.cast import NOW, TODAY, FakeBank
from tests.oti.api.client import (
    CONTACT,
    a_workshop,
    ask,
    checkout_body,
    codes,
    dupont_basket,
    fields,
    new_basket,
    places_line,
    send,
    week_line,
)

pytestmark = pytest.mark.django_db


def order(token: str, **changes: Any) -> Any:
    """Order what a basket shows."""
    return send(f"baskets/{token}/checkout", checkout_body(token, **changes))


def test_order_awaits_its_payment_at_the_banks_page(bank: FakeBank, django_assert_max_num_queries):
    token = dupont_basket()
    body = checkout_body(token)
    with django_assert_max_num_queries(75):
        answer = send(f"baskets/{token}/checkout", body)

    assert answer.status_code == 201, answer.content
    placed = Order.objects.get()
    assert answer.json() == {
        "order": placed.reference,
        "access_token": placed.access_token,
        "payment_url": placed.payments.get().url,
        "expires_at": "2027-04-06T10:31+02:00",
        "requests": [],
    }
    assert (placed.total_amount, placed.language) == (Decimal("871.40"), "fr")
    assert (placed.first_name, placed.email) == ("Claire", CONTACT["email"])
    assert str(placed.arrival_time) == "17:30:00"
    assert placed.terms.version == "test-1"
    assert set(placed.participants.values_list("first_name", flat=True)) == {
        "Prénom p1", "Prénom p2", "Prénom p3", "Prénom p4",
    }  # fmt: skip
    assert [one.amount_total_cents for one in bank.sessions.values()] == [87140]


@pytest.mark.parametrize(
    ("told", "kept"), [("203.0.113.9:51234", "203.0.113.9"), ("nonsense", None)]
)
def test_address_that_a_proxy_tells_is_kept_as_one(bank: FakeBank, settings, told, kept):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    token = dupont_basket()
    path = f"baskets/{token}/checkout"

    answer = send(path, checkout_body(token), X_Forwarded_For=told)

    assert answer.status_code == 201, answer.content
    assert Order.objects.get().evidence.ip == kept


def test_bank_leads_back_to_the_pages(bank: FakeBank, monkeypatch):
    asked = []
    monkeypatch.setattr(
        bank,
        "create_session",
        lambda request, real=bank.create_session: asked.append(request) or real(request),
    )
    token = dupont_basket()

    order(token, language="en")

    placed = Order.objects.get()
    assert asked[0].success_url == (
        f"http://testserver/en/book/thanks/{placed.reference}/?cle={placed.access_token}"
    )
    assert f"/en/book/back/{placed.reference}/" in asked[0].cancel_url


def test_second_call_answers_the_same(bank: FakeBank):
    token = dupont_basket()
    body = checkout_body(token)

    first = send(f"baskets/{token}/checkout", body)
    second = send(f"baskets/{token}/checkout", body)
    other = send(f"baskets/{token}/checkout", {**body, "shown_total_cents": 1})

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 200)
    assert first.json() == second.json() == other.json()
    assert (Order.objects.count(), len(bank.sessions)) == (1, 1)
    frozen = ask(f"baskets/{token}").json()
    assert (frozen["state"], frozen["can_check_out"]) == ("frozen", False)


def test_frozen_basket_can_not_be_changed(bank: FakeBank):
    token = dupont_basket()
    order(token)

    answer = send(f"baskets/{token}/lines", places_line(a_workshop(day=14)))

    assert (answer.status_code, codes(answer)) == (409, ["frozen"])


def test_paid_stay_is_not_ordered_again(bank: FakeBank):
    token = dupont_basket()
    body = checkout_body(token)
    send(f"baskets/{token}/checkout", body)
    payment = Order.objects.get().payments.get()
    bank.pay(payment.session_id)
    settlement.settle_payment(payment.pk, now=NOW + timedelta(seconds=20))

    answer = send(f"baskets/{token}/checkout", body)

    assert (answer.status_code, codes(answer)) == (409, ["already_ordered"])
    assert Order.objects.count() == 1


def test_free_stay_is_confirmed_at_once(bank: FakeBank):
    token = new_basket()
    send(f"baskets/{token}/lines", places_line(a_workshop(adult="0", child="0")))

    answer = order(token, arrival_time=...)

    assert answer.status_code == 201
    assert "/fr/reserver/merci/" in answer.json()["payment_url"]
    assert Order.objects.get().state == "confirmed"


# --- What is refused ----------------------------------------------------------------------------
def test_wrong_total_is_refused_with_both_sums(bank: FakeBank):
    token = dupont_basket()

    answer = order(token, shown_total_cents=100)

    assert (answer.status_code, codes(answer)) == (409, ["total_changed"])
    told = answer.json()["problems"][0]
    assert told["fix"] == {"old_cents": 100, "new_cents": 87140}
    assert "871,40" in told["message"]
    assert not Order.objects.exists()


def test_expired_hold_is_refused_line_by_line(bank: FakeBank, at):
    token = dupont_basket()
    body = checkout_body(token)
    lines = {one["id"] for one in ask(f"baskets/{token}").json()["lines"]}
    at(NOW + timedelta(minutes=16))

    answer = send(f"baskets/{token}/checkout", body)

    assert (answer.status_code, set(codes(answer))) == (409, {"hold_expired"})
    assert {one["line"] for one in answer.json()["problems"]} == lines
    assert Basket.objects.get(token=token).state == "open"


def test_changed_price_is_refused_with_both_sums(bank: FakeBank):
    token = dupont_basket()
    body = checkout_body(token)
    BasketLine.objects.filter(unit__isnull=False).update(shown_amount=Decimal("700.00"))

    answer = send(f"baskets/{token}/checkout", body)

    assert (answer.status_code, codes(answer)) == (409, ["price_changed"])
    assert answer.json()["problems"][0]["fix"] == {"old_cents": 70000, "new_cents": 77540}


def test_empty_basket_is_refused(bank: FakeBank):
    answer = order(new_basket(), shown_total_cents=0)
    assert (answer.status_code, codes(answer)) == (422, ["empty"])


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"contact": ...}, {"contact": "required"}),
        ({"contact": None}, {"contact": "null"}),
        ({"arrival": "17:30"}, {"arrival": "unknown_field"}),
        (
            {"contact": {**CONTACT, "mail": "x"}, "participants": [{"key": "p1", "age": 3}]},
            {
                "contact.mail": "unknown_field",
                "participants.0.age": "unknown_field",
                "participants.0.first_name": "required",
            },
        ),
        ({"contact": "Claire"}, {"contact": "not_an_object"}),
        ({"contact": {**CONTACT, "email": "claire"}}, {"contact.email": "invalid"}),
        ({"contact": {**CONTACT, "phone": "non"}}, {"contact.phone": "required"}),
        ({"contact": {**CONTACT, "first_name": " "}}, {"contact.first_name": "blank"}),
        ({"contact": {**CONTACT, "first_name": "a" * 81}}, {"contact.first_name": "max_length"}),
        (
            {"contact": {**CONTACT, "last_name": "a\0b"}},
            {"contact.last_name": "null_characters_not_allowed"},
        ),
        (
            {"contact": {**CONTACT, "last_name": "\ud800"}},
            {"contact.last_name": "surrogate_characters_not_allowed"},
        ),
        ({"participants": []}, {"participants": "required"}),
        ({"participants": ...}, {"participants": "required"}),
        ({"participants": {}}, {"participants": "not_a_list"}),
        ({"participants": [None]}, {"participants.0": "null"}),
        ({"participants": [{"key": "p1"}]}, {"participants.0.first_name": "required"}),
        ({"terms_version": ...}, {"terms_version": "required"}),
        ({"terms_version": "test-0"}, {"terms_version": "terms_changed"}),
        ({"shown_total_cents": "87140"}, {"shown_total_cents": "invalid"}),
        ({"shown_total_cents": 871.4}, {"shown_total_cents": "invalid"}),
        ({"shown_total_cents": True}, {"shown_total_cents": "invalid"}),
        ({"shown_total_cents": -1}, {"shown_total_cents": "min_value"}),
        ({"shown_total_cents": 10**30}, {"shown_total_cents": "max_value"}),
        ({"language": "nl"}, {"language": "unknown"}),
        ({"arrival_time": "25:00"}, {"arrival_time": "hour_unreadable"}),
        ({"arrival_time": "5 pm"}, {"arrival_time": "hour_unreadable"}),
        ({"needs": "a" * 1001}, {"needs": "max_length"}),
        ({"needs": ["noix"]}, {"needs": "invalid"}),
    ],
)
def test_what_is_missing_or_wrong_is_named(bank: FakeBank, changes, wrong):
    token = dupont_basket()

    answer = order(token, **changes)

    assert answer.status_code == 422, answer.content
    assert fields(answer) == wrong
    assert not Order.objects.exists()


def test_grown_up_gives_a_family_name_and_a_child_does_not(bank: FakeBank):
    token = dupont_basket()
    people = [{"key": f"p{number}", "first_name": "Prénom"} for number in range(1, 5)]

    answer = order(token, participants=people)

    assert fields(answer) == {
        "participants.0.last_name": "required",
        "participants.1.last_name": "required",
    }
    people[0]["last_name"] = people[1]["last_name"] = "Dupont"
    assert order(token, participants=people).status_code == 201


def test_terms_are_those_of_the_buyers_language(bank: FakeBank):
    LegalText.objects.create(
        kind="conditions-de-vente", language="en", version="en-7", title="T", body="<p>…</p>",
        valid_from=TODAY - timedelta(days=1),
    )  # fmt: skip
    token = dupont_basket()

    assert ask(f"baskets/{token}?language=en").json()["terms"]["version"] == "en-7"
    assert fields(order(token, language="en")) == {"terms_version": "terms_changed"}
    assert order(token, language="en", terms_version="en-7").status_code == 201
    assert Order.objects.get().terms.version == "en-7"


def test_nothing_is_sold_without_conditions(bank: FakeBank):
    token = dupont_basket()
    body = checkout_body(token)
    LegalText.objects.all().delete()

    answer = send(f"baskets/{token}/checkout", body)

    assert (answer.status_code, fields(answer)) == (422, {"terms_version": "terms_changed"})


def test_bank_that_is_away_keeps_the_order_for_another_call(bank: FakeBank):
    token = dupont_basket()
    body = checkout_body(token)
    bank.is_down = True
    first = send(f"baskets/{token}/checkout", body)
    bank.is_down = False
    second = send(f"baskets/{token}/checkout", body)

    assert (first.status_code, codes(first)) == (409, ["bank_unavailable"])
    # The order was placed by the first call.
    assert second.status_code == 200
    assert Order.objects.count() == 1


def test_line_that_is_gone_is_left_out_of_the_total(bank: FakeBank):
    token = new_basket()
    send(f"baskets/{token}/lines", week_line(a_week()))
    slot = a_workshop()
    send(f"baskets/{token}/lines", places_line(slot))
    type(slot).objects.filter(pk=slot.pk).update(is_closed=True)

    told = ask(f"baskets/{token}").json()
    answer = order(token)

    assert [one["is_counted"] for one in told["lines"]] == [True, False]
    assert told["totals"]["total_cents"] == 77540
    assert answer.status_code == 201
    assert Order.objects.get().total_amount == Decimal("775.40")


def test_pieces_need_no_names(bank: FakeBank):
    token = new_basket()
    produce = factories.a_produce()
    slot = factories.a_slot(produce, TODAY + timedelta(days=30))
    send(f"baskets/{token}/lines", {"offer": produce.slug, "slot": slot.pk, "quantity": 2})

    assert order(token).status_code == 201
