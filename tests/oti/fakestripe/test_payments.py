"""PaymentIntents and charges through the real library."""

import pytest
import requests  # noqa: TID251 (plays the browser and the control)
import stripe

from tests.oti.fakestripe.standin import Probe, Receiver


def pay(probe: Probe, token: str = "pm_card_visa", **changes: object) -> stripe.PaymentIntent:
    params = {"amount": 10_000, "currency": "eur", "payment_method": token, "confirm": True}
    return probe.client.v1.payment_intents.create(params | changes)


def test_manual_capture_takes_a_part_and_releases_the_rest(
    stand_in: Probe, receiver: Receiver
) -> None:
    intent = pay(stand_in, capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 10_000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 10_001})
    assert refused.value.code == "amount_too_large"
    taken = stand_in.client.v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 6_000, "expand": ["latest_charge.balance_transaction"]}
    )
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 6_000, 0)
    booked = taken.latest_charge.balance_transaction
    assert (booked.amount, booked.fee, booked.net) == (6_000, 115, 5_885)
    receiver.wait_for("payment_intent.amount_capturable_updated", "charge.captured")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.refunds.create({"payment_intent": intent.id, "amount": 6_001})
    assert refused.value.code == "amount_too_large"


def test_a_cancelled_authorisation_can_be_neither_captured_nor_refunded(stand_in: Probe) -> None:
    intent = pay(stand_in, capture_method="manual")
    stand_in.client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        stand_in.client.v1.refunds.create({"payment_intent": intent.id})


def test_a_declined_payment_can_be_confirmed_with_another_card(stand_in: Probe) -> None:
    with pytest.raises(stripe.CardError) as refused:
        pay(stand_in, "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert refused.value.http_status == 402
    assert refused.value.error.decline_code == "insufficient_funds"
    intent = refused.value.error.payment_intent
    assert intent.status == "requires_payment_method"
    failed = stand_in.client.v1.charges.list({"payment_intent": intent.id}).data[0]
    assert (failed.status, failed.paid) == ("failed", False)
    done = stand_in.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (done.status, done.amount_received) == ("succeeded", 10_000)


def test_a_challenge_of_the_api_redirects_and_comes_back(stand_in: Probe) -> None:
    intent = pay(
        stand_in, "pm_card_threeDSecure2Required", return_url="http://127.0.0.1:9/suite?a=1"
    )
    assert intent.status == "requires_action"
    url = intent.next_action.redirect_to_url.url
    assert requests.get(url, timeout=5).status_code == 200
    answer = requests.post(url, data={"answer": "accept"}, allow_redirects=False, timeout=5)
    back = f"http://127.0.0.1:9/suite?a=1&payment_intent={intent.id}"
    assert answer.headers["Location"] == back
    assert stand_in.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"amount": 49, "currency": "eur"}, "amount"),
        ({"amount": 10.5, "currency": "eur"}, "amount"),
        ({"amount": 1000, "currency": "usd"}, "currency"),
        ({"currency": "eur"}, "amount"),
        ({"amount": 1000, "currency": "eur", "off_session": True}, "off_session"),
        ({"amount": 1000, "currency": "eur", "payment_method": "pm_no"}, "payment_method"),
    ],
)
def test_a_malformed_payment_is_refused(
    stand_in: Probe, params: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.payment_intents.create(params)
    assert refused.value.param == param
    assert stand_in.client.v1.payment_intents.list().data == []


def test_lists_are_newest_first_in_pages(stand_in: Probe) -> None:
    made = [pay(stand_in, amount=1_000 + number).id for number in range(5)]
    page = stand_in.client.v1.payment_intents.list({"limit": 2})
    assert [item.id for item in page.data] == made[:2:-1]
    assert page.has_more
    assert [item.id for item in page.auto_paging_iter()] == made[::-1]
    before = stand_in.client.v1.payment_intents.list({"limit": 2, "ending_before": made[2]})
    assert [item.id for item in before.data] == [made[4], made[3]]


def test_events_are_listed_by_type_and_kept(stand_in: Probe) -> None:
    intent = pay(stand_in)
    events = stand_in.client.v1.events.list({"type": "payment_intent.succeeded"}).data
    assert [event.data.object.id for event in events] == [intent.id]
    some = stand_in.client.v1.events.list({"types": ["charge.succeeded", "nothing"]}).data
    assert [event.type for event in some] == ["charge.succeeded"]
    later = {"created": {"gt": events[0].created + 60}}
    assert stand_in.client.v1.events.list(later).data == []
    assert stand_in.client.v1.events.retrieve(events[0].id).type == "payment_intent.succeeded"
