"""Views of what was sold: an order from end to end, cancelling, messages, the bank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages as plain_messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.widgets.button import HeaderButton

from booking import call_off_rounds, cancellation, comings, minding, package_words, settlement
from booking.desk.bank_words import kind_words, outcome_words
from booking.desk.message_words import kind_of_message
from booking.desk.office_forms import CancelForm
from booking.desk.order_list import state_words, with_taken_back
from booking.desk.payouts_shown import payout_rows, payouts_of
from booking.desk.views import UseCaseView, actor_of, tell_troubles
from booking.gateways.base import GatewayError
from booking.messages import send_again
from booking.models import GatewayEvent, Order, OrderLine, OutboxMessage, Referral, Refund
from booking.models.money import reason_words
from booking.needs import readers_of_order, reading_words
from booking.payment import ask_refund_again
from booking.refusals import Refusal
from booking.rules import states
from booking.rules.refunds import WHOLE, RefundResult
from booking.settlement import TAKEN_BACK
from booking.talks import talks_of
from destination.desk import ReadOnlyInspectView
from members.models import Entry
from oti.lib.html import format_euros
from oti.lib.money import ZERO, quantize

# What the journal's verbs mean for the office; an unknown one is shown as it is.
# What a guest changed of its coming, beside that it did.
COMING: dict[str, Promise] = {
    comings.ARRIVAL: gettext_lazy("hour of arrival"),
    comings.NEEDS: gettext_lazy("needs"),
    comings.NAMES: gettext_lazy("names"),
}
VERBS: dict[str, Promise] = {
    "order placed": gettext_lazy("Order placed"),
    "evidence kept": gettext_lazy("Evidence kept of what was shown and accepted"),
    "card declined": gettext_lazy("Card declined"),
    "payment received": gettext_lazy("Payment received"),
    "order confirmed": gettext_lazy("Order confirmed"),
    "payment given back": gettext_lazy("Payment given back"),
    "order expired": gettext_lazy("Order expired: it was not paid in time"),
    TAKEN_BACK: gettext_lazy("Order taken back by the visitor, to change the stay"),
    call_off_rounds.STOPPED: gettext_lazy("Order ended: one of its dates was called off"),
    "line cancelled": gettext_lazy("Line cancelled"),
    "coming changed": gettext_lazy("The guest changed its hour, needs or names"),
    "message by the host": gettext_lazy("Message by a host to the guest"),
    "message by the guest": gettext_lazy("Message by the guest to a host"),
    "sold by its host": gettext_lazy("Sold by its host, paid on site"),
    "line refunded by its host": gettext_lazy("Given back by the host, beyond the rule"),
    "no-show noted": gettext_lazy("The host noted that nobody came"),
    "no-show taken back": gettext_lazy("The host took back that nobody came"),
    "order cancelled": gettext_lazy("Order cancelled"),
    "refund created": gettext_lazy("Refund created"),
    "refund pending": gettext_lazy("Refund under way"),
    "refund done": gettext_lazy("Refund done"),
    "refund failed": gettext_lazy("Refund failed"),
    "refund asked again": gettext_lazy("Refund asked for again"),
    "payout pending": gettext_lazy("Share of a provider: the bank is asked"),
    "payout paid": gettext_lazy("Share of a provider paid"),
    "payout failed": gettext_lazy("Share of a provider refused by the bank"),
    "payout refused: account": gettext_lazy("Share of a provider: its account can’t receive"),
    "payout held": gettext_lazy("Share of a provider held back"),
    "payout let go": gettext_lazy("Share of a provider no longer held back"),
    "payout cancelled": gettext_lazy("Share of a provider cancelled: nothing is owed"),
    "payout asked again": gettext_lazy("Share of a provider asked for again"),
    "payout taken back": gettext_lazy("Share of a provider taken back"),
    "payout owed back": gettext_lazy("Share of a provider to be kept from its next ones"),
    "payout claim answered at the bank": gettext_lazy(
        "What was to come back of a share came back at the bank"
    ),
    "payout kept back": gettext_lazy("Debt kept from the share of a provider"),
    "payment contested": gettext_lazy("Payment contested by the card’s owner"),
    "referral counted": gettext_lazy("A friend’s first stay: it counts for who invited"),
    "referral refused": gettext_lazy("A friend’s code that doesn’t count"),
    "thanks earned": gettext_lazy("The thanks of who invited is earned"),
    "thanks handed over": gettext_lazy("The thanks of who invited is handed over"),
    "thanks taken back": gettext_lazy("The thanks of who invited is taken back"),
    "contest won": gettext_lazy("Contest of the payment over: it stays paid"),
    "order claimed": gettext_lazy("Order joined to the visitor’s account"),
    "authorisation ends before a sold date": gettext_lazy(
        "The authorisation of childcare ends before its date"
    ),
    "survey sent": gettext_lazy("Questions after the stay sent"),
    "survey answered": gettext_lazy("Questions after the stay answered"),
    "guest called back": gettext_lazy("The visitor was called back"),
    "complaint opened": gettext_lazy("Complaint received"),
    "complaint answered": gettext_lazy("Complaint answered"),
    "mediation told of": gettext_lazy("The visitor was told of the mediator"),
}
# Why a friend’s stay doesn’t count, as the journal keeps it.
WHY_NOT = dict(Referral.Reason.choices)
# Why a stay was no package, by the verdict of `booking.rules.package_law`.
WHY_NO_PACKAGE: dict[str, Promise] = {
    "framework": gettext_lazy("sold to a business under a general agreement"),
    "short_trip": gettext_lazy("less than 24 hours and no night"),
    "one_type": gettext_lazy("services of one type only"),
    "small_share": gettext_lazy("other services make up less than a quarter of its value"),
}
WHO: dict[str, Promise] = {
    "visitor": gettext_lazy("visitor"),
    "system": gettext_lazy("system"),
    "bank": gettext_lazy("bank"),
}


@dataclass(frozen=True)
class Step:
    """One line of an order's history, in words."""

    at: datetime
    what: str
    who: str
    details: tuple[str, ...]


