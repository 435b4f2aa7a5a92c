"""A provider's share goes once, after its services, out of the charge, to an account that may."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings as chosen
from django.db import IntegrityError, transaction

from booking import cancellation, payment, payouts, settlement
from booking.gateways.base import DisputeTruth, ReversalTruth
from booking.models import GatewayEvent, Order, Payout, PayoutNetting, PayoutReversal, Refund
from booking.refusals import Refusal
from booking.reversals import reverse_payout, reverse_payouts
from members.journal import SYSTEM
from members.models import Entry, PayoutAccount
from tests import factories
from tests.booking.test_place_order import dupont_basket
from tests.cast import NOW, FakeBank, paid_order
from tests.replay import replayed

pytestmark = pytest.mark.django_db
# After the last service of the Duponts and a day.
AFTER = datetime(2027, 7, 25, 12, tzinfo=NOW.tzinfo)


@pytest.fixture
def order(bank: FakeBank) -> Order:
    """Give a paid order whose providers all have an account that may receive."""
    return _order(bank)


@replayed
def _order(bank: FakeBank) -> Order:
    order = paid_order(dupont_basket(), bank)
    for part in order.sub_orders.all():
        an_open_account(bank, part.provider)
    return order


def an_open_account(bank: FakeBank, provider) -> PayoutAccount:
    account = factories.an_account(provider)
    bank.give_papers(account.account_id)
    return account


def share_of(order: Order, kind: str) -> Payout:
    return Payout.objects.get(sub_order=order.lines.get(kind=kind).sub_order)


def cancel(order: Order, *kinds: str, now: datetime = AFTER) -> None:
    ids = [order.lines.get(kind=kind).pk for kind in kinds]
    cancellation.cancel_lines(order, ids, basis="full", reason="Orage", actor=SYSTEM, now=now)


def test_shares_are_due_a_day_after_the_last_service(order: Order):
    for payout in Payout.objects.all():
        last = max(line.ends_at for line in payout.sub_order.lines.all())
        assert payout.release_on == last + timedelta(hours=24)
        assert payout.state == "due"


def test_each_share_goes_once_out_of_the_charge_to_its_account(order: Order, bank: FakeBank):
    assert payouts.release_payouts(now=AFTER) == 4
    assert payouts.release_payouts(now=AFTER + timedelta(hours=1)) == 0

    paid = order.payments.get()
    assert len(bank.transfers) == 4
    for payout in Payout.objects.select_related("sub_order__provider__payout_account"):
        sent = bank.transfers[payout.transfer_id]
        assert payout.state == "paid"
        assert payout.paid_at == AFTER
        assert Decimal(sent.amount_cents) / 100 == payout.sent_amount == payout.amount
        assert sent.account_id == payout.sub_order.provider.payout_account.account_id
        assert sent.metadata["group"] == order.reference
    taxes = sum(part.tourist_tax_amount for part in order.sub_orders.all())
    commissions = sum(part.commission_amount for part in order.sub_orders.all())
    went = sum(one.amount_cents for one in bank.transfers.values())
    assert Decimal(went) / 100 + taxes + commissions == paid.captured_amount


def test_nothing_goes_before_its_moment(order: Order, bank: FakeBank):
    first = Payout.objects.order_by("release_on").first()

    assert payouts.release_payouts(now=first.release_on - timedelta(seconds=1)) == 0
    assert payouts.settle_payout(first.pk, now=first.release_on - timedelta(seconds=1)) == "due"
    assert payouts.release_payouts(now=first.release_on) == 1
    assert not Payout.objects.filter(state="pending").exists()


@pytest.mark.parametrize("state", ["started", "restricted"])
def test_share_of_an_account_that_may_not_receive_stays_due(order: Order, bank: FakeBank, state):
    payout = share_of(order, "meal")
    PayoutAccount.objects.filter(provider=payout.sub_order.provider).update(state=state)

    assert payouts.release_payouts(now=AFTER) == 3
    assert payouts.settle_payout(payout.pk, now=AFTER) == "due"
    assert len(bank.transfers) == 3


def test_share_without_any_account_stays_due(order: Order, bank: FakeBank):
    payout = share_of(order, "meal")
    PayoutAccount.objects.filter(provider=payout.sub_order.provider).delete()

    payouts.release_payouts(now=AFTER)

    payout.refresh_from_db()
    assert (payout.state, payout.attempts) == ("due", 0)


def test_account_blocked_meanwhile_keeps_the_share_due_and_is_marked(order: Order, bank: FakeBank):
    payout = share_of(order, "meal")
    account = payout.sub_order.provider.payout_account
    bank.give_papers(account.account_id, accepted=False)

    assert payouts.settle_payout(payout.pk, now=AFTER) == "due"

    account.refresh_from_db()
    assert (account.state, account.reason) == ("restricted", "rejected_other")
    bank.give_papers(account.account_id)
    PayoutAccount.objects.update(state="active")
    assert payouts.settle_payout(payout.pk, now=AFTER) == "paid"
    assert payouts.settle_payout(payout.pk, now=AFTER) == "paid"
    assert bank.net_of(account.account_id) == payout.amount


def test_bank_away_is_asked_again_and_pays_once(order: Order, bank: FakeBank):
    payout = share_of(order, "meal")
    bank.is_down = True
    assert payouts.settle_payout(payout.pk, now=AFTER) == "pending"
    bank.is_down = False

    # Somebody may still be waiting for the answer.
    assert payouts.settle_payout(payout.pk, now=AFTER + timedelta(minutes=1)) == "pending"
    assert not bank.transfers
    assert payouts.release_payouts(now=AFTER + timedelta(minutes=6)) == 4
    assert len(bank.transfers) == 4


def test_transfer_whose_answer_was_lost_is_found_even_when_keys_are_forgotten(
    order: Order, bank: FakeBank
):
    payout = share_of(order, "meal")
    bank.lost_answers = 1
    assert payouts.settle_payout(payout.pk, now=AFTER) == "pending"
    bank.forgets_keys = True

    assert payouts.settle_payout(payout.pk, now=AFTER + timedelta(days=2)) == "paid"
    assert len(bank.transfers) == 1


def test_refused_share_waits_for_the_office_and_goes_with_another_key(order: Order, bank: FakeBank):
    payout = share_of(order, "meal")
    bank.refusals = ["account_closed"]
    assert payouts.settle_payout(payout.pk, now=AFTER) == "failed"
    payout.refresh_from_db()
    assert "account_closed" in payout.last_error
    assert (payout.sent_amount, payout.transfer_id) == (0, "")
    assert payouts.release_payouts(now=AFTER) == 3

    payouts.ask_payout_again(payout.pk, actor=SYSTEM, now=AFTER)

    assert payouts.settle_payout(payout.pk, now=AFTER) == "paid"
    assert any(key.endswith(f":{payout.pk}:2") for key in bank.transfer_by_key)
    with pytest.raises(Refusal):
        payouts.ask_payout_again(payout.pk, actor=SYSTEM, now=AFTER)


def test_failed_refund_holds_the_share_of_its_part_until_it_is_done(order: Order, bank: FakeBank):
    cancel(order, "meal", now=NOW)
    cancel(order, "workshop", now=NOW)
    meal = share_of(order, "meal")
    assert meal.state == "cancelled"
    refund = Refund.objects.first()
    gite = share_of(order, "lodging")
    Refund.objects.filter(pk=refund.pk).update(line=order.lines.get(kind="lodging"), state="failed")

    assert payouts.release_payouts(now=AFTER) == 1

    gite.refresh_from_db()
    assert (gite.state, gite.hold_reason) == ("held", "refund_failed")
    Refund.objects.filter(pk=refund.pk).update(state="done")
    assert payouts.release_payouts(now=AFTER + timedelta(hours=1)) == 1
    gite.refresh_from_db()
    assert (gite.state, gite.hold_reason) == ("paid", "")
    verbs = set(
        Entry.objects.filter(subject=f"order:{order.reference}").values_list("verb", flat=True)
    )
    assert {"payout held", "payout let go", "payout paid"} <= verbs


def test_contested_payment_holds_every_share_until_it_is_won(order: Order, bank: FakeBank):
    charge = order.payments.get().charge_id
    bank.disputes["du_1"] = DisputeTruth("du_1", charge, is_over=False, is_won=False)
    tell(order, "charge.dispute.created", "du_1")

    assert payouts.release_payouts(now=AFTER) == 0
    assert set(Payout.objects.values_list("hold_reason", flat=True)) == {"disputed"}
    bank.disputes["du_1"] = DisputeTruth("du_1", charge, is_over=True, is_won=True)
    # An old message changes nothing: the bank is asked how it stands.
    tell(order, "charge.dispute.created", "du_1")
    assert payouts.release_payouts(now=AFTER + timedelta(hours=1)) == 4


def test_shares_held_back_never_keep_the_others_from_going(order: Order, bank: FakeBank):
    cancel(order, "lodging", now=NOW)
    Refund.objects.update(line=order.lines.get(kind="meal"), state="failed")
    held, due = share_of(order, "meal"), share_of(order, "workshop")
    later = AFTER + timedelta(days=1)
    # Asked about long ago, and again at each run: as a lost dispute is for ever.
    for moment in (AFTER, later):
        payouts.settle_payout(held.pk, now=AFTER)
        Payout.objects.filter(pk=held.pk).update(asked_at=AFTER - timedelta(days=9))
        assert payouts.release_payouts(now=moment, limit=1) == 1
    due.refresh_from_db()
    held.refresh_from_db()
    assert (due.state, held.state) == ("paid", "held")


def test_share_held_back_rests_before_it_is_looked_at_again(order: Order, bank: FakeBank):
    order.payments.update(disputed_at=AFTER)
    payouts.release_payouts(now=AFTER)
    order.payments.update(disputed_at=None)

    assert payouts.release_payouts(now=AFTER + timedelta(minutes=59)) == 0
    assert payouts.release_payouts(now=AFTER + timedelta(minutes=60)) == 4


def test_payment_whose_charge_is_not_named_is_asked_about(order: Order, bank: FakeBank):
    order.payments.update(charge_id="")

    assert payouts.release_payouts(now=AFTER) == 4
    assert order.payments.get().charge_id


def test_share_is_held_while_the_bank_names_no_charge(order: Order, bank: FakeBank):
    session = order.payments.get().session_id
    order.payments.update(charge_id="")
    bank.sessions[session] = bank.sessions[session].__class__(
        **{**bank.sessions[session].__dict__, "charge_id": None}
    )

    assert payouts.release_payouts(now=AFTER) == 0
    assert set(Payout.objects.values_list("hold_reason", flat=True)) == {"no_charge"}


# --- What is cancelled -----------------------------------------------------------------------
def test_cancelled_lines_reduce_what_goes(order: Order, bank: FakeBank):
    line = order.lines.get(kind="lodging")
    half = datetime(2027, 7, 5, 10, tzinfo=NOW.tzinfo)
    cancellation.cancel_lines(
        order, [line.pk], basis="policy", reason="Malade", actor=SYSTEM, now=half
    )

    payouts.release_payouts(now=AFTER)

    assert share_of(order, "lodging").sent_amount == Decimal("380.00")


def test_share_of_which_nothing_is_owed_is_cancelled(order: Order, bank: FakeBank):
    cancel(order, "meal", now=NOW)

    assert share_of(order, "meal").state == "cancelled"
    assert payouts.settle_payout(share_of(order, "meal").pk, now=AFTER) == "cancelled"
    assert not bank.transfers


def test_late_cancellation_takes_the_share_back(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    cancel(order, "meal")
    meal = share_of(order, "meal")
    reversal = PayoutReversal.objects.get(payout=meal)
    assert (reversal.amount, reversal.state) == (meal.sent_amount, "created")

    assert reverse_payout(reversal.pk, now=AFTER) == "done"
    assert reverse_payout(reversal.pk, now=AFTER) == "done"

    meal.refresh_from_db()
    assert (meal.state, meal.amount, meal.reversed_amount) == ("paid", 0, meal.sent_amount)
    assert bank.net_of(meal.sub_order.provider.payout_account.account_id) == 0


def test_reversal_whose_answer_was_lost_is_found(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    cancel(order, "meal")
    bank.lost_answers = 1
    assert reverse_payouts(now=AFTER) == 0
    bank.forgets_keys = True

    assert reverse_payouts(now=AFTER + timedelta(minutes=1)) == 0
    assert reverse_payouts(now=AFTER + timedelta(days=2)) == 1
    assert len([one for one in bank.transfers.values() if one.reversals]) == 1
    assert sum(len(one.reversals) for one in bank.transfers.values()) == 1


def test_bank_away_at_a_reversal_is_asked_again(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    cancel(order, "meal")
    bank.is_down = True
    assert reverse_payouts(now=AFTER) == 0
    assert reverse_payouts(now=AFTER + timedelta(minutes=6)) == 0
    bank.is_down = False
    assert reverse_payouts(now=AFTER + timedelta(minutes=12)) == 1


def test_cancelled_while_the_transfer_is_under_way_comes_back_after_it(order, bank: FakeBank):
    meal = share_of(order, "meal")
    bank.lost_answers = 1
    payouts.settle_payout(meal.pk, now=AFTER)
    cancel(order, "meal")
    reversal = PayoutReversal.objects.get()
    # Nothing to take back from as long as nobody knows that it went.
    assert reverse_payout(reversal.pk, now=AFTER) == "created"

    assert payouts.settle_payout(meal.pk, now=AFTER + timedelta(minutes=6)) == "paid"
    assert reverse_payout(reversal.pk, now=AFTER + timedelta(minutes=6)) == "done"
    assert bank.net_of(meal.sub_order.provider.payout_account.account_id) == 0


def test_cancelled_while_the_bank_refuses_leaves_nothing_to_take_back(order, bank: FakeBank):
    meal = share_of(order, "meal")
    bank.is_down = True
    payouts.settle_payout(meal.pk, now=AFTER)
    cancel(order, "meal")
    bank.is_down = False
    bank.refusals = ["account_closed"]

    assert payouts.settle_payout(meal.pk, now=AFTER + timedelta(minutes=6)) == "cancelled"
    assert PayoutReversal.objects.get().state == "cancelled"
    assert not bank.transfers


def test_what_cannot_be_taken_back_is_kept_from_the_next_shares(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    provider = meal.sub_order.provider
    account = provider.payout_account.account_id
    bank.drained.add(account)
    cancel(order, "meal")
    debt = meal.sent_amount
    assert reverse_payouts(now=AFTER) == 0
    assert PayoutReversal.objects.get().state == "owed"
    smaller = another_share(order, provider, debt - 10)
    larger = another_share(order, provider, Decimal("50.00"))

    assert payouts.settle_payout(smaller.pk, now=AFTER) == "paid"
    assert payouts.settle_payout(larger.pk, now=AFTER) == "paid"

    smaller.refresh_from_db()
    larger.refresh_from_db()
    assert (smaller.sent_amount, smaller.netted_amount) == (0, debt - 10)
    assert (larger.sent_amount, larger.netted_amount) == (Decimal("40.00"), 10)
    reversal = PayoutReversal.objects.get()
    assert (reversal.state, reversal.netted_amount) == ("netted", debt)
    # What the host has in the end is what it is owed.
    assert bank.net_of(account) == smaller.amount + larger.amount


def test_debt_kept_from_a_share_that_fails_is_open_again(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    bank.drained.add(meal.sub_order.provider.payout_account.account_id)
    cancel(order, "meal")
    reverse_payouts(now=AFTER)
    share = another_share(order, meal.sub_order.provider, Decimal("500.00"))
    bank.refusals = ["account_closed"]

    assert payouts.settle_payout(share.pk, now=AFTER) == "failed"

    reversal = PayoutReversal.objects.get()
    assert (reversal.state, reversal.netted_amount) == ("owed", 0)
    assert not PayoutNetting.objects.exists()


def test_what_settled_a_debt_is_a_debt_again_when_its_own_stay_is_cancelled(order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    bank.drained.add(meal.sub_order.provider.payout_account.account_id)
    cancel(order, "meal")
    reverse_payouts(now=AFTER)
    share = another_share(order, meal.sub_order.provider, meal.sent_amount)
    payouts.settle_payout(share.pk, now=AFTER)

    share.sub_order.payout_amount = share.sub_order.gross_amount = 0
    share.sub_order.save()
    with transaction.atomic():
        payouts.follow_order(share.sub_order.order, now=AFTER)

    debt = share.reversals.get()
    assert (debt.state, debt.amount) == ("owed", share.netted_amount or meal.sent_amount)


def another_share(order: Order, provider, amount: Decimal) -> Payout:
    """Make another paid order's share for the same provider."""
    other = Order.objects.get(pk=order.pk)
    payment = order.payments.get()
    other.pk = None
    other.basket = None
    other.reference = f"VLY-{Order.objects.count()}"
    other.save()
    payment.pk = None
    payment.order = other
    payment.refunded_amount = 0
    payment.save()
    part = other.sub_orders.create(provider=provider, gross_amount=amount, payout_amount=amount)
    return Payout.objects.create(sub_order=part, amount=amount, release_on=AFTER, created_at=NOW)


