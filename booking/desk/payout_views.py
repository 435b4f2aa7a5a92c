"""The desk's views of pay-outs: a share from end to end, asking again, a provider's account."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column

from booking import payout_accounts, payouts
from booking.desk.order_views import euros, history_of, post_only
from booking.desk.payouts_shown import PayoutRow
from booking.desk.views import UseCaseView, actor_of, tell_troubles
from booking.models import Payout
from booking.refusals import Refusal
from booking.rules import states
from booking.statements import account_of, account_statement, waiting_words
from destination.desk import (
    EuroColumn,
    MomentColumn,
    ReadOnlyIndexView,
    ReadOnlyInspectView,
    ReadOnlyViewSet,
)
from members.models import Provider
from oti.lib.money import ZERO


class PayoutFilters(WagtailFilterSet):
    """Narrows the list of pay-outs."""

    provider = django_filters.ModelChoiceFilter(
        queryset=Provider.objects.all(),
        field_name="sub_order__provider",
        label=gettext_lazy("Provider"),
    )

    class Meta:
        model = Payout
        fields = ("state", "provider")


class PayoutIndexView(ReadOnlyIndexView):
    """What providers are owed, what comes next first; all of it when something is looked for."""

    def get_base_queryset(self) -> QuerySet[Payout]:
        """Load providers, their accounts and orders."""
        rows = Payout.objects.select_related(
            "sub_order__provider__payout_account", "sub_order__order"
        )
        if any(self.request.GET.get(name) for name in ("q", "state", "provider", "export")):
            return rows
        return rows.exclude(state__in=[states.PAID, states.CANCELLED])


class PayoutInspectView(ReadOnlyInspectView):
    """A share: for which order, when, what came back of it, what the bank says."""

    template_name = "booking/desk/payout.html"
    page_title = gettext_lazy("Payment to a provider")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather what belongs to the share."""
        payout = self.object
        order = payout.sub_order.order
        verbs = ("payout", "contest", "payment contested")
        return {
            **super().get_context_data(**kwargs),
            "payout": payout,
            "row": PayoutRow(payout, waiting_words(payout, now=timezone.now())),
            "provider": payout.sub_order.provider,
            "account": account_of(payout.sub_order.provider),
            "order": order,
            "reversals": payout.reversals.order_by("pk"),
            "nettings": payout.nettings.select_related("reversal__payout__sub_order__order"),
            "history": history_of(order, only=verbs),
        }


def payout_ask_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the bank once more for a share that it refused and go back to it."""
    post_only(request, "booking.change_order")
    payout = get_object_or_404(Payout, pk=pk)
    try:
        payouts.ask_payout_again(payout.pk, actor=actor_of(request), now=timezone.now())
    except Refusal as refusal:
        tell_troubles(request, refusal)
    else:
        messages.success(request, _("The bank is asked again in a moment."))
    return redirect("desk_payouts:inspect", pk)


class AccountView(UseCaseView):
    """The account of a provider: how it stands, and the mail that leads to the bank."""

    model = Provider
    form_class = forms.Form
    index_url_name = "desk_providers:index"
    page_title = gettext_lazy("Account to be paid")
    list_title = gettext_lazy("Providers")
    header_icon = "user"
    button = gettext_lazy("Send the link by mail")
    intro = gettext_lazy(
        "A provider gives its papers to the bank itself, from its own space: the mail leads there. "
        "The office never sees an identity document nor an IBAN."
    )

    def run(self, form: forms.Form) -> str:
        """Send the mail."""
        payout_accounts.invite_to_account(self.target, actor=actor_of(self.request), now=self.now)
        return _("The link is sent to %(mail)s in a moment.") % {"mail": self.target.email}

    def get_page_subtitle(self) -> str:
        """Name the provider."""
        return str(self.target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say how the account stands and what is owed."""
        words = account_statement(self.target, is_owner=False)
        account = account_of(self.target)
        owed = Payout.objects.filter(
            sub_order__provider=self.target, state__in=[states.DUE, states.HELD, states.FAILED]
        )
        facts = [
            (_("Provider"), self.target),
            (_("Account at the bank"), words.state_words),
            (_("Owed to it"), euros(sum((one.amount for one in owed), start=ZERO))),
        ]
        if account is not None and account.account_id:
            facts.append((_("Reference at the bank"), account.account_id))
        if account is not None and account.reason:
            facts.append((_("The bank says"), account.reason))
        return {**super().get_context_data(**kwargs), "facts": facts}


def _state_words(payout: Payout) -> str:
    return str(payout.get_state_display())


def _why(payout: Payout) -> str:
    return waiting_words(payout, now=timezone.now())


class PayoutViewSet(ReadOnlyViewSet):
    """Pay-outs: read here, sent by the platform."""

    model = Payout
    name = "desk_payouts"
    url_prefix = "versements"
    icon = "download"
    menu_label = gettext_lazy("Payments to providers")
    ordering = ("release_on", "pk")
    index_view_class = PayoutIndexView
    inspect_view_class = PayoutInspectView
    filterset_class = PayoutFilters
    search_fields = ("sub_order__order__reference", "sub_order__provider__name", "transfer_id")
    list_display = (
        "__str__",
        EuroColumn("amount", label=gettext_lazy("Owed"), sort_key="amount"),
        MomentColumn("release_on", label=gettext_lazy("Goes from"), sort_key="release_on"),
        Column("state", label=gettext_lazy("State"), accessor=_state_words, sort_key="state"),
        Column("why", label=gettext_lazy("Why it waits"), accessor=_why),
        MomentColumn("paid_at", label=gettext_lazy("Paid"), sort_key="paid_at"),
    )
    list_export = (
        "sub_order.provider.name",
        "sub_order.order.reference",
        "amount",
        "release_on",
        "state",
        "sent_amount",
        "netted_amount",
        "reversed_amount",
        "paid_at",
        "transfer_id",
    )
    empty_text = gettext_lazy(
        "What providers are owed will appear here as soon as a stay is paid: when it goes, why it "
        "waits, what came of it."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Add asking again, and the account of a provider."""
        again = path("redemander/<int:pk>/", payout_ask_again, name="ask-again")
        account = path("compte/<int:pk>/", AccountView.as_view(), name="account")
        return [*super().get_urlpatterns(), again, account]
