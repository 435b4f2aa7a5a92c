"""The mails of a developer's machine, readable in the browser; mounted in dev mode only.

Django's file backend writes one file per connection: messages as sent, each closed by a line of
hyphens. Nothing here is ever part of production.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:eml|log)")
SEPARATOR = re.compile(rb"\r?\n-{79}\r?\n?")
SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_LIST = 200
# The mail's own colours need inline styles; nothing else may run or be fetched.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
ENGINE = Engine(
    dirs=[str(Path(__file__).parent / "templates")],
    builtins=["django.templatetags.i18n"],
)


@dataclass(frozen=True)
class Letter:
    """One message of one file."""

    name: str
    number: int
    at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sender(self) -> str:
        return str(self.message["From"] or "")

    @property
    def recipients(self) -> str:
        return str(self.message["To"] or "")

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return _content(part) if part is not None else ""

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return _content(part) if part is not None else ""

    @property
    def attachments(self) -> list[tuple[int, str, EmailMessage]]:
        """The attached parts with their place and a harmless file name."""
        parts = self.message.iter_attachments() if self.message.is_multipart() else ()
        return [
            (place, SAFE_NAME.sub("_", part.get_filename() or f"part-{place}"), part)
            for place, part in enumerate(parts)
            if isinstance(part, EmailMessage)
        ]


def _content(part: MIMEPart) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else ""


def _letters_of(file: Path) -> Iterator[Letter]:
    at = datetime.fromtimestamp(file.stat().st_mtime, tz=ZoneInfo("Europe/Paris"))
    pieces = [file.read_bytes()] if file.suffix == ".eml" else SEPARATOR.split(file.read_bytes())
    for number, raw in enumerate(piece for piece in pieces if piece.strip()):
        message = message_from_bytes(raw.lstrip(), policy=policy.default)
        yield Letter(file.name, number, at, message)


def _files() -> list[Path]:
    folder = Path(settings.MAIL_DIR)
    if not folder.is_dir():
        return []
    known = [file for file in folder.iterdir() if FILE_NAME.fullmatch(file.name) and file.is_file()]
    return sorted(known, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)


def _letter(name: str, number: int) -> Letter:
    """Return one letter; only names that the folder really lists are ever opened."""
    for file in _files():
        if file.name == name:
            for letter in _letters_of(file):
                if letter.number == number:
                    return letter
    raise Http404


def _page(template: str, **values: object) -> HttpResponse:
    return HttpResponse(ENGINE.get_template(template).render(Context(values)))


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """List the mails, newest first."""
    found = [
        letter
        for file in _files()[:LONGEST_LIST]
        for letter in sorted(_letters_of(file), key=lambda letter: -letter.number)
    ]
    return _page("mailbox_list.html", letters=found)


@require_safe
def letter(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Show one mail: its text, its HTML in a frame that may run nothing, its attachments."""
    return _page("mailbox_letter.html", letter=_letter(name, number))


@require_safe
@xframe_options_sameorigin
def content(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Return the HTML part alone, under a policy of its own."""
    html = _letter(name, number).html
    if not html:
        raise Http404
    # Links leave the frame.
    response = HttpResponse(f'<base target="_blank">{html}')
    response["Content-Security-Policy"] = CONTENT_POLICY
    return response


@require_safe
def attachment(request: HttpRequest, name: str, number: int, place: int) -> HttpResponse:
    """Return one attachment as a download."""
    for found, file_name, part in _letter(name, number).attachments:
        if found == place:
            payload = part.get_payload(decode=True)
            body = payload if isinstance(payload, bytes) else part.as_bytes()
            response = HttpResponse(body, content_type=part.get_content_type())
            response["Content-Disposition"] = f'attachment; filename="{file_name}"'
            response["X-Content-Type-Options"] = "nosniff"
            return response
    raise Http404


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Return the style of these pages, which are no part of the site."""
    source = (Path(__file__).parent / "templates" / "mailbox.css").read_text(encoding="utf-8")
    return HttpResponse(source, content_type="text/css; charset=utf-8")


app_name = "mailbox"
urlpatterns = [
    path("", letters, name="list"),
    path("style.css", style, name="style"),
    path("contenu/<str:name>/<int:number>/", content, name="content"),
    path("<str:name>/<int:number>/", letter, name="letter"),
    path("<str:name>/<int:number>/<int:place>/", attachment, name="attachment"),
]
