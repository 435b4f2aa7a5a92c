"""Missions: small things that the office asks ambassadors to do, and who does them (M04).

Never paid: what is counted are things done and the hours that somebody gave.
"""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models.ambassadors import Ambassador
from members.rules import missions as rules


class MissionQuerySet(models.QuerySet["Mission"]):
    """Which are to be seen."""

    def open_on(self, day: date) -> MissionQuerySet:
        """Return those that are shown and not over on a day."""
        return self.filter(is_shown=True, last_day__gte=day)


class Mission(models.Model):
    """Something to do between two days, by so many ambassadors."""

    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("what is to be done"), max_length=1200)
    # By its name in addresses: poles have versions by date.
    pole = models.SlugField(_("pole"), max_length=50, blank=True)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until (last day)"))
    wanted = models.PositiveSmallIntegerField(
        _("how many are wanted"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(rules.MOST_WANTED)],
    )
    is_shown = models.BooleanField(_("shown to ambassadors"), default=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    objects = MissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("mission")
        verbose_name_plural = _("missions")
        ordering = ("last_day", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="mission_days_in_order"
            ),
            models.CheckConstraint(condition=Q(wanted__gte=1), name="mission_wants_somebody"),
        ]

    def __str__(self) -> str:
        return self.title


class MissionTake(models.Model):
    """One ambassador's mission: the database allows no second one of it."""

    class State(models.TextChoices):
        TAKEN = rules.TAKEN, pgettext_lazy("mission", "taken")
        DONE = rules.DONE, pgettext_lazy("mission", "to be confirmed")
        CONFIRMED = rules.CONFIRMED, pgettext_lazy("mission", "confirmed")
        GIVEN_BACK = rules.GIVEN_BACK, pgettext_lazy("mission", "given back")

    mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, related_name="takes", verbose_name=_("mission")
    )
    ambassador = models.ForeignKey(
        Ambassador, on_delete=models.CASCADE, related_name="missions", verbose_name=_("ambassador")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.TAKEN)
    # What they say of it, and how long it took.
    words = models.CharField(_("their words"), max_length=rules.MOST_WORDS, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=0)
    taken_at = models.DateTimeField(_("taken"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    office_note = models.CharField(_("word of the office"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("mission of an ambassador")
        verbose_name_plural = _("missions of ambassadors")
        ordering = ("-taken_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["mission", "ambassador"], name="mission_once_an_ambassador"
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(rules.TAKE)), name="mission_take_state_known"
            ),
            models.CheckConstraint(
                condition=Q(minutes__lte=rules.LONGEST), name="mission_minutes_likely"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state"], name="missions_to_confirm", condition=Q(state=rules.DONE)
            )
        ]

    def __str__(self) -> str:
        return f"{self.mission_id} · {self.ambassador_id}"
