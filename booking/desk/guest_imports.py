"""The desk's files of guests of years before: read, looked at row by row, then written."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import Button, HeaderButton

from booking.desk.views import UseCaseView, actor_of
from booking.models import GuestImport, GuestImportRow
from booking.refusals import BadInput, WrongState, trouble
from booking.relations import guest_imports, guest_readings
from booking.rules.guest_files import MOST_BYTES, Fault
from booking.task_queue import ask_for_task
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from members.models import Provider
from oti.lib.sheets import inert

ROWS_A_PAGE = 50
CONFIRM, DROP = "confirm", "drop"
FAULTS = {
    Fault.NO_MAIL: gettext_lazy("no e-mail address"),
    Fault.BAD_MAIL: gettext_lazy("this isn’t an e-mail address"),
    Fault.NO_NAME: gettext_lazy("no name"),
    Fault.BAD_DAY: gettext_lazy("a day that can’t be read: write 31/12/2025"),
    Fault.DAY_TO_COME: gettext_lazy("a day that is still to come"),
    Fault.DAYS_REVERSED: gettext_lazy("it ends before it begins"),
    Fault.NO_BASIS: gettext_lazy("no day of consent, or of the last stay: no legal basis"),
    Fault.TOO_OLD: gettext_lazy("more than three years ago"),
    Fault.UNDER_AGE: gettext_lazy("under 15"),
    Fault.SAID_NO: gettext_lazy("said no to us: stays no"),
    Fault.TOO_LONG: gettext_lazy("a cell is too long"),
}


class GuestFileForm(forms.Form):
    """A file, who gave it, and why we may keep what is in it."""

    file = forms.FileField(
        label=gettext_lazy("File (CSV)"),
        help_text=gettext_lazy(
            "One guest a row, names of columns in the first one: e-mail, prénom, nom, téléphone, "
            "code postal, pays, langue, arrivée, départ, adultes, enfants, date du consentement. "
            "20 MB and 50,000 rows at most."
        ),
        error_messages={
            "empty": gettext_lazy("There is no guest in this file: choose another one.")
        },
    )
    provider = forms.ModelChoiceField(
        label=gettext_lazy("Who gave it"), queryset=Provider.objects.order_by("name")
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Why may we keep them?"),
        choices=GuestImport.Basis.choices,
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=gettext_lazy("What guests read then"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Word for word, from the form or the confirmation: it is the proof that we would have "
            "to show."
        ),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            told = trouble("import_too_big", most=MOST_BYTES // (1024 * 1024))
            raise forms.ValidationError(told.message)
        return given


class GuestFileView(UseCaseView):
    """Read a file; nothing is written yet."""

    model = GuestImport
    form_class = GuestFileForm
    template_name = "booking/desk/guest_file.html"
    index_url_name = "desk_guest_imports:index"
    list_title = gettext_lazy("Guests of years before")
    page_title = gettext_lazy("Read a file")
    button = gettext_lazy("Read it, without writing anything")
    header_icon = "upload"
    kept: GuestImport | None = None

    def run(self, form: GuestFileForm) -> str:
        """Read it."""
        data = form.cleaned_data
        given = guest_readings.FileGiven(
            data["file"].name,
            data["file"].read(),
            data["provider"],
            data["basis"],
            data["words"],
        )
        self.kept = guest_readings.read_file(given, actor=actor_of(self.request), now=self.now)
        if self.kept.state == GuestImport.State.UNREAD:
            return _("It is kept, and being read: this page says when it is done.")
        return _("It is read. Nothing is written yet: look at what would come of it.")

    def get_success_url(self) -> str:
        """Lead to what would come of it."""
        if self.kept is None:
            return super().get_success_url()
        return reverse("desk_guest_imports:file", args=[self.kept.pk])


class DecisionForm(forms.Form):
    """Write it, or drop it."""

    decision = forms.ChoiceField(choices=[(CONFIRM, ""), (DROP, "")], widget=forms.HiddenInput)


class ImportView(UseCaseView):
    """What would come of each row, and the decision."""

    model = GuestImport
    form_class = DecisionForm
    template_name = "booking/desk/guest_import.html"
    index_url_name = "desk_guest_imports:index"
    list_title = gettext_lazy("Guests of years before")
    page_title = gettext_lazy("File of guests")
    header_icon = "upload"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; a page that asks again by itself is loaded anew once the file is read."""
        is_unread = self.target.state == GuestImport.State.UNREAD
        if getattr(request, "htmx", False) and not is_unread:
            return HttpResponseClientRefresh()
        return super().get(request, *args, **kwargs)

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say whose file it is, and on which basis."""
        head = self.target
        return (
            (_("State"), head.get_state_display()),
            (_("Who gave it"), head.provider),
            (_("Legal basis"), head.get_basis_display()),
            (_("What guests read then"), head.words),
        )

    def run(self, form: DecisionForm) -> str:
        """Do what was decided."""
        who = {"actor": actor_of(self.request), "now": self.now}
        if form.cleaned_data["decision"] == DROP:
            guest_imports.drop_import(self.target, **who)
            return _("It is dropped: nobody is known by it.")
        if self.target.state != GuestImport.State.READ:
            raise WrongState(trouble("import_moved"))
        takes = sum(self.target.counts.get(one, 0) for one in ("new", "known"))
        if not takes:
            raise BadInput(trouble("import_nobody"))
        guest_imports.confirm_import(self.target, **who)
        ask_for_task("booking.tasks.write_guest_imports")
        return _("Its guests are being written: it takes some minutes.")

    def get_page_subtitle(self) -> str:
        """Name the file."""
        return str(self.target.file_name)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows of one kind, a page of them."""
        counts = self.target.counts
        asked = self.request.GET.get("rows", "")
        verdict = asked if asked in GuestImportRow.Verdict.values else ""
        rows = self.target.rows.filter(verdict=verdict) if verdict else self.target.rows.all()
        page = Paginator(rows, ROWS_A_PAGE).get_page(self.request.GET.get("p"))
        for row in page.object_list:
            row.why = reason_words(row.reason)
        return {
            **super().get_context_data(**kwargs),
            "head": self.target,
            "counts": [
                (value, label, counts.get(value, 0))
                for value, label in GuestImportRow.Verdict.choices
            ],
            "reasons": [
                (reason_words(key.removeprefix("refused:")), count)
                for key, count in counts.items()
                if key.startswith("refused:")
            ],
            "verdict": verdict,
            "page": page,
            "is_open": self.target.state == GuestImport.State.READ,
            "is_unread": self.target.state == GuestImport.State.UNREAD,
            "is_broken": self.target.state == GuestImport.State.BROKEN,
            "problems": [
                trouble(one["code"], **one["params"]).message for one in self.target.problems
            ],
        }


