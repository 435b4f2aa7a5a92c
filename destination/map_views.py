"""What the maps fetch: outlines and walks as GeoJSON, the same for everybody."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from destination.outlines import as_geojson, commune_shapes, pole_shapes, walks
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

# Seconds; then it is asked for again, and mostly answered by "not changed".
SHARED_FOR = 600
# What is drawn beside the poles, when the address asks for it: `with=communes&with=walks`.
PARTS = ("communes", "walks")


def _asked(request: HttpRequest) -> bytes:
    """Return what the address asks for; a part that nobody knows is left out."""
    wished = request.GET.getlist("with")
    parts = tuple(part for part in PARTS if part in wished)
    return _ground(parts, day_of(timezone.now()))


@remembered(most=8)
def _ground(parts: tuple[str, ...], day: date) -> bytes:
    shapes = (*pole_shapes(day), *(commune_shapes(day) if "communes" in parts else ()))
    content = as_geojson(shapes, walks() if "walks" in parts else ())
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _etag(request: HttpRequest) -> str:
    return f'"{hashlib.sha256(_asked(request)).hexdigest()[:32]}"'


@require_safe
@cache_control(public=True, max_age=SHARED_FOR)
@condition(etag_func=_etag)
def map_ground(request: HttpRequest) -> HttpResponse:
    """Give what is drawn below the markers: poles, and what `with` names of communes and walks."""
    return HttpResponse(_asked(request), content_type="application/geo+json")
