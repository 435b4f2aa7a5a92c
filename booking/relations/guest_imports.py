"""Guests of years before, from a host's file: read, shown, then written (features.md L01, S-70).

Nobody is taken without a legal basis: a yes with its proof and day, or a stay of less than three
years after which they were told that we may write (CPCE L34-5). Who said no stays asked nothing,
whatever a file says; who was erased on their request isn't taken again. A file is taken once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from booking import locks
from booking.models import GuestImport, GuestImportRow, PastStay
from booking.refusals import BadInput, WrongState, trouble, troubles_of
from booking.relations import consent
from booking.relations.customers import household_of, identity_of
from booking.rules.guest_files import Fault, GuestRow, read_guests
from booking.rules.talks import plain_text
from members.journal import Actor, record
from members.models import Customer, CustomerIdentity, LetterChoice, Provider
from members.rules import consent as rules
from members.rules.customers import name_key
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of

BATCH = 200
READ_AT_ONCE = 2_000
LONGEST_NAME = 120
Basis, State, Verdict = GuestImport.Basis, GuestImport.State, GuestImportRow.Verdict
Item = TypeVar("Item")


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

    Raises BadInput `import_words_missing`, `import_known`, `import_no_proof_column`,
    `import_no_stay_column`, and those of `booking.rules.guest_files.read_guests`.
    """
    words = plain_text(given.words)[:2_000]
    if not words:
        raise BadInput(trouble("import_words_missing", field="words"))
    mark = hashlib.sha256(given.content).hexdigest()
    if GuestImport.objects.filter(sha256=mark).exists():
        raise BadInput(trouble("import_known", field="file"))
    found = read_guests(given.content, today=day_of(now))
    if found.problems:
        raise BadInput(*troubles_of(found.problems, field="file"))
    wanted, code = {
        Basis.CONSENT: ("consented_on", "import_no_proof_column"),
        Basis.OWN_GUEST: ("last_day", "import_no_stay_column"),
    }[Basis(given.basis)]
    if wanted not in found.columns:
        raise BadInput(trouble(code, field="file"))
    rows = list(_judged(found.rows, given.basis, now=now))
    counts = Counter(str(one.verdict) for one in rows)
    counts.update(f"refused:{one.reason}" for one in rows if one.reason)
    with locks.write_transaction():
        try:
            kept = GuestImport.objects.create(
                provider=given.provider,
                basis=given.basis,
                words=words,
                file_name=given.name[-LONGEST_NAME:],
                sha256=mark,
                counts=dict(counts),
                read_at=now,
                read_by_id=actor.user_id,
            )
        except IntegrityError as error:
            raise BadInput(trouble("import_known", field="file")) from error
        for one in rows:
            one.guest_import = kept
        GuestImportRow.objects.bulk_create(rows, batch_size=1_000)
        record("guest file read", f"guest_import:{kept.pk}", actor=actor, at=now, **counts)
    return kept


def confirm_import(head: GuestImport, *, actor: Actor, now: datetime) -> None:
    """Let the rows of a file that was read be written; raises WrongState `import_moved`."""
    with locks.write_transaction():
        fresh = locks.lock_guest_import(head.pk)
        if fresh is None or fresh.state != State.READ:
            raise WrongState(trouble("import_moved"))
        fresh.state, fresh.confirmed_at = State.WRITING, now
        fresh.save(update_fields=["state", "confirmed_at"])
        record("guest file confirmed", f"guest_import:{fresh.pk}", actor=actor, at=now)


def drop_import(head: GuestImport, *, actor: Actor, now: datetime) -> None:
    """Forget a file that was only read: it may be read again. Raises WrongState `import_moved`."""
    with locks.write_transaction():
        fresh = locks.lock_guest_import(head.pk)
        if fresh is None or fresh.state != State.READ:
            raise WrongState(trouble("import_moved"))
        record("guest file dropped", f"guest_import:{fresh.pk}", actor=actor, at=now)
        fresh.delete()


def write_imports(*, now: datetime, limit: int = 10_000) -> int:
    """Write rows of confirmed files, a batch a transaction; returns how many.

    Where it was ended, it goes on: a row is done in the transaction that writes it.
    """
    done = 0
    for pk in GuestImport.objects.filter(state=State.WRITING).order_by("pk").values_list("pk"):
        while done < limit:
            count = _write_batch(pk[0], now=now)
            done += count
            if count < BATCH:
                break
    return done


