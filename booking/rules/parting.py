"""A sold price cut in two: what those who stay paid, and what those who leave paid (E03).

Both are read from the price as it was sold, never from today's: together they are that price to
the cent, its VAT too.
"""

from collections.abc import Mapping
from dataclasses import replace

from booking.rules.pricing import Quote, QuoteItem
from oti.lib.money import quantize

BAND = "band"


def part_quote(quote: Quote, leaving: Mapping[str, int]) -> tuple[Quote, Quote] | None:
    """Return (what stays, what leaves) when so many persons of each band's code leave.

    None where it can't be cut: something in it is not paid by the person, it was sold below its
    usual price, fewer are of a band than leave it, or nobody stays or leaves.
    """
    items = {item.code: item for item in quote.items}
    counts = {code: count for code, count in leaving.items() if count > 0}
    if (
        quote.usual_total is not None
        or quote.tourist_tax
        or quote.tourist_tax_on_site
        or len(items) < len(quote.items)
        or any(item.kind != BAND for item in quote.items)
        or any(code not in items or count > items[code].quantity for code, count in counts.items())
    ):
        return None
    gone = [_of(items[code], count) for code, count in counts.items()]
    stays = [
        _without(item, next((one for one in gone if one.code == item.code), None))
        for item in quote.items
    ]
    staying = [item for item in stays if item.quantity]
    if not gone or not staying:
        return None
    return replace(quote, items=tuple(staying)), replace(quote, items=tuple(gone))


def _of(item: QuoteItem, count: int) -> QuoteItem:
    """Return the part of an item that `count` of its persons paid."""
    gross = quantize(item.gross * count / item.quantity)
    vat = quantize(item.vat * count / item.quantity)
    return replace(item, quantity=count, gross=gross, vat=vat, net=gross - vat)


def _without(item: QuoteItem, gone: QuoteItem | None) -> QuoteItem:
    if gone is None:
        return item
    return replace(
        item,
        quantity=item.quantity - gone.quantity,
        gross=item.gross - gone.gross,
        net=item.net - gone.net,
        vat=item.vat - gone.vat,
    )
