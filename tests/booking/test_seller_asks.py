"""What a house must say for the tax office: asked for twice, then its payments wait, and go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from booking import payouts, seller_asks
from booking.messages import drain_outbox
from booking.models import Order, OutboxMessage, Payout, SellerAsk
from booking.papers import SELLER, PaperInput, give_paper
from booking.seller_asks import follow_sellers, send_statements, standings_of
from members.journal import SYSTEM
from members.models import Entry, Provider
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# After the last service of the Duponts and a day.
AFTER = datetime(2027, 7, 25, 12, tzinfo=NOW.tzinfo)
SAID = {
    "home_address": "3 route du Lac, 43150 Les Estables",
    "born_on": "1980-05-01",
    "legal_name": "Anne Martin",
    "tax_number": "1234567890123",
    "tax_country": "FR",
}


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


@pytest.fixture
def house(order: Order, bank: FakeBank) -> Provider:
    """Return the Duponts' host, whose account may be paid and who said nothing else."""
    found = order.lines.get(kind="lodging").sub_order.provider
    Provider.objects.filter(pk=found.pk).update(address="3 route du Lac")
    account = factories.an_account(found)
    bank.give_papers(account.account_id)
    found.refresh_from_db()
    # The others have said all that is asked of them.
    for other in Provider.objects.exclude(pk=found.pk):
        say(other)
        bank.give_papers(factories.an_account(other).account_id)
    return found


def say(house: Provider, **changes: str) -> None:
    told = PaperInput(sealed={**SAID, **changes})
    give_paper(house, SELLER, told, actor=SYSTEM, now=NOW)


def letters(house: Provider) -> list[str]:
    rows = OutboxMessage.objects.filter(kind="seller_data", recipient=house.email)
    return [one.data["step"] for one in rows.order_by("pk")]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def share_of(house: Provider) -> Payout:
    return Payout.objects.get(sub_order__provider=house)


def freeze(house: Provider) -> SellerAsk:
    for days in (0, 30, 60):
        follow_sellers(now=NOW + days * DAY)
    return SellerAsk.objects.get(provider=house)


def test_house_that_sold_is_asked_once_and_again_after_thirty_days(house: Provider):
    assert follow_sellers(now=NOW) == 1
    assert follow_sellers(now=NOW + DAY) == follow_sellers(now=NOW + 29 * DAY) == 0
    assert letters(house) == ["first"]
    [message] = OutboxMessage.objects.filter(kind="seller_data")
    assert message.data["missing"] == ["legal_name", "home_address", "born_on", "tax_number"]
    assert datetime.fromisoformat(message.data["waits_from"]) == NOW + 60 * DAY

    assert follow_sellers(now=NOW + 30 * DAY) == 1
    assert follow_sellers(now=NOW + 59 * DAY) == 0
    assert letters(house) == ["first", "second"]
    assert share_of(house).state == "due"


def test_payments_wait_after_two_letters_and_go_once_all_is_said(house: Provider, bank: FakeBank):
    ask = freeze(house)
    assert letters(house) == ["first", "second", "freeze"]
    assert ask.frozen_at == NOW + 60 * DAY

    payouts.release_payouts(now=AFTER)

    share = share_of(house)
    assert (share.state, share.hold_reason) == ("held", Payout.Hold.SELLER_DATA)
    assert not any(one.metadata["payout"] == str(share.pk) for one in bank.transfers.values())

    say(house)
    assert follow_sellers(now=AFTER + DAY) == 1
    payouts.release_payouts(now=AFTER + DAY)

    share.refresh_from_db()
    assert (share.state, share.sent_amount) == ("paid", share.amount)
    ask.refresh_from_db()
    assert ask.completed_at == AFTER + DAY
    told = Entry.objects.filter(subject=f"provider:{house.pk}").exclude(verb="paper given")
    assert list(told.order_by("pk").values_list("verb", flat=True)) == [
        "seller data asked for",
        "seller data asked for again",
        "payouts wait for seller data",
        "seller data complete",
    ]
    assert Entry.objects.filter(verb="payout let go").count() == 1


def test_payments_of_other_houses_go_meanwhile(house: Provider, bank: FakeBank):
    freeze(house)

    assert payouts.release_payouts(now=AFTER) == 3

    assert {one.state for one in Payout.objects.exclude(pk=share_of(house).pk)} == {"paid"}
    assert SellerAsk.objects.count() == 1


def test_nothing_waits_without_the_second_letter(house: Provider):
    follow_sellers(now=NOW)
    # Nothing ran for 70 days: the second letter leaves, and its thirty days begin.
    assert follow_sellers(now=NOW + 70 * DAY) == 1
    assert follow_sellers(now=NOW + 71 * DAY) == 0
    assert SellerAsk.objects.get(provider=house).frozen_at is None
    assert follow_sellers(now=NOW + 100 * DAY) == 1
    assert letters(house) == ["first", "second", "freeze"]
    with pytest.raises(IntegrityError), transaction.atomic():
        SellerAsk.objects.update(second_at=None)


