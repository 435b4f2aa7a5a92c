"""What a host changed on its calendar, with what was there before: so that it can be undone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models import Provider


class NightEdit(models.Model):
    """One change of nights of one provider.

    `before` and `after` hold the prices and rules of the tariffs and the closures of the units
    that it touched, as plain values; `sold` the stays that stood in these nights already.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="night_edits")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    first_night = models.DateField(_("first night"))
    ends_on = models.DateField(_("day after the last night"))
    nights = models.PositiveIntegerField(_("nights changed"))
    asked = models.JSONField(_("what was asked"))
    unit_ids = models.JSONField()
    before = models.JSONField()
    after = models.JSONField()
    sold = models.JSONField(default=list)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of the calendar")
        verbose_name_plural = _("changes of the calendar")
        ordering = ("-pk",)
        indexes = [models.Index(fields=["provider", "-id"], name="night_edits_of_provider")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("first_night")), name="night_edit_has_nights"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.at:%Y-%m-%d %H:%M}"
