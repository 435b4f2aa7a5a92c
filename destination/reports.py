"""What the editors look after: pages that lack something, photographs whose rights end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.views.reports import PageReportView, ReportView
from wagtail.models import Page
from wagtail_localize.models import Translation

from destination.desk import FileForSheets
from destination.models import OutsideLink, Picture
from destination.models.pages import VelayPage
from destination.outside_links import gone_links
from destination.publication import lacks_of
from destination.translating import texts_to_translate
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

ENDS_SOON = timedelta(days=60)


class PagesToMend(FileForSheets, PageReportView):  # type: ignore[misc]
    """Published pages with what each lacks: links that lead nowhere, rights, translations."""

    page_title = gettext_lazy("Pages to mend")
    header_icon = "warning"
    index_url_name = "pages_to_mend"
    index_results_url_name = "pages_to_mend_results"
    results_template_name = "wagtailadmin/reports/pages_to_mend_results.html"
    any_permission_required: ClassVar[list[str]] = ["add", "change", "publish"]
    list_export: ClassVar[list[str]] = ["title", "locale", "lacks"]
    export_headings: ClassVar[dict[str, Promise]] = {
        "locale": gettext_lazy("Language"),
        "lacks": gettext_lazy("What it lacks"),
    }

    def get_queryset(self) -> QuerySet[Page]:
        """Return the published pages that lack something and that the reader may change.

        Every page is looked at: there are hundreds, and one without a fault is none to mend.
        """
        pages = self.permission_policy.instances_user_has_permission_for(
            self.request.user, "change"
        )
        found: QuerySet[Page] = pages.filter(live=True, depth__gt=1).select_related("locale")
        self.lacks = _lacks_of_pages(found.order_by("path").specific())
        self.queryset = found.filter(pk__in=self.lacks).order_by("path")
        return super().get_queryset()  # type: ignore[no-any-return]

    def decorate_paginated_queryset(self, object_list: Iterable[Page]) -> list[Page]:
        """Add what each page lacks."""
        shown = list(object_list)
        for page in shown:
            page.lacks = "\n".join(self.lacks[page.pk])
        return shown


def _lacks_of_pages(pages: Iterable[Page]) -> dict[int, list[str]]:
    """Return what each page lacks, by its key, without those that lack nothing."""
    today = day_of(timezone.now())
    pages = list(pages)
    written = _languages_by_key(pages)
    keys = [one.translation_key for one in pages]
    wanted = Translation.objects.filter(source__object_id__in=keys, enabled=True)
    translations = {
        (one.source.object_id, one.target_locale_id): one for one in wanted.select_related("source")
    }
    changed = _changes_of_sources(keys)
    gone = gone_links(pages)
    found = {}
    for page in pages:
        if isinstance(page, VelayPage):
            lacks = [one.words for one in lacks_of(page, today=today)]
            outside = [_said(one) for one in gone[page.pk]]
            waits = _waiting(page, translations) or _behind(page, changed)
            lacks += [*outside, *waits, *_untranslated(page, written)]
            if lacks:
                found[page.pk] = lacks
    return found


def _said(link: OutsideLink) -> str:
    """Say of an address outside the site that nobody gets there any more."""
    words = _("This address outside the site leads nowhere: %(url)s (%(answer)s).")
    return words % {"url": link.url, "answer": _why(link.answer)}


def _why(answer: str) -> str:
    """Return what an address answered in words that an editor understands."""
    words = {
        **dict.fromkeys(("404", "410"), _("page not found")),
        "unknown_host": _("there is no such site"),
        "tls": _("its certificate isn’t valid"),
        **dict.fromkeys(("bad_address", "private"), _("nobody can go there")),
    }
    return words.get(answer, _("no answer for two weeks"))


def _languages_by_key(pages: Iterable[Page]) -> dict[Any, set[str]]:
    keys = {one.translation_key for one in pages}
    found: dict[Any, set[str]] = {}
    rows = Page.objects.filter(translation_key__in=keys, live=True)
    for key, code in rows.values_list("translation_key", "locale__language_code"):
        found.setdefault(key, set()).add(code)
    return found


def _waiting(page: Page, translations: dict[Any, Translation]) -> list[str]:
    """Say how many texts of a translation wait since its first language changed."""
    translation = translations.get((page.translation_key, page.locale_id))
    left = texts_to_translate(translation) if translation is not None else 0
    words = ngettext(
        "%(count)s text has changed and waits for its translation.",
        "%(count)s texts have changed and wait for their translation.",
        left,
    )
    return [words % {"count": left}] if left else []


def _changes_of_sources(keys: Iterable[Any]) -> dict[Any, datetime]:
    """Return when each page of the first language was last published, by its key."""
    sources = Page.objects.filter(
        translation_key__in=keys,
        locale__language_code=settings.LANGUAGE_CODE,
        live=True,
        last_published_at__isnull=False,
    )
    return dict(sources.values_list("translation_key", "last_published_at"))


def _behind(page: Page, changed: dict[Any, datetime]) -> list[str]:
    """Say that the first language was published after this translation of it.

    It tells of pages that were written side by side, whose texts nobody counts, and of a change
    without a new text: a photograph, a criterion.
    """
    since = changed.get(page.translation_key)
    if since is None or page.locale.language_code == settings.LANGUAGE_CODE:
        return []
    if page.last_published_at is not None and page.last_published_at >= since:
        return []
    words = _("The French version changed on %(day)s: compare, then publish this one again.")
    return [words % {"day": f"{paris(since):%d/%m/%Y}"}]


def _untranslated(page: Page, written: dict[Any, set[str]]) -> list[str]:
    missing = [
        str(name)
        for code, name in settings.WAGTAIL_CONTENT_LANGUAGES
        if code not in written.get(page.translation_key, set())
    ]
    return (
        [_("Not there in: %(languages)s.") % {"languages": ", ".join(missing)}] if missing else []
    )


class RightsThatEnd(FileForSheets, ReportView):  # type: ignore[misc]
    """Photographs whose rights end, then those that lack a description or an author."""

    model = Picture
    page_title = gettext_lazy("Photographs to mend")
    header_icon = "image"
    index_url_name = "rights_that_end"
    index_results_url_name = "rights_that_end_results"
    results_template_name = "wagtailadmin/reports/rights_that_end_results.html"
    any_permission_required: ClassVar[list[str]] = ["add", "change"]
    list_export: ClassVar[list[str]] = ["title", "credit", "rights", "rights_until"]
    export_headings: ClassVar[dict[str, Promise]] = {
        "credit": gettext_lazy("Credit"),
        "rights": gettext_lazy("Rights"),
        "rights_until": gettext_lazy("Until"),
    }

    def get_queryset(self) -> QuerySet[Picture]:
        """Return the photographs whose rights have a near end, the nearest first, then the rest."""
        ends = Q(rights_until__lte=day_of(timezone.now()) + ENDS_SOON)
        described = f"description_{settings.LANGUAGE_CODE}"
        is_mute = Q(**{described: ""}) | Q(**{f"{described}__isnull": True})
        has_no_author = ~Q(rights=Picture.Rights.OURS) & Q(credit="")
        found = Picture.objects.filter(ends | is_mute | has_no_author)
        self.queryset = found.order_by(F("rights_until").asc(nulls_last=True), "pk")
        return super().get_queryset()  # type: ignore[no-any-return]

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the day, which tells what has ended."""
        return {**super().get_context_data(*args, **kwargs), "today": day_of(timezone.now())}
