"""Maps of the destination's own pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import template
from django.utils import timezone

from destination.map_box import WIDE, Pin, map_box
from destination.models import Pole
from destination.outlines import pole_shapes, way_of
from destination.shown_sites import pins_of_sites
from oti.lib.dates import today as day_of

register = template.Library()


@register.simple_tag
def way_map(page: Any) -> dict[str, Any] | None:
    """Return the map of an itinerary with its length and climb, None where no trace was loaded."""
    way = way_of(page.translation_key)
    if way is None:
        return None
    first, last = way.lines[0][0], way.lines[-1][-1]
    ends = [(page.start, first), (page.finish, last)]
    pins = [
        Pin(name=name, place="", latitude=where[1], longitude=where[0], layer="walks")
        for name, where in dict(ends).items()
        if name
    ]
    day = day_of(timezone.now())
    shown = map_box(
        pins,
        day=day,
        opens="ask",
        way=way.lines,
        around=way.lines,
        shape=WIDE,
        is_detailed=False,
    )
    return {"map": shown, "kilometres": way.kilometres, "climb": way.climb}


@register.simple_tag
def pole_map(pole: Pole) -> dict[str, Any] | None:
    """Return the map of a pole with its sites, None where no outline of it is known."""
    day = day_of(timezone.now())
    shape = next((one for one in pole_shapes(day) if one.code == pole.slug), None)
    if shape is None:
        return None
    # Its list of sites is a choice of them: pins lead nowhere.
    pins = [replace(pin, anchor="") for pin in pins_of_sites(pole.slug, day=day)]
    return map_box(
        pins,
        day=day,
        opens="ask",
        pole=pole.slug,
        around=shape.rings,
        shape=WIDE,
        is_detailed=False,
    )
