"""Webhooks: signed, retried, held back, sent again; and the control API."""

import json

import pytest
import requests  # noqa: TID251 (plays the browser and the control)
import stripe

from tests.oti.fakestripe.standin import WEBHOOK_SECRET, Probe, Receiver, until


def test_every_webhook_is_signed_for_the_real_library(stand_in: Probe, receiver: Receiver) -> None:
    session = stand_in.paid_session()
    receiver.wait_for("checkout.session.completed")
    for item in receiver.received:
        event = stripe.Webhook.construct_event(item.body, item.signature, WEBHOOK_SECRET)
        assert event.id.startswith("evt_")
    done = next(i.event for i in receiver.received if i.event["type"].endswith("completed"))
    assert done["data"]["object"]["id"] == session.id
    assert not [name for name in done["data"]["object"] if name.startswith("_")]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(receiver.received[0].body + b" ", item.signature, "whsec_x")


def test_a_refused_webhook_is_tried_again_until_taken(stand_in: Probe, receiver: Receiver) -> None:
    receiver.statuses = [500, 302, 404]
    session = stand_in.open_session()
    stand_in.client.v1.checkout.sessions.expire(session.id)
    until(lambda: [d["state"] for d in stand_in.deliveries()] == ["delivered"])
    assert receiver.kinds() == ["checkout.session.expired"] * 4
    assert len({item.event["id"] for item in receiver.received}) == 1
    assert stand_in.deliveries()[0]["attempts"] == 4


def test_held_webhooks_come_when_released_in_the_order_of_the_test(
    stand_in: Probe, receiver: Receiver
) -> None:
    stand_in.control("hold")
    stand_in.paid_session()
    waiting = {d["type"]: d["event"] for d in stand_in.deliveries()}
    assert receiver.received == []
    for kind in ("checkout.session.completed", "payment_intent.created"):
        assert stand_in.control("resend", event=waiting[kind])["status"] == 200
    stand_in.control("resend", event=waiting["checkout.session.completed"])
    assert receiver.kinds() == [
        "checkout.session.completed",
        "payment_intent.created",
        "checkout.session.completed",
    ]
    stand_in.control("release")
    until(lambda: {d["state"] for d in stand_in.deliveries()} == {"delivered"})
    assert sorted(receiver.kinds()[3:]) == ["charge.succeeded", "payment_intent.succeeded"]


def test_resend_tells_what_the_shop_answered(stand_in: Probe, receiver: Receiver) -> None:
    stand_in.control("hold")
    stand_in.paid_session()
    event = stand_in.deliveries()[0]["event"]
    receiver.statuses = [503]
    assert stand_in.control("resend", event=event) == {"status": 503, "error": "HTTP 503"}
    assert stand_in.deliveries()[0]["state"] == "waiting"


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("resend", {"event": "evt_nobody"}, 404),
        ("resend", {}, 400),
        ("pay", {"session": "cs_nobody"}, 404),
        ("clock", {"advance": "soon"}, 400),
        ("nothing", {}, 404),
    ],
)
def test_the_control_refuses_nonsense(
    stand_in: Probe, name: str, body: dict[str, str], status: int
) -> None:
    answer = requests.post(f"{stand_in.url}/_control/{name}", data=json.dumps(body), timeout=5)
    assert answer.status_code == status


def test_no_page_of_another_site_may_use_the_control(stand_in: Probe) -> None:
    headers = {"Origin": "http://elsewhere.example"}
    answer = requests.post(f"{stand_in.url}/_control/hold", headers=headers, timeout=5)
    assert answer.status_code == 403


def test_control_pay_answers_the_banks_question(stand_in: Probe) -> None:
    session = stand_in.open_session()
    asked = stand_in.control("pay", session=session.id, number="4000000000003220")
    assert (asked["session_status"], asked["intent_status"]) == ("open", "requires_action")
    paid = stand_in.control("pay", session=session.id, number="4000000000003220", answer="accept")
    assert (paid["session_status"], paid["payment_status"]) == ("complete", "paid")
