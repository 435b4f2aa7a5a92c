"""What the territory adds to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.urls import path
from wagtail import hooks

from destination import views
from destination.viewsets import LegalViewSet, TerritoryGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of the territory and of the legal texts."""
    return [TerritoryGroup(), LegalViewSet()]


@hooks.register("register_admin_urls")
def register_gallery() -> list[Any]:
    """Register the gallery of the components, for the staff."""
    return [
        path("composants/", views.components, name="components"),
        path("composants/pages/", views.components_of_pages, name="components-of-pages"),
    ]
