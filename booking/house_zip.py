"""The ZIP with everything of a house: written row by row, never held in memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from django.utils import translation
from django.utils.translation import gettext as _

from booking.export_tables import TABLES, Row, Table, document_name, photo_name, photos_of
from booking.models import OfferPhoto
from booking.papers import document_of
from members.models import Paper, Provider
from oti.lib.dates import paris
from oti.lib.sheets import Figure, inert, with_comma

# Somebody has to get it over a line in the country; photographs beyond are named and left out.
MOST_FILE_BYTES = 60_000_000
IN_MEMORY = 1_000_000
MARK_OF_UTF8 = b"\xef\xbb\xbf"


def write_zip(target: IO[bytes], provider: Provider, *, now: datetime) -> None:
    """Write the ZIP of a house: each table twice, documents, photographs, a page of words.

    Raises Unreadable for a document that can't be opened, OSError.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for table in TABLES:
            _put_table(file, table, provider, now=now)
        left = MOST_FILE_BYTES
        papers = Paper.objects.filter(provider=provider).exclude(file_key="").order_by("pk")
        for paper in papers.iterator(chunk_size=50):
            content = document_of(paper)
            left -= len(content)
            file.writestr(_entry(f"documents/{document_name(paper)}", now), content)
        missing = []
        for photo in photos_of(provider).iterator(chunk_size=50):
            size = _put_photo(file, photo, left, now=now)
            left -= size
            if not size:
                missing.append(photo_name(photo))
        words = _words(provider, missing, now=now).encode()
        file.writestr(_entry("LISEZ-MOI.txt", now), words)


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=paris(now).timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


# --- Tables --------------------------------------------------------------------------------------
def _put_table(file: zipfile.ZipFile, table: Table, provider: Provider, *, now: datetime) -> None:
    """Write a table for programs and for spreadsheets, from one reading of its rows."""
    with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        with file.open(_entry(f"json/{table.name}.json", now), "w", force_zip64=True) as told:
            write_table(table.rows(provider, now), table.columns, told, kept)
        kept.seek(0)
        with file.open(_entry(f"csv/{table.name}.csv", now), "w", force_zip64=True) as sheet:
            shutil.copyfileobj(kept, sheet)


def write_table(
    rows: Iterable[Row], columns: Sequence[str], told: IO[bytes], sheet: IO[bytes]
) -> None:
    """Write rows to `told` as a JSON list and to `sheet` as a table of spreadsheets, one by one.

    No cell of the sheet is run as a formula. `columns` stand first, also where there is no row;
    those of the first row follow. Raises ValueError for a later row that has others.
    """
    known = list(columns)
    sheet.write(MARK_OF_UTF8)
    is_first = True
    for row in rows:
        if is_first:
            known = list(dict.fromkeys([*known, *row]))
            sheet.write(_line(known))
        elif not row.keys() <= set(known):
            msg = f"columns that the first row hasn't: {sorted(row.keys() - set(known))}"
            raise ValueError(msg)
        text = json.dumps(row, ensure_ascii=False, indent=1).replace("\n", "\n ")
        told.write(f"{'[' if is_first else ','}\n {text}".encode())
        sheet.write(_line([_cell(row.get(name)) for name in known]))
        is_first = False
    if is_first:
        sheet.write(_line(known))
    told.write(b"[]" if is_first else b"\n]")


def csv_of(rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """Return rows of these columns as a table for spreadsheets; no cell runs as a formula."""
    lines = (_line([_cell(row.get(name)) for name in columns]) for row in rows)
    return b"".join([MARK_OF_UTF8, _line(columns), *lines])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerow(cells)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Figure):
        return with_comma(value)
    return inert(value) if isinstance(value, str) else str(value)


# --- Files ---------------------------------------------------------------------------------------
def _put_photo(file: zipfile.ZipFile, photo: OfferPhoto, left: int, *, now: datetime) -> int:
    """Write a photograph as it was given; returns its bytes, 0 for one too large or gone."""
    if (photo.image.file_size or 0) > left:
        return 0
    try:
        source = photo.image.file.open("rb")
    except OSError:
        return 0
    with source, file.open(_entry(photo_name(photo), now), "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target)
        size: int = source.tell()
    return size


def _words(provider: Provider, missing: list[str], *, now: datetime) -> str:
    with translation.override(provider.language):
        lines = [
            _("Everything that « %(name)s » owns on Velay, terre de liens.")
            % {"name": provider.name},
            _("Made on %(moment)s.") % {"moment": f"{paris(now):%Y-%m-%d %H:%M}"},
            "",
            _("json/ holds each table for programs, csv/ the same for spreadsheets."),
            _("documents/ holds your papers, photos/ your photographs."),
            _("Sums are euros, days and hours those of Paris; a span ends before its last day."),
        ]
        if missing:
            lines += ["", _("Too large for this file, or no longer there:"), *missing]
    return "\r\n".join(lines) + "\r\n"
