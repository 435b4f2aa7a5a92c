"""The office's calendar of seasons: dated by pole, shown as twelve months."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn

from booking.models import PoleSeason
from booking.relations.seasons import strips
from destination.desk import DeskForm, DeskIndexView, DeskViewSet, MomentColumn, TwoDaysField
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of


class SeasonForm(DeskForm):
    """Days of a pole that are high season, or a wing."""

    dates = TwoDaysField(
        first=gettext_lazy("From"),
        last=gettext_lazy("To, included"),
        last_is_included=True,
        label=gettext_lazy("Days"),
    )


class SeasonIndexView(DeskIndexView):
    """What is dated, below twelve months of every pole."""

    template_name = "booking/desk/seasons.html"

    def get_base_queryset(self) -> QuerySet[PoleSeason]:
        """Load the poles."""
        return PoleSeason.objects.select_related("pole")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the twelve months."""
        return {**super().get_context_data(**kwargs), "strips": strips(day_of(timezone.now()))}


def _last_day(season: PoleSeason) -> Any:
    return season.dates.upper - ONE_DAY


class SeasonViewSet(DeskViewSet):
    """Seasons of poles."""

    model = PoleSeason
    name = "desk_seasons"
    url_prefix = "saisons"
    icon = "calendar"
    menu_label = gettext_lazy("Calendar of seasons")
    ordering = ("pole__position", "dates")
    index_view_class = SeasonIndexView
    list_filter = ("pole", "level")
    search_fields = ("pole__name",)
    edit_handler = ObjectList(
        [FieldRowPanel([FieldPanel("pole"), FieldPanel("level")]), FieldPanel("dates")],
        base_form_class=SeasonForm,
    )
    list_display = (
        TitleColumn(
            "pole",
            label=gettext_lazy("Pole"),
            accessor="pole.name",
            url_name="desk_seasons:edit",
        ),
        Column("level", label=gettext_lazy("Season"), accessor="get_level_display"),
        MomentColumn("first", label=gettext_lazy("From"), accessor="dates.lower"),
        MomentColumn("last", label=gettext_lazy("To, included"), accessor=_last_day),
    )
    empty_text = gettext_lazy(
        "Days that are high season or a wing will appear here, pole by pole; all others are low "
        "season."
    )
