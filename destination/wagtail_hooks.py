"""What the territory adds to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from destination.viewsets import LegalViewSet, TerritoryGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of the territory and of the legal texts."""
    return [TerritoryGroup(), LegalViewSet()]
