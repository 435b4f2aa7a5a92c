"""What each house had open and taken, month by month: kept for comparing, never shown alone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from destination.models import Pole
from members.models import Provider


class HouseMonth(models.Model):
    """One month of one house in one family of offers: written by `booking.house_months` alone.

    Counts are nights of lodgings, or places of dates. A page reads the rows of one pole and family
    for at most a year, and shows of them only what `booking.rules.secrecy` lets through.
    """

    class Family(models.TextChoices):
        NIGHTS = "nights", _("lodgings")
        PLACES = "places", _("activities and dates")

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="months")
    pole = models.ForeignKey(Pole, on_delete=models.CASCADE, related_name="+")
    family = models.CharField(max_length=8, choices=Family.choices)
    month = models.DateField()
    open_count = models.PositiveIntegerField()
    taken_count = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("month of a house")
        verbose_name_plural = _("months of houses")
        indexes = [models.Index(fields=["pole", "family", "month"], name="months_of_a_pole")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "family", "month"], name="month_once"),
            models.CheckConstraint(
                condition=models.Q(taken_count__lte=models.F("open_count")),
                name="month_takes_what_is_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.family} {self.month:%Y-%m}"