def history_of(order: Order, *, only: tuple[str, ...] = ()) -> list[Step]:
    """Return an order's journal, the oldest line first; of verbs that begin with `only`, if any."""
    entries = Entry.objects.filter(subject=f"order:{order.reference}").order_by("at", "pk")
    if only:
        entries = entries.filter(reduce(or_, (Q(verb__startswith=one) for one in only)))
    titles = {line.pk: str(line.titles.get("fr", "")) for line in order.lines.all()}
    return [
        Step(
            at=entry.at,
            what=str(VERBS.get(entry.verb, entry.verb)),
            who=str(WHO.get(entry.actor_label, entry.actor_label)),
            details=tuple(_details(entry.data, titles)),
        )
        for entry in entries
    ]


def _details(data: dict[str, Any], titles: dict[int, str]) -> list[str]:
    words = [str(data["provider"])] if data.get("provider") else []
    if data.get("line") in titles:
        words.append(titles[data["line"]])
    for key, label in (
        ("total", _("total %(value)s")),
        ("amount", _("amount %(value)s")),
        ("refund", _("given back %(value)s")),
    ):
        if data.get(key):
            words.append(label % {"value": euros(Decimal(data[key]))})
    if isinstance(data.get("what"), list):
        words += [str(COMING.get(one, one)) for one in data["what"]]
    if data.get("basis") == "full":
        words.append(_("in full: the provider or the office is the cause"))
    elif data.get("basis") == "policy":
        words.append(_("by the policy accepted when booking"))
    told = [data[key] for key in ("reason", "error") if data.get(key)]
    words += [str(WHY_NOT.get(one) or reason_words(one)) for one in told]
    if data.get("lost"):
        words.append(_("some lines could no longer be had and were given back"))
    return words


def euros(amount: Decimal) -> str:
    """Write a sum with its cents, as the desk shows money."""
    return format_euros(amount, get_language() or "fr", is_exact=True)


