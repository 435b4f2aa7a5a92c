"""Everything that a house owns in one file: asked for by an owner, made later, kept a week.

JSON and CSV for each table (`booking.export_tables`), documents and photographs beside them, in a
ZIP that is sealed like a paper. One a day; only owners fetch it, and each time is journalled
(features.md H16).
"""

from __future__ import annotations

import csv
import io
import json
import logging
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from booking import locks
from booking.export_tables import TABLES, Row, document_name, photo_name, photos_of
from booking.messages import write_message
from booking.models import OfferPhoto
from booking.papers import document_of
from booking.refusals import NotAllowed, Refusal, WrongState, trouble
from booking.task_queue import ask_for_task
from members.access import owned_by
from members.journal import SYSTEM, Actor, record
from members.models import HouseExport, Paper, Provider, User
from oti.lib.dates import paris
from oti.lib.dates import today as day_of
from oti.lib.private_files import drop_file, keep_file, read_file
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 3
# The file is made in memory and sealed whole; photographs beyond are named and left out.
MOST_FILE_BYTES = 60_000_000
# What a table program would run as a formula, were it typed by a guest.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
State = HouseExport.State


def ask_export(provider: Provider, *, user: User, now: datetime) -> HouseExport:
    """Note that an owner wants everything of its house; it is made after the commit.

    Raises NotAllowed `export_asked` for a second one of a day; one that failed doesn't count.
    Locks the provider.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        others = HouseExport.objects.filter(provider=house).exclude(state=State.FAILED)
        last = others.order_by("-asked_at").first()
        if last is not None and day_of(last.asked_at) == day_of(now):
            raise NotAllowed(trouble("export_asked"))
        export = HouseExport.objects.create(provider=house, asked_by=user, asked_at=now)
        _note("export asked for", export, actor=Actor.person(user), now=now)
        pk = export.pk
        transaction.on_commit(lambda: ask_for_task("booking.tasks.make_export", pk))
    return export


def make_export(export_id: int, *, now: datetime) -> bool:
    """Make one file that waits; returns whether this call made it.

    Taken under a lease, so that two workers never make the same one; a third failure ends it.
    Raises Busy.
    """
    export = _claim(export_id, now=now)
    if export is None:
        return False
    try:
        content = zip_of(export.provider, now=now)
    except (Unreadable, OSError, DatabaseError, ValueError):
        logger.exception("export %s not made", export_id)
        _fail(export, now=now)
        return False
    key = keep_file(content)
    try:
        is_kept = _finish(export, key, len(content), now=now)
    except (DatabaseError, Refusal):
        drop_file(key)
        raise
    if not is_kept:
        drop_file(key)
    return is_kept


def make_exports(*, now: datetime) -> int:
    """Make every file that waits; returns how many were made. One must not keep the others."""
    made = 0
    waiting = HouseExport.objects.filter(state=State.WAITING).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)[:20]):
        try:
            made += make_export(pk, now=now)
        except (DatabaseError, Refusal) as error:
            logger.warning("export %s waits: %s", pk, type(error).__name__)
    return made


def drop_exports(*, now: datetime) -> int:
    """Delete the files that were kept for a week; returns how many. Their rows stay."""
    dropped = 0
    for export in HouseExport.objects.filter(state=State.READY, expires_at__lte=now):
        with locks.write_transaction():
            locks.lock_provider(export.provider_id)
            rows = HouseExport.objects.filter(pk=export.pk, state=State.READY)
            is_mine = rows.update(state=State.GONE, file_key="")
        if is_mine:
            drop_file(export.file_key)
            dropped += 1
    return dropped


def read_export(export: HouseExport, *, actor: Actor, now: datetime) -> bytes:
    """Return the file for who may have it (the caller asked), and journal it.

    Raises WrongState `export_gone` for one that isn't ready, is past its week or can't be opened.
    """
    is_there = export.state == State.READY and export.expires_at and now < export.expires_at
    if not is_there:
        raise WrongState(trouble("export_gone"))
    try:
        content = read_file(export.file_key)
    except Unreadable as error:
        logger.exception("export %s can't be opened", export.pk)
        raise WrongState(trouble("export_gone")) from error
    with locks.write_transaction():
        _note("export fetched", export, actor=actor, now=now)
    return content


# --- One export ----------------------------------------------------------------------------------
def _claim(export_id: int, *, now: datetime) -> HouseExport | None:
    found = HouseExport.objects.filter(pk=export_id).first()
    if found is None:
        return None
    with locks.write_transaction():
        locks.lock_provider(found.provider_id)
        export = HouseExport.objects.select_related("provider__commune").get(pk=export_id)
        is_taken = export.leased_until is not None and export.leased_until > now
        if export.state != State.WAITING or is_taken:
            return None
        export.leased_until = now + LEASE
        export.attempts += 1
        export.save(update_fields=["leased_until", "attempts"])
    return export


def _fail(export: HouseExport, *, now: datetime) -> None:
    with locks.write_transaction():
        locks.lock_provider(export.provider_id)
        is_over = export.attempts >= MOST_ATTEMPTS
        HouseExport.objects.filter(pk=export.pk, state=State.WAITING).update(
            state=State.FAILED if is_over else State.WAITING, leased_until=now + LEASE
        )


def _finish(export: HouseExport, key: str, size: int, *, now: datetime) -> bool:
    """Write that the file is there and tell who asked; False when another worker was first."""
    with locks.write_transaction():
        locks.lock_provider(export.provider_id)
        rows = HouseExport.objects.filter(pk=export.pk, state=State.WAITING)
        is_mine = rows.filter(attempts=export.attempts).update(
            state=State.READY,
            ready_at=now,
            expires_at=now + KEPT,
            file_key=key,
            file_size=size,
            leased_until=None,
        )
        if not is_mine:
            return False
        _note("export made", export, actor=SYSTEM, now=now, size=size)
        asker = export.asked_by
        if asker is not None and asker.is_active and export.provider_id in owned_by(asker):
            write_message(
                "export_ready",
                key=f"export:{export.pk}:ready",
                recipient=asker.email,
                language=export.provider.language,
                data={"export": export.pk},
                now=now,
            )
    return True


def _note(verb: str, export: HouseExport, *, actor: Actor, now: datetime, **more: int) -> None:
    record(verb, f"provider:{export.provider_id}", actor=actor, at=now, export=export.pk, **more)


# --- The file ------------------------------------------------------------------------------------
def zip_of(provider: Provider, *, now: datetime) -> bytes:
    """Return the ZIP of a house: a page of words, each table twice, documents, photographs.

    Raises Unreadable for a document that can't be opened, OSError.
    """
    buffer = io.BytesIO()
    moment = paris(now).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:

        def put(name: str, content: bytes) -> None:
            info = zipfile.ZipInfo(name, date_time=moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)

        for table in TABLES:
            rows = list(table.rows(provider, now))
            told = json.dumps(rows, ensure_ascii=False, indent=1)
            put(f"json/{table.name}.json", told.encode())
            put(f"csv/{table.name}.csv", csv_of(rows, table.columns))
        left = MOST_FILE_BYTES
        for paper in Paper.objects.filter(provider=provider).exclude(file_key="").order_by("pk"):
            content = document_of(paper)
            left -= len(content)
            put(f"documents/{document_name(paper)}", content)
        missing = []
        for photo in photos_of(provider):
            size = photo.image.file_size or 0
            content = _photo(photo) if size <= left else b""
            if not content:
                missing.append(photo_name(photo))
                continue
            left -= len(content)
            put(photo_name(photo), content)
        put("LISEZ-MOI.txt", _words(provider, missing, now=now).encode())
    return buffer.getvalue()


def csv_of(rows: Iterable[Row], columns: Iterable[str] = ()) -> bytes:
    """Return rows as a table for French and other spreadsheets; no cell is run as a formula.

    `columns` stand first, also where there is no row.
    """
    known = list(rows)
    columns = list(dict.fromkeys([*columns, *(name for row in known for name in row)]))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in known)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    is_risky = isinstance(value, str) and text.startswith(FORMULA)
    return f"'{text}" if is_risky else text


def _photo(photo: OfferPhoto) -> bytes:
    """Return the file of a photograph as it was given, nothing when it is no longer there."""
    try:
        with photo.image.file.open("rb") as file:
            content: bytes = file.read()
            return content
    except OSError:
        return b""


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
