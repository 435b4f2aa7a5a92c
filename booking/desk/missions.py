"""The desk's missions: written for ambassadors, and what they say of them (M04)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import Column, TitleColumn

from booking.desk.rows import put_troubles
from booking.desk.views import UseCaseView, actor_of, word_field
from booking.refusals import Refusal
from booking.relations import missions
from destination.desk import (
    DayInput,
    DecidedViewSet,
    DeskCreateView,
    DeskEditView,
    DeskForm,
    DeskIndexView,
    DeskViewSet,
    MomentColumn,
    ReadOnlyIndexView,
    in_languages,
)
from destination.models.territory import poles_on
from members.models import Mission, MissionTake
from members.rules import missions as rules
from oti.lib.dates import is_of_our_time
from oti.lib.dates import today as day_of

CONFIRM, BACK, FREE = "confirm", "back", "free"
DECISION_WORDS = {
    CONFIRM: gettext_lazy("Confirm and thank"),
    BACK: gettext_lazy("Ask for what is missing"),
    FREE: gettext_lazy("Give the place to somebody else"),
}
# What may be decided on a state.
DECISIONS = {rules.DONE: (CONFIRM, BACK, FREE), rules.TAKEN: (FREE,)}


# --- Written ------------------------------------------------------------------------------------
class MissionForm(DeskForm):
    """A mission: its pole by its name, its days in order."""

    pole = forms.ChoiceField(label=gettext_lazy("Pole"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        poles = [(one.slug, one.name) for one in poles_on(day_of(timezone.now()))]
        self.fields["pole"].choices = [("", _("all of them")), *poles]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Say beside the field what is wrong: a French text is read by everybody."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first_day"), data.get("last_day")
        for name, day in (("first_day", first), ("last_day", last)):
            if day and not is_of_our_time(day):
                self.add_error(name, _("This day is too far away: enter one like 12/07/2027."))
        if first and last and last < first:
            self.add_error("last_day", _("The last day comes before the first one."))
        for name in ("title_fr", "text_fr"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Write it in French first."))
        return data


class SavesMission:
    """Saves through the use case: never fewer wanted than do it already."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Write it under its lock, or say beside the field why not."""
        self.form = form
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        mission: Mission = form.save(commit=False)
        try:
            missions.change_mission(mission, actor=actor_of(request), now=timezone.now())
        except Refusal as refusal:
            put_troubles(form, refusal.troubles)
            self.produced_error_message = " ".join(one.message for one in refusal.troubles)
            return self.form_invalid(form)  # type: ignore[attr-defined,no-any-return]
        self.object = mission
        messages.success(request, _("« %(object)s » is saved.") % {"object": mission})
        return redirect(self.get_success_url())  # type: ignore[attr-defined]


class MissionCreateView(SavesMission, DeskCreateView):
    """Write a mission."""


class MissionEditView(SavesMission, DeskEditView):
    """Change a mission."""


class MissionIndexView(DeskIndexView):
    """The missions with how many do them."""

    def get_base_queryset(self) -> QuerySet[Mission]:
        """Count who took it and who did it."""
        return Mission.objects.annotate(
            held=Count("takes", filter=Q(takes__state__in=rules.HOLDS)),
            confirmed=Count("takes", filter=Q(takes__state=rules.CONFIRMED)),
        )


class MissionViewSet(DeskViewSet):
    """What ambassadors may do."""

    model = Mission
    name = "desk_missions"
    url_prefix = "missions"
    icon = "tasks"
    menu_label = gettext_lazy("Missions")
    ordering = ("-last_day", "-pk")
    index_view_class = MissionIndexView
    add_view_class = MissionCreateView
    edit_view_class = MissionEditView
    edit_handler = ObjectList(
        [
            in_languages("title", gettext_lazy("« Hand out twenty cards at the market »")),
            in_languages("text", gettext_lazy("What to do, where, and whom to ask.")),
            FieldRowPanel(
                [
                    FieldPanel("first_day", widget=DayInput),
                    FieldPanel("last_day", widget=DayInput),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel("wanted"),
                    FieldPanel(
                        "pole", help_text=gettext_lazy("Where it is; all of them if empty.")
                    ),
                ]
            ),
            FieldPanel("is_shown"),
        ],
        base_form_class=MissionForm,
    )
    list_display = (
        "title",
        Column("pole", label=gettext_lazy("Pole")),
        MomentColumn("first_day", label=gettext_lazy("From"), sort_key="first_day"),
        MomentColumn("last_day", label=gettext_lazy("Until"), sort_key="last_day"),
        Column("wanted", label=gettext_lazy("Wanted")),
        Column("held", label=gettext_lazy("Taken")),
        Column("confirmed", label=gettext_lazy("Confirmed")),
    )
    empty_text = gettext_lazy(
        "What ambassadors may do for the Velay will appear here: write a first mission, they see "
        "it in their space."
    )


