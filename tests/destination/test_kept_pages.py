"""Pages kept whole: alike for everybody, never somebody's own, ended by whatever changes them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from destination import kept_pages
from destination.models import ThemePage
from oti.lib import generation
from oti.lib.memo import forget_everything
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, translated
from tests.destination.test_publication import TEXTS, sent
from tests.pages import text_of, with_basket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remembering(at, settings, monkeypatch) -> Iterator[None]:
    at(NOW)
    settings.REMEMBER_SECONDS = 30
    # The test's own transaction is no selling.
    monkeypatch.setattr("oti.lib.memo._is_remembering", lambda: True)
    monkeypatch.setattr(generation, "ASKED_EVERY", 0.0)
    factories.a_perimeter()
    forget_everything()
    yield
    forget_everything()


@pytest.fixture
def page() -> ThemePage:
    a_home("fr")
    return a_page(ThemePage, title="Bien-être", body=[], **TEXTS)


def office() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client = Client()
    client.force_login(user)
    return client


def test_a_page_that_is_kept_asks_nothing(page: ThemePage, django_assert_num_queries):
    first = Client().get(page.url)

    with django_assert_num_queries(0):
        again = Client().get(page.url)

    assert again.content == first.content
    assert again["Vary"] == first["Vary"]
    for name in ("Content-Security-Policy", "Content-Language", "X-Frame-Options"):
        assert again[name] == first[name]


def test_who_has_a_stay_or_an_account_sees_the_own_page(page: ThemePage):
    Client().get(page.url)

    host = Client()
    host.force_login(factories.a_user())
    assert "Mon compte" in text_of(host.get(page.url))
    basket = factories.a_basket(None)
    assert "Mon compte" not in text_of(with_basket(Client(), basket).get(page.url))
    assert "Se connecter" in text_of(Client().get(page.url))
    # And theirs is kept for nobody.
    assert "Mon compte" not in text_of(Client().get(page.url))


def test_publishing_shows_at_once(page: ThemePage):
    reader, desk = Client(), office()
    assert "Bien-être" in text_of(reader.get(page.url))
    page.title = "Le grand calme"

    answer = desk.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        sent(page, action="action-publish", **TEXTS),
    )

    assert answer.status_code == 302
    assert "Le grand calme" in text_of(reader.get(page.url))
    gone = desk.post(reverse("wagtailadmin_pages:unpublish", args=[page.pk]))
    assert gone.status_code == 302, gone.content
    assert reader.get(page.url).status_code == 404


def test_who_reads_packed_pages_gets_the_same_words_in_fewer_bytes(page: ThemePage):
    plain = Client().get(page.url)

    # As it is read, then as it is kept.
    for _time in range(2):
        packed = Client().get(page.url, headers={"Accept-Encoding": "br, gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert gzip.decompress(packed.content) == plain.content
        assert len(packed.content) < len(plain.content) / 2
    assert "Content-Encoding" not in Client().get(page.url)


def test_each_language_is_kept_for_itself(page: ThemePage):
    english = translated(page, a_home("en"), title="Well-being", slug=page.slug)

    for _time in range(2):
        assert "Bien-être" in text_of(Client().get(page.url))
        assert "Well-being" in text_of(Client().get(english.url))


def test_a_page_with_a_form_that_is_sent_is_never_kept(page: ThemePage, monkeypatch):
    written = kept_pages.HttpResponse(b"<input name=csrfmiddlewaretoken>")
    monkeypatch.setattr("destination.views._page", lambda *_: written)
    Client().get("/fr/avec-jeton/")
    monkeypatch.undo()

    assert Client().get("/fr/avec-jeton/").status_code == 404


def test_what_was_asked_in_the_address_is_read(page: ThemePage):
    assert Client().get(page.url, {"utm": "x"}).status_code == 200
    assert kept_pages._pages.get([("testserver", False, page.url, "fr")]) == {}


def test_a_page_read_before_a_change_is_not_kept_after_it(page: ThemePage):
    begun = kept_pages._pages.generation
    generation.change()
    kept_pages._pages.get(["x"])
    kept_pages._pages.put({"x": kept_pages.Whole(b"", "", b"")}, begun=begun)

    assert kept_pages._pages.get(["x"]) == {}


def test_without_the_cache_what_is_kept_ends_by_its_age(page: ThemePage, monkeypatch):
    monkeypatch.setattr(generation.cache, "get", lambda _key, default=None, **_: default)

    assert Client().get(page.url).status_code == 200
    assert Client().get(page.url).status_code == 200
