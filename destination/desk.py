"""What every screen of the office's desk shares: forms, date fields, lists, viewsets.

It shapes input and output of Wagtail's admin; it knows no rule of selling.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model, ProtectedError, QuerySet, RestrictedError
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst, slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from modelcluster.forms import BaseChildFormSet
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder, ModelAdminURLFinder
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.mixins import Echo, SpreadsheetExportMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput
from wagtail.coreutils import multigetattr

from destination.templatetags.velay import date_range, nights
from oti.lib.dates import paris
from oti.lib.html import format_euros
from oti.lib.sheets import inert, printable, with_comma

LANGUAGES = ("fr", "en", "de")
# By which table programs know UTF-8.
BOM = codecs.BOM_UTF8
Text = str | Promise


# --- Dates -------------------------------------------------------------------------------------
class DayInput(forms.DateInput):
    """The browser's own date field: it shows days as its reader writes them."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class HourInput(forms.TimeInput):
    """The browser's own time field."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class TwoDaysInput(forms.MultiWidget):
    """Two days side by side, each with its own name above it."""

    use_fieldset = True

    def __init__(self, first: Text, last: Text, *, last_is_included: bool = False) -> None:
        self.names = (first, last)
        self.last_is_included = last_is_included
        super().__init__({"first": DayInput(), "last": DayInput()})

    def decompress(self, value: DateRange | None) -> list[date | None]:
        """Return the two days shown for a half-open range."""
        if not value:
            return [None, None]
        last = value.upper
        if last is not None and self.last_is_included:
            last -= timedelta(days=1)
        return [value.lower, last]

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,
    ) -> SafeString:
        """Write both fields, each under its name."""
        parts = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        inputs = [
            (
                part["attrs"].get("id", ""),
                label,
                self._render(part["template_name"], {"widget": part}),
            )
            for part, label in zip(parts, self.names, strict=True)
        ]
        return format_html(
            '<div class="desk-two-days">{}</div>',
            format_html_join("", '<div><label for="{}">{}</label>{}</div>', inputs),
        )

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of the first day: an error leads there."""
        return f"{id_}_0"


class TwoDaysField(forms.MultiValueField):
    """A half-open range of days from two plain dates: no time, no bracket, both required.

    With `last_is_included` the second day belongs to the range, as in "from … to …".
    """

    default_error_messages: ClassVar[dict[str, Text]] = {
        "reversed": gettext_lazy("The second day must come after the first one."),
        "both": gettext_lazy("Give both days."),
    }

    def __init__(
        self, *, first: Text, last: Text, last_is_included: bool = False, **kwargs: Any
    ) -> None:
        self.last_is_included = last_is_included
        kwargs.setdefault("widget", TwoDaysInput(first, last, last_is_included=last_is_included))
        super().__init__(
            fields=(forms.DateField(), forms.DateField()), require_all_fields=True, **kwargs
        )

    def clean(self, value: Any) -> DateRange | None:
        """Say that both are needed when one is given."""
        given = [part for part in value or [] if part not in self.empty_values]
        if len(given) == 1:
            raise ValidationError(self.error_messages["both"], code="both")
        return super().clean(value)

    def compress(self, data_list: list[date | None]) -> DateRange | None:
        """Return the range, or refuse days in the wrong order."""
        if not data_list or data_list[0] is None or data_list[1] is None:
            return None
        first, last = data_list
        if self.last_is_included:
            if last > date.max - timedelta(days=1):
                raise ValidationError(self.error_messages["reversed"], code="reversed")
            last += timedelta(days=1)
        if last <= first:
            raise ValidationError(self.error_messages["reversed"], code="reversed")
        return DateRange(first, last)


