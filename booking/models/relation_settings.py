"""What the office aims at, who reads its letter of Monday; the last count of who came back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# « Plus de 75 % de vos clients … reviennent chaque année » (features.md N08).
TARGET_PERCENT = 75
MOST_RECIPIENTS = 10


class RelationSettings(models.Model):
    """The target of the rate of return, the letter's switch and addresses; the first row alone."""

    ONE = 1

    target_percent = models.PositiveSmallIntegerField(
        _("target of the rate of return, in percent"),
        default=TARGET_PERCENT,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    letter_is_on = models.BooleanField(_("letter of Monday"), default=True)
    # None of them: the office's own address.
    recipients = ArrayField(
        models.EmailField(), verbose_name=_("who reads it"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("settings of the guests’ relation")
        verbose_name_plural = _("settings of the guests’ relation")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_row_of_relation_settings"),
            models.CheckConstraint(
                condition=Q(target_percent__gte=1, target_percent__lte=100),
                name="target_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_percent} %"


class KeptReturns(models.Model):
    """Who came back, as counted for a day: a page reads it instead of every stay.

    Written each hour after stays are counted (`booking.relations.retention`); the newest alone.
    """

    until = models.DateField(unique=True)
    counted_at = models.DateTimeField()
    # As the statement answers them.
    cells = models.JSONField(default=list)

    class Meta:
        verbose_name = _("count of who came back")
        verbose_name_plural = _("counts of who came back")

    def __str__(self) -> str:
        return f"{self.until}"
