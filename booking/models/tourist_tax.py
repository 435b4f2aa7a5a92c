"""Tariffs of the tourist tax, as each council voted them, with their dates (domain.md §1)."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.offers import Offer
from destination.models import Epci


class TaxCollectivity(models.Model):
    """How a council rounds and levies its tax."""

    class Mode(models.TextChoices):
        A = "A", _("A: the additional tax on the sum")
        B = "B", _("B: the additional tax on each night and person")
        C = "C", _("C: rounded once, at the end")

    class Regime(models.TextChoices):
        REAL = "real", _("per guest and night")
        FLAT = "flat", _("flat rate paid by the host")

    epci = models.OneToOneField(Epci, on_delete=models.CASCADE, related_name="tax")
    rounding_mode = models.CharField(
        _("rounding"), max_length=1, choices=Mode.choices, default=Mode.A
    )
    regime = models.CharField(
        _("regime"), max_length=8, choices=Regime.choices, default=Regime.REAL
    )

    class Meta:
        verbose_name = _("tourist tax of a council")
        verbose_name_plural = _("tourist taxes of councils")

    def __str__(self) -> str:
        return str(self.epci)


class TouristTaxTariff(models.Model):
    """One line of a tariff: fixed euros per person and night, or a percentage with its cap."""

    class Kind(models.TextChoices):
        FIXED = "fixed", _("euros per person and night")
        PERCENT = "percent", _("percent of the night per person")

    epci = models.ForeignKey(Epci, on_delete=models.CASCADE, related_name="tax_tariffs")
    category = models.CharField(_("category"), max_length=32, choices=Offer.TaxCategory.choices)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    value = models.DecimalField(_("value"), max_digits=6, decimal_places=2)
    cap = models.DecimalField(_("cap"), max_digits=6, decimal_places=2, null=True, blank=True)
    additional_rate = models.DecimalField(
        _("additional taxes"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.10"),
        help_text=_("As a fraction: 0.10 for the department’s tenth."),
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to (last day)"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120)

    class Meta:
        verbose_name = _("tourist tax tariff")
        verbose_name_plural = _("tourist tax tariffs")
        ordering = ("epci", "category", "-valid_from")
        constraints = [
            models.UniqueConstraint(
                fields=["epci", "category", "valid_from"], name="one_tariff_per_date"
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="tariff_value_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.epci} {self.category} {self.value}"
