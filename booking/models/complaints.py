"""What a guest complains of, in a file with a number, and the office's answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.orders import Order
from booking.models.surveys import WORDS
from oti.lib.codes import reference_code


class Complaint(models.Model):
    """One complaint about an order; answered once, by the office."""

    class Channel(models.TextChoices):
        SITE = "site", pgettext_lazy("complaint", "on the site")
        PHONE = "phone", pgettext_lazy("complaint", "on the phone")

    number = models.CharField(_("number"), max_length=12, unique=True, default=reference_code)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="complaints")
    channel = models.CharField(_("received"), max_length=8, choices=Channel.choices)
    words = models.TextField(_("what went wrong"), max_length=WORDS)
    opened_at = models.DateTimeField(_("opened"))
    due_on = models.DateField(_("to be answered by"))
    answer = models.TextField(_("answer"), max_length=WORDS, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Since when its guest knows of the mediator, because nobody had answered.
    mediation_told_at = models.DateTimeField(_("told of the mediator"), null=True, blank=True)

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ("due_on", "pk")
        indexes = [
            models.Index(
                fields=["opened_at"],
                name="complaints_open",
                condition=Q(answered_at__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="complaint_says_something"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="complaint_answered_has_its_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.number
