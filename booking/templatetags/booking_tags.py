"""What pages of the destination show of what is sold: a page gives criteria, these tags query.

They are the way for a page that must not know selling (architecture.md §2).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from booking import browsing, cards, package_words, packages, pictures, showing
from booking.filters import Filters
from booking.forms.asking import asked
from booking.models import OrderLine
from booking.rules.kinds import PROPOSED
from booking.rules.pricing import Quote
from booking.showing import dates_words
from destination.templatetags.velay import typo
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of

register = template.Library()

# « These weeks »: what is proposed without being asked for.
SOON = timedelta(days=35)


@register.filter
def is_to_come(moment: datetime) -> bool:
    """Tell whether a moment has not come yet."""
    return moment > timezone.now()


@register.filter
def sold_days(line: OrderLine) -> str:
    """Write the days of a sold line with their year: nights to the morning after, what is lent to
    the day on which it comes back; nothing for what happens at an hour.
    """
    if line.arrival is None or line.departure is None:
        return ""
    is_lent = line.unit_id is None
    return dates_words(line.arrival, line.departure - ONE_DAY if is_lent else line.departure)


@register.filter
def options_bought(line: OrderLine) -> tuple[str, ...]:
    """Name the options that were bought with a line, read from the line alone."""
    return showing.option_words(Quote.from_json(line.quote).items, line.options)


@register.simple_tag(takes_context=True)
def search_panel(context: Context) -> dict[str, Any]:
    """Return the search form of the lodgings, with the dates and people of the stay if known."""
    form = asked(context["request"], now=timezone.now(), needs_both_dates=True)
    return form.for_component(reverse("booking:stays"))


@register.simple_tag(takes_context=True)
def soon_to_live(context: Context, count: int, pole: str = "") -> list[dict[str, Any]]:
    """Return cards of things to live in the coming weeks, at most one of each drawing first."""
    request: HttpRequest = context["request"]
    now = timezone.now()
    today = day_of(now)
    found = browsing.listed_experiences(
        kinds=PROPOSED, pole=pole, from_day=today, to_day=today + SOON, now=now
    ).results
    chosen = _varied(found, count)
    photos = pictures.covers(one.offer for one in chosen)
    return [
        cards.experience_card(one, back=request.get_full_path(), picture=photos.get(one.offer.pk))
        for one in chosen
    ]


def _varied(found: list[Any], count: int) -> list[Any]:
    """Return `count` results, different pictures before the same ones again, in their order."""
    seen: set[str] = set()
    first, again = [], []
    for one in found:
        (again if one.offer.illustration in seen else first).append(one)
        seen.add(one.offer.illustration)
    return (first + again)[:count]


@register.simple_tag
def lodgings_of(pole: str, count: int) -> list[dict[str, Any]]:
    """Return cards of lodgings of a pole, with their lowest night."""
    shelf = browsing.browse_lodgings(filters=Filters(pole=pole), size=count, now=timezone.now())
    photos = pictures.covers(one.offer for one in shelf.results)
    return [cards.shelf_card(one, picture=photos.get(one.offer.pk)) for one in shelf.results]


@register.simple_tag
def package_seller() -> dict[str, Any]:
    """Return under which identity packages are sold today: {rows, is_demo}, no rows where none may
    be sold (Code du tourisme L211-18, R211-4).
    """
    now = timezone.now()
    seller = packages.package_seller(now=now)
    if seller is None:
        return {"rows": [], "is_demo": False}
    return {"rows": package_words.identity_rows(seller.to_json()), "is_demo": seller.is_demo}


@register.filter
def paragraphs(text: str) -> SafeString:
    """Write plain text as paragraphs, one for each block between empty lines."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return format_html_join("", "<p>{}</p>", ((typo(block),) for block in blocks))
