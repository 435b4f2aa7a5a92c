"""The lists of the desk: offers, calendars, orders, messages, and what the office sets."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Count, Q, QuerySet
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin.admin_url_finder import ModelAdminURLFinder
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button

from booking.desk import calendar_views, order_list, order_views, panels, views
from booking.desk.bank_words import outcome_words
from booking.desk.greeters import MeetingViewSet
from booking.desk.incidents import IncidentViewSet
from booking.desk.letters import LetterViewSet
from booking.desk.life_cycle import LifeCycleViewSet
from booking.desk.message_words import kind_of_message
from booking.desk.needs import NeedViewSet
from booking.desk.payout_views import PayoutViewSet
from booking.desk.ready_stays import ReadyStayViewSet
from booking.desk.renewals import OfferRenewalView
from booking.desk.requests import RequestViewSet
from booking.desk.seller_years import SellerViewSet
from booking.models import (
    CancellationPolicy,
    Closure,
    GatewayEvent,
    Offer,
    Order,
    OutboxMessage,
    Slot,
    Tariff,
    TaxCollectivity,
    TouristTaxTariff,
)
from destination.desk import (
    DecidedViewSet,
    DeskIndexView,
    DeskViewSet,
    EuroColumn,
    MomentColumn,
    ReadOnlyIndexView,
)
from members.models import Provider
from oti.lib.dates import today as day_of
from oti.lib.html import format_euros, format_number


# --- Offers ------------------------------------------------------------------------------------
class OfferFilters(WagtailFilterSet):
    """Narrows a list of offers."""

    provider = django_filters.ModelChoiceFilter(
        queryset=Provider.objects.all(), label=gettext_lazy("Provider")
    )

    class Meta:
        model = Offer
        fields = ("state", "provider")


class LodgingFilters(OfferFilters):
    """Narrows the list of lodgings."""

    class Meta:
        model = Offer
        fields = ("state", "lodging_type", "provider")


class ExperienceFilters(OfferFilters):
    """Narrows the list of experiences."""

    dates = django_filters.ChoiceFilter(
        label=gettext_lazy("Dates"),
        choices=(("none", gettext_lazy("none to come")),),
        method="without_dates",
    )

    class Meta:
        model = Offer
        fields = ("state", "kind", "provider", "dates")

    def without_dates(self, queryset: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        """Keep the offers that have no date to come."""
        coming = Slot.objects.to_come(timezone.now()).values("offer_id")
        return queryset.exclude(pk__in=coming)


class OfferIndexView(DeskIndexView):
    """A list of offers; a title leads to the offer's own page."""

    page_title: Any = ""
    offers = Q()
    export_headings: ClassVar[dict[str, Any]] = {
        "pk": gettext_lazy("Number"),
        "updated_at": gettext_lazy("Changed"),
    }

    def get_page_title(self) -> str:
        """Name the list."""
        return str(self.page_title)

    def get_base_queryset(self) -> QuerySet[Offer]:
        """Return the offers of this list with what the columns show."""
        return Offer.objects.filter(self.offers).select_related("provider", "commune")

    def get_edit_url(self, instance: Offer) -> str | None:
        """Lead to the page that says what the offer has and lacks."""
        return self.get_inspect_url(instance)


class LodgingIndexView(OfferIndexView):
    """The lodgings."""

    page_title = gettext_lazy("Lodgings")
    offers = Q(kind=Offer.Kind.LODGING)


class ExperienceIndexView(OfferIndexView):
    """Everything that is sold by dates."""

    page_title = gettext_lazy("Activities, tickets, meals, baskets")
    offers = ~Q(kind=Offer.Kind.LODGING)


class OfferViewSet(DeskViewSet):
    """What lodgings and experiences share."""

    model = Offer
    icon = "tag"
    ordering = ("title_fr", "pk")
    add_to_reference_index = True
    inspect_view_enabled = True
    inspect_view_class = views.OfferInspectView
    edit_view_class = views.OfferEditView
    search_fields = ("title_fr", "title_en", "slug", "provider__name", "commune__name")
    list_export = (
        "pk",
        "title_fr",
        "kind",
        "state",
        "provider.name",
        "commune.name",
        "tax_category",
        "registration_number",
        "updated_at",
    )

    @property
    def url_finder_class(self) -> type[ModelAdminURLFinder]:
        """Lead from elsewhere to the offer's own page: two lists share the model."""
        finds = {"construct_edit_url": lambda _finder, offer: views.offer_url(offer)}
        return type("_OfferURLFinder", (super().url_finder_class,), finds)

    def get_urlpatterns(self) -> list[Any]:
        """Add the moves of an offer's state."""
        return [
            *super().get_urlpatterns(),
            *(
                path(f"{move}/<int:pk>/", views.OfferMoveView.as_view(move=move), name=move)
                for move in ("publish", "pause", "archive")
            ),
            path(
                "nouveau/<int:pk>/",
                OfferRenewalView.as_view(index_url_name=self.get_url_name("index")),
                name="renew",
            ),
        ]


