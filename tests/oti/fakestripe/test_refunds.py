"""Refunds: parts, limits, and those that settle or fail later."""

import pytest
import stripe

from tests.oti.fakestripe.standin import Probe, Receiver


def test_parts_add_up_and_no_cent_more(stand_in: Probe, receiver: Receiver) -> None:
    payment = stand_in.paid_session().payment_intent
    refunds = stand_in.client.v1.refunds
    first = refunds.create({"payment_intent": payment, "amount": 20_000, "metadata": {"line": "4"}})
    assert (first.status, first.amount, first.metadata.line) == ("succeeded", 20_000, "4")
    charge = stand_in.client.v1.charges.retrieve(first.charge)
    assert (charge.amount_refunded, charge.refunded) == (20_000, False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunds.create({"payment_intent": payment, "amount": 64_501})
    assert refused.value.code == "amount_too_large"
    assert refunds.create({"payment_intent": payment}).amount == 64_500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunds.create({"payment_intent": payment, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    assert stand_in.client.v1.charges.retrieve(first.charge).refunded
    listed = refunds.list({"payment_intent": payment}).data
    assert sorted(refund.amount for refund in listed) == [20_000, 64_500]
    receiver.wait_for("refund.created", "refund.updated", "charge.refunded")


def test_an_unpaid_payment_has_nothing_to_refund(stand_in: Probe) -> None:
    session = stand_in.open_session()
    stand_in.control("pay", session=session.id, number="4000000000000002")
    payment = stand_in.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        stand_in.client.v1.refunds.create({"payment_intent": payment})


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "payment_intent"),
        ({"payment_intent": "pi_nobody"}, "payment_intent"),
        ({"charge": "ch_nobody"}, "charge"),
        ({"payment_intent": "?", "amount": 0}, "amount"),
        ({"payment_intent": "?", "reason": "because"}, "reason"),
    ],
)
def test_a_malformed_refund_is_refused(
    stand_in: Probe, params: dict[str, object], param: str
) -> None:
    payment = stand_in.paid_session().payment_intent
    sent = {name: payment if value == "?" else value for name, value in params.items()}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.refunds.create(sent)
    assert refused.value.param == param
    assert stand_in.client.v1.refunds.list().data == []


@pytest.mark.parametrize(
    ("number", "metadata", "first", "last"),
    [
        ("4000000000007726", {}, "pending", "succeeded"),
        ("4000000000005126", {}, "succeeded", "failed"),
        ("4242424242424242", {"standin_refund": "pending"}, "pending", "succeeded"),
        ("4242424242424242", {"standin_refund": "fails"}, "succeeded", "failed"),
    ],
)
def test_some_refunds_settle_later(
    stand_in: Probe,
    receiver: Receiver,
    number: str,
    metadata: dict[str, str],
    first: str,
    last: str,
) -> None:
    payment = stand_in.paid_session(number).payment_intent
    refund = stand_in.client.v1.refunds.create({"payment_intent": payment, "metadata": metadata})
    assert refund.status == first
    assert "refund.updated" not in receiver.kinds()
    stand_in.control("clock", advance=11)
    settled = stand_in.client.v1.refunds.retrieve(refund.id)
    assert settled.status == last
    receiver.wait_for("refund.updated")
    charge = stand_in.client.v1.charges.retrieve(refund.charge)
    if last == "failed":
        assert settled.failure_reason == "expired_or_canceled_card"
        assert charge.amount_refunded == 0
        receiver.wait_for("refund.failed")
        assert stand_in.client.v1.refunds.create({"payment_intent": payment}).amount == 84_500
    else:
        assert charge.amount_refunded == 84_500
