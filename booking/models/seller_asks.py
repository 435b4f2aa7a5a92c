"""What a house was asked to say for the tax office: when, how often, and what waits meanwhile."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Provider


class SellerAsk(models.Model):
    """From the first letter to the day on which all is said: written by `booking.seller_asks`.

    Payments of a house wait while one of its asks has `frozen_at` and no `completed_at`.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="seller_asks")
    first_at = models.DateTimeField(_("first letter"))
    second_at = models.DateTimeField(_("second letter"), null=True, blank=True)
    frozen_at = models.DateTimeField(_("payments wait since"), null=True, blank=True)
    completed_at = models.DateTimeField(_("all said"), null=True, blank=True)

    class Meta:
        verbose_name = _("data asked for the tax office")
        verbose_name_plural = _("data asked for the tax office")
        ordering = ("-first_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["provider"], name="one_open_seller_ask", condition=Q(completed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(frozen_at=None) | Q(second_at__isnull=False),
                name="seller_freeze_after_two_letters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} · {self.first_at:%Y-%m-%d}"