class LodgingViewSet(OfferViewSet):
    """Lodgings: sold by the night."""

    name = "desk_lodgings"
    url_prefix = "hebergements"
    icon = "home"
    menu_label = gettext_lazy("Lodgings")
    index_view_class = LodgingIndexView
    add_view_class = views.LodgingCreateView
    edit_handler = panels.LODGING
    filterset_class = LodgingFilters
    list_display = (
        "title",
        Column("lodging_type", label=gettext_lazy("Kind"), accessor="get_lodging_type_display"),
        Column("provider", label=gettext_lazy("Provider"), sort_key="provider__name"),
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
    )
    empty_text = gettext_lazy(
        "Lodgings will appear here: gîtes, guest rooms, hotels, campsites. Enter the provider "
        "first, then the lodging, then its prices."
    )


class ExperienceViewSet(OfferViewSet):
    """Everything else: sold by dates."""

    name = "desk_experiences"
    url_prefix = "experiences"
    icon = "calendar-alt"
    menu_label = gettext_lazy("Activities, tickets, meals, baskets")
    index_view_class = ExperienceIndexView
    add_view_class = views.OfferCreateView
    edit_handler = panels.EXPERIENCE
    filterset_class = ExperienceFilters
    list_display = (
        "title",
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("provider", label=gettext_lazy("Provider"), sort_key="provider__name"),
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
    )
    empty_text = gettext_lazy(
        "Activities, workshops, event tickets, meals and produce baskets will appear here. Enter "
        "the provider first, then the offer, then its dates."
    )


class TariffIndexView(DeskIndexView):
    """The prices of lodgings."""

    def get_base_queryset(self) -> QuerySet[Tariff]:
        """Load the lodgings, and count units."""
        return Tariff.objects.select_related("offer").annotate(units_count=Count("units"))


class TariffFilters(WagtailFilterSet):
    """Narrows the list of prices."""

    offer = django_filters.ModelChoiceFilter(
        queryset=Offer.objects.filter(kind=Offer.Kind.LODGING), label=gettext_lazy("Lodging")
    )

    class Meta:
        model = Tariff
        fields = ("offer",)


class TariffViewSet(DeskViewSet):
    """Prices, seasons and rules of stay."""

    model = Tariff
    name = "desk_tariffs"
    url_prefix = "prix"
    icon = "order"
    menu_label = gettext_lazy("Prices and seasons")
    ordering = ("offer__title_fr", "pk")
    index_view_class = TariffIndexView
    add_view_class = views.TariffCreateView
    edit_view_class = views.TariffEditView
    delete_view_class = views.TariffDeleteView
    edit_handler = panels.TARIFF
    filterset_class = TariffFilters
    search_fields = ("offer__title_fr", "name_fr")
    list_display = (
        "offer",
        Column("name", label=gettext_lazy("Prices")),
        EuroColumn("base_amount", label=gettext_lazy("A night"), sort_key="base_amount"),
        Column("units_count", label=gettext_lazy("Units")),
    )
    empty_text = gettext_lazy(
        "The prices of lodgings will appear here. Open a lodging's page and choose « Add prices »."
    )


# --- Calendars ---------------------------------------------------------------------------------
class SlotFilters(WagtailFilterSet):
    """Narrows the list of dates."""

    offer = django_filters.ModelChoiceFilter(
        queryset=Offer.objects.exclude(kind=Offer.Kind.LODGING), label=gettext_lazy("Offer")
    )
    day = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Day"), widget=DateRangePickerWidget
    )
    past = django_filters.ChoiceFilter(
        label=gettext_lazy("Past dates"),
        choices=(("with", gettext_lazy("shown too")),),
        method="keep_all",
        empty_label=gettext_lazy("hidden"),
    )

    class Meta:
        model = Slot
        fields = ("offer", "day", "is_closed", "past")

    def keep_all(self, queryset: QuerySet[Slot], name: str, value: str) -> QuerySet[Slot]:
        """The list itself leaves out past dates unless they are asked for."""
        return queryset


