"""Whatever a calendar file says, reading it takes a bounded number of steps: none hangs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.channels import steps
from booking.channels.ical import Unbelievable, read_calendar
from tests.booking.channels.counting import at_most
from tests.booking.channels.platform import calendar

TODAY = date(2027, 4, 6)
# A tenth of what a file may take, for files of a fifth of their size.
MOST_STEPS, BYTES = 30_000, 200_000
# What an honest calendar of that size takes.
MOST_CALLS = 3_000_000


@pytest.fixture(autouse=True, scope="module")
def _fewer_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "MOST_STEPS", MOST_STEPS)
        yield


def read(body: bytes) -> str:
    """Return "read", or why it isn't believed; fails where that takes too long."""
    with at_most(MOST_CALLS):
        try:
            read_calendar(body, today=TODAY)
        except Unbelievable as doubt:
            return str(doubt.code)
    return "read"


def event(more: str, start: str = ";VALUE=DATE:20270110", uid: str = "a") -> str:
    return f"UID:{uid}\nDTSTART{start}\n{more}"


def series(count: int, rule: str, start: str = ";VALUE=DATE:19700101", uid: str = "") -> bytes:
    return calendar(*(event(f"RRULE:{rule}", start, uid or str(n)) for n in range(count)))


def full(before: str, unit: str, after: str = "") -> bytes:
    """Return a large file, one thing again and again."""
    begin, end = f"BEGIN:VCALENDAR\r\n{before}", f"{after}END:VCALENDAR\r\n"
    times = (BYTES - len(begin) - len(end)) // len(unit)
    return f"{begin}{unit * times}{end}".encode()


def zone(more: str, *events: str) -> bytes:
    told = (
        "BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T020000\r\n"
        f"TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\n{more}\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\nBEGIN:VEVENT"
    )
    return calendar(*events).replace(b"BEGIN:VEVENT", told.encode(), 1)


