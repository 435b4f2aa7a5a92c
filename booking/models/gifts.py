"""The annual gift: one campaign a year, one gift a household (N07)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.offers import EURO
from booking.rules import gifts as rules
from members.models import CustomerIdentity, Family
from oti.lib.codes import reference_code, secret_token

# Shown to hosts at a counter, typed by hand.
CODE = 10


class GiftCampaign(models.Model):
    """The gift of one year: what it is, what it costs, how far it has come."""

    class Kind(models.TextChoices):
        VOUCHER = rules.VOUCHER, _("voucher, as a PDF")
        PRODUCT = rules.PRODUCT, _("something local, by post")
        EXPERIENCE = rules.EXPERIENCE, _("a tree or an experience")

    class State(models.TextChoices):
        DRAFT = rules.DRAFT, pgettext_lazy("gift", "being prepared")
        LOCKED = rules.LOCKED, pgettext_lazy("gift", "households are fixed")
        SENDING = rules.SENDING, pgettext_lazy("gift", "under way")
        CLOSED = rules.CLOSED, pgettext_lazy("gift", "closed")

    year = models.PositiveSmallIntegerField(
        _("year"), unique=True, validators=[MinValueValidator(2020)]
    )
    kind = models.CharField(_("kind of gift"), max_length=12, choices=Kind.choices)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.DRAFT, editable=False
    )
    title = models.CharField(_("what it is"), max_length=120)
    words = models.TextField(_("your words to the family"), max_length=1200)
    # Where it is exchanged, what it is good for; nothing to say of what comes by post.
    how = models.CharField(_("where and how it is had"), max_length=300, blank=True)
    unit_amount = models.DecimalField(
        _("cost of one"), validators=[MinValueValidator(Decimal("0.01"))], **EURO
    )
    budget_amount = models.DecimalField(
        _("budget"), validators=[MinValueValidator(Decimal("0.01"))], **EURO
    )
    valid_until = models.DateField(_("good until"))
    is_for_hosts = models.BooleanField(_("hosts may redeem it too"), default=False)
    locked_at = models.DateTimeField(_("households fixed"), null=True, editable=False)
    # Households are those that stayed from this day on.
    since = models.DateField(_("stayed since"), null=True, editable=False)
    closed_at = models.DateTimeField(pgettext_lazy("gift", "closed"), null=True, editable=False)

    class Meta:
        verbose_name = _("annual gift")
        verbose_name_plural = _("annual gifts")
        ordering = ("-year",)
        constraints = [
            models.CheckConstraint(condition=Q(unit_amount__gt=0), name="gift_costs_something"),
            models.CheckConstraint(
                condition=Q(budget_amount__gte=F("unit_amount")), name="gift_budget_pays_for_one"
            ),
            models.CheckConstraint(
                condition=Q(state=rules.DRAFT, locked_at__isnull=True)
                | ~Q(state=rules.DRAFT) & Q(locked_at__isnull=False, since__isnull=False),
                name="gift_locked_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} · {self.title}"

    @property
    def is_posted(self) -> bool:
        """Whether it goes by post."""
        return rules.is_posted(self.kind)

    def is_good(self, day: date) -> bool:
        """Tell whether it is still given on a day."""
        return self.state == rules.SENDING and day <= self.valid_until


class Gift(models.Model):
    """One household's gift of a year: the database allows no second one."""

    class State(models.TextChoices):
        WAITING = rules.WAITING, pgettext_lazy("gift", "waits for the budget")
        ELIGIBLE = rules.ELIGIBLE, pgettext_lazy("gift", "to be told")
        TOLD = rules.TOLD, pgettext_lazy("gift", "told")
        ADDRESSED = rules.ADDRESSED, pgettext_lazy("gift", "address given")
        SENT = rules.SENT, pgettext_lazy("gift", "sent")
        REDEEMED = rules.REDEEMED, pgettext_lazy("gift", "redeemed")
        JOINED = rules.JOINED, pgettext_lazy("gift", "the household has another one")
        LAPSED = rules.LAPSED, pgettext_lazy("gift", "not claimed")

    campaign = models.ForeignKey(GiftCampaign, on_delete=models.PROTECT, related_name="gifts")
    # « household:3 » for a second home, else « family:12 »: whose it was when it was locked.
    household_key = models.CharField(max_length=40)
    family = models.ForeignKey(Family, on_delete=models.SET_NULL, null=True, related_name="gifts")
    # Of the last stay: follows its person when two are found to be one.
    identity = models.ForeignKey(
        CustomerIdentity, on_delete=models.SET_NULL, null=True, related_name="gifts"
    )
    # 1 for the oldest relation.
    rank = models.PositiveIntegerField(_("rank"))
    first_day = models.DateField(_("first stay"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    code = models.CharField(
        _("code"), max_length=16, unique=True, default=partial(reference_code, CODE)
    )
    access_token = models.CharField(max_length=64, default=secret_token)
    language = models.CharField(_("language"), max_length=5, default="fr")
    # Whom it is told to and where it is sent: for this gift alone, emptied afterwards.
    email = models.EmailField(_("e-mail"), blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    recipient = models.CharField(_("name on the parcel"), max_length=120, blank=True)
    street = models.CharField(_("number and street"), max_length=160, blank=True)
    extra = models.CharField(_("flat, floor, second line"), max_length=120, blank=True)
    postal_code = models.CharField(_("postcode"), max_length=12, blank=True)
    city = models.CharField(_("town"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    # Of the address, one way: two households that give one address are seen.
    postal_mark = models.CharField(max_length=64, blank=True)
    told_at = models.DateTimeField(_("told"), null=True)
    addressed_at = models.DateTimeField(_("address given"), null=True)
    sent_at = models.DateTimeField(pgettext_lazy("gift", "sent"), null=True)
    redeemed_at = models.DateTimeField(_("redeemed"), null=True)
    redeemed_where = models.CharField(_("redeemed at"), max_length=160, blank=True)
    purged_at = models.DateTimeField(_("address deleted"), null=True)

    class Meta:
        verbose_name = _("gift of a household")
        verbose_name_plural = _("gifts of households")
        ordering = ("campaign", "rank")
        indexes = [models.Index(fields=["campaign", "state", "rank"], name="gifts_in_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "household_key"], name="one_gift_per_household_and_year"
            ),
            models.UniqueConstraint(
                fields=["campaign", "postal_mark"],
                condition=~Q(postal_mark=""),
                name="one_gift_per_postal_address",
            ),
            models.UniqueConstraint(fields=["campaign", "rank"], name="gift_rank_once"),
            models.CheckConstraint(
                condition=Q(state__in=list(rules.GIFT)), name="gift_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=rules.REDEEMED) | Q(redeemed_at__isnull=False),
                name="gift_redeemed_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.code
