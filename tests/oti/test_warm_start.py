"""Before the web server parts into workers two pages are shown, and nothing stays open."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connections
from django.http import HttpResponseBase

from oti import wsgi
from oti.lib import memo


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return what is answered meanwhile; the test's own connection stays open."""
    answers: list[tuple[str, int]] = []
    answer = wsgi.application.get_response

    def noting(request: Any) -> HttpResponseBase:
        response = answer(request)
        answers.append((request.path, response.status_code))
        return response

    monkeypatch.setattr(wsgi.application, "get_response", noting)
    monkeypatch.setattr(connections, "close_all", lambda: answers.append(("closed", 0)))
    return answers


@pytest.mark.django_db
def test_two_pages_are_shown_and_every_connection_closed(shown: list[tuple[str, int]], settings):
    settings.BASE_URL = "http://localhost"
    wsgi.show_once()
    assert shown == [("/fr/", 200), ("/fr/dormir/", 200), ("closed", 0)]


@pytest.mark.django_db
def test_a_site_whose_database_is_away_starts_all_the_same(
    shown: list[tuple[str, int]], settings, monkeypatch: pytest.MonkeyPatch
):
    settings.BASE_URL = "http://localhost"
    memo.forget_everything()

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    wsgi.show_once()
    assert [status for _page, status in shown[:-1]] != [200, 200]
    assert shown[-1] == ("closed", 0)


def test_what_is_found_by_its_name_is_loaded():
    wsgi.load_named()
