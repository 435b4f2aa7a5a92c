"""Writing the lines of an order: everything that was promised, copied where no edit reaches it.

Called inside the order's transaction by `booking.checkout`; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from booking.models import (
    Order,
    OrderItem,
    OrderLine,
    Participant,
    SlotTake,
    SubOrder,
)
from booking.people import PersonName
from booking.quoting import policy_of
from booking.rules.pricing import Quote
from booking.rules.split import split_order
from booking.stay_view import BasketView, LineView


def write_lines(
    order: Order, sold: Sequence[LineView], *, names: Mapping[str, PersonName], view: BasketView
) -> list[OrderLine]:
    """Write participants, one part per provider, and each line with all that was promised."""
    used = {key for one in sold for key in one.people}
    participants = {
        row.key: row
        for row in Participant.objects.bulk_create(
            Participant(
                order=order,
                key=person.key,
                first_name=names[person.key].first_name.strip(),
                last_name=names[person.key].last_name.strip(),
                age=person.age,
            )
            for person in view.people
            if person.key in used
        )
    }
    parts = _write_parts(order, sold)
    lines = OrderLine.objects.bulk_create(
        _order_line(order, parts[one.offer.provider_id], one, position)
        for position, one in enumerate(sold)
    )
    through = OrderLine.participants.through
    through.objects.bulk_create(
        through(orderline_id=line.pk, participant_id=participants[key].pk)
        for line, one in zip(lines, sold, strict=True)
        for key in one.people
    )
    SlotTake.objects.bulk_create(
        SlotTake(line=line, slot_id=hold.slot_id, quantity=hold.quantity)
        for line, one in zip(lines, sold, strict=True)
        for hold in one.line.slot_holds.all()
    )
    OrderItem.objects.bulk_create(
        OrderItem(
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
        for line, one in zip(lines, sold, strict=True)
        for item in (one.quote.items if one.quote else ())
    )
    return lines


def _write_parts(order: Order, sold: Sequence[LineView]) -> dict[int, SubOrder]:
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
    rows = SubOrder.objects.bulk_create(
        SubOrder(
            order=order,
            provider_id=int(share.provider_key),
            gross_amount=share.gross,
            tourist_tax_amount=share.tourist_tax,
            commission_percent=providers[int(share.provider_key)].commission_percent,
            commission_amount=share.commission,
            payout_amount=share.payout,
        )
        for share in shares
    )
    return {row.provider_id: row for row in rows}


def _order_line(order: Order, part: SubOrder, one: LineView, position: int) -> OrderLine:
    offer, quote = one.offer, _quote(one)
    policy = offer.cancellation_policy
    return OrderLine(
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
        titles=_languages(offer, "title"),
        unit_name=one.unit.name if one.unit else "",
        commune_name=offer.commune.name,
        options=one.line.options,
        quote=quote.to_json(),
        policy=policy_of(offer).to_json(),
        policy_summaries=_languages(policy, "summary"),
        vat_scheme=offer.vat_scheme,
        net_amount=quote.net,
        vat_amount=quote.vat,
        gross_amount=quote.gross,
        tourist_tax_amount=quote.tourist_tax,
        tourist_tax_on_site_amount=quote.tourist_tax_on_site,
        deposit_amount=offer.deposit_amount,
        position=position,
    )


def _quote(one: LineView) -> Quote:
    if one.quote is None:
        msg = "a counted line has a quote"
        raise AssertionError(msg)
    return one.quote


def _languages(row: object, name: str) -> dict[str, str]:
    french = getattr(row, f"{name}_fr") or ""
    return {code: getattr(row, f"{name}_{code}") or french for code in ("fr", "en", "de")}
