"""A friend's first stay and whom it is owed to: the claim, what came of it, what both are given.

Never money: a welcome for the friend, a thanks for who invited (features.md N14).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.orders import Order
from booking.rules import referrals as rules
from members.models import Ambassador


class ReferralGift(models.Model):
    """What the office gives in these days: a welcome to friends, by pole or to all, or a thanks."""

    class Whom(models.TextChoices):
        FRIEND = "friend", _("the friend’s welcome")
        AMBASSADOR = "ambassador", _("the ambassador’s thanks")

    whom = models.CharField(_("for"), max_length=10, choices=Whom.choices)
    text = models.CharField(_("what is given, and where"), max_length=240)
    # By its name in addresses: poles have versions by date.
    pole = models.SlugField(_("pole"), max_length=50, blank=True)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until (last day)"))
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("welcome or thanks")
        verbose_name_plural = _("welcomes and thanks")
        ordering = ("whom", "-first_day", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="referral_gift_days_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.text


class Referral(models.Model):
    """One order that came with an ambassador's code, and what came of it."""

    class State(models.TextChoices):
        CLAIMED = rules.CLAIMED, pgettext_lazy("referral", "to be looked at")
        PENDING = rules.PENDING, pgettext_lazy("referral", "stay to come")
        EARNED = rules.EARNED, pgettext_lazy("referral", "thanks to hand over")
        HANDED = rules.HANDED, pgettext_lazy("referral", "handed over")
        REFUSED = rules.REFUSED, pgettext_lazy("referral", "not counted")
        TAKEN_BACK = rules.TAKEN_BACK, pgettext_lazy("referral", "taken back")

    class Reason(models.TextChoices):
        SAME_PERSON = rules.SAME_PERSON, _("the same person, or the same address")
        SAME_HOUSEHOLD = rules.SAME_HOUSEHOLD, _("the same household")
        SAME_CARD = rules.SAME_CARD, _("the same card")
        LOOP = rules.LOOP, _("the friend invited the ambassador")
        NOT_FIRST = rules.NOT_FIRST, _("not the first stay of this household")
        COUNTED = rules.COUNTED, _("another booking of this household counts already")
        TOO_LATE = rules.TOO_LATE, _("booked too long after the invitation")
        ENDED = rules.ENDED, _("the ambassador had ended")
        NOTHING_PAID = rules.NOTHING_PAID, _("nothing was paid, or all was given back")
        DID_NOT_COME = rules.DID_NOT_COME, _("nobody came")

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="referral")
    ambassador = models.ForeignKey(
        Ambassador, on_delete=models.CASCADE, related_name="referrals", verbose_name=_("ambassador")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CLAIMED
    )
    reason = models.CharField(_("why"), max_length=14, choices=Reason.choices, blank=True)
    # They ticked « tell my friend »: their first name, and nothing else.
    tells_name = models.BooleanField(_("tells their first name"), default=False)
    # When they came by the code: the window begins there.
    asked_at = models.DateTimeField(_("invited"))
    claimed_at = models.DateTimeField(_("booked"))
    decided_at = models.DateTimeField(null=True, blank=True)
    earned_at = models.DateTimeField(_("earned"), null=True, blank=True)
    handed_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # As promised, by language: a later edit of the office changes nothing of it.
    welcome = models.JSONField(default=dict, blank=True)
    thanks = models.JSONField(default=dict, blank=True)
    note = models.CharField(_("note of the office"), max_length=300, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("invited stay")
        verbose_name_plural = _("invited stays")
        ordering = ("-claimed_at", "-pk")
        indexes = [
            models.Index(
                fields=["state"],
                name="referrals_to_follow",
                condition=Q(state__in=[rules.CLAIMED, rules.PENDING, rules.EARNED]),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(rules.REFERRAL)), name="referral_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[rules.REFUSED, rules.TAKEN_BACK]) & ~Q(reason="")
                | ~Q(state__in=[rules.REFUSED, rules.TAKEN_BACK]) & Q(reason=""),
                name="referral_that_ended_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.ambassador_id}"


class ReferralMark(models.Model):
    """What a household that counts is known by: nobody is thanked for it twice.

    A keyed fingerprint, of an address, a card or a family; deleted where the stay didn't count.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="marks")
    key = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("mark of an invited household")
        verbose_name_plural = _("marks of invited households")

    def __str__(self) -> str:
        return self.key[:8]
