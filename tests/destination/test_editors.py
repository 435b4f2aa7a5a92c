"""Who writes which pages: a pole's editors below their pole, the office everywhere, by review."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Collection, Page, WorkflowState

from destination.models import ArticlePage, PolePage
from members.groups import ensure_pole_editors, ensure_review
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, a_pole_page
from tests.destination.test_publication import TEXTS, a_ready_page, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at):
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def mezenc() -> PolePage:
    return a_pole_page("massif-du-mezenc")


@pytest.fixture
def puy(mezenc: PolePage) -> PolePage:
    return a_page(PolePage, mezenc.get_parent(), pole_slug="le-puy-en-velay", slug="le-puy")


def someone(email: str, group: Any) -> Client:
    user = factories.a_user(email)
    user.groups.add(group)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office() -> Client:
    return someone("office@example.org", factories.the_office())


@pytest.fixture
def editor(mezenc: PolePage, puy: PolePage) -> Client:
    """Return somebody who writes for the Mézenc."""
    ensure_review()
    groups = {one.name: one for one in ensure_pole_editors()}
    return someone("mezenc@example.org", groups["Editors: massif-du-mezenc"])


def edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def test_groups_are_made_once(mezenc: PolePage, puy: PolePage):
    for _time in range(2):
        groups = ensure_pole_editors()
        assert [one.name for one in groups] == [
            "Editors: massif-du-mezenc",
            "Editors: le-puy-en-velay",
        ]
        ensure_review()
    assert Collection.objects.filter(name="massif-du-mezenc").count() == 1


def test_an_editor_writes_below_the_own_pole_only(editor: Client, mezenc: PolePage, puy: PolePage):
    mine, theirs = a_ready_page(ArticlePage, mezenc), a_ready_page(ArticlePage, puy)
    add = "wagtailadmin_pages:add"

    assert editor.get(edit(mine)).status_code == 200
    assert (
        editor.get(reverse(add, args=["destination", "articlepage", mezenc.pk])).status_code == 200
    )
    for address in (
        edit(theirs),
        edit(a_home()),
        reverse(add, args=["destination", "articlepage", puy.pk]),
        reverse("wagtailadmin_pages:delete", args=[theirs.pk]),
        reverse("wagtailadmin_pages:unpublish", args=[mine.pk]),
        reverse("wagtailadmin_pages:move", args=[theirs.pk]),
        reverse("desk_orders:index"),
        reverse("wagtailusers_users:index"),
    ):
        assert editor.get(address).status_code in {302, 403}, address
        assert editor.post(address).status_code in {302, 403}, address
    theirs.refresh_from_db()
    assert theirs.live


def test_an_editor_publishes_nothing(editor: Client, mezenc: PolePage):
    page = a_ready_page(ArticlePage, mezenc, live=False)

    editor.post(edit(page), sent(page, action="action-publish", date="", author="", **TEXTS))

    page.refresh_from_db()
    assert not page.live


def test_a_page_goes_to_review_and_the_office_publishes_it(
    editor: Client, office: Client, mezenc: PolePage
):
    page = a_page(ArticlePage, mezenc, live=False, title="Récit")
    form = {"date": "", "author": ""}
    refused = editor.post(edit(page), sent(page, action="action-submit", **form))
    assert "introduction" in refused.context["form"].errors

    editor.post(edit(page), sent(page, action="action-submit", **form, **TEXTS))
    state = WorkflowState.objects.get()
    assert state.status == WorkflowState.STATUS_IN_PROGRESS

    action = {"action-workflow-action": "true", "workflow-action-name": "approve"}
    office.post(edit(page), sent(page, **form, **TEXTS) | action)
    page.refresh_from_db()
    assert page.live
    assert page.introduction == TEXTS["introduction"]


def test_what_lacks_something_can_only_go_back(editor: Client, office: Client, mezenc: PolePage):
    page = a_ready_page(ArticlePage, mezenc, live=False)
    form = {"date": "", "author": ""}
    editor.post(edit(page), sent(page, action="action-submit", **form, **TEXTS))
    task = WorkflowState.objects.get().current_task_state.task.specific
    user = factories.User.objects.get(email="office@example.org")
    names = [name for name, _words, _asks in task.get_actions(page, user)]
    assert set(names) == {"approve", "reject"}

    broken = page.get_latest_revision_as_object()
    broken.introduction = ""
    broken.save_revision()

    page = ArticlePage.objects.get(pk=page.pk)
    assert [name for name, *_rest in task.get_actions(page, user)] == ["reject"]


def test_what_is_taken_away_while_approving_is_asked_for(
    editor: Client, office: Client, mezenc: PolePage
):
    page = a_ready_page(ArticlePage, mezenc, live=False)
    form = {"date": "", "author": ""}
    editor.post(edit(page), sent(page, action="action-submit", **form, **TEXTS))
    emptied = sent(page, **form, **{**TEXTS, "introduction": ""})

    answer = office.post(
        edit(page),
        emptied | {"action-workflow-action": "true", "workflow-action-name": "approve"},
    )

    assert "introduction" in answer.context["form"].errors
    page.refresh_from_db()
    assert not page.live


def test_a_pole_that_gets_a_page_gets_its_editors(office: Client, mezenc: PolePage):
    section = mezenc.get_parent()
    url = reverse("wagtailadmin_pages:add", args=["destination", "polepage", section.pk])
    factories.Pole.objects.create(
        perimeter=factories.Perimeter.objects.get(), slug="la-chaise-dieu", name="La Chaise-Dieu"
    )
    blank = PolePage(title="La Chaise-Dieu", slug="x", drawing="rando", **TEXTS)

    answer = office.post(url, sent(blank, action="action-publish", pole_slug="la-chaise-dieu"))

    assert answer.status_code == 302
    made = PolePage.objects.get(pole_slug="la-chaise-dieu")
    assert made.slug == "la-chaise-dieu"
    assert made.group_permissions.filter(group__name="Editors: la-chaise-dieu").exists()
