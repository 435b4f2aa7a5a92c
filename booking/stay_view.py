"""A stay in the making as its page shows it: lines, thread of days, total, deadline, troubles.

Computed at one moment from the rows; it writes nothing and holds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings

from booking.availability import free_stays
from booking.kept_offers import kept_offers
from booking.models import (
    Basket,
    BasketLine,
    Offer,
    Slot,
    SlotHold,
    Stay,
    Unit,
)
from booking.people import Person, guests_of, people_from
from booking.proposals import proposals_by_key
from booking.quoting import (
    TOO_NEAR,
    TaxBook,
    asked_of,
    check_places,
    check_unit,
    facts_of,
    options_from,
    policy_of,
    quote_places,
    quote_unit,
    stay_hours,
)
from booking.refusals import (
    Trouble,
    trouble,
    troubles_of,
)
from booking.rules.kinds import PLACES
from booking.rules.people import Guest
from booking.rules.pricing import Quote, Reduction
from booking.rules.refunds import deadlines
from booking.rules.requests import can_be_asked
from booking.rules.stay import Entry, find_clashes
from booking.takes import SlotAsk, check_takes, find_takes, is_over
from members.models import Provider
from oti.lib.dates import ONE_DAY, at_paris, count_nights, nights, paris
from oti.lib.joins import keep_related, read_joined
from oti.lib.money import ZERO

# Written out: every page of a stay and every order reads it.
LINES_TO_SHOW = """
SELECT {columns} FROM booking_basketline line
LEFT JOIN booking_slot slot ON slot.id = line.slot_id
LEFT JOIN booking_stay stay ON stay.line_id = line.id
WHERE line.basket_id = %s ORDER BY line.position, line.id
"""
HOLDS_TO_SHOW = """
SELECT {columns} FROM booking_slothold hold
JOIN booking_basketline line ON line.id = hold.line_id
JOIN booking_slot slot ON slot.id = hold.slot_id
WHERE line.basket_id = %s ORDER BY hold.slot_id
"""
STAY_HOLD = BasketLine._meta.get_field("stay_hold")


@dataclass
class LineView:
    """One line as its page shows it; an uncounted one is not in the total."""

    line: BasketLine
    title: str
    starts_at: datetime
    ends_at: datetime
    guests: list[Guest]
    people: list[str]
    quote: Quote | None
    is_held: bool
    troubles: list[Trouble]
    old_amount: Decimal | None
    cancellation: list[tuple[datetime, int]]

    @property
    def offer(self) -> Offer:
        """Return what is sold."""
        return self.line.offer

    @property
    def unit(self) -> Unit | None:
        """Return the lodging unit, if it is one."""
        return self.line.unit

    @property
    def slot(self) -> Slot | None:
        """Return the slot, if it is one."""
        return self.line.slot

    @property
    def holds(self) -> list[SlotHold]:
        """Return the units of slots that it holds; nights hold none."""
        return [] if self.unit is not None else list(self.line.slot_holds.all())

    @property
    def is_on_request(self) -> bool:
        """Whether its host answers first: it holds nothing and is paid apart."""
        return self.line.is_on_request

    @property
    def can_be_had(self) -> bool:
        """Whether nothing but its price or its hold is in the way."""
        blocking = {one.code for one in self.troubles} - {"price_changed", "hold_expired"}
        return self.quote is not None and not blocking

    @property
    def counted(self) -> bool:
        """Whether it is part of the total: it can be had, at once."""
        return self.can_be_had and not self.is_on_request

    @property
    def asked(self) -> bool:
        """Whether its host is asked for it at checkout."""
        return self.can_be_had and self.is_on_request

    @property
    def amount(self) -> Decimal:
        """Return the line's total in euros."""
        return self.quote.total if self.quote else ZERO


@dataclass(frozen=True)
class EntryView:
    """Something on a day of the thread."""

    view: LineView
    time: time | None
    is_arrival: bool = False
    is_departure: bool = False
    is_return: bool = False


