"""The office's lists of dates and closures."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import Button

from booking.desk import calendar_views
from booking.desk.called_off import CallOffView
from booking.models import CalledOff, Closure, Offer, Slot
from destination.desk import DeskIndexView, DeskViewSet, MomentColumn
from oti.lib.dates import today as day_of


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
        is_off = CalledOff.objects.filter(slot=OuterRef("pk"), slot__is_closed=True)
        slots = Slot.objects.with_free(now).select_related("offer__provider")
        slots = slots.annotate(is_off=Exists(is_off))
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
    if slot.is_off:
        return _("called off")
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
        """Add the series, and what calls a date off."""
        series = calendar_views.SlotSeriesView.as_view(
            index_url_name=self.get_url_name("index"), header_icon=self.icon
        )
        call_off = CallOffView.as_view(
            index_url_name=self.get_url_name("index"), header_icon=self.icon
        )
        return [
            *super().get_urlpatterns(),
            path("series/", series, name="series"),
            path("annuler/<int:pk>/", call_off, name="call-off"),
        ]


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
