"""The clock changes that calendar files carry are those of Paris, to the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from oti.lib.clock_changes import never_bare, paris_zone, paris_zone_text

PARIS = ZoneInfo("Europe/Paris")
MINUTE = timedelta(minutes=1)


def changes_of(part: Any) -> list[datetime]:
    """Return the moments up to 2060, as RFC 5545 reads them: on the clock before the change."""
    rule = rrulestr(part["RRULE"].to_ical().decode(), dtstart=part.decoded("DTSTART"))
    begins = rule.between(datetime(1996, 1, 1), datetime(2060, 1, 1))
    return [(one - part.decoded("TZOFFSETFROM")).replace(tzinfo=UTC) for one in begins]


@pytest.mark.parametrize("part", paris_zone().subcomponents, ids=lambda part: part.name)
def test_each_change_is_one_of_paris(part: Any):
    changes = changes_of(part)

    assert len(changes) == 2060 - 1996
    for at in changes:
        assert (at - MINUTE).astimezone(PARIS).utcoffset() == part.decoded("TZOFFSETFROM")
        assert at.astimezone(PARIS).utcoffset() == part.decoded("TZOFFSETTO")


def test_it_is_a_zone_of_that_name_with_lines_as_a_file_wants_them():
    assert paris_zone_text().startswith(b"BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n")
    assert paris_zone_text().endswith(b"END:VTIMEZONE\r\n")


def test_only_a_calendar_without_entries_is_given_one():
    bare, full = Calendar(), Calendar()
    full.add_component(Calendar())

    never_bare(bare)
    never_bare(full)

    assert [one.name for one in bare.subcomponents] == ["VTIMEZONE"]
    assert [one.name for one in full.subcomponents] == ["VCALENDAR"]
