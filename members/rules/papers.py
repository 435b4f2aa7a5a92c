"""The papers that are asked of a host: which, of whom, by which text of law; what is missing.

Data and sums only: words stand with the pages, numbers are looked at in `numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# What a house may offer; the order is that of the form.
FURNISHED, ROOMS, HOTEL, CAMPING = "furnished", "rooms", "hotel", "camping"
ACTIVITY, GUIDE, SPORT, MEAL = "activity", "guide", "sport", "meal"
PRODUCE, CHILDCARE, RENTAL, TRANSPORT = "produce", "childcare", "rental", "transport"
EVENT = "event"
ACTIVITIES = (
    *(FURNISHED, ROOMS, HOTEL, CAMPING, ACTIVITY, GUIDE, SPORT),
    *(MEAL, PRODUCE, CHILDCARE, RENTAL, TRANSPORT, EVENT),
)

EVERYBODY, PROFESSIONALS = "everybody", "professionals"
NUMBER, UNTIL, DOCUMENT = "number", "valid_until", "document"

# Where a paper stands.
MISSING, INCOMPLETE, TO_FIX, ENDED = "missing", "incomplete", "to_fix", "ended"
ENDING, GIVEN, ACCEPTED, OPTIONAL = "ending", "given", "accepted", "optional"
# What keeps a house from being sent to the office. A paper that ended is one to be given again.
BLOCKING = frozenset({MISSING, INCOMPLETE, TO_FIX, ENDED})

# Days before the end on which a host is reminded, once each; the day after it, once more.
REMINDERS = (60, 30, 7)
DAY_AFTER = -1


@dataclass(frozen=True)
class Paper:
    """One thing that is asked: `needs` lists groups, of each of which one part must be given.

    `of` are the activities that it is asked for, empty for every one; `source` is the text that
    asks it, "" where the office does by its contract.
    """

    code: str
    fields: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    of: frozenset[str] = frozenset()
    whom: str = EVERYBODY
    is_required: bool = True
    source: str = ""


@dataclass(frozen=True)
class Host:
    """What the rules must know of a house."""

    activities: frozenset[str]
    is_professional: bool


@dataclass(frozen=True)
class Given:
    """What a host gave for one paper, and what the office said of it."""

    number: str = ""
    valid_until: date | None = None
    has_document: bool = False
    is_to_fix: bool = False
    is_accepted: bool = False

    def has(self, part: str) -> bool:
        """Tell whether one part was given."""
        return {
            NUMBER: bool(self.number.strip()),
            UNTIL: self.valid_until is not None,
            DOCUMENT: self.has_document,
        }[part]


NOTHING = Given()
FULL = ((NUMBER,), (UNTIL,), (DOCUMENT,))

PAPERS: tuple[Paper, ...] = (
    Paper("house", (), ((NUMBER,),), source="Règlement (UE) 2022/2065, art. 30"),
    Paper(
        "siret",
        (NUMBER,),
        ((NUMBER,),),
        whom=PROFESSIONALS,
        source="Code de commerce, art. R123-237",
    ),
    Paper(
        "registration",
        (NUMBER, DOCUMENT),
        # The receipt of the declaration stands in for a number that has not come yet.
        ((NUMBER, DOCUMENT),),
        of=frozenset({FURNISHED}),
        source="Code du tourisme, art. L324-1-1",
    ),
    Paper(
        "rooms",
        (NUMBER, DOCUMENT),
        ((NUMBER, DOCUMENT),),
        of=frozenset({ROOMS}),
        source="Code du tourisme, art. L324-4",
    ),
    Paper(
        "classification",
        (NUMBER, UNTIL, DOCUMENT),
        FULL,
        of=frozenset({FURNISHED, HOTEL, CAMPING}),
        is_required=False,
        source="Code du tourisme, art. L324-1, D311-7",
    ),
    Paper("insurance", (NUMBER, UNTIL, DOCUMENT), FULL),
    Paper(
        "childcare",
        (NUMBER, UNTIL, DOCUMENT),
        FULL,
        of=frozenset({CHILDCARE}),
        source="Code de la santé publique, art. L2324-1",
    ),
    Paper(
        "guide",
        (NUMBER, DOCUMENT),
        ((NUMBER,), (DOCUMENT,)),
        of=frozenset({GUIDE}),
        source="Code du tourisme, art. L221-1",
    ),
    Paper(
        "sport",
        (NUMBER, UNTIL, DOCUMENT),
        FULL,
        of=frozenset({SPORT}),
        source="Code du sport, art. L212-1, R212-86",
    ),
    Paper(
        "transport",
        (NUMBER, UNTIL, DOCUMENT),
        FULL,
        of=frozenset({TRANSPORT}),
        source="Code des transports, art. L3113-1",
    ),
    Paper(
        "organic",
        (NUMBER, UNTIL, DOCUMENT),
        FULL,
        of=frozenset({MEAL, PRODUCE}),
        is_required=False,
        source="Règlement (UE) 2018/848, art. 35",
    ),
    Paper("labels", (NUMBER, UNTIL, DOCUMENT), FULL, is_required=False),
    Paper("seller", (), ((NUMBER,),), source="CGI, art. 1649 ter A"),
    Paper("contract", (), ((NUMBER,),)),
)
BY_CODE = {one.code: one for one in PAPERS}


def papers_of(host: Host) -> tuple[Paper, ...]:
    """Return what is asked of a house, required or not, in the order of the checklist."""
    return tuple(
        one
        for one in PAPERS
        if (not one.of or one.of & host.activities)
        and (one.whom == EVERYBODY or host.is_professional)
    )


def standing_of(paper: Paper, given: Given, *, today: date) -> str:
    """Return where a paper stands on a day; its last day is still a good one."""
    parts = [part for group in paper.needs for part in group]
    if not any(given.has(part) for part in parts):
        return MISSING if paper.is_required else OPTIONAL
    if given.is_to_fix:
        return TO_FIX
    if not all(any(given.has(part) for part in group) for group in paper.needs):
        return INCOMPLETE
    if given.valid_until is not None and given.valid_until < today:
        return ENDED
    if given.valid_until is not None and (given.valid_until - today).days <= REMINDERS[0]:
        return ENDING
    return ACCEPTED if given.is_accepted else GIVEN


def blocking(host: Host, given: Mapping[str, Given], *, today: date) -> tuple[str, ...]:
    """Return the codes of what is still to be done before the office is asked."""
    return tuple(
        one.code
        for one in papers_of(host)
        if standing_of(one, given.get(one.code, NOTHING), today=today) in BLOCKING
    )


def reminder_of(valid_until: date, *, today: date) -> int | None:
    """Return which reminder is due on a day: 60, 30, 7 or -1 (ended), None for none yet.

    The nearest one only: a day on which nothing ran doesn't make two at once.
    """
    left = (valid_until - today).days
    if left < 0:
        return DAY_AFTER
    return min((days for days in REMINDERS if left <= days), default=None)
