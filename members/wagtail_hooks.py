"""What people add to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from wagtail import hooks
from wagtail.models import Page

from destination.models import PolePage
from members.groups import ensure_pole_editors
from members.viewsets import ProviderGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of providers."""
    return [ProviderGroup()]


@hooks.register("after_create_page")
@hooks.register("after_publish_page")
def give_a_pole_its_editors(_request: HttpRequest, page: Page) -> None:
    """Let the editors of a pole write below its new page, in its language too."""
    if isinstance(page, PolePage):
        ensure_pole_editors()
