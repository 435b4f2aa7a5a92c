"""Sealed files that no row speaks of are deleted, and no other."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import tasks
from booking.leftovers import drop_leftovers, drop_lost_originals
from booking.papers import Document, PaperInput, give_paper
from members.journal import SYSTEM
from members.models import HouseExport, Paper, Provider
from oti.lib.private_files import keep_file, read_file
from tests import factories
from tests.cast import NOW
from tests.destination.test_publication import a_picture

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


# --- Photographs ----------------------------------------------------------------------------------
def test_an_original_that_the_library_does_not_know_is_deleted(settings: Any, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path
    folder = tmp_path / "original_images"
    known = a_picture()
    (folder / "lost.jpg").write_bytes(b"half")
    aged(folder, 3)
    (folder / "fresh.jpg").write_bytes(b"under way")
    os.utime(folder / "fresh.jpg", (NOW.timestamp(), NOW.timestamp()))

    assert drop_lost_originals(now=NOW) == 1
    assert drop_lost_originals(now=NOW) == 0
    names = {one.name for one in folder.iterdir()}
    assert names == {"fresh.jpg", Path(known.file.name).name}


def test_without_any_photograph_there_is_nothing_to_do(settings: Any, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "none"
    assert drop_lost_originals(now=NOW) == 0


def test_the_desk_deletes_a_house_and_the_night_its_sealed_files(
    private: Path, at: Any, settings: Any, tmp_path: Path
):
    at(NOW)
    settings.MEDIA_ROOT = tmp_path / "media"
    _owner, house = factories.a_draft()
    scan = Document("rc.pdf", "application/pdf", b"%PDF-1 %%EOF")
    give_paper(house, "insurance", PaperInput("1", None, scan), actor=SYSTEM, now=NOW)
    key = keep_file(b"everything")
    HouseExport.objects.create(
        provider=house, asked_at=NOW, state="ready", file_key=key, expires_at=NOW
    )
    desk = Client()
    desk.force_login(factories.a_user(is_superuser=True))
    desk.post(reverse("desk_providers:delete", args=[house.pk]))
    assert not Provider.objects.filter(pk=house.pk).exists()
    aged(private, 3)
    tasks.drop_leftovers()
    assert not [one for one in private.rglob("*") if one.is_file()]
