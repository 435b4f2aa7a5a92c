"""The language of pages whose address has none: that of the page that was left, then chosen."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")


def language_of(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    return page.partition('<html lang="')[2][:2]


@pytest.mark.parametrize("code", ["fr", "en", "de"])
def test_signing_in_keeps_the_language_of_the_page_that_was_left(code: str):
    client = Client(headers={"accept-language": "nl"})
    page = client.get(f"/{code}/").content.decode()
    assert f'href="{LOGIN}?langue={code}"' in page
    assert language_of(client, f"{LOGIN}?langue={code}") == code
    # And the pages that follow.
    assert language_of(client, LOGIN) == code


@pytest.mark.parametrize("said", ["", "xx", "de%22", "fr,en", "é" * 400])
def test_a_language_that_is_none_changes_nothing(said: str):
    client = Client(headers={"accept-language": "en"})
    assert language_of(client, f"{LOGIN}?langue={said}") == "en"
    assert "django_language" not in client.cookies


def test_an_address_with_a_language_speaks_it_whatever_is_said():
    client = Client(headers={"accept-language": "en"})
    assert language_of(client, "/fr/?langue=de") == "fr"
    assert "django_language" not in client.cookies


def test_pages_that_use_the_word_themselves_are_spoken_as_before():
    client = Client(headers={"accept-language": "en"})
    client.force_login(factories.a_host(factories.a_provider()))
    assert language_of(client, f"{reverse('extranet-widget')}?langue=de") == "en"
    assert "django_language" not in client.cookies
