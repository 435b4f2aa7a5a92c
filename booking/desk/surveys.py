"""The desk's « Satisfaction »: what guests say, who is to be called back, how a season went."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.complaints import ComplaintViewSet
from booking.desk.returns import ReturnsViewSet
from booking.desk.reviews import ReviewViewSet
from booking.desk.views import UseCaseView, actor_of
from booking.models import FollowUp, LineAnswer, Survey
from booking.relations.surveys_counted import count_surveys
from booking.relations.surveys_followed import finish_follow_up, follow_ups
from booking.rules.satisfaction import DETRACTS_UNTIL, FEWEST_ANSWERS, PROMOTES_FROM
from destination.desk import (
    DayInput,
    DecidedViewSet,
    MomentColumn,
    ReadOnlyIndexView,
    ReadOnlyInspectView,
    ReadOnlyViewSet,
)
from destination.models import Pole
from destination.models.territory import pole_by_commune
from members.models import Provider
from oti.lib.dates import today as day_of

PROMOTERS, PASSIVES, DETRACTORS = "promoters", "passives", "detractors"
OPEN, DONE = "open", "done"


# --- What guests said ----------------------------------------------------------------------------
class SurveyFilters(WagtailFilterSet):
    """Narrows the answers: when, where, whose, and how they went."""

    last_day = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("End of the stay"), widget=DateRangePickerWidget
    )
    pole = django_filters.ModelChoiceFilter(
        queryset=Pole.objects.all(), method="of_pole", label=gettext_lazy("Pole")
    )
    provider = django_filters.ModelChoiceFilter(
        queryset=Provider.objects.all(),
        field_name="answers__provider",
        distinct=True,
        label=gettext_lazy("Provider"),
    )
    who = django_filters.ChoiceFilter(
        choices=[
            (PROMOTERS, gettext_lazy("9 and 10")),
            (PASSIVES, gettext_lazy("7 and 8")),
            (DETRACTORS, gettext_lazy("0 to 6")),
        ],
        method="who_said",
        label=gettext_lazy("Would recommend"),
    )

    class Meta:
        model = Survey
        fields = ("last_day",)

    def of_pole(self, rows: QuerySet[Survey], name: str, pole: Pole) -> QuerySet[Survey]:
        """Keep the stays of one pole."""
        poles = pole_by_commune(day_of(timezone.now()))
        return rows.filter(commune__in=[pk for pk, one in poles.items() if one.pk == pole.pk])

    def who_said(self, rows: QuerySet[Survey], name: str, value: str) -> QuerySet[Survey]:
        """Keep those who promote, who detract, or who do neither."""
        if value == PROMOTERS:
            return rows.filter(recommend__gte=PROMOTES_FROM)
        if value == DETRACTORS:
            return rows.filter(recommend__lte=DETRACTS_UNTIL)
        return rows.filter(recommend__gt=DETRACTS_UNTIL, recommend__lt=PROMOTES_FROM)


class SurveyIndexView(ReadOnlyIndexView):
    """What was answered, the newest first."""

    page_title = gettext_lazy("What guests say")
    export_headings: ClassVar[dict[str, Any]] = {
        "lines_text": gettext_lazy("What is said of each host"),
    }

    def get_base_queryset(self) -> QuerySet[Survey]:
        """Load their orders and places."""
        rows = Survey.objects.filter(answered_at__isnull=False)
        return rows.select_related("order", "commune").prefetch_related("answers__provider")

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to the figures."""
        return [
            *super().header_buttons,
            HeaderButton(
                _("Figures by pole"), url=reverse("desk_surveys:figures"), icon_name="table"
            ),
        ]


class SurveyInspectView(ReadOnlyInspectView):
    """All that one guest said."""

    template_name = "booking/desk/survey.html"

    def get_page_subtitle(self) -> str:
        """Say who answered, of which order."""
        order = self.object.order
        return f"{order.first_name} {order.last_name} · {order.reference}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what was said of each line."""
        rows = LineAnswer.objects.filter(survey=self.object)
        return {
            **super().get_context_data(**kwargs),
            "survey": self.object,
            "answers": rows.select_related("offer", "provider").order_by("line__starts_at", "pk"),
            "order_url": reverse("desk_orders:inspect", args=[self.object.order_id]),
        }


