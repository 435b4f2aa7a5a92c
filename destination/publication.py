"""What a page lacks before it is published, and what an editor might look at again.

Pure reading: nothing is written here. Drafts may lack everything; what blocks is asked for when a
page is published or sent to review, and shown beside its field and on top of the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.blocks import ListBlock, RichTextBlock, StreamBlock, StreamValue, StructBlock
from wagtail.blocks.list_block import ListValue
from wagtail.models import Page
from wagtail.rich_text import RichText

from destination.models.pictures import Picture

# A page of the office's: its models are above, and ask here.
VelayPage = Any
LONGEST_TITLE = 70
SOON = timedelta(days=30)
# What the brand never says (N26); whole words, in any case.
NOT_OUR_VOICE = (
    "incontournable",
    "incontournables",
    "à couper le souffle",
    "unique au monde",
    "paradis",
    "magique",
    "must-see",
    "must see",
    "breathtaking",
    "hidden gem",
    "unmissable",
)
LINK = re.compile(r'<a[^>]*linktype="page"[^>]*id="(\d+)"|<a[^>]*id="(\d+)"[^>]*linktype="page"')


@dataclass(frozen=True)
class Lack:
    """Something that a page lacks; `field` is the form's, "" for the whole page."""

    field: str
    words: str
    is_blocking: bool = True


def lacks_of(page: VelayPage, *, today: date) -> list[Lack]:
    """Return what blocks the publication of a page, then what is only advised."""
    found = [*_missing_texts(page), *_pictures(page, today), *_links(page), *_languages(page)]
    found += [*_live_criteria(page), *_voice(page)]
    return sorted(found, key=lambda one: not one.is_blocking)


def blocking(page: VelayPage, *, today: date) -> list[Lack]:
    """Return only what keeps a page from being published."""
    return [one for one in lacks_of(page, today=today) if one.is_blocking]


# --- Texts ----------------------------------------------------------------------------------------
def _missing_texts(page: VelayPage) -> Iterator[Lack]:
    if not page.introduction.strip():
        yield Lack("introduction", _("Write an introduction: one or two sentences."))
    if not page.search_description.strip():
        words = _("Write the description for search engines, on the tab “Promotion”.")
        yield Lack("search_description", words)
    if len(page.title) > LONGEST_TITLE:
        words = _("The title is longer than %(most)s characters: search engines cut it.")
        yield Lack("title", words % {"most": LONGEST_TITLE}, is_blocking=False)
    if not page.body and page._meta.model_name not in {"homepage", "sectionpage", "polepage"}:
        yield Lack("body", _("The page is empty: add a block."))


def _voice(page: VelayPage) -> Iterator[Lack]:
    text = " ".join(
        [page.title, page.introduction, page.search_description, *texts_of(page.body)]
    ).lower()
    said = [one for one in NOT_OUR_VOICE if re.search(rf"\b{re.escape(one)}\b", text)]
    if said:
        words = _("Not our voice: %(words)s. Say a distance, an hour, a name instead.")
        yield Lack("", words % {"words": ", ".join(said)}, is_blocking=False)
    if "!" in page.title:
        yield Lack("title", _("A title of ours has no exclamation mark."), is_blocking=False)
    letters = [one for one in page.title if one.isalpha()]
    if len(letters) > 3 and all(one.isupper() for one in letters):
        yield Lack("title", _("Write the title in small letters."), is_blocking=False)


# --- Photographs ----------------------------------------------------------------------------------
def _pictures(page: VelayPage, today: date) -> Iterator[Lack]:
    code = page.locale.language_code
    if page.image is not None:
        yield from _rights("image", page.image, today)
        if not page.image.description_in(code):
            yield _no_alt("image", page.image, page)
    for value in structs_of(page.body, "image"):
        image = value["image"]
        if image is None:
            if not value.get("drawing"):
                words = _("A picture has neither photograph nor drawing: choose one.")
                yield Lack("body", words)
            continue
        yield from _rights("body", image, today)
        if not (value.get("alt") or "").strip() and not image.description_in(code):
            yield _no_alt("body", image, page)


def _no_alt(field: str, image: Picture, page: VelayPage) -> Lack:
    words = _("Say in the library, in %(language)s, what is seen on “%(title)s”: it is read aloud.")
    language = _(page.locale.get_display_name())
    return Lack(field, words % {"title": image.title, "language": language})


