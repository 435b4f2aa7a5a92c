"""The hosts' money: one's own shares, what was kept back, what to do about the account."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from booking import payouts
from booking.cancellation import cancel_lines
from booking.models import Order, Payout
from booking.reversals import reverse_payouts
from members.journal import SYSTEM
from members.models import PayoutAccount, Provider
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.booking.test_release_payouts import another_share
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
AFTER = datetime(2027, 7, 25, 12, tzinfo=NOW.tzinfo)
PAGE = "/pro/versements/"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    return paid_stay(bank)


def provider_of(order: Order, kind: str = "lodging") -> Provider:
    return order.lines.get(kind=kind).sub_order.provider


def browser_of(user) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def open_account(bank: FakeBank, provider: Provider) -> PayoutAccount:
    account = factories.an_account(provider)
    bank.give_papers(account.account_id)
    return account


def test_stranger_is_asked_who_it_is(client: Client):
    answer = client.get(reverse("extranet-payouts"))
    assert (answer.status_code, answer.url) == (302, f"{reverse('account_login')}?next={PAGE}")
    for name in ("extranet-papers", "extranet-check-account"):
        assert client.post(reverse(name), {"provider": "x"}).status_code == 302


def test_host_sees_its_own_share_and_why_it_waits(order, django_assert_max_num_queries):
    host = browser_of(factories.a_host(provider_of(order)))

    with django_assert_max_num_queries(15):
        answer = host.get(PAGE)

    page = body(answer)
    assert "no-store" in answer["Cache-Control"]
    assert order.reference in page
    assert "The Narces Cottage" in page
    assert "€760.00" in page
    assert "the bank waits for the papers" in page
    assert "Your bookings are honoured meanwhile" in page
    assert "Give my papers to the bank" in page
    for secret in ("First stitches of lace", "Dupont", order.email, "1,063.40"):
        assert secret not in page


def test_what_is_to_come_stands_on_pages_and_its_sum_is_whole(order: Order, monkeypatch):
    monkeypatch.setattr("booking.views.extranet_payouts.PAGE", 2)
    provider = provider_of(order)
    for number in range(4):
        another_share(order, provider, Decimal(10 + number))
    host = browser_of(factories.a_host(provider))

    first, last = (host.get(PAGE, {"a_venir": page}) for page in (1, 99))

    assert [len(one.context["coming"]) for one in (first, last)] == [2, 1]
    assert first.context["to_come"] == last.context["to_come"] == Decimal("806.00")
    assert "?a_venir=2&page=1#coming" in body(first)
    assert 'rel="next"' not in body(last)
    for odd in ("x", "-1", "9" * 40, ""):
        assert host.get(PAGE, {"a_venir": odd}).status_code == 200


def test_host_with_an_account_reads_when_it_comes(order: Order, bank: FakeBank):
    provider = provider_of(order)
    open_account(bank, provider)

    page = body(browser_of(factories.a_host(provider)).get(PAGE))

    assert "it goes after the last service" in page
    assert 'datetime="2027-07-18"' in page
    assert "Give my papers" not in page


def test_share_that_went_says_what_was_kept(order: Order, bank: FakeBank, at):
    provider = provider_of(order)
    Provider.objects.filter(pk=provider.pk).update(commission_percent=10)
    part = order.lines.get(kind="lodging").sub_order
    part.commission_amount, part.payout_amount = 76, 684
    part.save()
    Payout.objects.filter(sub_order=part).update(amount=684)
    open_account(bank, provider)
    at(AFTER)
    payouts.release_payouts(now=AFTER)

    page = body(browser_of(factories.a_host(provider)).get(PAGE))

    assert "commission €76.00" in page
    assert "€684.00" in page
    assert "received in 2027" in page
    assert "Nothing is to be paid for now" in page


def test_late_cancellation_and_its_debt_are_told(order: Order, bank: FakeBank, at):
    provider = provider_of(order)
    account = open_account(bank, provider)
    at(AFTER)
    payouts.release_payouts(now=AFTER)
    bank.drained.add(account.account_id)
    line = order.lines.get(kind="lodging")
    cancel_lines(order, [line.pk], basis="full", reason="Storm", actor=SYSTEM, now=AFTER)
    reverse_payouts(now=AFTER)
    host = browser_of(factories.a_host(provider))

    page = body(host.get(PAGE))
    assert "to be kept from the next payments, after a cancellation" in page
    assert "€760.00" in page

    Payout.objects.get(sub_order=line.sub_order).reversals.update(state="done")
    Payout.objects.filter(sub_order=line.sub_order).update(reversed_amount=760)
    assert "taken back after a cancellation €760.00" in body(host.get(PAGE))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("started", "The bank waits for your papers, or is looking at them."),
        ("restricted", "The bank has blocked this account"),
        ("active", "The bank has accepted your papers"),
    ],
)
def test_account_says_what_to_do(state, words):
    provider = factories.a_provider()
    factories.an_account(provider, state=state)

    page = body(browser_of(factories.a_host(provider)).get(PAGE, {"retour": "1"}))

    assert words in page
    assert "Nothing is to be paid for now." in page
    assert ("Back from the bank" in page) is (state != "active")


def test_host_is_led_to_the_bank_by_a_button(bank: FakeBank):
    provider = factories.a_provider()
    host = browser_of(factories.a_host(provider))

    answer = host.post(reverse("extranet-papers"), {"provider": provider.slug})

    assert answer.status_code == 303
    assert answer.url.startswith("https://bank.example.org/papers/")
    assert PayoutAccount.objects.get(provider=provider).state == "started"


def test_host_asks_again_whether_its_papers_are_accepted(bank: FakeBank):
    provider = factories.a_provider()
    host = browser_of(factories.a_host(provider))
    ask = {"path": reverse("extranet-check-account"), "data": {"provider": provider.slug}}
    assert "hasn’t accepted" in body(host.post(**ask, follow=True))
    host.post(reverse("extranet-papers"), {"provider": provider.slug})
    bank.give_papers(PayoutAccount.objects.get().account_id)

    assert "you can be paid" in body(host.post(**ask, follow=True))


def test_bank_away_is_told(bank: FakeBank):
    provider = factories.a_provider()
    host = browser_of(factories.a_host(provider))
    bank.is_down = True

    page = host.post(reverse("extranet-papers"), {"provider": provider.slug}, follow=True)

    assert "The bank doesn't answer" in body(page)


@pytest.mark.parametrize("name", ["extranet-papers", "extranet-check-account"])
@pytest.mark.parametrize("slug", ["another", "", "\x00", "x" * 300])
def test_nobody_opens_another_hosts_account(bank: FakeBank, name, slug):
    factories.a_provider(slug="another")
    host = browser_of(factories.a_host(factories.a_provider()))

    assert host.post(reverse(name), {"provider": slug}).status_code in {400, 404}
    assert not bank.accounts


def test_staff_of_a_house_reads_but_gives_no_papers(bank: FakeBank):
    provider = factories.a_provider()
    user = factories.a_user()
    provider.roles.create(user=user, role="staff")
    person = browser_of(user)

    assert "What a house is paid is shown to its owners." in body(person.get(PAGE))
    assert "to be paid to you" not in body(person.get(reverse("extranet-home")))
    assert person.post(reverse("extranet-papers"), {"provider": provider.slug}).status_code == 404
    assert not bank.accounts


def test_somebody_without_provider_is_welcomed_kindly():
    page = browser_of(factories.a_user()).get(PAGE, {"page": "nonsense"})
    assert "This account isn’t tied to a provider yet." in body(page)
