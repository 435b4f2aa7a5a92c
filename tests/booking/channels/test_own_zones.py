"""Time zones that a calendar describes itself: the same hours as those that everybody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from booking.channels.steps import Steps
from booking.channels.zones import OwnZone, own_zones

MANY = 10**7


def clock(kind: str, begins: str, offset: str, more: str, *, was: str = "+0000") -> list[bytes]:
    told = f"BEGIN:{kind} DTSTART:{begins} TZOFFSETFROM:{was} TZOFFSETTO:{offset} {more} END:{kind}"
    return [line.encode() for line in told.split()]


def described(*clocks: list[bytes], name: str = "Own") -> OwnZone:
    lines = [f"TZID:{name}".encode(), *(line for one in clocks for line in one)]
    return own_zones([lines], Steps(MANY))[name]


ZONES = {
    "Europe/Paris": described(
        clock("DAYLIGHT", "19960331T020000", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        clock("STANDARD", "19961027T030000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
    ),
    # As it was described in 2006, its old rules ended, the new ones begun.
    "America/New_York": described(
        clock("DAYLIGHT", "19870405T020000", "-0400",
              "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z", was="-0500"),
        clock("STANDARD", "19671029T020000", "-0500",
              "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z", was="-0400"),
        clock("DAYLIGHT", "20070311T020000", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
        clock("STANDARD", "20071104T020000", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
    ),
    # Given up, once for all, on a day that is listed.
    "Asia/Istanbul": described(
        clock("STANDARD", "20070325T000000", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;"
              "UNTIL=20141026T010000Z", was="+0300"),
        clock("DAYLIGHT", "20070325T030000", "+0300", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;"
              "UNTIL=20130331T010000Z", was="+0200"),
        clock("DAYLIGHT", "20140331T030000", "+0300", "RDATE:20150329T030000,20160327T030000"),
        clock("STANDARD", "20151108T040000", "+0200", "X-KNOWN:1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
# The last change of a rule is the moment at which it ends.
@example(moment=datetime(2013, 4, 1))
@given(moment=st.datetimes(datetime(2006, 1, 1), datetime(2060, 1, 1)))
def test_a_zone_of_its_own_has_the_hours_of_the_one_that_it_describes(
    name: str, moment: datetime
) -> None:
    # In 2011 Turkey waited a day for an examination: nobody describes that.
    assume(name != "Asia/Istanbul" or moment.year >= 2012)
    known, own, at = ZoneInfo(name), ZONES[name], moment.replace(tzinfo=UTC)
    # Within hours of a change a wall time may mean two moments, or none.
    around = {(at + timedelta(hours=n)).astimezone(known).utcoffset() for n in (-5, 5)}
    assume(len(around) == 1)

    there = at.astimezone(own)

    assert there.replace(tzinfo=None) == at.astimezone(known).replace(tzinfo=None)
    assert there.astimezone(UTC) == at


def test_before_all_changes_the_first_clock_counts() -> None:
    zone = described(clock("STANDARD", "20270101T000000", "+0330", ""))
    assert zone.utcoffset(datetime(2020, 1, 1)) == timedelta(hours=3, minutes=30)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        clock("STANDARD", "never", "+0100", ""),
        clock("STANDARD", "20270101T000000", "+2500", ""),
        clock("STANDARD", "20270101T000000", "x", ""),
        clock("STANDARD", "20270101T000000", "+0100", "RRULE:FREQ=YEARLY"),
        clock("STANDARD", "20270101T000000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=1;INTERVAL=2"),
        clock("STANDARD", "20270101T000000", "+0100", "RRULE:FREQ=DAILY;BYMONTH=1"),
        clock("STANDARD", "20270101T000000", "+0100", "RDATE:never"),
        clock("STANDARD", "20270101T000000", "+0100", "EXRULE:FREQ=YEARLY;BYMONTH=1"),
    ],
)
def test_a_zone_that_no_clock_has_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError):
        described(lines)
