"""What the files of the catalogue say, read strictly: an unknown or missing key is an error."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parent / "catalogue"

Words = dict[str, str]
Cells = list[int | Decimal]


@dataclass(frozen=True)
class PolicyData:
    """A cancellation policy: `steps` are [hours before, percent given back].

    `kinds` are those of offers that hosts may choose it for; none: every one.
    """

    code: str
    name: Words
    summary: Words
    steps: list[list[int]]
    flat_fee: Decimal = Decimal(0)
    kinds: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ProviderData:
    """A host; a private person is not professional; `mandate` is the day it was signed."""

    slug: str
    name: str
    hosts: str
    commune: str
    address: str
    story: Words
    is_professional: bool = True
    mandate: date | None = None
    # Nobody’s face: hosts send their own photograph.
    portrait: str = "gite"


@dataclass(frozen=True)
class RoomData:
    """Equal units with one price list.

    `sleeps` is [adults, children, guests, cots], `nights` the price in euros of a night in
    [low, middle, high] season, for `included` persons; `weekend` replaces it on Fridays and
    Saturdays out of the high season.
    """

    name: Words
    sleeps: list[int]
    nights: list[int | Decimal]
    count: int = 1
    included: int = 2
    extra: int | Decimal = 0
    weekend: int | Decimal | None = None


@dataclass(frozen=True)
class ExceptionData:
    """Another price on a few dates, in euros a night, by room in their order."""

    season: str
    amounts: list[int | Decimal]


@dataclass(frozen=True)
class LodgingData:
    """An offer sold by the night.

    `supplements` are written « cleaning 60 »; `closed` and `keep_free` are seasons: nights that
    aren't sold, weeks that the demo never shows as taken; `busy` is the share of weeks taken.
    """

    slug: str
    provider: str
    type: str
    tax: str
    title: Words
    summary: Words
    description: Words
    rooms: list[RoomData]
    illustration: str
    bedrooms: int | None = None
    commune: str = ""
    policy: str = "moderee"
    features: list[str] = field(default_factory=list)
    supplements: list[str] = field(default_factory=list)
    climate: str = "plain"
    saturdays: bool = False
    min_stay: int = 1
    max_stay: int | None = None
    closed: list[str] = field(default_factory=list)
    exceptions: list[ExceptionData] = field(default_factory=list)
    keep_free: list[str] = field(default_factory=list)
    busy: Decimal = Decimal("0.45")
    vat: str = "0.10"
    hours: list[str] = field(default_factory=lambda: ["16:00", "20:00", "10:00"])
    near: str = ""
    number: int = 0


@dataclass(frozen=True)
class DatesData:
    """When something takes place: weekdays, hours and the seasons in which it does."""

    days: str
    at: list[str]
    season: list[str] = field(default_factory=lambda: ["01-01..12-31 +1"])


@dataclass(frozen=True)
class SlotOfferData:
    """An offer sold by the slot.

    `prices` are [from age, to age, euros], the last without upper age; or `item` is the price
    of one piece. `most_sold` is the largest share of places that its host
    sells elsewhere: the demo puts the others on sale.
    """

    slug: str
    provider: str
    kind: str
    title: Words
    summary: Words
    description: Words
    illustration: str
    capacity: int
    minutes: int
    dates: list[DatesData]
    prices: list[Cells] = field(default_factory=list)
    item: int | Decimal | None = None
    item_name: Words = field(default_factory=dict)
    commune: str = ""
    place: Words = field(default_factory=dict)
    near: str = ""
    policy: str = "souple"
    features: list[str] = field(default_factory=list)
    supplements: list[str] = field(default_factory=list)
    max_age: int | None = None
    min_advance: int = 0
    most_sold: Decimal = Decimal(1)
    vat: str = "0.20"
    sides: dict[str, int] = field(default_factory=dict)
    deposit: int | Decimal | None = None
    season_months: list[int] = field(default_factory=list)
    permit: dict[str, str] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TicketData:
    """What it costs to enter an event, and how many may."""

    prices: list[Cells]
    capacity: int
    policy: str = "billets"
    vat: str = "0.055"
    most_sold: Decimal = Decimal(1)
    features: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class EventData:
    """Something that happens; with tickets its dates are slots of a ticket offer."""

    slug: str
    organiser: str
    title: Words
    summary: Words
    description: Words
    illustration: str
    place: Words
    minutes: int
    dates: list[DatesData]
    commune: str = ""
    near: str = ""
    tickets: TicketData | None = None
    is_free: bool = False


@dataclass(frozen=True)
class ReadyStepData:
    """A step of a ready-made stay; hours are written « 19:30 », `or_` are what may replace it."""

    day: int
    offer: str
    or_: list[str] = field(default_factory=list)
    from_: str = ""
    until: str = ""
    choose: int = 1
    lasts: int | None = None
    who: str = "everybody"
    optional: bool = False
    note: Words = field(default_factory=dict)


@dataclass(frozen=True)
class ReadyStayData:
    """A stay that the office wrote: `months` and `party` are both [first, last]."""

    slug: str
    themes: list[str]
    nights: int
    months: list[int]
    party: list[int]
    illustration: str
    title: Words
    summary: Words
    description: Words
    included: Words
    excluded: Words
    steps: list[ReadyStepData]


@dataclass(frozen=True)
class Catalogue:
    """Everything that the demo offers."""

    policies: list[PolicyData]
    providers: list[ProviderData]
    lodgings: list[LodgingData]
    slot_offers: list[SlotOfferData]
    events: list[EventData]
    ready_stays: list[ReadyStayData]


@cache
def read_catalogue() -> Catalogue:
    """Read all files of the catalogue; TypeError on a key that nobody knows."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(CATALOGUE.glob("*.toml")):
        content = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        for name, rows in content.items():
            tables.setdefault(name, []).extend(rows)
    known = {"policy", "provider", "lodging", "offer", "event", "ready"}
    if set(tables) != known:
        msg = f"tables {sorted(set(tables) ^ known)} are unknown or missing"
        raise TypeError(msg)
    return Catalogue(
        policies=[PolicyData(**row) for row in tables["policy"]],
        providers=[ProviderData(**row) for row in tables["provider"]],
        lodgings=[_lodging(row) for row in tables["lodging"]],
        slot_offers=[_slot_offer(row) for row in tables["offer"]],
        events=[_event(row) for row in tables["event"]],
        ready_stays=[_ready_stay(row) for row in tables["ready"]],
    )


