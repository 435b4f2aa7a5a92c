"""The office's staff, and what a form of the desk sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from members.models import User
from tests import factories
from tests.cast import NOW


@pytest.fixture(autouse=True)
def _clock(at: Callable[[str | datetime], datetime]) -> None:
    at(NOW)


@pytest.fixture
def staff(db: None) -> User:
    """Return somebody of the office: not an administrator."""
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    return user


@pytest.fixture
def desk(staff: User) -> Client:
    """Return the browser of somebody of the office, who reads English."""
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(staff)
    return client


def rows(relation: str, *given: dict[str, Any], saved: int = 0) -> dict[str, Any]:
    """Return what the rows of a relation send; the first `saved` of them exist already."""
    data: dict[str, Any] = {
        f"{relation}-TOTAL_FORMS": len(given),
        f"{relation}-INITIAL_FORMS": saved,
        f"{relation}-MIN_NUM_FORMS": 0,
        f"{relation}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(given):
        data |= {f"{relation}-{number}-{name}": value for name, value in row.items()}
    return data


@pytest.fixture
def photo(db: None, settings: Any, tmp_path: Any) -> Any:
    """Return a photograph of the library."""
    from wagtail.images import get_image_model
    from wagtail.images.tests.utils import get_test_image_file

    settings.MEDIA_ROOT = tmp_path
    return get_image_model().objects.create(title="Photo", file=get_test_image_file())