BEGIN = "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:20270710\r\n"
END = "END:VEVENT\r\n"
OWN = ";TZID=Own:20270110T100000"
CASES = {
    **{
        f"{name} by nothing": (series(1, f"FREQ={name};INTERVAL=0;BYMONTH=2"), "bad_event")
        for name in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
    },
    "backwards": (series(1, "FREQ=DAILY;INTERVAL=-1;BYMONTH=2"), "bad_event"),
    "without a frequency": (series(1, "COUNT=3"), "bad_event"),
    "never": (series(1, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "read"),
    "never, counted, often": (
        series(200, "FREQ=DAILY;COUNT=3;BYMONTH=2;BYMONTHDAY=30"),
        "too_many_events",
    ),
    "each day, often": (series(200, "FREQ=DAILY", uid="a"), "too_many_events"),
    "far apart": (series(200, f"FREQ=YEARLY;INTERVAL={10**9}"), "read"),
    "counted for ever": (
        series(1, f"FREQ=DAILY;COUNT={10**9}", ";VALUE=DATE:20200110"),
        "read",
    ),
    "weeks of a year": (series(1, "FREQ=YEARLY;BYWEEKNO=20"), "bad_event"),
    "many rules": (calendar(event("RRULE:FREQ=DAILY\n" * 300)), "bad_event"),
    "a rule with many days": (
        series(1, f"FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 900)}"),
        "too_many_events",
    ),
    "moved times": (
        calendar(
            *[event("RRULE:FREQ=YEARLY")] * 60,
            *[event("RECURRENCE-ID;VALUE=DATE:20270711")] * 1200,
        ),
        "read",
    ),
    "lines that say nothing": (full(BEGIN, "A;B=C:1\r\n", END), "read"),
    "lines without a name": (full(BEGIN, "=\r\n", END), "too_many_events"),
    "one line again": (full(BEGIN, "UID:1\r\n", END), "too_many_events"),
    "parameters": (full(BEGIN, f"SUMMARY{';A=B' * 200}:x\r\n", END), "too_many_events"),
    "exceptions": (full(f"{BEGIN}EXDATE;VALUE=DATE:20270710", ",20270710", f"\r\n{END}"),
                   "too_many_events"),
    "line breaks": (full(BEGIN, "\n", END), "read"),
    "folds": (full(BEGIN, "\n ", END), "read"),
    "parts in parts": (full("", "BEGIN:X\r\n"), "too_many_events"),
    "zones without an end": (full("", "BEGIN:VTIMEZONE\r\n"), "unreadable"),
    "zones without a clock": (full("", "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"), "unreadable"),
    "an alarm that hides events": (
        calendar("BEGIN:VALARM\nEND:VEVENT\nBEGIN:VEVENT\n" + event("")),
        "unreadable",
    ),
    "the end of a zone without its beginning": (calendar("END:VTIMEZONE"), "unreadable"),
    "a zone by another name": (
        calendar(event("BEGIN:V\\TIMEZONE\nTZID:Own\nEND:V\\TIMEZONE")),
        "unreadable",
    ),
    "a clock set by nothing": (
        zone("RRULE:FREQ=YEARLY;INTERVAL=0;BYMONTH=2", event("", OWN)),
        "unreadable",
    ),
    "a clock left alone each second": (zone("EXRULE:FREQ=SECONDLY", event("", OWN)), "unreadable"),
    "a clock that is never set": (
        zone("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", event("", OWN)),
        "read",
    ),
    "each day in a zone of its own": (
        zone("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=1SU",
             *[event("RRULE:FREQ=DAILY", OWN)] * 200),
        "too_many_events",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_made_to_take_long_takes_as_long_as_others(name: str) -> None:
    body, told = CASES[name]
    assert read(body) == told


def test_a_large_honest_calendar_is_read() -> None:
    more = "DTEND;VALUE=DATE:20270112\nSUMMARY:Reserved\nDESCRIPTION:x\nSTATUS:CONFIRMED"
    events = [event(more, uid=str(n)) for n in range(1500)]
    with at_most(MOST_CALLS):
        assert read_calendar(calendar(*events), today=date(2027, 1, 1)).events


def test_a_zone_that_one_calendar_describes_means_nothing_in_another() -> None:
    """A stranger's "Own" must not move the nights of everybody who has a zone of that name."""
    late = ";TZID=Own:20270710T230000"
    (moved,) = read_calendar(zone("", event("", late)), today=TODAY).events
    (other,) = read_calendar(calendar(event("", late)), today=TODAY).events
    assert (moved.first_night, other.first_night) == (date(2027, 7, 11), date(2027, 7, 10))


def test_an_alarm_of_an_event_changes_nothing() -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nUID:x\nEND:VALARM"
    (found,) = read_calendar(
        calendar(event(f"{alarm}\nDURATION:P3D")), today=date(2027, 1, 1)
    ).events
    assert (found.departure - found.first_night).days == 3


# --- Anything that looks like a calendar ----------------------------------------------------------
numbers = st.sampled_from(["0", "1", "2", "-1", "7", "30", "31", "366", "99999999999", "x", ""])
moments = st.sampled_from(
    ["19700101", "20270110", "20270230", "20270710T220000Z", "20270710T100000", "00010101", "x"]
)
parts = st.one_of(
    st.builds("INTERVAL={}".format, numbers),
    st.builds("COUNT={}".format, numbers),
    st.builds("UNTIL={}".format, moments),
    st.builds("{}={}".format, st.sampled_from(
        ["BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS", "BYWEEKNO", "BYHOUR", "BYEASTER"]
    ), numbers),
    st.builds("BYDAY={}{}".format, st.sampled_from(["", "1", "-1", "5", "53", "0"]),
              st.sampled_from(["MO", "SU", "XX", ""])),
    st.sampled_from(["WKST=SU", "FREQ=DAILY", "X=1", ""]),
)  # fmt: skip
rules = st.builds(
    lambda name, some: ";".join([f"FREQ={name}", *some]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "", "NEVER"]),
    st.lists(parts, max_size=4),
)
zones = st.sampled_from(["", ";TZID=Own", ";TZID=Europe/Paris", ";VALUE=DATE", ";TZID=", ";"])
lines = st.one_of(
    st.builds("RRULE:{}".format, rules),
    st.builds("{}{}:{}".format, st.sampled_from(
        ["DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID", "EXRULE"]
    ), zones, moments),
    st.sampled_from([
        "UID:a", "SEQUENCE:x", "DURATION:P3D", "DURATION:-P1Y", "STATUS:CANCELLED", "TZID:Own",
        "TZOFFSETTO:-0500", "TZOFFSETTO:+9900", "TZOFFSETFROM:x", "BEGIN:VEVENT", "END:VEVENT",
        "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD", "BEGIN:VALARM",
        "END:VALARM", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN :VTIMEZONE", "x", " x", "\r", "",
        "RRULE", "RRULE:", "RRULE;FREQ=DAILY", "DTSTART;;VALUE=DATE:20270110", "UID;A=\":\":b",
    ]),
)  # fmt: skip
events = st.builds(
    lambda start, some: "\n".join([f"DTSTART{start}", *some]),
    st.sampled_from([";VALUE=DATE:19700101", ";VALUE=DATE:20270110", OWN, ":20270110T100000Z"]),
    st.lists(lines, max_size=5),
)
clocks = st.builds(
    lambda begins, some: "\r\n".join([f"DTSTART:{begins}", *some]),
    moments,
    st.lists(lines, max_size=3),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(told=st.lists(events, min_size=1, max_size=4), again=st.integers(1, 20), clock=clocks)
def test_nothing_that_looks_like_a_calendar_takes_long_or_breaks(
    told: list[str], again: int, clock: str
) -> None:
    read(calendar(*told * again))
    read(zone(clock, *told * again))


@given(st.lists(lines, max_size=40))
def test_lines_in_any_order_are_read_or_refused(some: list[str]) -> None:
    read("\r\n".join(["BEGIN:VCALENDAR", *some, "END:VCALENDAR"]).encode())
