"""What the editor's form shows beside its fields."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from wagtail.admin.panels import Panel

from destination.publication import lacks_of
from oti.lib.dates import today as day_of


class LacksPanel(Panel):  # type: ignore[misc]
    """« Before publishing »: what the page lacks, as it is saved."""

    class BoundPanel(Panel.BoundPanel):  # type: ignore[misc]
        template_name = "wagtailadmin/panels/lacks.html"

        def is_shown(self) -> bool:
            """Show it once there is a page to look at."""
            return bool(self.instance is not None and self.instance.pk)

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Add what blocks and what is only advised."""
            context: dict[str, Any] = super().get_context_data(parent_context)
            found = lacks_of(self.instance, today=day_of(timezone.now()))
            context["blocking"] = [one for one in found if one.is_blocking]
            context["advice"] = [one for one in found if not one.is_blocking]
            return context
