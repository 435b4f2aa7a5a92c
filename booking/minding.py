"""Who looks after the children while the grown-ups are elsewhere (features.md N05).

It only asks: a stay in which nobody is asked for stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from booking.catalogue import catalogue
from booking.models import Offer, OrderLine, Slot
from booking.pairing import MOST_READ, Half, Plan, find_moments, halves_of, hours_of, plan_in
from booking.people import Person
from booking.rules.kinds import BY_CODE, MINDING
from booking.rules.pairing import Fit, Hours, fit_of
from booking.stay_view import BasketView, LineView
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Unminded:
    """Children whom nobody is with during something that every grown-up takes part in."""

    line: LineView
    children: tuple[Person, ...]


@dataclass(frozen=True)
class Tight:
    """Childcare that leaves no time for the way to something that every grown-up takes part in."""

    line: LineView
    care: LineView
    fit: Fit


# Carers looked at for one line.
MOST_MINDERS = 24


def find_unminded(view: BasketView, *, now: datetime) -> list[Unminded]:
    """Return the lines that leave children alone, in the order of the stay.

    Nothing is returned while no childcare is sold: one more statement, only where a child is left.
    """
    children = [one for one in view.people if not one.is_adult]
    adults = {one.key for one in view.people if one.is_adult}
    if not children or not adults:
        return []
    found = []
    for line in view.counted:
        if not line.offer.kind_rules.takes_time or not adults <= set(line.people):
            continue
        left = tuple(one for one in children if not _is_busy(one, line, view))
        if left:
            found.append(Unminded(line, left))
    if found and not _is_sold(now):
        return []
    return found


def find_tight(view: BasketView) -> list[Tight]:
    """Return the childcare during which the grown-ups can't be there on time, or back on time.

    Only where the hours themselves would do: what isn't covered at all is asked for elsewhere.
    No statement more.
    """
    adults = {one.key for one in view.people if one.is_adult}
    minded = [one for one in view.counted if one.offer.kind in MINDING]
    if not minded or not adults:
        return []
    plan = plan_in(view)
    found = []
    for line, care in product(view.counted, minded):
        if (
            not line.offer.kind_rules.takes_time
            or not adults <= set(line.people)
            or not _covers(care, line)
        ):
            continue
        fit = fit_of(_hours(care, plan), _hours(line, plan), on_foot=plan.on_foot)
        if not fit.is_enough:
            found.append(Tight(line, care, fit))
    return found


def find_minders(unminded: Unminded, view: BasketView, *, now: datetime) -> list[Half]:
    """Return who has room for these children during all of that line, the closest hours first.

    They are there from the drop-off to the pick-up: the way to that line and back is counted. A
    child whom the carer doesn't take at that age, or who is elsewhere for a part of the carer's
    hours, is left out: what is shown can be added as it is. At most three statements.
    """
    line, plan = unminded.line, plan_in(view)
    listed = catalogue(day_of(now))
    carers = [pk for pk, one in listed.items() if one.kind in MINDING]
    slots = list(
        Slot.objects.filter(
            offer__in=carers, starts_at__lte=line.starts_at, ends_at__gte=line.ends_at
        )
        .to_come(now)
        .allowed()
        .with_free(now)
        .order_by("-starts_at", "pk")[:MOST_READ]
    )
    moment = _hours(line, plan)
    found = [
        half
        for half in halves_of(slots, unminded.children, plan, now=now)
        if fit_of(_hours_of_half(half, line, plan), moment, on_foot=plan.on_foot).is_enough
    ]
    found.sort(key=lambda one: (one.slot.ends_at - one.slot.starts_at, listed[one.offer.pk].turn))
    return found[:MOST_MINDERS]


def moments_during(view: BasketView, care: LineView, *, now: datetime) -> list[tuple[Half, Fit]]:
    """Return what all the grown-ups of a stay can do while this childcare has the children."""
    adults = [one for one in view.people if one.is_adult]
    plan = plan_in(view)
    if not adults:
        return []
    return find_moments(_hours(care, plan), adults, plan, now=now)


def may_go_out(view: BasketView) -> list[LineView]:
    """Return the childcare of a stay during which no grown-up has anything yet."""
    return [
        care
        for care in view.counted
        if care.offer.kind in MINDING
        and not any(
            line.offer.kind_rules.takes_time
            and set(line.people) - set(care.people)
            and line.starts_at < care.ends_at
            and line.ends_at > care.starts_at
            for line in view.lines
        )
    ]


def _hours(line: LineView, plan: Plan) -> Hours:
    bed = plan.bed_on(line.starts_at.date())
    return hours_of(line.offer, line.starts_at, line.ends_at, bed)


def _hours_of_half(half: Half, line: LineView, plan: Plan) -> Hours:
    bed = plan.bed_on(line.starts_at.date())
    return hours_of(half.offer, half.slot.starts_at, half.slot.ends_at, bed)


def _covers(care: LineView, line: LineView) -> bool:
    return (
        care is not line
        and care.offer.kind in MINDING
        and line.offer.kind not in MINDING
        and care.starts_at <= line.starts_at
        and care.ends_at >= line.ends_at
    )


def left_over(sold: Iterable[OrderLine], ending: Collection[OrderLine]) -> list[OrderLine]:
    """Return the childcare that the lines about to end leave without a reason.

    `sold` are the lines of one order. Childcare has lost its reason when something that ends lay
    within it and nothing else that stays does. Never the reverse: whoever no longer needs a carer
    may still want the dinner.
    """
    staying = [line for line in sold if line not in ending]
    minding = [line for line in staying if line.kind in MINDING]
    others = [line for line in staying if line.kind not in MINDING]
    return [
        care
        for care in minding
        if any(_lies_within(line, care) for line in ending)
        and not any(_lies_within(line, care) for line in others)
    ]


def _lies_within(line: OrderLine, care: OrderLine) -> bool:
    return (
        BY_CODE[line.kind].takes_time
        and care.starts_at <= line.starts_at
        and line.ends_at <= care.ends_at
    )


def _is_busy(child: Person, line: LineView, view: BasketView) -> bool:
    """Tell whether a child takes part in it, or in something that lasts at least as long."""
    return any(
        child.key in one.people
        and one.offer.kind_rules.takes_time
        and one.starts_at <= line.starts_at
        and one.ends_at >= line.ends_at
        for one in view.counted
    )


def _is_sold(now: datetime) -> bool:
    today = day_of(now)
    return Offer.objects.on_sale(today).filter(kind__in=MINDING).exists()
