"""Views of dated things: slots and closures."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from booking import called_off, offers, slots
from booking.desk.calendar_forms import (
    ClosureChangeForm,
    ClosureForm,
    SlotChangeForm,
    SlotForm,
    SlotSeriesForm,
)
from booking.desk.called_off import call_off_url
from booking.desk.views import UseCaseView, actor_of, offer_url
from booking.forms.slots import sides_of
from booking.models import Closure, Offer, Slot, Unit
from booking.models.money import reason_words
from booking.refusals import BadInput, Trouble
from oti.lib.dates import paris
from oti.lib.html import format_day_long, format_hour


def language() -> str:
    """Return the language of the person at the desk."""
    return get_language() or "fr"


class AboutOfferView(UseCaseView):
    """A form that may be opened from the page of an offer: `?offer=` or `?unit=`."""

    def get_initial(self) -> dict[str, Any]:
        """Choose what the address names."""
        initial = super().get_initial()
        for name in ("offer", "unit"):
            asked = self.request.GET.get(name, "")
            if asked.isdecimal():
                initial[name] = int(asked)
        return initial

    def get_success_url(self) -> str:
        """Go back to the offer where one came from it, else to the list."""
        offer = self._offer()
        return offer_url(offer) if offer is not None else reverse(self.index_url_name)

    def _offer(self) -> Offer | None:
        asked = self.request.GET
        if asked.get("offer", "").isdecimal():
            return Offer.objects.filter(pk=asked["offer"]).first()
        if asked.get("unit", "").isdecimal():
            return Offer.objects.filter(units__pk=asked["unit"]).first()
        return None


def units_words(slot: Slot, units: int) -> str:
    """Write units of stock: as they are, or as a share of what the office counts (carers)."""
    each = slot.offer.kind_rules.units_per_entry
    if each == 1 or not slot.capacity:
        return str(units)
    return _("%(percent)s %% of the capacity") % {"percent": round(100 * units / slot.capacity)}


# --- Slots -------------------------------------------------------------------------------------
class SlotAddView(AboutOfferView):
    """Add one date."""

    model = Slot
    list_title = gettext_lazy("Dates")
    form_class = SlotForm
    permission_required = "add"
    page_title = gettext_lazy("New date")
    button = gettext_lazy("Add this date")

    def run(self, form: SlotForm) -> str:
        """Add it; an existing one is told beside its time."""
        data = form.cleaned_data
        count = slots.add_slots(
            data["offer"],
            first_day=data["day"],
            last_day=data["day"],
            weekdays={data["day"].weekday()},
            start_times={data["start_time"]},
            capacity=data["capacity"],
            sides=sides_of(data),
            actor=actor_of(self.request),
            now=self.now,
        )
        if not count:
            message = _("This date exists already, or has passed.")
            raise BadInput(Trouble("slot_known", message, field="start_time"))
        return _("The date is added.")


class SlotSeriesView(AboutOfferView):
    """Add many dates at once."""

    model = Slot
    list_title = gettext_lazy("Dates")
    form_class = SlotSeriesForm
    permission_required = "add"
    page_title = gettext_lazy("New series of dates")
    button = gettext_lazy("Add these dates")
    intro = gettext_lazy(
        "For instance every Tuesday at 14:00 from 1 July to 31 August, except on 14 July. Dates "
        "that exist already are left as they are."
    )

    def run(self, form: SlotSeriesForm) -> str:
        """Add them and say how many are new."""
        data = form.cleaned_data
        count = slots.add_slots(
            data["offer"],
            first_day=data["first_day"],
            last_day=data["last_day"],
            weekdays=set(data["weekdays"]),
            start_times=set(data["start_times"]),
            capacity=data["capacity"],
            sides=sides_of(data),
            skip_days=set(data["skip_days"]),
            actor=actor_of(self.request),
            now=self.now,
        )
        if not count:
            return _("No new date: all of them exist already, or have passed.")
        told = ngettext("%(count)s date added.", "%(count)s dates added.", count)
        return told % {"count": count}


class SlotChangeView(UseCaseView):
    """Change the places of a date, close it or open it again."""

    model = Slot
    template_name = "booking/desk/slot.html"
    list_title = gettext_lazy("Dates")
    form_class = SlotChangeForm
    target: Slot

    def get_page_title(self) -> str:
        """Name the date."""
        return f"{self.target.offer.title}, {self._when()}"

    def _when(self) -> str:
        start = paris(self.target.starts_at)
        return (
            f"{format_day_long(start.date(), language())}, {format_hour(start.time(), language())}"
        )

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show what can't be changed here."""
        held = sum(
            self.target.holds.filter(expires_at__gt=self.now).values_list("quantity", flat=True)
        )
        return (
            (_("Offer"), self.target.offer.title),
            (_("Sold"), units_words(self.target, self.target.sold)),
            (_("Being booked"), units_words(self.target, held)),
        )

    def get_initial(self) -> dict[str, Any]:
        """Show the date as it is."""
        return {
            "capacity": self.target.capacity // self.target.offer.kind_rules.units_per_entry,
            "is_closed": self.target.is_closed,
            "closed_reason": reason_words(self.target.closed_reason),
            "plan_b_reason": self.target.plan_b_reason,
            **{
                f"side_{one.resource}": one.capacity
                for one in Slot.stocks.filter(
                    offer_id=self.target.offer_id, starts_at=self.target.starts_at
                ).exclude(pk=self.target.pk)
            },
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where it is called off, or how far that is."""
        slot = self.target
        may_call_off = self.request.user.has_perm("booking.change_order")
        is_over = slot.starts_at <= self.now or called_off.is_called_off(slot, now=self.now)
        return {
            **super().get_context_data(**kwargs),
            "called_off": slot.called_off.order_by("-pk").first() if slot.is_closed else None,
            "call_off_url": call_off_url(slot) if may_call_off and not is_over else "",
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask for what this kind of offer has."""
        return {**super().get_form_kwargs(), "offer": self.target.offer}

    def run(self, form: SlotChangeForm) -> str:
        """Change it; closing says how many places are sold."""
        data = form.cleaned_data
        slot = slots.change_slot(
            self.target,
            capacity=data["capacity"],
            sides=sides_of(data),
            is_closed=data["is_closed"],
            reason=data["closed_reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        if data.get("plan_b_reason"):
            told_orders = slots.apply_plan_b(
                slot, reason=data["plan_b_reason"], actor=actor_of(self.request), now=self.now
            )
            if told_orders:
                told = ngettext(
                    "Plan B applies: %(count)s booking was told.",
                    "Plan B applies: %(count)s bookings were told.",
                    told_orders,
                )
                return told % {"count": told_orders}
        if slot.is_closed and slot.sold:
            told = ngettext(
                "Closed. %(count)s place is sold and stays so: “Call this date off”, on its "
                "page, gives it back.",
                "Closed. %(count)s places are sold and stay so: “Call this date off”, on its "
                "page, gives them back.",
                slot.sold,
            )
            return told % {"count": slot.sold}
        return _("The date is saved.")


class SlotRemoveView(UseCaseView):
    """Delete a date that nobody booked."""

    model = Slot
    list_title = gettext_lazy("Dates")
    # Nothing is asked but the press of the button.
    form_class = forms.Form
    permission_required = "delete"
    page_title = gettext_lazy("Delete this date")
    button = gettext_lazy("Delete")
    target: Slot

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show what would be deleted."""
        return ((_("Date"), str(self.target)), (_("Sold"), self.target.sold))

    def run(self, form: Any) -> str:
        """Delete it."""
        slots.remove_slot(self.target, actor=actor_of(self.request), now=self.now)
        return _("The date is deleted.")


# --- Closures ----------------------------------------------------------------------------------
class ClosureAddView(AboutOfferView):
    """Take nights off sale."""

    model = Closure
    form_class = ClosureForm
    permission_required = "add"
    page_title = gettext_lazy("New closure")
    button = gettext_lazy("Close these nights")

    def run(self, form: ClosureForm) -> str:
        """Close them."""
        data = form.cleaned_data
        offers.close_nights(
            data["unit"],
            first_night=data["first_night"],
            reopening=data["reopening"],
            reason=data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("These nights are closed.")


class ClosureChangeView(UseCaseView):
    """Give a closure other dates or another reason."""

    model = Closure
    form_class = ClosureChangeForm
    page_title = gettext_lazy("Closure")
    target: Closure

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show the unit, which stays the same."""
        unit = self.target.unit
        return ((_("Unit"), f"{unit.offer.title} — {unit.name}"),)

    def get_initial(self) -> dict[str, Any]:
        """Show the closure as it is."""
        return {
            "first_night": self.target.dates.lower,
            "reopening": self.target.dates.upper,
            "reason": self.target.reason,
        }

    def run(self, form: ClosureChangeForm) -> str:
        """Move it."""
        data = form.cleaned_data
        offers.move_closure(
            self.target,
            first_night=data["first_night"],
            reopening=data["reopening"],
            reason=data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("The closure is saved.")


class ClosureRemoveView(UseCaseView):
    """Put the nights of a closure on sale again."""

    model = Closure
    # Nothing is asked but the press of the button.
    form_class = forms.Form
    permission_required = "delete"
    page_title = gettext_lazy("Open these nights again")
    button = gettext_lazy("Open again")
    target: Closure

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show which nights open again."""
        unit: Unit = self.target.unit
        return (
            (_("Unit"), f"{unit.offer.title} — {unit.name}"),
            (_("First closed night"), format_day_long(self.target.dates.lower, language())),
            (_("Opens again on"), format_day_long(self.target.dates.upper, language())),
        )

    def run(self, form: Any) -> str:
        """Open them."""
        offers.reopen_nights(self.target, actor=actor_of(self.request), now=self.now)
        return _("These nights are on sale again.")
