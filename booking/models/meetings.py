"""A visitor meets a greeter: what was asked, whom, what they write to each other.

It costs nothing: the database refuses any price, and more than six persons.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.baskets import Basket
from booking.models.offers import EURO
from booking.rules import meetings as rules
from members.models import Greeter
from members.rules.greeters import MOST_PEOPLE
from oti.lib.codes import reference_code, secret_token


class Meeting(models.Model):
    """One meeting of a party with one greeter; it stands beside the stay and never blocks it."""

    class State(models.TextChoices):
        TO_CONFIRM = rules.TO_CONFIRM, pgettext_lazy("meeting", "to be confirmed by mail")
        ASKED = rules.ASKED, pgettext_lazy("meeting", "waiting for an answer")
        ACCEPTED = rules.ACCEPTED, pgettext_lazy("meeting", "agreed")
        NOBODY = rules.NOBODY, pgettext_lazy("meeting", "nobody was free")
        CANCELLED = rules.CANCELLED, pgettext_lazy("meeting", "cancelled")
        DONE = rules.DONE, pgettext_lazy("meeting", "took place")

    class Part(models.TextChoices):
        ANY = "any", _("whenever suits you")
        MORNING = "morning", _("in the morning")
        AFTERNOON = "afternoon", _("in the afternoon")

    class Felt(models.TextChoices):
        WONDERFUL = "wonderful", _("a wonderful moment")
        GOOD = "good", _("a good moment")
        MIXED = "mixed", _("a mixed moment")
        MISSED = "missed", _("it didn’t take place")

    code = models.CharField(_("code"), max_length=12, unique=True, default=reference_code)
    access_token = models.CharField(max_length=64, default=secret_token)
    # Of the page that was sent: a second press finds what the first made.
    press = models.CharField(max_length=64, unique=True, default=secret_token)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    # The stay that it belongs to: an order is found by its basket.
    basket = models.ForeignKey(
        Basket, on_delete=models.SET_NULL, null=True, blank=True, related_name="meetings"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    first_name = models.CharField(_("first name"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    part = models.CharField(_("when"), max_length=10, choices=Part.choices, default=Part.ANY)
    adults = models.PositiveSmallIntegerField(_("adults"))
    ages = models.JSONField(_("ages of the children"), default=list)
    party_size = models.PositiveSmallIntegerField(_("persons"))
    languages = models.JSONField(_("languages"), default=list)
    interests = models.JSONField(_("interests"), default=list)
    needs_step_free = models.BooleanField(_("without steps"), default=False)
    words = models.TextField(_("words"), max_length=1000, blank=True)
    pole = models.CharField(max_length=50, blank=True)
    wished = models.ForeignKey(
        Greeter, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # A volunteer's time has no price: there is this column to say so, and no other.
    price_amount = models.DecimalField(_("price"), default=0, **EURO)
    greeter = models.ForeignKey(
        Greeter,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("greeter"),
    )
    day = models.DateField(_("day"), null=True, blank=True)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    place = models.CharField(_("public meeting place"), max_length=200, blank=True)
    placed_at = models.DateTimeField(_("asked"))
    # Whoever reads the address said so; before that no greeter is asked, and it counts for nothing.
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    # Since when the present round waits: a replacement begins a new one.
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField(_("to be answered before"))
    widened_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # Of its calendar file: grows with each change.
    sequence = models.PositiveSmallIntegerField(default=0)
    cancelled_by = models.CharField(max_length=8, blank=True)
    felt = models.CharField(_("the visitor felt"), max_length=10, choices=Felt.choices, blank=True)
    visitor_words = models.TextField(max_length=1000, blank=True)
    greeter_felt = models.CharField(
        _("the greeter felt"), max_length=10, choices=Felt.choices, blank=True
    )
    greeter_words = models.TextField(max_length=1000, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes given"), default=0)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("meeting with a greeter")
        verbose_name_plural = _("meetings with greeters")
        ordering = ("-placed_at", "-pk")
        indexes = [
            models.Index(
                fields=["deadline"], name="meetings_waiting", condition=Q(state=rules.ASKED)
            ),
            models.Index(
                fields=["starts_at"], name="meetings_agreed", condition=Q(state=rules.ACCEPTED)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(rules.MEETING)), name="meeting_state_known"
            ),
            models.CheckConstraint(condition=Q(price_amount=0), name="meeting_costs_nothing"),
            models.CheckConstraint(
                condition=Q(party_size__gte=1, party_size__lte=MOST_PEOPLE, adults__gte=1),
                name="meeting_six_persons_at_most",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")), name="meeting_days_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[rules.ACCEPTED, rules.DONE])
                | (~Q(place="") & Q(greeter__isnull=False, day__isnull=False))
                & Q(starts_at__isnull=False, ends_at__isnull=False),
                name="meeting_agreed_is_whole",
            ),
            # A greeter gives one meeting a day, whoever asks.
            models.UniqueConstraint(
                fields=["greeter", "day"],
                name="greeter_meets_once_a_day",
                condition=Q(state__in=[rules.ACCEPTED, rules.DONE]),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class MeetingAsk(models.Model):
    """One greeter who is asked for one meeting, and what they answered."""

    class State(models.TextChoices):
        SENT = rules.SENT, pgettext_lazy("meeting", "asked")
        YES = rules.SAID_YES, pgettext_lazy("meeting", "said yes")
        NO = rules.SAID_NO, pgettext_lazy("meeting", "said no")
        TAKEN_BACK = rules.TAKEN_BACK, pgettext_lazy("meeting", "no longer asked")
        GAVE_UP = rules.GAVE_UP, pgettext_lazy("meeting", "couldn’t come after all")

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="asks")
    greeter = models.ForeignKey(Greeter, on_delete=models.PROTECT, related_name="asks")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SENT)
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("ask of a greeter")
        verbose_name_plural = _("asks of greeters")
        ordering = ("asked_at", "pk")
        indexes = [models.Index(fields=["greeter", "-asked_at"], name="asks_of_greeter")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted(rules.ANSWERS)), name="ask_state_known"
            ),
            models.UniqueConstraint(fields=["meeting", "greeter"], name="asked_once_each"),
            models.UniqueConstraint(
                fields=["meeting"],
                name="one_greeter_says_yes",
                condition=Q(state=rules.SAID_YES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} · {self.greeter_id}"


class MeetingMessage(models.Model):
    """What a visitor and their greeter write to each other, plain text, never changed."""

    class Author(models.TextChoices):
        # The same words as in the threads of orders: one template shows both.
        GREETER = "host", _("greeter")
        VISITOR = "guest", _("visitor")

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="messages")
    greeter = models.ForeignKey(Greeter, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(_("written by"), max_length=8, choices=Author.choices)
    text = models.TextField(_("text"), max_length=2000)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = pgettext_lazy("meeting", "message")
        verbose_name_plural = pgettext_lazy("meeting", "messages")
        ordering = ("at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="meeting_message_says_something")
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.at:%Y-%m-%d %H:%M}"
