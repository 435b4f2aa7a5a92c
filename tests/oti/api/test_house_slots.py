"""A host's program reads its dates, gives them places, closes them; what is sold stays sold."""

from __future__ import annotations

from datetime import date, time

import pytest

from booking.models import Slot
from members.models import Entry
from tests import factories
from tests.oti.api.client import a_workshop, codes, fields
from tests.oti.api.house import ask, key_for, patch

pytestmark = pytest.mark.django_db
MONTH = {"from": "2027-07-01", "to": "2027-07-31"}


def test_dates_are_told_page_after_page(monkeypatch):
    monkeypatch.setattr("oti.api.house_slots.PAGE", 2)
    slot = a_workshop()
    # Two dates at one moment: the cursor parts them by their number.
    other = factories.an_activity(kind="workshop", provider=slot.offer.provider)
    wanted = [slot.pk] + [
        factories.a_slot(offer, date(2027, 7, day), time(14)).pk
        for offer, day in ((other, 12), (slot.offer, 13), (slot.offer, 14), (slot.offer, 15))
    ]
    a_workshop()
    key = key_for(slot.offer.provider)

    found, cursor = [], ""
    for _page in range(3):
        answer = ask(key, "slots", **MONTH, cursor=cursor).json()
        found += [one["id"] for one in answer["results"]]
        cursor = answer["next"]

    assert (found, cursor) == (wanted, None)
    [only] = ask(key, "slots", **MONTH, offer=other.slug).json()["results"]
    assert only["offer"]["slug"] == other.slug
    assert only["starts_at"] == "2027-07-12T14:00+02:00"


def test_offer_of_another_house_is_not_known():
    mine, others = a_workshop(), a_workshop()
    key = key_for(mine.offer.provider)
    assert ask(key, "slots", offer=others.offer.slug).status_code == 404
    assert patch(key, f"slots/{others.pk}", {"capacity": 3}).status_code == 404


@pytest.mark.parametrize("cursor", ["x", "é", "MjAyN3wx", "=" * 8, "a" * 100])
def test_cursor_that_is_none_is_said(cursor):
    answer = ask(key_for(a_workshop().offer.provider), "slots", cursor=cursor)
    assert (answer.status_code, codes(answer)) == (422, ["cursor_unreadable"])


def test_date_is_given_places_closed_and_opened():
    slot = a_workshop(capacity=10)
    key = key_for(slot.offer.provider)

    answer = patch(key, f"slots/{slot.pk}", {"capacity": 12})
    assert (answer.status_code, answer.json()["capacity"]) == (200, 12)
    closed = patch(key, f"slots/{slot.pk}", {"closed": True}).json()
    assert (closed["capacity"], closed["closed"], closed["reason"]) == (12, True, "Logiciel")
    opened = patch(key, f"slots/{slot.pk}", {"closed": False}).json()
    assert (opened["closed"], opened["reason"]) == (False, "")
    written = Entry.objects.filter(subject=f"slot:{slot.pk}", verb="slot changed")
    assert written.count() == 3


def test_places_that_are_sold_stay():
    slot = a_workshop(capacity=10)
    Slot.objects.filter(pk=slot.pk).update(sold=4)
    key = key_for(slot.offer.provider)

    fewer = patch(key, f"slots/{slot.pk}", {"capacity": 3})
    assert (fewer.status_code, codes(fewer)) == (409, ["capacity_under_sold"])
    closing = patch(key, f"slots/{slot.pk}", {"closed": True})
    assert (closing.status_code, fields(closing)) == (409, {"closed": "slot_sold"})
    slot.refresh_from_db()
    assert (slot.capacity, slot.is_closed) == (10, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"reason": "x"}, ""),
        ({"capacity": -1}, "capacity"),
        ({"capacity": "10"}, "capacity"),
        ({"capacity": 10**9}, "capacity"),
        ({"closed": "yes"}, "closed"),
        ({"sold": 3}, "sold"),
        ("{", ""),
    ],
)
def test_what_is_no_change_is_said(body, field):
    slot = a_workshop()
    answer = patch(key_for(slot.offer.provider), f"slots/{slot.pk}", body)
    assert answer.status_code == 422, answer.content
    assert field in fields(answer)


def test_late_double_changes_nothing():
    slot = a_workshop(capacity=10)
    key = key_for(slot.offer.provider)
    name = {"Idempotency-Key": "b-1"}
    patch(key, f"slots/{slot.pk}", {"capacity": 6}, **name)
    patch(key, f"slots/{slot.pk}", {"capacity": 8})
    late = patch(key, f"slots/{slot.pk}", {"capacity": 6}, **name)
    assert late.json()["capacity"] == 6
    slot.refresh_from_db()
    assert slot.capacity == 8


def test_carers_are_counted_and_not_their_units():
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, date(2027, 7, 12), time(9), capacity=80)
    answer = patch(key_for(offer.provider), f"slots/{slot.pk}", {"closed": True}).json()
    assert answer["capacity"] == 2
