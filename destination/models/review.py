"""The review of a page by the office, before it is published."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask

from destination.publication import blocking
from oti.lib.dates import today as day_of


class OfficeReview(AbstractGroupApprovalTask):
    """Somebody of the office reads the page; one that lacks something can only go back."""

    class Meta:
        verbose_name = _("review by the office")
        verbose_name_plural = _("reviews by the office")

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        """Leave approving out as long as the page can't be published."""
        actions: list[tuple[str, str, bool]] = super().get_actions(obj, user)
        latest = obj.get_latest_revision_as_object()
        if blocking(latest, today=day_of(timezone.now())):
            return [one for one in actions if one[0] != "approve"]
        return actions

    @classmethod
    def get_description(cls) -> str:
        """Say what the task is."""
        return str(_("Members of these groups read a page before it is published"))
