"""What guests answer after a stay: one survey an order, one answer for each thing it asks of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from booking.models.offers import Offer
from booking.models.orders import Order, OrderLine
from booking.rules.satisfaction import BEST_SCORE, MOST_RECOMMEND
from destination.models import Commune
from members.models import Provider
from oti.lib.codes import secret_token

WORDS = 2000


class Survey(models.Model):
    """The questions put to the guest of one order, and what concerns the stay as a whole."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="survey")
    # A key of its own: it opens these questions and what the guest complains of, nothing else.
    access_token = models.CharField(max_length=64, default=secret_token)
    # Where they slept, else where the stay began: the pole that its figures are counted for.
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    last_day = models.DateField(_("end of the stay"))
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("to be answered before"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    recommend = models.PositiveSmallIntegerField(_("would recommend, 0 to 10"), null=True)
    words = models.TextField(_("in their words"), max_length=WORDS, blank=True)
    may_publish = models.BooleanField(_("may be published"), default=False)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ("-asked_at", "-pk")
        indexes = [
            models.Index(
                fields=["-answered_at"],
                name="surveys_answered",
                condition=Q(answered_at__isnull=False),
            ),
            # All that the figures of a period read.
            models.Index(
                fields=["last_day"],
                include=["commune", "recommend"],
                name="surveys_by_last_day",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, recommend__isnull=True)
                | Q(answered_at__isnull=False, recommend__lte=MOST_RECOMMEND),
                name="survey_answered_has_its_answer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.last_day}"

    @property
    def excerpt(self) -> str:
        """Return the beginning of its words, for lists."""
        return Truncator(self.words).chars(90)

    @property
    def lines_text(self) -> str:
        """Write what was said of each host, for tables."""
        return " / ".join(
            f"{one.provider.name}: {one.score or '-'} {one.words}".strip()
            for one in self.answers.all()
        )


class LineAnswer(models.Model):
    """What a guest says of one thing of its stay: its host reads it, no other host does."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers")
    line = models.OneToOneField(OrderLine, on_delete=models.CASCADE, related_name="answer")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="answers")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="answers")
    score = models.PositiveSmallIntegerField(_("score, 1 to 5"), null=True, blank=True)
    words = models.TextField(_("in their words"), max_length=WORDS, blank=True)
    answered_at = models.DateTimeField(_("answered"))

    class Meta:
        verbose_name = _("answer about a line")
        verbose_name_plural = _("answers about lines")
        ordering = ("-answered_at", "-pk")
        indexes = [models.Index(fields=["provider", "-answered_at"], name="answers_of_provider")]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=BEST_SCORE),
                name="answer_score_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=False) | ~Q(words=""), name="answer_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.score or ''}"


class FollowUp(models.Model):
    """What the office does about a guest who wouldn't come back: within a day, then done."""

    survey = models.OneToOneField(Survey, on_delete=models.CASCADE, related_name="follow_up")
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("to be done before"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(_("what was done"), max_length=WORDS, blank=True)

    class Meta:
        verbose_name = _("guest to call back")
        verbose_name_plural = _("guests to call back")
        ordering = ("due_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | ~Q(comment=""),
                name="follow_up_done_says_what",
            )
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.due_at:%Y-%m-%d %H:%M}"
