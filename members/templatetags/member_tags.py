"""What pages show of the person who is signed in."""

from __future__ import annotations

from django import template
from django.template.context import Context
from django.utils.safestring import mark_safe

from members import google
from members.spaces import Space, spaces_of

register = template.Library()


@register.simple_tag(takes_context=True)
def own_spaces(context: Context) -> list[Space]:
    """Return the spaces of whoever is signed in, none for anybody else; asked once a page."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return []
    known: list[Space] | None = context.render_context.get("own_spaces")
    if known is None:
        known = spaces_of(user)
        context.render_context["own_spaces"] = known
    return known


@register.simple_tag(takes_context=True)
def here(context: Context, space: Space) -> str:
    """Write `aria-current="page"` when the page shown lies in a space."""
    match = getattr(context.get("request"), "resolver_match", None)
    is_here = match is not None and space.has(match.view_name)
    return mark_safe(' aria-current="page"') if is_here else ""


@register.simple_tag
def google_offered() -> bool:
    """Return whether one may sign in with Google here."""
    return google.is_offered()


@register.filter
def grouped(text: str) -> list[str]:
    """Return a long key four signs at a time, as one reads it aloud."""
    return [text[place : place + 4] for place in range(0, len(text), 4)]
