"""Baskets of the API: made, filled, kept, emptied; nobody's but who has the token."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from booking import basket as baskets
from booking.models import Basket, BasketLine, SlotHold, Stay
from tests import factories
from tests.booking.pages import a_week, body, carry
from tests.cast import NOW
from tests.oti.api.client import (
    DUPONT,
    a_workshop,
    ask,
    codes,
    dupont_basket,
    fields,
    new_basket,
    places_line,
    send,
    week_line,
)

pytestmark = pytest.mark.django_db


def raw(path: str, body: bytes) -> Any:
    """Send bytes as they are."""
    return Client().post(f"/api/v1/{path}", body, content_type="application/json")


def add(token: str, line: Any) -> Any:
    """Send a line."""
    return send(f"baskets/{token}/lines", line)


# --- A stay -------------------------------------------------------------------------------------
def test_new_basket_holds_nothing_and_sets_no_cookie():
    client = Client()

    answer = send("baskets", client=client, Accept_Language="en")

    assert answer.status_code == 201
    assert answer.json()["expires_at"] is None
    assert answer["Cache-Control"] == "no-store"
    assert not client.cookies
    basket = Basket.objects.get(token=answer.json()["token"])
    assert (basket.language, basket.lines.count()) == ("en", 0)


def test_line_is_held_at_the_price_of_the_server():
    token = new_basket()
    offer = a_week()

    # A program that says a price is told that there is no such input.
    named = add(token, week_line(offer, price=1, total_cents=1, shown_amount="1"))
    assert set(fields(named)) == {"price", "total_cents", "shown_amount"}
    answer = add(token, week_line(offer))

    assert answer.status_code == 201
    line = answer.json()
    assert line["price"]["total_cents"] == line["shown_cents"] == 77540
    assert (line["is_held"], line["held_until"]) == (True, "2027-04-06T10:15+02:00")
    assert line["starts_at"] == "2027-07-10T15:00+02:00"
    assert line["troubles"] == []
    assert Stay.objects.get().line_id == line["id"]


def test_a_mails_code_lowers_the_price_and_is_refused_once_it_is_over():
    token, offer = new_basket(), a_week(units=2)
    days = (date(2027, 7, 10), date(2027, 7, 17))
    proposal = factories.a_proposal(offer, days, most=1)
    line = add(token, week_line(offer, proposal=proposal.code)).json()
    assert line["price"]["usual_cents"] == 77540
    assert line["price"]["total_cents"] == line["shown_cents"] < 77540
    second = offer.units.last().pk
    refused = add(new_basket(), week_line(offer, unit=second, proposal=proposal.code))
    assert (refused.status_code, codes(refused)) == (409, ["proposal_over"])
    usual = add(new_basket(), week_line(offer, unit=second)).json()
    assert (usual["price"]["usual_cents"], usual["price"]["total_cents"]) == (None, 77540)
    for odd in ("x" * 65, 3, None, ["a"]):
        answer = add(new_basket(), week_line(offer, unit=second, proposal=odd))
        assert answer.status_code == 422
        assert "proposal" in fields(answer)


def test_basket_shows_lines_days_people_and_what_is_to_be_accepted(django_assert_max_num_queries):
    token = dupont_basket()
    with django_assert_max_num_queries(20):
        told = ask(f"baskets/{token}").json()

    assert told["state"] == "open"
    assert told["can_check_out"] is True
    assert told["people"] == [
        {"key": "p1", "age": None},
        {"key": "p2", "age": None},
        {"key": "p3", "age": 5},
        {"key": "p4", "age": 10},
    ]
    assert told["totals"] == {
        "gross_cents": 85600,
        "tourist_tax_cents": 1540,
        "total_cents": 87140,
        "tax_on_site_cents": 0,
        "on_request_cents": 0,
    }
    lodging, workshop = told["lines"]
    assert lodging["people"] == workshop["people"] == ["p1", "p2", "p3", "p4"]
    assert [day["day"] for day in told["timeline"]][::7] == ["2027-07-10", "2027-07-17"]
    assert told["timeline"][0]["entries"] == [
        {"line": lodging["id"], "kind": "arrival", "time": "15:00"}
    ]
    assert told["timeline"][2]["entries"] == [
        {"line": workshop["id"], "kind": "moment", "time": "14:00"}
    ]
    assert told["terms"]["version"] == "test-1"
    assert Client().get(told["terms"]["url"]).status_code == 200


def test_total_is_that_of_the_pages_to_the_cent():
    token = dupont_basket()
    client = Client()
    carry(client, Basket.objects.get(token=token))

    total = ask(f"baskets/{token}").json()["totals"]["total_cents"]
    page = body(client.get("/fr/reserver/"))

    shown = re.search(r'name="shown_total"[^>]* value="([0-9.]+)"', page)
    assert shown is not None
    assert int(Decimal(shown.group(1)) * 100) == total


def test_line_is_taken_out_once_and_twice():
    token = dupont_basket()
    pk = ask(f"baskets/{token}").json()["lines"][1]["id"]
    client = Client()

    first = client.delete(f"/api/v1/baskets/{token}/lines/{pk}")
    second = client.delete(f"/api/v1/baskets/{token}/lines/{pk}")

    assert (first.status_code, second.status_code, first.content) == (204, 204, b"")
    assert len(ask(f"baskets/{token}").json()["lines"]) == 1
    assert not SlotHold.objects.exists()


def test_deadline_is_moved_to_the_cap_and_not_past_it():
    token = dupont_basket()

    first = send(f"baskets/{token}/extend")
    answers = [send(f"baskets/{token}/extend") for _press in range(12)]

    assert (first.status_code, first.json()["expires_at"]) == (200, "2027-04-06T10:30+02:00")
    assert (answers[-1].status_code, codes(answers[-1])) == (409, ["not_extendable"])
    assert ask(f"baskets/{token}").json()["expires_at"] == "2027-04-06T12:45+02:00"


def test_expired_hold_is_told_on_its_line(at):
    token = dupont_basket()
    at(NOW + timedelta(minutes=16))

    told = ask(f"baskets/{token}").json()
    answer = send(f"baskets/{token}/extend")

    assert (told["expires_at"], told["can_check_out"]) == (None, False)
    assert [one["troubles"][0]["code"] for one in told["lines"]] == ["hold_expired"] * 2
    assert (answer.status_code, codes(answer)) == (409, ["hold_expired"])


def test_price_that_changed_is_told_with_both_sums():
    token = dupont_basket()
    BasketLine.objects.filter(unit__isnull=False).update(shown_amount=Decimal("700.00"))

    trouble = ask(f"baskets/{token}").json()["lines"][0]["troubles"][0]

    assert trouble["code"] == "price_changed"
    assert trouble["fix"] == {"old_cents": 70000, "new_cents": 77540}


def test_pieces_and_options_are_bought():
    token = new_basket()
    produce = factories.a_produce()
    slot = factories.a_slot(produce, NOW.date() + timedelta(days=30))
    gite = a_week()
    factories.Supplement.objects.create(
        offer=gite, code="linge", name="Linge", kind="linen", basis="item",
        amount=Decimal(8), max_quantity=4,
    )  # fmt: skip

    pieces = add(token, {"offer": produce.slug, "slot": slot.pk, "quantity": 3})
    week = add(token, week_line(gite, options=[{"code": "linge", "quantity": 4}]))

    assert pieces.json()["price"]["total_cents"] == 7500
    assert week.json()["price"]["total_cents"] == 77540 + 3200
    assert week.json()["options"] == [{"code": "linge", "quantity": 4}]


def test_one_option_named_twice_counts_as_one_choice():
    gite = a_week()
    factories.Supplement.objects.create(
        offer=gite, code="lit", name="Lit bébé", kind="cot", basis="stay", amount=Decimal(10)
    )

    answer = add(new_basket(), week_line(gite, options=[{"code": "lit"}, {"code": "lit"}]))

    assert (answer.status_code, fields(answer)) == (409, {"options": "bad_option"})


def test_overlap_is_refused_then_accepted():
    token = new_basket()
    add(token, places_line(a_workshop()))
    other = a_workshop(hour=15)

    refused = add(token, places_line(other))
    accepted = add(token, places_line(other, accept_overlap=True))

    assert (refused.status_code, fields(refused)) == (409, {"participants": "overlap"})
    assert accepted.status_code == 201


# --- What is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "status", "wrong"),
    [
        (
            {"arrival": "2027-07-17", "departure": "2027-07-10"},
            422,
            {"departure": "dates_reversed"},
        ),
        ({"arrival": "2027-04-05"}, 422, {"departure": "max_stay", "arrival": "in_the_past"}),
        ({"arrival": "2027-11-20", "departure": "2027-11-27"}, 422, {"arrival": "too_far"}),
        ({"arrival": "2027-02-31"}, 422, {"arrival": "date_unreadable"}),
        ({"arrival": ...}, 422, {"arrival": "dates_missing"}),
        ({"participants": []}, 409, {"participants": "no_adult"}),
        ({"participants": [{"age": 5}]}, 409, {"participants": "no_adult"}),
        (
            {"participants": [{"age": None}] + [{"age": 5}] * 99},
            422,
            {"participants": "max_length"},
        ),
        ({"participants": [{"age": None}] * 98}, 422, {"participants": "too_many_people"}),
        ({"participants": [{"age": None}, {}]}, 422, {"participants.1.age": "required"}),
        ({"participants": [{"age": 121}]}, 422, {"participants.0.age": "max_value"}),
        ({"participants": [{"age": -1}]}, 422, {"participants.0.age": "min_value"}),
        ({"participants": [{"age": None}] * 7}, 409, {"participants": "too_many_guests"}),
        ({"unit": 2**62}, 409, {"unit": "unit_unknown"}),
        ({"unit": 2**63}, 422, {"unit": "max_value"}),
        ({"unit": ...}, 409, {"unit": "unit_unknown"}),
        ({"slot": 5}, 422, {"slot": "not_for_this_offer"}),
        ({"quantity": 2}, 422, {"quantity": "not_for_this_offer"}),
        ({"offer": "nulle-part"}, 409, {"offer": "offer_unknown"}),
        ({"options": [{"code": "piscine"}]}, 409, {"options": "bad_option"}),
        (
            {"options": [{"code": "menage", "quantity": 0}]},
            422,
            {"options.0.quantity": "min_value"},
        ),
    ],
)
def test_nights_that_can_not_be_had_say_why(changes, status, wrong):
    token = new_basket()
    offer = a_week(sleeps=6)

    answer = add(token, week_line(offer, **changes))

    assert answer.status_code == status, answer.content
    assert wrong.items() <= fields(answer).items()
    assert not Stay.objects.exists()
    assert ask(f"baskets/{token}").json()["expires_at"] is None


@pytest.mark.parametrize(
    ("changes", "status", "wrong"),
    [
        ({"unit": 1}, 422, {"unit": "not_for_this_offer"}),
        ({"arrival": "2027-07-10"}, 422, {"arrival": "not_for_this_offer"}),
        ({"quantity": 3}, 422, {"quantity": "not_for_this_offer"}),
    ],
)
def test_places_are_not_asked_for_by_what_they_are_not_sold_by(changes, status, wrong):
    slot, token = a_workshop(), new_basket()

    answer = add(token, {**places_line(slot), **changes})

    assert (answer.status_code, fields(answer)) == (status, wrong)
    assert ask(f"baskets/{token}").json()["lines"] == []


def test_a_date_of_another_offer_is_said_to_be_none_of_this_one():
    slot, other, token = a_workshop(), a_workshop(), new_basket()

    answer = send(f"baskets/{token}/lines?language=en", {**places_line(slot), "slot": other.pk})

    assert (answer.status_code, fields(answer)) == (409, {"slot": "slot_unknown"})
    assert "no such date" in answer.json()["problems"][0]["message"]


@pytest.mark.parametrize(
    ("body", "wrong"), [(b'{"x": 1}', "unknown_field"), (b"[]", "not_an_object")]
)
def test_where_nothing_is_read_nothing_may_be_sent(body: bytes, wrong: str):
    token = new_basket()
    for page in ("baskets", f"baskets/{token}/extend"):
        answer = raw(page, body)
        assert (answer.status_code, codes(answer)) == (422, [wrong])
    assert raw(f"baskets/{token}/extend", b"").status_code == 409


def test_every_reason_comes_at_once():
    offer = a_week(sleeps=2, min_stay=5)

    answer = add(new_basket(), week_line(offer, departure="2027-07-12"))

    assert answer.status_code == 409
    assert {"min_stay", "too_many_guests"} <= set(codes(answer))
    fix = {one["code"]: one.get("fix") for one in answer.json()["problems"]}
    assert fix["min_stay"]["nights"] == 5


def test_age_outside_the_offer_and_too_few_places():
    token = new_basket()
    slot = a_workshop(min_age=8, capacity=3)

    ages = add(token, places_line(slot))
    places = add(token, places_line(slot, participants=[{"age": None}] * 4))
    nobody = add(token, places_line(slot, participants=[]))

    assert (ages.status_code, fields(ages)) == (409, {"participants": "age_mismatch"})
    assert places.json()["problems"][0]["fix"] == {"free": 3}
    assert (places.status_code, fields(places)) == (409, {"slot": "partly_gone"})
    assert (nobody.status_code, fields(nobody)) == (409, {"participants": "nobody"})


def test_what_another_holds_can_not_be_had():
    offer = a_week()
    assert add(new_basket(), week_line(offer)).status_code == 201

    answer = add(new_basket(), week_line(offer))

    assert (answer.status_code, codes(answer)) == (409, ["gone"])


def test_draft_is_not_known_to_exist():
    draft = a_workshop(state="draft")
    nothing = {"offer": "nulle-part", "slot": draft.pk, "participants": DUPONT}

    first = add(new_basket(), places_line(draft))
    second = add(new_basket(), nothing)

    assert first.json() == second.json()


def test_message_is_in_the_language_asked_for():
    offer = a_week()
    line = week_line(offer, participants=[{"age": 5}])

    french = send(f"baskets/{new_basket()}/lines", line)
    english = send(f"baskets/{new_basket()}/lines?language=en", line)

    assert french["Content-Language"] == "fr"
    assert english.json()["problems"][0]["message"] == "At least one adult must be part of it."
    assert french.json()["problems"][0]["message"] != english.json()["problems"][0]["message"]


# --- Whose it is --------------------------------------------------------------------------------
@pytest.mark.parametrize("token", ["x" * 32, "x", "..", "x" * 65, "é", "%00", "a%0A", "' OR 1=1"])
def test_without_the_token_there_is_nothing(token: str):
    dupont_basket()
    client = Client()
    answers = [
        ask(f"baskets/{token}"),
        send(f"baskets/{token}/lines", {}),
        send(f"baskets/{token}/extend"),
        send(f"baskets/{token}/checkout", {}),
        client.delete(f"/api/v1/baskets/{token}/lines/1"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert all(codes(answer) == ["not_found"] for answer in answers)


def test_line_of_another_basket_stays():
    token, mine = dupont_basket(), new_basket()
    pk = ask(f"baskets/{token}").json()["lines"][0]["id"]

    Client().delete(f"/api/v1/baskets/{mine}/lines/{pk}")

    assert BasketLine.objects.filter(pk=pk).exists()


def test_ordered_basket_is_gone():
    token = dupont_basket()
    Basket.objects.filter(token=token).update(state="ordered")

    assert ask(f"baskets/{token}").status_code == 404
    assert send(f"baskets/{token}/checkout", {}).status_code == 422


def test_busy_asks_to_come_back(monkeypatch):
    from booking.refusals import Busy, trouble

    def busy(*_args, **_kwargs):
        raise Busy(trouble("busy"))

    token = new_basket()
    monkeypatch.setattr(baskets, "add_to_basket", busy)
    answer = add(token, week_line(a_week()))

    assert (answer.status_code, codes(answer), answer["Retry-After"]) == (503, ["busy"], "1")


def test_the_same_nights_again_are_said_to_be_yours_already():
    token = new_basket()
    offer = a_week()
    line = add(token, week_line(offer)).json()

    again = add(token, week_line(offer))

    assert again.status_code == 409
    assert codes(again) == ["already_yours"]
    assert again.json()["problems"][0]["line"] == BasketLine.objects.get().pk
    assert line
