"""The desk's lists of the territory and of the legal texts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.base import ViewSetGroup

from destination.desk import (
    AddressField,
    DeskCreateView,
    DeskDeleteView,
    DeskEditView,
    DeskForm,
    DeskIndexView,
    DeskViewSet,
    MomentColumn,
    ReadOnlyIndexView,
    ReadOnlyInspectView,
    ReadOnlyViewSet,
    in_languages,
)
from destination.legal_body import clean_body
from destination.models import (
    Commune,
    LegalText,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
    Site,
)
from destination.models.territory import memberships_on
from oti.lib.dates import today as day_of


def paris_today() -> date:
    """Return the day it is at the office."""
    return day_of(timezone.now())


# --- Communes ----------------------------------------------------------------------------------
class CommuneIndexView(ReadOnlyIndexView):
    """The communes."""

    def get_base_queryset(self) -> QuerySet[Commune]:
        """Load their councils."""
        return Commune.objects.select_related("epci")


class CommuneInspectView(ReadOnlyInspectView):
    """A commune: its council, and its place in each perimeter."""

    template_name = "booking/desk/commune.html"
    page_title = gettext_lazy("Commune")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its place today, and in the other perimeters."""
        commune = self.object
        now_in = memberships_on(paris_today()).filter(commune=commune).select_related("pole")
        return {
            **super().get_context_data(**kwargs),
            "commune": commune,
            "place": now_in.first(),
            "memberships": PoleMembership.objects.filter(commune=commune).select_related(
                "perimeter", "pole"
            ),
        }


class CommuneViewSet(ReadOnlyViewSet):
    """Communes come from the official register: they are only read."""

    model = Commune
    name = "desk_communes"
    url_prefix = "communes"
    icon = "site"
    menu_label = gettext_lazy("Communes")
    ordering = ("name",)
    index_view_class = CommuneIndexView
    inspect_view_class = CommuneInspectView
    list_filter = ("epci", "department")
    search_fields = ("name", "insee", "postal_codes__0")
    list_display = (
        "name",
        Column("insee", label=gettext_lazy("INSEE code"), sort_key="insee"),
        Column("epci", label=gettext_lazy("Council"), sort_key="epci__name"),
        Column("population", label=gettext_lazy("Population"), sort_key="population"),
    )
    list_export = ("insee", "name", "department", "epci.name", "population")
    empty_text = gettext_lazy("Communes will appear here once the register is loaded.")


# --- Perimeters --------------------------------------------------------------------------------
class PerimeterIndexView(ReadOnlyIndexView):
    """The perimeters, and since when each holds."""

    def get_base_queryset(self) -> QuerySet[Perimeter]:
        """Count communes; tell which one holds today."""
        return Perimeter.objects.annotate(communes_count=Count("memberships"))


def _perimeter_state(perimeter: Perimeter) -> str:
    active = Perimeter.objects.active_on(paris_today()).values_list("pk", flat=True).first()
    return _("in force today") if perimeter.pk == active else ""


def _communes_of(pole: Pole, members: list[PoleMembership]) -> list[Commune]:
    return [one.commune for one in members if one.pole_id == pole.pk and not one.is_neighbour]


class PerimeterInspectView(ReadOnlyInspectView):
    """A perimeter: its poles and their communes."""

    template_name = "booking/desk/perimeter.html"
    page_title = gettext_lazy("Perimeter")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the communes of each pole, and those shown « à côté »."""
        members = list(
            PoleMembership.objects.filter(perimeter=self.object)
            .select_related("commune", "pole")
            .order_by("commune__name")
        )
        poles = [
            (pole, _communes_of(pole, members)) for pole in self.object.poles.order_by("position")
        ]
        return {
            **super().get_context_data(**kwargs),
            "perimeter": self.object,
            "state": _perimeter_state(self.object),
            "poles": poles,
            "neighbours": [one.commune for one in members if one.is_neighbour],
            "activations": self.object.activations.order_by("active_from"),
        }


class PerimeterViewSet(ReadOnlyViewSet):
    """Ways to cut the destination into poles."""

    model = Perimeter
    name = "desk_perimeters"
    url_prefix = "perimetres"
    icon = "globe"
    menu_label = gettext_lazy("Perimeters")
    ordering = ("slug",)
    index_view_class = PerimeterIndexView
    inspect_view_class = PerimeterInspectView
    search_fields = ("name_fr", "slug")
    list_display = (
        "name",
        Column("communes_count", label=gettext_lazy("Communes")),
        Column("state", label=gettext_lazy("State"), accessor=_perimeter_state),
    )
    empty_text = gettext_lazy("Perimeters will appear here once the territory is loaded.")


class ActivationForm(DeskForm):
    """From which day on which perimeter is the destination's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["active_from"].error_messages["unique"] = _(
            "Another perimeter begins on that day already."
        )

    def clean_active_from(self) -> date:
        """Refuse the past: what was sold then was sold under another perimeter."""
        day = self.cleaned_data["active_from"]
        if day < paris_today():
            raise forms.ValidationError(_("This day has passed: choose today or a later day."))
        return day


