"""Two workers read, or write, one file of guests at once: each row once. Two erasures at once, too.

The sentinel takes the file's lock away: both then write the same rows.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from booking import locks
from booking.models import GuestImport, PastStay
from booking.relations import guest_imports, guest_readings
from booking.relations.erasing import erase
from booking.relations.guest_imports import confirm_import
from booking.relations.guest_readings import FileGiven, read_file
from booking.relations.personal_data import Subject
from booking.rules import guest_files
from members.journal import SYSTEM
from members.models import Customer, CustomerAddress, ErasedAddress
from tests import factories
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
ROWS = "mail;prenom;nom;depart\n" + "".join(
    f"g{one}@example.org;Paul;Blanc;01/08/2026\n" for one in range(3)
)


@pytest.fixture
def head() -> GuestImport:
    given = FileGiven("g.csv", ROWS.encode(), factories.a_provider(), "own_guest", "x")
    read = read_file(given, actor=SYSTEM, now=NOW)
    confirm_import(read, actor=SYSTEM, now=NOW)
    return read


def both(head: GuestImport) -> list[Any]:
    return [lambda: guest_imports._write_batch(head.pk, now=NOW)] * 2


def test_two_workers_write_each_row_once(head: GuestImport):
    results = run_together(both(head))
    assert sorted(results) == [0, 3]
    assert PastStay.objects.count() == Customer.objects.count() == 3


def test_sentinel_without_the_lock_rows_are_written_twice(
    head: GuestImport, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        locks,
        "lock_guest_import",
        lambda pk: GuestImport.objects.select_related("provider").get(pk=pk),
    )
    meeting = Meeting(2)
    silenced = guest_imports.consent.who_said_no

    def looked(*args: Any, **kwargs: Any) -> set[str]:
        meeting.wait()
        return silenced(*args, **kwargs)

    monkeypatch.setattr(guest_imports.consent, "who_said_no", looked)
    assert run_together(both(head)) == [3, 3]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> GuestImport:
    monkeypatch.setattr(guest_files, "FEW_LINES", 0)
    given = FileGiven("g.csv", ROWS.encode(), factories.a_provider(), "own_guest", "x")
    return read_file(given, actor=SYSTEM, now=NOW)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that gets one more for each reading of a file."""
    found: list[object] = []
    judged = guest_readings._judged

    def noted(*args: Any, **kwargs: Any) -> Any:
        found.append(args)
        return judged(*args, **kwargs)

    monkeypatch.setattr(guest_readings, "_judged", noted)
    return found


def test_two_workers_read_a_long_file_once(unread: GuestImport, readings: list[object]):
    results = run_together([lambda: guest_readings.read_import(unread.pk, now=NOW)] * 2)
    assert sorted(results) == [False, True]
    assert len(readings) == 1
    assert unread.rows.count() == 3


def test_sentinel_without_the_lock_both_read_it_and_the_rows_are_there_once(
    unread: GuestImport, readings: list[object], monkeypatch: pytest.MonkeyPatch
):
    meeting = Meeting(2)

    def looked(pk: int) -> GuestImport:
        found = GuestImport.objects.select_related("provider").get(pk=pk)
        meeting.wait()
        return found

    monkeypatch.setattr(locks, "lock_guest_import", looked)
    results = run_together([lambda: guest_readings.read_import(unread.pk, now=NOW)] * 2)
    assert sorted(results) == [False, True]
    assert len(readings) == 2
    assert unread.rows.count() == 3


def test_person_erased_twice_at_once_is_erased_once(head: GuestImport):
    guest_imports._write_batch(head.pk, now=NOW)
    subject = Subject.of_address("g1@example.org")
    results = run_together([lambda: erase(subject, now=NOW)] * 2)
    assert not errors_in(results)
    assert ErasedAddress.objects.count() == 1
    assert Customer.objects.filter(erased_at=NOW).count() == 1


def erased_while_written(head: GuestImport, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    read, gone = threading.Event(), threading.Event()
    silenced = guest_imports.consent.who_said_no

    def looked(*args: Any, **kwargs: Any) -> set[str]:
        found = silenced(*args, **kwargs)
        read.set()
        # Where the file's lock keeps the other one out, in vain.
        gone.wait(timeout=1)
        return found

    def forget() -> None:
        read.wait(timeout=30)
        erase(Subject.of_address("g1@example.org"), now=NOW)
        gone.set()

    monkeypatch.setattr(guest_imports.consent, "who_said_no", looked)
    results = run_together([lambda: guest_imports._write_batch(head.pk, now=NOW), forget])
    assert not errors_in(results)
    return set(CustomerAddress.objects.values_list("email", flat=True))


def test_who_is_erased_while_a_file_is_written_is_not_known_by_it(
    head: GuestImport, monkeypatch: pytest.MonkeyPatch
):
    assert "g1@example.org" not in erased_while_written(head, monkeypatch)


def test_sentinel_without_the_lock_the_erased_one_is_known_again(
    head: GuestImport, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        locks,
        "lock_guest_import",
        lambda pk: GuestImport.objects.select_related("provider").get(pk=pk),
    )
    assert "g1@example.org" in erased_while_written(head, monkeypatch)
