"""A host changes many nights at once: close, open, price, rules of stay; and takes it back.

What changes is what was looked at: the plan is made again under the units' locks, and another one
than the one shown is refused. It never touches a stay: nights that are sold stay sold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange

from booking.hook_outbox import tell_nights
from booking.models import Closure, NightEdit, PriceRule, Stay, StayRestriction, Unit
from booking.night_changes import (
    CLOSE,
    EVERY_NIGHT,
    EXCEPTION,
    OPEN,
    SEASON,
    ClosedRow,
    NightsChange,
    Row,
    State,
    state_of,
)
from booking.night_plan import Plan, plan_change, touched_units
from booking.night_sheet import HELD, SOLD, Taken, taken_nights, units_of
from booking.offers import changing_units
from booking.refusals import BadInput, Trouble, Unavailable, WrongState, trouble
from booking.rules.day_spans import days_of
from booking.rules.stay import MINIMA
from members.journal import Actor, entry, record_together
from members.models import Provider
from oti.lib.dates import LAST_DAY, paris
from oti.lib.dates import today as day_of

LONGEST_CHANGE_DAYS = 731
MOST_PRICE = Decimal(20_000)
UNDO_WITHIN = timedelta(hours=24)
CENT = Decimal("0.01")

Counts = dict[int, Counter[tuple[Any, ...]]]


def check_change(change: NightsChange, *, now: datetime) -> None:
    """Raise BadInput with everything that keeps a change from being one.

    Codes: `last_before_first`, `in_the_past`, `change_too_long`, `too_far`, `no_such_night` (the
    weekdays chosen don't occur), `bad_price`, `bad_nights`, `reason_missing`, `nothing_asked`.
    """
    troubles = _troubles_of_dates(change, day_of(now))
    if not troubles and not days_of(change.first_night, change.ends_on, change.weekdays):
        troubles.append(trouble("no_such_night", field="weekdays"))
    price = change.price
    if price is not None and (not 0 < price <= MOST_PRICE or price != price.quantize(CENT)):
        troubles.append(trouble("bad_price", field="price", most=MOST_PRICE))
    if change.price_as not in {SEASON, EVERY_NIGHT, EXCEPTION}:
        troubles.append(trouble("nothing_asked", field="price_as"))
    longest = settings.LONGEST_STAY_NIGHTS
    if change.min_stay is not None and not 1 <= change.min_stay <= longest:
        troubles.append(trouble("bad_nights", field="min_stay", most=longest))
    if change.min_stay_kind not in MINIMA:
        troubles.append(trouble("nothing_asked", field="min_stay_kind"))
    if change.sale == CLOSE and not change.reason.strip():
        troubles.append(trouble("reason_missing", field="reason"))
    if not change.changes_terms and change.sale not in {CLOSE, OPEN}:
        troubles.append(trouble("nothing_asked"))
    if troubles:
        raise BadInput(*troubles)


def _troubles_of_dates(change: NightsChange, today: date) -> list[Trouble]:
    if change.ends_on <= change.first_night:
        return [trouble("last_before_first", field="last_night")]
    troubles = []
    if change.first_night < today:
        troubles.append(trouble("in_the_past", field="first_night"))
    if (change.ends_on - change.first_night).days > LONGEST_CHANGE_DAYS:
        troubles.append(trouble("change_too_long", field="last_night"))
    elif change.ends_on > LAST_DAY:
        troubles.append(trouble("too_far", field="last_night"))
    return troubles


def preview_change(provider: Provider, change: NightsChange, *, now: datetime) -> Plan:
    """Return what a change would do, before anything is written.

    Raises BadInput as `check_change` and `booking.night_plan.plan_change` say, and
    `nothing_changes` when all is so already.
    """
    check_change(change, now=now)
    plan = plan_change(provider, change, now=now)
    if not plan.nights:
        raise BadInput(_why_nothing(plan))
    return plan


def _why_nothing(plan: Plan) -> Trouble:
    """Say why a change does nothing: the nights are bound, keep their price, or are so already."""
    if plan.change.sale == CLOSE and plan.sold:
        return trouble("only_sold_nights", field="first_night")
    if plan.change.sale == CLOSE and plan.held:
        until = max(filter(None, (one.until for one in plan.held)))
        return trouble("only_held_nights", field="first_night", time=f"{paris(until):%H:%M}")
    if plan.kept:
        return trouble("prices_kept", field="price_as")
    return trouble("nothing_changes")


def apply_change(
    provider: Provider, change: NightsChange, *, seen: str, actor: Actor, now: datetime
) -> NightEdit:
    """Write a change of nights, all of it or nothing, and keep what undoes it.

    `seen` is the mark of the plan that was shown: WrongState `calendar_moved` when a sale, a hold
    or another change made it another one since. BadInput as `preview_change`. Locks the units
    (Unit, pk), those too that share a chosen one's prices; raises Busy.
    """
    check_change(change, now=now)
    with changing_units(touched_units(provider, change), now=now) as locked:
        plan = preview_change(provider, change, now=now)
        if plan.mark != seen or not set(plan.unit_ids) <= locked:
            raise WrongState(trouble("calendar_moved"))
        return keep_edit(
            provider,
            before=plan.before,
            after=plan.after,
            dates=(change.first_night, change.ends_on),
            nights=plan.nights,
            unit_ids=plan.unit_ids,
            asked=change.to_json(),
            actor=actor,
            now=now,
        )


def keep_edit(
    provider: Provider,
    *,
    before: State,
    after: State,
    dates: tuple[date, date],
    nights: int,
    unit_ids: list[int],
    asked: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> NightEdit:
    """Write rows from one state to the other over `[first, after)`, and keep what undoes it.

    Inside the caller's transaction, under the units' locks. `asked` has at least `sale`.
    """
    first, ends_on = dates
    _write(before, after)
    edit = NightEdit.objects.create(
        provider=provider,
        actor_id=actor.user_id,
        at=now,
        first_night=first,
        ends_on=ends_on,
        nights=nights,
        asked=asked,
        unit_ids=unit_ids,
        before=before.to_json(),
        after=after.to_json(),
        sold=_sold_in(unit_ids, first, ends_on),
    )
    _journal("nights changed", edit, actor=actor, now=now)
    tell_nights(unit_ids, first, ends_on, now=now)
    return edit


# --- Undo ----------------------------------------------------------------------------------------
def last_edit(provider: Provider, *, now: datetime) -> NightEdit | None:
    """Return the change that can still be undone, None when there is none: the last, for a day."""
    edit = NightEdit.objects.filter(provider=provider).order_by("-pk").first()
    if edit is None or edit.undone_at is not None or edit.at + UNDO_WITHIN <= now:
        return None
    return edit


def undo_edit(edit: NightEdit, *, actor: Actor, now: datetime) -> NightEdit:
    """Put the nights of the last change back as they were.

    Refused with a reason, and nothing is written: WrongState `undo_done`, `undo_late` after 24
    hours, `undo_not_last`, `undo_edited` when prices, rules or closures were changed since;
    Unavailable `undo_sold` with the orders when nights were sold since, `undo_held` while somebody
    books nights that would close again. Locks the units; raises Busy.
    """
    with changing_units(edit.unit_ids, now=now):
        fresh = NightEdit.objects.select_related("provider").get(pk=edit.pk)
        _check_undo(fresh, now)
        before, after = State.from_json(fresh.before), State.from_json(fresh.after)
        taken = taken_nights(fresh.unit_ids, fresh.first_night, fresh.ends_on, now=now)
        _check_sold_since(fresh, taken, after)
        if _state_now(fresh, taken, after) != after:
            raise WrongState(trouble("undo_edited"))
        _write(after, before)
        fresh.undone_at = now
        fresh.save(update_fields=["undone_at"])
        _journal("nights put back", fresh, actor=actor, now=now)
        tell_nights(fresh.unit_ids, fresh.first_night, fresh.ends_on, now=now)
    return fresh


def _check_undo(edit: NightEdit, now: datetime) -> None:
    if edit.undone_at is not None:
        raise WrongState(trouble("undo_done"))
    if edit.at + UNDO_WITHIN <= now:
        raise WrongState(trouble("undo_late"))
    if NightEdit.objects.filter(provider_id=edit.provider_id, pk__gt=edit.pk).exists():
        raise WrongState(trouble("undo_not_last"))


def _check_sold_since(edit: NightEdit, taken: Sequence[Taken], after: State) -> None:
    sold = [one for one in taken if one.state == SOLD and one.stay not in edit.sold]
    if sold:
        orders = sorted({one.reference for one in sold})
        raise Unavailable(trouble("undo_sold", orders=orders))
    # Opened nights close again: nobody may be booking them.
    held = [one for one in taken if one.state == HELD and one.unit_id in after.closures]
    if held and edit.asked["sale"] == OPEN:
        until = max(filter(None, (one.until for one in held)))
        raise Unavailable(trouble("undo_held", time=f"{paris(until):%H:%M}"))


def _state_now(edit: NightEdit, taken: Iterable[Taken], after: State) -> State:
    units = [one for one in units_of(edit.provider) if one.pk in edit.unit_ids]
    return state_of(units, taken, set(after.prices), list(after.closures))


def _sold_in(unit_ids: Collection[int], first: date, ends_on: date) -> list[int]:
    stays = Stay.objects.filter(
        unit_id__in=unit_ids, state=Stay.State.SOLD, dates__overlap=DateRange(first, ends_on)
    )
    return sorted(stays.values_list("pk", flat=True))


# --- Rows ----------------------------------------------------------------------------------------
def _write(before: State, after: State) -> None:
    """Bring the rows from one state to the other; what stays the same isn't touched."""
    _write_prices(before.prices, after.prices)
    _write_rules(before.rules, after.rules)
    _write_closures(before.closures, after.closures)


def _write_prices(before: Mapping[int, Sequence[Row]], after: Mapping[int, Sequence[Row]]) -> None:
    gone, new = _changes(before, after)
    rows = [
        (row.pk, row.tariff_id, (row.level, *_days_of(row), row.weekday, row.amount))
        for row in PriceRule.objects.filter(tariff_id__in=gone)
    ]
    # First away: two prices of one level never overlap, not even for a moment.
    PriceRule.objects.filter(pk__in=_stale(rows, gone)).delete()
    PriceRule.objects.bulk_create(
        PriceRule(
            tariff_id=tariff, level=level, dates=DateRange(start, end), weekday=day, amount=amount
        )
        for tariff, level, start, end, day, amount in _each(new)
    )


def _write_rules(before: Mapping[int, Sequence[Row]], after: Mapping[int, Sequence[Row]]) -> None:
    gone, new = _changes(before, after)
    rows = [
        (row.pk, row.tariff_id, (row.kind, *_days_of(row), row.weekday, row.value))
        for row in StayRestriction.objects.filter(tariff_id__in=gone)
    ]
    StayRestriction.objects.filter(pk__in=_stale(rows, gone)).delete()
    StayRestriction.objects.bulk_create(
        StayRestriction(
            tariff_id=tariff, kind=kind, dates=DateRange(start, end), weekday=day, value=value
        )
        for tariff, kind, start, end, day, value in _each(new)
    )


def _write_closures(
    before: Mapping[int, Sequence[ClosedRow]], after: Mapping[int, Sequence[ClosedRow]]
) -> None:
    gone, new = _changes(before, after)
    rows = [
        (row.pk, row.unit_id, (*_days_of(row), row.reason))
        for row in Closure.objects.filter(unit_id__in=gone)
    ]
    Closure.objects.filter(pk__in=_stale(rows, gone)).delete()
    Closure.objects.bulk_create(
        Closure(unit_id=unit, dates=DateRange(start, end), reason=reason)
        for unit, start, end, reason in _each(new)
    )


def _changes(
    before: Mapping[int, Sequence[tuple[Any, ...]]], after: Mapping[int, Sequence[tuple[Any, ...]]]
) -> tuple[Counts, Counts]:
    """Return, by key, the rows that go and those that come."""
    gone, new = {}, {}
    for key, rows in before.items():
        old, now = Counter(rows), Counter(after[key])
        gone[key], new[key] = old - now, now - old
    return gone, new


def _stale(rows: Iterable[tuple[int, int, tuple[Any, ...]]], gone: Counts) -> list[int]:
    """Return the keys of the rows that go, as often as they do."""
    stale = []
    for pk, key, told in rows:
        if gone[key][told] > 0:
            gone[key][told] -= 1
            stale.append(pk)
    return stale


def _each(new: Counts) -> Iterator[tuple[Any, ...]]:
    for key, rows in new.items():
        for row in rows.elements():
            yield key, *row


def _days_of(row: PriceRule | StayRestriction | Closure) -> tuple[date, date]:
    return row.dates.lower, row.dates.upper


def _journal(verb: str, edit: NightEdit, *, actor: Actor, now: datetime) -> None:
    known = set(Unit.objects.filter(pk__in=edit.unit_ids).values_list("pk", flat=True))
    record_together(
        [
            entry(verb, f"unit:{pk}", actor=actor, at=now, edit=edit.pk, **edit.asked)
            for pk in sorted(known)
        ]
    )
