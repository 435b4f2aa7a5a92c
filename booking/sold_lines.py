"""What was bought, as its buyer and the office see it: the lines of an order, its days and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from booking.arrivals import ArrivalNotice, notice_of
from booking.care import filled_lines, is_open
from booking.models import Offer, Order, OrderLine, Participant, Refund, Slot, SubOrder
from booking.pictures import Picture, covers
from booking.rules import states
from booking.rules.kinds import kind_of
from booking.rules.people import Guest
from booking.rules.pricing import Quote
from booking.rules.refunds import RefundPolicy, deadlines
from booking.showing import (
    cancellation_words,
    dates_words,
    deposit_words,
    item_rows,
    line_when,
    option_words,
    quantity_words,
    total_words,
)
from destination.models import Commune
from destination.spoken import in_language, language_of_texts
from destination.templatetags.velay import euros, jour_long
from members.models import Provider
from oti.lib.dates import paris
from oti.lib.joins import keep_related, read_joined, read_rows
from oti.lib.money import ZERO


@dataclass
class SoldLine:
    """One line of an order as its pages and mails show it."""

    line: OrderLine
    title: str
    when: str
    starts_at: datetime
    ends_at: datetime
    quote: Quote
    guests: list[Guest]
    names: list[str]
    rules: list[str]
    rule: str
    refunds: list[Refund] = field(default_factory=list)
    tickets: list[Any] = field(default_factory=list)
    image: Picture | None = None
    # Whether the carer's sheet goes with it and may be written; whether it is.
    is_sheet_open: bool = False
    is_sheet_filled: bool = False
    # Whether its buyer may still cancel it on this site.
    is_open_to_cancel: bool = False
    # Told to who arrives there, on the first evening, at another hour than its own.
    arrival_notice: ArrivalNotice | None = None

    @property
    def lang(self) -> str:
        """Return the language of the title where it is not the reader's."""
        return language_of_texts(self.line.titles)

    @property
    def offer(self) -> Offer:
        """Return the offer as it is now (place, access, hours)."""
        return self.line.offer

    @property
    def provider(self) -> Any:
        """Return who provides it."""
        return self.line.sub_order.provider

    @property
    def amount(self) -> Decimal:
        """Return what was paid online for it."""
        return self.line.gross_amount + self.line.tourist_tax_amount

    @property
    def is_alive(self) -> bool:
        """Whether it is, or was, to be had."""
        return self.line.state in {states.SOLD, states.HONOURED, states.NO_SHOW}

    @property
    def is_lodging(self) -> bool:
        """Whether nights were bought."""
        return self.line.unit_id is not None

    @property
    def bead(self) -> str:
        """Return its bead on the thread: a stay, an event, something to do."""
        return kind_of(self.line.kind).bead

    @property
    def is_lent(self) -> bool:
        """Whether something is to be brought back on another day."""
        return self.line.unit_id is None and self.starts_at.date() < self.ends_at.date()

    @property
    def deposit(self) -> str:
        """Name the deposit asked for on site, as it was when it was sold."""
        return deposit_words(self.line.deposit_amount)

    @property
    def options(self) -> tuple[str, ...]:
        """Name the options that were bought with it."""
        return option_words(self.quote.items, self.line.options)

    @property
    def party(self) -> str:
        """Write who takes part, or how many items."""
        return quantity_words(self.offer, self.line.quantity, self.guests, self.quote)

    @property
    def unit_name(self) -> str:
        """Return the room's name where the title doesn't say it."""
        name = self.line.unit_name
        return "" if name.lower() in self.title.lower() else name

    @property
    def place(self) -> str:
        """Return the meeting place or the address of the host, with the commune."""
        where = self.offer.place or (self.provider.address if self.is_lodging else "")
        commune = self.line.commune_name
        return where if commune in where else ", ".join(part for part in (where, commune) if part)

    @property
    def is_off(self) -> bool:
        """Whether it was bought and is cancelled."""
        return self.line.state == states.CANCELLED

    @property
    def given_back(self) -> list[str]:
        """Write how each refund of the line stands."""
        return [refund_words(one) for one in self.refunds]

    @property
    def back(self) -> Decimal:
        """Return what was, or is being, given back of it."""
        alive = (one.amount for one in self.refunds if one.state != states.FAILED)
        return sum(alive, ZERO)

    @property
    def services_back(self) -> Decimal:
        """Return what of it was, or is being, given back of the services, without the tax."""
        alive = [one for one in self.refunds if one.state != states.FAILED]
        return sum((one.amount - one.tourist_tax_amount for one in alive), ZERO)

    @property
    def items(self) -> list[dict[str, Any]]:
        """Return the itemised price of the services, without the tourist tax."""
        return item_rows(Quote(self.quote.services))


