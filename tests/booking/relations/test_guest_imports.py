"""Guests of years before: nobody without a legal basis, nobody twice, and a no stays a no."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from booking import leftovers
from booking.models import GuestImport, GuestImportRow, PastStay
from booking.refusals import Refusal, trouble
from booking.relations import consent, guest_imports, guest_readings
from booking.relations.customers import identity_of
from booking.relations.guest_imports import confirm_import, write_imports
from booking.relations.guest_readings import FileGiven, read_file, read_import, read_imports
from booking.rules import guest_files
from booking.rules.guest_files import Fault, read_guests
from members.journal import SYSTEM
from members.models import Customer, CustomerIdentity, ErasedAddress, LetterChoice
from members.rules.consent import NEWS, OFFERS
from oti.lib.private_files import is_kept, keys_older_than
from tests import factories
from tests.cast import NOW

TODAY = date(2027, 1, 15)
BY = {"actor": SYSTEM, "now": NOW}
CONSENT, OWN = GuestImport.Basis.CONSENT, GuestImport.Basis.OWN_GUEST
HEAD = "E-mail;Prénom;Nom;Départ;Date du consentement;Âge\n"


def read(
    rows: str, basis: str = OWN, *, head: str = HEAD, words: str = "We may write."
) -> GuestImport:
    provider = factories.a_provider()
    return read_file(FileGiven("g.csv", (head + rows).encode(), provider, basis, words), **BY)


def verdicts(head: GuestImport) -> list[str]:
    return [f"{one.verdict} {one.reason}".strip() for one in head.rows.all()]


def refusal_of(action, *args, **kwargs) -> str:
    with pytest.raises(Refusal) as caught:
        action(*args, **kwargs)
    return caught.value.code


@pytest.mark.django_db
def test_rows_are_judged_and_nothing_is_written():
    identity_of("known@example.org", first_name="Anne", last_name="Dupont", now=NOW)
    said = consent.address_of("no@example.org", language="fr", now=NOW)
    proof = consent.Proof(LetterChoice.Source.OFFICE, "on the phone")
    consent.choose(said, {OFFERS: False}, proof=proof, now=NOW)
    ErasedAddress.objects.create(mark=consent.mark_of("erased@example.org"), at=NOW)
    head = read(
        "new@example.org;Paul;Blanc;01/08/2026;;\n"
        "Known@Example.org;ANNE;Dupont;2026-08-01;;\n"
        "new@example.org;Paul;BLANC;01/08/2026;;\n"
        "no@example.org;Zoé;Noir;01/08/2026;;\n"
        "erased@example.org;Zoé;Noir;01/08/2026;;\n"
        "old@example.org;Jean;Vert;01/08/2020;;\n"
        "none@example.org;Jean;Vert;;;\n"
        "child@example.org;Léo;Vert;01/08/2026;;12\n"
        "@example;Léo;Vert;01/08/2026;;\n"
        ";;;;;\n"
        "day@example.org;Léo;Vert;32/08/2026;;\n"
        "later@example.org;Léo;Vert;01/08/2033;;\n"
        ";Léo;Vert;01/08/2026;;\n"
        "anon@example.org;;;01/08/2026;;\n"
    )
    assert verdicts(head) == [
        *("new", "known", "twice", "refused said_no", "refused said_no", "refused too_old"),
        *("refused no_basis", "refused under_age", "refused bad_mail", "refused bad_day"),
        *("refused day_to_come", "refused no_mail", "refused no_name"),
    ]
    assert head.counts["refused"] == 10
    assert Customer.objects.count() == 1
    assert write_imports(now=NOW) == 0


@pytest.mark.django_db
def test_confirmed_rows_are_written_once_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guest_imports, "BATCH", 2)
    rows = "".join(f"g{one}@example.org;Paul;B{one};01/08/2026;;\n" for one in range(5))
    head = read(rows)
    confirm_import(head, **BY)
    # The process dies after a batch: what it wrote stays, and isn't written again.
    assert guest_imports._write_batch(head.pk, now=NOW) == 2
    assert head.rows.exclude(done_at=None).count() == 2
    assert write_imports(now=NOW) == 3
    assert write_imports(now=NOW) == 0
    assert CustomerIdentity.objects.count() == PastStay.objects.count() == 5
    head.refresh_from_db()
    assert head.state == GuestImport.State.DONE
    stay = PastStay.objects.first()
    assert stay.source == PastStay.Source.IMPORTED
    assert stay.guest_import == head
    assert refusal_of(confirm_import, head, **BY) == "import_moved"
    assert refusal_of(read, rows) == "import_known"


@pytest.mark.django_db
def test_past_guest_who_was_told_may_be_written_to_and_may_say_no():
    head = read("g@example.org;Paul;Blanc;01/08/2026;;\n")
    confirm_import(head, **BY)
    write_imports(now=NOW)
    assert consent.may_write("g@example.org", OFFERS, now=NOW)
    assert not consent.may_write("g@example.org", NEWS, now=NOW)
    assert not consent.may_write("g@example.org", OFFERS, now=NOW + timedelta(days=1100))


@pytest.mark.django_db
def test_yes_is_kept_with_its_proof_and_day_and_no_one_s_no_is_widened():
    address = consent.address_of("g@example.org", language="fr", now=NOW)
    head = read(
        "g@example.org;Paul;Blanc;;02/02/2026;\nh@example.org;Rose;Blanc;;02/02/2026;\n", CONSENT
    )
    confirm_import(head, **BY)
    # Between the reading and the writing one of them says no.
    proof = consent.Proof(LetterChoice.Source.CHOICES, "the page")
    consent.choose(address, {OFFERS: False}, proof=proof, now=NOW)
    write_imports(now=NOW)
    assert not consent.may_write("g@example.org", OFFERS, now=NOW)
    assert consent.may_write("h@example.org", OFFERS, now=NOW)
    word = LetterChoice.objects.get(source=LetterChoice.Source.IMPORT)
    assert word.address.email == "h@example.org"
    assert "We may write." in word.words
    assert verdicts(head) == ["refused said_no", "new"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "basis", "head", "words", "code"),
    [
        ("", OWN, "", "x", "import_empty"),
        ("", OWN, HEAD, "x", "import_empty"),
        ("a;b\n", OWN, "Nom;Départ\n", "x", "import_no_mail_column"),
        ("a@b.fr;x\n", OWN, "Mail;Nom\n", "x", "import_no_stay_column"),
        ("a@b.fr;01/01/2026\n", CONSENT, "Mail;Départ\n", "x", "import_no_proof_column"),
        ("a@b.fr;01/01/2026\n", OWN, "Mail;Départ\n", " ", "import_words_missing"),
        ("\x00\n", OWN, HEAD, "x", "import_unreadable"),
    ],
)
def test_file_that_can_t_be_read_says_why(rows: str, basis: str, head: str, words: str, code: str):
    assert refusal_of(read, rows, basis, head=head, words=words) == code
    assert not GuestImport.objects.exists()


@pytest.mark.django_db
def test_rows_go_after_some_weeks_and_counts_stay():
    head = read("new@example.org;Paul;Blanc;01/08/2026;;\n")
    unconfirmed = read("other@example.org;Paul;Blanc;01/08/2026;;\n")
    confirm_import(head, **BY)
    write_imports(now=NOW)
    later = NOW + timedelta(days=31)
    guest_imports.forget_import_rows(now=later, days=30)
    assert not GuestImportRow.objects.exists()
    head.refresh_from_db()
    assert head.counts["new"] == 1
    assert not GuestImport.objects.filter(pk=unconfirmed.pk).exists()


# --- Long files ----------------------------------------------------------------------------------
TWO = "new@example.org;Paul;Blanc;01/08/2026;;\nno@example.org;Zoé;Noir;01/08/2026;;\n"


@pytest.fixture
def long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file too long to be read while its giver waits."""
    monkeypatch.setattr(guest_files, "FEW_LINES", 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_long_file_is_read_by_a_worker_as_a_short_one_would_be(
    django_capture_on_commit_callbacks, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(guest_readings, "ask_for_task", lambda *args: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        head = read(TWO)
    assert asked == [("booking.tasks.read_guest_import", head.pk)]
    assert head.state == GuestImport.State.UNREAD
    assert not head.rows.exists()
    # Not in the clear, and none of what is swept away.
    key = head.file_key
    assert is_kept(key)
    leftovers.drop_leftovers(now=NOW + timedelta(days=9_999))
    assert is_kept(key)
    assert refusal_of(confirm_import, head, **BY) == "import_moved"

    with django_capture_on_commit_callbacks(execute=True):
        assert read_import(head.pk, now=NOW)
    assert verdicts(head) == ["new", "new"]
    head.refresh_from_db()
    assert (head.state, head.counts, head.file_key) == ("read", {"new": 2}, "")
    assert not is_kept(key)
    # Asked for twice, it is read once.
    assert not read_import(head.pk, now=NOW)
    confirm_import(head, **BY)
    assert write_imports(now=NOW) == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_worker_that_died_is_replaced_and_after_three_the_file_says_so(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    head = read(TWO)
    judged = guest_readings._judged
    monkeypatch.setattr(guest_readings, "_judged", dies)
    at = NOW
    for _death in range(guest_readings.MOST_ATTEMPTS):
        with pytest.raises(SystemExit):
            read_import(head.pk, now=at)
        # Whoever has it may still be alive.
        assert read_imports(now=at + timedelta(seconds=1)) == 0
        at += guest_readings.LEASE
    monkeypatch.setattr(guest_readings, "_judged", judged)
    with django_capture_on_commit_callbacks(execute=True):
        assert read_imports(now=at) == 0
    key = head.file_key
    head.refresh_from_db()
    assert head.state == GuestImport.State.BROKEN
    assert [one["code"] for one in head.problems] == ["import_gave_up"]
    assert not is_kept(key)


def dies(*args: object, **kwargs: object) -> None:
    raise SystemExit


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_after_a_death_the_clock_reads_it(monkeypatch: pytest.MonkeyPatch):
    head = read(TWO)
    with monkeypatch.context() as patched:
        patched.setattr(guest_readings, "_judged", dies)
        with pytest.raises(SystemExit):
            read_import(head.pk, now=NOW)
    assert read_imports(now=NOW + guest_readings.LEASE) == 1
    assert head.rows.count() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_who_is_erased_while_a_long_file_waits_is_refused(monkeypatch: pytest.MonkeyPatch):
    head = read(TWO)
    judged = guest_readings._judged

    def erased_meanwhile(*args: object, **kwargs: object) -> list[GuestImportRow]:
        rows = list(judged(*args, **kwargs))
        ErasedAddress.objects.create(mark=consent.mark_of("no@example.org"), at=NOW)
        return rows

    monkeypatch.setattr(guest_readings, "_judged", erased_meanwhile)
    assert read_import(head.pk, now=NOW)
    assert verdicts(head) == ["new", "refused said_no"]
    head.refresh_from_db()
    assert head.counts == {"new": 1, "refused": 1, "refused:said_no": 1}


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_long_file_that_breaks_midway_says_why_and_may_be_given_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(guest_files, "MOST_ROWS", 1)
    head = read(TWO)
    assert read_import(head.pk, now=NOW)
    head.refresh_from_db()
    assert (head.state, head.problems) == (
        GuestImport.State.BROKEN,
        [{"code": "import_too_many", "params": {"most": 1}}],
    )
    guest_imports.drop_import(head, **BY)
    monkeypatch.setattr(guest_files, "MOST_ROWS", 2)
    assert read_import(read(TWO).pk, now=NOW)


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
@pytest.mark.parametrize("gone", ["dropped", "forgotten"])
def test_long_file_that_nobody_waits_for_leaves_no_bytes(
    gone: str, django_capture_on_commit_callbacks
):
    head = read(TWO)
    with django_capture_on_commit_callbacks(execute=True):
        if gone == "dropped":
            guest_imports.drop_import(head, **BY)
        else:
            guest_imports.forget_import_rows(now=NOW + timedelta(days=31), days=30)
    assert not GuestImport.objects.exists()
    assert not is_kept(head.file_key)
    assert not read_import(head.pk, now=NOW)


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_long_file_whose_bytes_are_lost_says_so():
    head = read(TWO)
    guest_readings.drop_file(head.file_key)
    assert read_import(head.pk, now=NOW)
    head.refresh_from_db()
    assert [one["code"] for one in head.problems] == ["import_lost"]


@pytest.mark.django_db
@pytest.mark.usefixtures("long_ones")
def test_long_file_without_the_columns_is_refused_at_once_and_not_kept():
    before = set(keys_older_than(NOW + timedelta(days=9_999)))
    assert refusal_of(read, "a@b.fr;x\n", head="Mail;Nom\n") == "import_no_stay_column"
    assert set(keys_older_than(NOW + timedelta(days=9_999))) == before


def test_files_of_few_lines_are_read_at_once_whatever_ends_their_lines():
    for end in (b"\n", b"\r\n", b"\r"):
        assert guest_files.is_short(b"mail" + end + (b"a@b.fr" + end) * 1_999)
        assert not guest_files.is_short(b"mail" + end + (b"a@b.fr" + end) * 2_000)
    assert not guest_files.is_short(b"x" * (2 * 1024 * 1024))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encodings_and_separators(encoding: str, separator: str):
    text = separator.join(["Adresse e-mail", "PRÉNOM", "nom"]) + "\r\n"
    text += separator.join(["é@example.org", "Zoé", "'=cmd()"]) + "\r\n"
    found = read_guests(text.encode(encoding), today=TODAY)
    assert [(one.first_name, one.last_name) for one in found.rows] == [("Zoé", "=cmd()")]


def test_too_large_a_file_is_refused_before_it_is_read():
    assert read_guests(b"x" * (21 * 1024 * 1024), today=TODAY).problems[0].code == "import_too_big"
    rows = b"mail\n" + b"a@b.fr\n" * 50_001
    (problem,) = read_guests(rows, today=TODAY).problems
    assert problem.code == "import_too_many"
    for language, most in (("fr", "50\N{NO-BREAK SPACE}000"), ("en", "50,000")):
        with translation.override(language):
            assert most in trouble(problem.code, **problem.params).message


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(content: bytes):
    found = read_guests(b"mail;nom;depart\n" + content, today=TODAY)
    assert found.problems or all(one.fault is None or one.fault in Fault for one in found.rows)
