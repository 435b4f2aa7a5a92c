"""Addresses of hosts' own programs that are told of what happens, and each thing that was told.

What is told carries references and numbers, never a person. An address may hold a password: it is
sealed and shown masked, and so is the secret that signs what is sent.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.rules import webhooks
from members.models import Provider


class Webhook(models.Model):
    """One address of one house, told of the topics that it chose."""

    class Topic(models.TextChoices):
        BOOKING_CONFIRMED = webhooks.BOOKING_CONFIRMED, _("A booking is paid")
        BOOKING_CANCELLED = webhooks.BOOKING_CANCELLED, _("A booking is cancelled whole")
        LINE_CHANGED = webhooks.LINE_CHANGED, _("One line of a booking changes")
        CALENDAR_CHANGED = webhooks.CALENDAR_CHANGED, _("Nights, prices or closures change")
        SLOT_CHANGED = webhooks.SLOT_CHANGED, _("Dates or their places change")

    class Pause(models.TextChoices):
        HOST = "host", _("paused by you")
        FAILURES = "failures", _("paused: it has not answered for a day")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="webhooks")
    sealed = models.BinaryField()
    masked = models.CharField(_("address"), max_length=120)
    # Tells that the same address is given twice, without being the address.
    digest = models.CharField(max_length=64)
    topics = ArrayField(models.CharField(max_length=24, choices=Topic.choices))
    secret = models.BinaryField()
    # The one before signs too for a day, so that a receiver may change when it likes.
    old_secret = models.BinaryField(null=True, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    pause = models.CharField(max_length=10, choices=Pause.choices, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("address that is told")
        verbose_name_plural = _("addresses that are told")
        ordering = ("provider", "pk")
        constraints = [
            models.UniqueConstraint(fields=["provider", "digest"], name="webhook_once_a_house"),
        ]

    def __str__(self) -> str:
        return self.masked


class HookDelivery(models.Model):
    """One thing told to one address; written with what it tells, sent after, tried again."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("webhook", "waiting")
        SENDING = "sending", pgettext_lazy("webhook", "being sent")
        DELIVERED = "delivered", pgettext_lazy("webhook", "received")
        FAILED = "failed", pgettext_lazy("webhook", "given up")

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    # The same for every address that is told of it, and for a replay.
    event = models.UUIDField()
    topic = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    # What the other side answered the last time, or a short code of what failed.
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_problem = models.CharField(max_length=24, blank=True)

    class Meta:
        verbose_name = _("thing told to an address")
        verbose_name_plural = _("things told to addresses")
        ordering = ("-pk",)
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="hooks_to_send",
                condition=Q(state__in=["waiting", "sending"]),
            ),
            models.Index(fields=["webhook", "-id"], name="hooks_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} → {self.webhook_id}"
