"""The office's lists of offers and of their prices."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Count, Q, QuerySet
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.admin.admin_url_finder import ModelAdminURLFinder
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup

from booking.desk import panels, views
from booking.desk.calendar_viewsets import ClosureViewSet, SlotViewSet
from booking.desk.called_off import CalledOffViewSet
from booking.desk.needs import NeedViewSet
from booking.desk.ready_stays import ReadyStayViewSet
from booking.desk.renewals import OfferRenewalView
from booking.models import Offer, Slot, Tariff
from destination.desk import DeskIndexView, DeskViewSet, EuroColumn
from members.models import Provider


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
        CalledOffViewSet,
        ClosureViewSet,
        NeedViewSet,
    )
