"""What a host does about one of its lines after the sale: nobody came, money given back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import host_refunds, no_shows, showing
from booking.access import line_for_owner, line_for_provider
from booking.forms.after_sale import HostRefundForm
from booking.models import OrderLine, Payout
from booking.refusals import Refusal
from booking.rules import states
from booking.views.answers import see_other, tell
from destination.spoken import in_language
from destination.templatetags.velay import euros
from members.journal import Actor
from oti.lib.dates import paris
from oti.lib.money import ZERO

FORM_METHODS = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class LineActions:
    """What may be done about one line now."""

    line: OrderLine
    title: str
    when: str
    may_note_absence: bool
    may_take_back: bool
    may_refund: bool
    may_cancel: bool

    @property
    def any(self) -> bool:
        """Whether there is something to do."""
        return any((self.may_note_absence, self.may_take_back, self.may_refund, self.may_cancel))


def actions_of(
    lines: Iterable[OrderLine], *, owned: Collection[int], now: datetime
) -> list[LineActions]:
    """Return the lines about which something may be done, with what; `order` is loaded.

    Money goes back from the houses `owned` alone (keys); their `sub_order` is loaded.
    """
    rows = list(lines)
    prefetch_related_objects(rows, "refunds", "order__payments")
    found = [
        LineActions(
            line=line,
            title=in_language(line.titles),
            when=_when(line, now=now),
            may_note_absence=no_shows.may_note(line, now=now),
            may_take_back=no_shows.may_take_back(line, now=now),
            may_refund=line.sub_order.provider_id in owned and host_refunds.refundable(line) > ZERO,
            may_cancel=line.order.is_counter and line.state == states.SOLD,
        )
        for line in rows
    ]
    return [one for one in found if one.any]


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def no_show(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a no-show means, then note it, or take it back."""
    now = timezone.now()
    line = line_for_provider(request.user, pk)
    if request.method == "POST":
        actor = Actor.person(request.user)
        try:
            if "undo" in request.POST:
                no_shows.take_no_show_back(line, actor=actor, now=now)
                messages.success(request, _("It is taken back: the booking stands as before."))
            else:
                no_shows.note_no_show(line, actor=actor, now=now)
                messages.success(
                    request, _("It is noted. The guest and the office are told by mail.")
                )
        except Refusal as refusal:
            tell(request, refusal.troubles)
        return see_other("extranet-booking", line.order.reference)
    start = no_shows.from_when(line)
    context = {
        "line": line,
        "title": in_language(line.titles),
        "when": _when(line, now=now),
        "guest": line.order.first_name,
        "may_note": no_shows.may_note(line, now=now),
        "may_take_back": no_shows.may_take_back(line, now=now),
        "is_noted": line.state == states.NO_SHOW,
        "is_early": line.state == states.SOLD and now < start,
        "start": showing.moment_words(paris(start)),
        "undo_hours": no_shows.UNDO // timedelta(hours=1),
        "rule": in_language(line.policy_summaries),
        "amount": line.gross_amount,
    }
    return render(request, "booking/extranet/no_show.html", context)


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def refund(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask how much is given back, show what it costs, then give it back: money is an owner's."""
    now = timezone.now()
    line = line_for_owner(request.user, pk)
    left = host_refunds.refundable(line)
    form = HostRefundForm(request.POST or None, left=left)
    preview = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if "confirm" in request.POST and data["shown_left"] is not None:
                host_refunds.refund_line(
                    line,
                    data["amount"],
                    shown_left=data["shown_left"],
                    reason=data["reason"],
                    actor=Actor.person(request.user),
                    now=now,
                )
                messages.success(
                    request,
                    _("%(amount)s go back to %(name)s.")
                    % {"amount": euros(data["amount"], "exact"), "name": line.order.first_name},
                )
                return see_other("extranet-booking", line.order.reference)
            preview = host_refunds.preview_refund(line, data["amount"])
        except Refusal as refusal:
            tell(request, refusal.troubles)
            return see_other("extranet-refund", line.pk)
    context = {
        "line": line,
        "title": in_language(line.titles),
        "when": _when(line, now=now),
        "guest": line.order.first_name,
        "left": left,
        "tax": line.tourist_tax_amount,
        "is_sold": line.state == states.SOLD,
        "is_paid_out": Payout.objects.filter(
            sub_order=line.sub_order_id, state=states.PAID
        ).exists(),
        "form": form,
        "preview": preview,
        "page_errors": form.is_bound and not form.is_valid(),
    }
    status = 422 if context["page_errors"] else 200
    return render(request, "booking/extranet/refund.html", context, status=status)


def _when(line: OrderLine, *, now: datetime) -> str:
    return showing.line_when(line, line.kind, paris(line.starts_at), paris(line.ends_at), now=now)
