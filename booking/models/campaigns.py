"""Letters to many: what is written, to whom, and what became of each one (L03, N06)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.capacity_needs import CapacityNeed
from booking.models.messages import OutboxMessage
from booking.models.offers import Offer
from booking.models.orders import OrderLine
from booking.rules import campaigns as rules
from destination.models import Picture, Pole
from members.models import LetterAddress, LetterChoice
from oti.lib.codes import secret_token


class Campaign(models.Model):
    """One letter, in several languages, to everybody of a segment who may be written to."""

    class Kind(models.TextChoices):
        LETTER = rules.LETTER, _("letter")
        # Its offers are what hosts said they want to fill, and nothing else.
        QUIET = rules.QUIET, _("offers of the quiet season")

    class State(models.TextChoices):
        DRAFT = rules.DRAFT, pgettext_lazy("campaign", "draft")
        READY = rules.READY, pgettext_lazy("campaign", "ready")
        SCHEDULED = rules.SCHEDULED, pgettext_lazy("campaign", "scheduled")
        SENDING = rules.SENDING, pgettext_lazy("campaign", "being sent")
        PAUSED = rules.PAUSED, pgettext_lazy("campaign", "paused")
        SENT = rules.SENT, pgettext_lazy("campaign", "sent")
        STOPPED = rules.STOPPED, pgettext_lazy("campaign", "stopped")

    title = models.CharField(_("name at the office"), max_length=80)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.LETTER)
    purpose = models.CharField(_("purpose"), max_length=8, choices=LetterChoice.Purpose.choices)
    # `booking.rules.segments.Segment.as_json`
    segment = models.JSONField(_("to whom"), default=dict)
    # By language: subject, heading, text, button (`booking.rules.campaigns.Words`).
    texts = models.JSONField(_("texts"), default=dict)
    button_path = models.CharField(_("where the button leads"), max_length=300, blank=True)
    picture = models.ForeignKey(
        Picture, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    offers = models.ManyToManyField(Offer, blank=True, related_name="campaigns")
    needs = models.ManyToManyField(
        CapacityNeed, through="CampaignNeed", blank=True, related_name="campaigns"
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    # Off the price of the nights, places and things that it proposes (`booking.proposals`).
    percent_off = models.PositiveSmallIntegerField(
        _("per cent off"), default=0, db_default=0, validators=[MaxValueValidator(rules.MOST_OFF)]
    )
    rate = models.PositiveIntegerField(
        _("mails a minute at most"),
        default=300,
        validators=[MinValueValidator(1), MaxValueValidator(rules.MOST_A_MINUTE)],
    )
    scheduled_at = models.DateTimeField(_("to be sent at"), null=True, blank=True)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # No mail of it goes before: what keeps its rate.
    next_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("written"))
    changed_at = models.DateTimeField(_("changed"))
    # Whom it meant at that moment (`booking.relations.segments.Count`): nobody counts 100,000
    # people to look at a page.
    counted = models.JSONField(null=True)
    counted_at = models.DateTimeField(null=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = pgettext_lazy("letters", "campaign")
        verbose_name_plural = pgettext_lazy("letters", "campaigns")
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(
                fields=["scheduled_at"],
                name="campaigns_that_go_on",
                condition=Q(state__in=[rules.SCHEDULED, rules.SENDING]),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gte=1) & Q(rate__lte=rules.MOST_A_MINUTE),
                name="campaign_has_a_rate",
            ),
            models.CheckConstraint(
                condition=Q(percent_off=0) | Q(kind=rules.QUIET, percent_off__lte=rules.MOST_OFF),
                name="campaign_takes_little_off",
            ),
            models.CheckConstraint(
                condition=~Q(state=rules.SCHEDULED) | Q(scheduled_at__isnull=False),
                name="scheduled_campaign_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_quiet(self) -> bool:
        """Whether it proposes what hosts want to fill."""
        return self.kind == self.Kind.QUIET


class CampaignNeed(models.Model):
    """A need that a campaign proposes; `code` is in the address of its page."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="proposals")
    need = models.ForeignKey(CapacityNeed, on_delete=models.CASCADE, related_name="proposals")
    code = models.CharField(max_length=64, unique=True, default=secret_token)

    class Meta:
        verbose_name = _("dates proposed by a campaign")
        verbose_name_plural = _("dates proposed by campaigns")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["campaign", "need"], name="need_once_a_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.need_id} · {self.campaign}"


