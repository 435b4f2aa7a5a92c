"""How often one address may ask, and what happens when the cache is away."""

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as CacheAway
from redis.exceptions import TimeoutError as CacheSlow

from oti.api.throttles import read_rate
from oti.cache import FailOpenRedisCache
from tests import factories
from tests.oti.api.client import ask, codes, new_basket, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(settings):
    settings.API_RATES = {
        "read": "3/minute",
        "write": "2/minute",
        "checkout": "1/hour",
        "codes": "2/hour",
    }
    factories.a_perimeter()


def test_too_many_are_asked_to_come_back(at):
    at("2027-04-06 10:00:45")
    assert [ask("offers").status_code for _time in range(3)] == [200] * 3

    refused = ask("offers", Accept_Language="en")

    assert (refused.status_code, codes(refused)) == (429, ["too_many_requests"])
    assert refused["Retry-After"] == "15"
    assert "15" in refused.json()["problems"][0]["message"]
    at("2027-04-06 10:01:00")
    assert ask("offers").status_code == 200


def test_reading_writing_and_ordering_are_counted_apart():
    token = new_basket()
    first = [send(f"baskets/{token}/checkout").status_code for _time in range(2)]
    second = [send("baskets").status_code for _time in range(2)]

    assert first == [422, 429]
    assert second == [201, 429]
    assert ask("offers").status_code == 200


def test_each_address_has_its_own_count():
    def status(address):
        return Client(REMOTE_ADDR=address).get("/api/v1/offers").status_code

    assert [status("192.0.2.1") for _time in range(4)] == [200, 200, 200, 429]
    assert status("192.0.2.2") == 200
    # One subscriber has 2^64 addresses of IPv6.
    found = [status(f"2001:db8:1:2::{number}") for number in range(1, 5)]
    assert found == [200, 200, 200, 429]
    assert status("2001:db8:1:3::1") == 200


def test_only_our_own_proxies_name_the_client(settings):
    def status(forwarded):
        return ask("offers", X_Forwarded_For=forwarded).status_code

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert [status(f"203.0.113.{number}") for number in range(4)] == [200, 200, 200, 429]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    # What the client itself wrote stands before what our proxy adds.
    found = [status(f"203.0.113.{number}, 198.51.100.7") for number in range(4)]
    assert found == [200, 200, 200, 429]


def test_nobody_is_refused_while_the_cache_is_away(monkeypatch):
    def away(*_args, **_kwargs):
        raise CacheAway

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", away)

    assert [ask("offers").status_code for _time in range(6)] == [200] * 6


def test_cache_that_hangs_is_left_alone(monkeypatch):
    tries = []

    def hangs(*_args, **_kwargs):
        tries.append(1)
        raise CacheSlow

    monkeypatch.setattr(FailOpenRedisCache, "_uncounted_until", 0.0)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", hangs)

    assert [ask("offers").status_code for _time in range(6)] == [200] * 6
    assert len(tries) == 1


def test_no_limit(settings):
    settings.API_RATES = {"read": "0", "write": "0", "checkout": "0", "codes": "0"}
    assert [ask("offers").status_code for _time in range(6)] == [200] * 6


@pytest.mark.parametrize(
    ("text", "rate"), [("300/minute", (300, 60)), ("5/hour", (5, 3600)), ("0", (0, 60))]
)
def test_rates_are_read(text, rate):
    assert read_rate(text) == rate
