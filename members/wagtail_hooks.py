"""What people add to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from members.viewsets import ProviderGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of providers."""
    return [ProviderGroup()]
