"""What is known of the addresses outside the site to which pages lead."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutsideLink(models.Model):
    """One address, however many pages lead to it, and what came of asking for it."""

    class State(models.TextChoices):
        # Not asked yet, or asked in vain: nothing is said of it.
        UNKNOWN = "unknown", _("not known")
        THERE = "there", _("there")
        GONE = "gone", _("gone")

    url = models.CharField(_("address"), max_length=1000, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UNKNOWN
    )
    # The status that the site answered, or the short code of what failed.
    answer = models.CharField(_("answer"), max_length=20, blank=True)
    # How many times in a row no proper answer came.
    failures = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(_("asked"), null=True)

    class Meta:
        verbose_name = _("address outside the site")
        verbose_name_plural = _("addresses outside the site")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["checked_at"], name="outside_link_checked")
        ]

    def __str__(self) -> str:
        return self.url