# --- Done ---------------------------------------------------------------------------------------
class TakeIndexView(ReadOnlyIndexView):
    """What waits for the office first."""

    export_headings: ClassVar[dict[str, Any]] = {
        "mission.title": gettext_lazy("Mission"),
        "ambassador.first_name": gettext_lazy("Ambassador"),
        "get_state_display": gettext_lazy("State"),
    }

    def get_base_queryset(self) -> QuerySet[MissionTake]:
        """Load missions and ambassadors."""
        first = Case(
            When(state=rules.DONE, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        rows = MissionTake.objects.select_related("mission", "ambassador").annotate(first=first)
        return rows.order_by("first", "-taken_at", "-pk")


class DecisionForm(forms.Form):
    """A decision with a word to the ambassador."""

    decision = forms.ChoiceField(
        choices=[(code, code) for code in DECISION_WORDS], widget=forms.HiddenInput
    )
    note = word_field(
        gettext_lazy("Word to the ambassador"),
        gettext_lazy("They read it by mail. To ask for something, or to free it, say why."),
    )


class TakeView(UseCaseView):
    """One ambassador's mission: what they say of it, and the decision."""

    model = MissionTake
    form_class = DecisionForm
    template_name = "booking/desk/mission_take.html"
    index_url_name = "desk_mission_takes:index"
    page_title = gettext_lazy("Mission of an ambassador")
    list_title = gettext_lazy("Missions of ambassadors")
    header_icon = "tasks"

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say whose it is, how it stands and what was done."""
        one = self.target
        return (
            (_("Mission"), one.mission.title),
            (_("Ambassador"), f"{one.ambassador.first_name} ({one.ambassador.user.email})"),
            (_("State"), one.get_state_display()),
            (_("Their words"), one.words or "—"),
            (_("Minutes"), one.minutes or "—"),
            (_("Word of the office"), one.office_note or "—"),
        )

    def run(self, form: DecisionForm) -> str:
        """Do what was decided."""
        decision, one = form.cleaned_data["decision"], self.target
        said = {"note": form.cleaned_data["note"], "actor": actor_of(self.request), "now": self.now}
        if decision == CONFIRM:
            missions.confirm(one, **said)
            return _("It counts: the ambassador is thanked by mail.")
        if decision == BACK:
            missions.send_back(one, **said)
            return _("The ambassador is told by mail.")
        missions.free(one, **said)
        return _("Somebody else may take it; the ambassador is told by mail.")

    def get_page_subtitle(self) -> str:
        """Name the mission."""
        return str(self.target.mission.title)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what may be decided."""
        codes = DECISIONS.get(self.target.state, ())
        return {
            **super().get_context_data(**kwargs),
            "decisions": [(code, DECISION_WORDS[code]) for code in codes],
        }


def _take_url(one: MissionTake) -> str:
    return reverse("desk_mission_takes:take", args=[one.pk])


class TakeViewSet(DecidedViewSet):
    """Who does which mission, what waits to be confirmed first."""

    model = MissionTake
    name = "desk_mission_takes"
    url_prefix = "missions-des-ambassadeurs"
    icon = "tasks"
    menu_label = gettext_lazy("Missions of ambassadors")
    index_view_class = TakeIndexView
    inspect_view_enabled = False
    list_filter = ("state",)
    search_fields = ("mission__title", "ambassador__first_name", "ambassador__code")
    list_display = (
        TitleColumn(
            "mission", label=gettext_lazy("Mission"), accessor="mission.title", get_url=_take_url
        ),
        Column("ambassador", label=gettext_lazy("Ambassador"), accessor="ambassador.first_name"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("minutes", label=gettext_lazy("Minutes")),
        MomentColumn("taken_at", label=gettext_lazy("Taken"), sort_key="taken_at"),
        MomentColumn("done_at", label=gettext_lazy("Done"), sort_key="done_at"),
    )
    list_export = (
        *("mission.title", "ambassador.first_name", "get_state_display", "minutes"),
        *("taken_at", "done_at", "decided_at"),
    )
    empty_text = gettext_lazy("Missions will appear here once an ambassador has taken one.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", TakeView.as_view(), name="take"),
        ]
