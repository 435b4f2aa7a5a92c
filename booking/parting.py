"""A sold line parted: those who leave get a line of their own, to be cancelled alone (E03).

What each paid is read from the price as it was sold. Together both lines are what the one was:
sums, places, tickets. Only what is sold by places, one a person, and paid by the person alone can
be parted; the office looks after the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from booking.models import OrderItem, OrderLine, Participant, SlotTake
from booking.order_lines import item_row
from booking.quoting import band_terms
from booking.rules import states
from booking.rules.kinds import kind_of
from booking.rules.parting import part_quote
from booking.rules.people import ADULT_AGE
from booking.rules.pricing import AGE_OF_UNKNOWN, Quote
from booking.sold_lines import has_tickets


def parted_quotes(line: OrderLine, leaving: Collection[int]) -> tuple[Quote, Quote] | None:
    """Return what those who stay and those who leave paid, None where a line can't be parted.

    `leaving` are the numbers of participants. Participants, takes and refunds of the line and the
    bands of its offer are read from it. Children are never left without the grown-up they came
    with.
    """
    people = list(line.participants.all())
    gone = [one for one in people if one.pk in set(leaving)]
    if (
        line.state != states.SOLD
        or line.unit_id is not None
        or line.proposal_id is not None
        or kind_of(line.kind).sold_by != "place"
        or len(gone) != len(set(leaving))
        or any(take.quantity != len(people) for take in line.takes.all())
        or list(line.refunds.all())
        or _are_left_alone(people, gone)
    ):
        return None
    codes = {one.pk: _band_of(line, one) for one in people}
    quote = Quote.from_json(line.quote)
    # The bands of today have to be those it was sold by: else who paid what isn't known.
    if Counter(codes.values()) != {item.code: item.quantity for item in quote.items}:
        return None
    return part_quote(quote, Counter(codes[one.pk] for one in gone))


def _are_left_alone(people: Collection[Participant], gone: Collection[Participant]) -> bool:
    staying = [one for one in people if one not in gone]
    had_adult = any(_is_adult(one) for one in people)
    return bool(staying) and had_adult and not any(_is_adult(one) for one in staying)


def _is_adult(one: Participant) -> bool:
    return one.age is None or one.age >= ADULT_AGE


def _band_of(line: OrderLine, one: Participant) -> str:
    age = AGE_OF_UNKNOWN if one.age is None else one.age
    bands = [band.code for band in band_terms(line.offer) if band.holds(age)]
    return bands[0] if len(bands) == 1 else ""


def part_line(line: OrderLine, leaving: Collection[int]) -> OrderLine | None:
    """Give those who leave a line of their own, sold as the one they leave; None where it can't be.

    In the caller's transaction, under the locks of the line's slots and order. Nothing is given
    back yet, and no place is free: it is for its cancelling.
    """
    quotes = parted_quotes(line, leaving)
    if quotes is None:
        return None
    staying, gone = quotes
    people = list(line.participants.all())
    leavers = [one for one in people if one.pk in set(leaving)]
    own = _copy_of(line)
    if line.quantity == len(people):
        line.quantity, own.quantity = len(people) - len(leavers), len(leavers)
    for one, quote in ((line, staying), (own, gone)):
        one.quote = quote.to_json()
        one.gross_amount, one.net_amount, one.vat_amount = quote.gross, quote.net, quote.vat
    own.save()
    line.save(update_fields=["quote", "gross_amount", "net_amount", "vat_amount", "quantity"])
    line.items.all().delete()
    rows = [item_row(line, item) for item in staying.items]
    OrderItem.objects.bulk_create(rows + [item_row(own, item) for item in gone.items])
    for take in line.takes.all():
        SlotTake.objects.create(line=own, slot_id=take.slot_id, quantity=len(leavers))
        take.quantity -= len(leavers)
        take.save(update_fields=["quantity"])
    line.participants.remove(*leavers)
    own.participants.add(*leavers)
    if has_tickets(line):
        line.tickets.filter(participant__in=leavers).update(line=own)
    return own


def _copy_of(line: OrderLine) -> OrderLine:
    """Return a line that is sold as another one, not written yet."""
    names = [field.attname for field in OrderLine._meta.concrete_fields if not field.primary_key]
    own = OrderLine(**{name: getattr(line, name) for name in names})
    own.order, own.sub_order, own.offer = line.order, line.sub_order, line.offer
    return own