# Written out: the page of an order, its mails and the API read it.
LINES_OF_ORDER = """
SELECT {columns} FROM booking_orderline line
JOIN booking_offer offer ON offer.id = line.offer_id
JOIN members_provider host ON host.id = offer.provider_id
JOIN destination_commune commune ON commune.id = offer.commune_id
JOIN booking_suborder part ON part.id = line.sub_order_id
JOIN members_provider provider ON provider.id = part.provider_id
LEFT JOIN booking_slot slot ON slot.id = line.slot_id
WHERE line.order_id = %s ORDER BY line.starts_at, line.position, line.id
"""


PEOPLE_OF_ORDER = """
SELECT {columns} FROM booking_orderline_participants link
JOIN booking_participant participant ON participant.id = link.participant_id
WHERE participant.order_id = %s ORDER BY participant.id
"""


REFUNDS_OF_ORDER = """
SELECT {columns} FROM booking_refund it JOIN booking_orderline line ON line.id = it.line_id
WHERE line.order_id = %s ORDER BY it.created_at DESC
"""


TABLES_OF_ORDER: dict[str, type[Model]] = {
    "line": OrderLine,
    "offer": Offer,
    "host": Provider,
    "commune": Commune,
    "part": SubOrder,
    "provider": Provider,
    "slot": Slot,
}


def rows_of(order: Order) -> list[OrderLine]:
    """Return the lines of an order with what `sold_lines` tells of them."""
    lines: list[OrderLine] = []
    for row in read_joined(LINES_OF_ORDER, TABLES_OF_ORDER, [order.pk]):
        line, offer, offer.provider, offer.commune, part, part.provider, slot = row
        line.order = part.order = order
        line.offer, line.sub_order, line.slot = offer, part, slot
        lines.append(line)
    people: dict[int, list[Participant]] = defaultdict(list)
    tables: dict[str, type[Model]] = {
        "link": OrderLine.participants.through,
        "participant": Participant,
    }
    for link, participant in read_joined(PEOPLE_OF_ORDER, tables, [order.pk]):
        people[link.orderline_id].append(participant)
    refunds: dict[int, list[Refund]] = defaultdict(list)
    for refund in read_rows(REFUNDS_OF_ORDER, Refund, [order.pk]):
        refunds[refund.line_id or 0].append(refund)
    for line in lines:
        keep_related(line, "participants", people[line.pk])
        keep_related(line, "refunds", refunds[line.pk])
    prefetch_related_objects([one for one in lines if has_tickets(one)], "tickets__participant")
    return lines


def has_tickets(line: OrderLine) -> bool:
    """Tell whether it may have tickets, reached by their name (core.md 17)."""
    return line.kind == Offer.Kind.EVENT_TICKET and hasattr(line, "tickets")


def sold_lines(
    order: Order,
    rows: Iterable[OrderLine] | None = None,
    *,
    has_pictures: bool = False,
    now: datetime,
) -> list[SoldLine]:
    """Return the lines of an order with all that its pages show, in a bounded number of statements.

    `rows` are those of `rows_of`, loaded here by default. Tickets are reached by their name on
    the line: the programme stands above (core.md 17).
    """
    lines = list(rows_of(order) if rows is None else rows)
    images = covers(line.offer for line in lines) if has_pictures else {}
    filled = filled_lines(lines)
    shown = [sold_line(line, now=now) for line in lines]
    for one in shown:
        one.is_sheet_filled = one.line.pk in filled
        one.image = images.get(one.line.offer_id)
    _tell_hours(order, shown)
    return shown