class CampaignMail(models.Model):
    """One recipient of a campaign, frozen when it began; its address may be forgotten later.

    Handed over to the outbox in the transaction that says so: once, whatever dies when.
    """

    class State(models.TextChoices):
        QUEUED = rules.QUEUED, pgettext_lazy("mail", "waiting")
        HANDED = rules.HANDED, pgettext_lazy("mail", "handed over")
        DROPPED = rules.DROPPED, pgettext_lazy("mail", "left out")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="mails")
    address = models.ForeignKey(
        LetterAddress, on_delete=models.SET_NULL, null=True, related_name="campaign_mails"
    )
    language = models.CharField(max_length=5, default="fr")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    # Why it was left out at the last moment: one of `rules.campaigns.REASONS`.
    reason = models.CharField(_("why"), max_length=16, blank=True)
    message = models.OneToOneField(
        OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="campaign_mail"
    )
    handed_at = models.DateTimeField(_("handed over"), null=True)
    bounced_at = models.DateTimeField(_("came back"), null=True)
    complained_at = models.DateTimeField(_("called spam"), null=True)

    class Meta:
        verbose_name = _("mail of a campaign")
        verbose_name_plural = _("mails of campaigns")
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=["campaign", "id"],
                name="campaign_mails_to_hand",
                condition=Q(state=rules.QUEUED),
            ),
            models.Index(
                fields=["handed_at"],
                name="campaign_mails_of_30_days",
                condition=Q(state=rules.HANDED),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "address"], name="one_mail_a_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.address_id}"


class ProposedNeed(models.Model):
    """A need that an address was written about: never a second time (features.md N06)."""

    need = models.ForeignKey(CapacityNeed, on_delete=models.CASCADE, related_name="proposed_to")
    address = models.ForeignKey(
        LetterAddress, on_delete=models.CASCADE, related_name="proposed_needs"
    )
    mail = models.ForeignKey(CampaignMail, on_delete=models.CASCADE, related_name="proposed")

    class Meta:
        verbose_name = _("dates proposed to somebody")
        verbose_name_plural = _("dates proposed to somebody")
        constraints = [
            models.UniqueConstraint(fields=["need", "address"], name="need_once_an_address")
        ]

    def __str__(self) -> str:
        return f"{self.need_id} · {self.address_id}"


class NeedBooking(models.Model):
    """A line that somebody booked after a campaign proposed it: counted once for its need."""

    need = models.ForeignKey(CapacityNeed, on_delete=models.CASCADE, related_name="bookings")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="bookings")
    line = models.OneToOneField(OrderLine, on_delete=models.CASCADE, related_name="need_booking")
    counted_at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("booking after a campaign")
        verbose_name_plural = _("bookings after campaigns")

    def __str__(self) -> str:
        return f"{self.need_id} · {self.line_id}"


class MailEvent(models.Model):
    """What the carrier of mails told of one of them, kept once by its own number."""

    event_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("word of the carrier of mails")
        verbose_name_plural = _("words of the carrier of mails")
        ordering = ("-received_at", "-pk")

    def __str__(self) -> str:
        return f"{self.kind} · {self.event_id}"


class PoleSeason(models.Model):
    """Days `[first, after)` of a pole that are high season or a wing; the others are low."""

    class Level(models.TextChoices):
        HIGH = rules.HIGH, _("high season")
        WING = rules.WING, _("wing of the season")

    pole = models.ForeignKey(
        Pole, on_delete=models.CASCADE, related_name="seasons", verbose_name=_("pole")
    )
    level = models.CharField(_("season"), max_length=4, choices=Level.choices)
    dates = DateRangeField(_("days"))

    class Meta:
        verbose_name = _("season of a pole")
        verbose_name_plural = _("seasons of poles")
        ordering = ("pole__position", "dates")
        constraints = [
            ExclusionConstraint(
                name="pole_seasons_apart",
                expressions=[("pole", RangeOperators.EQUAL), ("dates", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="pole_season_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pole} · {self.get_level_display()}"
