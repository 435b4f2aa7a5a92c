"""Keys of baskets and orders never reach the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string

from oti import settings as own
from oti.logs import WithoutKeys

NGINX = Path(own.BASE_DIR, "oti/deploy/nginx.conf").read_text()


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("/api/v1/baskets/s3cr3t/lines/4", "/api/v1/baskets/***/lines/4"),
        ("/api/v1/baskets/s3cr3t", "/api/v1/baskets/***"),
        ("/fr/commande/AAAA3333/?cle=s3cr3t&page=2", "/fr/commande/AAAA3333/?cle=***&page=2"),
        ("/ical/s3cr3t.ics", "/ical/***"),
        ("/pro/carte/?carte=s3cr3t", "/pro/carte/?carte=***"),
        ("/desabonnement/s3cr3t/offers/", "/desabonnement/***/offers/"),
        ("/api/v1/baskets", "/api/v1/baskets"),
        (503, "503"),
    ],
)
def test_keys_are_masked_wherever_they_stand(said: object, written: str) -> None:
    for record in (
        logging.makeLogRecord({"msg": "%s: %s", "args": ("Service Unavailable", said)}),
        logging.makeLogRecord({"msg": f"Service Unavailable: {said}", "args": None}),
    ):
        assert WithoutKeys().filter(record)
        assert record.getMessage() == f"Service Unavailable: {written}"


def test_everything_that_is_written_passes_there() -> None:
    for handler in own.LOGGING["handlers"].values():
        for name in handler["filters"]:
            assert import_string(own.LOGGING["filters"][name]["()"]) is WithoutKeys


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_the_key_of_somebodys_letters_is_masked_in_every_language(language: str) -> None:
    with translation.override(language):
        address = reverse("booking:letter-choices", args=["s3cr3t"])
    record = logging.makeLogRecord({"msg": "Not Found: %s", "args": (address,)})
    assert WithoutKeys().filter(record)
    assert record.getMessage() == f"Not Found: {address.replace('s3cr3t', '***')}"
    # The proxy writes down the path alone, by a rule of its own.
    [rule] = re.findall(r'"~\*(.*/\(\?:baskets.*?)" "', NGINX)
    found = re.match(rule.replace("(?<", "(?P<"), address, re.IGNORECASE)
    assert found is not None
    assert "s3cr3t" not in found["before_key"] + found["after_key"]
