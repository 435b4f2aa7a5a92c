"""Two people on one page: who saves last is told, and the other's words can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from destination.models import ThemePage
from tests import factories
from tests.cast import NOW
from tests.destination.test_publication import TEXTS, a_ready_page, sent

pytestmark = pytest.mark.django_db
OURS, THEIRS = "Les mots de Camille.", "Les mots de Lou."
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def page() -> ThemePage:
    made = a_ready_page()
    made.save_revision()
    return made  # type: ignore[no-any-return]


def someone(email: str) -> Client:
    user = factories.a_user(email)
    user.first_name = email.partition("@")[0].title()
    user.save()
    user.groups.add(factories.the_office())
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def camille() -> Client:
    return someone("camille@example.org")


@pytest.fixture
def lou() -> Client:
    return someone("lou@example.org")


def edit(page: ThemePage) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def opened(client: Client, page: ThemePage) -> dict[str, Any]:
    """Open the form; return what it says of the version that it shows, and its session."""
    context = client.get(edit(page)).context
    return {
        "loaded_revision_id": context["editing_sessions"].revision_id,
        "loaded_revision_created_at": context["loaded_revision_created_at"],
        "ping": context["editing_sessions"].ping_url,
    }


def test_both_saves_are_kept_and_the_first_can_be_taken_back(
    camille: Client, lou: Client, page: ThemePage
):
    for_camille, for_lou = opened(camille, page), opened(lou, page)

    for client, words, version in ((camille, OURS, for_camille), (lou, THEIRS, for_lou)):
        texts = {**TEXTS, "introduction": words}
        assert client.post(edit(page), sent(page, **texts) | version).status_code == 302

    page.refresh_from_db()
    kept = [one.as_object().introduction for one in page.revisions.order_by("pk")]
    assert kept[-2:] == [OURS, THEIRS]
    assert page.get_latest_revision_as_object().introduction == THEIRS
    # The history leads to the first one's words; they are there to be saved again.
    history = camille.get(reverse("wagtailadmin_pages:history", args=[page.pk]))
    theirs = page.revisions.order_by("-pk")[1]
    back = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, theirs.pk])
    assert back in history.content.decode()
    assert OURS in camille.get(back).content.decode()


def test_the_second_is_told_while_writing(camille: Client, lou: Client, page: ThemePage, at: Any):
    for_lou = opened(lou, page)
    seen = {
        "revision_id": for_lou["loaded_revision_id"],
        "revision_created_at": for_lou["loaded_revision_created_at"],
    }
    opened(camille, page)
    assert "Camille" in lou.post(for_lou["ping"], seen).json()["html"]

    at(NOW + timedelta(seconds=30))
    camille.post(edit(page), sent(page, **{**TEXTS, "introduction": OURS}))

    told = lou.post(for_lou["ping"], seen).json()
    assert any(one["revision_id"] for one in told["other_sessions"])
    assert "Camille" in told["html"]


def test_what_is_saved_by_itself_never_covers_a_newer_version(
    camille: Client, lou: Client, page: ThemePage
):
    for_lou = opened(lou, page)
    camille.post(edit(page), sent(page, **{**TEXTS, "introduction": OURS}))

    answer = lou.post(edit(page), sent(page, **{**TEXTS, "introduction": THEIRS}) | for_lou, **JSON)

    assert answer.status_code == 400
    assert answer.json()["error_code"] == "invalid_revision"
    assert answer.json()["error_message"]
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().introduction == OURS


def test_a_page_deleted_meanwhile_is_said_to_be_gone(camille: Client, lou: Client, page: ThemePage):
    for_lou = opened(lou, page)
    page.delete()

    assert lou.post(edit(page), sent(page, **TEXTS) | for_lou).status_code == 404
