"""What is told of several houses tells of none of them, however figures are put side by side."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from booking.rules.secrecy import (
    FEWEST_HOUSES,
    STEP,
    Share,
    may_tell,
    middle_percent,
    rounded_percent,
)

OPEN = st.integers(20, 400)


@st.composite
def a_share(draw, house: int = 0) -> Share:
    count = draw(OPEN)
    return Share(house, count, draw(st.integers(0, count)))


@st.composite
def panels(draw, least: int = 0, most: int = 14) -> list[Share]:
    return [draw(a_share(house)) for house in range(draw(st.integers(least, most)))]


def houses(*rows: tuple[int, int]) -> list[Share]:
    return [Share(number, count, taken) for number, (count, taken) in enumerate(rows)]


# --- Enough houses, none too large ---------------------------------------------------------------
@given(panels(most=FEWEST_HOUSES - 1))
def test_nothing_is_told_of_fewer_than_five(panel: list[Share]):
    assert middle_percent(panel, own=()) is None


@given(panels(least=1), st.sets(st.integers(0, 14)))
def test_ones_own_houses_protect_nobody(panel: list[Share], own: set[int]):
    told = middle_percent(panel, own)
    others = [one for one in panel if one.house not in own]
    if len(others) < FEWEST_HOUSES:
        assert told is None


def test_houses_that_were_closed_all_the_time_protect_nobody():
    five = houses((100, 10), (100, 20), (100, 30), (100, 40), (100, 50))
    assert middle_percent(five, own=()) == 30
    assert middle_percent([*five[:4], Share(9, 0, 0)], own=()) is None


@given(panels(least=FEWEST_HOUSES), st.integers(0, 13))
def test_nothing_is_told_where_one_makes_more_than_85_percent(panel: list[Share], which: int):
    assume(which < len(panel))
    rest = sum(one.open for one in panel) - panel[which].open
    giant = [replace(one, open=rest * 6, taken=0) if one.house == which else one for one in panel]
    assert not may_tell(giant)
    assert middle_percent(giant, own=()) is None


def test_one_that_makes_85_percent_exactly_is_let_through():
    assert may_tell(houses((850, 0), (50, 0), (50, 0), (25, 0), (25, 0)))
    assert not may_tell(houses((851, 0), (50, 0), (50, 0), (25, 0), (24, 0)))
    # What is taken counts like what is open.
    assert not may_tell(houses((100, 90), (100, 5), (100, 2), (100, 2), (100, 1)))


def test_a_house_that_dominates_only_without_the_readers_own_is_protected_too():
    rows = houses((500, 100), (900, 100), (20, 0), (20, 0), (20, 0), (20, 0))
    assert may_tell(rows)
    assert middle_percent(rows, own={0}) is None


# --- No leak by difference -----------------------------------------------------------------------
@given(panels(least=FEWEST_HOUSES), st.data())
def test_no_set_of_figures_tells_a_house_apart_within_five_points(panel: list[Share], data):
    """Whatever is compared, it is made of rounded houses: one may move within its five points.

    The figures are those of many sets that a reader could see: the houses of a month, of another
    one, of the pole before and after a house joined. None of them moves with a house that moves
    within its five points, so that no combination of them can say where in there it stands.
    """
    which = data.draw(st.sampled_from(panel))
    cell = rounded_percent(which.taken, which.open)
    inside = [
        taken for taken in range(which.open + 1) if rounded_percent(taken, which.open) == cell
    ]
    moved = replace(which, taken=data.draw(st.sampled_from(inside)))
    sets = data.draw(st.lists(st.sets(st.sampled_from(range(len(panel)))), max_size=6))
    for chosen in [set(range(len(panel))), *sets]:
        rows = [one for one in panel if one.house in chosen]
        other = [moved if one.house == moved.house else one for one in rows]
        told, told_after = middle_percent(rows, own=()), middle_percent(other, own=())
        # Domination may be crossed by what is taken: then nothing is told, of neither.
        assert told == told_after or None in (told, told_after)


@given(panels(least=FEWEST_HOUSES), st.data())
def test_one_house_moves_the_middle_no_further_than_to_its_neighbours(panel: list[Share], data):
    told = middle_percent(panel, own=())
    assume(told is not None)
    which = data.draw(st.sampled_from(panel))
    rest = sorted(rounded_percent(o.taken, o.open) for o in panel if o.house != which.house)
    assert rest[0] <= told <= rest[-1]
    assert told % STEP == 0


@given(a_share())
def test_a_share_is_rounded_to_the_nearest_five_points(one: Share):
    assert abs(rounded_percent(one.taken, one.open) - 100 * one.taken / one.open) <= STEP / 2