def catalogue_version(*folders: Path) -> str:
    """Return a short hash of the demo's sources: this package and the given data folders."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).resolve().parent, *folders):
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".py", ".toml", ".html", ".csv", ".json"}:
                digest.update(file.name.encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _lodging(row: dict[str, Any]) -> LodgingData:
    rooms = [RoomData(**room) for room in row.pop("rooms")]
    exceptions = [ExceptionData(**one) for one in row.pop("exceptions", [])]
    return LodgingData(rooms=rooms, exceptions=exceptions, **row)


def _slot_offer(row: dict[str, Any]) -> SlotOfferData:
    return SlotOfferData(dates=_dates(row), **row)


def _event(row: dict[str, Any]) -> EventData:
    tickets = row.pop("tickets", None)
    return EventData(dates=_dates(row), tickets=TicketData(**tickets) if tickets else None, **row)


def _ready_stay(row: dict[str, Any]) -> ReadyStayData:
    # Two keys of the file are words of the language.
    reserved = {"or": "or_", "from": "from_"}
    steps = [
        ReadyStepData(**{reserved.get(name, name): value for name, value in step.items()})
        for step in row.pop("steps")
    ]
    return ReadyStayData(steps=steps, **row)


def _dates(row: dict[str, Any]) -> list[DatesData]:
    return [DatesData(**one) for one in row.pop("dates")]
