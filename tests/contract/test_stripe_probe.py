"""One probe, two banks: what we rely on holds at the stand-in and in Stripe's test mode alike.

Without STRIPE_TEST_SECRET_KEY=sk_test_… in the environment the second half is skipped. What
needs a browser at Stripe (typing a card) is asked of the stand-in only.
"""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.oti.fakestripe.standin import WEBHOOK_SECRET, Probe, Receiver, line, new_client

REAL_KEY = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
REAL_WAIT_SECONDS = 30


class Bank:
    """The bank under the probe and what it needs to be asked politely."""

    def __init__(self, client: stripe.StripeClient, base: str | None) -> None:
        self.v1, self.v2 = client.v1, client.v2
        self.base = base

    def pay(self, token: str = "pm_card_visa", **changes: Any) -> stripe.PaymentIntent:
        params = {
            "amount": 10_000,
            "currency": "eur",
            "payment_method": token,
            "payment_method_types": ["card"],
            "confirm": True,
        }
        return self.v1.payment_intents.create(params | changes)

    def open_session(self, **changes: Any) -> stripe.checkout.Session:
        params = {
            "mode": "payment",
            "line_items": [line("Gîte", 79_000), line("Dentelle", 2_750, 2)],
            "success_url": "https://shop.example/merci?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/retour",
            "customer_email": "camille@example.org",
            "client_reference_id": "VLY-7K4M",
            "locale": "fr",
            "metadata": {"order": "VLY-7K4M"},
            "payment_intent_data": {"transfer_group": "VLY-7K4M", "metadata": {"order": "VLY"}},
        }
        return self.v1.checkout.sessions.create(params | changes)

    def soon(self, ask: Callable[[], Any]) -> Any:
        """Return the first true answer: the stand-in books at once, Stripe a little later."""
        pause = threading.Event()
        end = time.monotonic() + (1 if self.base else REAL_WAIT_SECONDS)
        while not (answer := ask()):
            if time.monotonic() > end:
                pytest.fail("the bank did not get there in time")
            pause.wait(0.05 if self.base else 1)
        return answer


@pytest.fixture(
    params=[
        "stand-in",
        pytest.param(
            "stripe",
            marks=[
                pytest.mark.enable_socket,
                pytest.mark.skipif(
                    not REAL_KEY.startswith("sk_test_"),
                    reason="set STRIPE_TEST_SECRET_KEY=sk_test_… to probe Stripe itself",
                ),
            ],
        ),
    ]
)
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    if request.param == "stripe":
        yield Bank(new_client(None, REAL_KEY), None)
    else:
        probe: Probe = request.getfixturevalue("stand_in")
        yield Bank(probe.client, probe.url)


# --- Payments ------------------------------------------------------------------------------------
def payment_begins_without_card(bank: Bank) -> None:
    intent = bank.v1.payment_intents.create({"amount": 10_000, "currency": "eur"})
    assert intent.status == "requires_payment_method"
    assert (intent.amount_received, intent.latest_charge) == (0, None)
    assert intent.client_secret.startswith(intent.id)


def payment_is_made_in_one_call(bank: Bank) -> None:
    intent = bank.pay()
    assert (intent.status, intent.amount_received) == ("succeeded", 10_000)
    assert intent.latest_charge.startswith("ch_")


def payment_is_confirmed_from_the_server(bank: Bank) -> None:
    intent = bank.pay(confirm=False)
    assert intent.status == "requires_confirmation"
    assert bank.v1.payment_intents.confirm(intent.id).status == "succeeded"


def payment_is_only_authorised(bank: Bank) -> None:
    intent = bank.pay(capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 10_000)


def authorisation_is_captured_in_part(bank: Bank) -> None:
    intent = bank.pay(capture_method="manual")
    taken = bank.v1.payment_intents.capture(intent.id, {"amount_to_capture": 6_000})
    assert (taken.status, taken.amount_received) == ("succeeded", 6_000)


def authorisation_is_cancelled(bank: Bank) -> None:
    intent = bank.pay(capture_method="manual")
    gone = bank.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")


