"""A provider's account: opened once at the bank, its papers given there, its state told."""

from datetime import timedelta

import pytest

from booking import payout_accounts, settlement
from booking.emails import compose
from booking.models import GatewayEvent, OutboxMessage
from booking.refusals import NotAllowed, Unavailable
from members.journal import SYSTEM
from members.models import Entry, PayoutAccount, Provider
from tests import factories
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    return factories.a_provider()


def start(provider: Provider) -> PayoutAccount:
    return payout_accounts.start_payout_account(provider, actor=SYSTEM, now=NOW)


def test_account_is_opened_once(bank: FakeBank, provider: Provider):
    first = start(provider)

    assert start(provider) == first
    assert (first.state, first.reason, first.checked_at) == (
        "started",
        "requirements_past_due",
        NOW,
    )
    assert len(bank.accounts) == 1
    verbs = Entry.objects.filter(subject=f"provider:{provider.pk}").values_list("verb", flat=True)
    assert sorted(verbs) == ["account opened", "account started"]


def test_owner_of_the_demonstration_gives_its_papers_itself(
    bank: FakeBank, provider: Provider, settings
):
    """Who comes back from the bank without an answer has given nothing."""
    settings.PAYOUT_DEMO_ACCOUNTS = True
    Provider.objects.filter(pk=provider.pk).update(is_demo=True)
    provider.refresh_from_db()

    payout_accounts.open_account_page(
        provider, return_url="https://site/r", refresh_url="https://site/", actor=SYSTEM, now=NOW
    )
    account = PayoutAccount.objects.get()

    assert payout_accounts.check_account(provider, now=NOW) == "started"
    bank.give_papers(account.account_id)
    assert payout_accounts.check_account(provider, now=NOW) == "active"


def test_bank_away_opens_nothing(bank: FakeBank, provider: Provider):
    bank.is_down = True

    with pytest.raises(Unavailable) as error:
        start(provider)

    assert error.value.code == "bank_silent"
    assert not PayoutAccount.objects.exists()


def test_page_at_the_bank_is_opened_with_the_account(bank: FakeBank, provider: Provider):
    page = payout_accounts.open_account_page(
        provider, return_url="https://site/r", refresh_url="https://site/", actor=SYSTEM, now=NOW
    )

    assert page.endswith(PayoutAccount.objects.get().account_id)


@pytest.mark.parametrize(("accepted", "state"), [(True, "active"), (False, "restricted")])
def test_what_the_bank_says_is_written(bank: FakeBank, provider: Provider, accepted, state):
    account = start(provider)
    assert payout_accounts.refresh_account(account.pk, now=NOW) == "started"
    bank.give_papers(account.account_id, accepted=accepted)

    assert payout_accounts.refresh_account(account.pk, now=NOW) == state


def test_account_that_was_accepted_is_blocked_not_begun_again(bank: FakeBank, provider: Provider):
    account = start(provider)
    waiting = bank.accounts[account.account_id]
    bank.give_papers(account.account_id)
    payout_accounts.refresh_account(account.pk, now=NOW)
    bank.accounts[account.account_id] = waiting

    assert payout_accounts.refresh_account(account.pk, now=NOW) == "restricted"


@pytest.mark.parametrize(
    "kind",
    [
        "v2.core.account[configuration.recipient].capability_status_updated",
        "v2.core.account.updated",
        "account.updated",
    ],
)
def test_message_of_the_bank_is_followed_by_a_question(bank: FakeBank, provider: Provider, kind):
    account = start(provider)
    bank.give_papers(account.account_id)

    assert tell(kind, account.account_id) == "account active"
    account.refresh_from_db()
    assert account.state == "active"


@pytest.mark.parametrize("object_id", ["", "acct_other"])
def test_message_about_another_account_is_accepted(bank: FakeBank, provider, object_id):
    PayoutAccount.objects.create(provider=provider, created_at=NOW)

    assert tell("account.updated", object_id) == "unknown account"


def tell(kind: str, object_id: str) -> str:
    event = GatewayEvent.objects.create(
        event_id="evt_1", kind=kind, object_id=object_id, payload={}, received_at=NOW
    )
    return settlement.process_event(event.pk, now=NOW)


def test_accounts_that_wait_are_asked_about_from_time_to_time(bank: FakeBank, provider: Provider):
    account = start(provider)
    bank.give_papers(account.account_id)

    assert payout_accounts.refresh_accounts(now=NOW + timedelta(minutes=5)) == 0
    assert payout_accounts.refresh_accounts(now=NOW + timedelta(minutes=10)) == 1
    account.refresh_from_db()
    assert account.state == "active"
    assert payout_accounts.refresh_accounts(now=NOW + timedelta(hours=1)) == 0


def test_one_account_that_cannot_be_read_hides_no_other(bank: FakeBank, provider: Provider):
    first, second = start(provider), start(factories.a_provider())
    bank.give_papers(second.account_id)
    later = NOW + timedelta(minutes=20)

    def fetch(account_id: str):
        if account_id == first.account_id:
            bank.is_down = True
            bank._answer()
        bank.is_down = False
        return bank.accounts[account_id]

    bank.fetch_account = fetch  # type: ignore[method-assign]
    assert payout_accounts.refresh_accounts(now=later) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.checked_at, second.state) == ("started", later, "active")


def test_owner_is_sent_the_way_to_its_space_not_the_banks_address(bank: FakeBank, provider):
    factories.a_host(provider)

    payout_accounts.invite_to_account(provider, actor=SYSTEM, now=NOW)
    payout_accounts.invite_to_account(provider, actor=SYSTEM, now=NOW)

    message = OutboxMessage.objects.get()
    mail = compose(message)
    assert mail.to == [provider.email]
    assert "/pro/versements/" in mail.body
    assert "bank.example.org" not in mail.body
    assert provider.name in mail.subject


def test_provider_without_owner_is_not_written_to(bank: FakeBank, provider: Provider):
    provider.roles.create(user=factories.a_user(), role="staff")

    with pytest.raises(NotAllowed) as error:
        payout_accounts.invite_to_account(provider, actor=SYSTEM, now=NOW)

    assert error.value.code == "nobody_signs_in"
    assert not OutboxMessage.objects.exists()
