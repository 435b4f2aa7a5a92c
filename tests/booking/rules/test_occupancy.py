"""How nights are counted: worked cases, and the count night by night as a witness."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.occupancy import ELSEWHERE, HERE, WIDGET, Counts, TakenNights, count_nights
from oti.lib.dates import nights

FIRST = date(2027, 7, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def one(units, taken=(), closed=(), *, first: int = 0, after: int = 10) -> Counts:
    spans = [TakenNights(unit, day(a), day(b), how) for unit, a, b, how in taken]
    shut = [(unit, day(a), day(b)) for unit, a, b in closed]
    return count_nights(units, spans, shut, [(day(first), day(after))])[0]


def test_closed_nights_are_not_open():
    counts = one(
        {1: day(-90)}, [(1, 0, 3, HERE), (1, 3, 4, WIDGET), (1, 6, 8, ELSEWHERE)], [(1, 8, 20)]
    )
    assert counts == Counts(open=8, here=3, widget=1, elsewhere=2, closed=2)
    assert (counts.sold, counts.taken, counts.free, counts.percent) == (4, 6, 2, 75)


def test_a_night_that_somebody_has_was_open_whatever_was_closed():
    assert one({1: day(-1)}, [(1, 0, 2, HERE)], [(1, 0, 5), (1, 3, 6)]) == Counts(
        open=6, here=2, closed=4
    )


def test_nights_before_the_offer_was_entered_do_not_count():
    assert one({1: day(6)}).open == 4
    assert one({1: day(30)}).open == 0
    assert one({1: day(30)}).percent is None
    # Unless somebody had them: then they were open.
    assert one({1: day(6)}, [(1, 4, 8, HERE)]) == Counts(open=6, here=4)


def test_of_what_is_no_longer_offered_only_taken_nights_count():
    assert one({1: None}, [(1, -3, 2, HERE)], [(1, 4, 6)]) == Counts(open=2, here=2)


SPANS = st.tuples(st.integers(-5, 25), st.integers(1, 9)).map(lambda one: (one[0], one[0] + one[1]))


@st.composite
def worlds(draw):
    units = draw(st.dictionaries(st.integers(1, 3), st.none() | st.integers(-5, 25), min_size=1))
    taken = []
    for unit in units:
        end = -6
        for gap, long in draw(
            st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), max_size=4)
        ):
            how = draw(st.sampled_from((HERE, WIDGET, ELSEWHERE)))
            taken.append((unit, end + gap, end + gap + long, how))
            end += gap + long
    closed = [
        (draw(st.sampled_from(sorted(units))), *span) for span in draw(st.lists(SPANS, max_size=4))
    ]
    return {unit: None if n is None else day(n) for unit, n in units.items()}, taken, closed


@given(worlds())
def test_it_counts_as_somebody_who_looks_at_each_night(world):
    units, taken, closed = world
    told = one(units, taken, closed, after=20)
    seen = dict.fromkeys(("open", HERE, WIDGET, ELSEWHERE, "closed"), 0)
    for unit, since in units.items():
        for night in nights(day(0), day(20)):
            how = next((h for u, a, b, h in taken if u == unit and day(a) <= night < day(b)), None)
            is_offered = since is not None and night >= since
            is_shut = any(u == unit and day(a) <= night < day(b) for u, a, b in closed)
            if how:
                seen[how] += 1
            seen["open"] += bool(how) or (is_offered and not is_shut)
            seen["closed"] += not how and is_offered and is_shut
    assert told == Counts(**seen)
    assert told.free >= 0


@given(worlds())
def test_parts_add_up_to_the_whole(world):
    units, taken, closed = world
    spans = [TakenNights(unit, day(a), day(b), how) for unit, a, b, how in taken]
    shut = [(unit, day(a), day(b)) for unit, a, b in closed]
    parts = count_nights(units, spans, shut, [(day(0), day(7)), (day(7), day(20))])
    assert sum(parts, Counts()) == one(units, taken, closed, after=20)