class ActivationCreateView(DeskCreateView):
    """Activate a perimeter from a day on."""

    def get_success_buttons(self) -> list[Any]:
        """An activation is not edited: it is deleted and entered again."""
        return []


class ActivationDeleteView(DeskDeleteView):
    """Take back an activation that has not begun."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Refuse to rewrite history."""
        if self.object.active_from <= paris_today():
            messages.error(
                self.request, _("It is in force or has been: activate another one instead.")
            )
            return redirect(self.get_success_url())
        return super().form_valid(form)


class ActivationViewSet(DeskViewSet):
    """Which perimeter is the destination's, from when on."""

    model = PerimeterActivation
    name = "desk_activations"
    url_prefix = "perimetres-actifs"
    icon = "date"
    menu_label = gettext_lazy("Active perimeter")
    ordering = ("-active_from",)
    add_view_class = ActivationCreateView
    delete_view_class = ActivationDeleteView
    edit_handler = ObjectList(
        [
            FieldPanel(
                "perimeter",
                help_text=gettext_lazy("Its communes are sold; the others are shown « à côté »."),
            ),
            FieldPanel(
                "active_from",
                help_text=gettext_lazy(
                    "From the first minute of that day, without any other step."
                ),
            ),
        ],
        base_form_class=ActivationForm,
    )
    list_display = (
        "perimeter",
        MomentColumn("active_from", label=gettext_lazy("Active from"), sort_key="active_from"),
    )
    empty_text = gettext_lazy(
        "The perimeter in force will appear here. Without one nothing is sold."
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """An activation is never edited."""
        return {**super().get_common_view_kwargs(**kwargs), "edit_url_name": None}

    def get_urlpatterns(self) -> list[Any]:
        """Leave out the editing."""
        return [one for one in super().get_urlpatterns() if one.name != "edit"]


class PoleForm(DeskForm):
    """What visitors read about a pole."""

    french = ("name",)


class PoleIndexView(DeskIndexView):
    """The poles of every perimeter."""

    def get_base_queryset(self) -> QuerySet[Pole]:
        """Load their perimeters."""
        return Pole.objects.select_related("perimeter", "town")


class PoleViewSet(DeskViewSet):
    """The texts of poles; which communes they have is the perimeter's matter."""

    model = Pole
    name = "desk_poles"
    url_prefix = "poles"
    icon = "folder-inverse"
    menu_label = gettext_lazy("Poles")
    ordering = ("perimeter__slug", "position")
    index_view_class = PoleIndexView
    edit_handler = ObjectList(
        [
            in_languages(
                "name", gettext_lazy("As visitors know it."), heading=gettext_lazy("Name")
            ),
            in_languages(
                "tagline",
                gettext_lazy("One sentence on the pole's page."),
                heading=gettext_lazy("In one line"),
            ),
            FieldPanel("town", help_text=gettext_lazy("Its main town.")),
            FieldPanel("position", help_text=gettext_lazy("1 is the first one.")),
        ],
        base_form_class=PoleForm,
    )
    list_filter = ("perimeter",)
    list_display = (
        "name",
        Column("perimeter", label=gettext_lazy("Perimeter")),
        Column("town", label=gettext_lazy("Town")),
    )
    empty_text = gettext_lazy("Poles will appear here once the territory is loaded.")

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Poles come with their perimeter."""
        found = super().get_common_view_kwargs(**kwargs)
        return {**found, "add_url_name": None, "delete_url_name": None}

    def get_urlpatterns(self) -> list[Any]:
        """Leave out adding and deleting."""
        return [one for one in super().get_urlpatterns() if one.name not in ("add", "delete")]


class SiteIndexView(DeskIndexView):
    """The sites."""

    # Not Wagtail's own « Sites », which are those of the web.
    page_title = gettext_lazy("Sites and places")

    def get_base_queryset(self) -> QuerySet[Site]:
        """Load their communes."""
        return Site.objects.select_related("commune")


class SiteForm(DeskForm):
    """A place worth a walk."""

    french = ("name",)

    slug = AddressField(max_length=50, label=gettext_lazy("Short name in addresses"))
    kind = forms.ChoiceField(choices=Site.Kind.choices, label=gettext_lazy("Kind"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.kind
        if known and known not in Site.Kind.values:
            self.fields["kind"].choices = [*Site.Kind.choices, (known, known)]

    def clean_latitude(self) -> float:
        """Refuse what is not in France."""
        return _within(self.cleaned_data["latitude"], 41.0, 51.5)

    def clean_longitude(self) -> float:
        """Refuse what is not in France."""
        return _within(self.cleaned_data["longitude"], -5.5, 10.0)


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise forms.ValidationError(
            _("Between %(low)s and %(high)s: this place is not in France.")
            % {"low": low, "high": high}
        )
    return value


class SiteViewSet(DeskViewSet):
    """Grand sites, museums, villages."""

    model = Site
    name = "desk_sites"
    url_prefix = "sites-a-voir"
    icon = "view"
    menu_label = gettext_lazy("Sites and places")
    ordering = ("name_fr",)
    index_view_class = SiteIndexView
    edit_handler = ObjectList(
        [
            in_languages(
                "name", gettext_lazy("As visitors know it."), heading=gettext_lazy("Name")
            ),
            FieldPanel(
                "slug",
                help_text=gettext_lazy("Without spaces or accents."),
            ),
            FieldPanel("kind", help_text=gettext_lazy("What kind of place it is.")),
            FieldPanel("commune", help_text=gettext_lazy("It decides the pole.")),
            FieldRowPanel(
                [
                    FieldPanel("latitude", help_text=gettext_lazy("44.9 for instance.")),
                    FieldPanel("longitude", help_text=gettext_lazy("4.1 for instance.")),
                ]
            ),
            in_languages("note", gettext_lazy("One sentence."), heading=gettext_lazy("Note")),
        ],
        base_form_class=SiteForm,
    )
    list_filter = ("kind",)
    search_fields = ("name_fr", "name_en", "commune__name")
    list_display = (
        "name",
        Column("kind", label=gettext_lazy("Kind"), accessor="known_kind.label", sort_key="kind"),
        Column("commune", label=gettext_lazy("Commune")),
    )
    empty_text = gettext_lazy("Places to see will appear here, on the pages of their pole.")


class TerritoryGroup(ViewSetGroup):
    """« Territoire »."""

    menu_label = gettext_lazy("Territory")
    menu_icon = "globe"
    menu_order = 240
    items = (CommuneViewSet, PoleViewSet, SiteViewSet, PerimeterViewSet, ActivationViewSet)

    def get_submenu_items(self) -> list[MenuItem]:
        """Add the page of outlines and traces, which is no list."""
        return [*super().get_submenu_items(), OutlinesItem()]


class OutlinesItem(MenuItem):  # type: ignore[misc]
    """A line of the menu for those who may load outlines."""

    def __init__(self) -> None:
        super().__init__(
            gettext_lazy("Outlines and traces"),
            reverse("desk_outlines"),
            name="outlines-and-traces",
            icon_name="globe",
            order=600,
        )

    def is_shown(self, request: HttpRequest) -> bool:
        """Show it to whoever may open it."""
        shown: bool = request.user.has_perms(
            ("destination.add_communeoutline", "destination.add_trail")
        )
        return shown


# --- Legal texts -------------------------------------------------------------------------------
class LegalTextForm(DeskForm):
    """A version of a text; one that buyers may have accepted is never edited."""

    language = forms.ChoiceField(
        choices=(
            ("fr", gettext_lazy("French")),
            ("en", gettext_lazy("English")),
            ("de", gettext_lazy("German")),
        ),
        label=gettext_lazy("Language"),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a version that exists, and one that would have held in the past."""
        data = super().clean() or self.cleaned_data
        same = LegalText.objects.filter(
            kind=data.get("kind"), language=data.get("language"), version=data.get("version")
        ).exclude(pk=self.instance.pk)
        if data.get("version") and same.exists():
            self.add_error("version", _("This version exists already: give it another name."))
        day = data.get("valid_from")
        if day and day < paris_today():
            self.add_error("valid_from", _("A text can't have held before it was entered."))
        return data


class LegalIndexView(DeskIndexView):
    """The versions, the newest first."""

    def get_edit_url(self, instance: LegalText) -> str | None:
        """A text in force is only read."""
        if instance.valid_from <= paris_today():
            return None
        return super().get_edit_url(instance)

    def get_delete_url(self, instance: LegalText) -> str | None:
        """A text in force is kept."""
        if instance.valid_from <= paris_today():
            return None
        return super().get_delete_url(instance)


class KeepsTextsInForce:
    """Refuses to change or delete a text that somebody may have accepted."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the text instead, and say what to do."""
        text = LegalText.objects.filter(pk=kwargs["pk"]).first()
        if text is not None and text.valid_from <= paris_today():
            messages.warning(
                request, _("This text is or was in force: enter a new version instead.")
            )
            return redirect(reverse("desk_legal:inspect", args=[text.pk]))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class LegalEditView(KeepsTextsInForce, DeskEditView):
    """Change a text that does not hold yet."""


class LegalDeleteView(KeepsTextsInForce, DeskDeleteView):
    """Delete a text that does not hold yet."""


class LegalInspectView(generic.InspectView):
    """A text as it was accepted."""

    template_name = "booking/desk/legal.html"
    page_title = gettext_lazy("Legal text")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the text, as visitors read it."""
        text = self.object
        context = super().get_context_data(**kwargs)
        return {**context, "text": text, "text_html": clean_body(text.body)}


class LegalViewSet(DeskViewSet):
    """Conditions of sale, notices, privacy: versions with their dates."""

    model = LegalText
    name = "desk_legal"
    url_prefix = "textes-legaux"
    icon = "doc-full"
    menu_label = gettext_lazy("Legal texts")
    add_to_settings_menu = True
    menu_order = 30
    ordering = ("kind", "language", "-valid_from", "-pk")
    copy_view_enabled = True
    inspect_view_enabled = True
    index_view_class = LegalIndexView
    edit_view_class = LegalEditView
    delete_view_class = LegalDeleteView
    inspect_view_class = LegalInspectView
    edit_handler = ObjectList(
        [
            FieldRowPanel(
                [
                    FieldPanel("kind", help_text=gettext_lazy("Which of the site's texts.")),
                    FieldPanel(
                        "language", help_text=gettext_lazy("French stands in for a missing one.")
                    ),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel("version", help_text=gettext_lazy("2027-1 for instance.")),
                    FieldPanel(
                        "valid_from",
                        help_text=gettext_lazy("Until that day it can still be changed."),
                    ),
                ]
            ),
            FieldPanel("title", help_text=gettext_lazy("Title of the page.")),
            FieldPanel("body", help_text=gettext_lazy("The whole text.")),
            FieldPanel("is_demo", help_text=gettext_lazy("Marks a text that has no legal value.")),
        ],
        base_form_class=LegalTextForm,
    )
    list_filter = ("kind", "language")
    search_fields = ("title", "version")
    list_display = (
        "title",
        Column("kind", label=gettext_lazy("Text"), accessor="get_kind_display"),
        Column("language", label=gettext_lazy("Language")),
        Column("version", label=gettext_lazy("Version")),
        MomentColumn("valid_from", label=gettext_lazy("In force from"), sort_key="valid_from"),
    )
    empty_text = gettext_lazy(
        "Conditions of sale, notices and privacy texts will appear here, version by version. "
        "Buyers accept the version of the day."
    )