def _rights(field: str, image: Picture, today: date) -> Iterator[Lack]:
    if image.lacks_author:
        words = _("Say in the library whose photograph “%(title)s” is.")
        yield Lack(field, words % {"title": image.title})
    if not image.may_be_shown_on(today):
        words = _("The rights of the photograph “%(title)s” have ended: choose another one.")
        yield Lack(field, words % {"title": image.title})
    elif image.rights_until is not None and image.rights_until - today <= SOON:
        left = (image.rights_until - today).days
        words = ngettext(
            "The rights of “%(title)s” end in %(days)s day.",
            "The rights of “%(title)s” end in %(days)s days.",
            left,
        )
        yield Lack(field, words % {"title": image.title, "days": left}, is_blocking=False)


# --- Links and criteria ---------------------------------------------------------------------------
def _links(page: VelayPage) -> Iterator[Lack]:
    broken = broken_links(page)
    if broken:
        words = ngettext(
            "A link leads to a page that is gone or not published: %(names)s.",
            "%(count)s links lead to pages that are gone or not published: %(names)s.",
            len(broken),
        )
        yield Lack("body", words % {"count": len(broken), "names": ", ".join(broken)})


def broken_links(page: VelayPage) -> list[str]:
    """Return the names of linked pages that nobody can read; a deleted one has its number."""
    ids = set(linked_ids(page.body))
    known = {one.pk: one for one in Page.objects.filter(pk__in=ids)}
    return [
        known[pk].title if pk in known else f"n° {pk}"
        for pk in sorted(ids)
        if pk not in known or not known[pk].live
    ]


def _live_criteria(page: VelayPage) -> Iterator[Lack]:
    for value in structs_of(page.body, "pole"):
        poles = {key for key, _name in value.block.child_blocks["pole"].field.choices}
        communes = {key for key, _name in value.block.child_blocks["commune"].field.choices}
        if value["pole"] and value["pole"] not in poles:
            yield Lack("body", _("A live block names a pole that no longer exists."))
        if value["commune"] and value["commune"] not in communes:
            yield Lack("body", _("A live block names a commune that no longer exists."))


# --- Languages (N19) ------------------------------------------------------------------------------
def _languages(page: VelayPage) -> Iterator[Lack]:
    if page._meta.model_name == "placepage":
        yield from _languages_of_place(page)


def _languages_of_place(page: VelayPage) -> Iterator[Lack]:
    if not page.is_locomotive or page.scope not in {"national", "international"}:
        return
    ready = {page.locale.language_code} if page.locale_id else set()
    if page.pk:
        others = page.get_translations().filter(live=True)
        ready |= set(others.values_list("locale__language_code", flat=True))
    own = settings.LANGUAGE_CODE
    if page.locale.language_code != own:
        return
    if page.scope == "international":
        if "en" not in ready or len(ready - {own, "en"}) < 1:
            words = _(
                "An international locomotive is published once English and one more language "
                "are: translate it first, or lower how far it is known."
            )
            yield Lack("scope", words)
    elif "en" not in ready:
        words = _("A national locomotive should be read in English too.")
        yield Lack("scope", words, is_blocking=False)


# --- Walking through a body -----------------------------------------------------------------------
def values_of(value: Any, block: Any = None) -> Iterator[tuple[Any, Any]]:
    """Return every (block, value) of a body, from the outside in."""
    if isinstance(value, StreamValue):
        for child in value:
            yield from values_of(child.value, child.block)
    elif isinstance(block, StructBlock):
        yield block, value
        for name, inner in block.child_blocks.items():
            yield from values_of(value.get(name), inner)
    elif isinstance(block, ListBlock):
        rows: Iterable[Any] = value if isinstance(value, ListValue | list) else []
        for row in rows:
            yield from values_of(row, block.child_block)
    elif isinstance(block, StreamBlock):
        yield from values_of(value)
    else:
        yield block, value


def structs_of(body: Any, name: str) -> Iterator[Any]:
    """Return the values of the blocks that have a field of that name."""
    for block, value in values_of(body):
        if isinstance(block, StructBlock) and name in block.child_blocks:
            yield value


def texts_of(body: Any) -> Iterator[str]:
    """Return every text of a body, without its tags."""
    for block, value in values_of(body):
        if isinstance(value, RichText):
            yield strip_tags(value.source)
        elif isinstance(value, str) and not isinstance(block, StructBlock):
            yield value


def linked_ids(body: Any) -> Iterator[int]:
    """Return the ids of the pages that a body leads to, by choice or in a text."""
    for block, value in values_of(body):
        if isinstance(value, Page):
            yield value.pk
        elif isinstance(block, RichTextBlock) and isinstance(value, RichText):
            for one, other in LINK.findall(value.source):
                yield int(one or other)
