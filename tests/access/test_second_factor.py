"""With one proof of who they are, nobody opens an address of hosts or of the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from members.models import User
from tests import factories

pytestmark = pytest.mark.django_db

# What may stand in an address, by its converter.
WORDS = {"int": "1", "str": "mot", "slug": "mot", "path": "mot", "uuid": "0" * 8 + "-0000" * 3}
# Signing out, and the way to sign in.
OPEN = {"/gestion/logout/", "/gestion/login/"}


def addresses(prefix: str) -> list[str]:
    """Return an address for each pattern below a prefix."""
    found = set(_walk(get_resolver().url_patterns, ""))
    return sorted({f"/{one}" for one in found if one.startswith(prefix)} - OPEN)


def _walk(patterns: list[Any], before: str) -> Iterator[str]:
    for one in patterns:
        if isinstance(one.pattern, RoutePattern):
            here = before + re.sub(
                r"<(?:(\w+):)?\w+>", lambda m: WORDS.get(m[1] or "str", "1"), str(one.pattern)
            )
        else:
            # Written as an expression: what it captures is a number or a word.
            here = before + re.sub(r"\(\?P<\w+>[^)]*\)", "1", str(one.pattern)).strip("^$")
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, here)
        elif isinstance(one, URLPattern):
            yield here


@pytest.fixture(autouse=True)
def _asked(settings):
    settings.IS_SECOND_FACTOR_ASKED = True


def a_person(kind: str) -> User:
    if kind == "host":
        return factories.a_host(factories.a_provider())
    if kind == "staff":
        host = factories.a_host(factories.a_provider())
        host.roles.update(role="staff")
        return host
    user = factories.a_user("bureau@example.org")
    if kind == "office":
        user.groups.add(factories.the_office())
    else:
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        user.refresh_from_db()
    return user


@pytest.mark.parametrize(
    ("prefix", "kind", "least"),
    [
        ("pro/", "host", 60),
        ("pro/", "staff", 60),
        ("gestion/", "office", 400),
        ("gestion/", "administrator", 400),
    ],
)
def test_no_address_opens_with_one_proof(prefix: str, kind: str, least: int):
    client = Client()
    client.force_login(a_person(kind))
    door = reverse("members:protect")
    tried = addresses(prefix)

    assert len(tried) >= least
    for address in tried:
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, answer.url.partition("?")[0]) == (302, door), address


def test_the_way_to_the_second_proof_leads_back(client: Client):
    client.force_login(a_person("host"))
    door = reverse("members:protect")

    assert client.get("/pro/calendrier/?mois=2027-07").url == (
        f"{door}?next=%2Fpro%2Fcalendrier%2F%3Fmois%3D2027-07"
    )
    # What was sent with a form isn't sent again: the way leads to where one works.
    assert client.post("/pro/calendrier/").url == f"{door}?next=%2Fpro%2F"
    in_place = client.get("/pro/calendrier/", headers={"hx-request": "true"})
    assert (in_place.status_code, in_place["HX-Redirect"][: len(door)]) == (200, door)


def test_who_has_no_house_may_begin_one_with_one_proof(client: Client):
    client.force_login(factories.a_user("nouvelle@example.org"))

    assert client.get(reverse("extranet-home")).status_code == 200


def test_switched_off_it_asks_for_nothing(client: Client, settings):
    settings.IS_SECOND_FACTOR_ASKED = False
    client.force_login(a_person("host"))

    assert client.get(reverse("extranet-home")).status_code == 200
