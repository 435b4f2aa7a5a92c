"""The first page of the admin for those who write pages, and its search box."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Page
from wagtail.search.index import insert_or_update_object

from destination.models import ArticlePage, PolePage
from members.groups import ensure_pole_editors, ensure_review
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_page, a_pole_page

pytestmark = pytest.mark.django_db
HOME = "wagtailadmin_home"


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def mezenc() -> PolePage:
    return a_pole_page("massif-du-mezenc", title="Massif du Mézenc")


@pytest.fixture
def puy(mezenc: PolePage) -> PolePage:
    return a_page(
        PolePage, mezenc.get_parent(), pole_slug="le-puy-en-velay", slug="le-puy", title="Le Puy"
    )


def signed_in(group: Any) -> Client:
    user = factories.a_user("writer@example.org")
    user.groups.add(group)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def editor(mezenc: PolePage, puy: PolePage) -> Client:
    ensure_review()
    groups = {one.name: one for one in ensure_pole_editors()}
    return signed_in(groups["Editors: massif-du-mezenc"])


def home_of(client: Client) -> str:
    response = client.get(reverse(HOME))
    assert response.status_code == 200
    return str(response.content.decode())


def summary_of(shown: str) -> str:
    return shown.partition('<ul class="w-summary__list">')[2].partition("</ul>")[0]


def test_an_editor_sees_the_pages_of_the_pole_and_what_waits(editor: Client, mezenc: PolePage):
    a_page(ArticlePage, mezenc, title="La burle", live=False)
    a_page(ArticlePage, mezenc, title="La neige", has_unpublished_changes=True)
    shown = home_of(editor)
    assert "Your pages" in shown
    assert "La burle" in shown
    assert "<strong>1</strong> draft" in shown
    assert "<strong>1</strong> published, with changes" in shown
    assert "3 pages are yours" in shown


def test_an_editor_sees_nothing_of_another_pole(editor: Client, puy: PolePage):
    a_page(ArticlePage, puy, title="La dentelle", live=False)
    shown = home_of(editor)
    assert "La dentelle" not in shown
    assert reverse("wagtailadmin_pages:edit", args=[puy.pk]) not in shown
    assert "1 page is yours" in shown
    # Nor is the whole site counted.
    assert "icon-doc-empty " not in summary_of(shown)


def test_an_editor_without_a_page_is_told_so(editor: Client, mezenc: PolePage):
    mezenc.delete()
    shown = home_of(editor)
    assert "No page is yours yet" in shown


def test_the_office_has_the_panel_and_the_counts(mezenc: PolePage):
    shown = home_of(signed_in(factories.the_office()))
    assert "Your pages" in shown
    assert "icon-doc-empty " in summary_of(shown)


def test_more_pages_ask_no_more_of_the_database(
    editor: Client, mezenc: PolePage, django_assert_max_num_queries: Any
):
    for number in range(12):
        a_page(ArticlePage, mezenc, title=f"Page {number}", live=False)
    home_of(editor)
    with django_assert_max_num_queries(60):
        home_of(editor)


@pytest.mark.parametrize("typed", ["Mézenc", "mezenc", "MEZ", "mézènc"])
def test_the_search_box_of_pages_needs_no_accents(mezenc: PolePage, typed: str):
    insert_or_update_object(mezenc)
    office = signed_in(factories.the_office())
    shown = office.get(reverse("wagtailadmin_pages:search"), {"q": typed}).content.decode()
    assert reverse("wagtailadmin_pages:edit", args=[mezenc.pk]) in shown


def test_the_search_box_of_pages_finds_no_other_word(mezenc: PolePage):
    insert_or_update_object(mezenc)
    office = signed_in(factories.the_office())
    shown = office.get(reverse("wagtailadmin_pages:search"), {"q": "meyrand"}).content.decode()
    assert reverse("wagtailadmin_pages:edit", args=[mezenc.pk]) not in shown


@pytest.mark.parametrize("name", ["wagtailadmin_pages:search", "wagtailadmin_reports:aging_pages"])
def test_lists_of_pages_count_in_words_that_are_some(mezenc: PolePage, name: str):
    # As it is once it has been published from the desk.
    mezenc.save_revision().publish()
    insert_or_update_object(mezenc)
    office = signed_in(factories.the_office())
    shown = office.get(reverse(name), {"q": "mezenc"}).content.decode()
    rows = shown.partition('<table class="listing')[2].partition("</table>")[0]
    assert mezenc.title in rows
    assert "None" not in rows


def test_the_roots_have_a_name_that_the_office_reads(db: None) -> None:
    assert Page.get_first_root_node().title == "Racine du site"
    assert Page.get_first_root_node().draft_title == "Racine du site"
    assert Collection.get_first_root_node().name == "Racine"
