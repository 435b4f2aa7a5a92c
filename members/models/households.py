"""Families whose second home is here: who they are, when they come, what providers grant them.

The house's commune and the days of presence are theirs: no page shows them to anybody else, but
for the commune to the office, which reads the proof (features.md M01).
"""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from destination.models import Commune
from members.models.providers import Provider

MOST_CHILDREN = 20


class Household(models.Model):
    """A family with a house here; the office's word, or a paper that it reads, proves it.

    The paper is a sealed file that is deleted as soon as it was read.
    """

    class State(models.TextChoices):
        DECLARED = "declared", _("declared")
        VERIFIED = "verified", _("verified")
        ENDED = "ended", _("ended")

    name = models.CharField(_("name of the household"), max_length=80)
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="+", verbose_name=_("commune of the house")
    )
    # Asked of the office, which reads another proof; where it was counts until then.
    moving_to = models.ForeignKey(
        Commune,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("commune of the house to come"),
    )
    moving_asked_at = models.DateTimeField(_("move asked"), null=True, blank=True)
    # They have no account of their own, nor a name here.
    children = models.PositiveSmallIntegerField(
        _("children under 15"), default=0, validators=[MaxValueValidator(MOST_CHILDREN)]
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.DECLARED
    )
    file_key = models.CharField(max_length=80, blank=True)
    file_name = models.CharField(_("document"), max_length=120, blank=True)
    file_type = models.CharField(max_length=40, blank=True)
    file_size = models.PositiveIntegerField(default=0)
    office_note = models.TextField(_("word of the office"), blank=True)
    declared_at = models.DateTimeField(_("declared"))
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        ordering = ("-declared_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="verified") | Q(verified_at__isnull=False),
                name="verified_household_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False)
                | ~Q(state="ended") & Q(ended_at__isnull=True),
                name="ended_household_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="declared") | Q(file_key="") | Q(moving_to__isnull=False),
                name="no_proof_is_kept_once_read",
            ),
            models.CheckConstraint(
                condition=Q(moving_to__isnull=True, moving_asked_at__isnull=True)
                | Q(state="verified", moving_to__isnull=False, moving_asked_at__isnull=False),
                name="household_moves_once_verified",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        """Whether the office has read its proof, or knows it."""
        return self.state == self.State.VERIFIED

    @property
    def is_moving(self) -> bool:
        """Whether the office is asked to note another commune."""
        return self.moving_to_id is not None


class HouseholdMember(models.Model):
    """A person of fifteen or more who belongs to one household, and to no other."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="members")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="household_member"
    )
    first_name = models.CharField(_("first name"), max_length=40)
    language = models.CharField(max_length=5, default="fr")
    # A card that was lost has an older number: it opens nothing any more.
    card_number = models.PositiveIntegerField(default=1)
    joined_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("member of a household")
        verbose_name_plural = _("members of households")
        ordering = ("joined_at", "pk")

    def __str__(self) -> str:
        return f"{self.first_name} · {self.household}"


class HouseholdInvitation(models.Model):
    """Somebody is asked by mail to join a household; the link counts once and ends on a day."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    language = models.CharField(max_length=5, default="fr")
    invited_by = models.CharField(_("invited by"), max_length=80)
    # Whoever leaves a household and declares another one is still the same sender.
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("ends"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation to a household")
        verbose_name_plural = _("invitations to households")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "email"],
                name="one_open_household_invitation",
                condition=Q(accepted_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.household}"

    def is_open(self, now: datetime) -> bool:
        """Whether its link still opens something."""
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at


class Presence(models.Model):
    """Nights `[arrival, departure)` that a household says it is, was or will be here.

    Without a departure it is here and hasn't said until when; a day without a night leaves on the
    day of its arrival, and meets nothing. Read by the household alone.
    """

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="presences")
    arrival = models.DateField(_("arrival"))
    departure = models.DateField(_("departure"), null=True, blank=True)
    said_at = models.DateTimeField()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        ordering = ("arrival", "pk")
        constraints = [
            ExclusionConstraint(
                name="presences_do_not_meet",
                expressions=[
                    ("household", RangeOperators.EQUAL),
                    (
                        Func(
                            F("arrival"),
                            F("departure"),
                            models.Value("[)"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                condition=Q(departure__isnull=True) | Q(departure__gte=F("arrival")),
                name="presence_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arrival} – {self.departure or '…'}"

    def covers(self, day: date) -> bool:
        """Whether they sleep here on a day's night, as far as they have said."""
        return self.arrival <= day and (self.departure is None or day < self.departure)


class Advantage(models.Model):
    """What a provider grants to residents who show their card, on days that it names."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="advantages")
    text = models.CharField(_("advantage"), max_length=160)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until (last day)"))
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("advantage of residents")
        verbose_name_plural = _("advantages of residents")
        ordering = ("first_day", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="advantage_days_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.text}"