class SlotIndexView(DeskIndexView):
    """The dates to come, with what is left."""

    page_title = gettext_lazy("Dates")

    def get_base_queryset(self) -> QuerySet[Slot]:
        """Return dates with places held and free at this moment."""
        now = timezone.now()
        slots = Slot.objects.with_free(now).select_related("offer__provider")
        asked = self.request.GET
        if asked.get("past") == "with" or asked.get("day_from") or asked.get("day_to"):
            return slots
        return slots.filter(day__gte=day_of(now))

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """Add the series beside the single date."""
        found = list(super().header_more_buttons)
        if self.user_has_permission("add"):
            found.append(
                Button(
                    _("Add a series of dates"),
                    url=reverse("desk_slots:series"),
                    icon_name="calendar-alt",
                    priority=5,
                )
            )
        return found


def _slot_state(slot: Any) -> str:
    if slot.is_closed:
        return _("closed")
    if slot.sold >= slot.capacity:
        return _("full")
    return ""


class UseCaseViewSet(DeskViewSet):
    """A list whose forms are use cases: no model form stands behind them."""

    inspect_view_enabled = False

    def get_form_class(self, for_update: bool = False) -> Any:
        """There is no form of the model."""
        return self.UNDEFINED

    def get_delete_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """The view brings its own template."""
        return kwargs

    get_edit_view_kwargs = get_delete_view_kwargs
    get_add_view_kwargs = get_delete_view_kwargs


