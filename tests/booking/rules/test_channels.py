"""What calendars of other platforms mean for nights (domain.md 5.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.channels import (
    BLOCKED,
    RESERVED,
    UNCLEAR,
    Comparison,
    KnownEvent,
    Nights,
    OuterEvent,
    compare,
    is_conflict,
    is_emptied,
    kind_of,
    platform_of,
    union,
    without,
)
from oti.lib.dates import PARIS

TODAY = date(2027, 4, 6)
NOW = datetime(2027, 4, 6, 10, 0, tzinfo=PARIS)
QUARTER = timedelta(minutes=15)
days = st.integers(-20, 120).map(lambda n: TODAY + timedelta(days=n))
spans = st.tuples(days, st.integers(1, 30)).map(lambda one: (one[0], one[0] + timedelta(one[1])))
events = st.builds(
    lambda uid, span, kind: OuterEvent(uid, *span, kind),
    st.sampled_from("abcdef"),
    spans,
    st.sampled_from([RESERVED, BLOCKED, UNCLEAR]),
)


def nights_of(spans: list[Nights]) -> set[date]:
    return {
        first + timedelta(days=n) for first, after in spans for n in range((after - first).days)
    }


def event(first: int = 10, after: int = 14, uid: str = "a", kind: str = RESERVED) -> OuterEvent:
    return OuterEvent(uid, TODAY + timedelta(first), TODAY + timedelta(after), kind)


@given(st.lists(spans))
def test_a_union_has_the_same_nights_in_the_fewest_spans(given_spans: list[Nights]) -> None:
    found = union(given_spans)

    assert nights_of(found) == nights_of(given_spans)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert union(reversed(given_spans)) == found == union([*given_spans, *found])


@given(st.lists(spans), st.lists(spans))
def test_what_is_left_is_what_nobody_else_has(some: list[Nights], others: list[Nights]) -> None:
    found = without(union(some), others)

    assert nights_of(found) == nights_of(some) - nights_of(others)
    assert all(first < after for first, after in found)


@given(st.lists(events, max_size=12), st.randoms(use_true_random=False))
def test_a_second_reading_in_another_order_and_doubled_changes_nothing(
    seen: list[OuterEvent], chance: object
) -> None:
    first = {one.key: one for one in seen}
    known = [KnownEvent(one) for one in first.values()]
    again = [*first.values(), *first.values()]
    chance.shuffle(again)  # type: ignore[attr-defined]

    assert not compare(known, again, today=TODAY, now=NOW + QUARTER)


@given(st.lists(events, max_size=12), st.integers(0, 40))
def test_a_window_that_moves_on_removes_nothing_that_was_seen(
    seen: list[OuterEvent], moved: int
) -> None:
    """Platforms drop what is past and the bookings that began: that alone opens no night."""
    later = TODAY + timedelta(days=moved)
    # A name that is told with other dates has changed; here each event has its own.
    named = [replace(one, uid=f"{one.uid}{n}") for n, one in enumerate(seen)]
    known = [KnownEvent(one) for one in named]
    still = [one for one in named if one.kind == BLOCKED or one.first_night > later]

    assert not compare(known, still, today=later, now=NOW + timedelta(days=moved))


def test_a_new_event_is_added_and_one_that_is_over_isnt() -> None:
    changes = compare([], [event(), event(-9, -2)], today=TODAY, now=NOW)

    assert changes == Comparison(added=(event(),))


def test_nights_open_after_three_good_readings_over_an_hour() -> None:
    known = KnownEvent(event())
    moments = [NOW + QUARTER * n for n in range(6)]
    gone_at = []
    for moment in moments:
        changes = compare([known], [], today=TODAY, now=moment)
        if changes.gone:
            gone_at.append(moment)
        known = changes.missing[0] if changes.missing else known
    # The third reading comes half an hour after the first: an hour it is.
    assert gone_at == [NOW + QUARTER * 4, NOW + QUARTER * 5]


def test_two_readings_open_nothing_however_far_apart() -> None:
    first = compare([KnownEvent(event())], [], today=TODAY, now=NOW)
    second = compare(first.missing, [], today=TODAY, now=NOW + timedelta(days=2))

    assert not second.gone
    assert compare(second.missing, [], today=TODAY, now=NOW + timedelta(days=3)).gone


def test_what_comes_back_is_no_longer_missing() -> None:
    gap = KnownEvent(event(), NOW - QUARTER, 2)

    assert compare([gap], [event()], today=TODAY, now=NOW).back == (event(),)


def test_moved_nights_close_at_once_and_the_old_ones_open_later() -> None:
    moved = event(11, 15)
    changes = compare([KnownEvent(event())], [moved], today=TODAY, now=NOW)

    assert changes.added == (moved,)
    assert [one.event for one in changes.missing] == [event()]
    assert not changes.gone


def test_a_stay_under_way_is_kept_when_the_platform_drops_it() -> None:
    known = [KnownEvent(event(-2, 3), NOW - timedelta(days=1), 9)]

    assert not compare(known, [], today=TODAY, now=NOW)


def test_a_stay_under_way_that_is_told_with_other_dates_has_changed() -> None:
    known = [KnownEvent(event(-2, 30), NOW - timedelta(days=1), 9)]

    changes = compare(known, [event(-2, 3)], today=TODAY, now=NOW)

    assert changes.cut == (event(-2, 30),)
    assert changes.added == (event(-2, 3),)


def test_closed_nights_under_way_open_when_they_are_told_no_more() -> None:
    known = [KnownEvent(event(-2, 30, kind=BLOCKED), NOW - timedelta(days=1), 9)]

    assert compare(known, [event(40, 41, "b")], today=TODAY, now=NOW).cut


def test_another_kind_is_told() -> None:
    assert compare([KnownEvent(event())], [event(kind=BLOCKED)], today=TODAY, now=NOW).changed


@pytest.mark.parametrize(
    ("known", "seen", "is_it"),
    [
        ([event()], [], True),
        ([event()], [event(-9, -2)], True),
        ([event()], [event(40, 41, "b")], False),
        ([], [], False),
        # Nothing was to come: an empty calendar is what it should be.
        ([event(-2, 3)], [], False),
        ([event(-2, 3, kind=BLOCKED)], [], True),
    ],
)
def test_emptiness_is_believed_only_where_nothing_was_to_come(
    known: list[OuterEvent], seen: list[OuterEvent], is_it: bool
) -> None:
    assert is_emptied([KnownEvent(one) for one in known], seen, today=TODAY) is is_it


@pytest.mark.parametrize(
    ("summary", "uid", "length", "platform", "kind"),
    [
        ("Reserved", "1418fb94e984-0@airbnb.com", 3, "airbnb", RESERVED),
        ("Airbnb (Not available)", "6fec1092d3fa-0@airbnb.com", 3, "airbnb", BLOCKED),
        ("Not available", "7f3a@airbnb.com", 3, "", BLOCKED),
        ("CLOSED - Not available", "0@booking.com", 3, "booking", UNCLEAR),
        ("CLOSED – Not available", "0@booking.com", 3, "booking", UNCLEAR),
        ("CLOSED - Not available", "0@booking.com", 400, "booking", BLOCKED),
        ("Réservée - Inès", "6f49", 3, "abritel", RESERVED),
        ("Indisponible", "6f49", 3, "abritel", BLOCKED),
        ("Not available", "0@ownerrez.com", 3, "other", UNCLEAR),
        ("Booked", "0", 289, "other", RESERVED),
        ("", "0", 1, "", RESERVED),
    ],
)
def test_a_booking_is_told_from_a_closure(
    summary: str, uid: str, length: int, platform: str, kind: str
) -> None:
    after = TODAY + timedelta(days=length)
    assert kind_of(summary, uid, first_night=TODAY, departure=after, platform=platform) == kind


def test_a_conflict_is_somebody_at_the_door() -> None:
    sold = (TODAY + timedelta(10), TODAY + timedelta(14))

    assert is_conflict(event(13, 20), sold)
    assert is_conflict(event(13, 20, kind=UNCLEAR), sold)
    assert not is_conflict(replace(event(13, 20), kind=BLOCKED), sold)
    # One leaves on the day on which the other arrives.
    assert not is_conflict(event(14, 20), sold)
    assert not is_conflict(event(2, 10), sold)


@pytest.mark.parametrize(
    ("host", "platform"),
    [
        ("www.airbnb.fr", "airbnb"),
        ("airbnb.com", "airbnb"),
        ("ical.booking.com", "booking"),
        ("www.abritel.fr", "abritel"),
        ("calendar.google.com", "google"),
        ("notairbnb.com", None),
        ("airbnb.com.evil.example", None),
        ("google.com", None),
        ("cal.office.example", "other"),
    ],
)
def test_hosts_are_known_by_their_end(host: str, platform: str | None) -> None:
    assert platform_of(host, ["office.example"]) == platform
