"""A host's nights as cells: three months of twenty units are two thousand of them.

Written here because as templates they would cost a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext, pgettext

from booking.night_plan import Difference
from booking.night_rows import Block, UnitRow
from booking.night_sheet import BLOCKED, CLOSED, HELD, PREPARED, SOLD, NightTerms, Taken
from destination.templatetags.field_tags import field_parts
from destination.templatetags.velay import (
    date_range,
    euros,
    heure,
    icon,
    mois,
    nights,
)
from oti.lib.dates import ONE_DAY, paris
from oti.lib.html import format_day, format_number, weekday_name

register = template.Library()

ICONS = {
    SOLD: "check",
    HELD: "clock",
    BLOCKED: "refresh-cw",
    PREPARED: "sparkles",
    CLOSED: "ban",
}
SHORTEST_WITH_WORDS = 2


def _amount(price: Decimal | None) -> str:
    """Return a price without its sign: the column is narrow."""
    if price is None:
        return "—"
    decimals = 0 if price == price.to_integral_value() else 2
    return format_number(price, get_language() or "fr", decimals=decimals)


def _words_of(terms: NightTerms) -> str:
    """Return what a free night costs and asks, as it is read aloud."""
    words = [pgettext("calendar", "free")]
    if terms.price is None:
        words = [gettext("no price: not sold")]
    else:
        words.append(gettext("%(amount)s euros") % {"amount": _amount(terms.price)})
    if terms.min_stay > 1:
        told = ngettext("%(count)s night at least", "%(count)s nights at least", terms.min_stay)
        words.append(told % {"count": terms.min_stay})
    if not terms.arrival_ok:
        words.append(gettext("no arrival"))
    if not terms.departure_ok:
        words.append(gettext("no departure"))
    return ", ".join(words)


def taken_words(one: Taken) -> tuple[str, str]:
    """Return what takes nights in a word or two, and what more there is to say."""
    if one.state == SOLD:
        count = (one.ends_on - one.starts_on).days
        told = ngettext("%(count)s night", "%(count)s nights", count) % {"count": count}
        return one.guest or gettext("Sold"), told
    if one.state == HELD:
        until = heure(paris(one.until)) if one.until else ""
        return gettext("Being booked"), gettext("until %(hour)s") % {"hour": until}
    if one.state == BLOCKED:
        return gettext("Taken elsewhere"), ""
    if one.state == PREPARED:
        if one.is_before:
            return gettext("Preparation"), gettext("too short before the next stay")
        return gettext("Preparation"), gettext("kept free after the stay")
    return pgettext("nights", "Closed"), one.reason


class _Cells:
    """Writes cells; what the same day and terms are called is written once for all units."""

    def __init__(self) -> None:
        self.language = get_language() or "fr"
        self.known: dict[tuple[date, NightTerms], tuple[str, str]] = {}
        self.arrival_only = gettext("no arrival")
        self.nights = pgettext("nights at least, very short", "n.")

    def free(self, row: UnitRow, day: date, *, in_month: bool = False) -> str:
        terms = row.terms[day]
        told = self.known.get((day, terms))
        if told is None:
            label = f"{format_day(day, self.language)}, {_words_of(terms)}"
            least = f"<i>{terms.min_stay}{escape(self.nights)}</i>" if terms.min_stay > 1 else ""
            told = escape(label), f"{escape(_amount(terms.price))}{least}"
            self.known[day, terms] = told
        css = "fr" if terms.arrival_ok else "fr na"
        pressed = ' aria-pressed="true"' if row.is_picked(day) else ""
        number = f"<b>{day.day}</b>" if in_month else ""
        return (
            f'<button name="nuit" value="{row.unit.pk}:{day.isoformat()}" class="{css}"{pressed}'
            f' aria-label="{told[0]}">{number}<span>{told[1]}</span></button>'
        )

    def block(self, row: UnitRow, block: Block, *, day: date | None = None) -> str:
        one = block.taken
        word, more = taken_words(one)
        when = escape(date_range(one.starts_on, one.ends_on, "short text"))
        label = escape(f"{word}, {more}" if more else word)
        shown = f'<span class="vh">{when}, {label}</span>'
        if day is not None:
            shown = f"<b>{day.day}</b>{icon(ICONS[one.state])}{shown}"
        elif block.nights < SHORTEST_WITH_WORDS:
            shown = f"{icon(ICONS[one.state])}{shown}"
        else:
            second = f"<small>{escape(more)}</small>" if more else ""
            shown = (
                f"{icon(ICONS[one.state])}<span><b>{escape(word)}</b>{second}"
                f'<span class="vh"> {when}</span></span>'
            )
        css = f"bk bk--{one.state}"
        start = (day or block.first).isoformat()
        if one.state == SOLD and one.line:
            to = reverse("extranet-line", args=[one.line])
            return f'<a class="{css}" href="{to}" data-day="{start}">{shown}</a>'
        if one.state == CLOSED:
            first, last = block.first.isoformat(), block.last.isoformat()
            pressed = ' aria-pressed="true"' if row.is_picked(day or block.first) else ""
            return (
                f'<button name="nuit" value="{row.unit.pk}:{first}:{last}" class="{css}"{pressed}'
                f' data-day="{start}">{shown}</button>'
            )
        return f'<span class="{css}">{shown}</span>'


@register.simple_tag
def day_heads(days: Sequence[date], today: date) -> SafeString:
    """Write the heads of the columns: each month over its days, each day with its weekday."""
    language = get_language() or "fr"
    months: dict[tuple[int, int], list[date]] = {}
    for day in days:
        months.setdefault((day.year, day.month), []).append(day)
    over = "".join(
        f'<th scope="colgroup" colspan="{len(own)}"><span>{escape(capfirst(mois(own[0])))}</span>'
        "</th>"
        for own in months.values()
    )
    heads = "".join(_day_head(day, today, language) for day in days)
    where = escape(gettext("My places"))
    return mark_safe(
        f'<tr class="months"><th scope="col" class="un" rowspan="2">{where}</th>{over}</tr>'
        f"<tr>{heads}</tr>"
    )


def _day_head(day: date, today: date, language: str) -> str:
    css = " ".join(
        name for name, holds in (("we", day.weekday() > 4), ("td", day == today)) if holds
    )
    weekday = escape(weekday_name(day.weekday(), language, is_short=True).rstrip("."))
    return (
        f'<th scope="col" class="{css}"><small>{weekday}</small><b class="num">{day.day}</b></th>'
    )


@register.simple_tag
def night_rows(rows: Sequence[UnitRow], days: Sequence[date], today: date) -> SafeString:
    """Write the units of the timeline as rows of a table whose columns are `days`."""
    cells = _Cells()
    return mark_safe("".join(_row(cells, row, days, today) for row in rows))


def _row(cells: _Cells, row: UnitRow, days: Sequence[date], today: date) -> str:
    found = [_head(row)]
    for part in row.parts(days):
        if isinstance(part, Block):
            span = f' colspan="{part.nights}"' if part.nights > 1 else ""
            found.append(f"<td{span}>{cells.block(row, part)}</td>")
        elif part < today:
            found.append('<td class="past"></td>')
        else:
            found.append(f"<td>{cells.free(row, part)}</td>")
    return f"<tr>{''.join(found)}</tr>"


def _head(row: UnitRow) -> str:
    name = escape(row.unit.name)
    offer = f"<span>{escape(row.unit.offer.title)}</span>" if row.shows_offer else ""
    most = row.unit.max_guests
    people = ngettext("%(count)s person at most", "%(count)s persons at most", most)
    off_sale = gettext("not on sale")
    state = "" if row.is_on_sale else f" <em>{escape(off_sale)}</em>"
    told = escape(people % {"count": most})
    return f'<th scope="row"><b>{name}</b>{offer}<span>{told}{state}</span></th>'


@register.simple_tag
def night_month(row: UnitRow, weeks: Sequence[Sequence[date | None]], today: date) -> SafeString:
    """Write one unit's month as rows of a table, Monday first."""
    cells = _Cells()
    blocks = {
        day: Block(one, *_ends(row, one, day)) for day, one in row.taken.items() if one is not None
    }
    written = []
    for week in weeks:
        line = []
        for day in week:
            if day is None:
                line.append("<td></td>")
            elif day in blocks:
                line.append(f"<td>{cells.block(row, blocks[day], day=day)}</td>")
            elif day < today:
                line.append(f'<td class="past"><span><b>{day.day}</b></span></td>')
            else:
                line.append(f"<td>{cells.free(row, day, in_month=True)}</td>")
        written.append(f"<tr>{''.join(line)}</tr>")
    return mark_safe("".join(written))