class OrderInspectView(ReadOnlyInspectView):
    """An order: who, what, from whom, paid how, told to whom, and its history."""

    template_name = "booking/desk/order.html"
    page_title = gettext_lazy("Order")

    def get_object(self) -> Order:
        """Load the order with its lines."""
        orders = Order.objects.select_related("terms", "user").prefetch_related(
            "lines__participants", "lines__refunds", "participants"
        )
        return get_object_or_404(with_taken_back(orders), pk=self.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather everything that belongs to the order."""
        order = self.object
        parts = order.sub_orders.select_related("provider", "payout").prefetch_related(
            "lines__participants", "lines__items", "lines__refunds", "lines__slot"
        )
        return {
            **super().get_context_data(**kwargs),
            "order": order,
            "parts": parts.order_by("pk"),
            "payments": order.payments.order_by("attempt"),
            "refunds": Refund.objects.filter(payment__order=order).select_related("line"),
            "payouts": payout_rows(payouts_of(order), now=timezone.now()),
            "outbox": [
                (message, kind_of_message(message.kind))
                for message in order.messages.order_by("created_at")
            ],
            "state_words": state_words(order),
            "needs_readers": reading_words(
                readers_of_order(order.lines.select_related("sub_order__provider"))
                if order.needs
                else ()
            ),
            "history": history_of(order),
            "talks": talks_of(order),
            "evidence": _evidence(order),
            "may_change": self.user_has_permission("change"),
            "has_sold_lines": any(line.state == states.SOLD for line in order.lines.all()),
        }

    @property
    def header_buttons(self) -> list[Any]:  # type: ignore[override]
        """Offer to cancel what can be cancelled."""
        is_sold = any(line.state == states.SOLD for line in self.object.lines.all())
        if not is_sold or not self.user_has_permission("change"):
            return []
        return [
            HeaderButton(
                label=_("Cancel and refund"),
                url=reverse("desk_orders:cancel", args=[self.object.pk]),
                icon_name="cross",
            )
        ]


def _evidence(order: Order) -> dict[str, Any] | None:
    """Return what was kept when the order was placed, and the mail that carried the contract."""
    evidence = package_words.evidence_of(order)
    if evidence is None:
        return None
    rows = [
        {**row, "type_words": package_words.TYPE_WORDS.get(row["type"], _("goods"))}
        for row in evidence.types
    ]
    return {
        "row": evidence,
        "why": package_words.why_words(evidence.reason, evidence.types, evidence.d_share)
        if evidence.is_package
        else str(WHY_NO_PACKAGE.get(evidence.reason, "")),
        "share": "" if evidence.d_share is None else package_words.percent_words(evidence.d_share),
        "rows": rows,
        "form": package_words.form_link(evidence.form),
        "terms": package_words.form_link(evidence.terms),
        "identity": package_words.identity_rows(evidence.organiser),
        "mail": evidence.mail,
    }


@dataclass(frozen=True)
class RefundRow:
    """What one line would give back, on both grounds."""

    line: OrderLine
    by_policy: RefundResult
    in_full: RefundResult

    @property
    def paid(self) -> Decimal:
        """Return what was paid for the line in euros, tourist tax included."""
        return self.line.gross_amount + self.line.tourist_tax_amount

    @property
    def kept_fee(self) -> Decimal:
        """Return the fee, in euros, that the policy keeps of what its percentage gives back."""
        share = quantize(self.line.gross_amount * self.by_policy.percent / WHOLE)
        return share - self.by_policy.amount


@dataclass(frozen=True)
class Preview:
    """What is about to be cancelled, line by line, and what it gives back in all."""

    rows: tuple[RefundRow, ...]
    is_in_full: bool
    # Childcare of the same order that would have nothing left to be there for.
    left_over: tuple[OrderLine, ...] = ()

    @property
    def total(self) -> Decimal:
        """Return the sum in euros."""
        results = [row.in_full if self.is_in_full else row.by_policy for row in self.rows]
        return sum((result.total for result in results), ZERO)


class OrderCancelView(UseCaseView):
    """Cancel an order or some of its lines: first the sums, then the confirmation."""

    model = Order
    form_class = CancelForm
    template_name = "booking/desk/cancel.html"
    page_title = gettext_lazy("Cancel and refund")
    target: Order
    preview: Preview | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send back to the order when nothing is left to cancel."""
        if self.user_has_permission("change") and not self._sold().exists():
            messages.warning(request, _("Nothing is left to cancel on this order."))
            return redirect("desk_orders:inspect", self.kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def _sold(self) -> QuerySet[OrderLine]:
        return self.target.lines.filter(state=states.SOLD)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the lines that are sold."""
        return {**super().get_form_kwargs(), "lines": self._sold()}

    def form_valid(self, form: CancelForm) -> HttpResponse:
        """Show the sums first; cancel once they have been seen."""
        data = form.cleaned_data
        chosen = list(data["lines"].select_related("sub_order__provider"))
        preview = Preview(
            self._rows(chosen),
            is_in_full=data["basis"] == CancelForm.FULL,
            left_over=tuple(minding.left_over(self._sold(), chosen)),
        )
        if "confirm" in self.request.POST and self._was_shown(data, preview):
            return super().form_valid(form)
        if "confirm" in self.request.POST:
            plain_messages.warning(
                self.request, _("The lines or the sum changed in the meantime: look at them again.")
            )
        self.preview = preview
        return self.render_to_response(self.get_context_data(form=form))

    def _was_shown(self, data: dict[str, Any], preview: Preview) -> bool:
        """Tell whether these very lines and this very sum were on the page that was confirmed."""
        shown = ",".join(str(row.line.pk) for row in preview.rows)
        return data["shown_total"] == preview.total and data["shown_lines"] == shown

    def _rows(self, lines: Iterable[OrderLine]) -> tuple[RefundRow, ...]:
        sold = list(lines)
        by_policy = cancellation.preview_cancellation(sold, basis="policy", now=self.now)
        in_full = cancellation.preview_cancellation(sold, basis="full", now=self.now)
        return tuple(
            RefundRow(line, policy, full)
            for (line, policy), (_line, full) in zip(by_policy, in_full, strict=True)
        )

    def run(self, form: CancelForm) -> str:
        """Cancel the chosen lines."""
        data = form.cleaned_data
        results = cancellation.cancel_lines(
            self.target,
            [line.pk for line in data["lines"]],
            basis=data["basis"],
            reason=data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        total = sum((result.total for _line, result in results), ZERO)
        return _("Cancelled. %(amount)s is being given back, and everybody is told.") % {
            "amount": euros(total)
        }

    def get_success_url(self) -> str:
        """Return to the order."""
        return reverse("desk_orders:inspect", args=[self.target.pk])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the order."""
        items = super().get_breadcrumbs_items()
        items.insert(-1, {"url": self.get_success_url(), "label": self.target.reference})
        return items

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what each line gives back on both grounds, and the sum once chosen."""
        rows = self._rows(self._sold().select_related("sub_order__provider"))
        context = {
            **super().get_context_data(**kwargs),
            "order": self.target,
            "rows": rows,
            "policy_total": sum((row.by_policy.total for row in rows), ZERO),
            "full_total": sum((row.in_full.total for row in rows), ZERO),
        }
        if self.preview is not None:
            context["preview"] = self.preview
            context["preview_total"] = self.preview.total
            context["preview_words"] = euros(self.preview.total)
            context["shown_lines"] = ",".join(str(row.line.pk) for row in self.preview.rows)
        return context


class MessageInspectView(ReadOnlyInspectView):
    """A message of the outbox: to whom, about what, sent or why not."""

    template_name = "booking/desk/message.html"
    page_title = gettext_lazy("Message")

    def get_page_subtitle(self) -> str:
        """Say in words what it is, and to whom."""
        return f"{kind_of_message(self.object.kind)}, {self.object.shown_recipient()}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the words of its kind."""
        return {
            **super().get_context_data(**kwargs),
            "message": self.object,
            "kind": kind_of_message(self.object.kind),
            "may_change": self.user_has_permission("change"),
        }


def post_only(request: HttpRequest, permission: str) -> None:
    """Refuse anything but a button pressed by somebody who may."""
    if request.method != "POST" or not request.user.has_perm(permission):
        raise PermissionDenied


def message_send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a message back into the queue and go back to it."""
    post_only(request, "booking.change_outboxmessage")
    message = get_object_or_404(OutboxMessage, pk=pk)
    if message.state == OutboxMessage.State.SENDING:
        messages.warning(request, _("It is being sent right now."))
    else:
        try:
            send_again(message, actor=actor_of(request), now=timezone.now())
        except Refusal as refusal:
            tell_troubles(request, refusal)
        else:
            messages.success(request, _("The message is sent again in a moment."))
    return redirect("desk_outbox:inspect", pk)


def refund_ask_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the bank again for a refund that failed and go back to its order."""
    post_only(request, "booking.change_order")
    refund = get_object_or_404(Refund.objects.select_related("payment"), pk=pk)
    try:
        ask_refund_again(refund.pk, actor=actor_of(request), now=timezone.now())
    except Refusal as refusal:
        tell_troubles(request, refusal)
    else:
        messages.success(request, _("The bank is asked again in a moment."))
    return redirect("desk_orders:inspect", refund.payment.order_id)


def event_process(request: HttpRequest, pk: int) -> HttpResponse:
    """Process a message of the bank again and go back to it."""
    post_only(request, "booking.change_gatewayevent")
    event = get_object_or_404(GatewayEvent, pk=pk)
    try:
        outcome = settlement.process_event(event.pk, now=timezone.now())
    except Refusal as refusal:
        tell_troubles(request, refusal)
    except GatewayError:
        messages.error(request, _("The bank doesn't answer: try again in a few minutes."))
    else:
        messages.success(
            request, _("Processed: %(outcome)s.") % {"outcome": outcome_words(outcome)}
        )
    return redirect("desk_bank:inspect", pk)


class EventInspectView(ReadOnlyInspectView):
    """A message of the bank as it came, and what became of it."""

    template_name = "booking/desk/event.html"
    page_title = gettext_lazy("Message of the bank")

    def get_page_subtitle(self) -> str:
        """Name it in words."""
        return f"{kind_words(self.object.kind)}, {self.object.event_id}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether it can be processed again."""
        return {
            **super().get_context_data(**kwargs),
            "event": self.object,
            "kind": kind_words(self.object.kind),
            "outcome": outcome_words(self.object.outcome),
            "may_change": self.user_has_permission("change"),
        }
