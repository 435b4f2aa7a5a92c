"""The office's list of what hosts want to fill: read and exported here, said by the hosts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, pgettext
from wagtail.admin.ui.tables import Column

from booking.models import CapacityNeed
from destination.desk import EuroColumn, MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet


class NeedIndexView(ReadOnlyIndexView):
    """The dates to fill, the newest first."""

    export_headings: ClassVar[dict[str, Any]] = {"periods_text": gettext_lazy("Periods")}

    def get_base_queryset(self) -> QuerySet[CapacityNeed]:
        """Load their offers, houses and periods."""
        rows = CapacityNeed.objects.select_related("offer", "provider")
        return rows.prefetch_related("periods")


def _state_words(need: CapacityNeed) -> str:
    if need.is_ended:
        return pgettext("dates to fill", "ended")
    if need.is_paused:
        return pgettext("dates to fill", "paused")
    return pgettext("dates to fill", "proposed")


class NeedViewSet(ReadOnlyViewSet):
    """What hosts want to fill, from which price on, for whom."""

    model = CapacityNeed
    name = "desk_needs"
    url_prefix = "dates-a-remplir"
    icon = "calendar-check"
    menu_label = gettext_lazy("Dates to fill")
    ordering = ("-created_at", "-pk")
    index_view_class = NeedIndexView
    search_fields = ("offer__title_fr", "provider__name")
    list_filter = ("audience", "is_paused", "provider")
    list_display = (
        Column("offer", label=gettext_lazy("Offer"), accessor="offer.title"),
        Column("provider", label=gettext_lazy("Provider"), sort_key="provider__name"),
        Column("periods_text", label=gettext_lazy("Periods")),
        Column("quantity", label=gettext_lazy("Nights or places"), sort_key="quantity"),
        EuroColumn("floor_amount", label=gettext_lazy("Never below"), sort_key="floor_amount"),
        Column("audience", label=gettext_lazy("For whom"), accessor="get_audience_display"),
        Column("redeemed", label=gettext_lazy("Bookings made"), sort_key="redeemed"),
        MomentColumn("last_day", label=gettext_lazy("Until"), sort_key="last_day"),
        Column("state", label=gettext_lazy("State"), accessor=_state_words),
    )
    list_export = (
        "provider.name",
        "offer.title_fr",
        "periods_text",
        "quantity",
        "floor_amount",
        "audience",
        "max_redemptions",
        "redeemed",
        "last_day",
        "is_paused",
        "ended_at",
        "created_at",
    )
    inspect_view_fields: Any = [
        "provider",
        "offer",
        "quantity",
        "floor_amount",
        "audience",
        "max_redemptions",
        "redeemed",
        "last_day",
        "is_paused",
        "ended_at",
        "created_at",
    ]
    empty_text = gettext_lazy(
        "What hosts want to fill will appear here: which dates, how much, from which price on."
    )
