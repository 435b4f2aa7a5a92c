"""Connected accounts, transfers, reversals, balances: the limits and words of Stripe."""

import pytest
import requests  # noqa: TID251 (plays the browser)
import stripe

from tests.oti.fakestripe.standin import WEBHOOK_SECRET, Probe, Receiver

PARAMS = {
    "display_name": "Le Gîte des Narces",
    "contact_email": "anne@example.org",
    "dashboard": "express",
    "identity": {"country": "fr"},
    "defaults": {
        "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
    },
    "configuration": {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    },
    "include": ["configuration.recipient"],
}


def open_account(stand_in: Probe, **changes: object) -> stripe.v2.core.Account:
    return stand_in.client.v2.core.accounts.create(PARAMS | changes)


def an_account(stand_in: Probe) -> str:
    """Return an account whose papers are given."""
    return open_account(stand_in, metadata={"standin_papers": "given"}).id


def status_of(stand_in: Probe, account: str) -> str:
    found = stand_in.client.v2.core.accounts.retrieve(
        account, {"include": ["configuration.recipient"]}
    )
    return found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status


def a_charge(stand_in: Probe) -> str:
    session = stand_in.paid_session()
    return stand_in.client.v1.payment_intents.retrieve(session.payment_intent).latest_charge


def send(stand_in: Probe, cents: int, account: str, charge: str, **more: object) -> stripe.Transfer:
    params = {
        "amount": cents,
        "currency": "eur",
        "destination": account,
        "source_transaction": charge,
        "transfer_group": "VLY-7K4M",
    }
    return stand_in.client.v1.transfers.create(params | more)


def balance(stand_in: Probe, account: str | None = None) -> tuple[int, int]:
    options = {"stripe_account": account} if account else {}
    has = stand_in.client.v1.balance.retrieve({}, options)
    return has.available[0].amount, has.pending[0].amount


# --- Accounts -----------------------------------------------------------------------------------
def test_new_account_waits_for_papers_and_tells_only_what_is_asked(stand_in: Probe) -> None:
    account = open_account(stand_in)
    transfers = account.configuration.recipient.capabilities.stripe_balance.stripe_transfers
    assert account.id.startswith("acct_")
    assert (transfers.status, transfers.status_details[0].resolution) == (
        "restricted",
        "provide_info",
    )
    bare = stand_in.client.v2.core.accounts.retrieve(account.id)
    assert (bare.configuration, bare.identity, bare.requirements) == (None, None, None)
    whole = stand_in.client.v2.core.accounts.retrieve(
        account.id, {"include": ["identity", "requirements", "defaults"]}
    )
    assert whole.identity.country == "fr"
    assert whole.requirements.entries
    assert whole.defaults.responsibilities.losses_collector == "application"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"surprise": 1}, "surprise"),
        ({"contact_email": None}, "contact_email"),
        ({"dashboard": "gold"}, "dashboard"),
        ({"identity": {}}, "identity[country]"),
        ({"identity": "fr"}, "identity"),
        ({"defaults": {}}, "defaults[responsibilities][fees_collector]"),
        ({"include": ["secrets"]}, "include"),
        ({"configuration": {"recipient": {"surprise": {}}}}, "configuration[recipient][surprise]"),
    ],
)
def test_malformed_account_is_refused(
    stand_in: Probe, changes: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_account(stand_in, **changes)
    assert refused.value.http_status == 400
    assert refused.value.json_body["error"]["param"] == param


@pytest.mark.parametrize("body", ["[]", "not json", '"text"'])
def test_body_that_is_no_object_is_refused(stand_in: Probe, body: str) -> None:
    answer = stand_in.http.post(
        f"{stand_in.url}/v2/core/accounts",
        data=body,
        headers={"Authorization": "Bearer sk_test_probe"},
        timeout=5,
    )
    assert answer.status_code == 400


def test_unknown_account_is_missing(stand_in: Probe) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v2.core.accounts.retrieve("acct_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_same_key_opens_one_account(stand_in: Probe) -> None:
    key = {"idempotency_key": "account:7"}
    first = stand_in.client.v2.core.accounts.create(PARAMS, key)
    assert stand_in.client.v2.core.accounts.create(PARAMS, key).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        stand_in.client.v2.core.accounts.create(PARAMS | {"display_name": "x"}, key)


def a_link(stand_in: Probe, account: str) -> str:
    return stand_in.client.v2.core.account_links.create(
        {
            "account": account,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "refresh_url": "http://127.0.0.1:9/encore",
                    "return_url": "http://127.0.0.1:9/retour",
                },
            },
        }
    ).url


