"""What calendars of other platforms mean for the nights of a unit (domain.md 5.2).

A calendar is a set of events, an event is a set of nights. The identifier of an event isn't
stable: platforms give the same block another one, and other dates under the same one, every day.
So an event is its identifier *and* its nights, and everything that is decided is decided on
nights: what is added closes at once, what is missing opens only after several good readings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# Somebody booked there; the platform or the host closed; the platform says the same for both.
RESERVED = "reserved"
BLOCKED = "blocked"
UNCLEAR = "unclear"

# Good readings, and the time between the first and the last of them, before nights open again.
GOOD_READINGS = 3
GOOD_FOR = timedelta(minutes=60)
# What lasts longer was no booking: the end of a sales window, a season.
LONGEST_BOOKING = 90
# These say « reserved » when somebody booked: their « not available » is a closure. Others write
# the same words for both ("CLOSED - Not available").
CLEAR_PLATFORMS = {"airbnb", "abritel"}
CLEAR_DOMAIN = "@airbnb.com"
BLOCK_WORDS = (
    "not available",
    "unavailable",
    "indisponible",
    "blocked",
    "bloqu",
    "closed",
    "fermé",
    "nicht verfügbar",
    "gesperrt",
)

Nights = tuple[date, date]


@dataclass(frozen=True, order=True)
class OuterEvent:
    """Nights `[first_night, departure)` that another calendar takes, and the kind of it."""

    uid: str
    first_night: date
    departure: date
    kind: str = RESERVED

    @property
    def key(self) -> tuple[str, date, date]:
        """Return what makes it the same event at the next reading."""
        return self.uid, self.first_night, self.departure


@dataclass(frozen=True)
class KnownEvent:
    """An event as it was written down, and since when the calendar no longer has it."""

    event: OuterEvent
    missing_since: datetime | None = None
    missing_count: int = 0


@dataclass(frozen=True)
class Comparison:
    """What a good reading changes; nothing at all where it is empty."""

    added: tuple[OuterEvent, ...] = ()
    changed: tuple[OuterEvent, ...] = ()
    back: tuple[OuterEvent, ...] = ()
    missing: tuple[KnownEvent, ...] = ()
    gone: tuple[OuterEvent, ...] = ()
    # Under way: their nights from today on are gone, those before stay told.
    cut: tuple[OuterEvent, ...] = ()

    @property
    def has_nights(self) -> bool:
        """Tell whether nights come or go."""
        return any((self.added, self.gone, self.cut))

    def __bool__(self) -> bool:
        return self.has_nights or any((self.changed, self.back, self.missing))


def kind_of(
    summary: str, uid: str, *, first_night: date, departure: date, platform: str = ""
) -> str:
    """Tell a booking from a closure by the only words that platforms give (features.md I03)."""
    words = summary.casefold()
    if not any(word in words for word in BLOCK_WORDS):
        return RESERVED
    is_long = (departure - first_night).days > LONGEST_BOOKING
    is_clear = platform in CLEAR_PLATFORMS or uid.endswith(CLEAR_DOMAIN)
    return BLOCKED if is_long or is_clear else UNCLEAR


def compare(
    known: Iterable[KnownEvent],
    seen: Iterable[OuterEvent],
    *,
    today: date,
    now: datetime,
    opens_at_once: bool = False,
) -> Comparison:
    """Return what a good reading changes in what is known.

    What is over is left alone: calendars drop the past, and some drop a booking on the day it
    begins, so a booking under way stays as it was while its name isn't told with other dates
    (domain.md §5.2.4). What is missing is gone after GOOD_READINGS of them in a row over GOOD_FOR,
    or at once where its host says so; of what is under way, the nights from today on: windows of
    closed nights move on from day to day.
    """
    before = {one.event.key: one for one in known if one.event.departure > today}
    after = {one.key: one for one in seen if one.departure > today}
    told = {one.uid for one in after.values()}
    missing: list[KnownEvent] = []
    gone: list[OuterEvent] = []
    for key, one in sorted(before.items()):
        if key in after:
            continue
        is_kept = _is_guest_of_today(one.event, today) and one.event.uid not in told
        if is_kept and not opens_at_once:
            continue
        since, count = one.missing_since or now, one.missing_count + 1
        if opens_at_once or (count >= GOOD_READINGS and now - since >= GOOD_FOR):
            gone.append(one.event)
        elif count <= GOOD_READINGS:
            missing.append(KnownEvent(one.event, since, count))
    return Comparison(
        added=tuple(one for key, one in sorted(after.items()) if key not in before),
        changed=tuple(
            one
            for key, one in sorted(after.items())
            if key in before and before[key].event.kind != one.kind
        ),
        back=tuple(
            one
            for key, one in sorted(after.items())
            if key in before and before[key].missing_since is not None
        ),
        missing=tuple(missing),
        gone=tuple(one for one in gone if one.first_night >= today),
        cut=tuple(one for one in gone if one.first_night < today),
    )


def is_emptied(known: Iterable[KnownEvent], seen: Collection[OuterEvent], *, today: date) -> bool:
    """Tell whether a calendar lost all that was to come: more likely a fault than true.

    Closed nights under way count, and what earlier readings no longer had: a file without anything
    tells nothing. A booking under way doesn't: platforms drop it.
    """
    if any(one.departure > today for one in seen):
        return False
    return any(
        one.event.departure > today and not _is_guest_of_today(one.event, today) for one in known
    )


def _is_guest_of_today(event: OuterEvent, today: date) -> bool:
    """Tell whether an event may be people who are there already."""
    return event.first_night <= today and event.kind != BLOCKED


def union(spans: Iterable[Nights]) -> list[Nights]:
    """Return the nights of all spans as the fewest spans, in order; neighbours become one."""
    found: list[Nights] = []
    for first, after in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], after))
        else:
            found.append((first, after))
    return found


def without(spans: Sequence[Nights], taken: Iterable[Nights]) -> list[Nights]:
    """Return what is left of spans, in order, once the nights of others are taken away."""
    left = list(spans)
    for start, end in union(taken):
        cut: list[Nights] = []
        for first, after in left:
            cut += [
                one
                for one in ((first, min(after, start)), (max(first, end), after))
                if one[0] < one[1]
            ]
        left = cut
    return left


def is_conflict(event: OuterEvent, sold: Nights) -> bool:
    """Tell whether an event and nights that we sold need somebody to settle them.

    A closure isn't somebody at the door; a booking elsewhere, or what may be one, is.
    """
    meets = event.first_night < sold[1] and event.departure > sold[0]
    return meets and event.kind != BLOCKED


# The names that each platform serves calendars under, and whatever is below them.
PLATFORMS: Mapping[str, frozenset[str]] = {
    "airbnb": frozenset(
        {"airbnb.com", "airbnb.fr", "airbnb.de", "airbnb.es", "airbnb.it", "airbnb.nl"}
        | {"airbnb.be", "airbnb.ch", "airbnb.at", "airbnb.ca", "airbnb.ie", "airbnb.pt"}
        | {"airbnb.co.uk", "airbnb.com.au", "airbnb.com.br", "airbnb.pl", "airbnb.se", "airbnb.dk"}
    ),
    "booking": frozenset({"booking.com"}),
    "abritel": frozenset(
        {"abritel.fr", "vrbo.com", "homeaway.com", "homeaway.fr", "fewo-direkt.de", "expedia.com"}
    ),
    "gites": frozenset({"gites-de-france.com", "itea.fr", "clevacances.com"}),
    "google": frozenset({"calendar.google.com"}),
    "other": frozenset(
        {"smoobu.com", "lodgify.com", "ownerrez.com", "beds24.com", "guesty.com", "hostaway.com"}
        | {"elloha.com", "weebnb.com", "morningcroissant.fr", "tripadvisor.com", "holidu.com"}
        | {"leboncoin.fr", "icloud.com", "outlook.office365.com", "outlook.live.com"}
    ),
}


def platform_of(host: str, extra: Iterable[str] = ()) -> str | None:
    """Return whose host it is ("other" for those that only the office knows), None for nobody's.

    A host below a known one counts for it: `ical.booking.com`.
    """
    for platform, known in PLATFORMS.items():
        if any(host == one or host.endswith(f".{one}") for one in known):
            return platform
    is_extra = any(host == one or host.endswith(f".{one}") for one in extra)
    return "other" if is_extra else None
