"""What the office's pages on guests share: their way back, their right."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.views import UseCaseView
from members.models import Customer


class GuestPage(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """A page on guests that is only read."""

    permission_policy = ModelPermissionPolicy(Customer)
    any_permission_required = ("view", "change")
    header_icon = "user"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("desk_guests:index"), "label": _("Guests")},
            {"url": "", "label": self.get_page_title()},
        ]


class GuestActionView(UseCaseView):
    """A form about one person; ends at their page."""

    model = Customer
    target: Customer
    index_url_name = "desk_guests:index"
    list_title = gettext_lazy("Guests")
    header_icon = "user"

    def get_success_url(self) -> str:
        """Return to the person."""
        return reverse("desk_guests:guest", args=[self.target.pk])

    def get_page_subtitle(self) -> str:
        """Name the person."""
        return str(self.target)
