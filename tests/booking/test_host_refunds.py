"""A host gives back more than its rule asks: never more than was paid, its share pays for it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from booking.cancellation import cancel_lines
from booking.host_refunds import preview_refund, refund_line, refundable
from booking.models import Order, OutboxMessage, Payment, Payout, PayoutReversal, Refund
from booking.payouts import settle_payout
from booking.refusals import Refusal
from members.journal import SYSTEM
from members.models import Entry, ProviderRole
from tests import factories
from tests.booking.pages import body, paid_stay
from tests.booking.test_cancel_lines import shares
from tests.booking.test_page_bookings import host_of
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def order(bank: FakeBank) -> Order:
    order = paid_stay(bank)
    OutboxMessage.objects.all().delete()
    return order


def give(line, amount: str, left: str, *, now=NOW) -> None:
    refund_line(line, D(amount), shown_left=D(left), reason="Eau froide", actor=SYSTEM, now=now)


def is_exact(order: Order) -> bool:
    """Tell whether what is shared out is what was paid less what goes back, to the cent."""
    payment = Payment.objects.get(order=order)
    return shares(order) == payment.captured_amount - payment.refunded_amount


def test_a_part_is_given_back_and_the_share_pays(order: Order):
    line = order.lines.get(kind="lodging")
    assert refundable(line) == D("760.00")
    preview = preview_refund(line, D("100"))
    assert (preview.cost, preview.share_before) == (D("100.00"), D("760.00"))

    give(line, "100", "760.00")

    refund = Refund.objects.get()
    assert (refund.amount, refund.tourist_tax_amount, refund.line) == (D("100.00"), D(0), line)
    assert Payout.objects.get(sub_order=line.sub_order).amount == preview.share_after
    assert is_exact(order)
    line.refresh_from_db()
    assert line.state == "sold"
    [message] = OutboxMessage.objects.all()
    assert (message.kind, message.recipient) == ("host_refund", order.email)
    assert Entry.objects.get(verb="line refunded by its host").data["refund"] == "100.00"


def test_several_parts_never_pass_what_was_paid_and_leave_the_tax(order: Order):
    line = order.lines.get(kind="lodging")
    give(line, "300", "760.00")
    give(line, "460", "460.00")

    part = line.sub_order
    part.refresh_from_db()
    assert (part.payout_amount, part.tourist_tax_amount) == (D(0), D("15.40"))
    assert is_exact(order)
    with pytest.raises(Refusal) as error:
        give(line, "1", "0.00")
    assert error.value.code == "nothing_to_give_back"


@pytest.mark.parametrize("amount", ["0", "-5", "760.01"])
def test_nothing_or_too_much_is_refused(order: Order, amount: str):
    line = order.lines.get(kind="lodging")
    with pytest.raises(Refusal) as error:
        give(line, amount, "760.00")
    assert error.value.code == "refund_out_of_range"
    assert not Refund.objects.exists()


def test_second_press_gives_nothing_more(order: Order):
    line = order.lines.get(kind="lodging")
    give(line, "20", "760.00")
    with pytest.raises(Refusal) as error:
        give(line, "20", "760.00")
    assert error.value.code == "refund_changed"
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(("basis", "total"), [("policy", "775.40"), ("full", "775.40")])
def test_cancelling_afterwards_gives_only_the_rest(order: Order, basis, total):
    line = order.lines.get(kind="lodging")
    give(line, "100", "760.00")

    cancel_lines(order, [line.pk], basis=basis, reason="Malade", actor=SYSTEM, now=NOW)

    assert sum(Refund.objects.values_list("amount", flat=True)) == D(total)
    assert is_exact(order)


def test_a_cancelled_line_of_which_the_rule_kept_all_is_given_back_by_its_host(order: Order):
    line = order.lines.get(kind="lodging")
    moment = line.starts_at - timedelta(hours=1)
    cancel_lines(order, [line.pk], basis="policy", reason="Malade", actor=SYSTEM, now=moment)
    line.refresh_from_db()
    assert refundable(line) == D("760.00")

    give(line, "760", "760.00")

    assert is_exact(order)
    assert Payout.objects.get(sub_order=line.sub_order).state == "cancelled"


def test_what_was_paid_out_comes_back(order: Order, bank: FakeBank):
    line = order.lines.get(kind="workshop")
    account = factories.an_account(line.sub_order.provider)
    bank.give_papers(account.account_id)
    payout = Payout.objects.get(sub_order=line.sub_order)
    settle_payout(payout.pk, now=line.ends_at + timedelta(days=3))

    give(line, "30", "96.00", now=line.ends_at + timedelta(days=4))

    reversal = PayoutReversal.objects.get()
    assert (reversal.payout, reversal.amount) == (payout, D("30.00"))


def test_contested_payment_is_left_to_the_office(order: Order):
    Payment.objects.update(disputed_at=timezone.now())
    assert refundable(order.lines.get(kind="lodging")) == 0


# --- The page ------------------------------------------------------------------------------------
def test_sum_is_asked_shown_and_given(order: Order, at):
    at(NOW)
    line = order.lines.get(kind="workshop")
    host = host_of(order, "workshop")
    page = reverse("extranet-refund", args=[line.pk])
    booking = reverse("extranet-booking", args=[order.reference])
    asked = {"how": "part", "amount": "12,50 €", "reason": "<b>Sorry</b>"}

    assert page in body(host.get(booking))
    assert "Up to €96.00 can be given back." in body(host.get(page))
    shown = body(host.post(page, asked))
    assert "It costs you €12.50: your share of this order is €83.50 instead of €96.00." in shown
    assert not Refund.objects.exists()
    answer = host.post(
        page, {**asked, "amount": "12.50", "shown_left": "96.00", "confirm": "1"}, follow=True
    )

    assert "€12.50 go back to Claire." in body(answer)
    assert "€12.50 given back beyond the rule: First stitches of lace" in body(answer)
    assert Refund.objects.get().amount == D("12.50")


def test_staff_gives_no_money_back(order: Order, at):
    at(NOW)
    line = order.lines.get(kind="workshop")
    host, page = host_of(order, "workshop"), reverse("extranet-refund", args=[line.pk])
    ProviderRole.objects.update(role="staff")
    asked = {"how": "part", "amount": "12.50", "reason": "Sorry"}
    confirmed = {**asked, "shown_left": "96.00", "confirm": "1"}

    assert page not in body(host.get(reverse("extranet-booking", args=[order.reference])))
    assert host.get(page).status_code == 404
    assert host.post(page, confirmed).status_code == 404
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"reason": "Sorry"}, "Choose how much you give back."),
        ({"how": "part", "reason": "Sorry"}, "Write a sum in euros"),
        ({"how": "part", "amount": "douze", "reason": "Sorry"}, "Write a sum in euros"),
        ({"how": "part", "amount": "1.234", "reason": "Sorry"}, "two decimals at most"),
        ({"how": "part", "amount": "97", "reason": "Sorry"}, "at most €96.00"),
        ({"how": "part", "amount": "NaN", "reason": "Sorry"}, "Write a sum in euros"),
        ({"how": "whole"}, "Say why"),
    ],
)
def test_what_is_typed_wrong_is_kept_and_said(order: Order, at, asked, words):
    at(NOW)
    line = order.lines.get(kind="workshop")

    answer = host_of(order, "workshop").post(reverse("extranet-refund", args=[line.pk]), asked)

    assert answer.status_code == 422
    assert words in body(answer)
    assert asked.get("reason", "") in body(answer)
    assert not Refund.objects.exists()


def test_whole_is_confirmed_on_the_sum_that_was_shown(order: Order, at):
    at(NOW)
    line = order.lines.get(kind="workshop")
    host, page = host_of(order, "workshop"), reverse("extranet-refund", args=[line.pk])
    give(line, "6", "96.00")

    confirmed = {"how": "whole", "reason": "Sorry", "shown_left": "96.00", "confirm": "1"}
    answer = host.post(page, confirmed, follow=True)

    assert "look at the sums again" in body(answer)
    assert Refund.objects.count() == 1


def test_another_host_gives_nothing_back(order: Order, at):
    at(NOW)
    line = order.lines.get(kind="lodging")
    page = reverse("extranet-refund", args=[line.pk])
    confirmed = {"how": "whole", "reason": "x", "shown_left": "760.00", "confirm": "1"}

    assert host_of(order, "meal").post(page, confirmed).status_code == 404
    assert not Refund.objects.exists()
