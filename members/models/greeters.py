"""Greeters: inhabitants who show where they live, and the charter that they sign.

Their first name, commune and words are public once the office has read them; their account, their
phone and everything else are not.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from destination.models import Commune, Picture
from members.models.charters import Charter, Charters
from members.rules import enrolment
from members.rules.greeters import MOST_A_MONTH, MOST_PEOPLE


class GreeterCharter(Charter):
    """One version of what greeters promise."""

    objects: ClassVar[Charters[GreeterCharter]] = Charters()

    class Meta(Charter.Meta):
        verbose_name = _("charter of greeters")
        verbose_name_plural = _("charters of greeters")


class GreeterQuerySet(models.QuerySet["Greeter"]):
    """Who is shown, who may be asked."""

    def shown(self) -> GreeterQuerySet:
        """Return those whom visitors see: whose account is closed is none of them."""
        return self.in_public().filter(is_paused=False)

    def in_public(self) -> GreeterQuerySet:
        """Return those whom the office shows, with those who pause."""
        return self.filter(state=enrolment.APPROVED, user__is_active=True)

    def to_read(self) -> GreeterQuerySet:
        """Return those who wait for the office: new ones, and changes of those that are shown."""
        changed = Q(state=enrolment.APPROVED, remarks={}) & ~Q(pending={})
        return self.filter(Q(state=enrolment.SUBMITTED) | changed)


class Greeter(models.Model):
    """One inhabitant who meets visitors. What visitors read waits in `pending` once it is shown."""

    class State(models.TextChoices):
        DRAFT = enrolment.DRAFT, pgettext_lazy("greeter", "being written")
        SUBMITTED = enrolment.SUBMITTED, pgettext_lazy("greeter", "to be read")
        TO_FIX = enrolment.TO_FIX, pgettext_lazy("greeter", "to be put right")
        APPROVED = enrolment.APPROVED, pgettext_lazy("greeter", "shown")
        SUSPENDED = enrolment.SUSPENDED, pgettext_lazy("greeter", "suspended")

    class Identity(models.TextChoices):
        MET = "met", _("met in person, with an identity document")
        VIDEO = "video", _("seen by video, with an identity document")
        KNOWN = "known", _("known to the office for long")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="greeter"
    )
    slug = models.SlugField(_("short name in addresses"), max_length=50, unique=True)
    first_name = models.CharField(_("first name"), max_length=40)
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="greeters", verbose_name=_("commune")
    )
    about = models.TextField(_("who they are"), max_length=1200, blank=True)
    places = models.TextField(_("places they like"), max_length=800, blank=True)
    languages = models.JSONField(_("languages"), default=list)
    interests = models.JSONField(_("interests"), default=list)
    weekdays = models.JSONField(_("days"), default=list)
    most_people = models.PositiveSmallIntegerField(
        _("persons at most"),
        default=MOST_PEOPLE,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)],
    )
    monthly_most = models.PositiveSmallIntegerField(
        _("meetings a month at most"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_A_MONTH)],
    )
    is_step_free = models.BooleanField(_("walks without steps"), default=False)
    photo = models.ForeignKey(
        Picture, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Drawing of the brand, for who is invented.
    portrait = models.CharField(max_length=40, blank=True)
    phone = models.CharField(_("phone"), max_length=30)
    language = models.CharField(_("language of their mails"), max_length=5, default="fr")
    is_paused = models.BooleanField(_("pauses"), default=False)
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    # What was changed of the words that visitors read, by the name of the column.
    pending = models.JSONField(default=dict, blank=True)
    # What the office asks for, by the name of the part.
    remarks = models.JSONField(default=dict, blank=True)
    office_note = models.TextField(_("word of the office"), blank=True)
    # Grows with each change: the office decides on what it read.
    edition = models.PositiveIntegerField(default=0)
    # The day of birth is looked at and not kept.
    of_age_at = models.DateTimeField(_("of age, said on"), null=True, blank=True)
    identity = models.CharField(
        _("identity checked"), max_length=8, choices=Identity.choices, blank=True
    )
    identity_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(_("sent"), null=True, blank=True)
    approved_at = models.DateTimeField(_("shown since"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"))
    is_demo = models.BooleanField(_("demonstration"), default=False)

    objects = GreeterQuerySet.as_manager()

    class Meta:
        verbose_name = _("greeter")
        verbose_name_plural = _("greeters")
        ordering = ("first_name", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(most_people__gte=1, most_people__lte=MOST_PEOPLE),
                name="greeter_six_persons_at_most",
            ),
            models.CheckConstraint(
                condition=Q(monthly_most__gte=1, monthly_most__lte=MOST_A_MONTH),
                name="greeter_some_meetings_a_month",
            ),
            models.CheckConstraint(
                condition=Q(away_from=None)
                | Q(away_until=None)
                | Q(away_until__gte=F("away_from")),
                name="greeter_comes_back_after_leaving",
            ),
            # Nobody is shown whom the office doesn't know.
            models.CheckConstraint(
                condition=~Q(state=enrolment.APPROVED)
                | (~Q(identity="") & Q(identity_at__isnull=False, of_age_at__isnull=False)),
                name="greeter_shown_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.first_name

    @property
    def is_put_aside(self) -> bool:
        """Whether the office put them aside or closed their account: they meet and write nobody."""
        return self.state == enrolment.SUSPENDED or not self.user.is_active

    @property
    def is_shown(self) -> bool:
        """Whether visitors see them."""
        return self.state == enrolment.APPROVED and not self.is_paused and self.user.is_active


class CharterSignature(models.Model):
    """A typed signature under the charter: who, what text word for word, when. Never changed."""

    greeter = models.ForeignKey(Greeter, on_delete=models.PROTECT, related_name="signatures")
    text = models.ForeignKey(GreeterCharter, on_delete=models.PROTECT, related_name="signatures")
    version = models.CharField(_("version"), max_length=20)
    sha256 = models.CharField(max_length=64)
    signed_name = models.CharField(_("signed by"), max_length=120)
    signed_at = models.DateTimeField(_("signed"))

    class Meta:
        verbose_name = _("signed charter")
        verbose_name_plural = _("signed charters")
        ordering = ("-signed_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["greeter", "sha256"], name="charter_signed_once")
        ]

    def __str__(self) -> str:
        return f"{self.signed_name} · {self.version}"
