"""The office's list of requests: read here, answered by the host."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.ui.tables import Column

from booking.models import BookingRequest
from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet


class RequestIndexView(ReadOnlyIndexView):
    """The requests, the newest first."""

    def get_base_queryset(self) -> QuerySet[BookingRequest]:
        """Load their offers, houses and orders."""
        return BookingRequest.objects.select_related("offer", "provider", "order")


class RequestViewSet(ReadOnlyViewSet):
    """What guests ask hosts for before it is sold."""

    model = BookingRequest
    name = "desk_requests"
    url_prefix = "demandes"
    icon = "mail"
    menu_label = pgettext_lazy("menu", "Requests")
    ordering = ("-placed_at", "-pk")
    index_view_class = RequestIndexView
    search_fields = ("code", "email", "last_name", "offer__title_fr", "provider__name")
    list_filter = ("state",)
    list_display = (
        Column("code", label=gettext_lazy("Code"), sort_key="code"),
        Column("offer", label=gettext_lazy("Offer"), accessor="offer.title"),
        Column("provider", label=gettext_lazy("House"), accessor="provider.name"),
        Column("last_name", label=gettext_lazy("Guest"), sort_key="last_name"),
        MomentColumn("placed_at", label=gettext_lazy("Asked"), sort_key="placed_at"),
        MomentColumn("deadline", label=gettext_lazy("To be answered before"), sort_key="deadline"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
        Column("order", label=gettext_lazy("Order"), accessor="order.reference"),
    )
    inspect_view_fields = [
        "code",
        "state",
        "offer",
        "unit",
        "provider",
        "starts_at",
        "ends_at",
        "total_amount",
        "first_name",
        "last_name",
        "email",
        "phone",
        "placed_at",
        "deadline",
        "reminded_at",
        "answered_at",
        "reason",
        "words",
        "order",
    ]
    empty_text = gettext_lazy(
        "What guests ask hosts for will appear here, until when it is to be answered, and how it "
        "ended."
    )
