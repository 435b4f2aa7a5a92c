"""What a house calls its options, its prices and its rooms, in its own language.

A sold line keeps the labels that its guest read. Its host reads its own, where the option is there
still and has a name in the language that is read; what was sold is said as it was sold otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.conf import settings
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import get_language

from booking.models import AgeBand, BookingRequest, OrderLine, Supplement, Unit
from booking.rules.pricing import Quote

# By offer, whether it is an option, code.
Labels = Mapping[tuple[int, bool, str], str]
OPTION = "supplement"
# A room stands among the prices, under a code of its own.
UNIT = "unit:"
PRICES = frozenset({"band", "item", "item_day"})


def own_labels(lines: Iterable[OrderLine]) -> Labels:
    """Return what is called otherwise for who reads these lines, with their `order` loaded.

    One statement, none where every guest read the language that is active.
    """
    own = get_language()
    return _labels(own, {line.offer_id for line in lines if line.order.language != own})


def own_labels_of_requests(requests: Iterable[BookingRequest]) -> Labels:
    """Return the same for who reads what guests ask for, before it is sold."""
    own = get_language()
    return _labels(own, {one.offer_id for one in requests if one.language != own})


def _labels(own: str | None, foreign: set[int]) -> Labels:
    if not foreign or own not in dict(settings.LANGUAGES):
        return {}
    columns = ("offer_id", "is_option", "code", f"name_{own}")
    options = Supplement.objects.filter(offer_id__in=foreign).annotate(is_option=Value(True))
    prices = AgeBand.objects.filter(offer_id__in=foreign).annotate(is_option=Value(False))
    rooms = Unit.objects.filter(offer_id__in=foreign).annotate(
        is_option=Value(False), code=Concat(Value(UNIT), Cast("pk", CharField()))
    )
    rows = (
        options.order_by()
        .values_list(*columns)
        .union(
            prices.order_by().values_list(*columns),
            rooms.order_by().values_list(*columns),
            all=True,
        )
    )
    return {(offer, is_option, code): name for offer, is_option, code, name in rows if name}


def room_named(row: OrderLine | BookingRequest, labels: Labels) -> str:
    """Return what its house calls the room of a line or of a request, "" without a room."""
    return labels.get((row.offer_id, False, f"{UNIT}{row.unit_id}"), row.unit_name)


def relabelled(quote: Quote, line: OrderLine | BookingRequest, labels: Labels) -> Quote:
    """Return the price of a line, or of a request, with the labels that its house gives."""
    if not labels:
        return quote
    items = (
        replace(item, label=labels.get((line.offer_id, item.kind == OPTION, item.code), item.label))
        if item.kind == OPTION or item.kind in PRICES
        else item
        for item in quote.items
    )
    return replace(quote, items=tuple(items))
