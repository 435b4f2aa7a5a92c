"""The office cancels: the refund follows the copied policy, capacity comes back, all are told."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from booking import cancellation, payment
from booking.basket import add_to_basket
from booking.emails import compose
from booking.models import OutboxMessage, Payment, Payout, Refund, Slot, Stay, UnitDay
from booking.refusals import Refusal
from booking.wishes import LineRequest
from events.models import Ticket
from members.journal import SYSTEM
from members.models import Entry, User
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.test_place_order import dupont_basket
from tests.cast import NOW, SATURDAY, FakeBank, cancel_order, paid_order

pytestmark = pytest.mark.django_db


def shares(order) -> Decimal:
    return sum(
        (
            part.payout_amount + part.commission_amount + part.tourist_tax_amount
            for part in order.sub_orders.all()
        ),
        Decimal(0),
    )


@pytest.mark.parametrize(
    ("moment", "percent"),
    [
        (datetime(2027, 6, 20, 10, tzinfo=PARIS), 100),
        (datetime(2027, 7, 5, 10, tzinfo=PARIS), 50),
        (datetime(2027, 7, 10, 9, tzinfo=PARIS), 0),
    ],
)
def test_gite_is_cancelled_along_its_ladder(bank: FakeBank, moment, percent):
    order = paid_order(dupont_basket(), bank)
    line = order.lines.get(kind="lodging")

    cancellation.cancel_lines(
        order, [line.pk], basis="policy", reason="Malade", actor=SYSTEM, now=moment
    )

    line.refresh_from_db()
    paid = order.payments.get()
    # The tax of nights not spent comes back whole (domain.md §1.1.12).
    expected = Decimal("760.00") * percent / 100 + Decimal("15.40")
    assert line.state == "cancelled"
    assert Refund.objects.get().amount == expected
    assert shares(order) == paid.captured_amount - paid.refunded_amount
    assert order.state == "confirmed"


def test_nights_and_places_come_back_and_tickets_die(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)

    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)

    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Stay.objects.get().state == "cancelled"
    assert set(Slot.objects.values_list("sold", flat=True)) == {0}
    assert UnitDay.objects.get(unit=Stay.objects.get().unit, day=SATURDAY).free_run > 7
    assert set(Ticket.objects.values_list("state", flat=True)) == {"revoked"}
    assert sum(Refund.objects.values_list("amount", flat=True)) == order.total_amount
    assert sum(Payout.objects.values_list("amount", flat=True)) == 0


def test_visitor_and_the_provider_concerned_are_told(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    line = order.lines.get(kind="meal")
    OutboxMessage.objects.all().delete()

    cancellation.cancel_lines(
        order, [line.pk], basis="full", reason="Four en panne", actor=SYSTEM, now=NOW
    )

    told = dict(OutboxMessage.objects.values_list("recipient", "kind"))
    assert told == {
        order.email: "lines_cancelled",
        line.offer.provider.email: "provider_cancelled",
    }


def test_a_date_that_was_called_off_is_not_said_to_be_free_again(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    line = order.lines.get(kind="meal")
    mails = []
    for is_closed in (False, True):
        Slot.objects.filter(pk=line.slot_id).update(is_closed=is_closed)
        cancelled = OutboxMessage(
            kind="provider_cancelled",
            language="en",
            order=order,
            data={"sub_order": line.sub_order_id, "lines": [line.pk]},
        )
        mails.append(compose(cancelled).body)

    assert "and free for others again" in mails[0]
    assert "and free for others again" not in mails[1]
    assert "this is cancelled:" in mails[1]


def test_what_one_line_gives_back_is_said_once(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    first, second = order.lines.all()[:2]
    bodies = []
    for lines in ([first], [first, second]):
        told = OutboxMessage(
            kind="lines_cancelled",
            language="en",
            order=order,
            data={
                "lines": [one.pk for one in lines],
                "refunds": {str(one.pk): "10.00" for one in lines},
            },
        )
        bodies.append(compose(told).body)

    assert bodies[0].count("Given back") == 1
    assert bodies[1].count("Given back:") == 2
    assert "Given back in all: €20.00" in bodies[1]


def test_cancelling_twice_gives_back_once(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    line = order.lines.get(kind="meal")
    values = {"basis": "full", "reason": "Erreur", "actor": SYSTEM, "now": NOW}
    cancellation.cancel_lines(order, [line.pk], **values)

    with pytest.raises(Refusal) as error:
        cancellation.cancel_lines(order, [line.pk], **values)

    assert error.value.code == "nothing_to_cancel"
    assert Refund.objects.count() == 1


def test_many_lines_are_cancelled_at_once(bank: FakeBank):
    basket = factories.a_basket()
    offer = factories.an_activity()
    for day in range(24):
        slot = factories.a_slot(offer, SATURDAY + timedelta(days=day))
        wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,))
        add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    OutboxMessage.objects.all().delete()

    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)

    assert set(OutboxMessage.objects.values_list("kind", flat=True)) == {
        "lines_cancelled",
        "provider_cancelled",
    }


def test_a_reason_is_needed(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)

    with pytest.raises(Refusal) as error:
        cancel_order(order, basis="full", reason=" ", actor=SYSTEM, now=NOW)

    assert error.value.code == "reason_missing"


def test_preview_says_what_cancelling_will_give(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    lines = list(order.lines.all())

    preview = cancellation.preview_cancellation(lines, basis="policy", now=NOW)

    assert sum(result.total for _line, result in preview) == order.total_amount
    assert not Refund.objects.exists()


def test_refund_is_given_back_only_when_the_bank_says_so(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    bank.refund_status = "pending"
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    refund = Refund.objects.first()

    assert payment.pursue_refund(refund.pk, now=NOW) == "pending"
    refund.refresh_from_db()
    bank.refunds[refund.gateway_id] = bank.refunds[refund.gateway_id].__class__(
        **{**bank.refunds[refund.gateway_id].__dict__, "status": "succeeded"}
    )
    assert payment.pursue_refund(refund.pk, now=NOW + timedelta(minutes=1)) == "done"
    assert payment.pursue_refund(refund.pk, now=NOW + timedelta(minutes=2)) == "done"
    assert len(bank.refunds) == 1


def test_bank_away_at_refund_is_asked_again(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    bank.is_down = True
    assert payment.pursue_refunds(now=NOW) == 0
    bank.is_down = False

    assert payment.pursue_refunds(now=NOW) == 4
    assert set(Refund.objects.values_list("state", flat=True)) == {"done"}


def test_slow_refund_is_asked_about_less_and_less_often(bank: FakeBank, monkeypatch):
    order = paid_order(dupont_basket(), bank)
    bank.refund_status = "pending"
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    payment.pursue_refunds(now=NOW)
    asked: list[str] = []
    fetch = bank.fetch_refund
    monkeypatch.setattr(bank, "fetch_refund", lambda pk: asked.append(pk) or fetch(pk))
    refunds = Refund.objects.count()
    hours = dict.fromkeys(("first", "second", "third_day"), 0)

    for minute in [*range(0, 120, 2), *range(48 * 60, 72 * 60, 30)]:
        asked.clear()
        payment.pursue_refunds(now=NOW + timedelta(minutes=minute))
        name = "first" if minute < 60 else "second" if minute < 120 else "third_day"
        hours[name] += len(asked) // refunds

    assert hours == {"first": 29, "second": 2, "third_day": 4}


def test_refund_that_was_not_taken_is_asked_for_each_time_before_the_slow_ones(
    bank: FakeBank, monkeypatch
):
    order = paid_order(dupont_basket(), bank)
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    slow = Refund.objects.order_by("pk").first()
    bank.refund_status = "pending"
    payment.pursue_refund(slow.pk, now=NOW)
    bank.is_down = True
    pursued: list[int] = []
    pursue = payment.pursue_refund
    monkeypatch.setattr(
        payment, "pursue_refund", lambda pk, now: pursued.append(pk) or pursue(pk, now=now)
    )

    payment.pursue_refunds(now=NOW + timedelta(minutes=1))
    payment.pursue_refunds(now=NOW + timedelta(minutes=2))

    others = list(Refund.objects.exclude(pk=slow.pk).order_by("pk").values_list("pk", flat=True))
    assert pursued == [*others, *others, slow.pk]
    slow.refresh_from_db()
    assert slow.checked_at == NOW + timedelta(minutes=2)


def test_database_refuses_more_back_than_was_paid(bank: FakeBank):
    order = paid_order(dupont_basket(), bank)
    paid = Payment.objects.get(order=order)
    paid.refunded_amount = paid.captured_amount + Decimal("0.01")

    with pytest.raises(IntegrityError), transaction.atomic():
        paid.save()


def test_refund_that_the_bank_refused_is_asked_again_by_the_office(
    bank: FakeBank, client, django_capture_on_commit_callbacks
):
    order = paid_order(dupont_basket(), bank)
    cancel_order(order, basis="full", reason="Orage", actor=SYSTEM, now=NOW)
    refund = Refund.objects.first()
    bank.refund_status = "failed"
    assert payment.pursue_refund(refund.pk, now=NOW) == "failed"
    assert payment.pursue_refunds(now=NOW) == 0
    client.force_login(User.objects.create_superuser("bureau@example.org", "secret"))
    page = client.get(reverse("desk_orders:inspect", args=[order.pk]))
    address = reverse("desk_orders:refund-again", args=[refund.pk])
    assert address in page.content.decode()

    bank.refund_status = "succeeded"
    client.post(address)

    assert payment.pursue_refund(refund.pk, now=NOW) == "done"
    assert Entry.objects.filter(verb="refund asked again").count() == 1
    with pytest.raises(Refusal):
        payment.ask_refund_again(refund.pk, actor=SYSTEM, now=NOW)
