"""The desk's households: who waits to be verified, what proves it, how the families take part.

When a household is here is nowhere on these pages.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.permission_policies import ModelPermissionPolicy

from booking import households
from booking.desk.views import UseCaseView, actor_of
from booking.household_moves import decide_move
from booking.mobilisation import FEWEST, mobilisation
from booking.refusals import BadInput, trouble
from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet
from members.models import Household
from oti.lib.private_files import read_file
from oti.lib.sealing import Unreadable

VERIFY, END, MOVE, KEEP = "verify", "end", "move", "keep"
DECISIONS = {
    Household.State.DECLARED: (VERIFY, END),
    Household.State.VERIFIED: (END,),
    Household.State.ENDED: (),
}
WORDS = {
    MOVE: gettext_lazy("Note the other commune"),
    KEEP: gettext_lazy("Leave the house where it is noted"),
    VERIFY: gettext_lazy("Verify this household"),
    END: gettext_lazy("End this household"),
}


class HouseholdIndexView(ReadOnlyIndexView):
    """Who waits first, the longest waiting before; whose house is to be another one waits too."""

    page_title = gettext_lazy("Households")

    def get_base_queryset(self) -> QuerySet[Household]:
        """Load communes, count people."""
        first = Case(
            When(state=Household.State.DECLARED, then=Value(0)),
            When(moving_to__isnull=False, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        rows = Household.objects.select_related("commune")
        rows = rows.annotate(first=first, people=Count("members"))
        return rows.order_by("first", "declared_at", "pk")


class DecisionForm(forms.Form):
    """A decision, with what the family reads of it."""

    decision = forms.ChoiceField(choices=[(one, one) for one in WORDS], widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("A word to the family"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "They read it in the mail. To end a household, or to leave its house where it is "
            "noted, say why."
        ),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class HouseholdView(UseCaseView):
    """One household: its proof, and what the office decides."""

    model = Household
    form_class = DecisionForm
    template_name = "booking/desk/household.html"
    index_url_name = "desk_households:index"
    page_title = gettext_lazy("Household")
    list_title = gettext_lazy("Households")
    header_icon = "home"

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say who they are and where their house is."""
        household = self.target
        people = household.members.select_related("user")
        return (
            (_("State"), household.get_state_display()),
            (_("Commune of the house"), household.commune),
            *([(_("Asks to be noted in"), household.moving_to)] if household.is_moving else []),
            (_("People"), ", ".join(f"{one.first_name} ({one.user.email})" for one in people)),
            (_("Children under 15"), household.children),
        )

    def get_initial(self) -> dict[str, Any]:
        """Remember which commune is read."""
        seen = self.target.moving_to_id or self.target.commune_id
        return {**super().get_initial(), "seen": seen}

    def run(self, form: DecisionForm) -> str:
        """Do what was decided."""
        note = form.cleaned_data["note"].strip()
        who = {"actor": actor_of(self.request), "now": self.now}
        name = {"name": self.target.name}
        decision = form.cleaned_data["decision"]
        if decision == KEEP and not note:
            raise BadInput(trouble("reason_missing", field="note"))
        seen = form.cleaned_data["seen"] or 0
        if decision in {MOVE, KEEP}:
            is_yes = decision == MOVE
            decide_move(self.target, seen=seen, is_yes=is_yes, note=note, **who)
            return _("« %(name)s »: its people are told.") % name
        if decision == VERIFY:
            households.verify_household(self.target, seen=seen, note=note, **who)
            return _("« %(name)s » is verified: its members have their card.") % name
        if not note:
            raise BadInput(trouble("reason_missing", field="note"))
        households.end_household(self.target, note=note, **who)
        return _("« %(name)s » has ended.") % name

    def get_page_title(self) -> str:
        """Name it."""
        return str(self.target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the decisions that are open."""
        moving = (MOVE, KEEP) if self.target.is_moving else ()
        decisions = (*moving, *DECISIONS[self.target.state])
        return {
            **super().get_context_data(**kwargs),
            "household": self.target,
            "decisions": [(one, WORDS[one]) for one in decisions],
        }


def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the paper of a household that waits to the office, as a file, never as a page."""
    if not request.user.has_perm("members.change_household"):  # type: ignore[union-attr]
        raise PermissionDenied
    household = get_object_or_404(Household.objects.exclude(file_key=""), pk=pk)
    try:
        content = read_file(household.file_key)
    except Unreadable as error:
        raise Http404 from error
    answer = HttpResponse(content, content_type=household.file_type)
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=household.file_name
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer


class MobilisationView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """How the families take part, in sums."""

    template_name = "booking/desk/mobilisation.html"
    permission_policy = ModelPermissionPolicy(Household)
    any_permission_required = ("view", "change")
    page_title = gettext_lazy("Families with a second home")
    header_icon = "home"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        households_url = reverse("desk_households:index")
        return [
            *self.breadcrumbs_items,
            {"url": households_url, "label": _("Households")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count."""
        found = mobilisation(now=timezone.now())
        present = _("fewer than %(count)s") % {"count": FEWEST}
        return {
            **super().get_context_data(**kwargs),
            "poles": found.poles,
            "facts": (
                (_("Households declared, to be verified"), found.declared),
                (_("Households verified"), found.verified),
                (_("People, children among them"), found.people),
                (
                    _("Households here in the last 30 days"),
                    present if found.present is None else found.present,
                ),
                (_("Households that booked, in twelve months"), found.ordering),
                (_("Their orders"), found.orders),
                (_("What they booked in them"), found.lines),
                (_("Advantages that providers grant today"), found.advantages),
            ),
        }


def _standing(household: Household) -> str:
    """Say in which state it is, and whether it asks for something beside."""
    state = {"state": household.get_state_display()}
    asks = _("%(state)s, asks for another commune") % state
    return asks if household.is_moving else state["state"]


def _household_url(household: Household) -> str:
    return reverse("desk_households:household", args=[household.pk])


class HouseholdViewSet(ReadOnlyViewSet):
    """Families with a second home."""

    model = Household
    name = "desk_households"
    url_prefix = "foyers"
    icon = "home"
    menu_label = gettext_lazy("Households")
    menu_order = 223
    add_to_admin_menu = True
    index_view_class = HouseholdIndexView
    inspect_view_enabled = False
    list_filter = ("state",)
    search_fields = ("name", "members__user__email")
    list_display = (
        TitleColumn("name", label=gettext_lazy("Household"), get_url=_household_url),
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column("people", label=gettext_lazy("People")),
        Column("state", label=gettext_lazy("State"), accessor=_standing),
        MomentColumn("declared_at", label=gettext_lazy("Declared"), sort_key="declared_at"),
    )
    empty_text = gettext_lazy("Families with a second home here will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, one household, its paper and the figures."""
        return [
            *super().get_urlpatterns(),
            path("mobilisation/", MobilisationView.as_view(), name="mobilisation"),
            path("<int:pk>/", HouseholdView.as_view(), name="household"),
            path("<int:pk>/document/", proof, name="proof"),
        ]