class PeriodForm(forms.Form):
    """The days between which stays ended."""

    first = forms.DateField(label=gettext_lazy("From"), widget=DayInput)
    last = forms.DateField(label=pgettext_lazy("day", "To"), widget=DayInput)

    def clean(self) -> dict[str, Any]:
        """The second day doesn't come before the first."""
        data = super().clean() or {}
        if "first" in data and "last" in data and data["last"] < data["first"]:
            self.add_error("last", _("The second day must come after the first one."))
        return data


class FiguresView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """Who recommends and who doesn't, pole by pole, over a period (this year at first)."""

    template_name = "booking/desk/satisfaction.html"
    permission_policy = ModelPermissionPolicy(Survey)
    permission_required = "view"
    page_title = gettext_lazy("Figures by pole")
    header_icon = "table"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the answers."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("desk_surveys:index"), "label": _("What guests say")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count the period of the address; one that can't be read says so, and is this year."""
        today = day_of(timezone.now())
        usual = {"first": date(today.year, 1, 1), "last": today}
        form = PeriodForm(self.request.GET or usual)
        asked = form.cleaned_data if form.is_valid() else usual
        total, rows = count_surveys(asked["first"], asked["last"], today=today)
        return {
            **super().get_context_data(**kwargs),
            "form": form,
            "total": total,
            "rows": rows,
            "fewest": FEWEST_ANSWERS,
        }


def _survey_url(survey: Survey) -> str:
    return reverse("desk_surveys:inspect", args=[survey.pk])


