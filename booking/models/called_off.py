"""Dates that don't take place, and how far whoever booked them has been given everything back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.calendar import Slot
from booking.models.money import reason_words


class CalledOff(models.Model):
    """One date that was called off with bookings on it; under way until `finished_at`.

    How many are done and what went back is read from the lines and their refunds. `problems` says
    what kept an order, by its reference, at the last try.
    """

    class By(models.TextChoices):
        OFFICE = "office", _("the office")
        HOST = "host", _("the host")

    slot = models.ForeignKey(
        Slot, on_delete=models.PROTECT, related_name="called_off", verbose_name=_("slot")
    )
    by = models.CharField(_("called off by"), max_length=8, choices=By.choices)
    reason = models.CharField(_("reason"), max_length=160)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("called off"))
    finished_at = models.DateTimeField(_("everybody told"), null=True, blank=True)
    next_try_at = models.DateTimeField()
    problems = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("date called off")
        verbose_name_plural = _("dates called off")
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="dates_being_called_off",
                condition=Q(finished_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(finished_at__isnull=True),
                name="one_call_off_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return str(self.slot)

    @property
    def is_by_host(self) -> bool:
        """Whether its own host called it off."""
        return self.by == self.By.HOST

    @property
    def reason_words(self) -> str:
        """Return why, as it was typed, or in the reader's language where the site says it."""
        return reason_words(self.reason)
