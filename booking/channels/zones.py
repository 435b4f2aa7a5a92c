"""Time zones that a calendar describes itself: left out where the name says enough, else bounded.

A zone's rules are counted out from their first year for each moment that is read in it: what a
stranger writes there could keep a process busy for hours.
"""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

FOLDS = re.compile(rb"\r?\n[ \t]")
ZONES = re.compile(rb"^BEGIN:VTIMEZONE\s*?$.*?^END:VTIMEZONE\s*?$\r?\n?", re.I | re.M | re.S)
NAME = re.compile(rb"^TZID[^:\r\n]*:([^\r\n]*)", re.I | re.M)
RULE = re.compile(rb"^RRULE[^:\r\n]*:([^\r\n]*)", re.I | re.M)
CHANGES = re.compile(rb"^BEGIN:(?:STANDARD|DAYLIGHT)", re.I | re.M)
MOST_ZONES, MOST_CHANGES, LONGEST_ZONE = 5, 60, 20_000
# In a zone of its own each event costs what its rules cost.
MOST_EVENTS = 500
# "The last Sunday of March", with its end: what clocks do.
PARTS = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"}


def without_known_zones(text: bytes, events: int) -> bytes:
    """Return a calendar with its lines unfolded, without the zones that everybody knows by name.

    Raises ValueError where it describes a zone that no clock has, or too many of them.
    """
    others: list[bytes] = []

    def keep(found: re.Match[bytes]) -> bytes:
        name = NAME.search(found[0])
        if name is not None and name[1].strip() in _names():
            return b""
        others.append(found[0])
        return found[0]

    left = ZONES.sub(keep, FOLDS.sub(b"", text))
    for one in others:
        _check(one)
    # A zone that begins in another way than it was looked for isn't one to be followed.
    if left.upper().count(b"VTIMEZONE") != 2 * len(others):
        msg = "a zone that was not looked at"
        raise ValueError(msg)
    if others and (len(others) > MOST_ZONES or events > MOST_EVENTS):
        msg = "too many zones of its own"
        raise ValueError(msg)
    return left


def _check(zone: bytes) -> None:
    """Raise ValueError for a zone whose rules take long to follow."""
    if len(CHANGES.findall(zone)) > MOST_CHANGES or len(zone) > LONGEST_ZONE:
        msg = "too many changes in a zone"
        raise ValueError(msg)
    for rule in RULE.findall(zone):
        parts = dict(part.partition(b"=")[::2] for part in rule.strip().upper().split(b";"))
        names = {name.decode("ascii", "replace") for name in parts}
        is_yearly = parts.get(b"FREQ") == b"YEARLY"
        is_once = b"BYMONTH" in parts and not any(b"," in value for value in parts.values())
        if not names <= PARTS or not is_yearly or not is_once:
            msg = "no clock changes like that"
            raise ValueError(msg)


@cache
def _names() -> frozenset[bytes]:
    return frozenset(name.encode() for name in available_timezones())
