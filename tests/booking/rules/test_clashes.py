"""Who is asked to be in two places at once (features.md N02, A09, D14)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.stay import Clash, Entry, find_clashes
from oti.lib.dates import PARIS
from tests.booking.rules.strategies import bounded

PARENTS = frozenset({"anne", "bruno"})
CHILDREN = frozenset({"elodie", "romain"})
FAMILY = PARENTS | CHILDREN


def at(hour: int, minute: int = 0, day: int = 11) -> datetime:
    """A moment of July 2026 in Paris."""
    return datetime(2026, 7, day, hour, minute, tzinfo=PARIS)


def entry(
    key: str,
    starts_at: datetime,
    ends_at: datetime,
    persons: frozenset[str] = FAMILY,
    *,
    is_blocking: bool = True,
    place: str = "",
) -> Entry:
    """One line of a stay."""
    return Entry(key, starts_at, ends_at, persons, is_blocking, place)


LACE = entry("lace", at(14), at(16))


def test_same_person_at_two_things_at_once_clashes() -> None:
    hike = entry("hike", at(15), at(18), frozenset({"anne", "romain"}))

    assert find_clashes([hike, LACE]) == [Clash("lace", "hike", frozenset({"anne", "romain"}))]


@pytest.mark.parametrize(
    "other",
    [
        entry("after", at(16), at(17)),
        entry("before", at(13), at(14)),
        entry("other day", at(14, day=12), at(16, day=12)),
        entry("others", at(14), at(16), frozenset({"guide"})),
        entry("museum", at(10), at(18), is_blocking=False),
        entry("nobody", at(14), at(16), frozenset()),
        entry("instant", at(15), at(15)),
    ],
    ids=lambda other: other.key,
)
def test_what_leaves_time_does_not_clash(other: Entry) -> None:
    assert find_clashes([LACE, other]) == []


def test_parents_dine_while_children_are_minded() -> None:
    dinner = entry("dinner", at(19, 30), at(22), PARENTS)
    childcare = entry("childcare", at(19), at(22, 30), CHILDREN)

    assert find_clashes([dinner, childcare]) == []
    assert find_clashes([dinner, entry("bed", at(21), at(22), FAMILY)]) == [
        Clash("dinner", "bed", PARENTS)
    ]


def test_entry_blocks_unless_it_says_otherwise() -> None:
    twin = Entry("twin", LACE.starts_at, LACE.ends_at, CHILDREN)

    assert find_clashes([LACE, twin]) == [Clash("lace", "twin", CHILDREN)]


def test_every_pair_is_told() -> None:
    found = find_clashes([LACE, entry("b", at(14, 30), at(15)), entry("c", at(14, 45), at(17))])

    assert {(clash.first_key, clash.second_key) for clash in found} == {
        ("lace", "b"),
        ("lace", "c"),
        ("b", "c"),
    }


def drive(first: Entry, second: Entry) -> int:
    """Forty minutes between two places."""
    return 0 if first.place == second.place else 40


@pytest.mark.parametrize(
    ("minute", "place", "clashes"),
    [(0, "Le Puy", 0), (39, "Les Estables", 1), (40, "Les Estables", 0), (0, "Les Estables", 1)],
)
def test_travel_time_is_asked_of_the_caller(minute: int, place: str, clashes: int) -> None:
    here = entry("here", at(14), at(16), place="Le Puy")
    there = entry("there", at(16, minute), at(18), place=place)

    assert len(find_clashes([there, here], drive)) == clashes


def test_travel_is_asked_from_the_earlier_to_the_later() -> None:
    asked = []

    def note(first: Entry, second: Entry) -> int:
        asked.append((first.key, second.key))
        return 0

    find_clashes([entry("late", at(18), at(19)), LACE], note)

    assert asked == [("lace", "late")]


def test_hour_that_the_clock_repeats_is_lived_twice() -> None:
    # 25 October 2026: 02:30 comes twice; the second one is an hour after the first.
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    second = first.replace(fold=1)
    night_walk = entry("walk", first - timedelta(hours=1), first)
    stargazing = entry("stars", second, second + timedelta(hours=1))

    assert find_clashes([night_walk, stargazing], lambda *_: 60) == []
    assert len(find_clashes([night_walk, stargazing], lambda *_: 61)) == 1


def test_hour_that_the_clock_skips_takes_no_time() -> None:
    # 29 March 2026: 01:59 is followed by 03:00.
    before = entry(
        "a", datetime(2026, 3, 29, 1, tzinfo=PARIS), datetime(2026, 3, 29, 1, 59, tzinfo=PARIS)
    )
    after = entry(
        "b", datetime(2026, 3, 29, 3, tzinfo=PARIS), datetime(2026, 3, 29, 4, tzinfo=PARIS)
    )

    assert find_clashes([before, after], lambda *_: 1) == []
    assert len(find_clashes([before, after], lambda *_: 2)) == 1


def test_naive_and_reversed_hours_are_mistakes() -> None:
    with pytest.raises(ValueError, match="time zone"):
        entry("naive", at(14).replace(tzinfo=None), at(16))
    with pytest.raises(ValueError, match="before it starts"):
        entry("reversed", at(16), at(14))


moments = st.integers(0, 600).map(
    lambda minutes: datetime(2026, 10, 24, 20, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def timelines(draw: st.DrawFn) -> list[Entry]:
    """Up to six entries across the night of the autumn change, in Paris or in UTC."""
    drawn = []
    for number in range(draw(st.integers(0, 6))):
        starts_at = draw(moments).astimezone(draw(st.sampled_from((PARIS, UTC))))
        length = timedelta(minutes=draw(st.integers(0, 120)))
        drawn.append(
            entry(
                str(number),
                starts_at,
                (starts_at.astimezone(UTC) + length).astimezone(PARIS),
                frozenset(draw(st.sets(st.sampled_from(sorted(FAMILY)), max_size=3))),
                is_blocking=draw(st.booleans()),
            )
        )
    return drawn


@bounded
@given(timelines())
def test_clashes_are_symmetric_and_true(timeline: list[Entry]) -> None:
    found = find_clashes(timeline)

    assert {frozenset((clash.first_key, clash.second_key)) for clash in found} == {
        frozenset((clash.first_key, clash.second_key)) for clash in find_clashes(timeline[::-1])
    }
    by_key = {line.key: line for line in timeline}
    expected = {
        frozenset((one, two))
        for one in by_key
        for two in by_key
        if one < two and minutes(by_key[one]) & minutes(by_key[two])
    }
    assert {frozenset((clash.first_key, clash.second_key)) for clash in found} == expected


def minutes(line: Entry) -> set[tuple[str, int]]:
    """Each minute that each person spends at a blocking entry."""
    if not line.is_blocking:
        return set()
    start, end = (int(moment.timestamp() // 60) for moment in (line.starts_at, line.ends_at))
    return {(person, minute) for person in line.persons for minute in range(start, end)}


@bounded
@given(st.lists(moments, min_size=2, max_size=8, unique=True))
def test_a_day_cut_in_pieces_never_clashes(cuts: list[datetime]) -> None:
    edges = sorted(cuts)
    pieces = [entry(f"{start}", start, end) for start, end in pairwise(edges)]

    assert find_clashes(pieces) == []
