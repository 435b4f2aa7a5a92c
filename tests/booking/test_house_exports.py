"""Everything a house owns in one file: its own rows, nobody else's, for its owners, for a week."""

from __future__ import annotations

import csv
import io
import json
import weakref
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import export_tables, house_exports, house_zip
from booking.channels import export as calendars
from booking.messages import drain_outbox
from booking.models import Closure, Order, Unit
from booking.papers import Document, PaperInput, give_paper
from booking.refusals import NotAllowed, WrongState
from members.journal import SYSTEM, Actor
from members.models import Entry, HouseExport, Provider, ProviderRole, User
from oti.lib import private_files
from tests import factories
from tests.booking.pages import a_week, body, paid_stay
from tests.cast import NEXT_SATURDAY, NOW, FakeBank

pytestmark = pytest.mark.django_db
PAGE = reverse("extranet-exports")


@pytest.fixture(autouse=True)
def _in_spring(at, settings, tmp_path):
    at(NOW)
    settings.PRIVATE_ROOT = tmp_path


def zip_of(house: Provider) -> bytes:
    """Return the file of a house."""
    file = io.BytesIO()
    house_zip.write_zip(file, house, now=NOW)
    return file.getvalue()


def tables_of(house: Provider) -> dict[str, list[dict[str, Any]]]:
    """Return what the export of a house holds, table by table."""
    with zipfile.ZipFile(io.BytesIO(zip_of(house))) as file:
        assert file.testzip() is None
        return {
            name.removeprefix("json/").removesuffix(".json"): json.loads(file.read(name))
            for name in file.namelist()
            if name.startswith("json/")
        }


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


# --- What it holds -------------------------------------------------------------------------------
def test_every_table_that_leads_to_a_house_is_in_it_or_left_out_with_a_reason():
    """A new model with rows of a house: name it in EXPORTED with a table, or in LEFT_OUT."""
    reached = {apps.get_model("members.Provider")}
    grown = True
    while grown:
        more = {
            model
            for model in apps.get_models()
            for field in model._meta.concrete_fields
            if model not in reached and field.is_relation and field.related_model in reached
        }
        reached, grown = reached | more, bool(more)
    names = {model._meta.label for model in reached}
    assert names == export_tables.EXPORTED | set(export_tables.LEFT_OUT)
    assert not export_tables.EXPORTED & set(export_tables.LEFT_OUT)


def test_house_finds_its_own_and_nothing_of_others(bank: FakeBank):
    order: Order = paid_stay(bank)
    line = order.lines.get(kind="lodging")
    house = line.sub_order.provider
    Closure.objects.create(unit=line.unit, dates=(NOW.date(), NEXT_SATURDAY), reason="=1+1")
    factories.a_webhook(house)
    link = calendars.give_link(line.unit, actor=SYSTEM, now=NOW)
    feed = factories.a_feed(line.unit)

    found = tables_of(house)

    assert [one["slug"] for one in found["offers"]] == [line.offer.slug]
    assert [one["reference"] for one in found["bookings"]] == [order.reference]
    assert found["bookings"][0]["booked_by"] == order.first_name
    assert found["bookings"][0]["gross_amount"] == str(line.gross_amount)
    assert found["statements"][0]["sub_order_order_reference"] == order.reference
    assert found["closures"][0]["reason"] == "=1+1"
    assert [one["name"] for one in found["linked_calendars"]] == [feed.name]
    assert set(found) == {one.name for one in export_tables.TABLES}
    text = json.dumps(found, ensure_ascii=False)
    others = [one.offer for one in order.lines.exclude(pk=line.pk)]
    for secret in (
        *("Dupont", order.email, order.access_token, link.token if link else "never-so"),
        *(one.slug for one in others),
        *(one.provider.name for one in others),
    ):
        assert secret not in text


