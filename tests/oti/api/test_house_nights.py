"""A host's program closes, opens and prices nights: all spans or none, once, undone by the host."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from booking import night_edits
from booking.models import Closure, HookDelivery, NightEdit, PriceRule, StayRestriction
from members.journal import SYSTEM
from members.models import Entry
from tests import factories
from tests.booking.pages import a_week, hold_week
from tests.cast import NOW, FakeBank, paid_order
from tests.oti.api.client import codes, fields
from tests.oti.api.house import ask, key_for, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer() -> Any:
    return a_week()


def days_of(offer: Any) -> str:
    return f"units/{offer.units.first().pk}/days"


def span(first: str, last: str, **changes: Any) -> dict[str, Any]:
    return {"first": f"2027-{first}", "last": f"2027-{last}", **changes}


def shown(key: str, offer: Any, first: str, last: str) -> dict[str, tuple[Any, ...]]:
    days = ask(key, days_of(offer), **{"from": f"2027-{first}", "to": f"2027-{last}"}).json()
    return {
        one["day"][5:]: (one["status"], one["price_cents"], one["min_stay"]) for one in days["days"]
    }


def test_spans_are_laid_one_over_the_other(offer):
    key = key_for(offer.provider)
    answer = put(
        key,
        days_of(offer),
        {
            "spans": [
                span("05-01", "05-10", price_cents=12000, min_stay=3),
                span("05-03", "05-04", price_cents=15050),
                span("05-08", "05-20", status="closed", reason="Travaux"),
                span("05-10", "05-11", status="open"),
                span("05-01", "05-31", weekdays=[7], min_stay=2),
            ]
        },
    )

    assert answer.status_code == 200, answer.content
    found = shown(key, offer, "04-30", "05-13")
    assert found["04-30"] == ("open", 10000, 1)
    assert found["05-01"] == ("open", 12000, 3)
    assert found["05-02"] == ("open", 12000, 2)
    assert found["05-03"] == ("open", 15050, 3)
    assert found["05-05"] == ("open", 12000, 3)
    assert found["05-08"] == ("closed", 12000, 3)
    assert found["05-10"] == ("open", 12000, 3)
    assert found["05-12"] == ("closed", 10000, 1)
    assert answer.json()["nights_changed"] > 20
    assert {one.reason for one in Closure.objects.all()} == {"Travaux"}
    assert Entry.objects.filter(verb="nights changed").get().actor_label.startswith("key velay_")


def test_same_spans_again_change_nothing(offer):
    key = key_for(offer.provider)
    body = {"spans": [span("05-01", "05-10", price_cents=12000, status="closed", min_stay=2)]}
    assert put(key, days_of(offer), body).json()["nights_changed"] == 10
    again = put(key, days_of(offer), body)
    assert (again.status_code, again.json()["nights_changed"]) == (200, 0)
    assert NightEdit.objects.count() == 1


def test_host_takes_back_all_of_it_with_one_press(offer):
    key = key_for(offer.provider)
    before = (list(PriceRule.objects.values("amount")), list(Closure.objects.values("reason")))
    put(
        key,
        days_of(offer),
        {
            "spans": [
                span("05-01", "05-03", status="closed"),
                span("05-10", "05-12", price_cents=9900),
            ]
        },
    )
    edit = night_edits.last_edit(offer.provider, now=NOW)
    assert edit is not None
    night_edits.undo_edit(edit, actor=SYSTEM, now=NOW)
    after = (list(PriceRule.objects.values("amount")), list(Closure.objects.values("reason")))
    assert after == before
    assert not StayRestriction.objects.exists()


def test_one_bad_span_writes_none_and_every_reason_is_said(offer):
    key = key_for(offer.provider)
    answer = put(
        key,
        days_of(offer),
        {
            "spans": [
                span("05-01", "05-03", status="closed"),
                span("05-10", "05-09", status="closed"),
                span("03-01", "05-09", price_cents=10000),
                span("05-01", "05-09"),
                span("05-01", "05-01", weekdays=[1], min_stay=2),
            ]
        },
    )
    assert answer.status_code == 422
    assert fields(answer) == {
        "spans.1.last": "last_before_first",
        "spans.2.first": "in_the_past",
        "spans.3": "span_unknown",
        "spans.4.weekdays": "no_such_night",
    }
    assert not Closure.objects.exists()
    assert not NightEdit.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "spans"),
        ({"spans": []}, "spans"),
        ({"spans": "all"}, "spans"),
        ({"spans": [{}]}, "spans.0.first"),
        ({"spans": [{"first": "2027-02-31", "last": "2027-03-01"}]}, "spans.0.first"),
        ({"spans": [span("05-01", "05-02", price_cents=0)]}, "spans.0.price_cents"),
        ({"spans": [span("05-01", "05-02", price_cents=-5)]}, "spans.0.price_cents"),
        ({"spans": [span("05-01", "05-02", price_cents=99.5)]}, "spans.0.price_cents"),
        ({"spans": [span("05-01", "05-02", price_cents=10**9)]}, "spans.0.price_cents"),
        ({"spans": [span("05-01", "05-02", min_stay=0)]}, "spans.0.min_stay"),
        ({"spans": [span("05-01", "05-02", min_stay=300)]}, "spans.0.min_stay"),
        ({"spans": [span("05-01", "05-02", status="maybe")]}, "spans.0.status"),
        ({"spans": [span("05-01", "05-02", weekdays=[8])]}, "spans.0.weekdays.0"),
        ({"spans": [span("05-01", "05-02", price=100)]}, "spans.0.price"),
        (
            {"spans": [{"first": "2027-05-01", "last": "9999-12-31", "status": "open"}]},
            "spans.0.last",
        ),
        (
            {"spans": [{"first": "2027-05-01", "last": "2031-05-01", "status": "open"}]},
            "spans.0.last",
        ),
    ],
)
def test_what_is_no_span_is_said_with_its_place(offer, body, field):
    answer = put(key_for(offer.provider), days_of(offer), body)
    assert answer.status_code == 422, answer.content
    assert field in fields(answer), answer.content


def test_too_many_spans_are_refused(offer):
    key = key_for(offer.provider)
    answer = put(key, days_of(offer), {"spans": [span("05-01", "05-01", status="closed")] * 401})
    assert answer.status_code == 422


def test_closing_sold_nights_leaves_them_and_says_so(offer, bank: FakeBank):
    basket = factories.a_basket()
    hold_week(basket, offer)
    order = paid_order(basket, bank)
    key = key_for(offer.provider)

    answer = put(key, days_of(offer), {"spans": [span("07-01", "07-31", status="closed")]})

    assert answer.status_code == 200
    assert answer.json()["nights_changed"] == 31 - 7
    [bound] = answer.json()["not_closed"]
    assert bound == {"first": "2027-07-10", "after": "2027-07-17", "status": "sold"}
    found = ask(key, days_of(offer), **{"from": "2027-07-09", "to": "2027-07-10"}).json()["days"]
    assert [(one["status"], one["booking"]) for one in found] == [
        ("closed", None),
        ("sold", order.reference),
    ]
    # Whose booking it is, is told to who may read bookings.
    narrow = key_for(offer.provider, ["availability:read"])
    found = ask(narrow, days_of(offer), **{"from": "2027-07-10", "to": "2027-07-10"}).json()["days"]
    assert [(one["status"], one["booking"]) for one in found] == [("sold", None)]


def test_equal_units_share_their_prices():
    offer = a_week(units=2)
    key = key_for(offer.provider)
    first, second = (one.pk for one in offer.units.order_by("pk"))
    [row, _other] = ask(key, "units").json()["results"]
    assert row["shares_prices_with"] == [second]
    answer = put(
        key, f"units/{first}/days", {"spans": [span("05-01", "05-02", price_cents=8000)]}
    ).json()
    assert answer["units_changed"] == [first, second]
    other = ask(key, f"units/{second}/days", **{"from": "2027-05-01", "to": "2027-05-01"}).json()
    assert other["days"][0]["price_cents"] == 8000


# --- Once ----------------------------------------------------------------------------------------
def test_late_double_of_a_change_is_answered_and_changes_nothing(offer):
    key = key_for(offer.provider)
    low = {"spans": [span("05-01", "05-02", price_cents=8000)]}
    first = put(key, days_of(offer), low, **{"Idempotency-Key": "a-1"})
    put(key, days_of(offer), {"spans": [span("05-01", "05-02", price_cents=9000)]})

    late = put(key, days_of(offer), low, **{"Idempotency-Key": "a-1"})

    assert (late.status_code, late.json()) == (200, first.json())
    assert PriceRule.objects.get().amount == Decimal(90)


def test_one_name_for_two_changes_is_refused(offer):
    key = key_for(offer.provider)
    for price, status in ((8000, 200), (9000, 409)):
        body = {"spans": [span("05-01", "05-02", price_cents=price)]}
        answer = put(key, days_of(offer), body, **{"Idempotency-Key": "a-1"})
        assert answer.status_code == status
    assert codes(answer) == ["idempotency_reused"]


def test_refused_change_may_be_tried_again_under_its_name(offer):
    key = key_for(offer.provider)
    bad = {"spans": [span("03-01", "05-02", price_cents=8000)]}
    for _time in range(2):
        answer = put(key, days_of(offer), bad, **{"Idempotency-Key": "a-1"})
        assert answer.status_code == 422
    good = {"spans": [span("05-01", "05-02", price_cents=8000)]}
    assert put(key, days_of(offer), good, **{"Idempotency-Key": "a-1"}).status_code == 200


@pytest.mark.parametrize("name", ["x" * 65, "two words"])
def test_name_that_is_none_is_said(offer, name):
    body = {"spans": [span("05-01", "05-02", price_cents=8000)]}
    answer = put(key_for(offer.provider), days_of(offer), body, **{"Idempotency-Key": name})
    assert (answer.status_code, fields(answer)) == (422, {"Idempotency-Key": "invalid"})


def test_dates_wished_are_bounded(offer):
    key = key_for(offer.provider)
    asked = ask(key, days_of(offer), **{"from": "2027-05-01", "to": "2029-05-01"})
    assert (asked.status_code, codes(asked)) == (422, ["span_too_long"])
    asked = ask(key, days_of(offer), **{"from": "2027-05-02", "to": "2027-05-01"})
    assert codes(asked) == ["dates_reversed"]
    asked = ask(key, days_of(offer), **{"from": "9999-12-31"})
    assert asked.status_code == 422


def test_change_writes_nothing_to_tell_where_nobody_listens(offer):
    put(
        key_for(offer.provider),
        days_of(offer),
        {"spans": [span("05-01", "05-02", status="closed")]},
    )
    assert not HookDelivery.objects.exists()
    assert Closure.objects.get().dates.lower == date(2027, 5, 1)
    assert Closure.objects.get().reason == "Logiciel"
