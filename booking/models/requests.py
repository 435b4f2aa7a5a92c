"""What somebody asks a host for before it is sold: one line, its price, whom to answer.

A request holds nothing. Everything that a later edit of the offer could change is copied here, so
that what is accepted is what was asked (oti/decisions/0012-on-request.md).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.baskets import Basket, Channel
from booking.models.calendar import Slot
from booking.models.offers import EURO, Offer, Unit, VatScheme
from booking.models.orders import Order
from booking.rules import states
from destination.models import LegalText
from members.models import Provider
from oti.lib.codes import reference_code, secret_token


class BookingRequest(models.Model):
    """One line asked of its host: answered before `deadline`, or lapsed.

    Once accepted it has an order of its own, which is paid or expires as any other.
    """

    class State(models.TextChoices):
        REQUESTED = states.REQUESTED, pgettext_lazy("request", "waiting for an answer")
        ACCEPTED = states.ACCEPTED, pgettext_lazy("request", "accepted")
        DECLINED = states.DECLINED, pgettext_lazy("request", "declined")
        LAPSED = states.LAPSED, pgettext_lazy("request", "lapsed")
        WITHDRAWN = states.WITHDRAWN, pgettext_lazy("request", "withdrawn")

    class Reason(models.TextChoices):
        TAKEN = "taken", _("it is taken already")
        AWAY = "away", _("the house is closed then")
        PARTY = "party", _("it doesn’t suit this party")
        TOO_SOON = "too_soon", _("it is too soon to prepare")
        OTHER = "other", _("another reason")
        # No answer of the host: the date itself doesn't take place.
        CALLED_OFF = "called_off", _("the date was called off")

    code = models.CharField(_("code"), max_length=12, unique=True, default=reference_code)
    access_token = models.CharField(max_length=64, default=secret_token)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.REQUESTED
    )
    basket = models.ForeignKey(
        Basket, on_delete=models.SET_NULL, null=True, blank=True, related_name="requests"
    )
    # What was ordered at the same moment, and what became of the request.
    came_with = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="requests_beside"
    )
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="request"
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="requests", verbose_name=_("provider")
    )
    offer = models.ForeignKey(
        Offer, on_delete=models.PROTECT, related_name="requests", verbose_name=_("offer")
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    slot = models.ForeignKey(
        Slot, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    arrival = models.DateField(_("arrival"), null=True, blank=True)
    departure = models.DateField(_("departure"), null=True, blank=True)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    quantity = models.PositiveSmallIntegerField(default=1)
    # Who takes part: [{"key": "p1", "age": null, "first_name": "Claire", "last_name": "Dupont"}].
    people = models.JSONField(default=list)
    options = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=16)
    titles = models.JSONField()
    unit_name = models.CharField(max_length=80, blank=True)
    quote = models.JSONField()
    policy = models.JSONField()
    policy_summaries = models.JSONField(default=dict, blank=True)
    # Empty for what was asked before it was kept.
    vat_scheme = models.CharField(
        max_length=12, choices=VatScheme.choices, blank=True, default="", db_default=""
    )
    gross_amount = models.DecimalField(_("services"), **EURO)
    tourist_tax_amount = models.DecimalField(_("tourist tax collected"), default=0, **EURO)
    tourist_tax_on_site_amount = models.DecimalField(
        _("tourist tax to be paid on site"), default=0, **EURO
    )
    total_amount = models.DecimalField(_("total"), **EURO)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    language = models.CharField(_("language"), max_length=5, default="fr")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    arrival_time = models.TimeField(_("time of arrival"), null=True, blank=True)
    needs = models.TextField(_("special needs"), blank=True)
    terms = models.ForeignKey(
        LegalText, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("terms")
    )
    placed_at = models.DateTimeField(_("asked"))
    # From where and with what it was asked, for the evidence of the order that it may become.
    shown_at = models.DateTimeField(null=True, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=400, blank=True)
    deadline = models.DateTimeField(_("to be answered before"))
    reminded_at = models.DateTimeField(_("host reminded"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    words = models.TextField(_("words to the guest"), blank=True)
    # Where it was chosen, as its line of the basket said.
    channel = models.CharField(
        _("chosen"), max_length=8, choices=Channel.choices, default="", db_default="", blank=True
    )
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ("deadline", "pk")
        indexes = [
            models.Index(
                fields=["deadline"], name="requests_waiting", condition=Q(state=states.REQUESTED)
            ),
            models.Index(fields=["provider", "state"], name="requests_of_provider"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(states.REQUEST)), name="request_state_known"
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, slot__isnull=True)
                | Q(unit__isnull=True, slot__isnull=False),
                name="request_is_a_stay_or_a_slot",
            ),
            models.CheckConstraint(
                condition=Q(total_amount=F("gross_amount") + F("tourist_tax_amount")),
                name="request_total_is_its_parts",
            ),
            # What was never accepted has no order; what was, always.
            models.CheckConstraint(
                condition=Q(state__in=[states.REQUESTED, states.DECLINED], order__isnull=True)
                | Q(state=states.ACCEPTED, order__isnull=False)
                | Q(state__in=[states.LAPSED, states.WITHDRAWN]),
                name="request_accepted_has_order",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_waiting(self) -> bool:
        """Whether its host hasn't answered yet."""
        return self.state == states.REQUESTED
