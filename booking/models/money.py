"""Payments and refunds are rows of their own; the bank's events are kept as they came."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from booking.models.offers import EURO
from booking.models.orders import Order, OrderLine
from booking.rules import states

# Why the platform itself gives money back; other reasons are somebody's words.
NO_LONGER_THERE = gettext_noop("no longer available when the payment arrived")
NOTHING_SOLD = gettext_noop("nothing could be sold for this payment")
# What guests write of it is for the office: it stands in the journal, the bank is never told.
WANTED_BY_GUEST = gettext_noop("cancelled by the guest")
# Why every date of an event is called off, where nobody said more.
EVENT_CANCELLED = gettext_noop("the event is cancelled")


def reason_words(reason: str) -> str:
    """Return a reason as it was typed, or in the reader's language where the site said it."""
    known = {NO_LONGER_THERE, NOTHING_SOLD, WANTED_BY_GUEST, EVENT_CANCELLED}
    return gettext(reason) if reason in known else reason


class Payment(models.Model):
    """One attempt to pay one order: one Checkout Session of the bank."""

    class State(models.TextChoices):
        CREATED = states.CREATED, _("created")
        PENDING = states.PENDING, _("under way")
        PAID = states.PAID, _("paid")
        FAILED = states.FAILED, _("failed")
        EXPIRED = states.EXPIRED, _("expired")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.CREATED
    )
    amount = models.DecimalField(_("amount"), **EURO)
    captured_amount = models.DecimalField(_("captured"), default=0, **EURO)
    refunded_amount = models.DecimalField(_("given back or being given back"), default=0, **EURO)
    fee_amount = models.DecimalField(_("cost of the bank"), null=True, blank=True, **EURO)
    session_id = models.CharField(max_length=120, blank=True, db_index=True)
    payment_intent_id = models.CharField(max_length=120, blank=True)
    charge_id = models.CharField(max_length=120, blank=True)
    url = models.URLField(max_length=600, blank=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # A keyed fingerprint of the card, so that nobody is thanked for inviting themselves.
    card_key = models.CharField(max_length=64, default="", db_default="", blank=True)
    disputed_at = models.DateTimeField(_("contested by the card's owner"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["card_key"], name="payments_by_card", condition=~Q(card_key=""))
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="one_payment_per_attempt"),
            models.CheckConstraint(
                condition=Q(state__in=list(states.PAYMENT)), name="payment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("captured_amount")) & Q(refunded_amount__gte=0),
                name="refunds_never_above_captured",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.amount}"


class Refund(models.Model):
    """Money that goes back, for one line or for what could not be kept."""

    class State(models.TextChoices):
        CREATED = states.CREATED, _("created")
        PENDING = states.PENDING, _("under way")
        DONE = states.DONE, _("given back")
        FAILED = states.FAILED, _("failed")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.CREATED
    )
    amount = models.DecimalField(_("amount"), **EURO)
    # The part of the amount that isn't the provider's: nights not spent are not taxed.
    tourist_tax_amount = models.DecimalField(_("of which tourist tax"), default=0, **EURO)
    reason = models.CharField(_("reason"), max_length=200)
    gateway_id = models.CharField(max_length=120, blank=True, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(states.REFUND)), name="refund_state_known"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_gives_something_back"),
            models.CheckConstraint(
                condition=Q(tourist_tax_amount__gte=0, tourist_tax_amount__lte=F("amount")),
                name="refund_holds_its_tourist_tax",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} · {self.amount}"

    @property
    def reason_words(self) -> str:
        """Return why, in the reader's language where the platform said it."""
        return reason_words(self.reason)


class GatewayEvent(models.Model):
    """A message of the bank, stored before it is read, processed once."""

    event_id = models.CharField(_("number at the bank"), max_length=120, unique=True)
    kind = models.CharField(_("about"), max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("message of the bank")
        verbose_name_plural = _("messages of the bank")
        ordering = ("-received_at",)
        indexes = [
            models.Index(
                fields=["received_at"],
                name="events_to_process",
                condition=Q(processed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
