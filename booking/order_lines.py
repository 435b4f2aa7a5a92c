"""The lines of an order as rows: everything that was promised, copied where no edit reaches it.

Made inside the order's transaction for `booking.checkout`, which writes them; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Model

from booking.models import (
    Order,
    OrderItem,
    OrderLine,
    Participant,
    Payment,
    SlotTake,
    SubOrder,
)
from booking.people import PersonName
from booking.quoting import policy_of
from booking.rules.pricing import Quote, QuoteItem
from booking.rules.split import split_order
from booking.stay_view import BasketView, LineView
from oti.lib.inserts import take_numbers


@dataclass(frozen=True)
class OrderRows:
    """Everything that hangs on an order, made and not written yet; `lines` have their numbers."""

    participants: list[Participant]
    parts: list[SubOrder]
    lines: list[OrderLine]
    presences: list[Model]
    takes: list[SlotTake]
    items: list[OrderItem]

    @property
    def groups(self) -> tuple[Sequence[Model], ...]:
        """Return the rows of each table, for `insert_together`."""
        return (
            self.participants,
            self.parts,
            self.lines,
            self.presences,
            self.takes,
            self.items,
        )


class Numbers:
    """The primary keys of an order and of what hangs on it, taken before any row is made."""

    def __init__(self, sold: Sequence[LineView]) -> None:
        counts: dict[type[Model], int] = {
            Order: 1,
            Payment: 1,
            Participant: len(_people_of(sold)),
            SubOrder: len({one.offer.provider_id for one in sold}),
            OrderLine: len(sold),
        }
        self._left = {model: iter(keys) for model, keys in take_numbers(counts).items()}

    def next(self, model: type[Model]) -> int:
        """Return a key that no other row has."""
        return next(self._left[model])


def _people_of(sold: Sequence[LineView]) -> set[str]:
    return {key for one in sold for key in one.people}


def order_rows(
    order: Order,
    sold: Sequence[LineView],
    *,
    names: Mapping[str, PersonName],
    view: BasketView,
    numbers: Numbers,
) -> OrderRows:
    """Make participants, one part per provider, and each line with all that was promised."""
    used = _people_of(sold)
    participants = {
        person.key: Participant(
            pk=numbers.next(Participant),
            order=order,
            key=person.key,
            first_name=names[person.key].first_name.strip(),
            last_name=names[person.key].last_name.strip(),
            age=person.age,
        )
        for person in view.people
        if person.key in used
    }
    parts = _parts(order, sold, numbers)
    lines = [
        _order_line(order, parts[one.offer.provider_id], one, position, numbers)
        for position, one in enumerate(sold)
    ]
    pairs = list(zip(lines, sold, strict=True))
    through = OrderLine.participants.through
    return OrderRows(
        participants=list(participants.values()),
        parts=list(parts.values()),
        lines=lines,
        presences=[
            through(orderline_id=line.pk, participant_id=participants[key].pk)
            for line, one in pairs
            for key in one.people
        ],
        takes=[
            SlotTake(line=line, slot_id=hold.slot_id, quantity=hold.quantity)
            for line, one in pairs
            for hold in one.holds
        ],
        items=[item_row(line, item) for line, one in pairs for item in _quote(one).items],
    )


def item_row(line: OrderLine, item: QuoteItem) -> OrderItem:
    """Return one row of a line's itemised price."""
    return OrderItem(
        line=line,
        kind=item.kind,
        code=item.code,
        label=item.label,
        day=item.day,
        quantity=item.quantity,
        unit_amount=item.unit_amount,
        vat_rate=item.vat_rate,
        net_amount=item.net,
        vat_amount=item.vat,
        gross_amount=item.gross,
    )


def _parts(order: Order, sold: Sequence[LineView], numbers: Numbers) -> dict[int, SubOrder]:
    providers = {one.offer.provider_id: one.offer.provider for one in sold}
    shares = split_order(
        (
            one.offer.provider_id,
            _quote(one).gross,
            _quote(one).tourist_tax,
            one.offer.provider.commission_percent,
        )
        for one in sold
    )
    return {
        int(share.provider_key): SubOrder(
            pk=numbers.next(SubOrder),
            order=order,
            provider_id=int(share.provider_key),
            gross_amount=share.gross,
            tourist_tax_amount=share.tourist_tax,
            commission_percent=providers[int(share.provider_key)].commission_percent,
            commission_amount=share.commission,
            payout_amount=share.payout,
        )
        for share in shares
    }


def _order_line(
    order: Order, part: SubOrder, one: LineView, position: int, numbers: Numbers
) -> OrderLine:
    offer, quote = one.offer, _quote(one)
    policy = offer.cancellation_policy
    return OrderLine(
        pk=numbers.next(OrderLine),
        order=order,
        sub_order=part,
        basket_line=one.line,
        offer=offer,
        unit=one.unit,
        slot=one.slot,
        arrival=one.line.arrival,
        departure=one.line.departure,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        quantity=one.line.quantity,
        kind=offer.kind,
        titles=in_each_language(offer, "title"),
        unit_name=one.unit.name if one.unit else "",
        commune_name=offer.commune.name,
        options=one.line.options,
        quote=quote.to_json(),
        policy=policy_of(offer).to_json(),
        policy_summaries=in_each_language(policy, "summary"),
        vat_scheme=offer.vat_scheme,
        net_amount=quote.net,
        vat_amount=quote.vat,
        gross_amount=quote.gross,
        tourist_tax_amount=quote.tourist_tax,
        tourist_tax_on_site_amount=quote.tourist_tax_on_site,
        deposit_amount=offer.deposit_amount,
        position=position,
        channel=one.line.channel,
        # Without a reduction it was sold at its usual price, whatever link it came by.
        proposal_id=one.line.proposal_id if quote.usual_total is not None else None,
    )


def _quote(one: LineView) -> Quote:
    if one.quote is None:
        msg = "a counted line has a quote"
        raise AssertionError(msg)
    return one.quote


def in_each_language(row: object, name: str) -> dict[str, str]:
    """Return a text of a row in each language, French where there is none."""
    french = getattr(row, f"{name}_fr") or ""
    return {code: getattr(row, f"{name}_{code}") or french for code in ("fr", "en", "de")}
