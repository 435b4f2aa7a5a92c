"""The desk's page where files bring outlines of communes and traces of itineraries."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from destination.importers.outlines import (
    OutlinesRefused,
    load_communes,
    load_way,
    refuse_large,
    take_way_away,
)
from destination.models import Commune, CommuneOutline, ItineraryPage, Trail

# In what language itineraries are named here; their ways are those of every language.
WRITTEN_IN = "fr"
MOST_NAMED = 12


class FileField(forms.FileField):
    """A file that is judged by what it holds; one that is too large isn't read at all."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": gettext_lazy("Choose the file."),
        "empty": gettext_lazy("The file is empty."),
    }

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse a file of more bytes than are read."""
        given = super().clean(data, initial)
        if isinstance(given, UploadedFile):
            try:
                refuse_large(given.size or 0)
            except OutlinesRefused as error:
                raise forms.ValidationError(str(error), code="too_large") from error
        return given


class OutlinesForm(forms.Form):
    """Outlines of communes."""

    prefix = "outlines"
    file = FileField(
        label=gettext_lazy("Outlines of communes, as GeoJSON"),
        help_text=gettext_lazy(
            "A collection of features, each with the INSEE code of its commune, “code” or “insee”. "
            "Outlines that are there already are replaced."
        ),
    )


class ItineraryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An itinerary by its title, and whether it is to be read yet."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the title, with a word for a draft."""
        return str(obj.title) if obj.live else _("%(title)s (draft)") % {"title": obj.title}


class WayForm(forms.Form):
    """The way of an itinerary."""

    prefix = "way"
    itinerary = ItineraryField(
        queryset=ItineraryPage.objects.none(),
        label=gettext_lazy("Itinerary"),
        empty_label=gettext_lazy("Choose an itinerary"),
        error_messages={"required": gettext_lazy("Choose the itinerary.")},
    )
    file = FileField(
        label=gettext_lazy("Its trace, as GPX"),
        help_text=gettext_lazy(
            "Tracks or routes, with their heights if the climb is to be said. It is drawn on the "
            "page in every language, and takes the place of the trace that is there."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["itinerary"].queryset = itineraries()  # type: ignore[attr-defined]


def itineraries() -> Any:
    """Return the itineraries that may have a way, in the language in which they are written."""
    return ItineraryPage.objects.filter(locale__language_code=WRITTEN_IN).order_by("title")


class OutlinesView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """Says what is loaded, takes a file, and says of a file that is refused why it is."""

    permission_required = ("destination.add_communeoutline", "destination.add_trail")
    raise_exception = True
    template_name = "booking/desk/outlines.html"
    page_title = gettext_lazy("Outlines and traces")
    header_icon = "globe"
    forms_by_name: ClassVar[dict[str, type[forms.Form]]] = {
        "outlines": OutlinesForm,
        "way": WayForm,
    }

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Name the page on its top."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the forms, as they were sent where one is refused, and what is loaded."""
        given = {name: kwargs.get(name) or kind() for name, kind in self.forms_by_name.items()}
        titles = dict(itineraries().values_list("translation_key", "title"))
        ways = Trail.objects.exclude(itinerary=None).order_by("name")
        return {
            **super().get_context_data(**kwargs),
            **given,
            "outlines_count": CommuneOutline.objects.count(),
            "communes_count": Commune.objects.count(),
            "ways": [
                {
                    "title": titles.get(one.itinerary, one.name),
                    "kilometres": one.length_metres / 1000,
                    "climb": one.climb_metres,
                    "slug": one.slug,
                }
                for one in ways
            ],
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Load a file, or take a way away; what is refused changes nothing."""
        if "take-away" in request.POST:
            return self._take_away(request.POST["take-away"])
        name = "way" if request.POST.get("what") == "way" else "outlines"
        form = self.forms_by_name[name](request.POST, request.FILES)
        if form.is_valid():
            try:
                said = self._load_way(form) if name == "way" else self._load_outlines(form)
            except OutlinesRefused as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, said)
                return redirect("desk_outlines")
        messages.error(request, _("Nothing was changed: the file could not be taken."))
        return self.render_to_response(self.get_context_data(**{name: form}), status=422)

    def _load_outlines(self, form: forms.Form) -> str:
        report = load_communes(form.cleaned_data["file"].read())
        said = ngettext(
            "The outline of %(count)s commune is loaded.",
            "The outlines of %(count)s communes are loaded.",
            report.communes,
        ) % {"count": report.communes}
        if not report.unknown:
            return said
        codes = ", ".join(report.unknown[:MOST_NAMED])
        more = "…" if len(report.unknown) > MOST_NAMED else ""
        left = _("Left out, for they name no commune of ours: %(codes)s.")
        return f"{said} {left % {'codes': codes + more}}"

    def _load_way(self, form: forms.Form) -> str:
        page = form.cleaned_data["itinerary"]
        way = load_way(
            form.cleaned_data["file"].read(), itinerary=page.translation_key, name=page.title
        )
        log(
            page,
            "wagtail.edit",
            user=self.request.user,
            data={"trace": form.cleaned_data["file"].name[:120]},
        )
        words = _("“%(title)s” has its trace: %(length)s km.")
        return words % {"title": page.title, "length": round(way.length_metres / 1000, 1)}

    def _take_away(self, key: str) -> HttpResponse:
        # Looked for among the few that there are: any text may be sent.
        ways = Trail.objects.exclude(itinerary=None)
        way = next((one for one in ways if one.slug == key), None)
        if way is not None and way.itinerary is not None:
            take_way_away(way.itinerary)
            messages.success(
                self.request, _("The trace of “%(title)s” is gone.") % {"title": way.name}
            )
        return redirect("desk_outlines")