def _tell_hours(order: Order, lines: Sequence[SoldLine]) -> None:
    """Mark the lodgings where the stay begins whose hours aren't those of the arrival."""
    # Before the payment too: whoever comes back from the bank may still change the hour.
    coming = (one for one in lines if one.is_alive or one.line.state == states.HELD)
    lodgings = [one for one in coming if one.is_lodging]
    first = min((one.starts_at.date() for one in lodgings), default=None)
    for one in lodgings:
        if order.arrival_time is not None and one.starts_at.date() == first:
            one.arrival_notice = notice_of(
                order.arrival_time,
                one.offer,
                one.provider,
                title=one.title,
                starts_at=one.starts_at,
            )


def sold_line(line: OrderLine, *, now: datetime) -> SoldLine:
    """Return one line with its words; participants, refunds and tickets are read from it."""
    policy = RefundPolicy.from_json(line.policy)
    participants = list(line.participants.all())
    starts_at = paris(line.starts_at)
    return SoldLine(
        line=line,
        title=in_language(line.titles),
        when=line_when(line, line.kind, starts_at, paris(line.ends_at)),
        starts_at=starts_at,
        ends_at=paris(line.ends_at),
        quote=Quote.from_json(line.quote),
        guests=[Guest(one.age) for one in participants],
        names=[str(one) for one in participants],
        rules=cancellation_words(deadlines(policy, starts_at), fee=policy.flat_fee, now=now),
        rule=in_language(line.policy_summaries),
        refunds=list(line.refunds.all()),
        is_sheet_open=is_open(line, now=now),
        is_open_to_cancel=line.state == states.SOLD
        and line.starts_at > now
        and not line.order.is_counter,
        tickets=list(line.tickets.all()) if has_tickets(line) else [],
    )


def order_days(lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    """Return the lines by day: [{date, entries: [{line, is_departure, time}]}], empty days out."""
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for one in lines:
        days[one.starts_at.date()].append({"line": one, "time": one.starts_at})
        if (one.is_lodging or (one.line.arrival and one.is_lent)) and one.is_alive:
            days[one.ends_at.date()].append(
                {"line": one, "time": one.ends_at, "is_departure": True}
            )
    return [
        {"date": day, "entries": sorted(entries, key=lambda one: one["time"])}
        for day, entries in sorted(days.items())
    ]


def order_dates(lines: Sequence[SoldLine]) -> str:
    """Write the days of an order's stay."""
    alive = [one for one in lines if one.is_alive] or list(lines)
    if not alive:
        return ""
    return dates_words(
        min(one.starts_at.date() for one in alive), max(one.ends_at.date() for one in alive)
    )


def order_summary(order: Order, lines: Sequence[SoldLine]) -> dict[str, Any]:
    """Return the side box of an order for `summary_card.html`: what was paid, what came back."""
    back = sum((one.back for one in lines), ZERO)
    rows = [{"label": _("Booking fee"), "amount": order.fee_amount}]
    total_label = total_words(order.tourist_tax_on_site_amount)
    if back:
        rows += [
            {"label": total_label, "amount": order.total_amount},
            {"label": _("Given back"), "amount": -back},
        ]
        total_label = _("Paid, less what is given back")
    return {
        "title": order_dates(lines),
        "lines": [
            {
                "title": one.title,
                "note": " · ".join([one.when, *([_off()] if one.is_off else [])]),
                "options": one.options,
                "image": one.image,
                "illustration": one.offer.illustration,
                "amount": one.amount,
            }
            for one in lines
        ],
        "rows": rows,
        "total": order.total_amount - back,
        "total_label": total_label,
        "tax_on_site": order.tourist_tax_on_site_amount,
        "promises": [],
    }


def _off() -> str:
    return pgettext("line", "cancelled")


def refund_words(refund: Refund) -> str:
    """Write how a refund stands."""
    sum_words = euros(refund.amount, "exact")
    if refund.state == states.DONE and refund.done_at:
        return _("%(sum)s given back on %(day)s") % {
            "sum": sum_words,
            "day": jour_long(refund.done_at),
        }
    if refund.state == states.FAILED:
        return _("%(sum)s could not be given back yet: we are dealing with it") % {"sum": sum_words}
    return _("%(sum)s being given back") % {"sum": sum_words}
