"""A host's figures as bars: drawn by the server, the table beside them says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from booking.house_figures import Part

register = template.Library()

# Units of the drawing: as wide as a phone, so that its letters are of their size there.
WIDTH, HEIGHT, FOOT, HEAD = 360, 170, 22, 16
LAYERS = ("here", "widget", "elsewhere", "free")


@register.simple_tag
def figure_bars(rows: Sequence[tuple[str, str, Part]]) -> SafeString:
    """Draw one bar for each part, from what was sold at its foot to what was left at its head."""
    most = max((part.counts.open for _name, _short, part in rows), default=0)
    if not most:
        return mark_safe("")
    step = WIDTH / max(len(rows), 1)
    thick = min(step * 0.68, 44)
    room = HEIGHT - FOOT - HEAD
    drawn = []
    for number, (_name, short, part) in enumerate(rows):
        left = number * step + (step - thick) / 2
        drawn.append(_bar(part, left, thick, room / most))
        middle = f"{left + thick / 2:.1f}"
        drawn.append(
            f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(short)}</text>'
        )
    told = escape(gettext("The same figures as in the table, drawn."))
    return mark_safe(
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{told}">'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
        f"{''.join(drawn)}</svg>"
    )


def _bar(part: Part, left: float, thick: float, scale: float) -> str:
    foot = float(HEIGHT - FOOT)
    found = []
    for layer in LAYERS:
        high = getattr(part.counts, layer) * scale
        if high <= 0:
            continue
        foot -= high
        found.append(
            f'<rect class="b-{layer}" x="{left:.1f}" y="{foot:.1f}" width="{thick:.1f}" '
            f'height="{high:.1f}"/>'
        )
    if part.counts.percent is not None and part.counts.taken:
        found.append(
            f'<text class="pc" x="{left + thick / 2:.1f}" y="{foot - 4:.1f}" text-anchor="middle">'
            f"{part.counts.percent}</text>"
        )
    return "".join(found)
