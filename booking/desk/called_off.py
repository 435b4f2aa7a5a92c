"""Dates that the office calls off: what it does, before it is done, and how far it is after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column

from booking import call_off_rounds, called_off
from booking.called_off import CallOffPreview
from booking.desk.views import UseCaseView, actor_of, tell_troubles
from booking.forms.slots import CallOffForm
from booking.models import CalledOff, Slot
from booking.refusals import Refusal
from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyInspectView, ReadOnlyViewSet
from oti.lib.dates import paris


class CallsOff(UseCaseView):
    """A form that calls dates off: whom it concerns and what goes back stands above it.

    Money goes back: one has to be allowed to change orders too. Without places (a feast on the
    square) there is nobody to tell.
    """

    template_name = "booking/desk/call_off.html"
    form_class: Any = CallOffForm
    begun: Sequence[CalledOff] = ()
    count = 0

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let in who may give money back, where there are places to be given back."""
        if self.dates() and not request.user.has_perm("booking.change_order"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def dates(self) -> list[Slot]:
        """Return the dates with places that would be called off."""
        raise NotImplementedError

    @cached_property
    def preview(self) -> CallOffPreview:
        """Return what calling them off does."""
        return called_off.preview_call_off(self.dates(), now=self.now)

    def form_valid(self, form: Any) -> HttpResponse:
        """Count first: afterwards there is nothing left to count."""
        self.count = self.preview.orders
        return super().form_valid(form)

    def get_success_url(self) -> str:
        """Lead to how far it is, where somebody is to be told."""
        if self.begun:
            return progress_url(self.begun)
        return super().get_success_url()

    def told(self) -> str:
        """Return what was begun, in words; "" where nobody had booked."""
        return called_off.begun_words(self.count) if self.begun else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what it does, and what could be done instead."""
        return {
            **super().get_context_data(**kwargs),
            "preview": self.preview if self.dates() else None,
            "plan_b_url": self._plan_b_url(),
        }

    def _plan_b_url(self) -> str:
        """Return where plan B is applied instead, "" for dates without one."""
        planned = [
            slot
            for slot in self.dates()
            if slot.offer.kind_rules.has_steps
            and not slot.plan_b_reason
            and slot.offer.steps.exclude(plan_b_fr="").exists()
        ]
        return reverse("desk_slots:edit", args=[planned[0].pk]) if planned else ""


def progress_url(rows: Sequence[CalledOff]) -> str:
    """Return where the office reads how far it is: the date's page, or the list of several."""
    if len(rows) == 1:
        return reverse("desk_called_off:inspect", args=[rows[0].pk])
    return reverse("desk_called_off:index")


class CallOffView(CallsOff):
    """Call one date off."""

    model = Slot
    list_title = gettext_lazy("Dates")
    page_title = gettext_lazy("Call this date off")
    button = gettext_lazy("Call this date off")

    @cached_property
    def target(self) -> Slot:
        """Return the date, with its offer."""
        return get_object_or_404(Slot.objects.select_related("offer"), pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead away from a date that can't be called off any more."""
        if self.user_has_permission("change"):
            try:
                called_off.check_date(self.target, now=self.now)
            except Refusal as refusal:
                tell_troubles(request, refusal)
                return redirect(self._page_after())
        return super().dispatch(request, *args, **kwargs)

    def _page_after(self) -> str:
        last = self.target.called_off.order_by("-pk").first()
        if last is not None:
            return progress_url([last])
        return reverse("desk_slots:edit", args=[self.target.pk])

    def get_page_subtitle(self) -> str:
        """Name the date."""
        start = paris(self.target.starts_at)
        return f"{self.target.offer.title}, {start:%d/%m/%Y %H:%M}"

    def dates(self) -> list[Slot]:
        """Return this one."""
        return [self.target]

    def run(self, form: CallOffForm) -> str:
        """Close it, and begin to cancel its bookings."""
        self.begun = called_off.call_off_dates(
            self.dates(),
            reason=form.cleaned_data["reason"],
            by=CalledOff.By.OFFICE,
            actor=actor_of(self.request),
            now=self.now,
        )
        return self.told() or _("The date is closed: nobody had booked it.")


# --- How far it is -------------------------------------------------------------------------------
class CalledOffIndexView(ReadOnlyIndexView):
    """The dates that were called off, the newest first."""

    page_title = gettext_lazy("Dates called off")

    def get_base_queryset(self) -> QuerySet[CalledOff]:
        """Load the dates, and count what is done, in the same statement."""
        rows = CalledOff.objects.select_related("slot__offer__provider")
        return call_off_rounds.with_progress(rows)


def progress_words(row: Any) -> str:
    """Write how far a date read by `with_progress` is: "12 of 200"."""
    return _("%(done)s of %(total)s") % {"done": row.done, "total": row.done + row.left}


class CalledOffInspectView(ReadOnlyInspectView):
    """A date that was called off: how many are done, what went back, what waits and why."""

    template_name = "booking/desk/called_off.html"
    page_title = gettext_lazy("Date called off")

    def get_object(self) -> CalledOff:
        """Load the date, and count what is done."""
        rows = CalledOff.objects.select_related("slot__offer__provider", "actor")
        return get_object_or_404(call_off_rounds.with_progress(rows), pk=self.pk)

    def get_page_subtitle(self) -> str:
        """Name the date."""
        start = paris(self.object.slot.starts_at)
        return f"{self.object.slot.offer.title}, {start:%d/%m/%Y %H:%M}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is left."""
        row: Any = self.object
        return {
            **super().get_context_data(**kwargs),
            "row": row,
            "total": row.done + row.left,
            "waiting": call_off_rounds.left_orders(row),
            "slot_url": reverse("desk_slots:edit", args=[row.slot_id]),
        }


class CalledOffViewSet(ReadOnlyViewSet):
    """Dates that don't take place."""

    model = CalledOff
    name = "desk_called_off"
    url_prefix = "dates-annulees"
    icon = "cross"
    menu_label = gettext_lazy("Dates called off")
    ordering = ("-at", "-pk")
    index_view_class = CalledOffIndexView
    inspect_view_class = CalledOffInspectView
    search_fields = ("slot__offer__title_fr", "slot__offer__provider__name", "reason")
    list_filter = ("by",)
    list_display = (
        Column("offer", label=gettext_lazy("Offer"), accessor="slot.offer.title"),
        MomentColumn("starts_at", label=gettext_lazy("Date"), accessor="slot.starts_at"),
        Column("by", label=gettext_lazy("Called off by"), accessor="get_by_display"),
        Column("reason", label=gettext_lazy("Reason"), accessor="reason_words"),
        MomentColumn("at", label=gettext_lazy("Called off"), sort_key="at"),
        Column("progress", label=gettext_lazy("Given back"), accessor=progress_words),
    )
    empty_text = gettext_lazy(
        "Dates that were called off with bookings on them will appear here, with how many of these "
        "are given back. One is called off on its own page, under “Dates”."
    )


def call_off_url(slot: Slot) -> str:
    """Return the desk's page that calls a date off."""
    return reverse("desk_slots:call-off", args=[slot.pk])
