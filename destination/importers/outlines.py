"""Load outlines of communes (GeoJSON) and traces of walks (GPX) from files of the office.

A file is judged by what it holds, not by its name: its size, its shape, each position. Nothing of
a file that is refused is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.parsers import expat

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from destination.drawn_map import (
    EAST,
    NORTH,
    SOUTH,
    WEST,
    Position,
    length_of,
    metres_between,
    simplified,
)
from destination.models import Commune, CommuneOutline, Trail

MOST_BYTES = 12 * 1024 * 1024
MOST_FEATURES = 2000
MOST_POINTS = 400_000
# How far a stored line may stand from the one in the file, in metres.
OUTLINE_METRES = 60
TRAIL_METRES = 20
# How far an outline begins from the middle of its commune at most.
FARTHEST_METRES = 50_000
# What a walk climbs counts from that on; heights beyond those of the earth are none.
STEP_METRES = 5
LOWEST, HIGHEST = -500, 9000
# A page carries every point that is drawn.
MOST_POINTS_DRAWN = 20_000
PIECE = 256
DIGITS = 5
CODES = ("code", "insee", "INSEE_COM", "code_insee")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class OutlinesRefused(Exception):
    """A file that can't be read as outlines or as a trace; its text says why."""


@dataclass
class OutlinesReport:
    """What a file gave: outlines kept, the codes in it that name no commune of ours, a walk."""

    communes: int = 0
    unknown: list[str] = field(default_factory=list)
    trail: Trail | None = None


@transaction.atomic
def load_outlines(path: Path, *, name: str = "") -> OutlinesReport:
    """Load a GeoJSON of communes or a GPX trace; the same file again changes nothing.

    `name` is that of the walk where the file has none, else the name of the file. Raises
    OutlinesRefused, and keeps nothing then.
    """
    refuse_large(path.stat().st_size)
    content = _begun(path.read_bytes())
    if content.startswith(b"{"):
        return _load_communes(content)
    if content.startswith(b"<"):
        return _load_trail(content, name or path.stem)
    raise OutlinesRefused(_("The file is neither GeoJSON nor GPX."))


def refuse_large(size: int) -> None:
    """Raise OutlinesRefused for a file of more bytes than are read."""
    if size > MOST_BYTES:
        raise OutlinesRefused(
            _("The file is larger than %(most)s MB.") % {"most": MOST_BYTES >> 20}
        )


@transaction.atomic
def load_communes(content: bytes) -> OutlinesReport:
    """Load a GeoJSON of communes. Raises OutlinesRefused, and keeps nothing then."""
    refuse_large(len(content))
    begun = _begun(content)
    if begun.startswith(b"<"):
        raise OutlinesRefused(
            _("This is a GPX trace or another XML: a trace is sent below, with its itinerary.")
        )
    return _load_communes(begun)


@transaction.atomic
def load_way(content: bytes, *, itinerary: UUID, name: str) -> Trail:
    """Load a GPX trace as the way of an itinerary, in place of the one it had; return it.

    `itinerary` is the key that its page shares with its translations, `name` its title. Raises
    OutlinesRefused, and keeps what was there then.
    """
    refuse_large(len(content))
    begun = _begun(content)
    if begun.startswith((b"{", b"[")):
        raise OutlinesRefused(_("This is GeoJSON: outlines of communes are sent above."))
    reading = _read_gpx(begun)
    if not any(_is_on_map(one) for line in reading.lines for one in line):
        raise OutlinesRefused(_("The trace is elsewhere: none of its points is on our map."))
    way, _is_new = Trail.objects.update_or_create(
        itinerary=itinerary,
        defaults={
            # A marked walk of the same name keeps its own address on the map.
            "slug": f"{slugify(name)[:40] or 'way'}-{itinerary.hex[:8]}",
            "name": name[:120],
            **reading.measured(),
        },
    )
    return way


def take_way_away(itinerary: UUID) -> None:
    """Forget the way of an itinerary; one that has none stays without."""
    Trail.objects.filter(itinerary=itinerary).delete()


def _begun(content: bytes) -> bytes:
    return content.removeprefix(BYTE_ORDER_MARK).lstrip()


def _is_on_map(position: Position) -> bool:
    lon, lat = position
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


