"""What a provider may know of a line that was bought from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from booking.arrivals import hours_words, is_outside
from booking.care import Sheet, asks_sheet
from booking.models import OrderLine
from booking.needs import are_read
from booking.own_labels import Labels, relabelled, room_named
from booking.rules import states
from booking.rules.kinds import SLEPT
from booking.rules.people import Guest
from booking.rules.pricing import Quote
from booking.showing import item_rows, line_when, participant_words, quantity_words
from destination.spoken import in_language
from oti.lib.dates import paris

# How long a host still reads how to reach a guest who has left, and what the guest needed.
REMEMBERED_AFTER = timedelta(days=14)


@dataclass(frozen=True)
class BookedLine:
    """A line as its provider sees it: its own part, and what it takes to welcome (C12)."""

    pk: int
    kind: str
    title: str
    unit_name: str
    reference: str
    state: str
    state_words: str
    starts_at: datetime
    ends_at: datetime
    when: str
    party: str
    people: tuple[str, ...]
    guest: str
    phone: str
    arrival_time: Any
    # Its own hours, where they come at another one.
    own_hours: str
    needs: str
    options: tuple[str, ...]
    rows: list[dict[str, Any]]
    amount: Decimal
    provider: str
    has_sheet: bool
    # Codes that its guests show at the door, of those who still have a right to come in.
    tickets: tuple[str, ...] = ()

    @property
    def is_alive(self) -> bool:
        """Whether somebody comes, or came."""
        return self.state in {states.SOLD, states.HONOURED, states.NO_SHOW}

    @property
    def is_lodging(self) -> bool:
        """Whether somebody sleeps there."""
        return self.kind in SLEPT


def first_arrival(lines: Iterable[OrderLine]) -> date | None:
    """Return the day on which an order's stay begins with a bed."""
    sold = (one for one in lines if one.state in {states.SOLD, states.HONOURED, states.NO_SHOW})
    return min((one.arrival for one in sold if one.unit_id and one.arrival), default=None)


def booked_line(
    line: OrderLine, *, first: date | None, now: datetime, labels: Labels | None = None
) -> BookedLine:
    """Return what the provider of a line may know of it; `order` and `participants` are loaded.

    `labels` (`own_labels`) call options and prices as the house does; without, as they were sold.
    The buyer is a first name and a phone. The hour of arrival is for the beds where the stay
    begins, on the day `first`; needs are for those whose kind prepares for them.
    """
    order = line.order
    participants = list(line.participants.all())
    guests = [Guest(one.age) for one in participants]
    quote = relabelled(Quote.from_json(line.quote), line, labels or {})
    starts_at, ends_at = paris(line.starts_at), paris(line.ends_at)
    services = Quote(quote.services)
    arrival = line.order.arrival_time if line.unit_id and line.arrival == first else None
    is_outside_hours = arrival is not None and is_outside(arrival, line.offer, starts_at)
    # What is known of a guest is for this coming: not of one that is off, nor for ever after.
    is_sold = line.state in {states.SOLD, states.HONOURED, states.NO_SHOW}
    is_needed = is_sold and ends_at + REMEMBERED_AFTER > now
    return BookedLine(
        pk=line.pk,
        kind=line.kind,
        title=in_language(line.titles),
        unit_name=room_named(line, labels or {}),
        reference=order.reference,
        state=line.state,
        state_words=str(line.get_state_display()),
        starts_at=starts_at,
        ends_at=ends_at,
        when=line_when(line, line.kind, starts_at, ends_at, now=now),
        party=quantity_words(line.offer, line.quantity, guests, quote),
        people=tuple(participant_words(one.first_name, one.age) for one in participants),
        guest=order.first_name,
        phone=order.phone if is_needed else "",
        arrival_time=arrival,
        own_hours=hours_words(line.offer, starts_at) if is_outside_hours else "",
        needs=order.needs if is_needed and are_read(line.kind) else "",
        options=tuple(
            f"{item.label} × {item.quantity}" if item.quantity > 1 else item.label
            for item in services.items
            if item.kind == "supplement"
        ),
        rows=item_rows(services),
        amount=line.gross_amount,
        provider=line.sub_order.provider.name,
        has_sheet=asks_sheet(line),
    )


def care_words(line: OrderLine, sheet: Sheet) -> dict[str, Any]:
    """Return a care sheet as its carer reads it: each child by first name, with its words."""
    children = [(one.first_name, sheet.health.get(one.key, "")) for one in line.participants.all()]
    return {
        "emergency_phone": sheet.emergency_phone,
        "children": children,
        "fetchers": sheet.fetchers,
    }
