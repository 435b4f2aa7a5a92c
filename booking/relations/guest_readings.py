"""Files of guests of years before are read: each row judged, nobody known by it yet (S-70).

A short file is read while its giver waits; a long one is kept, sealed, and read by a worker under
a lease: one that died is replaced, and two of them write its rows once. It is deleted once it is
read.
What becomes of the rows afterwards is in `guest_imports`.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, IntegrityError, transaction

from booking import locks
from booking.models import GuestImport, GuestImportRow
from booking.refusals import BadInput, Refusal, Trouble, trouble, troubles_of
from booking.relations import consent
from booking.rules.guest_files import Fault, GuestRow, is_short, read_columns, read_guests
from booking.rules.talks import plain_text
from booking.task_queue import ask_for_task
from members.journal import Actor, record
from members.models import CustomerIdentity, Provider
from members.rules import consent as rules
from members.rules.customers import name_key
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of
from oti.lib.private_files import drop_file, keep_file
from oti.lib.private_files import read_file as kept_file
from oti.lib.sealing import Unreadable

logger = logging.getLogger(__name__)
READ_AT_ONCE = 2_000
LONGEST_NAME = 120
# A long file takes some ten seconds; who has died after that is replaced.
LEASE = timedelta(minutes=3)
MOST_ATTEMPTS = 3
Basis, State, Verdict = GuestImport.Basis, GuestImport.State, GuestImportRow.Verdict
Item = TypeVar("Item")
_CLOCK = Actor("system")


@dataclass(frozen=True)
class FileGiven:
    """A file, who gave it, and why we may keep what is in it."""

    name: str
    content: bytes
    provider: Provider
    basis: str
    # What guests read when they said yes, or were told.
    words: str


def read_file(given: FileGiven, *, actor: Actor, now: datetime) -> GuestImport:
    """Read a file and say of each row what would become of it; nobody is known by it yet.

    A long one is only looked at: it comes back `UNREAD`, and `read_import` does the rest. Raises
    BadInput `import_words_missing`, `import_known`, `import_no_proof_column`,
    `import_no_stay_column`, and those of `booking.rules.guest_files.read_guests`.
    """
    words = plain_text(given.words)[:2_000]
    if not words:
        raise BadInput(trouble("import_words_missing", field="words"))
    mark = hashlib.sha256(given.content).hexdigest()
    if GuestImport.objects.filter(sha256=mark).exists():
        raise BadInput(trouble("import_known", field="file"))
    _check_columns(given)
    head = GuestImport(
        provider=given.provider,
        basis=given.basis,
        words=words,
        file_name=given.name[-LONGEST_NAME:],
        sha256=mark,
        read_at=now,
        read_by_id=actor.user_id,
    )
    if is_short(given.content):
        return _read_at_once(head, given.content, actor=actor, now=now)
    return _keep_for_later(head, given.content, actor=actor, now=now)


def read_import(pk: int, *, now: datetime) -> bool:
    """Read a file that waits, under a lease; returns whether this call did.

    What is wrong with it is kept with it, for its page. Raises Busy.
    """
    head = _claim(pk, now=now)
    if head is None:
        return False
    try:
        content = kept_file(head.file_key)
    except Unreadable:
        logger.exception("file of guests %s can't be opened", pk)
        return _finish(head, (), (trouble("import_lost"),), now=now)
    found = read_guests(content, today=day_of(now))
    rows = list(_judged(found.rows, head.basis, now=now))
    return _finish(head, rows, troubles_of(found.problems), now=now)


def read_imports(*, now: datetime) -> int:
    """Read every file that waits; returns how many. One must not keep the others."""
    done = 0
    waiting = GuestImport.objects.filter(state=State.UNREAD).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)[:20]):
        try:
            done += read_import(pk, now=now)
        except (DatabaseError, Refusal) as error:
            logger.warning("file of guests %s waits: %s", pk, type(error).__name__)
    return done


# --- One file -----------------------------------------------------------------------------------
def _check_columns(given: FileGiven) -> None:
    found = read_columns(given.content)
    if found.problems:
        raise BadInput(*troubles_of(found.problems, field="file"))
    wanted, code = {
        Basis.CONSENT: ("consented_on", "import_no_proof_column"),
        Basis.OWN_GUEST: ("last_day", "import_no_stay_column"),
    }[Basis(given.basis)]
    if wanted not in found.columns:
        raise BadInput(trouble(code, field="file"))


def _read_at_once(head: GuestImport, content: bytes, *, actor: Actor, now: datetime) -> GuestImport:
    found = read_guests(content, today=day_of(now))
    if found.problems:
        raise BadInput(*troubles_of(found.problems, field="file"))
    rows = list(_judged(found.rows, head.basis, now=now))
    with locks.write_transaction():
        _add(head)
        _insert(head, rows)
        _count(head, rows, actor=actor, now=now)
    return head


def _keep_for_later(
    head: GuestImport, content: bytes, *, actor: Actor, now: datetime
) -> GuestImport:
    head.state, head.file_key = State.UNREAD, keep_file(content)
    try:
        with locks.write_transaction():
            _add(head)
            record("guest file given", f"guest_import:{head.pk}", actor=actor, at=now)
            pk = head.pk
            transaction.on_commit(lambda: ask_for_task("booking.tasks.read_guest_import", pk))
    except (DatabaseError, Refusal):
        drop_file(head.file_key)
        raise
    return head


def _add(head: GuestImport) -> None:
    """Insert a file; raises BadInput `import_known` where the same one came at the same moment."""
    try:
        with transaction.atomic():
            head.save(force_insert=True)
    except IntegrityError as error:
        raise BadInput(trouble("import_known", field="file")) from error


def _claim(pk: int, *, now: datetime) -> GuestImport | None:
    """Take a file that waits under a lease, None where there is none to be taken."""
    with locks.write_transaction():
        head = locks.lock_guest_import(pk)
        if head is None or head.state != State.UNREAD:
            return None
        if head.leased_until is not None and head.leased_until > now:
            return None
        if head.attempts < MOST_ATTEMPTS:
            head.leased_until, head.attempts = now + LEASE, head.attempts + 1
            head.save(update_fields=["leased_until", "attempts"])
            return head
    # Whoever read it died each time.
    _finish(head, (), (trouble("import_gave_up"),), now=now)
    return None


class _NotOurs(Exception):
    """Another worker was first, or the file was dropped."""


def _finish(
    head: GuestImport,
    rows: Sequence[GuestImportRow],
    troubles: Sequence[Trouble],
    *,
    now: datetime,
) -> bool:
    """Write what was read, or what is wrong; False where another worker was first.

    The rows are inserted before the file is locked: it takes seconds, and erasing waits for it.
    """
    try:
        with locks.write_transaction():
            _insert(head, rows)
            fresh = locks.lock_guest_import(head.pk)
            if fresh is None or fresh.state != State.UNREAD or fresh.attempts != head.attempts:
                raise _NotOurs
            key, fresh.file_key, fresh.leased_until, fresh.read_at = fresh.file_key, "", None, now
            if troubles:
                fresh.state = State.BROKEN
                fresh.problems = [{"code": one.code, "params": {**one.params}} for one in troubles]
                fresh.save()
                record("guest file unreadable", f"guest_import:{fresh.pk}", actor=_CLOCK, at=now)
            else:
                _refuse_silenced(rows, now=now)
                fresh.state = State.READ
                _count(fresh, rows, actor=_CLOCK, now=now)
            transaction.on_commit(lambda: drop_file(key))
    except _NotOurs:
        return False
    except IntegrityError:
        # The rows of another worker are there already, or the file was dropped under them.
        logger.warning("file of guests %s was read by another worker", head.pk)
        return False
    return True


def _refuse_silenced(rows: Sequence[GuestImportRow], *, now: datetime) -> None:
    """Refuse who said no, or was erased, while the file was read: erasing waits for its lock."""
    found = []
    for chunk in _chunks(rows, READ_AT_ONCE):
        silenced = consent.who_said_no({one.email for one in chunk}, rules.OFFERS, now=now)
        for one in chunk:
            if one.email in silenced and one.verdict != Verdict.REFUSED:
                one.verdict, one.reason = Verdict.REFUSED, Fault.SAID_NO
                found.append(one)
    GuestImportRow.objects.bulk_update(found, ["verdict", "reason"], batch_size=READ_AT_ONCE)


def _insert(head: GuestImport, rows: Sequence[GuestImportRow]) -> None:
    for one in rows:
        one.guest_import = head
    GuestImportRow.objects.bulk_create(rows, batch_size=1_000)


def _count(
    head: GuestImport, rows: Sequence[GuestImportRow], *, actor: Actor, now: datetime
) -> None:
    counts = Counter(str(one.verdict) for one in rows)
    counts.update(f"refused:{one.reason}" for one in rows if one.reason)
    head.counts = dict(counts)
    head.save()
    record("guest file read", f"guest_import:{head.pk}", actor=actor, at=now, **counts)


# --- What becomes of its rows --------------------------------------------------------------------
def _judged(rows: Sequence[GuestRow], basis: str, *, now: datetime) -> Iterator[GuestImportRow]:
    """Say of each row what becomes of it."""
    seen: set[tuple[str, str, date | None]] = set()
    for chunk in _chunks(rows, READ_AT_ONCE):
        emails = {one.email for one in chunk if one.email}
        known = set(
            CustomerIdentity.objects.filter(address__email__in=emails).values_list(
                "address__email", "name_key"
            )
        )
        silenced = consent.who_said_no(emails, rules.OFFERS, now=now)
        for one in chunk:
            fault = one.fault or _fault(one, basis, now=now)
            if fault is None and one.email in silenced:
                fault = Fault.SAID_NO
            identity = (one.email, name_key(one.first_name, one.last_name))
            verdict = Verdict.KNOWN if identity in known else Verdict.NEW
            if fault is not None:
                verdict = Verdict.REFUSED
            elif (*identity, one.last_day) in seen:
                verdict = Verdict.TWICE
            else:
                seen.add((*identity, one.last_day))
            facts = {name: value for name, value in vars(one).items() if name != "fault"}
            yield GuestImportRow(verdict=verdict, reason=fault or "", **facts)


def _fault(row: GuestRow, basis: str, *, now: datetime) -> Fault | None:
    try:
        validate_email(row.email)
    except ValidationError:
        return Fault.BAD_MAIL
    day = row.consented_on if basis == Basis.CONSENT else row.last_day
    if day is None:
        return Fault.NO_BASIS
    last = max(one for one in (day, row.last_day) if one is not None)
    if rules.silent_since(at_paris(last, time(12)), now=now):
        return Fault.TOO_OLD
    return None


def _chunks(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[place : place + size] for place in range(0, len(items), size))
