"""The office's page of the yearly declaration: who is told of, what is missing, the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.order_views import post_only
from booking.desk.views import actor_of
from booking.models import SellerAsk
from booking.rules.sellers import missing_of
from booking.seller_asks import Standing, standings_of
from booking.seller_data import sellers_of
from booking.seller_tables import declaration
from booking.seller_words import ACTIVITY_NAMES, EXCLUSION_WORDS, MISSING_WORDS
from booking.seller_years import FIRST_YEAR, Part, SellerYear, houses_of_year, years_of_houses
from destination.desk import ReadOnlyViewSet
from members.journal import record
from members.models import Provider
from oti.lib.dates import today as day_of

PER_PAGE = 30
# Until June the year that is over is what one comes for.
LOOKS_BACK_UNTIL = 6


@dataclass(frozen=True)
class SellerRow:
    """One house of a year, as the office reads it."""

    house: Provider
    year: SellerYear
    parts: list[tuple[Promise, Part]]
    missing: list[Promise]
    exclusion: Promise | str
    standing: Standing | None


class SellerYearView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """The houses of a civil year: sums by quarter, days let, what is missing."""

    template_name = "booking/desk/seller_year.html"
    page_title = gettext_lazy("Declaration to the tax office")
    header_icon = "download"
    permission_policy = ModelPermissionPolicy(SellerAsk)
    any_permission_required = ("view",)
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the first page."""
        return [
            *self.breadcrumbs_items,
            {"url": "", "label": self.page_title, "sublabel": str(self.year)},
        ]

    @property
    def year(self) -> int:
        """Return the year of the address, else the last one that is declared."""
        return year_of(self.kwargs.get("year"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather one page of houses: as many statements as for one."""
        year = self.year
        found = Provider.objects.filter(pk__in=houses_of_year(year)).select_related("commune")
        page = Paginator(found.order_by("name", "pk"), PER_PAGE).get_page(self.request.GET.get("p"))
        this_year = day_of(timezone.now()).year
        return {
            **super().get_context_data(**kwargs),
            "year": str(year),
            "before": str(year - 1) if year > FIRST_YEAR else "",
            "after": str(year + 1) if year < this_year else "",
            "is_over": year < this_year,
            "count": page.paginator.count,
            "page": page,
            "rows": rows_of(list(page), year),
            "empty_text": EMPTY,
            "object_list": list(page),
            "file_url": reverse("desk_sellers:file", args=[year]),
        }


def year_of(asked: int | None) -> int:
    """Return a year that may be read; raises Http404 for any other."""
    today = day_of(timezone.now())
    if asked is None:
        return today.year - (today.month <= LOOKS_BACK_UNTIL)
    if not FIRST_YEAR <= asked <= today.year:
        raise Http404
    return asked


def rows_of(houses: list[Provider], year: int) -> list[SellerRow]:
    """Put some houses of a year into words."""
    told, years, asked = sellers_of(houses), years_of_houses(houses, year), standings_of(houses)
    return [
        SellerRow(
            house=one,
            year=years[one.pk],
            parts=[(ACTIVITY_NAMES[part.activity], part) for part in years[one.pk].parts],
            missing=[MISSING_WORDS[code] for code in missing_of(told[one.pk])],
            exclusion=EXCLUSION_WORDS.get(years[one.pk].exclusion, ""),
            standing=asked.get(one.pk),
        )
        for one in houses
    ]


def seller_file(request: HttpRequest, year: int) -> HttpResponse:
    """Give the file of a year to the office; who took it is noted, it says who people are."""
    post_only(request, "booking.view_sellerask")
    year = year_of(year)
    content = declaration(year)
    now = timezone.now()
    record("tax declaration taken", f"declaration:{year}", actor=actor_of(request), at=now)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="dac7-{year}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer


EMPTY = gettext_lazy(
    "Houses that sold something in this year will appear here: what was paid by quarter, days let, "
    "and what they still have to say."
)


class SellerViewSet(ReadOnlyViewSet):
    """« Déclaration fiscale »: what the tax office is told of who sells."""

    model = SellerAsk
    name = "desk_sellers"
    url_prefix = "declaration"
    icon = "download"
    menu_label = pgettext_lazy("menu", "Tax declaration")
    inspect_view_enabled = False
    empty_text = EMPTY

    def get_urlpatterns(self) -> list[Any]:
        """Serve a year, the last one without any, and its file."""
        return [
            path("", SellerYearView.as_view(), name="index"),
            path("<int:year>/", SellerYearView.as_view(), name="year"),
            path("<int:year>/fichier/", seller_file, name="file"),
        ]


__all__ = ["SellerViewSet"]
