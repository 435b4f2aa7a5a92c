"""The blocks of the demo's pages, from what the data says to what is stored.

In the data a page is a key and a text is given in each language; an address is the name of a route,
its arguments and a query.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override
from wagtail import blocks

from destination.blocks import Body
from destination.templatetags.velay import tel
from oti.demo.page_data import NAMESPACE, PageData

# « page:key » or « at:name of a route its arguments?query » in the text of a page.
REFERENCE = re.compile(r'<a href="(page|at):([^"]+)">(.*?)</a>')


def body_of(one: PageData, language: str, ids: dict[str, int]) -> list[dict[str, Any]]:
    """Return the blocks of a page as they are stored; the same ids in each language.

    A reference to a page that isn't there is left out, and the whole block where it would then
    lead nowhere. TypeError on a block or a field that nobody knows.
    """
    kinds = Body().child_blocks
    writer = Writer(language, ids)
    stored = []
    for number, row in enumerate(one.body):
        value = dict(row)
        kind = value.pop("type")
        path = f"{one.key}/{number}"
        if kind not in kinds:
            msg = f"{path}: there is no block {kind}"
            raise TypeError(msg)
        written = writer.write(kinds[kind], value, path)
        if not _leads_nowhere(kind, value, written):
            stored.append({"type": kind, "id": _id(path), "value": written})
    return stored


def _leads_nowhere(kind: str, value: dict[str, Any], written: dict[str, Any]) -> bool:
    """Whether a block was to lead to pages and none of them is there.

    A button without its page can't be saved; cards without a choice show the pages below.
    """
    if kind == "call_to_action":
        return not written.get("page") and not written.get("address")
    return kind == "page_cards" and bool(value.get("pages")) and not written["pages"]


def _with_office(text: str) -> str:
    """Write the office's telephone where the text asks for it."""
    phone = settings.OFFICE["phone"]
    return text.replace("{phone}", phone).replace("{tel}", tel(phone))


def _id(path: str) -> str:
    return str(uuid.uuid5(NAMESPACE, path))


@dataclass(frozen=True)
class Writer:
    """Turns what the data says into what a block stores, in one language."""

    language: str
    ids: dict[str, int]

    def write(self, block: blocks.Block, value: Any, path: str) -> Any:
        if isinstance(block, blocks.StructBlock):
            unknown = set(value) - set(block.child_blocks)
            if unknown:
                msg = f"{path}: {sorted(unknown)} are unknown"
                raise TypeError(msg)
            return {
                name: self.write(block.child_blocks[name], one, f"{path}/{name}")
                for name, one in value.items()
            }
        if isinstance(block, blocks.ListBlock):
            items = [
                (f"{path}/{number}", self.write(block.child_block, one, f"{path}/{number}"))
                for number, one in enumerate(value)
            ]
            return [
                {"type": "item", "id": _id(place), "value": one}
                for place, one in items
                if one is not None
            ]
        if isinstance(value, dict):
            value = value[self.language]
        if isinstance(value, str):
            value = _with_office(value)
        if isinstance(block, blocks.PageChooserBlock):
            return self.ids.get(value)
        if isinstance(block, blocks.RichTextBlock):
            return self.rich(value)
        if path.endswith("/address"):
            return self.address(value)
        return str(value) if isinstance(value, Decimal) else value

    def rich(self, text: str) -> str:
        """Return text with its links; what has no tag of its own is one paragraph."""
        html = text if text.startswith("<") else f"<p>{text}</p>"
        return REFERENCE.sub(self._link, html)

    def _link(self, match: re.Match[str]) -> str:
        what, where, words = match.groups()
        if what == "at":
            return f'<a href="{self.address(where)}">{words}</a>'
        pk = self.ids.get(where)
        return words if pk is None else f'<a linktype="page" id="{pk}">{words}</a>'

    def address(self, where: str) -> str:
        """Return the address of « name arguments?query » in the language."""
        route, _mark, query = where.partition("?")
        name, *arguments = route.split()
        with override(self.language):
            path = reverse(name, args=arguments)
        return f"{path}?{query}" if query else path
