"""Charters that people sign: one text a version, its fingerprint beside each signature."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

AnyCharter = TypeVar("AnyCharter", bound="Charter")


class Charters(models.Manager[AnyCharter]):
    """Which charter holds on a day."""

    def in_force(self, day: date, *, has_demo: bool) -> AnyCharter | None:
        """Return the newest text; production knows no demonstration's."""
        held = self.filter(valid_from__lte=day).order_by("-valid_from", "-pk")
        return (held if has_demo else held.filter(is_demo=False)).first()


class Charter(models.Model):
    """One version of what somebody promises; a version in force is never edited."""

    version = models.CharField(_("version"), max_length=20, unique=True)
    valid_from = models.DateField(_("in force from"))
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64, editable=False)
    is_demo = models.BooleanField(_("demonstration text"), default=False)

    class Meta:
        abstract = True
        ordering = ("-valid_from", "-pk")

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the fingerprint that signatures store beside the version."""
        self.sha256 = hashlib.sha256(self.signed_text.encode()).hexdigest()
        super().save(*args, **kwargs)

    @property
    def signed_text(self) -> str:
        """Return what the fingerprint is of."""
        return self.body
