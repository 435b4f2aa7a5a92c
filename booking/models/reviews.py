"""What guests allowed to be published of their answers, the host's reply, and what is reported."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.offers import Offer
from booking.models.surveys import WORDS, LineAnswer
from booking.rules import reviews
from booking.rules.satisfaction import BEST_SCORE
from members.models import Provider

NEVER = ""


class Review(models.Model):
    """One answer as visitors read it: by somebody who was there, checked before it is shown."""

    class State(models.TextChoices):
        TO_READ = reviews.TO_READ, pgettext_lazy("review", "to read")
        PUBLISHED = reviews.PUBLISHED, pgettext_lazy("review", "published")
        REFUSED = reviews.REFUSED, pgettext_lazy("review", "refused")
        REMOVED = reviews.REMOVED, pgettext_lazy("review", "taken away")

    class Reason(models.TextChoices):
        INSULT = reviews.INSULT, _("it insults somebody, or is against the law")
        PERSONAL = reviews.PERSONAL, _("it names a person, an address or a phone number")
        OFF_TOPIC = reviews.OFF_TOPIC, _("it is about something else than this stay")
        ADVERTISING = reviews.ADVERTISING, _("it advertises something")
        NOT_GENUINE = reviews.NOT_GENUINE, _("it seems not to be by somebody who was there")

    class ReplyState(models.TextChoices):
        NONE = NEVER, pgettext_lazy("reply", "none")
        TO_READ = reviews.TO_READ, pgettext_lazy("reply", "to read")
        PUBLISHED = reviews.PUBLISHED, pgettext_lazy("reply", "published")
        REFUSED = reviews.REFUSED, pgettext_lazy("reply", "refused")

    answer = models.OneToOneField(LineAnswer, on_delete=models.CASCADE, related_name="review")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="reviews")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    first_name = models.CharField(_("first name"), max_length=80)
    language = models.CharField(_("language"), max_length=5)
    score = models.PositiveSmallIntegerField(_("score, 1 to 5"))
    words = models.TextField(_("in their words"), max_length=WORDS, blank=True)
    experience_on = models.DateField(_("end of the experience"))
    submitted_at = models.DateTimeField(_("written"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    reason = models.CharField(_("why not"), max_length=12, choices=Reason.choices, blank=True)
    reply = models.TextField(_("reply of the host"), max_length=WORDS, blank=True)
    reply_state = models.CharField(
        _("state of the reply"),
        max_length=12,
        choices=ReplyState.choices,
        blank=True,
        default=NEVER,
    )
    reply_at = models.DateTimeField(_("replied"), null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-submitted_at", "-pk")
        indexes = [
            models.Index(
                fields=["offer", "-experience_on"],
                name="reviews_shown",
                condition=Q(state=reviews.PUBLISHED),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=1, score__lte=BEST_SCORE), name="review_score_1_to_5"
            ),
            models.CheckConstraint(
                condition=~Q(state=reviews.PUBLISHED) | Q(published_at__isnull=False),
                name="review_published_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[reviews.REFUSED, reviews.REMOVED]) | ~Q(reason=""),
                name="review_refused_has_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(reply="", reply_state=NEVER) | (~Q(reply="") & ~Q(reply_state=NEVER)),
                name="review_reply_has_its_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.score}/{BEST_SCORE}"


class ReviewReport(models.Model):
    """A doubt about a review, by somebody who signed in; the office decides."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="reports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    words = models.TextField(_("what is wrong with it"), max_length=WORDS)
    at = models.DateTimeField(_("reported"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("report of a review")
        verbose_name_plural = _("reports of reviews")
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["review", "user"],
                condition=Q(settled_at__isnull=True),
                name="one_open_report_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.at:%Y-%m-%d}"