def cancelled_payment_is_not_confirmed(bank: Bank) -> None:
    intent = bank.pay(confirm=False)
    bank.v1.payment_intents.cancel(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.payment_intents.confirm(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def payment_is_changed_before_it_is_made(bank: Bank) -> None:
    intent = bank.pay(confirm=False)
    changed = bank.v1.payment_intents.update(
        intent.id, {"amount": 12_000, "metadata": {"line": "4"}}
    )
    assert (changed.amount, changed.metadata.line) == (12_000, "4")


def payment_keeps_group_metadata_and_description(bank: Bank) -> None:
    made = bank.pay(transfer_group="VLY-7K4M", metadata={"order": "VLY"}, description="Séjour")
    intent = bank.v1.payment_intents.retrieve(made.id, {"expand": ["latest_charge"]})
    assert (intent.transfer_group, intent.description) == ("VLY-7K4M", "Séjour")
    assert intent.metadata.to_dict() == {"order": "VLY"}
    assert intent.latest_charge.transfer_group == "VLY-7K4M"


def payment_takes_the_methods_of_the_account(bank: Bank) -> None:
    params = {
        "amount": 10_000,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "confirm": True,
    }
    intent = bank.v1.payment_intents.create(params)
    assert intent.status == "succeeded"
    assert intent.automatic_payment_methods.allow_redirects == "never"


def card_is_declined(bank: Bank) -> None:
    with pytest.raises(stripe.CardError) as refused:
        bank.pay("pm_card_visa_chargeDeclined")
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert refused.value.error.payment_intent.status == "requires_payment_method"


def card_has_insufficient_funds(bank: Bank) -> None:
    with pytest.raises(stripe.CardError) as refused:
        bank.pay("pm_card_visa_chargeDeclinedInsufficientFunds")
    assert refused.value.error.decline_code == "insufficient_funds"


def card_has_expired(bank: Bank) -> None:
    with pytest.raises(stripe.CardError) as refused:
        bank.pay("pm_card_chargeDeclinedExpiredCard")
    assert refused.value.code == "expired_card"


def card_asks_for_three_d_secure(bank: Bank) -> None:
    intent = bank.pay("pm_card_threeDSecure2Required", return_url="https://shop.example/suite")
    assert (intent.status, intent.amount_received) == ("requires_action", 0)
    assert intent.next_action.type == "redirect_to_url"
    assert intent.next_action.redirect_to_url.url.startswith("http")


def fee_is_booked_beside_the_charge(bank: Bank) -> None:
    intent_id = bank.pay().id

    def booked() -> Any:
        trail = {"expand": ["latest_charge.balance_transaction"]}
        return bank.v1.payment_intents.retrieve(intent_id, trail).latest_charge.balance_transaction

    found = bank.soon(booked)
    assert found.fee > 0
    assert found.net == found.amount - found.fee


def charges_are_listed_by_payment(bank: Bank) -> None:
    intent = bank.pay()
    charges = bank.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.id for charge in charges] == [intent.latest_charge]
    assert charges[0].payment_method_details.card.last4 == "4242"


def payments_are_listed_in_pages(bank: Bank) -> None:
    made = [bank.pay().id for _ in range(2)]
    page = bank.v1.payment_intents.list({"limit": 1, "starting_after": made[1]})
    assert len(page.data) == 1
    assert page.data[0].id != made[1]


def amount_may_be_too_small(bank: Bank) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.pay(amount=10)
    assert refused.value.code == "amount_too_small"


def unknown_parameter_is_refused(bank: Bank) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.pay(surprise="1")
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "surprise")


def wrong_key_is_401(bank: Bank) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        new_client(bank.base, "sk_wrong_1234567890").v1.charges.list()
    assert refused.value.http_status == 401


def same_key_is_replayed(bank: Bank) -> None:
    key = {"idempotency_key": f"probe:{uuid.uuid4()}"}
    params = {"amount": 5_000, "currency": "eur"}
    first = bank.v1.payment_intents.create(params, key)
    again = bank.v1.payment_intents.create(params, key)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def same_key_with_other_values_is_refused(bank: Bank) -> None:
    key = {"idempotency_key": f"probe:{uuid.uuid4()}"}
    bank.v1.payment_intents.create({"amount": 5_000, "currency": "eur"}, key)
    with pytest.raises(stripe.IdempotencyError) as refused:
        bank.v1.payment_intents.create({"amount": 5_001, "currency": "eur"}, key)
    assert refused.value.http_status == 400


# --- Refunds ---------------------------------------------------------------------------------
def refund_of_a_part_is_counted(bank: Bank) -> None:
    intent = bank.pay()
    refund = bank.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    assert (refund.status, refund.amount) == ("succeeded", 4_000)
    charge = bank.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (4_000, False)
    assert bank.v1.refunds.create({"payment_intent": intent.id}).amount == 6_000