class AddressField(forms.SlugField):
    """The end of a page's address: whatever is typed becomes plain letters and hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SlugInput(attrs={"data-w-slug-allow-unicode-value": "false"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """Return "gite-des-narces" for "Gîte des Narces"."""
        return slugify(super().to_python(value))


# --- Forms -------------------------------------------------------------------------------------
class DeskForm(WagtailAdminModelForm):
    """A form of the desk: native dates, French texts required, errors of the database in words."""

    # Names of translated texts (without language) that must be given in French.
    french: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if type(field) is forms.DateField:
                field.widget = DayInput()
            elif type(field) is forms.TimeField:
                field.widget = HourInput()
            if name.removesuffix("_fr") in self.french and name.endswith("_fr"):
                field.required = True
                field.widget.is_required = True


class Rows(InlinePanel):
    """Rows of a child model, each with a form of its own class."""

    def __init__(
        self,
        relation_name: str,
        *,
        row_form: type[DeskForm],
        formset: type[BaseChildFormSet] = BaseChildFormSet,
        **kwargs: Any,
    ) -> None:
        super().__init__(relation_name, **kwargs)
        self.row_form = row_form
        self.formset = formset

    def clone_kwargs(self) -> dict[str, Any]:
        """Keep the classes when the panel is bound to its model."""
        return {
            **super().clone_kwargs(),
            "row_form": self.row_form,
            "formset": self.formset,
            "heading": self.heading,
        }

    def get_form_options(self) -> dict[str, Any]:
        """Give the formset our classes; its own options come with them."""
        options = super().get_form_options()
        chosen = options["formsets"][self.relation_name]
        chosen["form"] = self.row_form
        chosen["formset"] = self.formset
        chosen["inherit_kwargs"] = ["for_user"]
        return options


def in_languages(name: str, help_text: Text, *, heading: Text = "") -> FieldRowPanel:
    """Return a row with a text in French, which `help_text` explains, in English and German."""
    return FieldRowPanel(
        [
            FieldPanel(
                f"{name}_{language}",
                help_text=help_text
                if language == "fr"
                else gettext_lazy("Without it, visitors read the French one."),
            )
            for language in LANGUAGES
        ],
        heading=heading,
    )


class MomentColumn(Column):
    """A day, or a moment in Paris, as the office writes it."""

    def get_value(self, instance: Any) -> str:
        """Return "17/07/2027", or "17/07/2027 14:00"."""
        value = super().get_value(instance)
        if isinstance(value, datetime):
            return f"{paris(value):%d/%m/%Y %H:%M}"
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else ""


class EuroColumn(Column):
    """A sum with its thousands apart and its sign, as the language writes it."""

    def get_value(self, instance: Any) -> str:
        """Return "1 391,40 €", nothing where there is no sum."""
        value = super().get_value(instance)
        if value is None:
            return ""
        return format_euros(value, get_language() or "fr", is_exact=True)


# --- Views -------------------------------------------------------------------------------------
class FileForSheets(SpreadsheetExportMixin):
    """A list as a file for spreadsheets: hours of Paris, and nothing that was typed is run.

    It says in words what the list on the screen does: states and kinds, the names of columns, yes
    and no. A French table program opens its CSV in columns: semicolons between them, commas in
    numbers, and the mark by which it knows UTF-8. Sheets (xlsx) need none of it.
    """

    # A sheet's hour has no zone; Wagtail's own would be those of Greenwich.
    custom_value_preprocess: ClassVar[dict[Any, Any]] = {
        **SpreadsheetExportMixin.custom_value_preprocess,
        datetime: {
            SpreadsheetExportMixin.FORMAT_CSV: lambda moment: f"{paris(moment):%Y-%m-%d %H:%M}",
            SpreadsheetExportMixin.FORMAT_XLSX: lambda moment: paris(moment).replace(tzinfo=None),
        },
        Decimal: {SpreadsheetExportMixin.FORMAT_CSV: with_comma},
        bool: {SpreadsheetExportMixin.FORMAT_CSV: lambda is_so: _("yes") if is_so else _("no")},
        str: {
            SpreadsheetExportMixin.FORMAT_CSV: inert,
            SpreadsheetExportMixin.FORMAT_XLSX: printable,
        },
    }

    def stream_csv(self, queryset: QuerySet[Any]) -> Iterator[bytes]:
        """Give the file line by line."""
        yield BOM
        writer = csv.DictWriter(Echo(), fieldnames=self.list_export, delimiter=";")
        yield writer.writerow({one: self.get_heading(queryset, one) for one in self.list_export})
        for item in queryset:
            yield self.write_csv_row(writer, self.to_row_dict(item))

    def to_row_dict(self, item: Model) -> dict[str, Any]:
        """Return what a row has in each column, in the words of its choices."""
        return {name: _said(item, name) for name in self.list_export}

    def get_heading(self, queryset: QuerySet[Any], field: str) -> str:
        """Name a column: what belongs to something else is called like that, « Commune »."""
        if field in self.export_headings or "." not in field:
            return str(super().get_heading(queryset, field))
        model = queryset.model
        for part in field.split(".")[:-1]:
            model = model._meta.get_field(part).related_model
        return str(capfirst(model._meta.verbose_name))


def _said(item: Model, name: str) -> Any:
    """Return what a row says in a column; dots lead to what it belongs to."""
    *way, last = name.split(".")
    owner = multigetattr(item, ".".join(way)) if way else item
    if hasattr(owner, f"get_{last}_display"):
        last = f"get_{last}_display"
    return multigetattr(owner, last)


class DeskIndexView(FileForSheets, generic.IndexView):
    """A list; when it is empty it says what will appear there."""

    results_template_name = "booking/desk/list_results.html"
    empty_text: Text = ""
    add_item_label: Text = gettext_lazy("Add")

    @cached_property
    def columns(self) -> list[BaseColumn]:
        """Let the first column lead to the row's own page, and hold its buttons.

        Wagtail does so for the name of a field, not for a column that was given ready.
        """
        first, *others = super().columns
        if type(first) is Column:
            first = self._get_title_column_class(TitleColumn)(
                first.name,
                label=first.label,
                accessor=first.accessor,
                sort_key=first.sort_key,
                get_url=lambda row: self.get_edit_url(row) or self.get_inspect_url(row),
            )
        return [first, *others]

    @cached_property
    def no_results_message(self) -> str:
        """Say so without the gender of a model's name."""
        return _("Nothing matches: try fewer words or fewer filters.")

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the text of an empty list."""
        return {**super().get_context_data(*args, **kwargs), "empty_text": self.empty_text}


class SaysConflict:
    """Turns what the database refuses at the last moment into a message on the form."""

    def form_valid(self, form: forms.ModelForm) -> HttpResponse:
        """Save, or show the form again when somebody else was faster."""
        try:
            with transaction.atomic():
                return super().form_valid(form)  # type: ignore[misc]
        except IntegrityError:
            text = _(
                "Somebody saved something that contradicts this at the same moment: check it and "
                "save again."
            )
            form.add_error(None, text)
            self.produced_error_message = text
            return self.form_invalid(form)  # type: ignore[attr-defined]


class SpeaksPlainly:
    """Says what happened without the gender of a model's name."""

    success_message: Text = gettext_lazy("« %(object)s » is saved.")
    error_message: Text = gettext_lazy("Nothing was saved: see below.")