def forget_import_rows(*, now: datetime, days: int) -> int:
    """Delete the rows of files that were written, or read and never confirmed, `days` ago."""
    before = now - timedelta(days=days)
    gone = 0
    for one in GuestImport.objects.filter(read_at__lt=before, rows__isnull=False).distinct()[:20]:
        with locks.write_transaction():
            fresh = locks.lock_guest_import(one.pk)
            if fresh is None or fresh.state == State.WRITING:
                continue
            gone += fresh.rows.all().delete()[0]
            if fresh.state == State.READ:
                fresh.delete()
            record("import rows deleted", f"guest_import:{one.pk}", actor=_CLOCK, at=now)
    return gone


_CLOCK = Actor("system")


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


def _write_batch(pk: int, *, now: datetime) -> int:
    """Write some rows of one file; returns how many. Who writes it at the same time waits."""
    with locks.write_transaction():
        head = locks.lock_guest_import(pk)
        if head is None or head.state != State.WRITING:
            return 0
        wanted = head.rows.filter(done_at=None, verdict__in=[Verdict.NEW, Verdict.KNOWN])
        rows = sorted(wanted.order_by("number")[:BATCH], key=lambda one: (one.email, one.number))
        # Somebody may have said no since the file was read.
        silenced = consent.who_said_no({one.email for one in rows}, rules.OFFERS, now=now)
        written = [one for one in rows if one.email not in silenced]
        # Whom the file tells something new of, before their addresses.
        emails = {one.email for one in written}
        known = Customer.objects.filter(identities__address__email__in=emails)
        locks.lock_customers(set(known.values_list("pk", flat=True)))
        for one in written:
            _write_stay(head, one, now=now)
        if head.basis == Basis.CONSENT:
            # Addresses for letters are locked after all others.
            for one in written:
                _write_word(head, one)
        for one in rows:
            if one.email in silenced:
                one.verdict, one.reason = Verdict.REFUSED, Fault.SAID_NO
            one.done_at = now
        GuestImportRow.objects.bulk_update(rows, ["done_at", "verdict", "reason"])
        if len(rows) < BATCH:
            head.state, head.done_at = State.DONE, now
            head.save(update_fields=["state", "done_at"])
            record("guest file written", f"guest_import:{head.pk}", actor=_CLOCK, at=now)
    return len(rows)


def _write_stay(head: GuestImport, row: GuestImportRow, *, now: datetime) -> None:
    identity = identity_of(
        row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        phone=row.phone,
        language=row.language or "fr",
        now=now,
    )
    person = identity.customer
    # What is known isn't overwritten: a file is older than what its guest said.
    empty = [
        name
        for name in ("phone", "postal_code", "country")
        if getattr(row, name) and not getattr(person, name)
    ]
    for name in empty:
        setattr(person, name, getattr(row, name))
    if empty:
        person.save(update_fields=empty)
    if row.last_day is None:
        return
    if PastStay.objects.filter(identity=identity, last_day=row.last_day).exists():
        return
    first = row.first_day or row.last_day
    PastStay.objects.create(
        source=PastStay.Source.IMPORTED,
        guest_import=head,
        identity=identity,
        household=household_of(row.email),
        first_day=first,
        last_day=row.last_day,
        nights=min((row.last_day - first).days, 365),
        adults=row.adults,
        children=row.children,
        language=row.language or "fr",
        kept_at=now,
    )


def _write_word(head: GuestImport, row: GuestImportRow) -> None:
    """Keep a yes at its own day: whatever was said since is the last word."""
    if row.consented_on is None:
        return
    at = at_paris(row.consented_on, time(12))
    address = locks.lock_letter_address(row.email, language=row.language or "fr", now=at)
    said = address.choices.filter(source=LetterChoice.Source.IMPORT, at=at, purpose=rules.OFFERS)
    if not said.exists():
        LetterChoice.objects.create(
            address=address,
            purpose=rules.OFFERS,
            is_yes=True,
            source=LetterChoice.Source.IMPORT,
            words=f"{head.provider}: {head.words}",
            at=at,
        )


def _chunks(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[place : place + size] for place in range(0, len(items), size))
