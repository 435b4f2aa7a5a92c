"""Which sites a house put its own page of booking into."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models import Provider


class WidgetSite(models.Model):
    """A site that may frame a house's widget: `https://www.gite-des-narces.fr`, nothing more."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="widget_sites")
    origin = models.CharField(_("site"), max_length=200)
    created_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("site with a widget")
        verbose_name_plural = _("sites with a widget")
        ordering = ("provider", "origin")
        constraints = [
            models.UniqueConstraint(fields=["provider", "origin"], name="widget_site_once")
        ]

    def __str__(self) -> str:
        return self.origin