class SaysAdd:
    """Heads the page of a new thing: « New » would need the gender of a model's name."""

    page_title: Text = gettext_lazy("Add")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """End with what is added."""
        items: list[dict[str, Any]] = super().get_breadcrumbs_items()  # type: ignore[misc]
        if items:
            thing = self.get_page_subtitle()  # type: ignore[attr-defined]
            items[-1] = {**items[-1], "label": _("Add: %(thing)s") % {"thing": thing}}
        return items


class DeskCreateView(SaysAdd, SpeaksPlainly, SaysConflict, generic.CreateView):
    """Enter a new thing."""


class DeskEditView(SpeaksPlainly, SaysConflict, generic.EditView):
    """Change a thing."""


class DeskDeleteView(generic.DeleteView):
    """Delete a thing, unless something else rests on it: then say so."""

    success_message: Text = gettext_lazy("« %(object)s » is deleted.")
    protected_text: Text = gettext_lazy(
        "It can't be deleted: orders, offers or other entries rest on it."
    )

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Delete, or explain on the same page."""
        if not (self.usage and self.usage.is_protected):
            try:
                with transaction.atomic():
                    return super().form_valid(form)
            except (ProtectedError, RestrictedError):
                # What rests on it isn't all known to the index of usages: see below.
                pass
        messages.error(self.request, self.protected_text)
        return self.render_to_response(self.get_context_data(form=form))


class DeskViewSet(ModelViewSet):
    """A list with its forms, as the desk likes them."""

    index_view_class = DeskIndexView
    add_view_class = DeskCreateView
    edit_view_class = DeskEditView
    delete_view_class = DeskDeleteView
    copy_view_enabled = False
    # Their rows are written by the shop too: only what shows images is tracked.
    add_to_reference_index = False
    search_backend_name = None
    list_per_page = 30
    empty_text: Text = ""

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Hand the text of an empty list to the view."""
        return super().get_index_view_kwargs(empty_text=self.empty_text, **kwargs)


