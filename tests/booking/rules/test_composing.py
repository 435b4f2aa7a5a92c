"""Putting things together: nobody in two places, time to get there, days not too full, fair."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.rules.composing import (
    FARTHEST,
    Choice,
    DayRoom,
    arrange,
    clashes,
    fill_days,
    minutes_between,
    suits,
    things_a_day,
)
from oti.lib.dates import PARIS
from tests.booking.rules.strategies import bounded

MONDAY = date(2027, 7, 12)
LES_ESTABLES = (44.902, 4.156)
LE_PUY = (45.043, 3.885)
LYON = (45.76, 4.83)


def moment(day: date, hour: float) -> datetime:
    minutes = round(hour * 60)
    return datetime(day.year, day.month, day.day, tzinfo=PARIS) + timedelta(minutes=minutes)


def thing(key: str, at: float = 10, hours: float = 2, *, day: date = MONDAY, **fields) -> Choice:
    starts_at = moment(day, at)
    values = {"persons": frozenset({"p1", "p2"}), "turn": key, **fields}
    return Choice(key, starts_at, starts_at + timedelta(hours=hours), **values)


def room(most: int, day: date = MONDAY) -> DayRoom:
    return DayRoom(day, most, moment(day, 7), moment(day, 25))


def keys(chosen) -> list[str]:
    return [one.key if one else "" for one in chosen]


def test_a_road_takes_its_time_and_the_same_village_none():
    assert minutes_between(LES_ESTABLES, LES_ESTABLES) == 0
    assert minutes_between(None, LE_PUY) == 0
    assert 35 <= minutes_between(LES_ESTABLES, LE_PUY) <= 65
    assert minutes_between(LES_ESTABLES, LE_PUY) == minutes_between(LE_PUY, LES_ESTABLES)


def test_two_things_clash_for_the_same_persons_at_the_same_hours_only():
    morning = thing("a", 10)
    assert clashes(morning, thing("b", 11), with_travel=False)
    assert not clashes(morning, thing("b", 12), with_travel=False)
    assert not clashes(morning, thing("b", 11, persons=frozenset({"p3"})), with_travel=False)
    assert not clashes(morning, thing("b", 11, takes_time=False), with_travel=False)


def test_the_way_from_one_place_to_the_other_counts_where_it_is_asked_for():
    first = thing("a", 10, position=LES_ESTABLES)
    then = thing("b", 12.25, position=LE_PUY)
    assert not clashes(first, then, with_travel=False)
    assert clashes(first, then, with_travel=True)
    assert not clashes(first, thing("b", 14, position=LE_PUY), with_travel=True)
    assert not clashes(first, thing("b", 12.25, position=LES_ESTABLES), with_travel=True)


def test_a_first_choice_gives_way_where_the_whole_would_not_hold():
    dinner, concert = thing("dinner", 19), thing("concert", 20)
    early = thing("early dinner", 18)
    assert keys(arrange([[dinner, early], [concert]])) == ["early dinner", "concert"]


def test_what_cannot_be_had_leaves_its_place_empty_and_the_rest_stands():
    dinner, concert = thing("dinner", 19), thing("concert", 20)
    assert keys(arrange([[dinner], [concert], []])) == ["dinner", "", ""]
    assert keys(arrange([[dinner]], [concert])) == [""]


def test_two_of_a_step_are_two_different_things():
    first, second = thing("a", 9), thing("b", 14)
    assert keys(arrange([[first, second]] * 2)) == ["a", "b"]
    assert keys(arrange([[first]] * 2)) == ["a", ""]


def test_many_steps_that_never_fit_are_given_up_in_time():
    same = [thing(f"k{number}", 10) for number in range(12)]
    assert keys(arrange([same] * 12)).count("") == 11


def test_a_day_holds_no_more_than_its_pace_and_a_wish_comes_first():
    choices = [
        thing("walk", 9, kind="activity"),
        thing("lace", 14, kind="workshop", wished=1, turn="z"),
        thing("dinner", 19, kind="meal"),
    ]
    assert keys(fill_days([room(1)], choices)) == ["lace"]
    assert keys(fill_days([room(2)], choices)) == ["lace", "dinner"]
    assert len(fill_days([room(9)], choices)) == 3


def test_nothing_further_than_an_hour_and_the_nearer_before_the_rotation():
    near = thing("near", 9, position=LES_ESTABLES, turn="z")
    far = thing("far", 9, position=LE_PUY, turn="a")
    lost = thing("lost", 9, position=LYON, turn="")
    assert minutes_between(LES_ESTABLES, LYON) > FARTHEST
    assert keys(fill_days([room(1)], [far, near, lost], bed=LES_ESTABLES)) == ["near"]
    assert keys(fill_days([room(1)], [lost], bed=LES_ESTABLES)) == []


def test_other_proposals_have_other_things_and_equals_follow_the_rotation():
    first, second = thing("a", 9, turn="2"), thing("b", 9, turn="1")
    assert keys(fill_days([room(1)], [first, second])) == ["b"]
    assert keys(fill_days([room(1)], [first, second], used={"b"})) == ["a"]


def test_paces():
    days = list(range(6))
    assert [things_a_day("calm", is_whole=True, number=day) for day in days] == [0, 1, 0, 1, 0, 1]
    assert {things_a_day("balanced", is_whole=True, number=day) for day in days} == {1}
    assert things_a_day("full", is_whole=True, number=1) == 2
    assert things_a_day("full", is_whole=False, number=0) == 1
    assert things_a_day("balanced", is_whole=False, number=0) == 0


drawn = st.builds(
    lambda key, day, at, hours, cents, who, position, wished: thing(
        str(key),
        at,
        hours,
        day=MONDAY + timedelta(days=day),
        cents=cents,
        persons=frozenset(who),
        position=position,
        wished=wished,
    ),
    st.integers(0, 12),
    st.integers(0, 3),
    st.integers(7, 22),
    st.sampled_from([0.5, 1, 2, 3, 6]),
    st.integers(0, 9000),
    st.sets(st.sampled_from(["p1", "p2", "p3"]), min_size=1),
    st.sampled_from([None, LES_ESTABLES, LE_PUY]),
    st.integers(0, 1),
)


@bounded
@given(st.lists(drawn, max_size=25), st.integers(0, 3), st.none() | st.integers(0, 20000))
def test_a_composed_stay_is_possible_whatever_is_on_sale(choices, most, limit):
    rooms = [room(most, MONDAY + timedelta(days=number)) for number in range(4)]
    taken = [thing("taken", 12, 2, day=MONDAY)]

    planned = fill_days(rooms, choices, taken=taken, bed=LES_ESTABLES, limit_cents=limit)

    assert planned == fill_days(rooms, choices, taken=taken, bed=LES_ESTABLES, limit_cents=limit)
    for number, one in enumerate(planned):
        assert suits(one, [*taken, *planned[:number]], with_travel=True)
        assert minutes_between(LES_ESTABLES, one.position) <= FARTHEST
    assert limit is None or sum(one.cents for one in planned) <= limit
    for one in rooms:
        assert sum(choice.day == one.day for choice in planned) <= most
    assert len({one.key for one in planned}) == len(planned)


@bounded
@given(st.lists(st.lists(drawn, max_size=4), max_size=5))
def test_an_arranged_stay_never_clashes(steps):
    chosen = arrange(steps)
    kept = [one for one in chosen if one is not None]
    for number, one in enumerate(kept):
        assert suits(one, kept[:number], with_travel=False)
    for one, step in zip(chosen, steps, strict=True):
        assert one is None or one in step


def test_a_dear_day_leaves_the_others_what_their_cheapest_thing_costs():
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    choices = [
        one
        for number, day in enumerate(days)
        for one in (
            thing(f"dear {number}", day=day, cents=4000, wished=1),
            thing(f"fair {number}", 15, day=day, cents=500),
        )
    ]
    rooms = [room(1, day) for day in days]

    assert keys(fill_days(rooms, choices, limit_cents=5000)) == ["dear 0", "fair 1", "fair 2"]
    assert keys(fill_days(rooms, choices, limit_cents=1500)) == ["fair 0", "fair 1", "fair 2"]
    # What isn't enough for all days is kept for as many as it is enough for.
    assert len(fill_days(rooms, choices, limit_cents=1100)) == 2
    assert keys(fill_days(rooms, choices)) == ["dear 0", "dear 1", "dear 2"]
