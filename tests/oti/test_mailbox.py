"""The mailbox of a developer's machine: mails readable, nothing else reachable."""

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.test import Client
from django.urls import include, path

urlpatterns = [path("boite/", include("oti.devtools.mailbox"))]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's own page needs the whole tree of addresses."""
    return HttpResponseNotFound()


pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def mail_dir(tmp_path: Path, settings: object) -> Path:
    settings.MAIL_DIR = tmp_path / "mail"  # type: ignore[attr-defined]
    return tmp_path / "mail"


def send(folder: Path, subject: str) -> None:
    """Send one mail through Django's file backend, which may put two into one file."""
    backend = get_connection(
        "django.core.mail.backends.filebased.EmailBackend", file_path=str(folder)
    )
    mail = EmailMultiAlternatives(
        subject, "Bonjour Élodie <b>", "office@example.org", ["dupont@example.org"]
    )
    mail.attach_alternative("<p>Bonjour <script>alert(1)</script></p>", "text/html")
    mail.attach("séjour.ics", "BEGIN:VCALENDAR\r\n", "text/calendar")
    mail.connection = backend
    mail.send()


def test_reader_finds_mails_newest_first(client: Client, mail_dir: Path) -> None:
    assert client.get("/boite/").status_code == 200
    send(mail_dir, "Premier séjour")
    send(mail_dir, "Second séjour")
    page = client.get("/boite/").content.decode()
    assert page.index("Second séjour") < page.index("Premier séjour")


def test_reader_opens_text_html_and_attachment(client: Client, mail_dir: Path) -> None:
    send(mail_dir, "Votre séjour")
    name = next(mail_dir.iterdir()).name
    page = client.get(f"/boite/{name}/0/").content.decode()
    assert "Bonjour Élodie &lt;b&gt;" in page
    assert f"/boite/contenu/{name}/0/" in page

    html = client.get(f"/boite/contenu/{name}/0/")
    assert "sandbox" in html["Content-Security-Policy"]
    assert "script-src" not in html["Content-Security-Policy"]
    assert html["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"<p>Bonjour" in html.content

    attached = client.get(f"/boite/{name}/0/0/")
    assert attached.content.splitlines() == [b"BEGIN:VCALENDAR"]
    assert attached["Content-Disposition"].startswith("attachment")
    assert attached["Content-Disposition"].isascii()


@pytest.mark.parametrize(
    "address",
    [
        "/boite/..%2Fsecret.log/0/",
        "/boite/../secret.log/0/",
        "/boite/.hidden.log/0/",
        "/boite/link.log/1/",
        "/boite/absent.log/0/",
        "/boite/contenu/..%2Fsecret.log/0/",
        "/boite/..%2Fsecret.log/0/0/",
    ],
)
def test_nothing_outside_the_folder_is_opened(client: Client, mail_dir: Path, address: str) -> None:
    mail_dir.mkdir()
    (mail_dir.parent / "secret.log").write_text("Subject: secret\n\nsecret")
    (mail_dir / ".hidden.log").write_text("Subject: hidden\n\nhidden")
    assert client.get(address).status_code == 404
