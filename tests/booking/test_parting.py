"""Some of a party no longer come: their places are cancelled, and all sums stay true (E03)."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from booking.basket import add_to_basket
from booking.cancellation import cancel_lines
from booking.models import AgeBand, Order, OrderLine, OutboxMessage, Refund, Slot, Supplement
from booking.parting import parted_quotes
from booking.refusals import WrongState
from booking.rules.pricing import Quote
from booking.wishes import LineRequest
from events.models import Ticket
from members.journal import VISITOR
from oti.lib.dates import PARIS
from tests import factories
from tests.booking.pages import DUPONT
from tests.cast import NOW, FakeBank, order_from, paid_order

pytestmark = pytest.mark.django_db
# A half of an activity comes back from here on, as its factory says.
DAY = date(2027, 7, 12)


def bought(bank: FakeBank, kind: str = "event_ticket", ages=DUPONT, **fields: object) -> Order:
    """Give the paid order of a party for one thing: 32 euros an adult, 16 a child."""
    offer = factories.an_activity(kind=kind, title="Chœur et grand orgue", **fields)
    slot = factories.a_slot(offer, DAY, time(21))
    basket = factories.a_basket()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=ages), now=NOW)
    return paid_order(basket, bank)


def leave(order: Order, *places: int, agreed: str, now: datetime = NOW) -> OrderLine:
    """Let those of a line at these places leave; returns what they had."""
    line = order.lines.get()
    people = list(line.participants.order_by("pk"))
    [(own, _result)] = cancel_lines(
        order,
        [line.pk],
        basis="policy",
        reason="",
        actor=VISITOR,
        now=now,
        agreed=Decimal(agreed),
        leaving={line.pk: [people[place].pk for place in places]},
    )
    return own


def test_two_of_four_leave_and_the_others_keep_their_places(bank: FakeBank):
    order = bought(bank)
    line = order.lines.get()
    before = order.total_amount

    own = leave(order, 1, 3, agreed="48")

    line.refresh_from_db()
    order.refresh_from_db()
    assert (own.state, own.gross_amount) == ("cancelled", Decimal(48))
    assert (line.state, line.gross_amount) == ("sold", Decimal(48))
    assert Slot.objects.get().sold == 2
    assert [one.age for one in line.participants.order_by("pk")] == [None, 5]
    assert [one.age for one in own.participants.order_by("pk")] == [None, 10]
    assert {one.participant_id: one.state for one in Ticket.objects.all()} == {
        **{one.pk: "valid" for one in line.participants.all()},
        **{one.pk: "revoked" for one in own.participants.all()},
    }
    refund = Refund.objects.get()
    assert (refund.line_id, refund.amount) == (own.pk, Decimal(48))
    assert (order.state, order.total_amount) == ("confirmed", before)
    for one in (line, own):
        assert sum(item.gross_amount for item in one.items.all()) == one.gross_amount
        assert Quote.from_json(one.quote).gross == one.gross_amount
    [part] = order.sub_orders.all()
    assert part.gross_amount == Decimal(48)


def test_the_others_cancel_later_by_what_they_paid(bank: FakeBank):
    order = bought(bank)
    leave(order, 1, agreed="32")
    later = datetime(2027, 7, 12, 20, 30, tzinfo=PARIS)
    line = order.lines.get(state="sold")
    [(_line, result)] = cancel_lines(
        order, [line.pk], basis="full", reason="Orage", actor=VISITOR, now=later
    )
    assert result.total == Decimal(64)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert sum(Refund.objects.values_list("amount", flat=True)) == order.total_amount
    assert Slot.objects.get().sold == 0


def test_everybody_is_told_of_those_who_leave_alone(bank: FakeBank):
    order = bought(bank)
    OutboxMessage.objects.all().delete()
    own = leave(order, 1, agreed="32")
    told = {one.kind: one.data["lines"] for one in OutboxMessage.objects.all()}
    assert told == {"lines_cancelled": [own.pk], "provider_cancelled": [own.pk]}


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ((0, 1), "children would be left alone"),
        ((0, 1, 2, 3), "nobody would stay"),
        ((), "nobody leaves"),
    ],
)
def test_who_may_not_leave_alone(bank: FakeBank, places: tuple[int, ...], why: str):
    order = bought(bank)
    with pytest.raises(WrongState) as refused:
        leave(order, *places, agreed="0")
    assert refused.value.code == "cannot_part", why
    assert order.lines.get().state == "sold"
    assert not Refund.objects.exists()


def test_a_stranger_is_nobody_of_the_line(bank: FakeBank):
    order = bought(bank)
    line = order.lines.get()
    assert parted_quotes(line, [line.participants.order_by("pk").last().pk + 1]) is None


def test_a_sum_that_was_not_shown_cuts_nothing(bank: FakeBank):
    order = bought(bank)
    with pytest.raises(Exception, match="cancel_sum_changed"):
        leave(order, 1, agreed="31")
    line = order.lines.get()
    assert (line.gross_amount, line.participants.count()) == (Decimal(96), 4)
    assert line.takes.get().quantity == 4


def test_what_is_not_paid_by_the_person_alone_is_cancelled_whole(bank: FakeBank):
    order = bought(bank)
    line = order.lines.get()
    one = line.participants.order_by("pk")[1]
    assert parted_quotes(line, [one.pk])
    # Bands that changed since: who paid what isn't known any more.
    AgeBand.objects.filter(code="enfant").update(max_age=7)
    AgeBand.objects.filter(code="adulte").update(min_age=8)
    assert parted_quotes(OrderLine.objects.get(), [one.pk]) is None


def test_things_children_s_minding_and_beds_are_cancelled_whole(bank: FakeBank):
    offer = factories.a_childcare()
    slot = factories.a_slot(offer, DAY, time(14), capacity=840)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(5, 10))
    add_to_basket(basket, wish, now=NOW)
    line = paid_order(basket, bank).lines.get()
    assert parted_quotes(line, [line.participants.order_by("pk")[0].pk]) is None


def test_a_supplement_of_the_party_keeps_it_whole(bank: FakeBank):
    offer = factories.an_activity()
    Supplement.objects.create(
        offer=offer, code="the", name="Thé", basis="person", amount=Decimal(3), is_mandatory=True
    )
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, wish, now=NOW)
    line = paid_order(basket, bank).lines.get()
    assert parted_quotes(line, [line.participants.order_by("pk")[0].pk]) is None


def test_what_is_not_paid_yet_is_not_cut(bank: FakeBank):
    offer = factories.an_activity()
    slot = factories.a_slot(offer, DAY)
    basket = factories.a_basket()
    wish = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, wish, now=NOW)
    line = order_from(basket).lines.get()
    assert parted_quotes(line, [line.participants.order_by("pk")[0].pk]) is None