def test_who_says_it_in_time_hears_nothing_more(house: Provider):
    follow_sellers(now=NOW)
    say(house)

    assert follow_sellers(now=NOW + 10 * DAY) == 1
    assert follow_sellers(now=NOW + 90 * DAY) == 0
    assert letters(house) == ["first"]


def test_what_goes_missing_later_is_asked_for_anew(house: Provider):
    follow_sellers(now=NOW)
    say(house)
    follow_sellers(now=NOW + DAY)
    say(house, tax_number="")

    follow_sellers(now=NOW + 100 * DAY)

    assert letters(house) == ["first", "first"]
    with pytest.raises(IntegrityError), transaction.atomic():
        SellerAsk.objects.create(provider=house, first_at=NOW)


def test_house_that_sold_nothing_or_is_public_is_asked_nothing(house: Provider):
    factories.a_provider()
    Provider.objects.filter(pk=house.pk).update(is_public_body=True)

    assert follow_sellers(now=NOW) == 0

    Provider.objects.filter(pk=house.pk).update(is_public_body=False)
    follow_sellers(now=NOW)
    Provider.objects.filter(pk=house.pk).update(is_public_body=True)
    assert follow_sellers(now=NOW + DAY) == 1
    assert SellerAsk.objects.get(provider=house).completed_at == NOW + DAY


def test_sales_of_last_year_are_asked_about_in_january(house: Provider):
    assert follow_sellers(now=datetime(2028, 2, 1, 9, tzinfo=PARIS)) == 0
    assert follow_sellers(now=datetime(2028, 1, 31, 9, tzinfo=PARIS)) == 1
    # Once asked, it is followed whatever the year.
    assert follow_sellers(now=datetime(2028, 3, 15, 9, tzinfo=PARIS)) == 1
    assert letters(house) == ["first", "second"]


def test_house_that_can_not_be_followed_hides_no_other(
    house: Provider, monkeypatch: pytest.MonkeyPatch
):
    Provider.objects.exclude(pk=house.pk).update(is_professional=True)
    follow, failed = seller_asks._follow, []

    def fail_once(house_id: int, **given: Any) -> int:
        if not failed:
            failed.append(house_id)
            raise IntegrityError
        return follow(house_id, **given)

    monkeypatch.setattr(seller_asks, "_follow", fail_once)
    assert follow_sellers(now=NOW) == 3
    assert len(failed) == 1


# --- Mails and pages ----------------------------------------------------------------------------
def test_letters_say_what_is_missing_where_and_what_waits(
    house: Provider, mailoutbox: Any, at: Any
):
    for days, subject, words in (
        (0, "a few lines for the tax office", "5 June"),
        (30, "still a few lines for the tax office", "5 June"),
        (60, "your payments wait for a few lines", "We have asked you twice"),
    ):
        Provider.objects.filter(pk=house.pk).update(language="en")
        at(NOW + days * DAY)
        follow_sellers(now=NOW + days * DAY)
        drain_outbox(now=NOW + days * DAY)
        mail = mailoutbox[-1]
        assert mail.to == [house.email]
        assert subject in mail.subject
        assert words in plain(mail.body)
        assert "- tax number" in mail.body
        assert f"/pro/papiers/{house.slug}/seller/" in mail.body


def test_payments_page_leads_to_what_is_missing(house: Provider, at: Any):
    at(NOW)
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(factories.a_host(house))
    assert "A few lines" not in body(browser.get("/pro/versements/"))

    follow_sellers(now=NOW)
    page = body(browser.get("/pro/versements/"))
    assert f'href="/pro/papiers/{house.slug}/seller/"' in page
    assert "Fill them in by Saturday 5 June" in plain(page)

    freeze(house)
    payouts.release_payouts(now=AFTER)
    page = body(browser.get("/pro/versements/"))
    assert "Your payments wait for a few lines" in page
    assert "lines for the tax office are missing" in page

    say(house)
    page = body(browser.get("/pro/versements/"))
    assert "your payments go on within two hours" in page


def test_standing_is_told_of_asked_houses_only(house: Provider):
    assert standings_of([house]) == {}
    follow_sellers(now=NOW)
    assert standings_of([house])[house.pk].missing[0] == "legal_name"
    say(house)
    assert standings_of([house]) == {}


def test_statement_is_sent_once_in_january(house: Provider, mailoutbox: Any):
    Provider.objects.update(language="en")
    sellers = Provider.objects.filter(sub_orders__isnull=False).count()
    assert send_statements(now=datetime(2028, 1, 14, 9, tzinfo=PARIS)) == 0
    assert send_statements(now=datetime(2028, 1, 15, 9, tzinfo=PARIS)) == sellers == 4
    assert send_statements(now=datetime(2028, 1, 31, 9, tzinfo=PARIS)) == 0
    assert send_statements(now=datetime(2028, 3, 1, 9, tzinfo=PARIS)) == 0

    drain_outbox(now=datetime(2028, 1, 15, 9, tzinfo=PARIS))
    [mail] = [one for one in mailoutbox if "statement" in one.subject and one.to == [house.email]]
    assert f"/pro/versements/annee/{house.slug}/2027/" in mail.body
