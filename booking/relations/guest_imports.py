"""Guests of years before, from a host's file that was read and shown: written (L01, S-70).

Nobody is taken without a legal basis: a yes with its proof and day, or a stay of less than three
years after which they were told that we may write (CPCE L34-5). Who said no stays asked nothing,
whatever a file says; who was erased on their request isn't taken again. A file is taken once.
`guest_readings` reads it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Q

from booking import locks
from booking.models import GuestImport, GuestImportRow, PastStay
from booking.refusals import WrongState, trouble
from booking.relations import consent
from booking.relations.customers import household_of, identity_of
from booking.rules.guest_files import Fault
from members.journal import Actor, record
from members.models import Customer, LetterChoice
from members.rules import consent as rules
from oti.lib.dates import at_paris
from oti.lib.private_files import drop_file

BATCH = 200
Basis, State, Verdict = GuestImport.Basis, GuestImport.State, GuestImportRow.Verdict
UNWRITTEN = (State.UNREAD, State.BROKEN, State.READ)


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
    """Forget a file of which nothing was written: it may be given again.

    Raises WrongState `import_moved`.
    """
    with locks.write_transaction():
        fresh = locks.lock_guest_import(head.pk)
        if fresh is None or fresh.state not in UNWRITTEN:
            raise WrongState(trouble("import_moved"))
        record("guest file dropped", f"guest_import:{fresh.pk}", actor=actor, at=now)
        _drop(fresh)


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
    """Delete the rows of files that were written, or given and never confirmed, `days` ago."""
    old = GuestImport.objects.filter(read_at__lt=now - timedelta(days=days))
    gone = 0
    unread = Q(state__in=(State.UNREAD, State.BROKEN))
    for one in old.filter(Q(rows__isnull=False) | unread).distinct()[:20]:
        with locks.write_transaction():
            fresh = locks.lock_guest_import(one.pk)
            if fresh is None or fresh.state == State.WRITING:
                continue
            gone += fresh.rows.all().delete()[0]
            if fresh.state in UNWRITTEN:
                _drop(fresh)
            record("import rows deleted", f"guest_import:{one.pk}", actor=_CLOCK, at=now)
    return gone


_CLOCK = Actor("system")


def _drop(head: GuestImport) -> None:
    """Delete a file that is locked, its bytes with it."""
    key = head.file_key
    head.delete()
    if key:
        transaction.on_commit(lambda: drop_file(key))


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
