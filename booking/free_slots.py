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


# The first day that is shown: the one asked for, else that of the first date to come.
FIRST_DAY_SHOWN = """, LATERAL (
    SELECT coalesce(%(from)s, min(f.day), %(today)s) AS day FROM booking_slot f
    WHERE f.offer_id = %(offer)s AND f.resource = %(places)s AND f.day >= %(today)s
      AND NOT f.is_closed AND f.{until} > %(now)s
) start"""


DATES_SHOWN = """
s.offer_id = %(offer)s AND s.resource = %(places)s AND s.{until} > %(now)s
AND s.day BETWEEN start.day AND coalesce(%(to)s, start.day + %(days)s)
"""


def _dates_shown(
    offer: Offer,
    *,
    from_day: date | None,
    to_day: date | None,
    now: datetime,
    except_basket: int | None,
) -> list[Slot]:
    """Return the dates of an offer that aren't over, in their order, with what is free."""
    until = "starts_at" if offer.kind_rules.begins else "ends_at"
    slots = slots_with_free(
        DATES_SHOWN.format(until=until),
        {
            "offer": offer.pk,
            "places": PLACES,
            "from": from_day,
            "to": to_day,
            "today": day_of(now),
            "days": DAYS_SHOWN,
        },
        tables=FIRST_DAY_SHOWN.format(until=until),
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
    options: Sequence[OptionChoice] = (),
    reduction: Reduction | None = None,
    now: datetime,
    except_basket: int | None = None,
) -> list[SlotChoice]:
    """Return the slots of `[from_day, to_day]` with what is left and the price for these persons.

    From the first date to come where no day is given, over four weeks. `offer` comes from
    `kept_offers`. A `reduction` lowers the price of the days it speaks of.
    """
    slots = _dates_shown(
        offer, from_day=from_day, to_day=to_day, now=now, except_basket=except_basket
    )
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