@dataclass
class DayView:
    """A day of the thread; a free one has only a night or nothing."""

    day: date
    entries: list[EntryView] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether nothing is planned on that day."""
        return not self.entries


@dataclass
class BasketView:
    """Everything that the page of a stay shows, computed at one moment."""

    basket: Basket
    lines: list[LineView]
    days: list[DayView]
    people: list[Person]
    held_until: datetime | None
    is_lapsed: bool
    can_extend: bool

    @property
    def counted(self) -> list[LineView]:
        """Return the lines that make the total."""
        return [view for view in self.lines if view.counted]

    @property
    def asked(self) -> list[LineView]:
        """Return the lines that hosts are asked for, beside the total."""
        return [view for view in self.lines if view.asked]

    @property
    def asked_total(self) -> Decimal:
        """Return what the requests would cost if all were accepted: never paid with the rest."""
        return sum((view.amount for view in self.asked), ZERO)

    @property
    def gross(self) -> Decimal:
        """Return the services in euros, without the tourist tax."""
        return sum((view.quote.gross for view in self.counted if view.quote), ZERO)

    @property
    def tourist_tax(self) -> Decimal:
        """Return the tourist tax collected online."""
        return sum((view.quote.tourist_tax for view in self.counted if view.quote), ZERO)

    @property
    def tourist_tax_on_site(self) -> Decimal:
        """Return the tourist tax to be paid on site, beside the total (core.md 13)."""
        return sum((view.quote.tourist_tax_on_site for view in self.counted if view.quote), ZERO)

    @property
    def total(self) -> Decimal:
        """Return what is paid online."""
        return self.gross + self.tourist_tax

    @property
    def providers_count(self) -> int:
        """Return how many providers the payment goes to."""
        return len({view.offer.provider_id for view in self.counted})

    @property
    def troubles(self) -> list[Trouble]:
        """Return the troubles of all lines."""
        return [one for view in self.lines for one in view.troubles]

    @property
    def is_frozen(self) -> bool:
        """Whether a payment is under way."""
        return self.basket.state == Basket.State.FROZEN

    @property
    def can_check_out(self) -> bool:
        """Whether every counted line is held at its shown price, and so is what is asked."""
        ready = [*self.counted, *self.asked]
        return (
            bool(ready)
            and self.basket.state == Basket.State.OPEN
            and all(view.is_held for view in self.counted)
            and not any(view.troubles for view in ready)
        )

    @property
    def first_day(self) -> date | None:
        """Return the first day of the thread."""
        return self.days[0].day if self.days else None

    @property
    def last_day(self) -> date | None:
        """Return the last day of the thread."""
        return self.days[-1].day if self.days else None

    @property
    def has_lodging(self) -> bool:
        """Whether a bed is part of the stay."""
        return any(view.unit for view in self.lines)


def view_basket(basket: Basket, *, now: datetime) -> BasketView:
    """Return the stay as it stands at `now`: lines, thread, total, deadline, troubles."""
    lines = _lines_to_show(basket)
    people = people_from(basket.people)
    tax_book = TaxBook()
    lapsed = [line for line in lines if not is_held(line, now)]
    free = _still_free(lapsed, basket, now=now)
    dated = [line for line in lapsed if line.slot_id]
    found = find_takes([ask_of(line, people) for line in dated], now=now, except_basket=basket.pk)
    takes = {line.pk: one for line, one in zip(dated, found, strict=True)}
    reductions = _reductions(lines, now=now)
    views = []
    for line in lines:
        held = is_held(line, now)
        guests = guests_of(people, line.people)
        quote, troubles = _quote_line(line, guests, tax_book, reductions.get(line.pk), now=now)
        if held:
            # It was held in time; its deadline says until when it can be paid.
            troubles = [one for one in troubles if one.code not in TOO_NEAR]
        if held and line.slot is not None and basket.state == Basket.State.OPEN:
            troubles = [*_ended(line, now=now), *troubles]
        if not held and basket.state == Basket.State.OPEN:
            if line.unit_id and line.pk not in free:
                troubles = [trouble("gone", line=line.pk), *troubles]
            elif line.slot_id:
                troubles = [
                    replace(one, line=line.pk) for one in check_takes(takes[line.pk], now=now)
                ] + troubles
            if line.is_on_request:
                troubles += too_late(line, now=now)
            else:
                troubles.append(trouble("hold_expired", line=line.pk))
        old = None
        if quote is not None and quote.total != line.shown_amount:
            old = line.shown_amount
            troubles.append(trouble("price_changed", line=line.pk, old=old, new=quote.total))
        starts_at, ends_at = line_hours(line)
        views.append(
            LineView(
                line=line,
                title=line.offer.title,
                starts_at=starts_at,
                ends_at=ends_at,
                guests=guests,
                people=list(line.people),
                quote=quote,
                is_held=held,
                troubles=troubles,
                old_amount=old,
                cancellation=deadlines(policy_of(line.offer), starts_at),
            )
        )
    views.sort(key=lambda view: (view.starts_at, view.line.position))
    _mark_clashes(views)
    live = basket.expires_at is not None and basket.expires_at > now
    return BasketView(
        basket=basket,
        lines=views,
        days=_thread(views),
        people=people,
        held_until=basket.shown_until(now) if any(view.is_held for view in views) else None,
        # What is gone can't be held again: it is marked on its line.
        is_lapsed=basket.state == Basket.State.OPEN
        and any(view.counted and not view.is_held for view in views),
        can_extend=bool(
            live and basket.expires_at and basket.expires_at < hold_cap(basket, now=now)
        ),
    )


def _lines_to_show(basket: Basket) -> list[BasketLine]:
    """Load the lines with what they hold, their offers and units with what a quote reads."""
    lines = []
    tables = {"line": BasketLine, "slot": Slot, "stay": Stay}
    for line, slot, stay in read_joined(LINES_TO_SHOW, tables, [basket.pk]):
        line.basket, line.slot = basket, slot
        STAY_HOLD.set_cached_value(line, stay)
        lines.append(line)
    holds = _holds_of(basket) if any(line.slot_id for line in lines) else {}
    for line in lines:
        keep_related(line, "slot_holds", holds.get(line.pk, []))
    offers = kept_offers(line.offer_id for line in lines)
    for line in lines:
        line.offer = offers[line.offer_id]
        if line.unit_id:
            line.unit = next(one for one in line.offer.units.all() if one.pk == line.unit_id)
    return lines


def _holds_of(basket: Basket) -> dict[int, list[SlotHold]]:
    """Return the units of slots that the lines of a basket hold, with the slots."""
    holds: dict[int, list[SlotHold]] = defaultdict(list)
    for hold, hold.slot in read_joined(
        HOLDS_TO_SHOW, {"hold": SlotHold, "slot": Slot}, [basket.pk]
    ):
        holds[hold.line_id].append(hold)
    return holds


def _reductions(lines: Sequence[BasketLine], *, now: datetime) -> dict[int, Reduction]:
    """Return what lowers the price of lines: of those held it is kept, like their bed.

    Of one that lapsed it counts as long as somebody can have it still.
    """
    asked = [line for line in lines if line.proposal_id and not line.is_on_request]
    known = proposals_by_key([line.proposal_id for line in asked], now=now)
    found = {}
    for line in asked:
        proposal = known.get(line.proposal_id or 0)
        if proposal is not None and (is_held(line, now) or proposal.left):
            found[line.pk] = proposal.reduction
    return found


def _quote_line(
    line: BasketLine,
    guests: Sequence[Guest],
    tax_book: TaxBook,
    reduction: Reduction | None,
    *,
    now: datetime,
) -> tuple[Quote | None, list[Trouble]]:
    options = options_from(line.options)
    if line.unit is not None and line.arrival and line.departure:
        troubles = check_unit(line.unit, line.arrival, line.departure, guests, now=now)
        quote, more = quote_unit(
            line.unit, line.arrival, line.departure, guests, options, tax_book, reduction
        )
    else:
        troubles = check_places(line.offer, guests, line.quantity, options)
        troubles += _check_days(line)
        quote, more = quote_places(
            line.offer,
            guests,
            line.quantity,
            options,
            days_of(line),
            reduction if reduction and reduction.holds_over(*_days_taken(line)) else None,
        )
    if (
        line.offer.state != Offer.State.PUBLISHED
        or line.offer.provider.state != Provider.State.ACTIVE
    ):
        troubles = [trouble("not_on_sale"), *troubles]
    return quote, [replace(one, line=line.pk) for one in [*troubles, *more]]


def _check_days(line: BasketLine) -> list[Trouble]:
    """Return why its kind isn't sold on one of the days of a line, in the words of the first."""
    if line.slot is None:
        return []
    days = [line.slot.day]
    if line.offer.is_sold_by_day and line.arrival and line.departure:
        days = list(nights(line.arrival, line.departure))
    facts = facts_of(line.offer)
    for day in days:
        problems = line.offer.kind_rules.check_day(facts, day)
        if problems:
            return troubles_of(problems)
    return []


