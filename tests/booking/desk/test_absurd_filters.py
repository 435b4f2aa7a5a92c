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
    # The admin's addresses gather the lists, once.
    reverse("wagtailadmin_home")
    return [
        (one.get_url_name("index"), name)
        for one in viewsets.viewsets
        if isinstance(one, DeskViewSet)
        for name, field in getattr(one.filterset_class, "base_filters", {}).items()
        if "Range" in type(field).__name__
    ]


@pytest.mark.parametrize("day", ABSURD)
def test_list_answers_whatever_the_day(desk: Client, day: str) -> None:
    found = dated_lists()
    assert ("desk_orders:index", "arrival") in found
    for name, field in found:
        for sides in (("from",), ("to",), ("from", "to")):
            asked = {f"{field}_{side}": day for side in sides}
            assert desk.get(reverse(name), asked).status_code in (200, 302), (name, asked)
