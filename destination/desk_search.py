"""The desk's search boxes: a word is found with or without its accents, from its first letters.

Wagtail's own backend reads what is being typed with PostgreSQL's configuration `simple`, which
keeps accents: « Mezenc » would find nothing of the Mézenc. Ours is `plain_u`, from the
migrations: words as they are written, without accents.
"""

from __future__ import annotations

from typing import Any

from modelsearch.backends.database.postgres.postgres import PostgresSearchBackend


class SearchBackend(PostgresSearchBackend):  # type: ignore[misc]
    """Wagtail's search in PostgreSQL, without accents."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({"SEARCH_CONFIG": "plain_u"} | params)
        self.autocomplete_config = "plain_u"
