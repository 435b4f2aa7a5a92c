"""A line of every list of the desk leads to its own page; a list is narrowed to what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.admin.ui.tables import TitleColumn
from wagtail.admin.viewsets import viewsets

from booking.models import GatewayEvent
from destination.desk import DeskViewSet
from tests import factories
from tests.cast import NOW
from tests.pages import text_of

pytestmark = pytest.mark.django_db


def lists() -> list[DeskViewSet]:
    """Return what the desk lists; two are pages of figures."""
    viewsets.populate()
    return [
        one
        for one in viewsets.viewsets
        if isinstance(one, DeskViewSet) and isinstance(one.list_display, tuple)
    ]


@pytest.mark.parametrize("viewset", lists(), ids=lambda one: one.name)
def test_a_list_leads_to_its_rows(desk: Client, viewset: DeskViewSet) -> None:
    page = desk.get(reverse(viewset.get_url_name("index")))
    assert page.status_code == 200
    assert isinstance(page.context["view"].columns[0], TitleColumn)


def test_access_of_a_host_is_changed_and_ended_from_its_list(desk: Client) -> None:
    role = factories.a_host(factories.a_provider()).roles.get()
    page = desk.get(reverse("desk_roles:index")).content.decode()
    assert f'href="{reverse("desk_roles:edit", args=[role.pk])}"' in page
    assert reverse("desk_roles:delete", args=[role.pk]) in page


def test_messages_of_the_bank_that_wait_are_found(desk: Client) -> None:
    event = GatewayEvent.objects.create(event_id="e", kind="ping", payload={}, received_at=NOW)
    GatewayEvent.objects.create(
        event_id="done", kind="ping", payload={}, received_at=NOW, processed_at=NOW
    )
    rows = desk.get(reverse("desk_bank:index"), {"waiting": "yes"}).context["object_list"]
    assert list(rows) == [event]


def test_activities_without_a_date_to_come_are_found(desk: Client) -> None:
    with_date, without = factories.an_activity(), factories.an_activity()
    factories.a_slot(with_date, NOW.date() + timedelta(days=9))
    asked = {"state": "published", "dates": "none"}
    rows = desk.get(reverse("desk_experiences:index"), asked).context["object_list"]
    assert list(rows) == [without]


def test_a_new_thing_is_headed_without_its_gender(desk: Client) -> None:
    for name in ("desk_lodgings", "desk_tariffs", "desk_providers"):
        shown = text_of(desk.get(reverse(f"{name}:add")))
        assert "Add: " in shown
        assert "New: " not in shown
