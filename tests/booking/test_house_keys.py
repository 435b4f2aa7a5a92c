"""Keys of hosts’ programs: shown once, kept as a fingerprint, ended with their maker."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking import enrolling, house_keys, team
from booking.refusals import BadInput, NotAllowed
from members.journal import SYSTEM, Actor
from members.models import Entry, HouseKey, KeyReply, Provider, ProviderRole, User
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
PAGE = reverse("extranet-keys")
LAST = date(2027, 7, 5)
FORM = {"name": "Logiciel d’hôtel", "scopes": ["bookings:read", "prices:write"], "days": "90"}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_house() -> tuple[Provider, User]:
    house = factories.a_provider(name="Les Narces")
    return house, factories.a_host(house)


def a_key(house: Provider, maker: User, **changes) -> tuple[HouseKey, str]:
    given = {"name": "Logiciel", "scopes": ["bookings:read"], "last_day": LAST, **changes}
    return house_keys.make_key(house, maker=maker, now=NOW, **given)


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


# --- Making --------------------------------------------------------------------------------------
def test_key_is_kept_as_its_fingerprint_only():
    house, maker = a_house()
    key, secret = a_key(house, maker, scopes=["prices:read", "bookings:read", "bookings:read"])

    key.refresh_from_db()
    assert key.scopes == ["prices:read", "bookings:read"]
    assert secret.startswith(key.prefix)
    assert len(secret) > len(key.prefix) + 20
    stored = " ".join(str(one) for one in HouseKey.objects.values_list().get())
    assert secret not in stored
    written = Entry.objects.get(verb="key made")
    assert secret not in str(written.data)
    assert written.subject == f"provider:{house.pk}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, "name_missing"),
        ({"scopes": []}, "scopes_missing"),
        ({"scopes": ["everything"]}, "scopes_missing"),
        ({"last_day": date(2027, 4, 5)}, "key_days"),
        ({"last_day": date(2029, 5, 1)}, "key_days"),
    ],
)
def test_what_is_no_key_is_said(changes, code):
    house, maker = a_house()
    with pytest.raises(BadInput, match=code):
        a_key(house, maker, **changes)
    assert not HouseKey.objects.exists()


def test_house_that_does_not_sell_makes_none():
    owner, house = factories.a_draft()
    with pytest.raises(NotAllowed, match="house_not_selling"):
        a_key(house, owner)


def test_twenty_keys_are_enough_and_ended_ones_do_not_count():
    house, maker = a_house()
    keys = [a_key(house, maker)[0] for _time in range(house_keys.MOST_KEYS)]
    with pytest.raises(NotAllowed, match="too_many_keys"):
        a_key(house, maker)
    house_keys.revoke_key(keys[0], actor=SYSTEM, now=NOW)
    a_key(house, maker)


# --- Standing ------------------------------------------------------------------------------------
def test_key_opens_its_house_and_its_day_is_noted():
    house, maker = a_house()
    _key, secret = a_key(house, maker)

    found = house_keys.key_of(secret, now=NOW)

    assert found is not None
    assert found.provider == house
    assert HouseKey.objects.get().last_used_on == date(2027, 4, 6)


@pytest.mark.parametrize("given", ["", "velay_", "velay_x" * 20, "é" * 40, "\udcff", "Basic x"])
def test_other_words_open_nothing(given):
    a_key(*a_house())
    assert house_keys.key_of(given, now=NOW) is None


def test_key_counts_until_its_last_day_is_over():
    house, maker = a_house()
    _key, secret = a_key(house, maker)
    evening = NOW.replace(month=7, day=5, hour=23, minute=59)
    assert house_keys.key_of(secret, now=evening)
    assert house_keys.key_of(secret, now=evening + timedelta(minutes=1)) is None


def test_revoked_key_opens_nothing_at_once():
    house, maker = a_house()
    key, secret = a_key(house, maker)
    for _time in range(2):
        house_keys.revoke_key(key, actor=SYSTEM, now=NOW)
    assert house_keys.key_of(secret, now=NOW) is None
    assert Entry.objects.filter(verb="key revoked").count() == 1


def remove_maker(house, maker):
    factories.a_host(house)
    role = house.roles.get(user=maker)
    team.remove_member(house, role.pk, actor=SYSTEM, now=NOW)


def make_staff(house, maker):
    factories.a_host(house)
    role = house.roles.get(user=maker)
    team.change_role(house, role.pk, ProviderRole.Role.STAFF, actor=SYSTEM, now=NOW)


def close_account(house, maker):
    User.objects.filter(pk=maker.pk).update(is_active=False)


def delete_account(house, maker):
    maker.delete()


def suspend(house, maker):
    enrolling.suspend_house(house, reason="Assurance", actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("what", [remove_maker, make_staff, close_account, delete_account, suspend])
def test_key_falls_with_its_maker_and_its_house(what):
    house, maker = a_house()
    _key, secret = a_key(house, maker)
    assert house_keys.key_of(secret, now=NOW)
    what(house, maker)
    assert house_keys.key_of(secret, now=NOW) is None


def test_key_of_a_house_that_sells_again_opens_again():
    house, maker = a_house()
    _key, secret = a_key(house, maker)
    suspend(house, maker)
    enrolling.reopen_house(house, reason="Reçue", actor=SYSTEM, now=NOW)
    assert house_keys.key_of(secret, now=NOW)


def test_answers_are_kept_for_a_day():
    key, _secret = a_key(*a_house())
    house_keys.keep_reply(key, "a", "print", {"n": 1}, now=NOW)
    house_keys.keep_reply(key, "a", "print", {"n": 2}, now=NOW)
    known = house_keys.known_reply(key, "a", "print")
    assert known is not None
    assert known.body == {"n": 1}
    assert house_keys.known_reply(key, "b", "print") is None
    with pytest.raises(NotAllowed, match="idempotency_reused"):
        house_keys.known_reply(key, "a", "other")
    assert house_keys.forget_replies(now=NOW + timedelta(hours=24)) == 0
    assert house_keys.forget_replies(now=NOW + timedelta(hours=25)) == 1
    assert not KeyReply.objects.exists()


# --- The page ------------------------------------------------------------------------------------
def test_owner_makes_a_key_sees_it_once_and_revokes_it():
    house, owner = a_house()
    client = browser_of(owner)
    assert "No key yet" in body(client.get(PAGE))

    page = body(client.post(reverse("extranet-key-make", args=[house.slug]), FORM, follow=True))

    key = HouseKey.objects.get()
    start = page.index('value="velay_') + 7
    secret = page[start : page.index('"', start)]
    assert house_keys.key_of(secret, now=NOW) == key
    assert key.expires_on == LAST
    again = client.get(PAGE)
    assert secret not in body(again)
    assert key.prefix in body(again)
    assert "no-store" in again["Cache-Control"]

    address = reverse("extranet-key-revoke", args=[house.slug, key.pk])
    assert "opens nothing any more" in body(client.post(address, follow=True))
    assert house_keys.key_of(secret, now=NOW) is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Give it a name"),
        ("name", "x" * 61, "Shorten it"),
        ("scopes", [], "Tick at least one"),
        ("scopes", ["root"], "Tick at least one"),
        ("days", "99999", "two years at most"),
        ("days", "", "two years at most"),
    ],
)
def test_bad_form_is_said_and_loses_nothing(field, value, words):
    house, owner = a_house()
    answer = browser_of(owner).post(
        reverse("extranet-key-make", args=[house.slug]), {**FORM, field: value}
    )
    assert answer.status_code == 422
    assert words in body(answer)
    assert not HouseKey.objects.exists()


def test_staff_sees_no_key_and_makes_none():
    house, owner = a_house()
    key, _secret = a_key(house, owner)
    staff = factories.a_user()
    ProviderRole.objects.create(user=staff, provider=house, role="staff")
    client = browser_of(staff)

    page = body(client.get(PAGE))
    assert "Only the owners" in page
    assert key.prefix not in page
    assert client.post(reverse("extranet-key-make", args=[house.slug]), FORM).status_code == 404
    address = reverse("extranet-key-revoke", args=[house.slug, key.pk])
    assert client.post(address).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_page_says_why_a_key_is_dead():
    house, owner = a_house()
    other = factories.a_host(house)
    a_key(house, other, name="Orphan")
    team.remove_member(house, house.roles.get(user=other).pk, actor=Actor("x"), now=NOW)
    assert "no longer owns the house" in body(browser_of(owner).get(PAGE))