@pytest.mark.parametrize(("answer", "status"), [("accept", "active"), ("refuse", "rejected")])
def test_papers_are_given_on_a_page_once(
    stand_in: Probe, receiver: Receiver, answer: str, status: str
) -> None:
    account = open_account(stand_in).id
    link = a_link(stand_in, account)
    page = requests.get(link, headers={"Accept-Language": "fr"}, timeout=5)
    assert "J’ai donné mes papiers" in page.text
    assert "Le Gîte des Narces" in page.text
    sent = {"data": {"answer": answer}, "allow_redirects": False, "timeout": 5}
    done = requests.post(link, **sent)
    assert (done.status_code, done.headers["Location"]) == (303, "http://127.0.0.1:9/retour")
    assert status_of(stand_in, account) == status
    for again in (
        requests.post(link, **{**sent, "data": {"answer": "accept"}}),
        requests.get(link, allow_redirects=False, timeout=5),
    ):
        assert again.headers["Location"] == "http://127.0.0.1:9/encore"
    assert status_of(stand_in, account) == status
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    receiver.wait_for(kind)
    told = next(one for one in receiver.received if one.event["type"] == kind)
    stripe.WebhookSignature.verify_header(told.body, told.signature, WEBHOOK_SECRET)
    assert told.event["related_object"]["id"] == account
    assert "data" not in told.event
    assert stand_in.client.v2.core.events.retrieve(told.event["id"]).type == kind


def test_link_lives_some_minutes(stand_in: Probe) -> None:
    link = a_link(stand_in, open_account(stand_in).id)
    stand_in.control("clock", advance=301)
    late = requests.get(link, allow_redirects=False, timeout=5)
    assert late.headers["Location"] == "http://127.0.0.1:9/encore"
    assert requests.get(f"{stand_in.url}/c/papers/link_x", timeout=5).status_code == 404
    assert requests.post(f"{stand_in.url}/c/papers/link_x", timeout=5).status_code == 404


# --- Transfers ----------------------------------------------------------------------------------
def test_charge_is_shared_until_nothing_is_left(stand_in: Probe, receiver: Receiver) -> None:
    charge = a_charge(stand_in)
    anne, solange = an_account(stand_in), an_account(stand_in)
    first = send(stand_in, 70_000, anne, charge, metadata={"payout": "4"})
    assert (first.amount, first.source_transaction, first.transfer_group) == (
        70_000,
        charge,
        "VLY-7K4M",
    )
    stand_in.client.v1.refunds.create({"charge": charge, "amount": 4_500})
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed") as refused:
        send(stand_in, 10_001, solange, charge)
    assert refused.value.param == "amount"
    send(stand_in, 10_000, solange, charge)
    listed = stand_in.client.v1.transfers.list({"transfer_group": "VLY-7K4M"}).data
    assert sorted(one.amount for one in listed) == [10_000, 70_000]
    assert balance(stand_in, anne) == (0, 70_000)
    receiver.wait_for("transfer.created")
    stand_in.control("clock", advance=8 * 24 * 3600)
    assert balance(stand_in, anne) == (70_000, 0)
    # What was taken, less its cost, the refund and what was shared.
    assert sum(balance(stand_in)) == 84_500 - 1_293 - 4_500 - 80_000
    assert all(
        one.type in {"charge", "refund", "transfer"}
        for one in stand_in.client.v1.balance_transactions.list().data
    )


