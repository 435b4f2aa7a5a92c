"""The programme: events, their sessions, and the tickets issued for them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from booking.models import Offer, OrderLine, Slot
from booking.models.orders import Participant
from destination.models import Commune
from members.models import Provider
from oti.lib.codes import reference_code


class EventQuerySet(models.QuerySet["Event"]):
    """Events that may be shown."""

    def published(self) -> EventQuerySet:
        """Return what visitors may see."""
        return self.exclude(state=Event.State.DRAFT)


class Event(index.Indexed, models.Model):
    """Something that happens, once or over several sessions."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        CANCELLED = "cancelled", _("cancelled")

    slug = models.SlugField(max_length=90, unique=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("in one or two sentences"), max_length=280)
    description = models.TextField(_("description"), blank=True)
    illustration = models.CharField(_("drawing"), max_length=24, default="concert")
    organiser = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="events", verbose_name=_("organiser")
    )
    commune = models.ForeignKey(
        Commune, on_delete=models.PROTECT, related_name="events", verbose_name=_("commune")
    )
    place = models.CharField(_("place"), max_length=160, blank=True)
    # The tickets are an offer like any other: one basket sells everything.
    ticket_offer = models.OneToOneField(
        Offer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="event",
        verbose_name=_("tickets"),
        limit_choices_to={"kind": "event_ticket"},
    )
    is_free = models.BooleanField(_("free entrance"), default=False)
    is_for_residents = models.BooleanField(
        _("proposed to residents"),
        default=False,
        help_text=_("Shown in the residents’ space; it stays in the agenda of everybody."),
    )
    is_demo = models.BooleanField(_("demonstration"), default=False)
    # When visitors saw it first; unknown of what was loaded, which is never called new.
    first_published_at = models.DateTimeField(null=True, editable=False)
    # A decision of the office (`events.renewing`), never the trace of an edited text.
    renewed_at = models.DateTimeField(_("renewed"), null=True, editable=False)
    renewal_reason = models.CharField(max_length=160, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    search_fields = [index.SearchField("title_fr"), index.AutocompleteField("title_fr")]

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions by date."""

    def to_come(self, now: datetime) -> SessionQuerySet:
        """Return the sessions of published events that have not ended at `now`, in order."""
        return (
            self.filter(ends_at__gt=now)
            .exclude(event__state=Event.State.DRAFT)
            .order_by("starts_at", "pk")
        )


class Session(models.Model):
    """One date of an event; with tickets it is sold through a slot of the ticket offer."""

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("event")
    )
    slot = models.OneToOneField(
        Slot, on_delete=models.PROTECT, null=True, blank=True, related_name="session"
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    is_cancelled = models.BooleanField(_("cancelled"), default=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("starts_at",)
        constraints = [
            models.UniqueConstraint(fields=["event", "starts_at"], name="session_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} · {self.starts_at:%Y-%m-%d %H:%M}"


class Ticket(models.Model):
    """A right to enter, for one participant, born with the order's confirmation."""

    class State(models.TextChoices):
        VALID = "valid", _("valid")
        REVOKED = "revoked", _("revoked")

    code = models.CharField(max_length=12, unique=True, default=reference_code)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="tickets")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="tickets")
    state = models.CharField(max_length=10, choices=State.choices, default=State.VALID)
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["line", "participant"], name="one_ticket_per_person")
        ]

    def __str__(self) -> str:
        return self.code
