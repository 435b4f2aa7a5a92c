"""Days that nobody can mean, in the filters of the desk's lists: a list answers all the same."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.admin.viewsets import viewsets

from destination.desk import DeskViewSet

pytestmark = pytest.mark.django_db
ABSURD = ["9999-12-31", "0001-01-01", "31/12/9999", "hier", ""]


def dated_lists() -> list[tuple[str, str]]:
    """Return the address and the filter of each list that is narrowed between two days."""
    viewsets.populate()
    return [
        (one.get_url_name("index"), name)
        for one in viewsets.viewsets
        if isinstance(one, DeskViewSet)
        for name, field in getattr(one.filterset_class, "base_filters", {}).items()
        if "Range" in type(field).__name__
    ]


def test_there_are_such_lists() -> None:
    assert ("desk_orders:index", "arrival") in dated_lists()


@pytest.mark.parametrize(("name", "field"), dated_lists())
@pytest.mark.parametrize("day", ABSURD)
def test_list_answers_whatever_the_day(desk: Client, name: str, field: str, day: str) -> None:
    for asked in (
        {f"{field}_from": day},
        {f"{field}_to": day},
        {f"{field}_from": day, f"{field}_to": day},
    ):
        answer = desk.get(reverse(name), asked)
        assert answer.status_code in (200, 302), asked
