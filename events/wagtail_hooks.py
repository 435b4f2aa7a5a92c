"""What events add to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from events.viewsets import EventGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of events."""
    return [EventGroup()]
