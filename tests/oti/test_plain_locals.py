"""What belongs to a thread: seen there and nowhere else, whatever keeps it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import DataError, connection, connections
from django.test import override_settings
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import Transformer

from oti.apps import UtcLoader
from oti.plain_locals import KEPT

T = TypeVar("T")


def elsewhere(ask: Callable[[], T]) -> T:
    """Return what another thread says."""
    said: list[T] = []
    other = threading.Thread(target=lambda: said.append(ask()))
    other.start()
    other.join()
    return said[0]


@pytest.mark.parametrize(("owner", "name"), KEPT, ids=lambda one: str(one)[:40])
def test_django_keeps_it_in_the_plain_way(owner: object, name: str):
    assert type(getattr(owner, name)) is threading.local


def test_settings_that_change_leave_it_plain():
    with override_settings(LANGUAGE_CODE="en", CACHES=settings.CACHES):
        pass

    assert {type(getattr(owner, name)) for owner, name in KEPT} == {threading.local}


def test_a_language_is_the_threads_own():
    with translation.override("de"):
        assert translation.get_language() == "de"
        assert elsewhere(translation.get_language) == "fr"
    with translation.override(None):
        assert translation.get_language() is None


def test_a_zone_is_the_threads_own():
    with timezone.override("Asia/Tokyo"):
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
        assert elsewhere(timezone.get_current_timezone_name) == "Europe/Paris"


def test_a_prefix_is_the_threads_own():
    usual = get_script_prefix()
    set_script_prefix("/velay/")
    try:
        assert elsewhere(get_script_prefix) == "/"
    finally:
        set_script_prefix(usual)


def test_a_line_is_the_threads_own():
    def other() -> bool:
        mine = connections["default"]
        return mine is not first and caches["default"] is not cache

    first, cache = connections["default"], caches["default"]
    assert connections["default"] is first
    assert elsewhere(other)


@given(st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)))
def test_a_moment_is_read_as_psycopg_reads_it(moment: datetime):
    written = f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0")
    if moment.microsecond:
        written += f".{moment.microsecond:06d}".rstrip("0")
    loader = UtcLoader(1184, Transformer())

    assert loader.load(f"{written}+00".encode()) == moment
    assert loader.load(f"{written}+00".encode()).tzinfo is UTC


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-07-11 14:32:00+02", datetime(2026, 7, 11, 12, 32, tzinfo=UTC)),
        ("1850-01-01 00:00:00+00:09:21", datetime(1849, 12, 31, 23, 50, 39, tzinfo=UTC)),
    ],
)
def test_a_moment_comes_in_utc(written: str, expected: datetime):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        (moment,) = cursor.fetchone()

    assert (moment, moment.tzinfo) == (expected, UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01+00"])
def test_what_is_no_moment_is_refused_as_psycopg_refuses_it(written: str):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        with pytest.raises(DataError):
            cursor.fetchone()