def _ends(row: UnitRow, one: Taken, day: date) -> tuple[date, date]:
    """Return the first and the last night shown of what takes a night."""
    same = [other for other, taken in row.taken.items() if taken == one]
    return (min(same), max(same)) if same else (day, day)


@register.simple_tag
def unit_names(names: Sequence[str]) -> str:
    """Name units, the first three and how many more."""
    if len(names) <= 4:
        return ", ".join(names)
    rest = len(names) - 3
    told = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", rest)
    return told % {"names": ", ".join(names[:3]), "count": rest}


@register.simple_tag
def taken_label(one: Taken) -> dict[str, Any]:
    """Return the words of what takes nights, for a list."""
    word, more = taken_words(one)
    return {"word": word, "more": more, "reference": one.reference}


@register.simple_tag
def last_night(ends_on: date) -> date:
    """Return the night before the day on which a period ends."""
    return ends_on - ONE_DAY


@register.simple_tag
def change_words(one: Difference) -> dict[str, str]:
    """Return what changes, what it was and what it will be."""
    what = {
        "price": gettext("Price of a night"),
        "min_stay": gettext("Nights at least"),
        "arrival": gettext("Arrival"),
        "departure": gettext("Departure"),
        "sale": gettext("On sale"),
    }[one.what]
    return {"what": what, "before": _value(one, one.before), "after": _value(one, one.after)}


def _value(one: Difference, value: Any) -> str:
    if one.what == "price":
        return gettext("none: not sold") if value is None else euros(value)
    if one.what == "min_stay":
        return nights(value)
    if one.what == "sale":
        closed = value == CLOSED
        return pgettext("nights", "Closed") if closed else pgettext("nights", "Open")
    return gettext("possible") if value else gettext("not possible")


@register.simple_tag
def group_ids(bound: BoundField) -> dict[str, Any]:
    """Return the ids that tie a group of controls to its hint and its error."""
    return field_parts(bound)