# --- What the bank tells ---------------------------------------------------------------------
def tell(order: Order, kind: str, object_id: str, **metadata: str) -> str:
    event = GatewayEvent.objects.create(
        event_id=f"evt_{GatewayEvent.objects.count()}",
        kind=kind,
        object_id=object_id,
        payload={"data": {"object": {"id": object_id, "metadata": metadata}}},
        received_at=AFTER,
    )
    return settlement.process_event(event.pk, now=AFTER)


def test_message_about_a_transfer_settles_what_was_lost(order: Order, bank: FakeBank):
    meal = share_of(order, "meal")
    bank.lost_answers = 1
    payouts.settle_payout(meal.pk, now=AFTER)
    [transfer] = bank.transfers

    assert tell(order, "transfer.created", transfer, payout=str(meal.pk)) == "payout paid"
    assert tell(order, "transfer.created", transfer, payout=str(meal.pk)) == "payout paid"
    meal.refresh_from_db()
    assert meal.transfer_id == transfer


def test_what_the_office_takes_back_at_the_bank_is_shown(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    bank.transfers[meal.transfer_id] = bank.transfers[meal.transfer_id].__class__(
        **{**bank.transfers[meal.transfer_id].__dict__, "reversed_cents": 1000}
    )

    assert tell(order, "transfer.reversed", meal.transfer_id) == "payout paid"
    meal.refresh_from_db()
    assert meal.reversed_amount == 10


def taken_at_the_bank(bank: FakeBank, payout: Payout, cents: int) -> None:
    """Let the office take back in the bank's own pages."""
    truth = bank.transfers[payout.transfer_id]
    row = ReversalTruth(f"trr_office_{cents}", cents, {})
    bank.transfers[payout.transfer_id] = replace(
        truth, reversed_cents=truth.reversed_cents + cents, reversals=(row, *truth.reversals)
    )


def test_what_the_office_took_back_at_the_bank_is_not_claimed_again(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    taken_at_the_bank(bank, meal, 1000)
    tell(order, "transfer.reversed", meal.transfer_id)

    cancel(order, "meal")

    assert PayoutReversal.objects.get().amount == meal.sent_amount - 10
    assert reverse_payouts(now=AFTER) == 1
    meal.refresh_from_db()
    assert meal.reversed_amount == meal.sent_amount
    assert bank.net_of(meal.sub_order.provider.payout_account.account_id) == 0


def test_whole_share_taken_back_at_the_bank_leaves_nothing_to_claim(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    taken_at_the_bank(bank, meal, int(meal.sent_amount * 100))
    tell(order, "transfer.reversed", meal.transfer_id)

    cancel(order, "meal")

    assert not PayoutReversal.objects.exists()


def test_debt_that_the_office_takes_back_at_the_bank_is_none_any_more(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    bank.drained.add(meal.sub_order.provider.payout_account.account_id)
    cancel(order, "meal")
    reverse_payouts(now=AFTER)

    taken_at_the_bank(bank, meal, 1000)
    tell(order, "transfer.reversed", meal.transfer_id)
    debt = PayoutReversal.objects.get()
    assert (debt.state, debt.amount) == ("owed", meal.sent_amount - 10)

    taken_at_the_bank(bank, meal, int(meal.sent_amount * 100) - 1000)
    tell(order, "transfer.reversed", meal.transfer_id)
    debt.refresh_from_db()
    assert debt.state == "cancelled"
    share = another_share(order, meal.sub_order.provider, Decimal("50.00"))
    payouts.settle_payout(share.pk, now=AFTER)
    share.refresh_from_db()
    assert (share.sent_amount, share.netted_amount) == (50, 0)


def test_office_and_platform_take_back_at_once_and_the_debt_is_dropped(order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    cancel(order, "meal")
    # The message about it comes after the bank has refused ours: too little is left.
    taken_at_the_bank(bank, meal, int(meal.sent_amount * 100))
    assert reverse_payouts(now=AFTER) == 0
    assert PayoutReversal.objects.get().state == "owed"

    tell(order, "transfer.reversed", meal.transfer_id)

    assert PayoutReversal.objects.get().state == "cancelled"


def test_message_that_names_our_own_reversal_settles_it_once(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    meal = share_of(order, "meal")
    cancel(order, "meal")
    bank.lost_answers = 1
    reverse_payouts(now=AFTER)

    tell(order, "transfer.reversed", meal.transfer_id)
    tell(order, "transfer.reversed", meal.transfer_id)

    assert PayoutReversal.objects.get().state == "done"
    assert reverse_payouts(now=AFTER + timedelta(minutes=6)) == 0
    meal.refresh_from_db()
    assert meal.reversed_amount == meal.sent_amount


@pytest.mark.parametrize("payout", ["", "nonsense", "999999", "9" * 30])
def test_message_about_a_transfer_of_somebody_else_changes_nothing(order, bank, payout):
    assert tell(order, "transfer.created", "tr_other", payout=payout) == "unknown transfer"


def test_transfer_that_names_our_share_but_is_not_its_own_is_not_believed(order, bank: FakeBank):
    meal = share_of(order, "meal")

    assert tell(order, "transfer.created", "tr_forged", payout=str(meal.pk)) == "unknown transfer"
    meal.refresh_from_db()
    assert meal.state == "due"


# --- The database's own guards ---------------------------------------------------------------
@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": "paid"},
        {"transfer_id": "tr_1"},
        {"sent_amount": Decimal("1.00")},
        {"reversed_amount": Decimal("1.00")},
    ],
)
def test_database_refuses_a_share_that_contradicts_itself(order: Order, values):
    payout = share_of(order, "meal")

    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(**values)


def test_demonstration_providers_are_paid_without_papers(order, bank: FakeBank, settings):
    assert chosen.PAYOUT_DEMO_ACCOUNTS is False
    payout = share_of(order, "meal")
    provider = payout.sub_order.provider
    PayoutAccount.objects.filter(provider=provider).delete()
    provider.is_demo = True
    provider.save()
    payouts.release_payouts(now=AFTER)
    payout.refresh_from_db()
    assert payout.state == "due"
    settings.PAYOUT_DEMO_ACCOUNTS = True

    assert payouts.release_payouts(now=AFTER) == 1
    assert PayoutAccount.objects.get(provider=provider).state == "active"


def test_refunds_and_shares_never_give_more_than_was_paid(order: Order, bank: FakeBank):
    payouts.release_payouts(now=AFTER)
    cancel(order, "meal", "workshop")
    reverse_payouts(now=AFTER)
    payment.pursue_refunds(now=AFTER)

    paid = order.payments.get()
    went = sum(one.amount_cents - one.reversed_cents for one in bank.transfers.values())
    kept = sum(part.commission_amount + part.tourist_tax_amount for part in order.sub_orders.all())
    assert Decimal(went) / 100 + kept + paid.refunded_amount == paid.captured_amount
