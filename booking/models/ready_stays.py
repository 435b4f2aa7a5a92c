"""Ready-made stays: what the office proposes as a whole, day by day, on offers that are sold.

They hold criteria and nothing of their own is sold: hours, prices and places are those of the
offers, asked for anew each time (features.md G01–G04, G06, G09).
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel

from booking.models.offers import Offer

LONGEST_READY_STAY = 14
MONTH = [MinValueValidator(1), MaxValueValidator(12)]


class ReadyStayQuerySet(models.QuerySet["ReadyStay"]):
    """Stays that the office wrote."""

    def published(self) -> ReadyStayQuerySet:
        """Return what visitors may see."""
        return self.filter(state=ReadyStay.State.PUBLISHED)


class ReadyStay(ClusterableModel):
    """A whole stay as the office proposes it, without dates: its days are counted from arrival."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")

    class Theme(models.TextChoices):
        FAMILY = "family", _("With the family")
        ROOTS = "roots", _("Back to the sources")
        CALM = "calm", _("Well-being and silence")
        SNOW = "snow", _("Gentle snow")
        CRAFT = "craft", _("Crafts and know-how")
        MUSIC = "music", _("Music")
        FOOD = "food", _("Good and organic food")
        WILD = "wild", _("Wide open spaces")

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    slug = models.SlugField(_("address of the page"), max_length=90, unique=True)
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("in one or two sentences"), max_length=280)
    description = models.TextField(_("description"), blank=True)
    included = models.TextField(_("what it includes"), blank=True)
    excluded = models.TextField(_("what it doesn't include"), blank=True)
    themes = models.JSONField(_("themes"), default=list, blank=True)
    nights = models.PositiveSmallIntegerField(
        _("nights"), validators=[MinValueValidator(1), MaxValueValidator(LONGEST_READY_STAY)]
    )
    # The months of arrival, both included; they may go over New Year.
    season_from_month = models.PositiveSmallIntegerField(
        _("proposed from month"), null=True, blank=True, validators=MONTH
    )
    season_to_month = models.PositiveSmallIntegerField(
        _("proposed up to month"), null=True, blank=True, validators=MONTH
    )
    min_party = models.PositiveSmallIntegerField(
        _("persons at least"), default=1, validators=[MinValueValidator(1)]
    )
    max_party = models.PositiveSmallIntegerField(
        _("persons at most"), default=8, validators=[MinValueValidator(1)]
    )
    photo = models.ForeignKey(
        "destination.Picture",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("photo"),
    )
    illustration = models.CharField(
        _("drawing shown without photograph"), max_length=24, default="gite"
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_demo = models.BooleanField(_("demonstration"), default=False, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ReadyStayQuerySet.as_manager()

    class Meta:
        verbose_name = _("ready-made stay")
        verbose_name_plural = _("ready-made stays")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(nights__gte=1, nights__lte=LONGEST_READY_STAY),
                name="ready_stay_has_nights",
            ),
            models.CheckConstraint(
                condition=Q(min_party__lte=F("max_party")), name="ready_stay_party_in_order"
            ),
            models.CheckConstraint(
                condition=Q(season_from_month__isnull=True, season_to_month__isnull=True)
                | Q(
                    season_from_month__gte=1,
                    season_from_month__lte=12,
                    season_to_month__gte=1,
                    season_to_month__lte=12,
                ),
                name="ready_stay_season_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        """Whether visitors may see it."""
        return self.state == self.State.PUBLISHED

    @property
    def months(self) -> frozenset[int]:
        """Return the months in which one may arrive: every one where no season is given."""
        first, last = self.season_from_month, self.season_to_month
        if first is None or last is None:
            return frozenset(range(1, 13))
        if first <= last:
            return frozenset(range(first, last + 1))
        return frozenset({*range(first, 13), *range(1, last + 1)})


class ReadyStep(ClusterableModel):
    """One part of it: an offer on a day counted from arrival, and what may take its place."""

    class Who(models.TextChoices):
        EVERYBODY = "everybody", _("everybody")
        ADULTS = "adults", _("the adults")
        CHILDREN = "children", _("the children")
        STAY = "stay", _("one for the whole stay")

    stay = ParentalKey(ReadyStay, on_delete=models.CASCADE, related_name="steps")
    day = models.PositiveSmallIntegerField(
        _("day"), validators=[MinValueValidator(1), MaxValueValidator(LONGEST_READY_STAY + 1)]
    )
    starts_from = models.TimeField(_("begins at the earliest"), null=True, blank=True)
    starts_until = models.TimeField(_("begins at the latest"), null=True, blank=True)
    # An offer that was deleted leaves a step without: the stay says what it lacks.
    offer = models.ForeignKey(
        Offer,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("first choice"),
    )
    others = ParentalManyToManyField(
        Offer, blank=True, related_name="+", verbose_name=_("or one of these")
    )
    choose = models.PositiveSmallIntegerField(
        _("how many of them"), default=1, validators=[MinValueValidator(1), MaxValueValidator(6)]
    )
    lasts = models.PositiveSmallIntegerField(
        _("nights, or days lent"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_READY_STAY)],
    )
    who = models.CharField(_("for"), max_length=12, choices=Who.choices, default=Who.EVERYBODY)
    is_optional = models.BooleanField(_("only for those who ask for it"), default=False)
    note = models.CharField(_("a word about it"), max_length=200, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("ready-made stay", "step")
        verbose_name_plural = pgettext_lazy("ready-made stay", "steps")
        ordering = ("day", "starts_from", "pk")

    def __str__(self) -> str:
        return f"{self.day} · {self.offer or '—'}"
