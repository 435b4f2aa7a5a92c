"""What the demo's pages say: strings in each language, references by key (`pages/*.toml`)."""

from __future__ import annotations

import tomllib
import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "pages"
LANGUAGES = ("fr", "en", "de")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "velay:demo:pages")

Words = dict[str, str]


@dataclass(frozen=True)
class PageData:
    """One page in its languages; `under` is the key of the page above, "" for the home."""

    key: str
    kind: str
    slug: Words
    title: Words
    introduction: Words
    search_description: Words
    body: list[dict[str, Any]]
    under: str = ""
    drawing: str = "rando"
    in_menus: bool = False
    summer_title: Words = field(default_factory=dict)
    winter_title: Words = field(default_factory=dict)
    pole_slug: str = ""
    insee: str = ""
    site: str = ""
    is_locomotive: bool = False
    scope: str = "regional"
    season: str = "all"
    kilometres: Decimal | None = None
    start: str = ""
    finish: str = ""
    date: date | None = None
    author: str = ""

    def is_in(self, language: str) -> bool:
        """Whether the page is written in the language: it has a title there."""
        return language in self.title

    @property
    def translation_key(self) -> uuid.UUID:
        """Return what the page and its translations share, the same on every machine."""
        return uuid.uuid5(NAMESPACE, self.key)


@cache
def read_pages() -> tuple[PageData, ...]:
    """Read all pages, those above before those below; TypeError on a key that nobody knows."""
    rows: list[PageData] = []
    for file in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        rows += [PageData(**row) for row in content.pop("page")]
        if content:
            msg = f"tables {sorted(content)} are unknown"
            raise TypeError(msg)
    above = {one.key: one.under for one in rows}

    def depth(key: str) -> int:
        return 0 if not key else 1 + depth(above[key])

    return tuple(sorted(rows, key=lambda one: depth(one.key)))
