"""Idempotency-Key: replayed, never executed twice, refused for another request, gone in a day."""

import threading

import pytest
import requests  # noqa: TID251 (plays the browser and the control)
import stripe

from tests.oti.fakestripe.standin import SECRET_KEY, Probe

PAYMENT = {"amount": 5_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
KEY = {"idempotency_key": "refund:12:1"}


def test_the_same_key_gives_the_same_answer(stand_in: Probe) -> None:
    first = stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    again = stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(stand_in.client.v1.payment_intents.list().data) == 1


def test_rivals_with_one_key_make_one_payment(stand_in: Probe) -> None:
    barrier = threading.Barrier(6)
    ids: list[str] = []

    def create() -> None:
        barrier.wait()
        ids.append(stand_in.client.v1.payment_intents.create(PAYMENT, KEY).id)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("path", "changes"), [("payment_intents", {"amount": 5_001}), ("refunds", {})]
)
def test_another_request_under_the_key_is_refused(
    stand_in: Probe, path: str, changes: dict[str, int]
) -> None:
    stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    with pytest.raises(stripe.IdempotencyError) as refused:
        stand_in.client.raw_request("post", f"/v1/{path}", **(PAYMENT | changes | KEY))
    assert refused.value.http_status == 400


def test_a_decline_is_replayed_too(stand_in: Probe) -> None:
    declined = PAYMENT | {"payment_method": "pm_card_chargeDeclined"}
    charges = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            stand_in.client.v1.payment_intents.create(declined, KEY)
        charges.append(refused.value.error.charge)
    assert charges[0] == charges[1]


def test_a_malformed_request_does_not_use_the_key_up(stand_in: Probe) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        stand_in.client.v1.payment_intents.create(PAYMENT | {"amount": 1}, KEY)
    assert stand_in.client.v1.payment_intents.create(PAYMENT, KEY).status == "succeeded"


def test_a_key_lives_a_day(stand_in: Probe) -> None:
    first = stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    stand_in.control("clock", advance=23 * 3600)
    assert stand_in.client.v1.payment_intents.create(PAYMENT, KEY).id == first.id
    stand_in.control("clock", advance=2 * 3600)
    assert stand_in.client.v1.payment_intents.create(PAYMENT, KEY).id != first.id


def test_an_answer_lost_on_the_way_is_found_again(stand_in: Probe) -> None:
    stand_in.control("fault", times=1, status=0, after=True)
    with pytest.raises(stripe.APIConnectionError):
        stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    found = stand_in.client.v1.payment_intents.create(PAYMENT, KEY)
    assert found.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(stand_in.client.v1.charges.list().data) == 1


@pytest.mark.parametrize("key", ["", "pk_test_x", "sk_live_x", "Zut"])
def test_a_bad_key_is_401(stand_in: Probe, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = requests.get(f"{stand_in.url}/v1/charges", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/customers"),
        ("POST", "/v1/charges"),
        ("DELETE", "/v1/refunds/re_1"),
        ("GET", "/v1/payment_intents/pi_1/confirm"),
    ],
)
def test_what_it_does_not_know_is_404(stand_in: Probe, method: str, path: str) -> None:
    answer = requests.request(method, stand_in.url + path, auth=(SECRET_KEY, ""), timeout=5)
    assert answer.status_code == 404
    assert "error" in answer.json()
