"""What selling adds to Wagtail's admin: its lists, its brand, what waits on the first page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from booking.desk.home import TodayPanel
from booking.desk.viewsets import (
    CollectivityViewSet,
    OfferGroup,
    OrderGroup,
    PolicyViewSet,
    TaxTariffViewSet,
)


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of offers, orders and settings."""
    return [
        OfferGroup(),
        OrderGroup(),
        PolicyViewSet(),
        TaxTariffViewSet(),
        CollectivityViewSet(),
    ]


@hooks.register("insert_global_admin_css")
def brand_admin() -> str:
    """Load the brand's colours."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin-brand.css"))


@hooks.register("construct_main_menu")
def name_settings(request: HttpRequest, items: list[MenuItem]) -> None:
    """Call the last group by the office's own word."""
    for item in items:
        if item.name == "settings":
            item.label = _("Office settings")


@hooks.register("construct_homepage_panels")
def show_today(request: HttpRequest, panels: list[Any]) -> None:
    """Put what waits for the office first."""
    if request.user.has_perm("booking.view_order") or request.user.has_perm("booking.change_order"):
        panels.insert(0, TodayPanel())
