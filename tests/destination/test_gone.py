"""What a block refers to may be gone: the page is read without it, and its editor opens."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from wagtail.documents.models import Document

from destination.models import CommunePage, Pole, ThemePage
from destination.publication import broken_links
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_page, a_pole_page
from tests.destination.test_publication import a_picture, a_ready_page
from tests.pages import text_of

pytestmark = pytest.mark.django_db
CHOICE = {"drawing": "", "alt": "Le sommet"}


@pytest.fixture(autouse=True)
def _spring(at: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    at(NOW)
    factories.a_perimeter()


def read(client: Client, page: Any) -> str:
    answer = client.get(page.url)
    assert answer.status_code == 200
    return text_of(answer)


def assert_opens(client: Client, page: Any) -> None:
    """Assert that the editor's form opens on what is left."""
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client.force_login(user)
    assert client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).status_code == 200


@pytest.mark.parametrize("is_file_only", [False, True], ids=["deleted", "file lost"])
def test_a_photograph(client: Client, is_file_only: bool):
    image = a_picture()
    words = {"words": "Je montre ma rue.", "who": "Marie-Thé", "about": ""}
    body = [
        ("picture", {"image": image, **CHOICE}),
        ("picture", {"image": image, **CHOICE, "drawing": "dentelle"}),
        ("illustrated", {"heading": "H1", "text": "<p>T1</p>", "picture": {"image": image}}),
        ("quotation", {**words, "picture": {"image": image}}),
    ]
    page = a_ready_page(image=image, body=body)
    assert b"/media/images/" in client.get(page.url).content
    if is_file_only:
        image.renditions.all().delete()
        image.file.storage.delete(image.file.name)
    else:
        image.delete()

    text = read(client, page)

    for said in ("H1", "T1", "Je montre ma rue."):
        assert said in text
    assert b"/media/images/" not in client.get(page.url).content
    assert_opens(client, page)


@pytest.mark.parametrize("is_file_only", [False, True], ids=["deleted", "file lost"])
def test_a_document(client: Client, is_file_only: bool):
    plan, other = (
        Document.objects.create(title=name, file=ContentFile(b"%PDF", name=f"{name}.pdf"))
        for name in ("Plan", "Horaires")
    )
    text = f'<p>Le <a linktype="document" id="{plan.pk}">plan du bourg</a></p>'
    body = [
        ("downloads", {"heading": "À emporter", "documents": [plan, other]}),
        ("downloads", {"heading": "Tout seul", "documents": [plan]}),
        ("passage", {"heading": "H", "text": text}),
    ]
    page = a_ready_page(body=body)
    assert "Plan" in read(client, page)
    if is_file_only:
        plan.file.storage.delete(plan.file.name)
    else:
        plan.delete()

    shown = read(client, page)

    assert "Plan PDF" not in shown
    assert "Horaires PDF" in shown
    assert "Tout seul" not in shown
    assert "plan du bourg" in shown
    assert_opens(client, page)


def test_a_page(client: Client):
    gone = a_ready_page(title="Partie")
    text = f'<p>Voir <a linktype="page" id="{gone.pk}">ici</a></p>'
    body = [
        ("passage", {"heading": "H", "text": text}),
        ("page_cards", {"heading": "Lire aussi", "intro": "", "pages": [gone]}),
        ("days", {"days": [{"title": "J1", "text": "<p>T</p>", "kilometres": 9, "page": gone}]}),
    ]
    page = a_ready_page(body=body)
    gone.delete()

    shown = read(client, page)

    assert "Partie" not in shown
    assert "Lire aussi" not in shown
    assert "J1" in shown
    assert broken_links(ThemePage.objects.get(pk=page.pk))
    assert_opens(client, page)


def test_a_pole_and_its_communes(client: Client):
    commune = factories.a_commune()
    pole = a_pole_page()
    below = a_page(CommunePage, pole, insee=commune.insee, title="Le bourg")
    page = a_ready_page(
        body=[("agenda", {"heading": "Ici", "pole": pole.pole_slug, "commune": "", "count": 2})]
    )
    Pole.objects.filter(slug=pole.pole_slug).delete()

    assert "Le bourg" in read(client, below)
    assert "Ici" not in read(client, page)
    # Its own address says that it is gone, to visitors as to the office.
    assert client.get(pole.url, follow=True).status_code == 404
    assert_opens(client, pole)
    for one in (below, page):
        assert client.get(reverse("wagtailadmin_pages:edit", args=[one.pk])).status_code == 200
