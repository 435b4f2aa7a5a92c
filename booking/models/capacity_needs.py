"""What hosts want to fill: so many nights or places of an offer, over some periods (H13)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.offers import EURO, Offer
from members.models import Provider
from oti.lib.dates import ONE_DAY


class CapacityNeed(models.Model):
    """« I want to fill these dates »: said by a host, used by the offers of the quiet season."""

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", pgettext_lazy("audience", "everybody")
        FAMILIES = "families", _("families with children")
        WITHOUT_CAR = "without_car", _("people who come without a car")
        RESIDENTS = "residents", _("residents and their friends")
        GROUPS = "groups", pgettext_lazy("audience", "groups")

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="capacity_needs", verbose_name=_("house")
    )
    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="capacity_needs", verbose_name=_("offer")
    )
    quantity = models.PositiveIntegerField(_("nights or places to fill"))
    floor_amount = models.DecimalField(_("never below, in euros"), **EURO)
    audience = models.CharField(
        _("for whom"), max_length=12, choices=Audience.choices, default=Audience.EVERYBODY
    )
    max_redemptions = models.PositiveIntegerField(_("bookings at most"))
    redeemed = models.PositiveIntegerField(_("bookings made"), default=0)
    last_day = models.DateField(_("proposed until (last day)"))
    is_paused = models.BooleanField(_("paused"), default=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    created_at = models.DateTimeField(_("said on"))

    class Meta:
        verbose_name = _("dates to fill")
        verbose_name_plural = pgettext_lazy("several", "dates to fill")
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(
                fields=["last_day"],
                name="needs_that_may_be_open",
                condition=Q(is_paused=False, ended_at=None),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(max_redemptions__gte=1), name="need_asks_for_some"
            ),
            models.CheckConstraint(condition=Q(floor_amount__gt=0), name="need_has_a_floor"),
            models.CheckConstraint(
                condition=Q(redeemed__lte=F("max_redemptions")), name="need_not_used_too_often"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer} · {self.quantity}"

    @property
    def periods_text(self) -> str:
        """Return its periods, first and last day of each: « 03/04/2027–16/04/2027 »."""
        spans = (one.dates for one in self.periods.all())
        return ", ".join(f"{one.lower:%d/%m/%Y}–{one.upper - ONE_DAY:%d/%m/%Y}" for one in spans)

    @property
    def is_ended(self) -> bool:
        """Whether its host ended it, or its bookings are all made."""
        return self.ended_at is not None or self.redeemed >= self.max_redemptions


class NeedPeriod(models.Model):
    """One span of a need: nights of a lodging, or days on which something takes place."""

    need = models.ForeignKey(CapacityNeed, on_delete=models.CASCADE, related_name="periods")
    dates = DateRangeField(_("nights"))

    class Meta:
        verbose_name = _("period to fill")
        verbose_name_plural = _("periods to fill")
        ordering = ("need", "dates")
        constraints = [
            ExclusionConstraint(
                name="need_periods_apart",
                expressions=[
                    ("need", RangeOperators.EQUAL),
                    ("dates", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="need_period_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need_id} {self.dates}"