class SlotViewSet(UseCaseViewSet):
    """Dates of what is sold by dates."""

    model = Slot
    name = "desk_slots"
    url_prefix = "dates"
    icon = "date"
    menu_label = gettext_lazy("Dates")
    ordering = ("starts_at", "pk")
    index_view_class = SlotIndexView
    add_view_class = calendar_views.SlotAddView
    edit_view_class = calendar_views.SlotChangeView
    delete_view_class = calendar_views.SlotRemoveView
    filterset_class = SlotFilters
    search_fields = ("offer__title_fr", "offer__title_en", "offer__provider__name")
    list_display = (
        "offer",
        MomentColumn("day", label=gettext_lazy("Day"), sort_key="day"),
        Column("start_time", label=gettext_lazy("Begins at")),
        Column("sold", label=gettext_lazy("Sold"), sort_key="sold"),
        Column("held", label=gettext_lazy("Being booked")),
        Column("capacity", label=gettext_lazy("Places"), sort_key="capacity"),
        Column("status", label=gettext_lazy("State"), accessor=_slot_state),
    )
    list_export = (
        "offer.title_fr",
        "offer.provider.name",
        "day",
        "start_time",
        "capacity",
        "sold",
        "is_closed",
    )
    empty_text = gettext_lazy(
        "Dates to come will appear here, with the places sold. Add one, or a series: every "
        "Tuesday at 14:00 for instance."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the series."""
        series = calendar_views.SlotSeriesView.as_view(
            index_url_name=self.get_url_name("index"), header_icon=self.icon
        )
        return [*super().get_urlpatterns(), path("series/", series, name="series")]


class ClosureIndexView(DeskIndexView):
    """The closures that are not over."""

    def get_base_queryset(self) -> QuerySet[Closure]:
        """Return closures to come with their lodging."""
        return Closure.objects.select_related("unit__offer").filter(
            dates__endswith__gt=day_of(timezone.now())
        )


class ClosureFilters(WagtailFilterSet):
    """Narrows the list of closures."""

    offer = django_filters.ModelChoiceFilter(
        queryset=Offer.objects.filter(kind=Offer.Kind.LODGING),
        field_name="unit__offer",
        label=gettext_lazy("Lodging"),
    )

    class Meta:
        model = Closure
        fields = ("offer",)


class ClosureViewSet(UseCaseViewSet):
    """Nights that are not sold."""

    model = Closure
    name = "desk_closures"
    url_prefix = "fermetures"
    icon = "lock"
    menu_label = gettext_lazy("Closures")
    ordering = ("dates", "pk")
    index_view_class = ClosureIndexView
    add_view_class = calendar_views.ClosureAddView
    edit_view_class = calendar_views.ClosureChangeView
    delete_view_class = calendar_views.ClosureRemoveView
    filterset_class = ClosureFilters
    search_fields = ("unit__offer__title_fr", "unit__name_fr", "reason")
    list_display = (
        Column("offer", label=gettext_lazy("Lodging"), accessor="unit.offer.title"),
        Column("unit", label=gettext_lazy("Unit"), accessor="unit.name"),
        MomentColumn("first", label=gettext_lazy("First closed night"), accessor="dates.lower"),
        MomentColumn("last", label=gettext_lazy("Opens again on"), accessor="dates.upper"),
        Column("reason", label=gettext_lazy("Reason")),
    )
    empty_text = gettext_lazy(
        "Nights that a host does not sell will appear here: works, family, winter. They can't "
        "cover nights that are sold."
    )


class OfferGroup(ViewSetGroup):
    """« Offres »: what is sold, its prices and its calendar."""

    menu_label = gettext_lazy("Offers")
    menu_icon = "tag"
    menu_order = 200
    items = (
        LodgingViewSet,
        ExperienceViewSet,
        ReadyStayViewSet,
        TariffViewSet,
        SlotViewSet,
        ClosureViewSet,
        NeedViewSet,
    )


# --- Orders ------------------------------------------------------------------------------------
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
        fields = ("state",)


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

    waiting = django_filters.ChoiceFilter(
        label=gettext_lazy("Processed"),
        choices=(("yes", gettext_lazy("not yet")),),
        method="not_processed",
    )

    class Meta:
        model = GatewayEvent
        fields = ("kind", "waiting")

    def not_processed(
        self, queryset: QuerySet[GatewayEvent], name: str, value: str
    ) -> QuerySet[GatewayEvent]:
        """Keep the messages that nothing came of yet."""
        return queryset.filter(processed_at=None)


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
        Column("kind", label=gettext_lazy("About"), sort_key="kind"),
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


# --- Settings ----------------------------------------------------------------------------------
class PolicyViewSet(DeskViewSet):
    """Cancellation policies."""

    model = CancellationPolicy
    name = "desk_policies"
    url_prefix = "annulation"
    icon = "undo"
    menu_label = gettext_lazy("Cancellation policies")
    add_to_settings_menu = True
    menu_order = 10
    ordering = ("name_fr",)
    edit_handler = panels.POLICY
    search_fields = ("name_fr", "summary_fr")
    list_display = ("name", Column("summary", label=gettext_lazy("In one sentence")))
    empty_text = gettext_lazy(
        "Cancellation policies will appear here. Each offer has one; visitors read it before "
        "paying, and what they accepted is kept with the sale."
    )


class TaxTariffIndexView(DeskIndexView):
    """The tariffs, council by council."""

    def get_base_queryset(self) -> QuerySet[TouristTaxTariff]:
        """Load the councils."""
        return TouristTaxTariff.objects.select_related("epci")


def _tax_value(row: TouristTaxTariff) -> str:
    """Write the value with its unit: "0,68 €", "5 %"."""
    language = get_language() or "fr"
    if row.kind == TouristTaxTariff.Kind.FIXED:
        return format_euros(row.value, language, is_exact=True)
    decimals = 0 if row.value == row.value.to_integral_value() else 2
    return _("%(percent)s %%") % {"percent": format_number(row.value, language, decimals=decimals)}


class TaxTariffViewSet(DeskViewSet):
    """Tariffs of the tourist tax."""

    model = TouristTaxTariff
    name = "desk_tax_tariffs"
    url_prefix = "taxe-de-sejour"
    icon = "order"
    menu_label = gettext_lazy("Tourist tax tariffs")
    add_to_settings_menu = True
    menu_order = 20
    ordering = ("epci__name", "category", "-valid_from")
    index_view_class = TaxTariffIndexView
    edit_handler = panels.TAX_TARIFF
    list_filter = ("epci", "category")
    search_fields = ("epci__name", "source")
    list_display = (
        Column("epci", label=gettext_lazy("Council"), sort_key="epci__name"),
        Column("category", label=gettext_lazy("Category"), accessor="get_category_display"),
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display"),
        Column("value", label=gettext_lazy("Value"), accessor=_tax_value),
        EuroColumn("cap", label=gettext_lazy("Cap")),
        MomentColumn("valid_from", label=gettext_lazy("From"), sort_key="valid_from"),
        MomentColumn("valid_to", label=pgettext_lazy("period", "To")),
    )
    list_export = (
        "epci.name",
        "category",
        "kind",
        "value",
        "cap",
        "additional_rate",
        "valid_from",
        "valid_to",
        "source",
    )
    empty_text = gettext_lazy(
        "The tariffs that councils voted will appear here. A lodging without a tariff for its "
        "category is not sold online."
    )


class CollectivityViewSet(DeskViewSet):
    """How councils round and levy their tax."""

    model = TaxCollectivity
    name = "desk_tax_councils"
    url_prefix = "taxe-de-sejour-collectivites"
    icon = "cog"
    menu_label = gettext_lazy("Tourist tax: rounding by council")
    add_to_settings_menu = True
    menu_order = 21
    ordering = ("epci__name",)
    edit_handler = panels.COLLECTIVITY
    search_fields = ("epci__name",)
    list_display = (
        Column("epci", label=gettext_lazy("Council"), sort_key="epci__name"),
        Column("mode", label=gettext_lazy("Rounding"), accessor="get_rounding_mode_display"),
        Column("regime", label=gettext_lazy("Regime"), accessor="get_regime_display"),
    )
    empty_text = gettext_lazy(
        "Councils with a way of their own to round or levy the tax will appear here."
    )
