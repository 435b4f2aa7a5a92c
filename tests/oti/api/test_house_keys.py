"""What a key opens through the API, and everything that keeps one from opening."""

from __future__ import annotations

import pytest
from django.test import Client

from booking import enrolling
from members.journal import SYSTEM
from members.models import HouseKey
from tests import factories
from tests.booking.pages import a_week
from tests.cast import NOW
from tests.oti.api.client import codes
from tests.oti.api.house import ask, key_for, patch, put

pytestmark = pytest.mark.django_db


def test_key_opens_its_own_house_alone():
    mine, others = a_week(), a_week()
    answer = ask(key_for(mine.provider), "units")

    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["results"]] == [mine.units.get().pk]
    assert answer["Cache-Control"] == "no-store"
    other = f"units/{others.units.get().pk}/days"
    assert ask(key_for(mine.provider), other).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer velay_nothing", "Bearer é"]
)
def test_without_a_good_key_nothing_opens(header):
    unit = a_week().units.get()
    for path in ("units", f"units/{unit.pk}/days", "slots", "bookings", "bookings/ABCDEFGH"):
        answer = Client().get(f"/api/v1/pro/{path}", headers={"Authorization": header})
        assert (answer.status_code, codes(answer)) == (401, ["key_refused"]), path
        assert answer["WWW-Authenticate"] == "Bearer"


def test_session_of_the_host_is_no_key():
    offer = a_week()
    client = Client()
    client.force_login(factories.a_host(offer.provider))
    assert client.get("/api/v1/pro/units").status_code == 401


def test_dead_key_stops_at_the_next_request():
    offer = a_week()
    key = key_for(offer.provider)
    assert ask(key, "units").status_code == 200
    enrolling.suspend_house(offer.provider, reason="Assurance", actor=SYSTEM, now=NOW)
    assert ask(key, "units").status_code == 401


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("availability:read", {"units", "days", "slots"}),
        ("prices:read", {"units", "days"}),
        ("bookings:read", {"bookings", "booking"}),
        ("availability:write", {"close", "slot"}),
        ("prices:write", {"price"}),
    ],
)
def test_scope_opens_what_it_says_and_no_more(scope, opened):
    offer = a_week()
    unit = offer.units.get()
    slot = factories.a_slot(
        factories.an_activity(kind="workshop", provider=offer.provider), NOW.date().replace(month=7)
    )
    key = key_for(offer.provider, [scope])
    nights = {"first": "2027-05-01", "last": "2027-05-02"}
    asked = {
        "units": ask(key, "units"),
        "days": ask(key, f"units/{unit.pk}/days"),
        "slots": ask(key, "slots"),
        "bookings": ask(key, "bookings"),
        "booking": ask(key, "bookings/ABCDEFGH"),
        "close": put(key, f"units/{unit.pk}/days", {"spans": [{**nights, "status": "closed"}]}),
        "price": put(key, f"units/{unit.pk}/days", {"spans": [{**nights, "price_cents": 9000}]}),
        "slot": patch(key, f"slots/{slot.pk}", {"capacity": 5}),
    }
    found = {name for name, answer in asked.items() if answer.status_code != 403}
    assert found == opened
    refused = next(one for one in asked.values() if one.status_code == 403)
    assert codes(refused) == ["scope_missing"]
    assert refused.json()["problems"][0]["fix"]["scopes"]


def test_key_that_may_only_read_prices_sees_no_booking():
    offer = a_week()
    unit = offer.units.get()
    days = ask(key_for(offer.provider, ["prices:read"]), f"units/{unit.pk}/days").json()["days"]
    assert {one["status"] for one in days} == {None}
    assert days[0]["price_cents"] == 10000
    other = ask(key_for(offer.provider, ["availability:read"]), f"units/{unit.pk}/days").json()
    assert other["days"][0] == {
        "day": "2027-04-06",
        "status": "open",
        "reason": "",
        "booking": None,
        "price_cents": None,
        "min_stay": None,
    }


def test_each_key_has_its_own_count(settings):
    settings.API_RATES = {"read": "2/minute", "write": "1/minute", "checkout": "1/hour"}
    offer = a_week()
    first, second = key_for(offer.provider), key_for(offer.provider)
    assert [ask(first, "units").status_code for _time in range(3)] == [200, 200, 429]
    assert ask(second, "units").status_code == 200


def test_key_is_noted_as_used():
    key = key_for(a_week().provider)
    ask(key, "units")
    assert HouseKey.objects.get().last_used_on == NOW.date()


def test_other_methods_are_refused():
    key = key_for(a_week().provider)
    for method in ("post", "delete", "options"):
        answer = getattr(Client(), method)(
            "/api/v1/pro/units", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 405
