"""Pictures and links of the office's pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.documents.models import Document
from wagtail.models import Page

from destination.models.pictures import Picture
from destination.renditions import FORMATS, MIDDLE, SIZES, renditions_of
from destination.spoken import active_locale
from destination.templatetags.velay import illustration
from oti.lib.dates import today as day_of

register = template.Library()

ON_CARDS = "(min-width: 40rem) 25rem, 100vw"
ON_PAGES = "(min-width: 62rem) 40rem, 100vw"


@register.simple_tag
def page_picture(page: Any) -> SafeString:
    """Show the photograph of a page, or its drawing; it is seen first, so it isn't lazy."""
    if page.shown_image is None:
        return SafeString(illustration(page.drawing, lazy=False))
    return photograph(page.shown_image, sizes=ON_PAGES, is_first=True)


@register.simple_tag
def card_picture(card: Any) -> SafeString:
    """Show the picture of a card; beside its title it is decoration."""
    if card.image is None:
        return SafeString(illustration(card.drawing))
    return photograph(card.image, alt="", sizes=ON_CARDS)


@register.simple_tag
def chosen_picture(choice: Any) -> SafeString:
    """Show what an editor chose: the photograph while its rights hold, else the drawing."""
    image = _in_right(choice.get("image"))
    alt = choice.get("alt") or ""
    if image is None:
        drawing = choice.get("drawing")
        return SafeString(illustration(drawing, alt)) if drawing else SafeString("")
    return photograph(image, alt=alt or image.default_alt_text, sizes=ON_PAGES)


@register.filter
def credit(choice: Any) -> str:
    """Return whose the shown photograph is, "" for a drawing."""
    image = _in_right(choice.get("image"))
    return f"© {image.credit}" if image is not None and image.credit else ""


def _in_right(image: Picture | None) -> Picture | None:
    if image is None or not image.may_be_shown_on(day_of(timezone.now())):
        return None
    return image


def photograph(
    image: Picture, *, sizes: str, alt: str | None = None, is_first: bool = False
) -> SafeString:
    """Show a photograph in the widths that are made of it; nothing if its file is gone."""
    made = renditions_of(image)
    if MIDDLE not in made:
        return SafeString("")
    sets = {
        name: ", ".join(
            f"{made[f'{size}|{form}'].url} {made[f'{size}|{form}'].width}w"
            for size in SIZES
            if f"{size}|{form}" in made
        )
        for name, form in FORMATS.items()
    }
    best = format_html('<source type="image/avif" srcset="{}" sizes="{}">', sets["avif"], sizes)
    middle = made[MIDDLE]
    return format_html(
        '<picture>{}<img src="{}" srcset="{}" sizes="{}" alt="{}" width="{}" height="{}" {}>'
        "</picture>",
        best if sets["avif"] else "",
        middle.url,
        sets["webp"],
        sizes,
        image.default_alt_text if alt is None else alt,
        middle.width,
        middle.height,
        SafeString('fetchpriority="high"' if is_first else 'loading="lazy" decoding="async"'),
    )


@register.simple_tag
def page_there(page: Page | None) -> Page | None:
    """Return a chosen page as it is published in the active language, None if it isn't."""
    if page is None:
        return None
    locale = active_locale()
    if locale is None:
        return None
    if page.locale_id != locale.pk:
        page = page.get_translation_or_none(locale)
    return page if page is not None and page.live else None


@register.simple_tag
def page_link(page: Page | None) -> str:
    """Return the address of a chosen page in the active language, "" if it isn't published."""
    there = page_there(page)
    return (there.url or "") if there is not None else ""


@register.simple_tag
def downloads(documents: Iterable[Document | None]) -> list[dict[str, Any]]:
    """Return the documents that are there with their sizes; one whose file is lost is left out."""
    found = []
    for one in documents:
        if one is None:
            continue
        try:
            size = one.file.size
        except OSError:
            continue
        found.append({"title": one.title, "url": one.url, "kind": one.file_extension, "size": size})
    return found


@register.simple_tag
def choice_words(value: Any, name: str) -> str:
    """Write a choice of a block in its words."""
    field = value.block.child_blocks[name].field
    return str(dict(field.choices).get(value[name], value[name]))
