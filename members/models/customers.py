"""Guests as the office knows them: one record per person, and the families that they are of.

A booking or an imported row names an address and a name: that pair is an identity, and belongs to
one person. Merging two persons moves identities, so that it can be undone: no booking changes.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models.households import Household


class Family(models.Model):
    """Persons who are one household: an address in common, a second home, or the office's word.

    Never a name alone (features.md N08).
    """

    household = models.OneToOneField(
        Household,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="family",
        verbose_name=_("second home"),
    )
    created_at = models.DateTimeField(_("known since"))

    class Meta:
        verbose_name = _("family of guests")
        verbose_name_plural = _("families of guests")

    def __str__(self) -> str:
        return _("family %(number)s") % {"number": self.pk}


class Customer(models.Model):
    """One person who has stayed here, or whom the office has named; emptied where `merged_into`."""

    family = models.ForeignKey(Family, on_delete=models.PROTECT, related_name="customers")
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    # Where they come from, as far as anybody said; a country in two letters (ISO 3166-1).
    postal_code = models.CharField(_("postcode"), max_length=12, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    created_at = models.DateTimeField(_("known since"))
    # Nothing of the person is left: bookings keep a pseudonym (domain.md §8.1).
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        ordering = ("last_name", "first_name", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | ~models.Q(merged_into=models.F("pk")),
                name="nobody_is_merged_into_themselves",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class CustomerAddress(models.Model):
    """An address that bookings gave; its row is what is locked while its identities are written."""

    # In lower case.
    email = models.EmailField(_("e-mail"), unique=True)
    family = models.ForeignKey(
        Family, on_delete=models.SET_NULL, null=True, related_name="addresses"
    )

    class Meta:
        verbose_name = _("address of guests")
        verbose_name_plural = _("addresses of guests")

    def __str__(self) -> str:
        return self.email


class CustomerIdentity(models.Model):
    """An address and a name, as bookings give them; the person whom they mean."""

    address = models.ForeignKey(
        CustomerAddress, on_delete=models.CASCADE, related_name="identities"
    )
    # `members.rules.customers.name_key`
    name_key = models.CharField(max_length=170, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identities")

    class Meta:
        verbose_name = _("identity of a guest")
        verbose_name_plural = _("identities of guests")
        constraints = [
            models.UniqueConstraint(fields=["address", "name_key"], name="identity_once")
        ]
        # Who has the same name, among whom one record may be there twice.
        indexes = [models.Index(fields=["name_key"], name="identities_by_name")]

    def __str__(self) -> str:
        return f"{self.name_key} · {self.address}"
