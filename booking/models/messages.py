"""The outbox: a message is written with what it tells, and sent once, later."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models.orders import Order


class OutboxMessage(models.Model):
    """One mail to one address or one SMS to one number; `key` makes two of them impossible."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("mail")
        SMS = "sms", _("SMS")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")
        # What it tells was no longer true when its turn came.
        DROPPED = "dropped", _("no longer needed")

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(_("message"), max_length=40)
    channel = models.CharField(_("by"), max_length=4, choices=Channel.choices, default=Channel.MAIL)
    # An address, or a number as networks take it; "" long after it was sent (`old_letters`).
    recipient = models.CharField(_("to"), max_length=254)
    language = models.CharField(max_length=5, default="fr")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="messages")
    data = models.JSONField(default=dict)
    # Something is for sale in it: how many a person gets is bounded (`relations.frequency`).
    is_commercial = models.BooleanField(default=False, db_default=False, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-created_at",)
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="messages_to_send",
                condition=Q(state__in=["waiting", "sending"]),
            ),
            # What an address was sent: a guest's page at the desk, their copy, their erasure.
            models.Index(Lower("recipient"), "created_at", name="messages_of_address"),
            models.Index(
                Lower("recipient"),
                "created_at",
                name="commercial_letters_of_address",
                condition=Q(is_commercial=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient}"

    @admin.display(description=_("to"), ordering="recipient")
    def shown_recipient(self) -> str:
        """Return to whom it went as the desk says it, also long after."""
        return self.recipient or gettext("address no longer kept")
