"""What pages of the destination show of what is sold: a page gives criteria, these tags query.

They are the way for a page that must not know selling (architecture.md §2).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from booking import live, package_words, packages, showing, spots
from booking.composing import WISHES
from booking.features import SPIRIT
from booking.forms.asking import asked
from booking.models import Offer, OrderLine
from booking.rules.pricing import Quote
from booking.showing import dates_words
from destination.live import NOTHING, Live
from destination.templatetags.velay import typo
from members.access import former_houses
from members.models import FormerMember
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of

register = template.Library()

# Cards of a block that doesn't say how many.
CARDS = 4


@register.simple_tag
def spirit_of(offer: Offer) -> list[Any]:
    """Return which of the destination's words an offer keeps, in their order."""
    return [word for code, word in SPIRIT.items() if code in offer.spirit]


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
def lost_houses(context: Context) -> list[FormerMember]:
    """Return the houses whose access the signed-in person had and lost, the last one first."""
    return list(former_houses(context["user"])[:5])


@register.simple_tag(takes_context=True)
def compose_panel(context: Context) -> dict[str, Any]:
    """Return {search, wishes [{value, label}], other {url, label}}: the form of a whole stay, whose
    dates and people can be sent to the list of lodgings instead.
    """
    form = asked(context["request"], now=timezone.now(), needs_both_dates=True)
    return {
        "search": form.for_component(reverse("booking:compose")),
        "wishes": [{"value": code, "label": one.label} for code, one in WISHES.items()],
        "other": {"url": reverse("booking:stays"), "label": _("Find a place to stay only")},
    }


@register.simple_tag(takes_context=True)
def live_lodgings(context: Context, block: Any) -> Live:
    """Return what a block of places to stay finds today (`booking.live`)."""
    if context.get("finds_nothing"):
        return Live(why=NOTHING)
    return live.live_lodgings(
        pole=block.get("pole") or "",
        commune=block.get("commune") or "",
        when=block.get("when") or "",
        adults=block.get("adults") or live.USUAL_ADULTS,
        count=block.get("count") or CARDS,
        now=timezone.now(),
    )


@register.simple_tag(takes_context=True)
def live_experiences(context: Context, block: Any) -> Live:
    """Return what a block of things to do finds today (`booking.live`)."""
    if context.get("finds_nothing"):
        return Live(why=NOTHING)
    days = str(block.get("days") or live.SOON_DAYS)
    return live.live_experiences(
        pole=block.get("pole") or "",
        commune=block.get("commune") or "",
        kind=block.get("kind") or "",
        days=int(days) if days.isdecimal() else 0,
        for_children=bool(block.get("for_children")),
        count=block.get("count") or CARDS,
        now=timezone.now(),
    )


@register.simple_tag(takes_context=True)
def soon_to_live(context: Context, count: int, pole: str = "") -> list[dict[str, Any]]:
    """Return cards of things to live in the coming weeks."""
    return live_experiences(context, {"count": count, "pole": pole}).cards


@register.simple_tag(takes_context=True)
def lodgings_of(context: Context, pole: str, count: int) -> list[dict[str, Any]]:
    """Return cards of lodgings of a pole, with their lowest night."""
    return live_lodgings(context, {"count": count, "pole": pole}).cards


@register.simple_tag
def where_is(offer: Offer) -> dict[str, Any]:
    """Return the small map of an offer's page."""
    return spots.map_of(offer, day=day_of(timezone.now()))


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
