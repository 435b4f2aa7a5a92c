"""Conditions and organiser are shown for some seconds as they were; an order reads them anew."""

from datetime import timedelta

import pytest
from django.test import Client

from booking.models import Order, Organiser
from destination.models import LegalText
from oti.lib.memo import read_again
from tests import factories
from tests.booking.pages import address, body, checkout_form, dupont_stay
from tests.cast import NOW, FakeBank

CHECKOUT = "booking:checkout"


@pytest.fixture(autouse=True)
def _remembering(settings, cloned_database: str, at, bank: FakeBank) -> None:
    settings.REMEMBER_SECONDS = 30
    at(NOW)
    factories.terms()
    factories.package_form()


def see_checkout(client: Client) -> str:
    """Look at the page, which remembers what it shows; not what another test left."""
    with read_again():
        answer = client.get(address(CHECKOUT))
    assert answer.status_code == 200
    return body(answer)


def test_conditions_that_changed_a_moment_ago_have_to_be_read(client: Client):
    basket = dupont_stay(client)
    assert 'value="test-1"' in see_checkout(client)
    old = LegalText.objects.get(kind=LegalText.Kind.TERMS)
    LegalText.objects.create(
        kind=old.kind,
        language="fr",
        version="test-2",
        valid_from=old.valid_from,
        title=old.title,
        body=old.body,
    )

    refused = client.post(address(CHECKOUT), checkout_form(basket))

    assert refused.status_code == 422
    assert "The conditions changed meanwhile" in body(refused)
    assert 'value="test-2"' in body(refused)
    assert not Order.objects.exists()


def test_organiser_that_ceased_a_moment_ago_sells_nothing(client: Client):
    basket = dupont_stay(client)
    see_checkout(client)
    Organiser.objects.update(valid_until=NOW.date() - timedelta(days=1))

    refused = client.post(address(CHECKOUT), checkout_form(basket))

    my_stay = address("booking:my-stay")
    assert (refused.status_code, refused["Location"]) == (303, my_stay)
    assert not Order.objects.exists()
    # The pages that say why know it too.
    assert client.get(address(CHECKOUT))["Location"] == my_stay
    assert client.get(my_stay).status_code == 200
