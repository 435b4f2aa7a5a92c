"""Sealed files that no row speaks of are deleted, and no other."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from booking.leftovers import drop_leftovers
from booking.papers import Document, PaperInput, give_paper
from members.journal import SYSTEM
from members.models import Paper
from oti.lib.private_files import keep_file, read_file
from tests import factories
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def private(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_ROOT = tmp_path / "private"
    return Path(settings.PRIVATE_ROOT)


def aged(folder: Path, days: int) -> None:
    """Let every file have been written some days ago."""
    then = (NOW - timedelta(days=days)).timestamp()
    for one in folder.rglob("*"):
        if one.is_file():
            os.utime(one, (then, then))


def test_only_what_no_row_speaks_of_is_deleted(private: Path):
    _owner, house = factories.a_draft()
    scan = Document("rc.pdf", "application/pdf", b"%PDF-1 %%EOF")
    give_paper(house, "insurance", PaperInput("1", None, scan), actor=SYSTEM, now=NOW)
    lost = keep_file(b"lost")
    (private / lost[:2] / f"{lost}.part").write_bytes(b"half")
    aged(private, 3)
    fresh = keep_file(b"of a write under way")
    aged_now = private / fresh[:2] / fresh
    os.utime(aged_now, (NOW.timestamp(), NOW.timestamp()))

    assert drop_leftovers(now=NOW) == 2
    assert drop_leftovers(now=NOW) == 0
    assert read_file(Paper.objects.get().file_key) == b"%PDF-1 %%EOF"
    assert read_file(fresh) == b"of a write under way"


def test_files_go_with_the_house_that_was_deleted(private: Path):
    _owner, house = factories.a_draft()
    scan = Document("rc.pdf", "application/pdf", b"%PDF-1 %%EOF")
    give_paper(house, "insurance", PaperInput("1", None, scan), actor=SYSTEM, now=NOW)
    house.delete()
    aged(private, 3)
    assert drop_leftovers(now=NOW) == 1
    assert not [one for one in private.rglob("*") if one.is_file()]


def test_without_any_file_there_is_nothing_to_do(private: Path):
    assert drop_leftovers(now=NOW) == 0
