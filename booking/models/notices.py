"""How a house is told of what happens: by mail, by SMS, or both."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Provider


class NoticeChoice(models.Model):
    """The choice of one house; without a row it is told by mail."""

    class Way(models.TextChoices):
        MAIL = "mail", _("by mail")
        SMS = "sms", _("by SMS")
        BOTH = "both", _("by mail and by SMS")

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="notices")
    way = models.CharField(_("told"), max_length=8, choices=Way.choices, default=Way.MAIL)
    # As a network takes it: +33612345678. Never shown to visitors, unlike the house's own phone.
    phone = models.CharField(_("mobile phone"), max_length=16, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("way to tell a house")
        verbose_name_plural = _("ways to tell houses")
        constraints = [
            models.CheckConstraint(
                condition=Q(way="mail") | ~Q(phone=""), name="who_is_texted_has_a_phone"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.way}"
