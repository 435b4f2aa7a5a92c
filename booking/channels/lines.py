"""The lines of a calendar file that say something of nights, within bounds that are counted.

One pass, before anything else reads the file: what a stranger wrote may take no longer than what
a real calendar of the same size takes. Titles are kept, for they tell a booking from a closure;
descriptions, addresses and attachments are never looked at (domain.md 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

FOLDS = re.compile(rb"\r?\n[ \t]")
BREAKS = re.compile(rb"\r?\n")
# As it is read afterwards: blanks in a name count for nothing.
NAME = re.compile(rb'([^;:"\\]*)[;:]')
BLANKS = re.compile(rb"[ \t]+")
PLAIN = re.compile(rb"[A-Z0-9-]+")
EDGE = re.compile(rb"(BEGIN|END):([A-Z0-9._-]+)[ \t]*")
NEEDED = {
    b"UID", b"SUMMARY", b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE",
    b"RECURRENCE-ID", b"SEQUENCE", b"STATUS", b"TRANSP",
}  # fmt: skip
# Texts: what is a separator elsewhere is none there.
TEXTS = {b"UID", b"SUMMARY"}
# Read apart, or not at all.
ZONE, ALARM = b"VTIMEZONE", b"VALARM"
LONGEST_LINE = 20_000
# Google's events have ten, and a line more for each day that is left out.
LINES_AN_EVENT, SPARE_LINES = 12, 2_000
# Values of lists and parameters: each is read by itself.
PARTS_AN_EVENT, SPARE_PARTS = 20, 10_000


class TooMuch(Exception):
    """More lines or values than events have."""


@dataclass
class Lines:
    """What is left of a file: its events, line by line, and the zones that it describes."""

    kept: list[bytes] = field(default_factory=list)
    zones: list[list[bytes]] = field(default_factory=list)
    events: int = 0
    parts: int = 0

    @property
    def text(self) -> bytes:
        """Return the kept lines as a file."""
        return b"\r\n".join([*self.kept, b""])


def lines_of(text: bytes) -> Lines:
    """Return the lines of a calendar that are of use, unfolded, zones apart and alarms left out.

    Raises ValueError where its parts don't close as they begin, TooMuch.
    """
    found = Lines()
    block, inside = b"", list[bytes]()
    for line in filter(None, BREAKS.split(FOLDS.sub(b"", text))):
        edge = _edge(line)
        if block:
            if edge == (b"END", block):
                if block == ZONE:
                    found.zones.append(inside)
                block, inside = b"", []
            elif edge is not None and edge[1] in {ZONE, ALARM, b"VEVENT", b"VCALENDAR"}:
                msg = "a part that doesn't end"
                raise ValueError(msg)
            else:
                inside.append(line)
        elif edge is not None and edge[1] in {ZONE, ALARM}:
            if edge[0] == b"END":
                msg = "a part that doesn't begin"
                raise ValueError(msg)
            block = edge[1]
        else:
            _keep(found, line, edge)
    if block:
        msg = "a part that doesn't end"
        raise ValueError(msg)
    _check(found)
    return found


def name_of(line: bytes) -> bytes:
    """Return the name of a line in capitals, "" where it has none."""
    told = NAME.match(line)
    return BLANKS.sub(b"", told[1]).upper() if told is not None else b""


def named(lines: list[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Give name, parameters and value of each line that has them."""
    for line in lines:
        name = name_of(line)
        before, colon, value = line.partition(b":")
        if name and colon:
            yield name, before.partition(b";")[2].upper(), value.strip()


def _edge(line: bytes) -> tuple[bytes, bytes] | None:
    """Return what a line begins or ends; raises ValueError where it is written in an odd way."""
    if name_of(line) not in {b"BEGIN", b"END"}:
        return None
    told = EDGE.fullmatch(line.upper())
    if told is None:
        msg = "a part with an odd name"
        raise ValueError(msg)
    return told[1], told[2]


def _keep(found: Lines, line: bytes, edge: tuple[bytes, bytes] | None) -> None:
    name = name_of(line)
    # A line without a proper name is kept: it is told as one that could not be read.
    if edge is None and name not in NEEDED and PLAIN.fullmatch(name):
        return
    found.events += edge == (b"BEGIN", b"VEVENT")
    listed = line.partition(b":")[0] if name in TEXTS else line
    found.parts += listed.count(b",") + listed.count(b";")
    if len(line) > LONGEST_LINE:
        raise TooMuch
    found.kept.append(line)


def _check(found: Lines) -> None:
    most_lines = SPARE_LINES + LINES_AN_EVENT * found.events
    most_parts = SPARE_PARTS + PARTS_AN_EVENT * found.events
    if len(found.kept) > most_lines or found.parts > most_parts:
        raise TooMuch
