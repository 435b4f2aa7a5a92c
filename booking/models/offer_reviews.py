"""What a host prepares of an offer and the office reads, apart from what visitors see."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.models.offers import Offer
from booking.rules import offer_review


class OfferReview(models.Model):
    """Where an offer stands between its host and the office; one for each that a host touched.

    `pending` are texts and photographs of an offer that visitors see already: its own row stays
    as it is until they are approved. `edition` counts what the host saved: who approves says
    which one was read.
    """

    class State(models.TextChoices):
        IN_HAND = offer_review.IN_HAND, _("being prepared")
        SUBMITTED = offer_review.SUBMITTED, _("to be read by the office")
        TO_FIX = offer_review.TO_FIX, _("to put right")

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="review")
    state = models.CharField(
        _("review"), max_length=12, choices=State.choices, default=State.IN_HAND
    )
    # {"fields": {column: value}, "photos": [{"image": pk, "alt_fr": …}]}; a part without change
    # isn't there.
    pending = models.JSONField(default=dict, blank=True)
    # What the office asks, by the field of the host's pages.
    remarks = models.JSONField(default=dict, blank=True)
    note = models.TextField(_("word of the office"), blank=True)
    edition = models.PositiveIntegerField(default=0)
    # Only its host takes up again what its host paused.
    is_paused_by_host = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(_("sent to the office"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("review of an offer")
        verbose_name_plural = _("reviews of offers")
        ordering = ("submitted_at", "pk")
        indexes = [models.Index(fields=["state", "submitted_at"], name="offer_reviews_to_read")]

    def __str__(self) -> str:
        return f"{self.offer} ({self.get_state_display()})"