# --- Communes -----------------------------------------------------------------------------------
def _load_communes(content: bytes) -> OutlinesReport:
    features = _features(content)
    communes = {one.insee: one for one in Commune.objects.all()}
    report = OutlinesReport()
    found: dict[int, CommuneOutline] = {}
    budget = _Budget()
    for feature in features:
        code = _code_of(feature)
        rings = [
            [(round(lon, DIGITS), round(lat, DIGITS)) for lon, lat in _loop(ring)]
            for ring in _rings(feature.get("geometry"), budget)
        ]
        commune = communes.get(code)
        if commune is None:
            report.unknown.append(code)
        else:
            _refuse_elsewhere(commune, rings)
            found[commune.pk] = CommuneOutline(commune=commune, rings=rings)
    if not found:
        raise OutlinesRefused(_("No feature of the file has the INSEE code of a commune of ours."))
    CommuneOutline.objects.bulk_create(
        found.values(),
        update_conflicts=True,
        unique_fields=["commune"],
        update_fields=["rings"],
    )
    report.communes = len(found)
    return report


def _refuse_elsewhere(commune: Commune, rings: list[list[Position]]) -> None:
    """Raise OutlinesRefused for an outline that isn't where its commune is: it may be turned."""
    here = commune.longitude, commune.latitude
    if not any(metres_between(here, ring[0]) < FARTHEST_METRES for ring in rings):
        raise OutlinesRefused(
            _("The outline of %(name)s isn’t where the commune is: longitude comes first.")
            % {"name": commune.name}
        )


def _features(content: bytes) -> list[dict[str, Any]]:
    try:
        read = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise OutlinesRefused(_("The file is not JSON that can be read.")) from error
    if not isinstance(read, dict):
        raise OutlinesRefused(_("The file is JSON, but no GeoJSON collection of features."))
    features = read.get("features")
    is_collection = read.get("type") == "FeatureCollection"
    if (
        not is_collection
        or not isinstance(features, list)
        or not all(isinstance(one, dict) for one in features)
    ):
        raise OutlinesRefused(_("The file is JSON, but no GeoJSON collection of features."))
    if len(features) > MOST_FEATURES:
        raise OutlinesRefused(
            _("The file has more than %(most)s features.") % {"most": MOST_FEATURES}
        )
    return features


def _no_constant(word: str) -> float:
    raise ValueError(word)


def _code_of(feature: dict[str, Any]) -> str:
    """Return the INSEE code that a feature carries, as its id or among its properties."""
    properties = feature.get("properties")
    named = properties if isinstance(properties, dict) else {}
    given = (feature.get("id"), *(named.get(code) for code in CODES))
    return next((str(one)[:5] for one in given if isinstance(one, str | int) and one), "")


class _Budget:
    """How many positions a file may still hold."""

    def __init__(self) -> None:
        self.left = MOST_POINTS

    def take(self, lon: Any, lat: Any) -> Position:
        """Count a position and return it; raises OutlinesRefused for one that is none."""
        self.left -= 1
        if self.left < 0:
            raise OutlinesRefused(
                _("The file holds more than %(most)s points.") % {"most": MOST_POINTS}
            )
        numbers = [one for one in (lon, lat) if isinstance(one, int | float)]
        is_right = len(numbers) == 2 and not any(isinstance(one, bool) for one in numbers)
        # No number compares true with what isn't one.
        if not is_right or not (abs(lon) <= 180 and abs(lat) <= 90):
            raise OutlinesRefused(_("A position isn’t a longitude and a latitude in degrees."))
        return float(lon), float(lat)


