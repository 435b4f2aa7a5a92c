"""Keys of baskets and orders never reach the log."""

from __future__ import annotations

import logging

import pytest
from django.utils.module_loading import import_string

from oti import settings as own
from oti.logs import WithoutKeys


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("/api/v1/baskets/s3cr3t/lines/4", "/api/v1/baskets/***/lines/4"),
        ("/api/v1/baskets/s3cr3t", "/api/v1/baskets/***"),
        ("/fr/commande/AAAA3333/?cle=s3cr3t&page=2", "/fr/commande/AAAA3333/?cle=***&page=2"),
        ("/ical/s3cr3t.ics", "/ical/***"),
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
