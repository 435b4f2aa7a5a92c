"""What the pages of the demo ask of the database in a process that knows nothing."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from booking import kept_offers
from oti.lib.memo import forget_everything

MOST = 12


def test_no_page_of_the_office_asks_much(client: Client, demo_database: str, settings: Any):
    settings.REMEMBER_SECONDS = 30
    pages = Page.objects.live().filter(depth__gt=1, locale__language_code="fr").specific()
    addresses = sorted({page.url for page in pages})
    asked = {}
    for address in addresses:
        # What all processes share, and photographs that are still to be made.
        client.get(address)
        forget_everything()
        kept_offers.forget()
        with CaptureQueriesContext(connection) as found:
            assert client.get(address, follow=True).status_code == 200
        asked[address] = len(found)

    assert len(asked) > MOST
    assert {address: count for address, count in asked.items() if count > MOST} == {}