class SurveyViewSet(ReadOnlyViewSet):
    """What guests answered after their stay."""

    model = Survey
    name = "desk_surveys"
    url_prefix = "avis"
    icon = "comment"
    menu_label = gettext_lazy("What guests say")
    ordering = ("-answered_at", "-pk")
    index_view_class = SurveyIndexView
    inspect_view_class = SurveyInspectView
    filterset_class = SurveyFilters
    search_fields = ("order__reference", "order__last_name", "words", "answers__words")
    list_display = (
        TitleColumn(
            "guest", label=gettext_lazy("Guest"), accessor="order.first_name", get_url=_survey_url
        ),
        Column("order", label=gettext_lazy("Order"), accessor="order.reference"),
        Column("commune", label=gettext_lazy("Place"), accessor="commune.name"),
        MomentColumn("last_day", label=gettext_lazy("End of the stay"), sort_key="last_day"),
        Column("recommend", label=gettext_lazy("Would recommend"), sort_key="recommend"),
        Column("words", label=gettext_lazy("In their words"), accessor="excerpt"),
        MomentColumn("answered_at", label=gettext_lazy("Answered"), sort_key="answered_at"),
    )
    list_export = (
        "order.reference",
        "commune.name",
        "last_day",
        "answered_at",
        "recommend",
        "words",
        "lines_text",
        "may_publish",
    )
    empty_text = gettext_lazy(
        "What guests answer two days after their stay will appear here: the whole of it, and what "
        "concerns each host."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add the figures, for whoever may see the answers."""
        return [
            *super().get_urlpatterns(),
            path("chiffres/", FiguresView.as_view(), name="figures"),
        ]


# --- Whom to call back ---------------------------------------------------------------------------
class FollowUpFilters(WagtailFilterSet):
    """Narrows the guests to call back."""

    state = django_filters.ChoiceFilter(
        choices=[(OPEN, gettext_lazy("to do")), (DONE, gettext_lazy("done"))],
        method="standing",
        label=gettext_lazy("State"),
    )

    class Meta:
        model = FollowUp
        fields: tuple[str, ...] = ()

    def standing(self, rows: QuerySet[FollowUp], name: str, value: str) -> QuerySet[FollowUp]:
        """Keep what is to be done, or what was."""
        return rows.filter(done_at__isnull=value == OPEN)


class FollowUpIndexView(ReadOnlyIndexView):
    """What is due first."""

    page_title = gettext_lazy("Guests to call back")

    def get_base_queryset(self) -> QuerySet[FollowUp]:
        """Load guests and stays."""
        return follow_ups()


class FollowUpForm(forms.Form):
    """What was done."""

    comment = forms.CharField(
        label=gettext_lazy("What was done"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Whom you reached, what you agreed on. Only the office reads it."),
    )


class FollowUpView(UseCaseView):
    """A guest who wouldn't come back: what it said, what was done."""

    model = FollowUp
    form_class = FollowUpForm
    template_name = "booking/desk/follow_up.html"
    index_url_name = "desk_follow_ups:index"
    page_title = gettext_lazy("A guest to call back")
    list_title = gettext_lazy("Guests to call back")
    header_icon = "comment"
    button = gettext_lazy("It is done")

    @cached_property
    def target(self) -> FollowUp:
        """Return what is to be done about the survey of the address."""
        return get_object_or_404(follow_ups(), survey=self.kwargs["pk"])

    def run(self, form: FollowUpForm) -> str:
        """Write down what was done."""
        finish_follow_up(
            self.target,
            form.cleaned_data["comment"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("Written down: this guest was called back.")

    def get_page_subtitle(self) -> str:
        """Name the guest and the order."""
        order = self.target.survey.order
        return f"{order.first_name} {order.last_name} · {order.reference}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what was said and whom to call."""
        survey = self.target.survey
        rows = LineAnswer.objects.filter(survey=survey).select_related("offer", "provider")
        return {
            **super().get_context_data(**kwargs),
            "follow_up": self.target,
            "survey": survey,
            "answers": rows.order_by("line__starts_at", "pk"),
            "is_late": self.target.done_at is None and self.now > self.target.due_at,
            "order_url": reverse("desk_orders:inspect", args=[survey.order_id]),
        }


def _handle_url(follow_up: FollowUp) -> str:
    return reverse("desk_follow_ups:handle", args=[follow_up.survey_id])


def _state_of(follow_up: FollowUp) -> str:
    if follow_up.done_at is not None:
        return _("done")
    return _("late") if timezone.now() > follow_up.due_at else _("to do")


class FollowUpViewSet(DecidedViewSet):
    """Guests who gave 0 to 6: to be called within a day."""

    model = FollowUp
    name = "desk_follow_ups"
    url_prefix = "a-rappeler"
    icon = "warning"
    menu_label = gettext_lazy("To call back")
    index_view_class = FollowUpIndexView
    inspect_view_enabled = False
    filterset_class = FollowUpFilters
    search_fields = ("survey__order__reference", "survey__order__last_name", "comment")
    list_display = (
        TitleColumn(
            "guest",
            label=gettext_lazy("Guest"),
            accessor="survey.order.first_name",
            get_url=_handle_url,
        ),
        Column("order", label=gettext_lazy("Order"), accessor="survey.order.reference"),
        Column("recommend", label=gettext_lazy("Would recommend"), accessor="survey.recommend"),
        Column("place", label=gettext_lazy("Place"), accessor="survey.commune.name"),
        MomentColumn("due_at", label=gettext_lazy("Before"), sort_key="due_at"),
        Column("state", label=gettext_lazy("State"), accessor=_state_of),
        MomentColumn("done_at", label=gettext_lazy("Done"), sort_key="done_at"),
    )
    empty_text = gettext_lazy("Guests who would not recommend their stay will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one guest, named by its survey."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", FollowUpView.as_view(), name="handle"),
        ]


class SatisfactionGroup(ViewSetGroup):
    """« Satisfaction »: what guests say and what the office makes of it."""

    menu_label = gettext_lazy("Satisfaction")
    menu_icon = "comment"
    menu_order = 215
    items = (FollowUpViewSet, ComplaintViewSet, SurveyViewSet, ReviewViewSet, ReturnsViewSet)
