"""What refers to the thing that a page of the desk is about."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model

from destination.mentions import Mentions, mentions_of

register = template.Library()
# What a list that deletes several at once calls the row that it is at.
ROWS = ("image", "page", "document", "snippet", "user")


@register.simple_tag(takes_context=True)
def mentions(context: Any, thing: Any = None) -> Mentions | None:
    """Return what refers to `thing`, or to what is about to be deleted or taken down here."""
    about = thing if isinstance(thing, Model) else _subject(context)
    return mentions_of(about, context["request"].user) if about is not None else None


def _subject(context: Any) -> Model | None:
    rows = [context.get(name) for name in ROWS]
    several = [one["item"] for one in rows if isinstance(one, dict) and "item" in one]
    one_only = [context.get("page"), context.get("object"), context.get("image")]
    found = [one for one in (*several, *one_only) if isinstance(one, Model)]
    return found[0] if found else None
