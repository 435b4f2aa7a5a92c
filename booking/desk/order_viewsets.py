"""The office's lists of orders, of messages and of what the bank told."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup

from booking.desk import order_list, order_views
from booking.desk.bank_words import about, kind_words, kinds_in_words, outcome_words
from booking.desk.greeters import MeetingViewSet
from booking.desk.incidents import IncidentViewSet
from booking.desk.letters import LetterViewSet
from booking.desk.life_cycle import LifeCycleViewSet
from booking.desk.message_words import kind_of_message
from booking.desk.payout_views import PayoutViewSet
from booking.desk.requests import RequestViewSet
from booking.desk.seller_years import SellerViewSet
from booking.models import GatewayEvent, Order, OutboxMessage
from destination.desk import DecidedViewSet, EuroColumn, MomentColumn, ReadOnlyIndexView


def _name_of(order: Order) -> str:
    return f"{order.last_name} {order.first_name}"


class OrderViewSet(DecidedViewSet):
    """Orders: read here, changed by use cases only."""

    model = Order
    name = "desk_orders"
    url_prefix = "commandes"
    icon = "list-ul"
    menu_label = gettext_lazy("Orders")
    ordering = ("-placed_at", "-pk")
    index_view_class = order_list.OrderIndexView
    inspect_view_class = order_views.OrderInspectView
    filterset_class = order_list.OrderFilters
    # Which words are looked for where: order_list.searched.
    search_fields = ("reference",)
    list_display = (
        "reference",
        Column("name", label=gettext_lazy("Visitor"), accessor=_name_of, sort_key="last_name"),
        MomentColumn("placed_at", label=gettext_lazy("Placed"), sort_key="placed_at"),
        Column(
            "state",
            label=gettext_lazy("State"),
            accessor=order_list.state_words,
            sort_key="state",
        ),
        EuroColumn("total_amount", label=gettext_lazy("Total"), sort_key="total_amount"),
    )
    list_export = (
        "reference",
        "state",
        "placed_at",
        "confirmed_at",
        "last_name",
        "first_name",
        "email",
        "phone",
        "gross_amount",
        "tourist_tax_amount",
        "fee_amount",
        "total_amount",
    )
    empty_text = gettext_lazy(
        "Orders will appear here as soon as a visitor begins to pay: who, what, from whom, and "
        "whether it is paid."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the cancelling, and asking again for a refund that failed."""
        cancel = order_views.OrderCancelView.as_view(
            index_url_name=self.get_url_name("index"), header_icon=self.icon
        )
        again = path("rembourser/<int:pk>/", order_views.refund_ask_again, name="refund-again")
        return [*super().get_urlpatterns(), path("annuler/<int:pk>/", cancel, name="cancel"), again]


class OutboxFilters(WagtailFilterSet):
    """Narrows the list of messages."""

    class Meta:
        model = OutboxMessage
        fields = ("state", "channel")


class OutboxIndexView(ReadOnlyIndexView):
    """The messages, the newest first."""

    def get_base_queryset(self) -> QuerySet[OutboxMessage]:
        """Load their orders."""
        return OutboxMessage.objects.select_related("order")


class OutboxViewSet(DecidedViewSet):
    """Messages written by the platform, sent or waiting."""

    model = OutboxMessage
    name = "desk_outbox"
    url_prefix = "messages"
    icon = "mail"
    menu_label = gettext_lazy("Messages sent")
    ordering = ("-created_at", "-pk")
    index_view_class = OutboxIndexView
    inspect_view_class = order_views.MessageInspectView
    filterset_class = OutboxFilters
    search_fields = ("recipient", "kind", "order__reference")
    list_display = (
        "shown_recipient",
        Column(
            "kind",
            label=gettext_lazy("Message"),
            accessor=lambda row: kind_of_message(row.kind),
        ),
        Column("channel", label=gettext_lazy("By"), accessor="get_channel_display"),
        Column("order", label=gettext_lazy("Order"), accessor="order.reference"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
        MomentColumn("created_at", label=gettext_lazy("Written"), sort_key="created_at"),
        MomentColumn("sent_at", label=gettext_lazy("Sent"), sort_key="sent_at"),
    )
    empty_text = gettext_lazy(
        "Confirmations, bookings told to providers and cancellations will appear here, with what "
        "became of each mail."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the button that sends again."""
        again = path("renvoyer/<int:pk>/", order_views.message_send_again, name="send-again")
        return [*super().get_urlpatterns(), again]


class EventFilters(WagtailFilterSet):
    """Narrows the messages of the bank."""

    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("About"), choices=kinds_in_words, method="of_words"
    )
    waiting = django_filters.ChoiceFilter(
        label=gettext_lazy("Processed"),
        choices=(("yes", gettext_lazy("not yet")),),
        method="not_processed",
    )

    class Meta:
        model = GatewayEvent
        fields = ("kind", "waiting")

    def of_words(
        self, queryset: QuerySet[GatewayEvent], name: str, value: str
    ) -> QuerySet[GatewayEvent]:
        """Keep the messages that read alike in the list."""
        return queryset.filter(about(value))

    def not_processed(
        self, queryset: QuerySet[GatewayEvent], name: str, value: str
    ) -> QuerySet[GatewayEvent]:
        """Keep the messages that nothing came of yet."""
        return queryset.filter(processed_at=None)


class KindColumn(Column):
    """What a message of the bank is about; the bank's own name small beside it."""

    def get_value(self, instance: GatewayEvent) -> str:
        """Return its words and the bank's."""
        return format_html("{} <small>{}</small>", kind_words(instance.kind), instance.kind)


class EventViewSet(DecidedViewSet):
    """Messages of the bank, as they came."""

    model = GatewayEvent
    name = "desk_bank"
    url_prefix = "banque"
    icon = "download"
    menu_label = gettext_lazy("Messages of the bank")
    ordering = ("-received_at", "-pk")
    inspect_view_class = order_views.EventInspectView
    search_fields = ("event_id", "object_id", "kind")
    list_display = (
        "event_id",
        KindColumn("kind", label=gettext_lazy("About"), sort_key="kind"),
        MomentColumn("received_at", label=gettext_lazy("Received"), sort_key="received_at"),
        MomentColumn("processed_at", label=gettext_lazy("Processed"), sort_key="processed_at"),
        Column(
            "outcome",
            label=gettext_lazy("What came of it"),
            accessor=lambda row: outcome_words(row.outcome),
        ),
    )
    filterset_class = EventFilters
    empty_text = gettext_lazy(
        "What the bank tells will appear here: payments, refunds. Each message is kept as it came "
        "and processed once."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the button that processes one again."""
        again = path("traiter/<int:pk>/", order_views.event_process, name="process")
        return [*super().get_urlpatterns(), again]


class OrderGroup(ViewSetGroup):
    """« Réservations »: what was sold and what was told."""

    menu_label = gettext_lazy("Bookings")
    menu_icon = "list-ul"
    menu_order = 210
    items = (
        OrderViewSet,
        RequestViewSet,
        MeetingViewSet,
        IncidentViewSet,
        PayoutViewSet,
        SellerViewSet,
        OutboxViewSet,
        LetterViewSet,
        LifeCycleViewSet,
        EventViewSet,
    )