def _ended(line: BasketLine, *, now: datetime) -> list[Trouble]:
    """Return what ends held places: the office closes one of their dates, or its hour comes."""
    slots = [hold.slot for hold in line.slot_holds.all() if hold.slot.resource == PLACES]
    closed = [slot for slot in slots if slot.is_closed]
    if closed and line.offer.is_sold_by_day:
        day = min(slot.day for slot in closed)
        return [trouble("not_lent_on", line=line.pk, field="arrival", day=day)]
    if closed:
        return [trouble("closed", line=line.pk)]
    if any(is_over(line.offer, slot, now=now) for slot in slots):
        return [trouble("slot_past", line=line.pk)]
    return []


def line_hours(line: BasketLine) -> tuple[datetime, datetime]:
    if line.slot is not None:
        return slot_hours(line.slot, line.departure)
    if line.arrival is None or line.departure is None:
        msg = "a line is a stay or a slot"
        raise AssertionError(msg)
    return stay_hours(line.offer, line.arrival, line.departure)


def too_late(line: BasketLine, *, now: datetime) -> list[Trouble]:
    """Return why a line on request can't be asked for any more: its host has no time to answer."""
    starts_at, _ends_at = line_hours(line)
    if can_be_asked(now, starts_at):
        return []
    return [trouble("request_too_late", line=line.pk)]


