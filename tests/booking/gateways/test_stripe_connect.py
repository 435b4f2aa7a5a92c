"""Accounts, transfers and what comes back, through the gateway against the stand-in."""

import json
import time

import pytest
import requests  # noqa: TID251 (plays the browser)
import stripe

from booking.gateways.base import (
    AccountRequest,
    BadSignature,
    GatewayRefused,
    GatewayUnavailable,
    ReversalRequest,
    TransferRequest,
)
from booking.gateways.stripe import StripeGateway
from oti.devtools.fakestripe.webhooks import sign
from tests.oti.fakestripe.standin import SECRET_KEY, WEBHOOK_SECRET, Probe, Receiver


@pytest.fixture
def gateway(stand_in: Probe, monkeypatch: pytest.MonkeyPatch) -> StripeGateway:
    # The library's own pause between two tries; tests needn't wait for it.
    monkeypatch.setattr(stripe._http_client.HTTPClient, "INITIAL_DELAY", 0.01)
    return StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.url, timeout=3)


ACCOUNT = AccountRequest("Le Gîte des Narces", "anne@example.org", "account:7", metadata={"p": "7"})


def transfer_of(stand_in: Probe, account: str, cents: int = 70_000, **changes: object):
    session = stand_in.paid_session()
    charge = stand_in.client.v1.payment_intents.retrieve(session.payment_intent).latest_charge
    values = {
        "amount_cents": cents,
        "account_id": account,
        "charge_id": charge,
        "transfer_group": "VLY-7K4M",
        "idempotency_key": "transfer:4:1",
        "metadata": {"payout": "4"},
    }
    return TransferRequest(**(values | changes))


def test_account_is_opened_once_and_told_when_papers_are_given(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    opened = gateway.create_account(ACCOUNT)
    assert (opened.status, opened.is_open_question) == ("restricted", True)
    assert opened.reason == "requirements_past_due"
    assert gateway.create_account(ACCOUNT) == opened
    page = gateway.account_link(
        opened.account_id, return_url="http://127.0.0.1:9/retour", refresh_url="http://127.0.0.1:9/"
    )
    requests.post(page, data={"answer": "accept"}, allow_redirects=False, timeout=5)
    told = gateway.fetch_account(opened.account_id)
    assert (told.status, told.reason, told.is_open_question) == ("active", "", False)
    stand_in.control("papers", account=opened.account_id, answer="refuse")
    told = gateway.fetch_account(opened.account_id)
    assert (told.status, told.reason, told.is_open_question) == (
        "rejected",
        "rejected_other",
        False,
    )


def test_transfer_goes_once_and_is_found_again(gateway: StripeGateway, stand_in: Probe) -> None:
    account = gateway.create_account(ACCOUNT).account_id
    stand_in.control("papers", account=account)
    request = transfer_of(stand_in, account)
    assert gateway.find_transfer("VLY-7K4M", "4") is None
    sent = gateway.create_transfer(request)
    assert gateway.create_transfer(request) == sent
    assert (sent.amount_cents, sent.account_id, sent.reversed_cents) == (70_000, account, 0)
    assert gateway.find_transfer("VLY-7K4M", "4") == sent
    assert gateway.find_transfer("VLY-7K4M", "5") is None
    assert gateway.find_transfer("VLY-OTHER", "4") is None
    assert gateway.fetch_transfer(sent.transfer_id) == sent


def test_what_is_taken_back_is_told_with_the_transfer(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    account = gateway.create_account(ACCOUNT).account_id
    stand_in.control("papers", account=account)
    sent = gateway.create_transfer(transfer_of(stand_in, account))
    ask = ReversalRequest(sent.transfer_id, 3_000, "reversal:9", {"reversal": "9"})
    back = gateway.reverse_transfer(ask)
    assert gateway.reverse_transfer(ask) == back
    told = gateway.fetch_transfer(sent.transfer_id)
    assert (told.reversed_cents, told.reversals) == (3_000, (back,))
    stand_in.control("drain", account=account)
    with pytest.raises(GatewayRefused) as refused:
        gateway.reverse_transfer(ReversalRequest(sent.transfer_id, 1, "reversal:10"))
    assert refused.value.code == "balance_insufficient"


def test_refusals_and_silence_keep_their_names(gateway: StripeGateway, stand_in: Probe) -> None:
    account = gateway.create_account(ACCOUNT).account_id
    with pytest.raises(GatewayRefused) as refused:
        gateway.create_transfer(transfer_of(stand_in, account))
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(GatewayRefused) as refused:
        gateway.fetch_account("acct_nobody")
    assert (refused.value.code, refused.value.status) == ("resource_missing", 404)
    stand_in.control("fault", times=9, status=500, path="/v2/")
    with pytest.raises(GatewayUnavailable):
        gateway.fetch_account(account)


def test_lost_answer_of_a_transfer_is_made_good_by_its_key(
    gateway: StripeGateway, stand_in: Probe
) -> None:
    account = gateway.create_account(ACCOUNT).account_id
    stand_in.control("papers", account=account)
    request = transfer_of(stand_in, account)
    stand_in.control("fault", times=1, status=0, path="/v1/transfers", after=True)
    gateway.create_transfer(request)
    assert len(stand_in.client.v1.transfers.list().data) == 1


def test_contested_payment_is_told(gateway: StripeGateway, stand_in: Probe) -> None:
    session = stand_in.paid_session()
    charge = stand_in.client.v1.payment_intents.retrieve(session.payment_intent).latest_charge
    dispute = stand_in.control("dispute", charge=charge)["dispute"]
    told = gateway.fetch_dispute(dispute)
    assert (told.charge_id, told.is_over, told.is_won) == (charge, False, False)
    stand_in.control("dispute", dispute=dispute, status="won")
    assert gateway.fetch_dispute(dispute).is_won


def test_thin_message_about_an_account_is_read(
    gateway: StripeGateway, stand_in: Probe, receiver: Receiver
) -> None:
    account = gateway.create_account(ACCOUNT).account_id
    receiver.wait_for("v2.core.account.created")
    told = next(one for one in receiver.received if "account.created" in one.event["type"])
    event = gateway.verify_event(told.body, told.signature)
    assert (event.kind, event.object_id) == ("v2.core.account.created", account)
    assert abs(event.created - time.time()) < 300


def test_each_endpoint_has_its_secret() -> None:
    gateway = StripeGateway(SECRET_KEY, "whsec_payments, whsec_accounts")
    body = json.dumps(
        {
            "id": "evt_1",
            "object": "v2.core.event",
            "type": "v2.core.account.updated",
            "created": "2027-04-06T10:00:00.000Z",
            "related_object": {"id": "acct_1", "type": "v2.core.account", "url": "/"},
        }
    ).encode()
    for secret in ("whsec_payments", "whsec_accounts"):
        event = gateway.verify_event(body, sign(body, secret, int(time.time())))
        assert event.object_id == "acct_1"
    with pytest.raises(BadSignature):
        gateway.verify_event(body, sign(body, "whsec_other", int(time.time())))
    with pytest.raises(BadSignature):
        gateway.verify_event(b'{"object": "v2.core.event"}', "t=1,v1=x")
