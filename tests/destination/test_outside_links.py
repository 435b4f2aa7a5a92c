"""Addresses outside the site: asked for once a week, and said to be gone only when they are."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from destination.models import OutsideLink, ThemePage
from destination.outside_links import MOST_AT_ONCE, ask, check_links, gather
from destination.tasks import check_outside_links
from oti.lib.http import Fetched, FetchFailed
from oti.lib.public_hosts import FetchRefused, Reason
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_page

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
GONE, THERE, UNKNOWN = OutsideLink.State.GONE, OutsideLink.State.THERE, OutsideLink.State.UNKNOWN


@pytest.fixture(autouse=True)
def _spring(at: Any) -> None:
    at(NOW)
    factories.a_perimeter()


class Outside:
    """Sites of others: what each address answers to the short and to the long question."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def __call__(self, url: str, *, method: str, total_seconds: float) -> Fetched:
        with self.lock:
            self.asked.append((method, url))
        name = url.removeprefix("https://").split(".")[0]
        answer = self.answers.get(name, 200)
        if isinstance(answer, dict):
            answer = answer[method]
        if isinstance(answer, Exception):
            raise answer
        return Fetched(answer, {}, b"", url)


def linking(*urls: str, **fields: Any) -> ThemePage:
    """Make a published page whose text leads to these addresses."""
    text = "".join(f'<p><a href="{url}">ici</a></p>' for url in urls)
    return a_page(ThemePage, body=[("passage", {"text": text})], **fields)


def checked(outside: Outside, now: datetime = NOW) -> dict[str, str]:
    check_links(now=now, fetch=outside)
    return dict(OutsideLink.objects.values_list("url", "state"))


def test_only_addresses_outside_of_published_pages_are_asked_for():
    linking(
        "https://a.example/?x=1&amp;y=2#part",
        "https://a.example/?x=1&amp;y=2",
        "http://testserver/fr/",
        "https://[broken",
        "mailto:office@example.org",
        "tel:+33471000000",
        "/fr/agenda/",
        "https://long.example/" + "x" * 2000,
    )
    linking("https://draft.example/", live=False)
    outside = Outside()

    assert checked(outside) == {
        "https://a.example/?x=1&y=2": THERE,
        "https://[broken": THERE,
    }
    assert ("HEAD", "https://a.example/?x=1&y=2") in outside.asked


def test_an_address_is_asked_for_once_a_week_and_forgotten_with_its_page():
    page = linking("https://a.example/")
    outside = Outside()
    checked(outside)
    assert checked(outside, NOW + WEEK - timedelta(hours=1)) == {"https://a.example/": THERE}
    assert len(outside.asked) == 1
    checked(outside, NOW + WEEK)
    assert len(outside.asked) == 2

    page.delete()
    assert checked(outside, NOW + 2 * WEEK) == {}


def test_a_run_is_bounded_and_the_rest_comes_first_the_next_time():
    linking(*(f"https://a{number}.example/" for number in range(MOST_AT_ONCE + 3)))
    outside = Outside()
    assert check_links(now=NOW, fetch=outside) == MOST_AT_ONCE
    assert check_links(now=NOW, fetch=outside) == 3
    assert len({url for _method, url in outside.asked}) == MOST_AT_ONCE + 3


@pytest.mark.parametrize(
    ("answer", "first", "second"),
    [
        (200, THERE, THERE),
        (404, GONE, GONE),
        (410, GONE, GONE),
        # Robots are kept out, visitors are not.
        (403, THERE, THERE),
        (429, THERE, THERE),
        # The short question isn't known there.
        ({"HEAD": 405, "GET": 200}, THERE, THERE),
        ({"HEAD": 404, "GET": 200}, THERE, THERE),
        ({"HEAD": 403, "GET": 404}, GONE, GONE),
        ({"HEAD": FetchFailed(Reason.PROTOCOL), "GET": 200}, THERE, THERE),
        (FetchFailed(Reason.TOO_LARGE), THERE, THERE),
        # A bad night is no end.
        (503, UNKNOWN, GONE),
        (FetchFailed(Reason.TIMEOUT), UNKNOWN, GONE),
        (FetchFailed(Reason.UNKNOWN_HOST), UNKNOWN, GONE),
        (FetchFailed(Reason.TLS), UNKNOWN, GONE),
        # What nobody can follow, and what we don't follow.
        (FetchRefused(Reason.PRIVATE), GONE, GONE),
        (FetchRefused(Reason.BAD_ADDRESS), GONE, GONE),
        (FetchRefused(Reason.PORT), UNKNOWN, UNKNOWN),
        (FetchRefused(Reason.REDIRECTS), UNKNOWN, UNKNOWN),
    ],
)
def test_what_an_answer_says_of_an_address(answer: Any, first: str, second: str):
    linking("https://site.example/")
    outside = Outside(site=answer)
    assert checked(outside)["https://site.example/"] == first
    assert checked(outside, NOW + WEEK)["https://site.example/"] == second
    # Back again, back in order.
    assert checked(Outside(), NOW + 2 * WEEK)["https://site.example/"] == THERE


def test_an_address_without_a_lock_is_asked_with_one_and_never_called_gone():
    linking("http://old.example/", "http://new.example/")
    outside = Outside(old=FetchFailed(Reason.TLS))
    for week in range(3):
        found = checked(outside, NOW + week * WEEK)
    assert found == {"http://old.example/": UNKNOWN, "http://new.example/": THERE}
    assert {url for _method, url in outside.asked} == {
        "https://old.example/",
        "https://new.example/",
    }


def test_an_address_that_holds_another_is_asked_for_as_it_is():
    asked = []

    def fetch(url: str, **_how: Any) -> Fetched:
        asked.append(url)
        return Fetched(200, {}, b"", url)

    kept = "https://web.example.org/web/2020/http://example.org/"
    assert ask(kept, fetch).state == OutsideLink.State.THERE
    assert asked == [kept]


def test_the_editors_are_told_on_which_page(client: Client):
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client.force_login(user)
    linking("https://site.example/", "https://fine.example/", title="Liens")
    linking("https://fine.example/", title="Autres")
    checked(Outside(site=404))

    shown = client.get(reverse("pages_to_mend")).content.decode()

    assert shown.count("https://site.example/") == 1
    assert "https://fine.example/" not in shown
    assert shown.index("Liens") < shown.index("https://site.example/") < shown.index("Autres")


def test_the_task_asks_through_the_safe_way(monkeypatch: pytest.MonkeyPatch):
    linking("https://site.example/")
    outside = Outside()
    monkeypatch.setattr("destination.tasks.fetch", outside)
    check_outside_links()
    assert outside.asked == [("HEAD", "https://site.example/")]


def test_gathering_twice_keeps_what_is_known():
    linking("https://site.example/")
    checked(Outside(site=404))
    assert gather() == 1
    assert OutsideLink.objects.get().state == GONE
