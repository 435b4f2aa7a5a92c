"""A file of guests at the desk: read, looked at, written; bad files said beside the field."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from booking.models import GuestImport, PastStay
from booking.relations.guest_imports import write_imports
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
