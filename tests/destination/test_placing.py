"""A page stands below pages of its own language: copied, moved or created (features.md S03)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from destination.models import ArticlePage, SectionPage
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, translated

pytestmark = pytest.mark.django_db
WHY = "a page stands below pages of its own language"


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def journal() -> SectionPage:
    return a_page(SectionPage, a_home("fr"), title="Le journal", slug="journal")


@pytest.fixture
def english(journal: SectionPage) -> SectionPage:
    return translated(journal, a_home("en"), title="The journal", slug="the-journal")


@pytest.fixture
def article(journal: SectionPage) -> ArticlePage:
    return a_page(ArticlePage, journal, title="La dentelle", slug="la-dentelle")


@pytest.fixture
def office() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def tree() -> list[tuple[str, str]]:
    return list(Page.objects.order_by("path").values_list("url_path", "title"))


def copied(page: Page, parent: object, **other: str) -> dict[str, Any]:
    fields = {"new_title": "Une copie", "new_slug": "une-copie", "new_parent_page": str(parent)}
    return fields | other


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_copy_stays_in_its_language(
    office: Client, article: ArticlePage, english: SectionPage, journal: SectionPage
):
    address, before = reverse("wagtailadmin_pages:copy", args=[article.pk]), tree()

    refused = office.post(address, copied(article, english.pk))
    assert WHY in text_of(refused)
    # What was typed stays.
    assert 'value="une-copie"' in text_of(refused)
    assert WHY in text_of(office.post(address, copied(article, english.pk, alias="on")))
    assert tree() == before

    assert office.post(address, copied(article, journal.pk)).status_code == 302
    assert ("/home-fr/journal/une-copie/", "Une copie") in tree()


@pytest.mark.parametrize("parent", ["", "x", "0", "99999999999999999999", "-1", "²"])
def test_a_copy_goes_below_a_page(office: Client, article: ArticlePage, parent: str):
    address, before = reverse("wagtailadmin_pages:copy", args=[article.pk]), tree()
    refused = office.post(address, copied(article, parent), follow=True)
    assert "Choose the page below which the copy will stand." in text_of(refused)
    assert tree() == before


def test_a_move_stays_in_its_language(
    office: Client, article: ArticlePage, english: SectionPage, journal: SectionPage
):
    before = tree()
    address = reverse("wagtailadmin_pages:move_confirm", args=[article.pk, english.pk])
    for send in (office.get, office.post):
        refused = send(address, follow=True)
        assert WHY in text_of(refused)
    assert tree() == before

    other = a_page(SectionPage, a_home("fr"), title="Savoir-faire", slug="savoir-faire")
    address = reverse("wagtailadmin_pages:move_confirm", args=[article.pk, other.pk])
    assert office.post(address).status_code == 302
    assert ("/home-fr/savoir-faire/la-dentelle/", "La dentelle") in tree()


def test_several_pages_move_within_their_language(
    office: Client, article: ArticlePage, english: SectionPage, journal: SectionPage
):
    other = a_page(ArticlePage, journal, title="La lentille", slug="la-lentille")
    base = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "move"])
    address, before = f"{base}?id={article.pk}&id={other.pk}", tree()

    refused = office.post(address, {"chooser": english.pk}, follow=True)
    assert "cannot be moved to" in text_of(refused)
    assert tree() == before

    there = a_page(SectionPage, a_home("fr"), title="Savoir-faire", slug="savoir-faire")
    office.post(address, {"chooser": there.pk})
    assert ("/home-fr/savoir-faire/la-lentille/", "La lentille") in tree()


def test_a_page_written_below_another_language_is_of_that_one(office: Client, english: SectionPage):
    """The editor's form can't say otherwise, and neither can what writes pages without it."""
    add = reverse("wagtailadmin_pages:add", args=["destination", "articlepage", english.pk])
    opened = office.get(f"{add}?locale=fr")
    assert opened.context["form"].instance.locale.language_code == "en"

    before, french = tree(), a_home("fr").locale
    page = ArticlePage(title="La dentelle", slug="dentelle", locale=french)
    with pytest.raises(ValidationError, match=WHY):
        english.add_child(instance=page)
    assert tree() == before
