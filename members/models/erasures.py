"""What remains of who is no longer here: that nobody writes to them, and when they were warned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ErasedAddress(models.Model):
    """A keyed fingerprint of an address whose data were erased: it said no, whoever asks again."""

    mark = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erased address")
        verbose_name_plural = _("erased addresses")

    def __str__(self) -> str:
        return self.mark[:8]


class AccountWarning(models.Model):
    """An account that nobody used for long was told that it will be emptied."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inactivity_warning"
    )
    warned_at = models.DateTimeField(_("warned"))

    class Meta:
        verbose_name = _("warning of an account")
        verbose_name_plural = _("warnings of accounts")

    def __str__(self) -> str:
        return f"{self.user_id} {self.warned_at:%Y-%m-%d}"
