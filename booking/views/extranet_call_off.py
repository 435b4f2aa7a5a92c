"""A host calls one of its dates off: what it does is said first, then everybody is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import call_off_rounds, called_off
from booking.access import slot_for_owner
from booking.call_off_rounds import LeftOrder
from booking.forms.slots import CallOffForm
from booking.models import CalledOff, Slot
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from members.access import owned_by
from members.journal import Actor
from oti.lib.dates import paris


@dataclass(frozen=True)
class CallOffState:
    """How a date stands: whether this person may call it off, how far it is if it was."""

    may_call_off: bool
    row: Any = None
    total: int = 0
    waiting: tuple[LeftOrder, ...] = ()


def state_of(request: HttpRequest, slot: Slot, *, now: datetime) -> CallOffState:
    """Return how a date stands; only owners give money back."""
    rows = CalledOff.objects.filter(slot=slot, slot__is_closed=True).select_related("slot")
    row: Any = call_off_rounds.with_progress(rows).order_by("-pk").first()
    is_over = slot.starts_at <= now or called_off.is_called_off(slot, now=now)
    may = slot.sold > 0 and not is_over and slot.offer.provider_id in owned_by(request.user)
    if row is None:
        return CallOffState(may)
    waiting = () if row.finished_at and not row.begun else tuple(call_off_rounds.left_orders(row))
    # Whose order isn't paid yet is no affair of its host.
    own = tuple(one for one in waiting if one.order.confirmed_at is not None)
    return CallOffState(may, row, row.done + row.left, own)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whom calling a date off concerns and what goes back, then do it: money is an owner's."""
    now = timezone.now()
    slot = slot_for_owner(request.user, pk)
    try:
        called_off.check_date(slot, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("extranet-slot", slot.pk)
    preview = called_off.preview_call_off([slot], now=now)
    form = CallOffForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            return _done(request, slot, form, count=preview.orders, now=now)
        except Refusal as refusal:
            form.tell(refusal)
            status = refusal.status
    context = {
        "slot": slot,
        "starts": paris(slot.starts_at),
        "preview": preview,
        "has_plan_b": slot.offer.kind_rules.has_steps
        and not slot.plan_b_reason
        and slot.offer.steps.exclude(plan_b_fr="").exists(),
        "form": form,
        "page_errors": bool(form.errors),
    }
    return render(request, "booking/extranet/call_off.html", context, status=status)


def _done(
    request: HttpRequest, slot: Slot, form: CallOffForm, *, count: int, now: datetime
) -> HttpResponse:
    begun = called_off.call_off_dates(
        [slot],
        reason=form.cleaned_data["reason"],
        by=CalledOff.By.HOST,
        actor=Actor.person(request.user),
        now=now,
    )
    if begun:
        messages.success(request, called_off.begun_words(count))
    else:
        messages.success(request, _("The date is closed: nobody had booked it."))
    return see_other("extranet-slot", slot.pk)
