"""What the first page of the admin says to those who write pages: theirs, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.utils.translation import ngettext
from wagtail.admin.site_summary import PagesSummaryItem
from wagtail.admin.ui.components import Component
from wagtail.models import WorkflowState
from wagtail.permission_policies.pages import PagePermissionPolicy

LAST_CHANGED = 8
POLICY = PagePermissionPolicy()


class YourPagesPanel(Component):  # type: ignore[misc]
    """The pages that somebody looks after: where they begin, what waits, what changed last."""

    name = "your_pages"
    order = 120
    template_name = "wagtailadmin/home/your_pages.html"

    def __init__(self, request: HttpRequest) -> None:
        self.user = request.user

    def get_context_data(self, parent_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the pages with what is to be done; the number of statements is fixed."""
        own = POLICY.instances_user_has_permission_for(self.user, "change").filter(depth__gt=1)
        rows = list(own.values_list("pk", "live", "has_unpublished_changes"))
        reviewed = WorkflowState.objects.filter(
            base_content_type__app_label="wagtailcore",
            base_content_type__model="page",
            object_id__in=[str(pk) for pk, *_others in rows],
        )
        counts = reviewed.aggregate(
            sent_back=Count("pk", filter=Q(status=WorkflowState.STATUS_NEEDS_CHANGES)),
            read=Count("pk", filter=Q(status=WorkflowState.STATUS_IN_PROGRESS)),
        )
        back, read = counts["sent_back"], counts["read"]
        drafts = sum(not is_live for _pk, is_live, _is_changed in rows)
        changed = sum(is_live and is_changed for _pk, is_live, is_changed in rows)
        waiting = [
            (back, ngettext("sent back with a remark", "sent back with a remark", back)),
            (read, ngettext("being read by the office", "being read by the office", read)),
            (drafts, ngettext("draft", "drafts", drafts)),
            (
                changed,
                ngettext(
                    "published, with changes that aren’t",
                    "published, with changes that aren’t",
                    changed,
                ),
            ),
        ]
        last = own.select_related("locale").specific(defer=True)
        return {
            "count": len(rows),
            "waiting": [(count, words) for count, words in waiting if count],
            "pages": last.order_by(F("latest_revision_created_at").desc(nulls_last=True), "path")[
                :LAST_CHANGED
            ],
        }


def show_your_pages(request: HttpRequest, panels: list[Any]) -> None:
    """Add the panel for whoever may change some page, or has nothing else to do here yet."""
    writes = POLICY.user_has_any_permission(request.user, ["add", "change"])
    if writes or not request.user.has_perm("booking.view_order"):
        panels.append(YourPagesPanel(request))


def without_foreign_counts(request: HttpRequest, items: list[Any]) -> None:
    """Take the count of pages off the desk of those who don't look after the whole site."""
    if not POLICY.user_has_any_permission(request.user, ["publish"]):
        items[:] = [one for one in items if not isinstance(one, PagesSummaryItem)]
