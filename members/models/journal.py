"""The journal: who did what to which thing, when and why. Lines are added, never changed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One line of the journal."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_label = models.CharField(_("by"), max_length=80)
    verb = models.CharField(_("what"), max_length=60)
    subject = models.CharField(_("to what"), max_length=60)
    data = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("journal line")
        verbose_name_plural = _("journal")
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["subject", "-at"], name="journal_of_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.verb} {self.subject}"