def written(rows: Any, columns: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
    """Return a table as programs and as spreadsheets get it."""
    told, sheet = io.BytesIO(), io.BytesIO()
    house_zip.write_table(rows, columns, told, sheet)
    return told.getvalue(), sheet.getvalue()


def test_spreadsheets_open_it_and_run_nothing():
    rows = [
        {"a": "=SUM(A1)", "b": None, "c": True, "d": ""},
        {"a": "-5", "b": -5, "c": False},
        {"a": 'é; "x"\nz', "b": ["1"], "d": "+33 6"},
    ]
    told, sheet = written(rows)
    assert sheet.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig")), delimiter=";"))
    assert read == [
        ["a", "b", "c", "d"],
        ["'=SUM(A1)", "", "1", ""],
        ["'-5", "-5", "0", ""],
        ['é; "x"\nz', '["1"]', "", "'+33 6"],
    ]
    # Row by row it reads as it would whole.
    assert told.decode() == json.dumps(rows, ensure_ascii=False, indent=1)
    told, sheet = written([], ("a", "b"))
    assert (told, sheet.decode("utf-8-sig").strip()) == (b"[]", "a;b")


def test_a_spreadsheet_of_the_country_reads_its_numbers():
    told, sheet = written([{"amount": export_tables.plain(Decimal("12.10")), "version": "12.10"}])
    # With a point, it would be a day of December there; what isn't a number stays as it is.
    assert sheet.decode("utf-8-sig").splitlines()[1] == "12,10;12.10"
    assert json.loads(told) == [{"amount": "12.10", "version": "12.10"}]


def test_a_row_with_a_column_more_is_not_cut_silently():
    with pytest.raises(ValueError, match="more"):
        written([{"a": 1}, {"a": 1, "more": 2}])


def test_a_table_is_never_in_memory_whole(monkeypatch):
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    class Known(dict[str, Any]):
        """A row that tells when it is forgotten."""

        __hash__ = object.__hash__

    def many(_house: Provider, _now: Any):
        nonlocal most
        for number in range(5000):
            row = Known(number=number, words="x" * 1000)
            alive.add(row)
            most = max(most, len(alive))
            yield row

    monkeypatch.setattr(house_zip, "TABLES", (export_tables.Table("bookings", many),))
    monkeypatch.setattr(house_zip, "IN_MEMORY", 10_000)
    found = tables_of(a_week().provider)
    assert len(found["bookings"]) == 5000
    assert most <= 2


def test_more_rows_take_no_more_statements(django_assert_num_queries):
    house = a_week().provider
    unit = Unit.objects.get(offer__provider=house)
    with CaptureQueriesContext(connection) as few:
        zip_of(house)
    for number in range(30):
        day = NOW.date() + timedelta(days=2 * number)
        Closure.objects.create(unit=unit, dates=(day, day + timedelta(days=1)))
    with django_assert_num_queries(len(few)):
        zip_of(house)


def test_documents_are_in_it_under_a_harmless_name():
    house = a_week().provider
    paper = Document("../../etc/rc d'assurance.pdf", "application/pdf", b"%PDF-1 %%EOF")
    given = PaperInput("Maif 1", NEXT_SATURDAY, paper)
    give_paper(house, "insurance", given, actor=SYSTEM, now=NOW)
    with zipfile.ZipFile(io.BytesIO(zip_of(house))) as file:
        [name] = [one for one in file.namelist() if one.startswith("documents/")]
        assert file.read(name) == b"%PDF-1 %%EOF"
        assert not {"..", "~"} & set(name.split("/"))
        assert "/" not in name.removeprefix("documents/")
        words = file.read("LISEZ-MOI.txt").decode()
    assert house.name in words


def test_twice_on_one_day_are_the_same_bytes_of_tables():
    house = a_week().provider
    assert zip_of(house) == zip_of(house)


# --- Its life ------------------------------------------------------------------------------------
def asked(house: Provider | None = None) -> tuple[HouseExport, User]:
    house = house or a_week().provider
    owner = factories.a_host(house)
    return house_exports.ask_export(house, user=owner, now=NOW), owner


def test_file_is_made_told_fetched_journalled_and_deleted_after_a_week(tmp_path: Path):
    export, owner = asked()
    client = browser_of(owner)
    address = reverse("extranet-export", args=[export.provider.slug, export.pk])
    assert client.get(address).status_code == 303

    assert house_exports.make_export(export.pk, now=NOW)
    assert not house_exports.make_export(export.pk, now=NOW)
    drain_outbox(now=NOW)
    [letter] = mail.outbox
    assert letter.to == [owner.email]
    assert f"{PAGE}?maison={export.provider.slug}" in letter.body

    assert address in body(client.get(PAGE))
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert answer.streaming
    assert answer["Content-Length"] == str(HouseExport.objects.get().file_size)
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as file:
        assert "json/offers.json" in file.namelist()
    # What lies there is sealed.
    [kept] = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert b"json/offers.json" not in kept.read_bytes()
    verbs = list(Entry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["export asked for", "export made", "export fetched"]

    week = NOW + timedelta(days=7)
    export.refresh_from_db()
    assert house_exports.drop_exports(now=week - timedelta(seconds=1)) == 0
    with pytest.raises(WrongState, match="export_gone"):
        house_exports.open_export(export, actor=SYSTEM, now=week)
    assert house_exports.drop_exports(now=week) == 1
    assert house_exports.drop_exports(now=week) == 0
    assert not kept.exists()
    assert client.get(address).status_code == 303


def test_one_a_day_whoever_asks(at):
    export, owner = asked()
    other = factories.a_host(export.provider)
    with pytest.raises(NotAllowed, match="export_asked"):
        house_exports.ask_export(export.provider, user=other, now=NOW + timedelta(hours=9))
    answer = browser_of(owner).post(
        reverse("extranet-export-ask", args=[export.provider.slug]), follow=True
    )
    assert "the next one is for tomorrow" in body(answer)
    # Nor tomorrow, as long as that one isn't made.
    tomorrow = NOW + timedelta(days=1)
    with pytest.raises(NotAllowed, match="export_under_way"):
        house_exports.ask_export(export.provider, user=owner, now=tomorrow)
    assert house_exports.make_exports(now=tomorrow) == 1
    assert house_exports.ask_export(export.provider, user=owner, now=tomorrow)


def test_who_asks_about_the_file_alone_opens_nothing(monkeypatch):
    export, owner = asked()
    house_exports.make_exports(now=NOW)
    export.refresh_from_db()

    def opened(_key: str) -> Any:
        raise AssertionError

    monkeypatch.setattr("booking.house_exports.open_file", opened)
    client = browser_of(owner)
    address = reverse("extranet-export", args=[export.provider.slug, export.pk])
    answer = client.head(address)
    assert answer.status_code == 200
    assert answer["Content-Length"] == str(export.file_size)
    assert answer["Content-Type"] == "application/zip"
    assert not Entry.objects.filter(verb="export fetched").exists()
    private_files.drop_file(export.file_key)
    assert client.head(address).status_code == 303


def test_worker_that_fails_is_followed_by_two_more_then_another_may_be_asked(monkeypatch):
    export, owner = asked()

    def broken(_file: Any, _house: Provider, *, now: Any) -> None:
        raise OSError

    monkeypatch.setattr("booking.house_exports.write_zip", broken)
    now = NOW
    for _time in range(house_exports.MOST_ATTEMPTS):
        assert house_exports.make_exports(now=now) == 0
        # Its lease holds for some minutes.
        assert house_exports.make_exports(now=now + timedelta(minutes=9)) == 0
        now += timedelta(minutes=11)
    export.refresh_from_db()
    assert (export.state, export.attempts) == ("failed", 3)
    assert house_exports.ask_export(export.provider, user=owner, now=now)


def test_file_of_a_worker_that_was_too_late_is_thrown_away(monkeypatch, tmp_path: Path):
    export, _owner = asked()
    real = house_exports.write_zip

    def slow(file: Any, house: Provider, *, now: Any) -> None:
        # Meanwhile its lease ended, and another worker took it.
        HouseExport.objects.filter(pk=export.pk).update(attempts=2)
        real(file, house, now=now)

    monkeypatch.setattr("booking.house_exports.write_zip", slow)
    assert not house_exports.make_export(export.pk, now=NOW)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_owner_who_left_is_not_written_to():
    export, owner = asked()
    ProviderRole.objects.filter(user=owner).delete()
    house_exports.make_exports(now=NOW)
    drain_outbox(now=NOW)
    assert mail.outbox == []
    address = reverse("extranet-export", args=[export.provider.slug, export.pk])
    assert browser_of(owner).get(address).status_code == 404


def test_file_that_was_lost_is_said(monkeypatch):
    export, owner = asked()
    house_exports.make_exports(now=NOW)
    export.refresh_from_db()
    private_files.drop_file(export.file_key)
    with pytest.raises(WrongState, match="export_gone"):
        house_exports.open_export(export, actor=Actor.person(owner), now=NOW)


def test_staff_asks_for_nothing_and_fetches_nothing():
    export, _owner = asked()
    house_exports.make_exports(now=NOW)
    staff = factories.a_user()
    ProviderRole.objects.create(user=staff, provider=export.provider, role="staff")
    client = browser_of(staff)
    assert "Only the owners" in body(client.get(PAGE))
    address = reverse("extranet-export", args=[export.provider.slug, export.pk])
    assert client.get(address).status_code == 404
    asking = reverse("extranet-export-ask", args=[export.provider.slug])
    assert client.post(asking).status_code == 404
