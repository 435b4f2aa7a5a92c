"""What goes to providers, what must come back from them, and what is kept back until it has."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from booking.models.offers import EURO
from booking.models.orders import SubOrder
from booking.rules import states


class Payout(models.Model):
    """What a provider is owed for its part of an order, sent once by one transfer.

    `amount` is what is owed now: a cancellation makes it smaller, whatever the state.
    `sent_amount` went to the bank, `netted_amount` was kept back for earlier debts: their sum was
    the amount at that moment. `attempts` is part of the transfer's key.
    """

    class State(models.TextChoices):
        DUE = states.DUE, _("due")
        PENDING = states.PENDING, _("under way")
        PAID = states.PAID, _("paid")
        FAILED = states.FAILED, _("failed")
        HELD = states.HELD, _("held back")
        CANCELLED = states.CANCELLED, _("cancelled")

    class Hold(models.TextChoices):
        REFUND_FAILED = "refund_failed", _("a refund of this order failed")
        DISPUTED = "disputed", _("the payment is contested by the card's owner")
        NO_CHARGE = "no_charge", _("the bank has not named the payment yet")
        SELLER_DATA = "seller_data", _("lines for the tax office are missing")

    sub_order = models.OneToOneField(SubOrder, on_delete=models.PROTECT, related_name="payout")
    amount = models.DecimalField(_("amount"), **EURO)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DUE)
    release_on = models.DateTimeField(_("may go from"), null=True, blank=True)
    hold_reason = models.CharField(
        _("held because"), max_length=20, choices=Hold.choices, blank=True
    )
    sent_amount = models.DecimalField(_("sent"), default=0, **EURO)
    netted_amount = models.DecimalField(_("kept for an earlier debt"), default=0, **EURO)
    reversed_amount = models.DecimalField(_("taken back"), default=0, **EURO)
    transfer_id = models.CharField(_("transfer at the bank"), max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pay-out")
        verbose_name_plural = _("pay-outs")
        indexes = [
            models.Index(
                fields=["release_on"],
                name="payouts_to_release",
                condition=Q(state__in=[states.DUE, states.HELD, states.PENDING]),
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="payout_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=list(states.PAYOUT)), name="payout_state_known"
            ),
            models.CheckConstraint(
                condition=Q(sent_amount__gte=0, netted_amount__gte=0, reversed_amount__gte=0)
                & Q(reversed_amount__lte=F("sent_amount")),
                name="payout_takes_back_no_more_than_went",
            ),
            models.CheckConstraint(
                condition=Q(state=states.PAID, paid_at__isnull=False)
                | Q(paid_at__isnull=True) & ~Q(state=states.PAID),
                name="payout_paid_has_its_moment",
            ),
            # Nothing counts as sent before the bank was asked.
            models.CheckConstraint(
                condition=Q(state__in=[states.PENDING, states.PAID])
                | Q(sent_amount=0, netted_amount=0, transfer_id=""),
                name="payout_waiting_sent_nothing",
            ),
            models.UniqueConstraint(
                fields=["transfer_id"],
                condition=~Q(transfer_id=""),
                name="one_payout_per_transfer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_order.provider} · {self.sub_order.order}"


class PayoutReversal(models.Model):
    """Money of a pay-out that must come back: from the bank, or from the next pay-outs."""

    class State(models.TextChoices):
        CREATED = states.CREATED, _("created")
        PENDING = states.PENDING, _("under way")
        DONE = states.DONE, _("taken back")
        OWED = states.OWED, _("to be kept from the next pay-outs")
        NETTED = states.NETTED, _("kept from later pay-outs")
        CANCELLED = states.CANCELLED, _("cancelled")

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="reversals")
    amount = models.DecimalField(_("amount"), **EURO)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.CREATED
    )
    netted_amount = models.DecimalField(_("kept from later pay-outs"), default=0, **EURO)
    gateway_id = models.CharField(max_length=120, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reversal of a pay-out")
        verbose_name_plural = _("reversals of pay-outs")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="reversal_takes_something"),
            models.CheckConstraint(
                condition=Q(state__in=list(states.REVERSAL)), name="reversal_state_known"
            ),
            models.CheckConstraint(
                condition=Q(netted_amount__gte=0, netted_amount__lte=F("amount")),
                name="reversal_nets_no_more_than_it_takes",
            ),
            models.CheckConstraint(
                condition=Q(netted_amount=0) | Q(state__in=[states.OWED, states.NETTED]),
                name="reversal_nets_only_a_debt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} · {self.amount}"


class PayoutNetting(models.Model):
    """A part of a debt, kept back from one later pay-out of the same provider."""

    reversal = models.ForeignKey(PayoutReversal, on_delete=models.PROTECT, related_name="nettings")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="nettings")
    amount = models.DecimalField(_("amount"), **EURO)

    class Meta:
        verbose_name = _("debt kept from a pay-out")
        verbose_name_plural = _("debts kept from pay-outs")
        constraints = [
            models.UniqueConstraint(fields=["reversal", "payout"], name="debt_netted_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="netting_keeps_something"),
        ]

    def __str__(self) -> str:
        return f"{self.reversal_id} → {self.payout_id} · {self.amount}"
