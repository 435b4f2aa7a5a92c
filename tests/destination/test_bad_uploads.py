"""What is no photograph of ours is refused beside its field, in words; nothing is left of it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.models import Collection, UploadedFile

from destination.models import Picture
from tests import factories
from tests.pages import text_of

pytestmark = pytest.mark.django_db
TEXTS = {"title": "Le Mézenc", "description_fr": "Le Mézenc au matin", "rights": "ours"}
JPEG = "photo.jpg"


@pytest.fixture(autouse=True)
def _empty_library(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def office(client: Client) -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client.force_login(user)
    return client


# --- Files ----------------------------------------------------------------------------------------
def drawn(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    whole = name + data
    return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))


def png(width: int, height: int, *more: bytes) -> bytes:
    """Return a PNG of one colour: a few kilobytes whatever its size."""
    row = b"\0" * (1 + width // 8)
    body = zlib.compressobj()
    data = b"".join(body.compress(row) for _row in range(height)) + body.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), *more, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    )


def a_bomb() -> bytes:
    """Return a PNG whose header promises 2.5 thousand million pixels."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def a_bomb_of_text() -> bytes:
    """Return a small picture whose comment unpacks into sixty megabytes."""
    return png(64, 48, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 60_000_000)))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 2000
BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "sixty megapixels": ("photo.png", lambda: png(10_000, 6_000), "40 m"),
    "a script": ("dessin.svg", lambda: SVG, "JPEG"),
    "a script with another name": (JPEG, lambda: SVG, "JPEG"),
    "an executable with another name": (JPEG, lambda: ELF, "JPEG"),
    "an executable": ("outil.exe", lambda: ELF, "JPEG"),
    "another kind with another name": (JPEG, lambda: drawn("PNG"), "JPEG"),
    "cut short": (JPEG, lambda: drawn(size=(640, 480))[:-9000], "original"),
    "a PNG cut short": ("photo.png", lambda: drawn("PNG", (640, 480))[:-9000], "original"),
    "nothing after its first bytes": (JPEG, lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0", "original"),
    "a bomb": ("photo.png", a_bomb, "40 m"),
    "a bomb in its comment": ("photo.png", a_bomb_of_text, "original"),
    "empty": (JPEG, lambda: b"", "vid"),
    "a name without ending": ("photo", drawn, "JPEG"),
}


def stored(folder: Any) -> list[Path]:
    return [one for one in Path(folder).rglob("*") if one.is_file()]


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_beside_its_field(office: Client, settings: Any, name: str):
    file_name, made, words = BAD[name]
    file = SimpleUploadedFile(file_name, made(), "image/jpeg")

    answer = office.post(reverse("wagtailimages:add"), {**TEXTS, "file": file})

    assert answer.status_code == 200
    (said,) = answer.context["form"].errors["file"]
    assert words in said
    assert set(answer.context["form"].errors) == {"file"}
    # What was typed is still there.
    assert "Le Mézenc au matin" in answer.content.decode()
    assert not Picture.objects.exists()
    assert stored(settings.MEDIA_ROOT) == []


@pytest.mark.parametrize("name", BAD)
def test_the_other_two_doors_are_closed_to_it_too(office: Client, settings: Any, name: str):
    file_name, made, words = BAD[name]
    data = made()

    many = office.post(
        reverse("wagtailimages:add_multiple"),
        {"title": "T", "files[]": SimpleUploadedFile(file_name, data, "image/jpeg")},
    )
    assert many.status_code == 200
    assert many.json()["success"] is False
    assert words in many.json()["error_message"]

    prefix = "image-chooser-upload"
    chosen = office.post(
        reverse("wagtailimages_chooser:create"),
        {f"{prefix}-{field}": value for field, value in TEXTS.items()}
        | {f"{prefix}-file": SimpleUploadedFile(file_name, data, "image/jpeg")},
    )
    assert chosen.status_code == 200
    assert chosen.json()["step"] == "reshow_creation_form"
    assert not Picture.objects.exists()
    assert not UploadedFile.objects.exists()
    assert stored(settings.MEDIA_ROOT) == []


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
def test_a_photograph_is_taken(office: Client, kind: str):
    file = SimpleUploadedFile(f"photo.{kind}", drawn(kind.upper()), f"image/{kind}")

    answer = office.post(reverse("wagtailimages:add"), {**TEXTS, "file": file})

    assert answer.status_code == 302
    picture = Picture.objects.get()
    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("door", ["one", "several", "from a page"])
def test_what_is_sent_without_a_word_is_kept(office: Client, door: str):
    """Whoever leaves, or misses a field, finds it in the library."""
    root = Collection.get_first_root_node()
    file = SimpleUploadedFile(JPEG, drawn(), "image/jpeg")
    texts = {"title": "T", "description_fr": "", "rights": "lent", "collection": root.pk}
    if door == "one":
        answer = office.post(reverse("wagtailimages:add"), {**texts, "file": file})
        assert answer.status_code == 302
    elif door == "several":
        answer = office.post(reverse("wagtailimages:add_multiple"), {"title": "T", "files[]": file})
        assert answer.json()["success"] is True
        assert "description_fr" in answer.json()["form"]
    else:
        prefix = "image-chooser-upload"
        fields = {f"{prefix}-{name}": value for name, value in texts.items()}
        address = reverse("wagtailimages_chooser:create")
        answer = office.post(address, {**fields, f"{prefix}-file": file})
        assert answer.json()["step"] == "chosen"

    picture = Picture.objects.get()
    assert picture.title == "T"
    assert picture.rights == ("ours" if door == "several" else "lent")
    assert picture.title in text_of(office.get(reverse("rights_that_end")))


def test_a_description_and_an_author_are_asked_for_when_it_is_changed(office: Client):
    office.post(
        reverse("wagtailimages:add"),
        {**TEXTS, "file": SimpleUploadedFile(JPEG, drawn(), "image/jpeg")},
    )
    address = reverse("wagtailimages:edit", args=[Picture.objects.get().pk])

    answer = office.post(address, {**TEXTS, "description_fr": "", "rights": "lent"})

    assert set(answer.context["form"].errors) == {"description_fr", "credit"}
    assert Picture.objects.get().description_in("fr")


def test_another_file_that_is_refused_leaves_the_one_before(office: Client, settings: Any):
    office.post(
        reverse("wagtailimages:add"),
        {**TEXTS, "file": SimpleUploadedFile(JPEG, drawn(), "image/jpeg")},
    )
    picture = Picture.objects.get()
    before = picture.file.read()

    answer = office.post(
        reverse("wagtailimages:edit", args=[picture.pk]),
        {**TEXTS, "file": SimpleUploadedFile(JPEG, ELF, "image/jpeg")},
    )

    assert "file" in answer.context["form"].errors
    picture = Picture.objects.get()
    assert picture.file.read() == before
    assert len(stored(settings.MEDIA_ROOT / "original_images")) == 1
