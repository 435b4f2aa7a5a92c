"""Stays that took place, one row each: what segments, gifts and the rate of return count.

Written by a job from orders (`booking.relations.past_stays`), or by an import of what hosts know
of the years before; always rebuilt from what the order says, never edited.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from booking.models.guest_imports import GuestImport
from booking.models.offers import EURO
from booking.models.orders import Order
from members.models import CustomerIdentity, Household


class PastStay(models.Model):
    """A stay that somebody came for; without an identity nobody knows who (sold at a counter)."""

    class Source(models.TextChoices):
        SITE = "site", _("this site")
        COUNTER = "counter", _("sold by the host")
        IMPORTED = "imported", _("imported")

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, null=True, blank=True, related_name="past_stay"
    )
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    identity = models.ForeignKey(
        CustomerIdentity,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="past_stays",
    )
    # The file that told of it, and on which basis we may write.
    guest_import = models.ForeignKey(
        GuestImport, on_delete=models.PROTECT, null=True, blank=True, related_name="stays"
    )
    # The second home whose people it is.
    household = models.ForeignKey(
        Household, on_delete=models.SET_NULL, null=True, blank=True, related_name="past_stays"
    )
    # From the first day that somebody came to the last one, both included.
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    nights = models.PositiveSmallIntegerField(_("nights"), default=0)
    adults = models.PositiveSmallIntegerField(_("adults"), default=0)
    children = models.PositiveSmallIntegerField(_("children"), default=0)
    is_group = models.BooleanField(_("group"), default=False)
    # Slugs of poles and kinds of offers.
    poles = ArrayField(models.CharField(max_length=50), default=list)
    kinds = ArrayField(models.CharField(max_length=16), default=list)
    language = models.CharField(_("language"), max_length=5, default="fr")
    # What the stay came to after refunds, services alone.
    amount = models.DecimalField(_("amount"), default=0, **EURO)
    kept_at = models.DateTimeField(_("counted"))
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("stay that took place")
        verbose_name_plural = _("stays that took place")
        ordering = ("-last_day", "-pk")
        indexes = [
            models.Index(fields=["last_day"], name="past_stays_by_last_day"),
            GinIndex(fields=["poles"], name="past_stays_by_pole"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="past_stay_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True, source="imported")
                | Q(order__isnull=False) & ~Q(source="imported"),
                name="past_stay_has_its_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"
