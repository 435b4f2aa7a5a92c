"""The rate of return, drawn year by year; the table beside the drawings says the same in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from booking.desk.returns_shown import Series, YearOf

register = template.Library()

# Units of the drawing: as wide as a phone, so that its letters are of their size there.
WIDTH, HEIGHT, FOOT, HEAD, LEFT, RIGHT = 340, 210, 24, 18, 34, 10
STEPS = (0, 25, 50, 75, 100)
CAP = 5.0


@register.simple_tag
def return_plot(series: Series, target: int) -> SafeString:
    """Draw the rate of each year as a dot in its interval, and the target as a line across."""
    told = gettext("%(name)s: the rate of each year, as in the table.") % {"name": series.name}
    parts = [*_grid(), *_target(target), *_line(series.years), *_dots(series.years)]
    return mark_safe(
        f'<svg class="returns {_class_of(series)}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(told)}">{"".join(parts)}</svg>'
    )


def _class_of(series: Series) -> str:
    return f"r-{series.colour}" if series.colour else "r-all"


def _y(percent: float) -> float:
    return HEIGHT - FOOT - percent / 100 * (HEIGHT - FOOT - HEAD)


def _x(number: int, count: int) -> float:
    step = (WIDTH - LEFT - RIGHT) / max(count, 1)
    return LEFT + step * (number + 0.5)


def _grid() -> Iterator[str]:
    for step in STEPS:
        y = f"{_y(step):.1f}"
        yield f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 5}" y="{_y(step) + 4:.1f}" text-anchor="end">{step}</text>'


def _target(target: int) -> Iterator[str]:
    y = f"{_y(target):.1f}"
    yield f'<line class="t" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'


def _line(years: Sequence[YearOf]) -> Iterator[str]:
    """Join the dots of years that follow each other and are over."""
    for number, (one, after) in enumerate(pairwise(years)):
        if after.is_running or after.year != one.year + 1:
            continue
        if one.rate and after.rate and not one.rate.is_few and not after.rate.is_few:
            x, x2 = _x(number, len(years)), _x(number + 1, len(years))
            y, y2 = _y(one.rate.percent or 0), _y(after.rate.percent or 0)
            yield f'<line class="j" x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _dots(years: Sequence[YearOf]) -> Iterator[str]:
    for number, one in enumerate(years):
        x = _x(number, len(years))
        short = f"’{one.year % 100:02d}" if len(years) > 6 else str(one.year)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{short}</text>'
        rate = one.rate
        if rate is None or rate.is_few:
            yield f'<text x="{x:.1f}" y="{_y(3):.1f}" text-anchor="middle">—</text>'
            continue
        low, high, percent = rate.low or 0, rate.high or 0, rate.percent or 0
        shape = "d so-far" if one.is_running else "d"
        yield (
            f'<path class="{shape} w" d="M{x:.1f} {_y(low):.1f}V{_y(high):.1f}'
            f"M{x - CAP:.1f} {_y(low):.1f}h{2 * CAP}M{x - CAP:.1f} {_y(high):.1f}h{2 * CAP}"
            '"/>'
        )
        yield f'<circle class="{shape}" cx="{x:.1f}" cy="{_y(percent):.1f}" r="4.5"/>'
        yield (
            f'<text class="pc" x="{x + 7:.1f}" y="{max(_y(percent) - 5, HEAD - 6):.1f}">'
            f"{percent}</text>"
        )