def slot_hours(slot: Slot, after: date | None) -> tuple[datetime, datetime]:
    """Return when a slot begins and ends; something lent comes back at its hour of the last day."""
    ends_at = paris(slot.ends_at)
    if after is not None:
        ends_at = at_paris(after - ONE_DAY, ends_at.time())
    return paris(slot.starts_at), ends_at


def days_of(line: BasketLine) -> int:
    """Return for how many days something is lent, 1 for the rest."""
    if line.slot_id and line.arrival and line.departure:
        return count_nights(line.arrival, line.departure)
    return 1


def _days_taken(line: BasketLine) -> tuple[date, date]:
    """Return the days of a dated place, or of something lent, half open."""
    if line.arrival and line.departure:
        return line.arrival, line.departure
    first = line.slot.day if line.slot else date.min
    return first, first + ONE_DAY


def ask_of(line: BasketLine, people: Iterable[Person]) -> SlotAsk:
    """Return what a stored line asks of dated stock."""
    guests = guests_of(people, line.people)
    asked = asked_of(line.offer, guests, line.quantity, options_from(line.options))
    return SlotAsk(line.offer, asked, line.slot_id, line.arrival, line.departure)


def _thread(views: Iterable[LineView]) -> list[DayView]:
    """Return each day from the first to the last one, with what happens on it, in order."""
    happening: dict[date, list[EntryView]] = defaultdict(list)
    for view in views:
        first, last = view.starts_at.date(), view.ends_at.date()
        if view.unit is not None:
            happening[first].append(EntryView(view, view.starts_at.time(), is_arrival=True))
            happening[last].append(EntryView(view, view.ends_at.time(), is_departure=True))
        else:
            happening[first].append(EntryView(view, view.starts_at.time()))
            if view.offer.is_sold_by_day and last > first:
                happening[last].append(EntryView(view, view.ends_at.time(), is_return=True))
    if not happening:
        return []
    thread = []
    day, last = min(happening), max(happening)
    while day <= last:
        shown = DayView(day, happening.get(day, []))
        shown.entries.sort(
            key=lambda one: (not one.is_departure, one.time or time.min, one.view.line.position)
        )
        thread.append(shown)
        day += ONE_DAY
    return thread


def _mark_clashes(views: list[LineView]) -> None:
    """Mark, on the later line, whoever would be in two places at once (features.md N02)."""
    by_key = {str(view.line.pk): view for view in views}
    entries = [_entry(view) for view in views if view.offer.kind_rules.takes_time]
    for clash in find_clashes(entries):
        pair = sorted(
            (by_key[clash.first_key], by_key[clash.second_key]), key=lambda one: one.line.position
        )
        earlier, later = pair
        if later.line.is_overlap_accepted or earlier.line.is_overlap_accepted:
            continue
        later.troubles.append(trouble("overlap", line=later.line.pk, other=earlier.title))


def _entry(view: LineView) -> Entry:
    return Entry(
        key=str(view.line.pk),
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        persons=frozenset(view.people),
    )


def is_held(line: BasketLine, now: datetime) -> bool:
    """Whether the line's hold lives; `stay_hold` and `slot_holds` are loaded with it."""
    stay = getattr(line, "stay_hold", None)
    if stay is not None:
        return bool(stay.state == Stay.State.HELD and stay.expires_at and stay.expires_at > now)
    holds = list(line.slot_holds.all())
    return bool(holds) and all(hold.expires_at > now for hold in holds)


def _still_free(lines: Sequence[BasketLine], basket: Basket, *, now: datetime) -> set[int]:
    """Return which lapsed stays could be held again."""
    stays = {
        line.pk: (line.unit_id, line.arrival, line.departure)
        for line in lines
        if line.unit_id and line.arrival and line.departure
    }
    free = free_stays(list(stays.values()), now=now, except_basket=basket.pk)
    return {pk for pk, stay in stays.items() if stay in free}


def hold_cap(basket: Basket, *, now: datetime) -> datetime:
    """Return the moment past which nothing is kept: 165 minutes from the first hold."""
    return (basket.first_held_at or now) + timedelta(minutes=settings.HOLD_MAX_MINUTES)