def refund_above_the_payment_is_refused(bank: Bank) -> None:
    intent = bank.pay()
    with pytest.raises(stripe.InvalidRequestError, match="greater than") as refused:
        bank.v1.refunds.create({"payment_intent": intent.id, "amount": 10_001})
    assert refused.value.http_status == 400


def refund_of_all_is_made_once(bank: Bank) -> None:
    intent = bank.pay()
    bank.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"


def refund_keeps_reason_and_metadata(bank: Bank) -> None:
    intent = bank.pay()
    params = {
        "payment_intent": intent.id,
        "reason": "requested_by_customer",
        "metadata": {"line": "4"},
    }
    made = bank.v1.refunds.create(params)
    refund = bank.v1.refunds.retrieve(made.id)
    assert (refund.reason, refund.metadata.line) == ("requested_by_customer", "4")
    assert [r.id for r in bank.v1.refunds.list({"payment_intent": intent.id}).data] == [made.id]


def refund_may_be_pending(bank: Bank) -> None:
    intent = bank.pay("pm_card_pendingRefund")
    assert bank.v1.refunds.create({"payment_intent": intent.id}).status == "pending"


# --- Checkout Sessions -----------------------------------------------------------------------
def page_opens_unpaid(bank: Bank) -> None:
    session = bank.open_session(expires_at=int(time.time()) + 32 * 60)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (84_500, "eur")
    assert session.id.startswith("cs_test_")
    assert session.url.startswith("http")
    assert session.payment_intent is None
    assert 31 * 60 <= session.expires_at - session.created <= 33 * 60


def page_keeps_reference_metadata_and_language(bank: Bank) -> None:
    session = bank.v1.checkout.sessions.retrieve(bank.open_session().id)
    assert (session.client_reference_id, session.locale) == ("VLY-7K4M", "fr")
    assert session.metadata.to_dict() == {"order": "VLY-7K4M"}
    assert session.customer_email == "camille@example.org"


