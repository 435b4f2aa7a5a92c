"""The desk's « They come back »: the rate of return, for the office, its board and as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.returns_shown import returns_shown
from booking.desk.views import UseCaseView, actor_of
from booking.models import OutboxMessage, PastStay, RelationSettings
from booking.relations.relation_settings import relation_settings, set_relation
from booking.relations.retention import kept_returns
from booking.return_tables import returns_file
from booking.rules.retention import FEWEST
from destination.desk import ReadOnlyViewSet
from oti.lib.dates import today as day_of

TITLE = gettext_lazy("They come back")
LETTER = "monday_letter"


class ReturnsView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """The rate of return, year by year: families, second homes, groups, pole by pole."""

    template_name = "booking/desk/returns.html"
    permission_policy = ModelPermissionPolicy(PastStay)
    permission_required = "view"
    page_title = TITLE
    header_icon = "history"
    _show_breadcrumbs = True

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the first page."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    @cached_property
    def header_buttons(self) -> list[Button]:
        """Lead to the printed page, the file and the settings."""
        buttons = [
            HeaderButton(
                _("Print for the board"), url=reverse("desk_returns:print"), icon_name="doc-full"
            ),
            HeaderButton(_("Table (CSV)"), url=reverse("desk_returns:file"), icon_name="download"),
        ]
        if self.request.user.has_perm("booking.change_relationsettings"):
            url = reverse("desk_returns:settings")
            buttons.append(HeaderButton(_("Target and letter"), url=url, icon_name="cog"))
        return buttons

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what was counted for today; `?compter` counts it now."""
        return {**super().get_context_data(**kwargs), **_shown_today(self.request)}


def _shown_today(request: HttpRequest) -> dict[str, Any]:
    today = day_of(timezone.now())
    return {
        "shown": returns_shown(until=today, anew="compter" in request.GET),
        "fewest": FEWEST,
        "today": today,
        "next_year": today.year + 1,
    }


def _may_read(request: HttpRequest) -> None:
    if not request.user.has_perm("booking.view_paststay"):  # type: ignore[union-attr]
        raise PermissionDenied


@require_safe
def returns_printed(request: HttpRequest) -> HttpResponse:
    """Show the same on paper: what the board reads."""
    _may_read(request)
    return render(request, "booking/desk/returns_printed.html", _shown_today(request))


@require_safe
def returns_table(request: HttpRequest) -> HttpResponse:
    """Give every rate as a file for spreadsheets; nobody is named in it."""
    _may_read(request)
    today = day_of(timezone.now())
    content = returns_file(kept_returns(until=today))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="fidelite-{today}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer


class RelationForm(forms.Form):
    """What the office aims at, and who reads the letter."""

    target_percent = forms.IntegerField(
        label=gettext_lazy("Target, in percent"),
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("The line across the drawings. The strategy of 2016 says 75."),
    )
    letter_is_on = forms.BooleanField(
        label=gettext_lazy("Send the letter of Monday"),
        required=False,
        help_text=gettext_lazy(
            "At eight o’clock: who came back, how happy they were, what waits for an answer."
        ),
    )
    recipients = forms.CharField(
        label=gettext_lazy("Who reads it"),
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One address a line. Without any, it goes to the office’s own."),
    )


class RelationView(UseCaseView):
    """The target and the letter of Monday."""

    model = RelationSettings
    permission_policy = ModelPermissionPolicy(RelationSettings)
    form_class = RelationForm
    index_url_name = "desk_returns:index"
    page_title = gettext_lazy("Target and letter")
    list_title = TITLE
    header_icon = "cog"

    def get_initial(self) -> dict[str, Any]:
        """Begin with what holds."""
        known = relation_settings()
        return {
            "target_percent": known.target_percent,
            "letter_is_on": known.letter_is_on,
            "recipients": "\n".join(known.recipients),
        }

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say when the letter went last."""
        sent = OutboxMessage.objects.filter(kind=LETTER, sent_at__isnull=False)
        last = sent.order_by("-sent_at").values_list("sent_at", flat=True).first()
        if last is None:
            return ()
        return ((_("Last letter"), f"{timezone.localtime(last):%d/%m/%Y %H:%M}"),)

    def run(self, form: RelationForm) -> str:
        """Keep what was set."""
        given = form.cleaned_data
        set_relation(
            target_percent=given["target_percent"],
            letter_is_on=given["letter_is_on"],
            recipients=given["recipients"].splitlines(),
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("Target and letter are saved.")


class ReturnsViewSet(ReadOnlyViewSet):
    """« They come back »: the rate of return."""

    model = PastStay
    name = "desk_returns"
    url_prefix = "fidelite"
    icon = "history"
    menu_label = TITLE
    inspect_view_enabled = False

    def get_urlpatterns(self) -> list[Any]:
        """Serve the page, its paper, its file and the settings."""
        return [
            path("", ReturnsView.as_view(), name="index"),
            path("imprimer/", returns_printed, name="print"),
            path("tableau.csv", returns_table, name="file"),
            path("reglages/", RelationView.as_view(), name="settings"),
        ]

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        """Reading the rate is one right, setting what it aims at another."""
        codes = ("view_paststay", "change_relationsettings")
        return Permission.objects.filter(content_type__app_label="booking", codename__in=codes)
