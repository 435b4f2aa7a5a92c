"""Who answers for packages: the organiser's registration, guarantee and insurance, by date."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# Written out: each order of a package reads it in its transaction.
IN_FORCE = """
SELECT * FROM booking_organiser WHERE valid_from <= %s ORDER BY valid_from DESC, id DESC LIMIT 1
"""


class Organisers(models.Manager["Organiser"]):
    """Which identity holds on a day."""

    def in_force(self, day: date) -> Organiser | None:
        """Return the identity whose validity began last, expired or not; None if none began."""
        return next(iter(self.raw(IN_FORCE, [day])), None)


class Organiser(models.Model):
    """The organiser of packages from a day on (Code du tourisme L211-18, R211-4).

    What is missing may stay empty: packages are refused meanwhile, everything else is sold.
    """

    legal_name = models.CharField(_("legal name"), max_length=160)
    legal_form = models.CharField(_("legal form"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    registration_number = models.CharField(
        _("number in the register of travel operators"), max_length=40, blank=True
    )
    valid_from = models.DateField(_("in force from"))
    valid_until = models.DateField(_("registration valid until"), null=True, blank=True)
    guarantor_name = models.CharField(_("financial guarantor"), max_length=160, blank=True)
    guarantor_contact = models.CharField(
        _("how to reach the guarantor"), max_length=240, blank=True
    )
    insurer_name = models.CharField(_("liability insurer"), max_length=160, blank=True)
    insurance_policy = models.CharField(_("insurance policy number"), max_length=80, blank=True)
    emergency_phone = models.CharField(_("line answered day and night"), max_length=40, blank=True)
    mediator_name = models.CharField(_("mediator"), max_length=160, blank=True)
    mediator_contact = models.CharField(_("how to reach the mediator"), max_length=240, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    objects = Organisers()

    class Meta:
        verbose_name = _("organiser of packages")
        verbose_name_plural = _("organisers of packages")
        ordering = ("-valid_from",)
        constraints = [
            models.UniqueConstraint(fields=["valid_from"], name="one_organiser_from_a_day"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="organiser_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} ({self.registration_number})"

    @property
    def is_complete(self) -> bool:
        """Whether registration, its validity, guarantor and insurer are all known."""
        needed = (self.registration_number, self.guarantor_name, self.insurer_name)
        return self.valid_until is not None and all(text.strip() for text in needed)

    def is_expired_on(self, day: date) -> bool:
        """Whether the registration's last day has passed."""
        return self.valid_until is not None and self.valid_until < day

    def to_json(self) -> dict[str, Any]:
        """Return the identity kept with an order: plain values, days written as in 2027-07-10."""
        names = [field.attname for field in self._meta.concrete_fields if field.attname != "id"]
        values = {name: getattr(self, name) for name in names}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in values.items()
        }
