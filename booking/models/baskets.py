"""The basket: a plan of a stay, whose lines are held for a time.

Holds expire, the plan never does: lines stay visible and are asked again (features.md B05).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.calendar import Slot
from booking.models.offers import EURO, Offer, Unit
from oti.lib.codes import secret_token


class Channel(models.TextChoices):
    """Where something was chosen, other than on the site itself."""

    WIDGET = "widget", _("on the house’s own site")


class ComesBy(models.TextChoices):
    """What a stay says of how its people go from place to place."""

    CAR = "car", _("by car")
    WITHOUT = "without", _("without a car")


class Basket(models.Model):
    """One visitor's stay in the making; the token in its cookie or address is its only key."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        FROZEN = "frozen", _("payment under way")
        ORDERED = "ordered", _("ordered")

    token = models.CharField(max_length=64, unique=True, default=secret_token)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    language = models.CharField(max_length=5, default="fr")
    # [{"key": "p1", "age": null}, {"key": "p2", "age": 5}]: an adult may give no age.
    people = models.JSONField(default=list)
    arrival = models.DateField(null=True, blank=True)
    departure = models.DateField(null=True, blank=True)
    first_held_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    extensions = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Begun in a house's widget: only there, and until it is carried to the site.
    channel = models.CharField(
        max_length=8, choices=Channel.choices, default="", db_default="", blank=True
    )
    # How they go from place to place; not said: by car, but for who has a shuttle.
    comes_by = models.CharField(
        max_length=8, choices=ComesBy.choices, default="", db_default="", blank=True
    )
    # Of the ambassador who invited, since when; no cookie knows it (features.md M05).
    friend_code = models.CharField(max_length=12, default="", db_default="", blank=True)
    friend_at = models.DateTimeField(null=True, blank=True)
    tells_friend = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")

    def __str__(self) -> str:
        return f"basket {self.pk}"

    def shown_until(self, now: datetime) -> datetime | None:
        """Return until when its places are said to be held, None when they aren't any more.

        While a payment is under way, that is until when one may pay (`Order.pay_until`).
        """
        if self.expires_at is None:
            return None
        grace = timedelta(minutes=settings.PAYMENT_GRACE_MINUTES)
        until = self.expires_at - grace if self.state == self.State.FROZEN else self.expires_at
        return until if until > now else None


class BasketLine(models.Model):
    """One thing in the basket: a unit over nights, or units of a slot.

    A thing lent for several days has its first slot, and `[arrival, departure)` as its days.
    """

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, null=True, related_name="+")
    arrival = models.DateField(null=True)
    departure = models.DateField(null=True)
    quantity = models.PositiveSmallIntegerField(default=1)
    # Keys of the basket's people who take part.
    people = ArrayField(models.CharField(max_length=8), default=list)
    # [{"code": "linen", "quantity": 4}]
    options = models.JSONField(default=list)
    # They said that they leave one thing early for the other (features.md N02).
    is_overlap_accepted = models.BooleanField(default=False)
    # Taken as part of a whole stay at one price: of several services that is a package, whatever
    # their share (domain.md §2.2).
    is_sold_whole = models.BooleanField(default=False, db_default=False)
    # Where it was chosen, "" on the site itself: figures tell it (features.md H10).
    channel = models.CharField(
        max_length=8, choices=Channel.choices, default="", db_default="", blank=True
    )
    # Its host answers first: it holds nothing, and isn't paid with the rest.
    is_on_request = models.BooleanField(default=False, db_default=False)
    # The lower price that a mail of the quiet season promised for it (`booking.proposals`).
    proposal = models.ForeignKey(
        "booking.CampaignNeed",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    # The total last shown to the visitor: a change has to be accepted (features.md B12).
    shown_amount = models.DecimalField(**EURO)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("line of a basket")
        verbose_name_plural = _("lines of baskets")
        ordering = ("position", "pk")
        indexes = [
            models.Index(
                fields=["proposal"],
                name="lines_with_a_proposal",
                condition=Q(proposal__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    unit__isnull=False,
                    slot__isnull=True,
                    arrival__isnull=False,
                    departure__isnull=False,
                    departure__gt=models.F("arrival"),
                )
                | Q(
                    unit__isnull=True,
                    slot__isnull=False,
                    arrival__isnull=True,
                    departure__isnull=True,
                )
                | Q(
                    unit__isnull=True,
                    slot__isnull=False,
                    arrival__isnull=False,
                    departure__gt=models.F("arrival"),
                ),
                name="line_is_a_stay_or_a_slot",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_has_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} in {self.basket_id}"
