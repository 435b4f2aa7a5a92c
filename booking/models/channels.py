"""Calendars that a host keeps elsewhere, what they take of a unit, and where the two disagree.

Nothing of a guest is kept: an event is nights, a kind and an identifier that says nothing
(domain.md 5.1). An address of a calendar is a password: sealed, shown masked, never logged.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.offers import Unit
from booking.models.orders import OrderLine
from booking.rules import channels, states


class FeedQuerySet(models.QuerySet["Feed"]):
    """Calendars that are read, and how long ago they were."""

    def live(self) -> FeedQuerySet:
        """Return those that their host doesn't pause."""
        return self.filter(is_paused=False)

    def silent_since(self, moment: datetime) -> FeedQuerySet:
        """Return live ones that gave no good reading since a moment; a new one counts as read."""
        return (
            self.live()
            .alias(heard=Coalesce(F("last_good_at"), F("created_at")))
            .filter(heard__lt=moment)
        )


class Feed(models.Model):
    """A calendar of another platform, read for one unit every quarter of an hour."""

    class Platform(models.TextChoices):
        AIRBNB = "airbnb", "Airbnb"
        BOOKING = "booking", "Booking.com"
        ABRITEL = "abritel", "Abritel / Vrbo"
        GITES = "gites", _("Gîtes de France, Clévacances")
        GOOGLE = "google", "Google Agenda"
        OTHER = "other", _("another one")

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="feeds")
    name = models.CharField(_("name"), max_length=40)
    platform = models.CharField(max_length=10, choices=Platform.choices)
    sealed = models.BinaryField()
    masked = models.CharField(_("address"), max_length=120)
    # Tells that the same address is pasted twice for a unit, without being the address.
    digest = models.CharField(max_length=64)
    is_paused = models.BooleanField(_("paused"), default=False)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=80, blank=True)
    # Of the last good reading, and the day on which it was read: what is over is left out.
    content_hash = models.CharField(max_length=64, blank=True)
    read_on = models.DateField(null=True, blank=True)
    problem = models.CharField(max_length=24, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    failures = models.PositiveIntegerField(default=0)
    alerted_at = models.DateTimeField(null=True, blank=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar of another platform")
        verbose_name_plural = _("calendars of other platforms")
        ordering = ("unit", "pk")
        indexes = [
            models.Index(fields=["due_at"], name="feeds_due", condition=Q(is_paused=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "digest"], name="feed_once_a_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.masked})"


class FeedEvent(models.Model):
    """Nights that a calendar takes; `missing_since` when it no longer says so."""

    class Kind(models.TextChoices):
        RESERVED = channels.RESERVED, _("booked there")
        BLOCKED = channels.BLOCKED, pgettext_lazy("nights", "closed there")
        UNCLEAR = channels.UNCLEAR, _("booked or closed there")

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="events")
    uid = models.CharField(max_length=40)
    dates = DateRangeField(_("nights"))
    kind = models.CharField(max_length=10, choices=Kind.choices)
    first_seen_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    missing_count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("nights of another platform")
        verbose_name_plural = _("nights of other platforms")
        ordering = ("feed", "dates")
        constraints = [
            models.UniqueConstraint(fields=["feed", "uid", "dates"], name="event_once_a_feed"),
            models.CheckConstraint(
                condition=Q(dates__isempty=False)
                & Q(dates__startswith__isnull=False)
                & Q(dates__endswith__isnull=False),
                name="event_has_nights",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.dates} {self.kind}"


class ExportLink(models.Model):
    """The address under which other platforms read what this one sold of a unit; revocable."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="export_link")
    token = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("exported calendar")
        verbose_name_plural = _("exported calendars")

    def __str__(self) -> str:
        return f"unit {self.unit_id}"


class ChannelIncident(models.Model):
    """Nights that were sold here and booked elsewhere: for people to settle, never undone alone."""

    class State(models.TextChoices):
        OPEN = states.OPEN, pgettext_lazy("incident", "new")
        TOLD = states.TOLD, _("host and office told")
        SETTLED = states.SETTLED, _("settled")

    class Outcome(models.TextChoices):
        CANCELLED_THERE = "cancelled_there", _("The booking on the other platform was cancelled")
        CANCELLED_HERE = "cancelled_here", _("The booking here was cancelled with the office")
        RELOCATED = "relocated", _("One of the two parties was lodged elsewhere")
        NO_CLASH = "no_clash", _("It was one and the same booking, or only a closure")

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="channel_incidents")
    feed = models.ForeignKey(
        Feed, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    feed_name = models.CharField(_("calendar"), max_length=40)
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="channel_incidents"
    )
    dates = DateRangeField(_("nights in common"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(
        _("what was done"), max_length=20, choices=Outcome.choices, blank=True
    )
    note = models.CharField(_("in a few words"), max_length=400, blank=True)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("double booking")
        verbose_name_plural = _("double bookings")
        ordering = ("-opened_at", "-pk")
        constraints = [
            # The same booking read through two calendars is one incident (domain.md 5.2).
            models.UniqueConstraint(
                fields=["order_line"],
                name="one_open_incident_a_line",
                condition=~Q(state=states.SETTLED),
            ),
            models.CheckConstraint(
                condition=~Q(state=states.SETTLED) | ~Q(outcome=""),
                name="settled_incident_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed_name}, {self.get_state_display()}"