def page_expires_once(bank: Bank) -> None:
    session = bank.open_session()
    gone = bank.v1.checkout.sessions.expire(session.id)
    assert (gone.status, gone.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.checkout.sessions.expire(session.id)
    assert refused.value.http_status == 400


def page_lives_30_minutes_to_24_hours(bank: Bank) -> None:
    for seconds in (20 * 60, 25 * 3600):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            bank.open_session(expires_at=int(time.time()) + seconds)
        assert refused.value.param == "expires_at"


def page_lines_are_expanded(bank: Bank) -> None:
    made = bank.open_session()
    session = bank.v1.checkout.sessions.retrieve(made.id, {"expand": ["line_items"]})
    lines = [(item.description, item.quantity, item.amount_total) for item in session.line_items]
    assert sorted(lines) == [("Dentelle", 2, 5_500), ("Gîte", 1, 79_000)]


def page_of_nobody_is_missing(bank: Bank) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.checkout.sessions.retrieve("cs_test_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


# --- Accounts and transfers ------------------------------------------------------------------
def open_account(bank: Bank, **changes: Any) -> Any:
    """Open an account that only receives; its papers are not given."""
    params = {
        "display_name": "Le Gîte des Narces",
        "contact_email": "anne@example.org",
        "dashboard": "express",
        "identity": {"country": "fr"},
        "defaults": {
            "responsibilities": {
                "fees_collector": "application",
                "losses_collector": "application",
            }
        },
        "configuration": {
            "recipient": {
                "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
            }
        },
        "include": ["configuration.recipient"],
    }
    return bank.v2.core.accounts.create(params | changes)


def account_begins_without_papers(bank: Bank) -> None:
    account = open_account(bank)
    assert account.id.startswith("acct_")
    assert account.dashboard == "express"
    transfers = account.configuration.recipient.capabilities.stripe_balance.stripe_transfers
    assert transfers.status != "active"
    assert transfers.status_details[0].resolution == "provide_info"
    bare = bank.v2.core.accounts.retrieve(account.id)
    assert (bare.id, bare.configuration) == (account.id, None)


def account_has_a_page_for_its_papers(bank: Bank) -> None:
    account = open_account(bank)
    flow = {
        "refresh_url": "https://shop.example/encore",
        "return_url": "https://shop.example/retour",
    }
    link = bank.v2.core.account_links.create(
        {
            "account": account.id,
            "use_case": {"type": "account_onboarding", "account_onboarding": flow},
        }
    )
    assert link.account == account.id
    assert link.url.startswith("http")


def same_key_opens_one_account(bank: Bank) -> None:
    params = {"contact_email": "anne@example.org", "display_name": "Anne"}
    key = {"idempotency_key": f"probe:{uuid.uuid4()}"}
    first = bank.v2.core.accounts.create(params, key)
    assert bank.v2.core.accounts.create(params, key).id == first.id


def account_without_papers_receives_nothing(bank: Bank) -> None:
    charge = bank.pay().latest_charge
    params = {
        "amount": 1_000,
        "currency": "eur",
        "destination": open_account(bank).id,
        "source_transaction": charge,
    }
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.transfers.create(params)
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def transfer_to_nobody_is_refused(bank: Bank) -> None:
    params = {"amount": 1_000, "currency": "eur", "destination": "acct_nobody"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        bank.v1.transfers.create(params)
    assert refused.value.param == "destination"


def transfers_of_a_group_are_listed(bank: Bank) -> None:
    group = f"VLY-{uuid.uuid4()}"
    assert bank.v1.transfers.list({"transfer_group": group, "limit": 100}).data == []


def platform_has_a_balance(bank: Bank) -> None:
    balance = bank.v1.balance.retrieve()
    assert {one.currency for one in balance.available} >= {"eur"}
    assert balance.pending


# --- Events ------------------------------------------------------------------------------------
def payment_is_told_in_an_event(bank: Bank) -> None:
    intent = bank.pay()

    def told() -> list[stripe.Event]:
        events = bank.v1.events.list({"type": "payment_intent.succeeded", "limit": 20}).data
        return [event for event in events if event.data.object.id == intent.id]

    event = bank.soon(told)[0]
    assert bank.v1.events.retrieve(event.id).id == event.id


PROBE = [
    payment_begins_without_card,
    payment_is_made_in_one_call,
    payment_is_confirmed_from_the_server,
    payment_is_only_authorised,
    authorisation_is_captured_in_part,
    authorisation_is_cancelled,
    cancelled_payment_is_not_confirmed,
    payment_is_changed_before_it_is_made,
    payment_keeps_group_metadata_and_description,
    payment_takes_the_methods_of_the_account,
    card_is_declined,
    card_has_insufficient_funds,
    card_has_expired,
    card_asks_for_three_d_secure,
    fee_is_booked_beside_the_charge,
    charges_are_listed_by_payment,
    payments_are_listed_in_pages,
    amount_may_be_too_small,
    unknown_parameter_is_refused,
    wrong_key_is_401,
    same_key_is_replayed,
    same_key_with_other_values_is_refused,
    refund_of_a_part_is_counted,
    refund_above_the_payment_is_refused,
    refund_of_all_is_made_once,
    refund_keeps_reason_and_metadata,
    refund_may_be_pending,
    page_opens_unpaid,
    page_keeps_reference_metadata_and_language,
    page_expires_once,
    page_lives_30_minutes_to_24_hours,
    page_lines_are_expanded,
    page_of_nobody_is_missing,
    account_begins_without_papers,
    account_has_a_page_for_its_papers,
    same_key_opens_one_account,
    account_without_papers_receives_nothing,
    transfer_to_nobody_is_refused,
    transfers_of_a_group_are_listed,
    platform_has_a_balance,
    payment_is_told_in_an_event,
]


@pytest.mark.parametrize("feature", PROBE, ids=lambda feature: feature.__name__)
def test_the_bank_does(bank: Bank, feature: Callable[[Bank], None]) -> None:
    feature(bank)


def test_a_paid_page_is_told_by_a_signed_webhook(stand_in: Probe, receiver: Receiver) -> None:
    """Stand-in only: at Stripe somebody must type the card."""
    session = stand_in.paid_session()
    receiver.wait_for("checkout.session.completed")
    events = [
        stripe.Webhook.construct_event(item.body, item.signature, WEBHOOK_SECRET)
        for item in receiver.received
    ]
    done = next(event for event in events if event.type == "checkout.session.completed")
    assert (done.data.object.id, done.data.object.payment_status) == (session.id, "paid")
    assert stand_in.client.v1.events.retrieve(done.id).type == done.type
