"""A document that a host sends: what it is is read from its content, never from its name."""

from __future__ import annotations

import re
import warnings
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from PIL import Image as Pillow

from booking.papers import Document

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}
# A PNG is opened whole, a JPEG at an eighth of its size.
MOST_PIXELS = {JPEG: 60_000_000, PNG: 20_000_000}
FORMATS = {JPEG: {"JPEG", "MPO"}, PNG: {"PNG"}}
# What a name on a disk, in a header or on a page can do without.
UNWANTED = re.compile(r"[^\w .()'’-]+")


class DocumentField(forms.FileField):
    """A PDF, JPEG or PNG that can be opened; each refusal says what to do."""

    default_error_messages = {
        "invalid": _("The file was not received: choose it again."),
        "missing": _("The file was not received: choose it again."),
        "empty": _("This file is empty: open it on your device, then choose it again."),
        "too_large": _("This file is too heavy (%(size)s): %(most)s at most. Scan it smaller."),
        "unknown": _(
            "Only PDF, JPEG and PNG are taken, and this is none of them: export it as PDF, or "
            "take a photograph of the paper."
        ),
        "damaged": _("This file is damaged or not whole: take the original and send it again."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Document"))
        kwargs.setdefault("help_text", _("A scan or a photograph: PDF, JPEG or PNG, 8 MB at most"))
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Document | None:
        """Return what was sent, looked at to its end; None for nothing."""
        sent: UploadedFile | None = super().clean(data, initial)
        if not sent:
            return None
        if (sent.size or 0) > settings.PAPER_MAX_BYTES:
            self._refuse(
                "too_large",
                size=filesizeformat(sent.size),
                most=filesizeformat(settings.PAPER_MAX_BYTES),
            )
        content = sent.read()
        kind = kind_of(content)
        if kind is None:
            self._refuse("unknown")
        if not (_is_whole_pdf(content) if kind == PDF else _is_whole_picture(sent, kind)):
            self._refuse("damaged")
        return Document(name=_plain_name(sent.name or "", kind), kind=kind, content=content)

    def _refuse(self, code: str, **params: str) -> Any:
        raise forms.ValidationError(self.error_messages[code], code=code, params=params)


def kind_of(content: bytes) -> str | None:
    """Return the type that the first bytes tell, None for any other than those taken."""
    if b"%PDF-" in content[:1024]:
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return None


def _is_whole_pdf(content: bytes) -> bool:
    return b"%%EOF" in content[-2048:]


def _is_whole_picture(sent: UploadedFile, kind: str) -> bool:
    sent.seek(0)
    try:
        with warnings.catch_warnings(), Pillow.open(sent) as read:
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            if read.width * read.height > MOST_PIXELS[kind]:
                return False
            # Phones keep a second picture behind the first one: a JPEG that opens as « MPO ».
            if read.format not in FORMATS[kind]:
                return False
            read.draft("RGB", (read.width // 8, read.height // 8))
            read.load()
    except Exception:  # noqa: BLE001 - whatever a reader of pictures raises on made-up bytes
        return False
    return True


def _plain_name(name: str, kind: str) -> str:
    """Return a name that is safe on a page and in a header, with the ending of what it is."""
    stem = UNWANTED.sub(" ", name.rpartition("/")[2].rpartition("\\")[2])
    stem = stem.rpartition(".")[0] if "." in stem else stem
    return (" ".join(stem.split())[:80].strip(" .") or "document") + ENDINGS[kind]
