"""The desk's complaints: in time or late, answered once, written down when somebody calls."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import Button, HeaderButton

from booking.desk.views import UseCaseView, actor_of
from booking.forms.complaints import PhoneComplaintForm
from booking.models import Complaint
from booking.relations.complaints import answer_complaint, complain
from booking.rules.talks import LONGEST
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from oti.lib.dates import today as day_of

OPEN, ANSWERED = "open", "answered"


class ComplaintFilters(WagtailFilterSet):
    """Narrows the complaints."""

    state = django_filters.ChoiceFilter(
        choices=[(OPEN, gettext_lazy("to answer")), (ANSWERED, gettext_lazy("answered"))],
        method="standing",
        label=gettext_lazy("State"),
    )

    class Meta:
        model = Complaint
        fields = ("state", "channel")

    def standing(self, rows: QuerySet[Complaint], name: str, value: str) -> QuerySet[Complaint]:
        """Keep what is to be answered, or what was."""
        return rows.filter(answered_at__isnull=value == OPEN)


class ComplaintIndexView(ReadOnlyIndexView):
    """What is due first."""

    def get_base_queryset(self) -> QuerySet[Complaint]:
        """Load orders, those to be answered first."""
        rows = Complaint.objects.select_related("order")
        return rows.order_by(F("answered_at").desc(nulls_first=True), "due_on", "pk")

    @property
    def header_buttons(self) -> list[Button]:
        """Let somebody write down what a guest says on the phone."""
        return [
            *super().header_buttons,
            HeaderButton(_("Write down a call"), reverse("desk_complaints:call"), icon_name="plus"),
        ]


class CallView(UseCaseView):
    """What a guest said on the phone."""

    model = Complaint
    form_class = PhoneComplaintForm
    index_url_name = "desk_complaints:index"
    page_title = gettext_lazy("A complaint on the phone")
    list_title = gettext_lazy("Complaints")
    header_icon = "warning"
    intro = gettext_lazy(
        "The guest gets its number by mail at once, as if it had written on the site."
    )

    def run(self, form: PhoneComplaintForm) -> str:
        """Open the complaint."""
        opened = complain(
            form.cleaned_data["reference"],
            form.cleaned_data["text"],
            channel=Complaint.Channel.PHONE,
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("Written down under the number %(number)s.") % {"number": opened.number}


class AnswerForm(forms.Form):
    """The office's answer."""

    text = forms.CharField(
        label=pgettext_lazy("complaint", "Answer"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "The guest reads it by mail, in these words: write in its language. The mediator’s "
            "name is added by itself."
        ),
    )


class AnswerView(UseCaseView):
    """One complaint and its answer."""

    model = Complaint
    form_class = AnswerForm
    template_name = "booking/desk/complaint.html"
    index_url_name = "desk_complaints:index"
    page_title = gettext_lazy("Complaint")
    list_title = gettext_lazy("Complaints")
    header_icon = "warning"
    button = gettext_lazy("Send the answer")

    def run(self, form: AnswerForm) -> str:
        """Answer it."""
        answer_complaint(
            self.target, form.cleaned_data["text"], actor=actor_of(self.request), now=self.now
        )
        return _("The answer is on its way.")

    def get_page_subtitle(self) -> str:
        """Name its number."""
        return str(self.target.number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the words, the guest and whether it is late."""
        complaint = self.target
        return {
            **super().get_context_data(**kwargs),
            "complaint": complaint,
            "is_late": complaint.answered_at is None and day_of(self.now) > complaint.due_on,
            "order_url": reverse("desk_orders:inspect", args=[complaint.order_id]),
        }


def _answer_url(complaint: Complaint) -> str:
    return reverse("desk_complaints:answer", args=[complaint.pk])


def _state_of(complaint: Complaint) -> str:
    if complaint.answered_at is not None:
        return _("answered")
    return _("late") if day_of(timezone.now()) > complaint.due_on else _("to answer")


class ComplaintViewSet(DecidedViewSet):
    """What guests complain of."""

    model = Complaint
    name = "desk_complaints"
    url_prefix = "reclamations"
    icon = "warning"
    menu_label = gettext_lazy("Complaints")
    index_view_class = ComplaintIndexView
    inspect_view_enabled = False
    filterset_class = ComplaintFilters
    search_fields = ("number", "order__reference", "order__last_name", "words")
    list_display = (
        TitleColumn("number", label=gettext_lazy("Number"), get_url=_answer_url),
        Column("order", label=gettext_lazy("Order"), accessor="order.reference"),
        Column("guest", label=gettext_lazy("Guest"), accessor="order.last_name"),
        MomentColumn("opened_at", label=gettext_lazy("Opened"), sort_key="opened_at"),
        MomentColumn("due_on", label=gettext_lazy("To be answered by"), sort_key="due_on"),
        Column("state", label=gettext_lazy("State"), accessor=_state_of),
        MomentColumn("answered_at", label=gettext_lazy("Answered"), sort_key="answered_at"),
    )
    list_export = (
        *("number", "order.reference", "channel", "words", "opened_at", "due_on"),
        *("answered_at", "answer", "mediation_told_at"),
    )
    empty_text = gettext_lazy("What guests complain of, on the site or on the phone, appears here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, the page of one complaint, and a call."""
        return [
            *super().get_urlpatterns(),
            path("appel/", CallView.as_view(), name="call"),
            path("<int:pk>/", AnswerView.as_view(), name="answer"),
        ]
