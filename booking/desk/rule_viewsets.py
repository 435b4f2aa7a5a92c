"""The office's lists of cancellation policies and of the tourist tax."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin.ui.tables import Column

from booking.desk import panels
from booking.models import CancellationPolicy, TaxCollectivity, TouristTaxTariff
from destination.desk import DeskIndexView, DeskViewSet, EuroColumn, MomentColumn
from oti.lib.html import format_euros, format_number


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
