"""How little a page with live blocks asks of the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from destination.models import ThemePage
from oti.lib.dates import PARIS
from oti.lib.memo import forget_everything
from tests import factories
from tests.cast import NOW, TODAY
from tests.destination.cms import a_page
from tests.events.test_page_agenda import an_event

# The page itself, its fields, its ancestors and its translations.
OF_A_PAGE = 4
# Everything that a process that knows nothing yet asks: places, catalogue, a whole search.
AT_FIRST = 25


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
    client.get(three_blocks.url)
    forget_everything()

    with CaptureQueriesContext(connection) as first:
        html = client.get(three_blocks.url).content.decode()
    with CaptureQueriesContext(connection) as again:
        assert client.get(three_blocks.url).content.decode() == html

    assert html.count("btn--ghost") == len(three_blocks.body)
    assert len(first) <= AT_FIRST
    assert len(again) <= OF_A_PAGE
