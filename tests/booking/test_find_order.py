"""Finding an order again: the same answer always, the mail to its buyer only."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as CacheDown

from booking.messages import send_message
from booking.models import OutboxMessage
from oti.cache import FailOpenRedisCache
from tests.booking.pages import address, body, paid_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
SENT = "If a booking has this address and this reference, its link is on its way."


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(client: Client, bank: FakeBank):
    return paid_stay(bank)


def ask(client: Client, email: str, reference: str):
    return client.post(address("booking:find-order"), {"email": email, "reference": reference})


def links() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind="find_order"))


@pytest.mark.parametrize(
    "write",
    [
        str,
        str.lower,
        lambda text: f" {text[:4]} {text[4:]} ",
        lambda text: f"{text[:4]}-{text[4:]}",
    ],
)
def test_buyer_gets_the_link_however_the_reference_is_written(
    client: Client, order, mailoutbox, write
):
    answer = ask(client, "Claire.Dupont@Example.org", write(order.reference))

    assert SENT in body(answer)
    [message] = links()
    assert message.recipient == order.email
    send_message(message.pk, now=NOW)
    assert order.reference in mailoutbox[0].subject
    assert f"?cle={order.access_token}" in mailoutbox[0].body


def test_answer_is_the_same_for_what_does_not_exist(client: Client, order):
    known = ask(client, order.email, order.reference)
    unknown = ask(client, order.email, "AAAA3333")
    foreign = ask(client, "somebody@example.org", order.reference)

    def plain(answer) -> str:
        return body(answer).split("<main")[1].split("<form")[0]

    assert known.status_code == unknown.status_code == foreign.status_code == 200
    assert plain(known) == plain(unknown) == plain(foreign)
    assert len(links()) == 1


@pytest.mark.parametrize(
    ("email", "reference", "field"),
    [("claire@", "AAAA3333", "email"), ("a@example.org", "", "reference")],
)
def test_what_cannot_be_read_is_told_beside_its_field(client: Client, email, reference, field):
    answer = ask(client, email, reference)

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in body(answer)
    assert "<title>Error:" in body(answer)


def test_one_mail_in_five_minutes_for_one_order(client: Client, order, at):
    for _time in range(3):
        ask(client, order.email, order.reference)
    assert len(links()) == 1

    at(NOW + timedelta(minutes=6))
    ask(client, order.email, order.reference)
    assert len(links()) == 2


def test_too_many_tries_are_stopped_for_a_while(client: Client, order):
    statuses = [ask(client, "a@example.org", "AAAA3333").status_code for _time in range(12)]

    assert statuses == [200] * 10 + [429] * 2
    stopped = ask(client, order.email, order.reference)
    assert stopped.status_code == 429
    assert links() == []


def test_everybody_is_let_through_while_the_cache_is_away(client: Client, order, monkeypatch):
    def away(*args, **kwargs):
        raise CacheDown

    monkeypatch.setattr(FailOpenRedisCache, "_uncounted_until", 0.0)
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", away)

    answers = [ask(client, order.email, order.reference) for _time in range(12)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(links()) == 1
    assert cache.add("anything", 1) is True


def test_the_list_of_what_is_wrong_names_the_field(client: Client):
    page = body(ask(client, "claire@example.org", "A" * 40))

    assert "Reference: Give" in page.split("data-error-summary")[1].split("</ul>")[0]