def reason_words(reason: str) -> str:
    """Say why a row isn't taken."""
    return str(FAULTS[Fault(reason)]) if reason else ""


def refused_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the rows that weren't taken as a file, so that their host may correct it."""
    if not request.user.has_perm("booking.change_guestimport"):  # type: ignore[union-attr]
        raise PermissionDenied
    head = get_object_or_404(GuestImport, pk=pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="lignes-{head.pk}.csv"'
    answer["Cache-Control"] = "no-store, private"
    answer.write("\ufeff")
    writer = csv.writer(answer, delimiter=";")
    writer.writerow(["ligne", "e-mail", "prénom", "nom", "raison"])
    for row in head.rows.filter(verdict=GuestImportRow.Verdict.REFUSED):
        texts = (row.email, row.first_name, row.last_name, reason_words(row.reason))
        writer.writerow([row.number, *map(inert, texts)])
    return answer


class ImportIndexView(ReadOnlyIndexView):
    """The files, the newest first."""

    page_title = gettext_lazy("Guests of years before")

    def get_base_queryset(self) -> QuerySet[GuestImport]:
        """Load who gave them."""
        return GuestImport.objects.select_related("provider")

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to the reading of one more."""
        url = reverse("desk_guest_imports:new")
        return [*super().header_buttons, HeaderButton(_("Read a file"), url=url, icon_name="plus")]


def _import_url(head: GuestImport) -> str:
    return reverse("desk_guest_imports:file", args=[head.pk])


class GuestImportViewSet(DecidedViewSet):
    """Files of guests."""

    model = GuestImport
    name = "desk_guest_imports"
    url_prefix = "clients-importes"
    icon = "upload"
    menu_label = gettext_lazy("Guests of years before")
    index_view_class = ImportIndexView
    inspect_view_enabled = False
    list_filter = ("state", "basis")
    search_fields = ("file_name", "provider__name")
    list_display = (
        TitleColumn("file_name", label=gettext_lazy("File"), get_url=_import_url),
        Column("provider", label=gettext_lazy("Who gave it"), sort_key="provider__name"),
        Column("basis", label=gettext_lazy("Legal basis"), accessor="get_basis_display"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        MomentColumn("read_at", label=gettext_lazy("Read"), sort_key="read_at"),
    )
    empty_text = gettext_lazy(
        "Files of guests that hosts give us appear here, with the legal basis of each."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, one more file, and each file."""
        return [
            *super().get_urlpatterns(),
            path("lire/", GuestFileView.as_view(), name="new"),
            path("<int:pk>/", ImportView.as_view(), name="file"),
            path("<int:pk>/refusees/", refused_rows, name="refused"),
        ]
