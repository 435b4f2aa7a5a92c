"""Checkout Sessions through the real library: bounds, expiry by call and by the clock."""

import time

import pytest
import stripe

from tests.oti.fakestripe.standin import Probe, Receiver, line, until


def test_a_new_session_is_open_and_unpaid(stand_in: Probe) -> None:
    session = stand_in.open_session()
    assert session.id.startswith("cs_test_")
    assert session.url == f"{stand_in.url}/c/pay/{session.id}"
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.amount_total == 84_500
    assert session.payment_intent is None
    assert session.metadata.to_dict() == {"order": "VLY-7K4M"}
    assert session.expires_at - session.created == 24 * 3600


def test_the_deadline_is_30_minutes_to_24_hours(stand_in: Probe) -> None:
    now = int(time.time())
    for seconds in (29 * 60, 25 * 3600):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            stand_in.open_session(expires_at=now + seconds)
        assert refused.value.param == "expires_at"
    assert stand_in.open_session(expires_at=now + 31 * 60).expires_at == now + 31 * 60


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "merci"}, "success_url"),
        ({"success_url": ""}, "success_url"),
        ({"locale": "xx"}, "locale"),
        ({"line_items": [line("x", -5)]}, "line_items[0][price_data][unit_amount]"),
        ({"line_items": [line("x", 10)]}, "line_items"),
        ({"line_items": [line("x", 100, 0)]}, "line_items[0][quantity]"),
        ({"line_items": [line("x", 100)] * 101}, "line_items"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"suprise": "x"}, "suprise"),
        ({"payment_intent_data": {"amount": "5"}}, "payment_intent_data[amount]"),
    ],
)
def test_a_malformed_session_is_refused_with_its_parameter(
    stand_in: Probe, changes: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.open_session(**changes)
    assert refused.value.http_status == 400
    assert refused.value.param == param
    assert stand_in.client.v1.checkout.sessions.list().data == []


def test_expiring_closes_an_open_session_once(stand_in: Probe, receiver: Receiver) -> None:
    session = stand_in.open_session()
    expired = stand_in.client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    receiver.wait_for("checkout.session.expired")
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        stand_in.client.v1.checkout.sessions.expire(session.id)


def test_a_paid_session_does_not_expire(stand_in: Probe) -> None:
    session = stand_in.paid_session()
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        stand_in.client.v1.checkout.sessions.expire(session.id)
    stand_in.control("clock", advance=25 * 3600)
    assert stand_in.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_the_clock_expires_a_session_and_its_begun_payment(
    stand_in: Probe, receiver: Receiver
) -> None:
    session = stand_in.open_session(expires_at=int(time.time()) + 31 * 60)
    declined = stand_in.control("pay", session=session.id, number="4000000000000002")
    assert declined["declined"] == "generic_decline"
    stand_in.control("clock", advance=30 * 60)
    assert stand_in.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    stand_in.control("clock", advance=2 * 60)
    truth = stand_in.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}
    )
    assert (truth.status, truth.payment_status) == ("expired", "unpaid")
    assert truth.payment_intent.status == "canceled"
    receiver.wait_for("checkout.session.expired", "payment_intent.canceled")


def test_the_tick_expires_without_being_asked(stand_in: Probe, receiver: Receiver) -> None:
    stand_in.open_session()
    stand_in.control("clock", advance=25 * 3600)
    until(lambda: "checkout.session.expired" in receiver.kinds())


def test_lines_are_listed_and_expanded(stand_in: Probe) -> None:
    session = stand_in.open_session()
    lines = stand_in.client.v1.checkout.sessions.line_items.list(session.id, {"limit": 1})
    assert (lines.data[0].amount_total, lines.has_more) == (79_000, True)
    whole = stand_in.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert [item.amount_total for item in whole.line_items.data] == [79_000, 5_500]


def test_metadata_is_merged_and_emptied(stand_in: Probe) -> None:
    session = stand_in.open_session()
    sessions = stand_in.client.v1.checkout.sessions
    changed = sessions.update(session.id, {"metadata": {"attempt": "2"}})
    assert changed.metadata.to_dict() == {"order": "VLY-7K4M", "attempt": "2"}
    changed = sessions.update(session.id, {"metadata": {"order": ""}})
    assert changed.metadata.to_dict() == {"attempt": "2"}
    stand_in.control("clock", advance=25 * 3600)
    assert sessions.retrieve(session.id).status == "expired"
