"""The pages of webhooks: an owner gives an address, tests it, reads what it was told."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import HookDelivery, Webhook
from booking.rules.webhooks import signature
from booking.webhooks.sending import drain_hooks
from members.models import Provider, ProviderRole, User
from tests import factories
from tests.booking.pages import body
from tests.booking.webhooks.receiver import Receiver
from tests.booking.webhooks.test_sending import a_delivery
from tests.cast import NOW

pytestmark = pytest.mark.django_db
PAGE = reverse("extranet-webhooks")
FORM = {"address": "https://hooks.example.org/velay", "topics": ["booking.confirmed"]}


def a_house() -> tuple[Provider, Client]:
    house = factories.a_provider()
    return house, browser_of(factories.a_host(house))


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def act(client: Client, hook: Webhook, what: str):
    return client.post(reverse("extranet-webhook-act", args=[hook.pk, what]), follow=True)


def test_owner_adds_an_address_and_sees_its_secret_once():
    house, client = a_house()
    assert "No address yet" in body(client.get(PAGE))

    page = body(client.post(reverse("extranet-webhook-add", args=[house.slug]), FORM, follow=True))

    assert "velay_wh_" in page
    hook = Webhook.objects.get()
    assert hook.topics == ["booking.confirmed"]
    assert "velay_wh_" not in body(client.get(reverse("extranet-webhook", args=[hook.pk])))
    assert hook.masked in body(client.get(PAGE))
    assert "velay_wh_" in body(act(client, hook, "secret"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": ""}, "Give the whole address"),
        ({"address": "http://hooks.example.org"}, "from https:// on"),
        ({"address": "https://10.0.0.1/"}, "leads to a private network"),
        ({"topics": []}, "Tick at least one"),
        ({"topics": ["everything"]}, "Tick at least one"),
    ],
)
def test_bad_address_is_said_beside_its_field(change, words):
    house, client = a_house()
    answer = client.post(reverse("extranet-webhook-add", args=[house.slug]), {**FORM, **change})
    assert answer.status_code == 422
    assert words in body(answer)
    assert not Webhook.objects.exists()


def test_buttons_do_what_they_say(receiver: Receiver):
    house, client = a_house()
    hook = factories.a_webhook(house)

    assert "The test was received" in body(act(client, hook, "tester"))
    assert "try again in a minute" in body(act(client, hook, "tester"))
    assert "Paused" in body(act(client, hook, "pause"))
    assert "It is told again" in body(act(client, hook, "reprise"))
    answer = client.post(reverse("extranet-webhook", args=[hook.pk]), {"topics": ["slot.changed"]})
    assert answer.status_code == 303
    hook.refresh_from_db()
    assert hook.topics == ["slot.changed"]
    empty = client.post(reverse("extranet-webhook", args=[hook.pk]), {})
    assert (empty.status_code, "Tick at least one" in body(empty)) == (422, True)
    assert act(client, hook, "nothing").status_code == 404
    assert "is removed" in body(act(client, hook, "retirer"))
    assert not Webhook.objects.exists()


def test_log_says_what_each_answered_and_sends_again(receiver: Receiver):
    house, client = a_house()
    hook = factories.a_webhook(house)
    receiver.status = 302
    delivery = a_delivery(hook)
    drain_hooks(now=NOW)
    page = body(client.get(reverse("extranet-webhook", args=[hook.pk])))
    assert "answered 302: it leads elsewhere" in page
    assert "One line of a booking changes" in page
    assert "WYYA3KK6" in page

    client.post(reverse("extranet-webhook-replay", args=[delivery.pk]))
    receiver.status = 200
    drain_hooks(now=NOW)
    delivery.refresh_from_db()
    assert delivery.state == HookDelivery.State.DELIVERED


def test_what_the_page_tells_developers_checks_a_signature(at):
    _house, client = a_house()
    page = client.get(PAGE).content.decode()
    code = unescape(re.search(r"<pre[^>]*>(import hashlib.*?)</pre>", page, re.DOTALL)[1])
    assert code.count("\n") <= 6
    names: dict = {}
    exec(code, names)
    header = signature(["old", "secret"], int(NOW.timestamp()), b'{"a":1}')
    assert names["is_ours"](header, b'{"a":1}', "secret")
    assert not names["is_ours"](header, b'{"a":2}', "secret")
    assert not names["is_ours"](header, b'{"a":1}', "other")


def test_staff_sees_and_does_nothing(receiver: Receiver):
    house, _client = a_house()
    hook = factories.a_webhook(house)
    delivery = a_delivery(hook)
    staff = factories.a_user()
    ProviderRole.objects.create(user=staff, provider=house, role="staff")
    client = browser_of(staff)

    page = body(client.get(PAGE))
    assert "Only the owners" in page
    assert hook.masked not in page
    assert client.get(reverse("extranet-webhook", args=[hook.pk])).status_code == 404
    assert act(client, hook, "retirer").status_code == 404
    replay = reverse("extranet-webhook-replay", args=[delivery.pk])
    assert client.post(replay).status_code == 404
    assert client.post(reverse("extranet-webhook-add", args=[house.slug]), FORM).status_code == 404
    assert Webhook.objects.count() == 1
    assert receiver.urls == []