def _rings(geometry: Any, budget: _Budget) -> Iterator[list[Position]]:
    """Return the rings of a polygon or of several, each with its positions checked."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise OutlinesRefused(_("A feature is neither a polygon nor several."))
    parts = geometry.get("coordinates")
    for polygon in [parts] if kind == "Polygon" else _list(parts):
        for ring in _list(polygon):
            line = [budget.take(*_list(one)[:2]) for one in _list(ring) if len(_list(one)) >= 2]
            if len(line) < 4:
                raise OutlinesRefused(_("A polygon has fewer than four points."))
            yield line


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise OutlinesRefused(_("A position isn’t a longitude and a latitude in degrees."))
    return value


def _loop(ring: list[Position]) -> list[Position]:
    """Return a ring with fewer points: each half of it, for its ends are the same point."""
    middle = len(ring) // 2
    first = _fewer(ring[: middle + 1], metres=OUTLINE_METRES)
    return first[:-1] + _fewer(ring[middle:], metres=OUTLINE_METRES)


def _fewer(line: list[Position], *, metres: float) -> list[Position]:
    """Return a line with fewer points, in a time that grows with their number alone.

    What stands near the point before goes first; the rest is simplified by pieces, for the time
    that a whole line takes grows with the square of a malicious one's points.
    """
    thinned = line[:1]
    for one in line[1:-1]:
        if metres_between(thinned[-1], one) > metres / 2:
            thinned.append(one)
    thinned += line[-1:] if len(line) > 1 else []
    pieces = range(0, max(1, len(thinned) - 1), PIECE)
    kept = [simplified(thinned[begin : begin + PIECE + 1], metres=metres) for begin in pieces]
    return [one for piece in kept for one in piece[:-1]] + thinned[-1:]


# --- Walks --------------------------------------------------------------------------------------
class _Gpx:
    """Reads tracks and routes; anything that a document type could bring in is refused."""

    def __init__(self) -> None:
        self.lines: list[list[Position]] = []
        # Of each point of each line in metres, None where it isn't told.
        self.heights: list[list[float | None]] = []
        self.name = ""
        self.text: list[str] = []
        self.open: list[str] = []
        self.budget = _Budget()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append

    def doctype(self, *_declared: Any) -> None:
        raise OutlinesRefused(_("The file declares a document type: that isn’t read."))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if not self.open and tag != "gpx":
            raise OutlinesRefused(_("The file is XML, but no GPX."))
        self.open.append(tag)
        self.text.clear()
        if tag in {"trkseg", "rte"}:
            self.lines.append([])
            self.heights.append([])
        elif tag in {"trkpt", "rtept"} and self.lines:
            self.lines[-1].append(self.position(attributes))
            self.heights[-1].append(None)

    def position(self, attributes: dict[str, str]) -> Position:
        try:
            numbers = float(attributes.get("lon", "")), float(attributes.get("lat", ""))
        except ValueError:
            numbers = math.nan, math.nan
        return self.budget.take(*numbers)

    def end(self, name: str) -> None:
        tag = self.open.pop()
        if tag == "name" and self.open[-1:] in (["trk"], ["rte"], ["metadata"]) and not self.name:
            self.name = "".join(self.text).strip()[:120]
        if tag == "ele" and self.open[-1:] in (["trkpt"], ["rtept"]) and self.heights:
            self.heights[-1][-1:] = [self.height("".join(self.text))]

    def height(self, text: str) -> float | None:
        try:
            metres = float(text)
        except ValueError:
            return None
        return metres if LOWEST < metres < HIGHEST else None

    def measured(self) -> dict[str, Any]:
        """Return what a walk keeps of it: fewer points, its length, its climb."""
        lines = [line for line in self.lines if len(line) > 1]
        drawn = [_fewer(line, metres=TRAIL_METRES) for line in lines]
        if sum(map(len, drawn)) > MOST_POINTS_DRAWN:
            raise OutlinesRefused(
                _("The file holds more than %(most)s points.") % {"most": MOST_POINTS_DRAWN}
            )
        told = [one for one in self.heights if len(one) > 1]
        is_told = all(height is not None for line in told for height in line)
        return {
            "length_metres": round(sum(length_of(line) for line in lines)),
            "climb_metres": round(sum(map(climb_of, told))) if is_told else None,
            "lines": [
                [(round(lon, DIGITS), round(lat, DIGITS)) for lon, lat in line] for line in drawn
            ],
        }


def climb_of(heights: Sequence[float | None]) -> float:
    """Return how much a line climbs in all, in metres, from the heights of its points.

    What rises by less than STEP_METRES before it falls again is the noise of the measure: summed
    up, it would make a mountain of a plain.
    """
    climbed, low, high = 0.0, None, None
    for height in heights:
        if height is None:
            continue
        if low is None or high is None:
            low = high = height
        elif height > high:
            high = height
        elif height < high - STEP_METRES or height < low:
            # It falls for good: what was climbed until here counts.
            climbed += high - low if high - low >= STEP_METRES else 0
            low = high = height
    return climbed + (high - low if high is not None and low is not None else 0)


def _read_gpx(content: bytes) -> _Gpx:
    """Return the lines of a GPX file; raises OutlinesRefused for a file without any."""
    if not content.startswith(b"<"):
        raise OutlinesRefused(_("The file is no GPX."))
    reading = _Gpx()
    try:
        reading.parser.Parse(content, True)
    # An encoding that nobody knows, or that the parser doesn't read, is told in other ways.
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise OutlinesRefused(_("The file is not XML that can be read.")) from error
    if not any(len(line) > 1 for line in reading.lines):
        raise OutlinesRefused(_("The file has neither a track nor a route."))
    return reading


def _load_trail(content: bytes, fallback: str) -> OutlinesReport:
    reading = _read_gpx(content)
    name = (reading.name or fallback).strip()[:120]
    trail, _is_new = Trail.objects.update_or_create(
        slug=slugify(name)[:50] or "trace", defaults={"name": name, **reading.measured()}
    )
    return OutlinesReport(trail=trail)
