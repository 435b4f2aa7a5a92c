"""A change of nights does what it says to each night, and leaves every other one as it was."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from booking.night_changes import NightsChange, Row, State, state_after
from booking.night_sheet import Taken
from booking.rules.pricing import NightRule, StayTerms, night_amount
from booking.rules.stay import Restriction, StayLimits, arrival_allowed, min_stay_on
from oti.lib.dates import nights

FIRST = date(2027, 7, 1)
END = FIRST + timedelta(days=42)
UNIT = TARIFF = 1
# Below every price that a rule gives.
BASE = Decimal(1)

prices_in = st.integers(10, 500).map(Decimal)
weekdays = st.frozensets(st.integers(0, 6), max_size=6)


def a_row(name: str, value: object, start: int, length: int, weekday: int = -1) -> Row:
    begins = FIRST + timedelta(days=start)
    return (name, begins, begins + timedelta(days=length), weekday, value)


@st.composite
def price_rows(draw: st.DrawFn) -> list[Row]:
    """Give rules of which none of one level and weekday overlap, as the database wants it."""
    rows: list[Row] = []
    for name, days in (("season", [-1]), ("weekday", range(7)), ("exception", [-1])):
        for weekday in draw(st.lists(st.sampled_from(list(days)), unique=True, max_size=3)):
            start = draw(st.integers(0, 10))
            for length in draw(st.lists(st.integers(1, 12), max_size=3)):
                rows.append(a_row(name, draw(prices_in), start, length, weekday))
                start += length + draw(st.integers(0, 4))
    return sorted(rows)


rule_rows = st.lists(
    st.builds(
        lambda kind, value, start, length, weekday: a_row(
            kind, 0 if kind.startswith("closed") else value, start, length, weekday
        ),
        st.sampled_from(["min_stay_arrival", "min_stay_through", "closed_to_arrival"]),
        st.integers(1, 9),
        st.integers(0, 30),
        st.integers(1, 12),
        st.integers(-1, 6),
    ),
    max_size=5,
).map(sorted)


@st.composite
def periods(draw: st.DrawFn) -> tuple[date, date]:
    start = draw(st.integers(0, 30))
    begins = FIRST + timedelta(days=start)
    return begins, begins + timedelta(days=draw(st.integers(1, 12)))


def price_of(rows: list[Row], day: date) -> Decimal | None:
    rules = tuple(
        NightRule(level, start, end, value, weekday if weekday >= 0 else None)
        for level, start, end, weekday, value in rows
    )
    return night_amount(StayTerms(BASE, rules, 2, BASE, (), BASE), day)


def limits_of(rows: list[Row]) -> StayLimits:
    return StayLimits(
        restrictions=tuple(
            Restriction(kind, start, end, weekday if weekday >= 0 else None, value)
            for kind, start, end, weekday, value in rows
        )
    )


def after(rows: list[Row], rules: list[Row], change: NightsChange) -> State:
    return state_after(State({TARIFF: rows}, {TARIFF: rules}, {}), change, {})


def assert_could_be_stored(rows: list[Row]) -> None:
    """Assert that no two rules of one level and weekday overlap."""
    for one in rows:
        for other in rows:
            same = one is not other and (one[0], one[3]) == (other[0], other[3])
            assert not (same and one[1] < other[2] and other[1] < one[2])


@given(price_rows(), periods(), weekdays, prices_in, st.sampled_from(["all", "exception"]))
def test_every_night_asked_for_has_the_price_and_no_other_one_changes(
    rows: list[Row],
    period: tuple[date, date],
    chosen: frozenset[int],
    price: Decimal,
    price_as: str,
) -> None:
    change = NightsChange((UNIT,), *period, weekdays=chosen, price=price, price_as=price_as)

    found = list(after(rows, [], change).prices[TARIFF])

    days = set(change.days)
    for day in nights(FIRST, END):
        assert price_of(found, day) == (price if day in days else price_of(rows, day))
    assert_could_be_stored(found)


@given(price_rows(), periods(), prices_in)
def test_season_speaks_where_no_weekday_and_no_exception_does(
    rows: list[Row], period: tuple[date, date], price: Decimal
) -> None:
    change = NightsChange((UNIT,), *period, price=price)

    found = list(after(rows, [], change).prices[TARIFF])

    above = [row for row in rows if row[0] != "season"]
    for day in nights(FIRST, END):
        is_asked = day in set(change.days) and price_of(above, day) == BASE
        assert price_of(found, day) == (price if is_asked else price_of(rows, day))
    assert_could_be_stored(found)


@given(
    rule_rows,
    periods(),
    weekdays,
    st.integers(1, 9),
    st.sampled_from(["min_stay_arrival", "min_stay_through"]),
    st.none() | st.frozensets(st.integers(0, 6)),
)
def test_rules_asked_for_hold_and_others_stay(
    rules: list[Row],
    period: tuple[date, date],
    chosen: frozenset[int],
    least: int,
    kind: str,
    arrivals: frozenset[int] | None,
) -> None:
    change = NightsChange(
        (UNIT,),
        *period,
        weekdays=chosen,
        min_stay=least,
        min_stay_kind=kind,
        arrival_days=arrivals,
    )

    old, new = limits_of(rules), limits_of(list(after([], rules, change).rules[TARIFF]))

    for day in nights(FIRST, END):
        asked = day in set(change.days)
        assert min_stay_on(new, day) == (least if asked else min_stay_on(old, day))
        is_inside = period[0] <= day < period[1]
        if arrivals is not None and is_inside:
            assert arrival_allowed(new, day) == (day.weekday() in arrivals)
        else:
            assert arrival_allowed(new, day) == arrival_allowed(old, day)


@given(
    st.lists(periods(), max_size=3),
    st.lists(periods(), max_size=2),
    periods(),
    weekdays,
    st.sampled_from(["close", "open"]),
)
def test_nights_close_but_those_that_are_bound_and_open_but_no_others(
    closed: list[tuple[date, date]],
    stays: list[tuple[date, date]],
    period: tuple[date, date],
    chosen: frozenset[int],
    sale: str,
) -> None:
    change = NightsChange((UNIT,), *period, weekdays=chosen, sale=sale, reason="neuf")
    taken = {
        day: Taken(UNIT, "sold", start, end) for start, end in stays for day in nights(start, end)
    }
    rows = sorted((start, end, "avant") for start, end in closed)
    before = State({}, {}, {UNIT: rows})

    found = state_after(before, change, {UNIT: taken}).closures[UNIT]

    old = {day for start, end, _reason in rows for day in nights(start, end)}
    new = {day for start, end, _reason in found for day in nights(start, end)}
    asked = set(change.days)
    assert new == (old | (asked - set(taken)) if sale == "close" else old - asked)
    assert State.from_json(before.to_json()) == before
