"""A file of guests at the desk: read, looked at, written; bad files said beside the field."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from booking.models import GuestImport, PastStay
from booking.relations.guest_imports import write_imports
from booking.relations.guest_readings import read_imports
from booking.rules import guest_files
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
ROWS = "mail;prenom;nom;depart\na@example.org;Anne;Dupont;01/08/2026\n;=cmd();Noir;01/08/2026\n"


def upload(desk: Client, content: bytes, **more: object):
    data = {
        "file": SimpleUploadedFile("guests.csv", content),
        "provider": factories.a_provider().pk,
        "basis": "own_guest",
        "words": "We may write.",
    }
    return desk.post(reverse("desk_guest_imports:new"), {**data, **more}, follow=True)


def test_file_is_read_looked_at_and_written(desk: Client):
    seen = body(upload(desk, ROWS.encode()))
    assert "What would come of it" in seen
    assert "no e-mail address" in seen
    head = GuestImport.objects.get()
    address = reverse("desk_guest_imports:file", args=[head.pk])
    for query in ({"rows": "new"}, {"rows": "others", "p": "99"}):
        assert desk.get(address, query).status_code == 200
    file = desk.get(reverse("desk_guest_imports:refused", args=[head.pk])).content.decode()
    assert "'=cmd()" in file
    assert "being written" in body(desk.post(address, {"decision": "confirm"}, follow=True))
    write_imports(now=NOW)
    assert PastStay.objects.count() == 1
    assert "meanwhile" in body(desk.post(address, {"decision": "drop"}))
    assert "read already" in body(upload(desk, ROWS.encode()))


def test_file_is_dropped_and_may_be_read_again(desk: Client):
    upload(desk, ROWS.encode())
    address = reverse("desk_guest_imports:file", args=[GuestImport.objects.get().pk])
    assert "dropped" in body(desk.post(address, {"decision": "drop"}, follow=True))
    assert "What would come of it" in body(upload(desk, ROWS.encode()))


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (b"", {}, "no guest in this file"),
        (b"\x00\x01\x02", {}, "save it as CSV"),
        (b"nom\nDupont\n", {}, "No column holds e-mail"),
        (ROWS.encode(), {"basis": ""}, "required"),
        (ROWS.encode(), {"basis": "because"}, "valid choice"),
        (ROWS.encode(), {"words": " "}, "required"),
        (ROWS.encode(), {"provider": "0"}, "valid choice"),
        (b"mail;depart\n,;\n", {}, "What would come of it"),
    ],
)
def test_bad_file_is_told_beside_its_field(desk: Client, content: bytes, more, told: str):
    assert told in body(upload(desk, content, **more))


def test_file_of_which_nobody_is_taken_isn_t_written(desk: Client):
    upload(desk, b"mail;nom;depart\nx;y;01/08/2026\n")
    address = reverse("desk_guest_imports:file", args=[GuestImport.objects.get().pk])
    assert "No row of it" in body(desk.post(address, {"decision": "confirm"}))


@pytest.fixture
def long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every file too long to be read while its giver waits."""
    monkeypatch.setattr(guest_files, "FEW_LINES", 0)


@pytest.mark.usefixtures("long_ones")
def test_long_file_is_waited_for_on_its_page(desk: Client):
    seen = body(upload(desk, ROWS.encode()))
    assert "Being read" in seen
    assert "Look again" in seen
    assert "Write these guests" not in seen
    address = reverse("desk_guest_imports:file", args=[GuestImport.objects.get().pk])
    asks_itself = {"HX-Request": "true"}
    assert "HX-Refresh" not in desk.get(address, headers=asks_itself)
    assert "meanwhile" in body(desk.post(address, {"decision": "confirm"}))
    read_imports(now=NOW)
    assert desk.get(address, headers=asks_itself)["HX-Refresh"] == "true"
    seen = body(desk.get(address))
    assert "What would come of it" in seen
    assert "Write these guests" in seen


@pytest.mark.usefixtures("long_ones")
def test_long_file_that_breaks_is_told_on_the_same_page(
    desk: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(guest_files, "MOST_ROWS", 1)
    upload(desk, ROWS.encode())
    read_imports(now=NOW)
    address = reverse("desk_guest_imports:file", args=[GuestImport.objects.get().pk])
    assert "more than 1 rows" in body(desk.get(address))
    assert "dropped" in body(desk.post(address, {"decision": "drop"}, follow=True))
    assert not GuestImport.objects.exists()


@pytest.mark.usefixtures("long_ones")
def test_long_file_is_dropped_while_it_is_read(desk: Client):
    upload(desk, ROWS.encode())
    address = reverse("desk_guest_imports:file", args=[GuestImport.objects.get().pk])
    assert "dropped" in body(desk.post(address, {"decision": "drop"}, follow=True))
    assert read_imports(now=NOW) == 0
