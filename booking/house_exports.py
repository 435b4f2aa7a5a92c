"""Everything that a house owns in one file: asked for by an owner, made later, kept a week.

JSON and CSV for each table (`booking.export_tables`), documents and photographs beside them, in a
ZIP that is sealed (`booking.house_zip` writes it). One a day, one at a time; only owners fetch it,
and each time is journalled (features.md H16).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO

from django.db import DatabaseError, transaction

from booking import locks
from booking.house_zip import write_zip
from booking.messages import write_message
from booking.refusals import NotAllowed, Refusal, WrongState, trouble
from booking.task_queue import ask_for_task
from members.access import owned_by
from members.journal import SYSTEM, Actor, record
from members.models import HouseExport, Provider, User
from oti.lib.dates import today as day_of
from oti.lib.private_files import drop_file, is_kept, keep_stream, open_file
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 3
State = HouseExport.State


def ask_export(provider: Provider, *, user: User, now: datetime) -> HouseExport:
    """Note that an owner wants everything of its house; it is made after the commit.

    Raises NotAllowed `export_under_way` while one is being made, `export_asked` for a second one
    of a day; one that failed doesn't count. Locks the provider.
    """
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        others = HouseExport.objects.filter(provider=house).exclude(state=State.FAILED)
        last = others.order_by("-asked_at").first()
        if last is not None and day_of(last.asked_at) == day_of(now):
            raise NotAllowed(trouble("export_asked"))
        if last is not None and last.state == State.WAITING:
            raise NotAllowed(trouble("export_under_way"))
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
        # On disk, never in memory; it has no name and goes with this call.
        with TemporaryFile() as file:
            write_zip(file, export.provider, now=now)
            size = file.tell()
            file.seek(0)
            key = keep_stream(file)
    except (Unreadable, OSError, DatabaseError, ValueError):
        logger.exception("export %s not made", export_id)
        _fail(export, now=now)
        return False
    try:
        is_mine = _finish(export, key, size, now=now)
    except (DatabaseError, Refusal):
        drop_file(key)
        raise
    if not is_mine:
        drop_file(key)
    return is_mine


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


def open_export(export: HouseExport, *, actor: Actor, now: datetime) -> IO[bytes]:
    """Return the file for who may have it (the caller asked), opened, and journal it.

    Raises WrongState `export_gone` for one that isn't ready, is past its week or can't be opened.
    """
    check_there(export, now=now)
    try:
        file = open_file(export.file_key)
    except Unreadable as error:
        logger.exception("export %s can't be opened", export.pk)
        raise WrongState(trouble("export_gone")) from error
    try:
        with locks.write_transaction():
            _note("export fetched", export, actor=actor, now=now)
    except (DatabaseError, Refusal):
        file.close()
        raise
    return file


def check_there(export: HouseExport, *, now: datetime) -> None:
    """Raise WrongState `export_gone` where there is no file to be had; it isn't opened."""
    is_there = export.state == State.READY and export.expires_at and now < export.expires_at
    if not (is_there and is_kept(export.file_key)):
        raise WrongState(trouble("export_gone"))


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
