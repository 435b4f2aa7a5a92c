"""What refers to a thing: read before it is deleted or taken off the pages.

Wagtail's index knows what was chosen from a list. An address that an editor wrote, in a text or
on a button, is found in the pages themselves, drafts included. What the floors above keep of a
thing (an offer its photographs, an event its tickets) they say through two hooks of Wagtail's:
`find_address_of` returns a route with its slug for a thing that has a page of its own,
`find_holders_of` returns rows that hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import override
from wagtail import hooks
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.models import Page, ReferenceIndex, get_page_models

ADDRESS_HOOK = "find_address_of"
HOLDERS_HOOK = "find_holders_of"
MOST_SHOWN = 20
# What ends an address in a body: a quotation mark, its escape, a question or an anchor, a space.
END = r'/?["\\?#&\s<]'


@dataclass(frozen=True)
class Mention:
    """One thing that refers to another, as its reader may open it.

    `edit_url` is empty for who may not change it; `public_url` for what visitors don't see.
    """

    label: str
    kind: str
    language: str = ""
    edit_url: str = ""
    public_url: str = ""


@dataclass(frozen=True)
class Mentions:
    """The first of them, and how many there are."""

    shown: tuple[Mention, ...]
    count: int

    @property
    def more(self) -> int:
        """Return how many aren't shown."""
        return self.count - len(self.shown)


def mentions_of(thing: Model, user: Any) -> Mentions:
    """Return what refers to a thing, the pages first, each once, as `user` may open it."""
    found: dict[tuple[type[Model], Any], Model] = {}
    for one in _sources(thing):
        if _key(one) != _key(thing):
            found.setdefault(_key(one), one)
    ordered = sorted(found.values(), key=lambda one: (not isinstance(one, Page), str(one)))
    finder = AdminURLFinder(user)
    shown = tuple(_mention(one, finder) for one in ordered[:MOST_SHOWN])
    return Mentions(shown, len(ordered))


def _sources(thing: Model) -> Iterator[Model]:
    yield from _known_to_the_index(thing)
    yield from pages_naming(addresses_of(thing), are_drafts_read=True)
    for find in hooks.get_hooks(HOLDERS_HOOK):
        yield from find(thing)


def _known_to_the_index(thing: Model) -> Iterator[Model]:
    """Return the rows that Wagtail knows to hold it; one that is gone meanwhile is left out."""
    rows = ReferenceIndex.get_references_to(thing)
    for kind, pk in rows.values_list("base_content_type", "object_id").distinct():
        model = ContentType.objects.get_for_id(kind)
        try:
            yield model.get_object_for_this_type(pk=pk)
        except ObjectDoesNotExist:
            continue


def _key(one: Model) -> tuple[type[Model], Any]:
    return (Page if isinstance(one, Page) else type(one), one.pk)


def _mention(one: Model, finder: AdminURLFinder) -> Mention:
    edit_url = finder.get_edit_url(one) or ""
    if not isinstance(one, Page):
        return Mention(str(one), str(one._meta.verbose_name), edit_url=edit_url)
    return Mention(
        one.get_admin_display_title(),
        one.content_type.name,
        str(one.locale),
        edit_url,
        (one.url or "") if one.live else "",
    )


# --- Addresses ------------------------------------------------------------------------------------
def addresses_of(thing: Model) -> list[str]:
    """Return the addresses of the page of a thing, one a language; none where it has no page."""
    if isinstance(thing, Page):
        return [thing.url] if thing.depth > 1 and thing.url else []
    for find in hooks.get_hooks(ADDRESS_HOOK):
        found: tuple[str, str] | None = find(thing)
        if found is not None:
            return [_address(code, *found) for code, _name in settings.LANGUAGES]
    return []


def _address(code: str, route: str, slug: str) -> str:
    with override(code):
        return reverse(route, args=[slug])


def pages_naming(addresses: Iterable[str], *, are_drafts_read: bool = False) -> list[Page]:
    """Return the pages whose body leads to one of these addresses, by title; one statement.

    Published ones as visitors read them; with `are_drafts_read`, every page and its newest draft.
    """
    wanted = "|".join(re.escape(one.rstrip("/")) for one in addresses)
    if not wanted:
        return []
    pattern = f"({wanted}){END}"
    condition = Q()
    for model in get_page_models():
        if any(field.name == "body" for field in model._meta.local_fields):
            bodies = model.objects.annotate(written=Cast("body", TextField()))
            condition |= Q(pk__in=bodies.filter(written__regex=pattern).values("pk"))
    pages = Page.objects.select_related("locale", "content_type")
    if not are_drafts_read:
        return list(pages.live().filter(condition).order_by("title", "pk"))
    drafts = pages.annotate(draft=Cast("latest_revision__content", TextField()))
    # A revision keeps its body as a text within its own: every mark is escaped once more there.
    return list(drafts.filter(condition | Q(draft__regex=pattern)).order_by("title", "pk"))
