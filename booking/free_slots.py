"""The dates of an offer with what is left of each, and the price for a party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from booking.models import Offer, Slot
from booking.models.calendar import slots_with_free
from booking.quoting import asked_of, check_places, quote_places
from booking.refusals import Trouble
from booking.rules.kinds import PLACES
from booking.rules.people import Guest
from booking.rules.pricing import OptionChoice, Quote, Reduction
from booking.rules.resources import lacking
from booking.takes import check_takes, takes_of_slots
from oti.lib.dates import today as day_of

# Of dates, where no last day is asked for.
DAYS_SHOWN = 28


LOW_SHARE = 2


@dataclass(frozen=True)
class SlotChoice:
    """A slot for these persons: what is left, what it costs, and every reason why not."""

    slot: Slot
    free: int
    status: str
    quote: Quote | None
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether it can be added as it is."""
        return self.quote is not None and not self.troubles


# Of an offer, those that aren't over.
TO_COME = """{{slot}}.offer_id = %(offer)s AND {{slot}}.resource = %(places)s
AND {{slot}}.{until} > %(now)s"""
# The first day that is shown: the one asked for, else that of the first date to come.
FIRST_DAY_SHOWN = """, LATERAL (
    SELECT coalesce(%(from)s, min(f.day), %(today)s) AS day FROM booking_slot f
    WHERE {first} AND f.day >= %(today)s AND NOT f.is_closed
) start"""
BETWEEN_DAYS = "s.day BETWEEN start.day AND coalesce(%(to)s, start.day + %(days)s)"
# The day after those that make so many slots: whole days, so that who goes on there misses none.
DAY_AFTER_MOST = """, LATERAL (
    SELECT min(n.day) AS day FROM booking_slot n
    WHERE {next} AND n.day > (
        SELECT m.day FROM booking_slot m WHERE {mth} AND m.day >= start.day
        ORDER BY m.starts_at, m.id OFFSET %(most)s - 1 LIMIT 1
    )
) later"""
UP_TO_DAY_AFTER = """s.day >= start.day
AND s.day <= coalesce(least(%(to)s, later.day), 'infinity')"""


def _dates(
    offer: Offer,
    *,
    from_day: date | None,
    to_day: date | None,
    most: int | None = None,
    now: datetime,
    except_basket: int | None = None,
) -> list[Slot]:
    """Return the dates of an offer that aren't over, in their order, with what is free.

    Over four weeks where no last day is given; or, with `most`, the days that make so many slots
    and the first one after them.
    """
    until = "starts_at" if offer.kind_rules.begins else "ends_at"
    to_come = TO_COME.format(until=until)
    tables, days = FIRST_DAY_SHOWN.format(first=to_come.format(slot="f")), BETWEEN_DAYS
    if most is not None:
        tables += DAY_AFTER_MOST.format(next=to_come.format(slot="n"), mth=to_come.format(slot="m"))
        days = UP_TO_DAY_AFTER
    slots = slots_with_free(
        f"{to_come.format(slot='s')} AND {days}",
        {
            "offer": offer.pk,
            "places": PLACES,
            "from": from_day,
            "to": to_day,
            "today": day_of(now),
            "days": DAYS_SHOWN,
            "most": most,
        },
        tables=tables,
        now=now,
        except_basket=except_basket,
    )
    for slot in slots:
        slot.offer = offer
    return slots


def slot_choices(
    offer: Offer,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    guests: Sequence[Guest],
    quantity: int = 1,
    now: datetime,
    except_basket: int | None = None,
) -> list[SlotChoice]:
    """Return the slots of `[from_day, to_day]` with what is left and the price for these persons.

    From the first date to come where no day is given, over four weeks. `offer` comes from
    `kept_offers`.
    """
    slots = _dates(offer, from_day=from_day, to_day=to_day, now=now, except_basket=except_basket)
    return _choices(offer, slots, guests, quantity, now=now, except_basket=except_basket)


def first_slot_choices(
    offer: Offer,
    *,
    most: int,
    from_day: date | None,
    to_day: date | None,
    guests: Sequence[Guest],
    quantity: int,
    options: Sequence[OptionChoice],
    reduction: Reduction | None,
    now: datetime,
) -> tuple[list[SlotChoice], date | None]:
    """Return what `slot_choices` does of the first days, however far, and the day that follows.

    As many whole days, up to `to_day`, as make `most` slots; None where no date follows. A
    `reduction` lowers the price of the days it speaks of.
    """
    slots = _dates(offer, from_day=from_day, to_day=to_day, most=most, now=now)
    later = None
    if len(slots) > most and slots[-1].day > slots[most - 1].day:
        later = slots[-1].day
        slots = [one for one in slots if one.day < later]
    return _choices(offer, slots, guests, quantity, options, reduction, now=now), later


def _choices(
    offer: Offer,
    slots: Sequence[Slot],
    guests: Sequence[Guest],
    quantity: int,
    options: Sequence[OptionChoice] = (),
    reduction: Reduction | None = None,
    *,
    now: datetime,
    except_basket: int | None = None,
) -> list[SlotChoice]:
    reasons = check_places(offer, guests, quantity, options)
    quote, no_quote = (None, []) if reasons else quote_places(offer, guests, quantity, options)
    lower = quote
    if quote is not None and reduction is not None:
        lower, _none = quote_places(offer, guests, quantity, options, reduction=reduction)
    asked = asked_of(offer, guests, quantity, options)
    found = takes_of_slots(offer, asked, slots, now=now, except_basket=except_basket)
    return [
        SlotChoice(
            slot=takes.main,
            free=offer.stock_rules.places_left(takes.main.free, guests),
            status=slot_status(takes.main),
            quote=lower if reduction and reduction.holds_on(takes.main.day) else quote,
            troubles=[*reasons, *no_quote, *check_takes(takes, now=now)],
        )
        for takes in found
        if takes.main is not None
    ]


def slot_status(slot: Slot) -> str:
    """Return one word for a slot annotated by `with_free` (features.md A08)."""
    if slot.is_closed:
        return "closed"
    if slot.sold >= slot.capacity:
        return "sold_out"
    if slot.free <= 0:
        return "held_by_others"
    if lacking(slot.claims):
        return "resource_busy"
    return "limited" if slot.free * LOW_SHARE < slot.capacity else "available"
