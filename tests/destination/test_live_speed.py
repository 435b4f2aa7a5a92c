"""How little a page of the office asks of the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import kept_offers
from destination import kept_pages
from destination.models import ThemePage
from oti.lib.dates import PARIS
from oti.lib.memo import forget_everything
from tests import factories
from tests.cast import NOW, TODAY
from tests.destination.cms import a_page, a_pole_page
from tests.events.test_page_agenda import an_event

# The page with those above it and the translations of all of them; the fields of its type.
OF_A_PAGE = 2
# A pole's page is found with them.
OF_A_POLE = 1
# Everything that a process that knows nothing yet asks: places, catalogue, a whole search, offers.
AT_FIRST = 12


def know_nothing() -> None:
    """Forget what this process remembers, as if it had just begun."""
    forget_everything()
    kept_offers.forget()


def forget_pages() -> None:
    """Forget the pages that are kept whole, and nothing of what they show."""
    kept_pages.forget()


@pytest.fixture
def three_blocks(at: Any, settings: Any, cloned_database: str) -> Any:
    """Make a page with a block of each kind, each of them finding something."""
    settings.SEARCH_HORIZON_DAYS = 150
    settings.REMEMBER_SECONDS = 30
    at(NOW)
    factories.a_lodging(now=NOW)
    factories.a_slot(factories.an_activity(), TODAY + timedelta(days=3))
    an_event(datetime(2027, 4, 20, 20, tzinfo=PARIS))
    body = [
        ("lodgings", {"heading": "H", "when": "weekend", "count": 4, "commune": "43091"}),
        ("experiences", {"heading": "H", "pole": "massif-du-mezenc", "count": 4}),
        ("agenda", {"heading": "H", "count": 4}),
    ]
    return a_page(ThemePage, body=body)


def test_a_page_with_three_live_blocks_asks_little(client: Client, three_blocks: Any):
    address = three_blocks.url
    know_nothing()

    with CaptureQueriesContext(connection) as first:
        html = client.get(address).content.decode()
    forget_pages()
    with CaptureQueriesContext(connection) as again:
        assert client.get(address).content.decode() == html

    assert html.count("btn--ghost") == len(three_blocks.body)
    assert len(first) <= AT_FIRST
    assert len(again) <= OF_A_PAGE


def test_the_page_of_a_pole_asks_little(client: Client, three_blocks: Any):
    a_pole_page("massif-du-mezenc", body=[])
    address = reverse("destination:pole", args=["massif-du-mezenc"])
    know_nothing()

    with CaptureQueriesContext(connection) as first:
        html = client.get(address).content.decode()
    forget_pages()
    with CaptureQueriesContext(connection) as again:
        assert client.get(address).content.decode() == html

    # It has something of everything to show.
    assert all(heading in html for heading in ('id="sleep-h"', 'id="do-h"', 'id="agenda-h"'))
    assert len(first) <= AT_FIRST
    assert len(again) <= OF_A_POLE


def test_a_page_kept_whole_asks_nothing(client: Client, three_blocks: Any):
    address = three_blocks.url
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    assert len(asked) == 0