def test_without_a_source_only_what_is_there_may_go(stand_in: Probe) -> None:
    a_charge(stand_in)
    account = an_account(stand_in)
    params = {"amount": 1_000, "currency": "eur", "destination": account}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.transfers.create(params)
    assert refused.value.code == "balance_insufficient"
    stand_in.control("clock", advance=8 * 24 * 3600)
    assert stand_in.client.v1.transfers.create(params).source_transaction is None


def test_account_without_papers_receives_nothing(stand_in: Probe) -> None:
    account = open_account(stand_in).id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        send(stand_in, 100, account, a_charge(stand_in))
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    stand_in.control("papers", account=account)
    assert send(stand_in, 100, account, a_charge(stand_in)).amount == 100


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"amount": 0}, "amount"),
        ({"currency": "usd"}, "currency"),
        ({"destination": "acct_nobody"}, "destination"),
        ({"source_transaction": "ch_nobody"}, "source_transaction"),
        ({"surprise": "1"}, "surprise"),
    ],
)
def test_malformed_transfer_is_refused(
    stand_in: Probe, changes: dict[str, object], param: str
) -> None:
    charge, account = a_charge(stand_in), an_account(stand_in)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        send(stand_in, 100, account, charge, **changes)
    assert refused.value.param == param
    assert stand_in.client.v1.transfers.list().data == []


# --- Reversals ----------------------------------------------------------------------------------
def test_transfer_is_taken_back_in_parts_and_no_further(
    stand_in: Probe, receiver: Receiver
) -> None:
    account = an_account(stand_in)
    transfer = send(stand_in, 10_000, account, a_charge(stand_in))
    reversals = stand_in.client.v1.transfers.reversals
    first = reversals.create(transfer.id, {"amount": 4_000, "metadata": {"reversal": "9"}})
    assert (first.amount, first.transfer, first.metadata.reversal) == (4_000, transfer.id, "9")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed"):
        reversals.create(transfer.id, {"amount": 6_001})
    assert reversals.create(transfer.id).amount == 6_000
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        reversals.create(transfer.id)
    whole = stand_in.client.v1.transfers.retrieve(transfer.id)
    assert (whole.reversed, whole.amount_reversed) == (True, 10_000)
    assert [one.amount for one in whole.reversals.data] == [6_000, 4_000]
    assert len(reversals.list(transfer.id).data) == 2
    assert sum(balance(stand_in, account)) == 0
    receiver.wait_for("transfer.reversed")


def test_empty_account_gives_nothing_back(stand_in: Probe) -> None:
    account = an_account(stand_in)
    charge = a_charge(stand_in)
    transfer = send(stand_in, 10_000, account, charge)
    assert stand_in.control("drain", account=account) == {"taken": 10_000}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stand_in.client.v1.transfers.reversals.create(transfer.id, {"amount": 1})
    assert refused.value.code == "balance_insufficient"
    # What comes later may be taken.
    send(stand_in, 500, account, charge)
    assert stand_in.client.v1.transfers.reversals.create(transfer.id, {"amount": 500}).amount == 500


# --- Disputes -----------------------------------------------------------------------------------
def test_payment_is_contested_and_won(stand_in: Probe, receiver: Receiver) -> None:
    charge = a_charge(stand_in)
    dispute = stand_in.control("dispute", charge=charge)["dispute"]
    assert stand_in.client.v1.disputes.retrieve(dispute).status == "needs_response"
    assert stand_in.client.v1.charges.retrieve(charge).disputed
    stand_in.control("dispute", dispute=dispute, status="won")
    assert stand_in.client.v1.disputes.retrieve(dispute).status == "won"
    receiver.wait_for("charge.dispute.created", "charge.dispute.closed")
