"""What a line takes of dated stock: units of one slot or of several, and whether they are there.

A ride takes seats and room for bicycles, a rental one thing on each day, childcare units of its
carers. The kind says how much; this module finds the rows and says what is missing. It never
locks and never holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext

from booking.models import Offer, Slot
from booking.models.calendar import slots_with_free
from booking.quoting import TOO_NEAR, facts_of, notice_of
from booking.refusals import Trouble, trouble, troubles_of
from booking.rules.kinds import PLACES, Asked
from booking.rules.resources import lacking
from oti.lib.dates import ONE_DAY, nights


@dataclass(frozen=True)
class SlotAsk:
    """What one line asks for: a slot of an offer, or one thing on each day of `[first, after)`."""

    offer: Offer
    asked: Asked
    slot_id: int | None = None
    first: date | None = None
    after: date | None = None

    @property
    def days(self) -> tuple[date, ...]:
        """Return the days of something lent, none for the rest."""
        if not self.offer.is_sold_by_day or self.first is None or self.after is None:
            return ()
        return tuple(nights(self.first, self.after))


@dataclass(frozen=True)
class Take:
    """Units of one slot; the slot is annotated with `free`."""

    slot: Slot
    units: int


@dataclass(frozen=True)
class Takes:
    """All that one line takes: `main` is the slot that people see; None if there is none."""

    ask: SlotAsk
    main: Slot | None
    rows: tuple[Take, ...]
    # Days without a slot, capacities asked for that don't exist.
    missing_days: tuple[date, ...] = ()
    missing_sides: tuple[str, ...] = ()

    @property
    def slot_ids(self) -> list[int]:
        """Return the slots to be locked: its own, and dates that share a resource at its hours."""
        own = [one.slot.pk for one in self.rows]
        return own + [
            other.slot_id
            for one in self.rows
            for claim in one.slot.claims
            for other in claim.others
        ]


def find_takes(
    asks: Sequence[SlotAsk],
    *,
    now: datetime,
    except_basket: int | None = None,
    except_line: int | None = None,
) -> list[Takes]:
    """Return what each ask takes, in the order given, with what is free of it at `now`.

    One statement for all, and one more where shared resources limit one of them. Holds of
    `except_basket` or of `except_line` are left out of the count.
    """
    if not asks:
        return []
    conditions: list[str] = []
    values: dict[str, Any] = {"places": PLACES}
    for number, ask in enumerate(asks):
        condition, own = _rows_of(ask)
        conditions.append(condition.format(n=number))
        values |= {f"{name}{number}": value for name, value in own.items()}
    found = slots_with_free(
        " OR ".join(f"({one})" for one in conditions),
        values,
        now=now,
        except_basket=except_basket,
        except_line=except_line,
    )
    return [_takes_of(ask, found) for ask in asks]


def _rows_of(ask: SlotAsk) -> tuple[str, dict[str, Any]]:
    """Return the SQL condition of the slots `s` of an ask, its parameters numbered by `{n}`."""
    own = {"offer": ask.offer.pk, "slot": ask.slot_id}
    if ask.days:
        condition = "s.resource = %(places)s AND s.day BETWEEN %(first{n})s AND %(last{n})s"
        own |= {"first": ask.days[0], "last": ask.days[-1]}
    elif len(ask.offer.kind_rules.needs(ask.asked)) == 1:
        condition = "s.id = %(slot{n})s"
    else:
        # Capacities beside the places stand at the same moment.
        condition = (
            "s.starts_at = (SELECT m.starts_at FROM booking_slot m WHERE m.id = %(slot{n})s"
            " AND m.resource = %(places)s)"
        )
    return "s.offer_id = %(offer{n})s AND " + condition, own


def _takes_of(ask: SlotAsk, found: Sequence[Slot]) -> Takes:
    own = [slot for slot in found if slot.offer_id == ask.offer.pk]
    needs = ask.offer.stock_rules.needs(ask.asked)
    if ask.days:
        by_day = {slot.day: slot for slot in sorted(own, key=lambda one: one.pk, reverse=True)}
        return Takes(
            ask,
            by_day.get(ask.days[0]),
            tuple(Take(by_day[day], needs[PLACES]) for day in ask.days if day in by_day),
            missing_days=tuple(day for day in ask.days if day not in by_day),
        )
    main = next((one for one in own if one.pk == ask.slot_id and one.resource == PLACES), None)
    if main is None:
        return Takes(ask, None, ())
    beside = {one.resource: one for one in own if one.starts_at == main.starts_at}
    optional = {side.resource for side in ask.offer.kind_rules.sides if side.is_optional}
    rows, missing = [Take(main, needs[PLACES])], []
    for resource, units in needs.items():
        if resource == PLACES:
            continue
        if resource in beside:
            rows.append(Take(beside[resource], units))
        elif resource not in optional:
            missing.append(resource)
    return Takes(ask, main, tuple(rows), missing_sides=tuple(missing))


def takes_among(ask: SlotAsk, found: Sequence[Slot]) -> Takes:
    """Return what an ask takes among slots that are loaded already, annotated by `with_free`."""
    return _takes_of(ask, found)


def takes_of_slots(
    offer: Offer,
    asked: Asked,
    slots: Sequence[Slot],
    *,
    now: datetime,
    except_basket: int | None = None,
    beside: Sequence[Slot] | None = None,
) -> list[Takes]:
    """Return what the same request takes of each of these slots, annotated by `with_free`.

    At most one statement more, for a kind with capacities beside its places; none where the caller
    gives those of all its slots as `beside`. Their claims on shared resources are theirs already.
    """
    if beside is None and slots and len(offer.kind_rules.needs(asked)) > 1:
        beside = list(
            Slot.stocks.filter(offer=offer, starts_at__in=[one.starts_at for one in slots])
            .exclude(resource=PLACES)
            .with_free(now, except_basket=except_basket)
        )
    found = [*slots, *(beside or ())]
    return [
        _takes_of(
            SlotAsk(offer, asked, slot.pk, *_one_day(offer, slot)),
            [one for one in found if one.starts_at == slot.starts_at],
        )
        for slot in slots
    ]


def _one_day(offer: Offer, slot: Slot) -> tuple[date | None, date | None]:
    return (slot.day, slot.day + ONE_DAY) if offer.is_sold_by_day else (None, None)


def check_takes(takes: Takes, *, now: datetime, host_agrees: bool = False) -> list[Trouble]:
    """Return every reason why all of it can't be had at `now`, in words that say what to do.

    The notice that an offer asks for doesn't count where `host_agrees`: it is the host's own.
    """
    offer = takes.ask.offer
    if takes.main is None and not takes.missing_days:
        return [trouble("slot_unknown", field="slot")]
    troubles: list[Trouble] = []
    if takes.missing_days:
        troubles.append(trouble("not_lent_on", field="arrival", day=takes.missing_days[0]))
    facts = facts_of(offer)
    for one in takes.rows:
        slot = one.slot
        if slot.resource != PLACES:
            troubles += _check_side(takes, one)
            continue
        dated = _check_moment(offer, slot, now=now)
        if host_agrees:
            dated = [found for found in dated if found.code not in TOO_NEAR]
        dated += troubles_of(offer.kind_rules.check_day(facts, slot.day), field="slot")
        troubles += dated or _check_left(takes.ask, one) or _check_resources(takes.ask, slot)
        if troubles and takes.ask.days:
            # One day that can't be had says enough.
            break
    troubles += [_side_gone(offer, resource, free=0) for resource in takes.missing_sides]
    return troubles


def _check_moment(offer: Offer, slot: Slot, *, now: datetime) -> list[Trouble]:
    if slot.is_closed:
        if offer.is_sold_by_day:
            return [trouble("not_lent_on", field="arrival", day=slot.day)]
        return [trouble("closed", field="slot")]
    if is_over(offer, slot, now=now):
        return [trouble("slot_past", field="slot")]
    found = notice_of(offer, slot, now=now)
    return troubles_of([found] if found else [], field="slot")


def is_over(offer: Offer, slot: Slot, *, now: datetime) -> bool:
    """Tell whether it is too late: what begins at an hour has begun, what is open has closed."""
    return (slot.starts_at if offer.kind_rules.begins else slot.ends_at) <= now


def _check_left(ask: SlotAsk, take: Take) -> list[Trouble]:
    slot, rules = take.slot, ask.offer.stock_rules
    if slot.free >= take.units:
        return []
    field = "arrival" if ask.days else "slot"
    left = rules.places_left(slot.free, ask.asked.guests)
    day: dict[str, Any] = {"day": slot.day} if ask.days else {}
    if left <= 0:
        if rules.gone_code:
            return [trouble(rules.gone_code, field=field, **day)]
        is_sold_out = slot.sold >= slot.capacity
        return [trouble("sold_out" if is_sold_out else "held_by_others", field=field)]
    return [trouble(rules.partly_gone_code, field=field, free=left, **day)]


def _check_resources(ask: SlotAsk, slot: Slot) -> list[Trouble]:
    """Return a trouble where what other dates use at its hours leaves too little (H08).

    The words name nothing: what is shared, and with what, is the provider's own affair.
    """
    if not lacking(slot.claims):
        return []
    return [trouble("resource_busy", field="arrival" if ask.days else "slot")]


def _check_side(takes: Takes, take: Take) -> list[Trouble]:
    if take.slot.free >= take.units:
        return []
    return [_side_gone(takes.ask.offer, take.slot.resource, free=take.slot.free)]


def _side_gone(offer: Offer, resource: str, *, free: int) -> Trouble:
    side = next(one for one in offer.kind_rules.sides if one.resource == resource)
    what = gettext(side.label)
    if free <= 0:
        return trouble("side_gone", field=side.field, what=what)
    return trouble("side_partly_gone", field=side.field, what=what, free=free)
