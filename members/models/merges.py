"""Two records of guests that were one person: what a merge moved, so that it can be undone."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models.customers import Customer, Family


class CustomerMerge(models.Model):
    """`gone` became `kept`: which identities moved, and who changed of family with it.

    Rows are kept by their numbers: those that are no longer there when it is undone are left out.
    """

    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges_into")
    identity_ids = ArrayField(models.BigIntegerField(), default=list)
    # The family that was emptied, and the one that everybody is of since; the same if nobody moved.
    family_before = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="+")
    family_after = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="+")
    customer_ids = ArrayField(models.BigIntegerField(), default=list)
    address_ids = ArrayField(models.BigIntegerField(), default=list)
    reason = models.CharField(_("reason"), max_length=400)
    merged_at = models.DateTimeField(_("merged"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("merge of two guests")
        verbose_name_plural = _("merges of guests")
        ordering = ("-merged_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merge_is_of_two_persons"),
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="merged_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.kept_id}"
