"""The office's list of double bookings: read here, settled by the host with what was done."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.ui.tables import Column

from booking.models import ChannelIncident
from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet


class IncidentIndexView(ReadOnlyIndexView):
    """The double bookings, the newest first."""

    def get_base_queryset(self) -> QuerySet[ChannelIncident]:
        """Load their lodgings and orders."""
        return ChannelIncident.objects.select_related("unit__offer", "order_line__order")


class IncidentViewSet(ReadOnlyViewSet):
    """Nights that were sold here and booked on another platform."""

    model = ChannelIncident
    name = "desk_incidents"
    url_prefix = "doublons"
    icon = "warning"
    menu_label = gettext_lazy("Double bookings")
    ordering = ("-opened_at", "-pk")
    index_view_class = IncidentIndexView
    search_fields = ("feed_name", "order_line__order__reference", "unit__offer__title_fr")
    list_filter = ("state",)
    list_display = (
        Column("offer", label=gettext_lazy("Lodging"), accessor="unit.offer.title"),
        Column("order", label=gettext_lazy("Order"), accessor="order_line.order.reference"),
        Column("feed_name", label=pgettext_lazy("feed", "Calendar"), sort_key="feed_name"),
        MomentColumn("first", label=gettext_lazy("First night"), accessor="dates.lower"),
        MomentColumn("last", label=gettext_lazy("Departure"), accessor="dates.upper"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
        Column("outcome", label=gettext_lazy("What was done"), accessor="get_outcome_display"),
    )
    inspect_view_fields = [
        "unit",
        "dates",
        "feed_name",
        "order_line",
        "state",
        "outcome",
        "note",
        "opened_at",
        "told_at",
        "settled_at",
    ]
    empty_text = gettext_lazy(
        "Nights that a host sold on another platform too will appear here, and how it ended."
    )
