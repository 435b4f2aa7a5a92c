"""Letters around a stay: what was decided of each, and which of them the office stopped."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.orders import Order
from booking.rules import life_cycle as rules


class Letter(models.TextChoices):
    """The letters that the clock writes, each once an order."""

    PREPARE = rules.PREPARE.name, _("Two weeks before: getting ready")
    DURING = rules.DURING.name, _("The day after the first night: is all well?")
    ANNIVERSARY = rules.ANNIVERSARY.name, _("One year after: a memory")
    NEXT_SEASON = rules.NEXT_SEASON.name, _("The other season: the Velay they have not seen")


class LifeCycleLetter(models.Model):
    """One letter of one order, decided once: written, or why it isn't; rows are never changed."""

    class Outcome(models.TextChoices):
        WRITTEN = rules.Outcome.WRITTEN, pgettext_lazy("letter", "written")
        BOOKED_LATE = rules.Outcome.BOOKED_LATE, _("booked after the day of this letter")
        NO_LONG_STAY = rules.Outcome.NO_LONG_STAY, _("nobody slept there twice")
        TROUBLED = rules.Outcome.TROUBLED, _("something was cancelled, given back, or nobody came")
        COMING_BACK = rules.Outcome.COMING_BACK, _("came back, or is about to")
        NO_CONSENT = rules.Outcome.NO_CONSENT, _("did not say yes to such letters")
        SAME_PERSON = rules.Outcome.SAME_PERSON, _("had the same letter for another order")
        AT_THE_CAP = rules.Outcome.AT_THE_CAP, _("had enough letters this month")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="life_cycle")
    rule = models.CharField(_("letter"), max_length=16, choices=Letter.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    decided_on = models.DateField(_("decided"))

    class Meta:
        verbose_name = _("letter around a stay")
        verbose_name_plural = _("letters around a stay")
        ordering = ("-decided_on", "-pk")
        indexes = [
            models.Index(fields=["rule", "outcome", "decided_on"], name="life_cycle_counted")
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "rule"], name="one_letter_per_order_and_rule"),
            models.CheckConstraint(
                condition=Q(rule__in=[one.name for one in rules.WRITTEN_HERE]),
                name="life_cycle_rule_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.rule}: {self.outcome}"


class LifeCycleSwitch(models.Model):
    """Whether one letter is written; without a row it is."""

    rule = models.CharField(_("letter"), max_length=16, choices=Letter.choices, unique=True)
    is_on = models.BooleanField(_("is written"), default=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("switch of a letter")
        verbose_name_plural = _("switches of letters")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.get_rule_display()
