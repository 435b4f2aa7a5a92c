"""Labels that others have given to an offer, with the day on which each ends.

A label is shown up to its last day and never after; none is inferred from another, nor from what
a host says of the place (domain.md §3.3).
"""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey

from booking.models.offers import Offer


class OfferLabelQuerySet(models.QuerySet["OfferLabel"]):
    """Which labels hold."""

    def valid_on(self, day: date) -> OfferLabelQuerySet:
        """Return the labels that hold on `day`, their last day included."""
        return self.filter(valid_until__gte=day)


class OfferLabel(models.Model):
    """One label of one offer."""

    class Code(models.TextChoices):
        DESTINATION_EXCELLENCE = "destination-excellence", _("Destination d’excellence")
        TOURISME_HANDICAP = "tourisme-handicap", _("Tourisme & Handicap")
        ACCUEIL_VELO = "accueil-velo", _("Accueil Vélo")
        ORGANIC = "bio", _("Organic farming (AB)")
        GITES_DE_FRANCE = "gites-de-france", _("Gîtes de France")
        CLEVACANCES = "clevacances", _("Clévacances")
        CLEF_VERTE = "clef-verte", _("Clef Verte")
        ECOLABEL = "ecolabel", _("European Ecolabel")
        NATURE_PARK = "valeurs-parc", _("Valeurs Parc naturel régional")
        FARM = "bienvenue-ferme", _("Bienvenue à la ferme")
        LOGIS = "logis", _("Logis")
        WALKERS = "rando-accueil", _("Rando Accueil")
        FAMILIES = "famille-plus", _("Famille Plus")

    class Family(models.TextChoices):
        """The four families of Tourisme & Handicap."""

        MOTOR = "moteur", _("mobility")
        VISUAL = "visuel", _("sight")
        HEARING = "auditif", _("hearing")
        MENTAL = "mental", _("understanding")

    offer = ParentalKey(Offer, on_delete=models.CASCADE, related_name="labels")
    code = models.CharField(_("label"), max_length=24, choices=Code.choices)
    level = models.PositiveSmallIntegerField(
        _("level"), null=True, blank=True, help_text=_("Épis or clés, from 1 to 5.")
    )
    families = ArrayField(
        models.CharField(max_length=8, choices=Family.choices),
        verbose_name=_("families of Tourisme & Handicap"),
        default=list,
        blank=True,
    )
    valid_until = models.DateField(
        _("valid until"), help_text=_("Its last day; then it is hidden.")
    )
    proof = models.CharField(
        _("proof"), max_length=160, blank=True, help_text=_("Number of the certificate.")
    )

    objects = OfferLabelQuerySet.as_manager()

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ("code",)
        indexes = [models.Index(fields=["code", "valid_until"], name="label_by_code")]
        constraints = [
            models.UniqueConstraint(fields=["offer", "code"], name="label_once_per_offer"),
            models.CheckConstraint(
                condition=Q(level__isnull=True) | Q(level__gte=1, level__lte=5),
                name="label_level_from_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_code_display())

    def clean(self) -> None:
        """Ask for the certificate of what may not be called organic without one."""
        super().clean()
        if self.code == self.Code.ORGANIC and not self.proof.strip():
            message = _("Write the certifier and the number: nothing is called organic without.")
            raise ValidationError({"proof": message})

    @property
    def words(self) -> str:
        """Return the label as visitors read it, with its level or its families."""
        names = dict(self.Family.choices)
        more = [str(names[one]) for one in self.families if one in names]
        units = {self.Code.GITES_DE_FRANCE: "épis", self.Code.CLEVACANCES: "clés"}
        if self.level and self.code in units:
            unit = units[self.Code(self.code)]
            more.append(f"{self.level} {unit if self.level > 1 else unit.removesuffix('s')}")
        return f"{self} ({', '.join(more)})" if more else str(self)
