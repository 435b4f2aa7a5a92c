"""Who is asked: never somebody who can't, and everybody in turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules import meetings as rules
from members.rules.greeters import (
    INTERESTS,
    LANGUAGES,
    Candidate,
    Wish,
    age_on,
    best,
    days_of,
    possible_days,
)

START = date(2027, 7, 1)
days = st.integers(0, 40).map(lambda n: START + timedelta(days=n))
moments = st.none() | st.integers(0, 10**6).map(
    lambda n: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    keys = draw(st.lists(st.integers(1, 50), unique=True, max_size=8))
    return [
        Candidate(
            key=key,
            languages=draw(st.frozensets(st.sampled_from(LANGUAGES), max_size=3)),
            interests=draw(st.frozensets(st.sampled_from(INTERESTS), max_size=3)),
            weekdays=draw(st.frozensets(st.integers(0, 6), max_size=7)),
            most_people=draw(st.integers(1, 6)),
            monthly_most=draw(st.integers(1, 3)),
            is_step_free=draw(st.booleans()),
            pole=draw(st.sampled_from(["", "mezenc", "puy"])),
            away_from=draw(st.none() | days),
            away_until=draw(st.none() | days),
            met=draw(st.frozensets(days, max_size=4)),
            last_asked=draw(moments),
        )
        for key in keys
    ]


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    first = draw(days)
    return Wish(
        days=days_of(first, first + timedelta(days=draw(st.integers(0, 13)))),
        size=draw(st.integers(1, 8)),
        languages=draw(st.frozensets(st.sampled_from(LANGUAGES), min_size=1, max_size=3)),
        interests=draw(st.frozensets(st.sampled_from(INTERESTS), max_size=3)),
        needs_step_free=draw(st.booleans()),
        pole=draw(st.sampled_from(["", "mezenc", "puy"])),
        not_again=draw(st.frozensets(st.integers(1, 50), max_size=4)),
    )


@given(wishes(), candidates(), st.integers(1, 5))
def test_nobody_is_asked_who_cannot(wish: Wish, them: list[Candidate], most: int) -> None:
    by_key = {one.key: one for one in them}
    asked = best(wish, them, most=most)

    assert len(asked) == len(set(asked)) <= most
    for key in asked:
        one = by_key[key]
        assert key not in wish.not_again
        assert wish.languages & one.languages
        assert wish.size <= one.most_people <= 6
        assert one.is_step_free or not wish.needs_step_free
        found = possible_days(wish, one)
        assert found
        for day in found:
            assert day in wish.days
            assert not one.is_away(day)
            assert day not in one.met
            assert day.weekday() in one.weekdays
            same_month = [met for met in one.met if (met.year, met.month) == (day.year, day.month)]
            assert len(same_month) < one.monthly_most


@given(wishes(), candidates())
def test_whoever_suits_is_asked_and_the_order_of_rows_is_nothing(
    wish: Wish, them: list[Candidate]
) -> None:
    everybody = best(wish, them, most=100)
    assert best(wish, list(reversed(them)), most=100) == everybody
    assert best(wish, them, most=2) == everybody[:2]


@given(wishes(), candidates())
def test_more_than_six_never_meet_one_greeter(wish: Wish, them: list[Candidate]) -> None:
    assert best(replace(wish, size=7), them) == []


@given(st.integers(1, 6), st.integers(2, 30))
def test_everybody_has_a_turn(alike: int, rounds: int) -> None:
    """Greeters who are alike are asked as often as each other, give or take once."""
    began = datetime(2027, 1, 1, tzinfo=UTC)
    wish = Wish(days=(START,), size=2, languages=frozenset({"fr"}))
    last: dict[int, datetime | None] = dict.fromkeys(range(alike))
    asked = dict.fromkeys(range(alike), 0)
    for step in range(rounds):
        them = [
            Candidate(key, frozenset({"fr"}), frozenset(), frozenset(range(7)), 6, 8, last_asked=at)
            for key, at in last.items()
        ]
        (key,) = best(wish, them, most=1)
        asked[key] += 1
        last[key] = began + timedelta(minutes=step)
    assert max(asked.values()) - min(asked.values()) <= 1


def test_age_of_somebody_born_on_a_leap_day() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


def test_an_answer_is_awaited_two_days_and_never_past_the_day_before_the_last() -> None:
    asked = datetime(2027, 7, 1, 9, tzinfo=UTC)
    far, near = datetime(2027, 7, 20, tzinfo=UTC), datetime(2027, 7, 4, tzinfo=UTC)
    assert rules.answer_deadline(asked, far, hours=48) == asked + timedelta(hours=48)
    assert rules.answer_deadline(asked, near, hours=48) == near - timedelta(days=2)


def test_phones_are_known_from_48_hours_before() -> None:
    start = datetime(2027, 7, 15, 10, tzinfo=UTC)
    end = start + timedelta(hours=2)
    second = timedelta(seconds=1)
    assert not rules.shows_phones(start, end, now=start - timedelta(hours=48) - second)
    assert rules.shows_phones(start, end, now=start - timedelta(hours=48))
    assert not rules.shows_phones(start, end, now=end + timedelta(hours=2) + second)


@pytest.mark.parametrize(
    "words",
    ["a@b.fr", "https://x.org", "www.x.org", "06 12 34 56 78", "0612345678", "04.71.0102.03"],
)
def test_a_contact_is_no_meeting_place(words: str) -> None:
    assert rules.gives_contact(f"Chez moi, {words}")


@pytest.mark.parametrize("words", ["Place du Martouret, 43000 Le Puy", "12 rue des Tables"])
def test_a_square_is_a_meeting_place(words: str) -> None:
    assert not rules.gives_contact(words)


@pytest.mark.parametrize(
    ("hour", "is_one"),
    [(time(7, 59), False), (time(8), True), (time(20), True), (time(20, 1), False)],
)
def test_hours_of_walks(hour: time, is_one: bool) -> None:
    assert rules.is_walking_hour(hour) is is_one


def test_a_state_that_nobody_knows_raises() -> None:
    with pytest.raises(KeyError):
        rules.can_move(rules.ASKED, "married")


# --- What is hidden in messages ------------------------------------------------------------
SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", "_", " . ", "\u00a0", ") "])


@given(
    digits=st.lists(st.integers(0, 9), min_size=8, max_size=14),
    between=st.lists(SEPARATORS, min_size=14, max_size=14),
    before=st.sampled_from(["", "Appelez ", "(", "+", "n° "]),
)
def test_no_number_to_call_is_left(digits: list[int], between: list[str], before: str) -> None:
    number = "".join(f"{sign}{apart}" for sign, apart in zip(digits, between, strict=False))
    masked = rules.masked(f"{before}{number} merci")
    kept = [sign for sign in masked if sign.isdigit()]
    # A day of this century within the figures is no part of a number.
    assert len(kept) < 8 or "20" in masked
    assert masked.endswith("merci")
    assert rules.masked(masked) == masked


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("ida@example.org", "•••••"),
        ("ida (at) example.org", "•••••"),
        ("ida[arobase]example.org", "•••••"),
        ("Voir https://wa.me/33612345678 !", "Voir ••••• !"),
        ("www.ida.example", "•••••"),
        ("06.12.34.56.78", "•••••"),
        ("+33 (0)6 12 34 56 78.", "•••••."),
        ("Le 12/07/2027 ou le 2027-07-15, 10:30", "Le 12/07/2027 ou le 2027-07-15, 10:30"),
        ("Nous sommes 4, à 14 h 30, au 12 rue Basse, 43000", None),
    ],
)
def test_days_and_hours_stay(words: str, read: str | None) -> None:
    assert rules.masked(words) == (words if read is None else read)


@given(
    st.sampled_from(sorted(rules.MEETING)),
    st.sampled_from(sorted(rules.ANSWERS)),
    st.none() | st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.integers(0, 9),
)
def test_every_ending_of_a_request_is_known_and_ones_own_answer_comes_first(
    meeting: str, ask: str, closed: int | None, begun: int, agreed: int | None
) -> None:
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else datetime(2027, 4, 6, hours, tzinfo=UTC)

    begun_at = datetime(2027, 4, 6, begun, tzinfo=UTC)
    ending = rules.ending_of(
        meeting, ask, closed_at=at(closed), round_at=begun_at, agreed_at=at(agreed)
    )
    assert ending in rules.ENDINGS
    assert (ending == rules.DECLINED) == (ask == rules.SAID_NO)
    assert (ending == rules.GIVEN_UP) == (ask == rules.GAVE_UP)
    assert (ending == rules.CALLED_OFF) == (ask == rules.SAID_YES)
    if ending == rules.WITHDRAWN:
        assert meeting == rules.CANCELLED
    if ending == rules.LAPSED:
        assert meeting not in {rules.ACCEPTED, rules.DONE, rules.CANCELLED}