class ReadOnlyIndexView(DeskIndexView):
    """A list whose lines lead to a page that is only read."""

    add_url_name = edit_url_name = delete_url_name = copy_url_name = None


def written(value: Any, *, is_sum: bool = False) -> Any:
    """Write a value of a row for the office: days, hours of Paris, sums in euros, yes or no.

    A span of days is one of nights: "3 au 5 mai 2027, 2 nuits", the day of departure said.
    """
    match value:
        case None | "" | []:
            return "—"
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return f"{paris(value):%d/%m/%Y %H:%M}"
        case date():
            return f"{value:%d/%m/%Y}"
        case DateRange(lower=date() as first, upper=date() as last):
            return f"{date_range(first, last, 'text')}, {nights((last - first).days)}"
        case list():
            return ", ".join(str(one) for one in value)
        case Decimal() if is_sum:
            return format_euros(value, get_language() or "fr", is_exact=True)
    return value


class ReadOnlyInspectView(generic.InspectView):
    """A page that is only read, named as what it shows."""

    template_name = "booking/desk/row.html"
    edit_url_name = delete_url_name = None
    page_title: Text = ""

    def get_page_title(self) -> str:
        """Return its own title, or the name of what it shows."""
        return str(self.page_title) or capfirst(str(self.model._meta.verbose_name))

    def get_field_label(self, field_name: str, field: Any) -> str:
        """Name a field; a relation without words of its own, as what it leads to."""
        is_bare = (
            field is not None
            and field.is_relation
            # What leads here from elsewhere has no words at all.
            and getattr(field, "verbose_name", "") in ("", field_name.replace("_", " "))
        )
        if is_bare:
            return capfirst(str(field.related_model._meta.verbose_name))
        label: str = super().get_field_label(field_name, field)
        return label

    def get_field_display_value(self, field_name: str, field: Any) -> Any:
        """Write a value as the desk writes it elsewhere; a related thing leads to its page."""
        value = super().get_field_display_value(field_name, field)
        if isinstance(value, Model):
            url = AdminURLFinder(self.request.user).get_edit_url(value)
            return format_html('<a href="{}">{}</a>', url, value) if url else str(value)
        return written(value, is_sum=field_name.endswith("_amount"))

    def get_edit_url(self) -> None:
        """There is nothing to edit."""

    def get_delete_url(self) -> None:
        """There is nothing to delete."""


class ReadOnlyViewSet(DeskViewSet):
    """Something that the office reads and a use case writes: no form, no deletion."""

    index_view_class = ReadOnlyIndexView
    inspect_view_class = ReadOnlyInspectView
    inspect_view_enabled = True

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Leave out every address that would change something."""
        found = super().get_common_view_kwargs(**kwargs)
        for name in ("add_url_name", "edit_url_name", "delete_url_name", "history_url_name"):
            found[name] = None
        return found

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one row only."""
        served = [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
        ]
        if not self.inspect_view_enabled:
            return served
        return [
            *served,
            path(f"inspect/<{self.pk_path_converter}:pk>/", self.inspect_view, name="inspect"),
        ]

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        """Offer only the right to see it."""
        return super().get_permissions_to_register().filter(codename__startswith="view_")

    @property
    def url_finder_class(self) -> type[ModelAdminURLFinder]:
        """Lead from elsewhere in the admin to the page that is read, where there is one."""
        finds: dict[str, Any] = {"edit_url_name": self.get_url_name("inspect")}
        if not self.inspect_view_enabled:
            finds = {"construct_edit_url": lambda _finder, _row: None}
        return type("_ReadOnlyURLFinder", (ModelAdminURLFinder,), finds)


class DecidedViewSet(ReadOnlyViewSet):
    """Something that the office reads and decides on: who may change it may act, nobody adds it."""

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        """Offer the rights to see and to act, without those to add or delete rows."""
        found = DeskViewSet.get_permissions_to_register(self)
        return found.filter(codename__regex="^(view|change)_")
