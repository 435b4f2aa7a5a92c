"""The office sees what providers are owed, asks the bank again, and sends the way to its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import payouts
from booking.models import Order, OutboxMessage, Payout
from tests import factories
from tests.booking.pages import body, dupont_stay
from tests.cast import NOW, FakeBank, paid_order

AFTER = datetime(2027, 7, 25, 12, tzinfo=NOW.tzinfo)


@pytest.fixture
def payout(db: None, bank: FakeBank) -> Payout:
    """Return the share of the Duponts' host, whose account may receive."""
    order = paid_order(dupont_stay(Client()), bank)
    found = Payout.objects.get(sub_order=order.lines.get(kind="lodging").sub_order)
    account = factories.an_account(found.sub_order.provider)
    bank.give_papers(account.account_id)
    return found


def order_of(payout: Payout) -> Order:
    return payout.sub_order.order


def test_what_is_owed_is_listed_with_its_reason(
    desk: Client, payout: Payout, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        page = body(desk.get(reverse("desk_payouts:index")))
    assert order_of(payout).reference in page
    assert "it goes after the last service" in page
    assert "the bank waits for the papers" in page
    assert "18/07/2027" in page


def test_what_went_is_found_when_it_is_looked_for(desk: Client, payout: Payout) -> None:
    payouts.release_payouts(now=AFTER)
    name = payout.sub_order.provider.name
    assert name not in body(desk.get(reverse("desk_payouts:index"))).split("listing-results")[-1]
    asked = [{"q": name}, {"state": "paid"}, {"provider": payout.sub_order.provider_id}]
    for query in asked:
        assert "25/07/2027" in body(desk.get(reverse("desk_payouts:index"), query))
    export = desk.get(reverse("desk_payouts:index"), {"export": "csv"})
    assert payout.sub_order.provider.name in b"".join(export.streaming_content).decode()


def test_refused_share_is_shown_and_asked_for_again(
    desk: Client, payout: Payout, bank: FakeBank
) -> None:
    bank.refusals = ["account_closed"]
    payouts.settle_payout(payout.pk, now=AFTER)
    address = reverse("desk_payouts:ask-again", args=[payout.pk])
    for page in (
        reverse("desk_payouts:inspect", args=[payout.pk]),
        reverse("desk_orders:inspect", args=[order_of(payout).pk]),
    ):
        shown = body(desk.get(page))
        assert address in shown
        assert "the bank refused the transfer" in shown
        assert "Share of a provider refused by the bank" in shown
    assert "payment to a provider refused" in body(desk.get(reverse("wagtailadmin_home")))

    assert desk.get(address).status_code == 302
    payout.refresh_from_db()
    assert payout.state == "failed"
    desk.post(address)
    assert payouts.settle_payout(payout.pk, now=AFTER) == "paid"
    again = body(desk.post(address, follow=True))
    assert "It isn't possible any more" in again


def test_share_shows_what_came_back(desk: Client, payout: Payout, bank: FakeBank) -> None:
    payouts.release_payouts(now=AFTER)
    payout.refresh_from_db()
    payout.reversals.create(amount=10, state="owed", created_at=AFTER, last_error="too little")
    page = body(desk.get(reverse("desk_payouts:inspect", args=[payout.pk])))
    assert payout.transfer_id in page
    assert "to be kept from the next pay-outs" in page
    assert "too little" in page


def test_list_of_providers_says_how_their_accounts_stand(desk: Client, payout: Payout) -> None:
    page = body(desk.get(reverse("desk_providers:index")))
    assert "may be paid" in page
    assert "none yet" in page
    assert reverse("desk_payouts:account", args=[payout.sub_order.provider_id]) in page


def test_office_sends_a_provider_the_way_to_the_bank(desk: Client, payout: Payout) -> None:
    provider = payout.sub_order.provider
    address = reverse("desk_payouts:account", args=[provider.pk])
    shown = body(desk.get(address))
    assert "€760.00" in shown
    assert provider.payout_account.account_id in shown
    refused = desk.post(address)
    assert refused.status_code == 200
    assert "No owner has access" in body(refused)
    factories.a_host(provider)

    done = desk.post(address, follow=True)

    assert provider.email in body(done)
    assert OutboxMessage.objects.filter(kind="payout_account").count() == 1


def test_nobody_else_comes_in(db: None, client: Client, payout: Payout) -> None:
    client.force_login(factories.a_host(payout.sub_order.provider))
    for name in ("inspect", "ask-again"):
        page = client.post(reverse(f"desk_payouts:{name}", args=[payout.pk]))
        assert page.status_code == 302
        assert reverse("wagtailadmin_login") in page["Location"]
    account = reverse("desk_payouts:account", args=[payout.sub_order.provider_id])
    assert reverse("wagtailadmin_login") in client.post(account)["Location"]
    assert not OutboxMessage.objects.filter(kind="payout_account").exists()
