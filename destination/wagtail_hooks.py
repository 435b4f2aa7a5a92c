"""What the territory and its pages add to Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.permission_policies.pages import PagePermissionPolicy
from wagtail.signals import page_published

from destination import placing, translating, translating_words, views
from destination.desk_home import show_your_pages, without_foreign_counts
from destination.desk_outlines import OutlinesView
from destination.reports import PagesToMend, RightsThatEnd
from destination.viewsets import LegalViewSet, TerritoryGroup


@hooks.register("register_admin_viewset")
def register_desk() -> list[Any]:
    """Register the lists of the territory and of the legal texts."""
    return [TerritoryGroup(), LegalViewSet()]


@hooks.register("register_admin_urls")
def register_addresses() -> list[Any]:
    """Register the reports of the editors, the outlines, and the gallery of the components."""
    return [
        path("composants/", views.components, name="components"),
        path("composants/pages/", views.components_of_pages, name="components-of-pages"),
        path("contours-et-traces/", OutlinesView.as_view(), name="desk_outlines"),
        path("reports/a-revoir/", PagesToMend.as_view(), name="pages_to_mend"),
        path(
            "reports/a-revoir/results/",
            PagesToMend.as_view(results_only=True),
            name="pages_to_mend_results",
        ),
        path("reports/droits/", RightsThatEnd.as_view(), name="rights_that_end"),
        path(
            "reports/droits/results/",
            RightsThatEnd.as_view(results_only=True),
            name="rights_that_end_results",
        ),
    ]


class EditorsItem(MenuItem):  # type: ignore[misc]
    """A line of the menu for those who write pages."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Show it to whoever may change some page."""
        policy = PagePermissionPolicy()
        shown: bool = policy.user_has_any_permission(request.user, ["add", "change", "publish"])
        return shown


@hooks.register("register_reports_menu_item")
def pages_to_mend_item() -> MenuItem:
    """Add the pages that lack something."""
    return EditorsItem(
        _("Pages to mend"),
        reverse("pages_to_mend"),
        name="pages-to-mend",
        icon_name="warning",
        order=100,
    )


@hooks.register("register_reports_menu_item")
def rights_item() -> MenuItem:
    """Add the photographs whose rights end."""
    return EditorsItem(
        _("Photographs to mend"),
        reverse("rights_that_end"),
        name="rights-that-end",
        icon_name="image",
        order=110,
    )


# After Wagtail has put its own.
AFTER_THEIRS = 1000
hooks.register("construct_homepage_panels", show_your_pages)
hooks.register("construct_homepage_summary_items", without_foreign_counts, order=AFTER_THEIRS)

# --- Languages ------------------------------------------------------------------------------------
# Before those of wagtail-localize, whose addresses these are.
BEFORE_THEIRS = -1


@hooks.register("register_admin_urls", order=BEFORE_THEIRS)
def register_translating() -> list[Any]:
    """Answer the addresses of translations that would publish what isn't translated."""
    return [
        path("localize/jsi18n/", translating_words.words),
        path("localize/submit/page/<int:page_id>/", translating.TranslatePageView.as_view()),
        path("localize/update/<int:translation_source_id>/", translating.SyncPagesView.as_view()),
        path("localize/page/<int:page_id>/convert_to_alias/", translating.refuse_alias),
    ]


hooks.register("insert_editor_js", translating_words.load_script)
translating_words.write_days_in_figures()
hooks.register("before_edit_page", translating.keep_half_translations_back, order=BEFORE_THEIRS)
hooks.register("before_bulk_action", translating.keep_lacking_pages_back)
hooks.register("construct_page_action_menu", translating.without_aliases)
hooks.register("before_copy_page", placing.keep_copies_in_place)
hooks.register("before_move_page", placing.keep_moves_in_place)
page_published.connect(translating.follow_source, dispatch_uid="destination.follow_source")
