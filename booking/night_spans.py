"""Many spans of nights of one unit changed at once by a host's own program: all of them or none.

The same rules, rows and undo as a change on the calendar (`booking.night_edits`): what several
spans make together is one change, which the host can take back with one press. Nights that are
sold, or being booked, stay as they are, and the answer names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from booking.models import NightEdit, Unit
from booking.night_changes import CLOSE, EXCEPTION, OPEN, NightsChange, State, state_after, state_of
from booking.night_edits import LONGEST_CHANGE_DAYS, check_change, keep_edit
from booking.night_plan import differences_of, touched_units
from booking.night_sheet import HELD, SOLD, Taken, by_night, taken_nights, units_of
from booking.offers import changing_units
from booking.quoting import stay_limits
from booking.refusals import BadInput, NotAllowed, Refusal, Trouble, trouble
from booking.rules.stay import max_stay_on
from members.journal import Actor
from members.models import Provider

MOST_SPANS = 400
# How a trouble's input is called in a span.
INPUTS: Mapping[str | None, str] = {
    "first_night": "first",
    "last_night": "last",
    "price": "price_cents",
    "units": "",
    None: "",
}


@dataclass(frozen=True)
class SpansDone:
    """What came of it: `edit` None where everything was so already; `bound` what stayed open."""

    edit: NightEdit | None
    bound: tuple[Taken, ...]

    @property
    def nights(self) -> int:
        """How many nights of units changed."""
        return self.edit.nights if self.edit else 0


def write_spans(
    provider: Provider,
    unit: Unit,
    changes: Sequence[NightsChange],
    *,
    actor: Actor,
    now: datetime,
) -> SpansDone:
    """Write spans of nights of one unit in their order, all of them or nothing.

    The same spans again change nothing. Prices are those of exactly these nights (exceptions).
    Raises BadInput with every trouble, its field as `spans.3.first`; NotAllowed `too_many` above
    400 spans. Locks the unit and those that share its prices (Unit, pk); raises Busy.
    """
    _check(changes, now=now)
    whole = _whole(unit, changes)
    with changing_units(touched_units(provider, whole), now=now):
        own = list(units_of(provider))
        chosen = [one for one in own if one.pk == unit.pk]
        if not chosen:
            raise BadInput(trouble("unit_unknown"))
        if whole.changes_terms:
            _check_terms(chosen[0], changes)
        tariffs = {chosen[0].tariff_id} if whole.changes_terms else set()
        touched = [one for one in own if one.pk == unit.pk or one.tariff_id in tariffs]
        dates = whole.first_night, whole.ends_on
        taken = taken_nights([one.pk for one in touched], *dates, now=now)
        nights_taken = by_night(taken, *dates)
        before = state_of(touched, taken, tariffs, {unit.pk} if whole.sale else ())
        after = _fold(before, changes, nights_taken)
        _told, nights = differences_of(whole, chosen, touched, before, after, nights_taken)
        bound = tuple(_bound(unit, changes, taken))
        if before == after or not nights:
            return SpansDone(None, bound)
        edit = keep_edit(
            provider,
            before=before,
            after=after,
            dates=dates,
            nights=nights,
            unit_ids=sorted(one.pk for one in touched),
            asked={**whole.to_json(), "spans": [one.to_json() for one in changes]},
            actor=actor,
            now=now,
        )
    return SpansDone(edit, bound)


def _check(changes: Sequence[NightsChange], *, now: datetime) -> None:
    if len(changes) > MOST_SPANS:
        raise NotAllowed(trouble("too_many_spans", field="spans", max=MOST_SPANS))
    troubles: list[Trouble] = []
    for number, change in enumerate(changes):
        if not change.sale and not change.changes_terms:
            troubles.append(trouble("span_unknown", field=f"spans.{number}"))
            continue
        try:
            check_change(change, now=now)
        except BadInput as refusal:
            troubles += _at(number, refusal)
    if not changes:
        troubles.append(trouble("span_unknown", field="spans"))
    if troubles:
        raise BadInput(*troubles)
    first = min(one.first_night for one in changes)
    if (max(one.ends_on for one in changes) - first).days > LONGEST_CHANGE_DAYS:
        raise BadInput(trouble("change_too_long", field="spans"))


def _at(number: int, refusal: Refusal) -> list[Trouble]:
    """Return the troubles of one span, each with its place in what was sent."""
    found = []
    for one in refusal.troubles:
        name = INPUTS.get(one.field, one.field or "")
        found.append(replace(one, field=f"spans.{number}.{name}" if name else f"spans.{number}"))
    return found


def _check_terms(unit: Unit, changes: Sequence[NightsChange]) -> None:
    """Raise BadInput for prices of a unit that has none yet, or a least stay above the greatest."""
    if unit.tariff_id is None:
        raise BadInput(trouble("unit_without_prices", field="spans", unit=unit.name))
    limits = stay_limits(unit)
    troubles = []
    for number, change in enumerate(changes):
        most = [max_stay_on(limits, day) for day in change.days if change.min_stay is not None]
        longest = min((one for one in most if one is not None), default=None)
        if longest is not None and (change.min_stay or 0) > longest:
            field = f"spans.{number}.min_stay"
            troubles.append(trouble("min_over_max", field=field, unit=unit.name, nights=longest))
    if troubles:
        raise BadInput(*troubles)


def _whole(unit: Unit, changes: Sequence[NightsChange]) -> NightsChange:
    """Return a change over all the nights spoken of: which rows are read, what an undo asks."""
    sales = {one.sale for one in changes}
    priced = next((one.price for one in changes if one.price is not None), None)
    least = next((one.min_stay for one in changes if one.min_stay is not None), None)
    return NightsChange(
        unit_ids=(unit.pk,),
        first_night=min(one.first_night for one in changes),
        ends_on=max(one.ends_on for one in changes),
        # What opened nights closes them when it is undone: that is the one to be careful with.
        sale=OPEN if OPEN in sales else CLOSE if CLOSE in sales else "",
        price=priced,
        price_as=EXCEPTION,
        min_stay=least,
    )


def _fold(
    before: State,
    changes: Sequence[NightsChange],
    taken: Mapping[int, Mapping[date, Taken]],
) -> State:
    """Return the rows as the changes leave them, one laid over the other."""
    state = before
    for change in changes:
        part = State(
            prices=state.prices if change.changes_terms else {},
            rules=state.rules if change.changes_terms else {},
            closures=state.closures if change.sale else {},
        )
        done = state_after(part, change, taken)
        state = State(
            prices={**state.prices, **done.prices},
            rules={**state.rules, **done.rules},
            closures={**state.closures, **done.closures},
        )
    return state


def _bound(unit: Unit, changes: Sequence[NightsChange], taken: Sequence[Taken]) -> Iterator[Taken]:
    """Give the stays that keep nights from closing: sold, or being booked."""
    closing = {day for one in changes if one.sale == CLOSE for day in one.days}
    for one in taken:
        is_own = one.unit_id == unit.pk and one.state in {SOLD, HELD}
        if is_own and any(one.starts_on <= day < one.ends_on for day in closing):
            yield one
