"""One address may not have everything: counted requests, bounded bodies."""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO

import pytest
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from oti import limits
from oti.cache import FailOpenRedisCache
from tests import factories
from tests.cast import NOW

MB = 1024 * 1024
LIMITS = {"all": (5, 60), "write": (2, 60), "bank": (3, 60)}
ADD = "/fr/mon-sejour/ajouter/"


class Bottomless(BytesIO):
    """A body that never ends, and counts what was read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0, "the whole body was asked for"
        self.taken += size
        return b"x" * size


@pytest.fixture
def some_limits(settings):
    settings.RATE_LIMITS = dict(LIMITS)


def ok(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def ask(path: str = "/fr/", *, method: str = "GET", view=ok, **meta: str):
    return limits.RateLimit(view)(RequestFactory().generic(method, path, **meta))


def statuses(times: int, path: str = "/fr/", **options: str) -> list[int]:
    return [ask(path, **options).status_code for _ in range(times)]


# --- Requests ------------------------------------------------------------------------------------
def test_ten_thousand_requests_of_one_address_reach_no_page_but_the_first(settings, at):
    settings.RATE_LIMITS = {"all": (600, 60)}
    at(NOW)
    reached: list[int] = []

    def page(_request: HttpRequest) -> HttpResponse:
        reached.append(1)
        return HttpResponse()

    answers = Counter(ask(view=page).status_code for _ in range(10_000))

    assert answers == {200: 600, 429: 9_400}
    assert len(reached) == 600


@pytest.mark.usefixtures("some_limits")
def test_refused_visitor_is_told_when_to_come_back_on_a_page_of_ours(client: Client, at):
    at("2027-07-10 09:00:20")
    for _ in range(5):
        ask("/nulle-part/")

    answer = client.get("/fr/mon-sejour/")

    assert answer.status_code == 429
    assert answer["Retry-After"] == "41"
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "Un instant, s’il vous plaît" in page
    assert "One moment, please" in page
    assert "css/site" in page
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.usefixtures("some_limits")
def test_next_window_begins_anew(at):
    at("2027-07-10 09:00:20")
    assert statuses(6)[-1] == 429
    at("2027-07-10 09:01:00")
    assert ask().status_code == 200


@pytest.mark.usefixtures("some_limits")
def test_interface_is_answered_in_json(at):
    at(NOW)
    statuses(5, "/api/v1/stays")
    answer = ask("/api/v1/stays")
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/json")
    assert json.loads(answer.content)["problems"][0]["code"] == "too_many_requests"
    assert answer["Retry-After"]


@pytest.mark.usefixtures("some_limits")
def test_writing_is_bounded_before_reading(at):
    at(NOW)
    assert statuses(3, ADD, method="POST") == [200, 200, 429]
    assert statuses(2) == [200, 200]
    assert statuses(1) == [429]


@pytest.mark.usefixtures("some_limits")
def test_the_bank_has_a_limit_of_its_own_and_whoever_watches_none(at):
    at(NOW)
    assert statuses(6)[-1] == 429
    assert statuses(4, "/paiement/stripe/", method="POST") == [200, 200, 200, 429]
    assert set(statuses(20, "/sante/")) == {200}


@pytest.mark.usefixtures("some_limits")
@pytest.mark.parametrize("path", ["/paiement/", "/paiement/stripe", "/paiement/stripe/x/"])
def test_only_the_bank_s_own_address_has_its_limit(at, path: str):
    at(NOW)
    assert statuses(3, path, method="POST") == [200, 200, 429]


@pytest.mark.usefixtures("some_limits")
def test_another_address_is_not_stopped(at):
    at(NOW)
    assert statuses(6, REMOTE_ADDR="203.0.113.7")[-1] == 429
    assert ask(REMOTE_ADDR="203.0.113.8").status_code == 200


def test_limits_can_be_taken_away(settings, monkeypatch):
    settings.RATE_LIMITS = {}
    monkeypatch.setattr(FailOpenRedisCache, "count", lambda *_: pytest.fail("counted"))
    assert set(statuses(20)) == {200}


@pytest.mark.usefixtures("some_limits")
def test_a_request_costs_one_round_trip(monkeypatch, at):
    at(NOW)
    trips: list[int] = []
    client = caches["default"]._cache.get_client(None, write=True)
    pipeline = client.pipeline

    def counted(**options):
        made = pipeline(**options)
        execute = made.execute
        made.execute = lambda: trips.append(len(made)) or execute()
        return made

    monkeypatch.setattr(client, "pipeline", counted)
    monkeypatch.setattr(client, "execute_command", lambda *_, **__: pytest.fail("another trip"))
    monkeypatch.setattr(
        type(caches["default"]._cache), "get_client", lambda *_args, **_options: client
    )

    assert ask(ADD, method="POST").status_code == 200
    assert trips == [4]


@pytest.mark.usefixtures("some_limits")
def test_without_the_cache_everybody_is_let_through_and_it_is_left_alone(monkeypatch):
    tries: list[int] = []

    def away(*_args: object, **_options: object):
        tries.append(1)
        raise RedisConnectionError

    monkeypatch.setattr(FailOpenRedisCache, "_uncounted_until", 0.0)
    monkeypatch.setattr(type(caches["default"]._cache), "get_client", away)

    assert set(statuses(20)) == {200}
    assert len(tries) == 1


# --- Bodies ------------------------------------------------------------------------------------
def send(path: str, body: BytesIO, view=ok, **meta: str):
    request = RequestFactory().generic("POST", path, content_type="text/plain")
    for name in ("CONTENT_LENGTH", *meta):
        request.META.pop(name, None)
    request.META.update(meta, **{"wsgi.input": body})
    return limits.BodyLimit(view)(request)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        (ADD, 50 * MB, 413),
        (ADD, 2_500_001, 413),
        (ADD, 2_500_000, 200),
        ("/gestion/images/add/", 50 * MB, 413),
        ("/gestion/images/add/", 15 * MB, 200),
        ("/paiement/stripe/", 50 * MB, 413),
        ("/api/v1/baskets", 50 * MB, 413),
        ("/nulle-part/", 50 * MB, 413),
    ],
)
def test_announced_body_is_refused_unread(path: str, size: int, status: int):
    body = Bottomless()
    assert send(path, body, CONTENT_LENGTH=str(size)).status_code == status
    assert body.taken == 0


@pytest.mark.parametrize("path", [ADD, "/gestion/images/add/", "/api/v1/baskets"])
def test_unannounced_body_is_read_no_further_than_the_limit(path: str):
    body = Bottomless()
    answer = send(path, body, HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 413
    assert body.taken <= 16 * MB + 1


def test_unannounced_body_that_fits_is_handed_on():
    def echo(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.body)

    answer = send(ADD, BytesIO(b"offer=1"), view=echo, HTTP_TRANSFER_ENCODING="chunked")
    assert answer.content == b"offer=1"


def test_body_that_breaks_off_is_no_failure():
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    assert send(ADD, Broken(), HTTP_TRANSFER_ENCODING="chunked").status_code == 400


@pytest.mark.parametrize("told", ["9" * 400, "-1", "abc", "", "1e9", "²"])
def test_odd_length_is_no_failure(told: str):
    assert send(ADD, BytesIO(), CONTENT_LENGTH=told).status_code in {200, 413}


@pytest.mark.django_db
def test_visitor_with_50_mb_gets_a_page_of_ours(client: Client):
    factories.a_perimeter()
    answer = client.post(ADD, b"x" * 50 * MB, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    page = answer.content.decode()
    assert "C’est trop lourd pour nous" in page
    assert "too heavy" in page
    assert answer["Content-Security-Policy"]
    assert client.get("/fr/mon-sejour/").status_code == 200


def test_interface_answers_in_the_language_of_the_one_who_asks():
    told = {"CONTENT_LENGTH": str(50 * MB), "HTTP_ACCEPT_LANGUAGE": "en"}
    answer = send("/api/v1/baskets", Bottomless(), **told)
    assert json.loads(answer.content)["problems"][0]["message"] == "What was sent is too long."


def test_interface_with_50_mb_is_answered_in_json():
    answer = send("/api/v1/baskets", Bottomless(), CONTENT_LENGTH=str(50 * MB))
    assert json.loads(answer.content)["problems"][0]["code"] == "too_large"
