"""Pictures of a map from elsewhere: only where an address is set, and it is said whose they are."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from oti.settings import tiles_origin
from tests import factories
from tests.pages import address

TILES = "https://tiles.example.org:8443/wmts/{z}/{x}/{y}.png?style=plan"


def test_the_origin_alone_is_opened():
    assert tiles_origin(TILES, "© IGN") == "https://tiles.example.org:8443"


@pytest.mark.parametrize(
    "url",
    [
        "tiles.example.org/{z}/{x}/{y}.png",
        "https://{s}.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/map.png",
        "javascript:alert(1)//{z}{x}{y}",
        "file:///{z}/{x}/{y}.png",
    ],
)
def test_what_is_no_address_of_tiles_stops_the_start(url: str):
    with pytest.raises(ImproperlyConfigured, match="MAP_TILES_URL"):
        tiles_origin(url, "© IGN")


def test_tiles_without_a_name_stop_the_start():
    with pytest.raises(ImproperlyConfigured, match="MAP_TILES_ATTRIBUTION"):
        tiles_origin(TILES, "")


@pytest.mark.django_db
def test_a_map_names_nobody_else_without_an_address(client: Client):
    factories.a_perimeter()
    answer = client.get(address("booking:map"))

    assert b'data-tiles=""' in answer.content
    assert "img-src 'self' data:;" in answer["Content-Security-Policy"] + ";"


@pytest.mark.django_db
def test_a_map_gives_the_address_and_whose_it_is(client: Client, settings):
    factories.a_perimeter()
    settings.MAP_TILES_URL, settings.MAP_TILES_ATTRIBUTION = TILES, "<b>© IGN</b>"

    page = client.get(address("booking:map")).content.decode()

    assert f'data-tiles="{TILES}"' in page
    assert 'data-tiles-attribution="&lt;b&gt;© IGN&lt;/b&gt;"' in page
