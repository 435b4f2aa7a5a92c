"""The order: what was sold, to whom, by whom, at which price, under which rules.

Everything that a later edit of an offer could change is copied here when it is sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models.baskets import Basket, BasketLine, Channel
from booking.models.calendar import Slot
from booking.models.mail_keys import MailKey
from booking.models.offers import EURO, Offer, Unit, VatScheme
from booking.rules import states
from destination.models import LegalText
from members.models import CustomerIdentity, Provider
from oti.lib.codes import reference_code, secret_token


class Order(models.Model):
    """One stay bought: one reference, one total, one payment."""

    class State(models.TextChoices):
        AWAITING_PAYMENT = states.AWAITING_PAYMENT, _("awaiting payment")
        CONFIRMED = states.CONFIRMED, _("confirmed")
        EXPIRED = states.EXPIRED, _("expired")
        CANCELLED = states.CANCELLED, _("cancelled")

    class Channel(models.TextChoices):
        SITE = "site", _("this site")
        # By its host, on the phone or at the door: paid there, and no affair of the bank.
        COUNTER = "counter", _("sold by the host")

    class Letters(models.TextChoices):
        # By a program, or before anybody was told.
        UNTOLD = "", _("nothing was said")
        TOLD = "told", _("told that we may write, and may be stopped")
        REFUSED = "refused", _("said no")

    reference = models.CharField(_("reference"), max_length=12, unique=True, default=reference_code)
    access_token = models.CharField(max_length=64, default=secret_token)
    basket = models.ForeignKey(
        Basket, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    # Who bought it, said after the sale (`relations.customers`); nobody where no address was given.
    identity = models.ForeignKey(
        CustomerIdentity, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    state = models.CharField(
        _("state"), max_length=20, choices=State.choices, default=State.AWAITING_PAYMENT
    )
    channel = models.CharField(
        _("sold through"), max_length=8, choices=Channel.choices, default=Channel.SITE
    )
    language = models.CharField(_("language"), max_length=5, default="fr")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    arrival_time = models.TimeField(_("time of arrival"), null=True, blank=True)
    needs = models.TextField(_("special needs"), blank=True)
    # What makes of a buyer somebody to whom we may write, or not (members.rules.consent).
    letters = models.CharField(
        _("letters"), max_length=8, choices=Letters.choices, blank=True, default=Letters.UNTOLD
    )
    gross_amount = models.DecimalField(_("services"), **EURO)
    tourist_tax_amount = models.DecimalField(_("tourist tax collected"), default=0, **EURO)
    tourist_tax_on_site_amount = models.DecimalField(
        _("tourist tax to be paid on site"), default=0, **EURO
    )
    fee_amount = models.DecimalField(_("booking fee"), default=0, **EURO)
    total_amount = models.DecimalField(_("total"), **EURO)
    terms = models.ForeignKey(
        LegalText, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("terms")
    )
    terms_sha256 = models.CharField(max_length=64, blank=True)
    deadline = models.DateTimeField(_("to be paid before"))
    placed_at = models.DateTimeField(_("placed"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    class Meta:
        # In French, a rank and what is bought are two words.
        verbose_name = pgettext_lazy("what is bought", "order")
        verbose_name_plural = _("orders")
        ordering = ("-placed_at",)
        indexes = [
            models.Index(
                fields=["deadline"],
                name="orders_awaiting_payment",
                condition=Q(state=states.AWAITING_PAYMENT),
            ),
            models.Index(Upper("email"), name="orders_of_email_any_case"),
            models.Index(MailKey("email"), name="orders_of_mail_key"),
            # What decides on letters is read from it alone (`relations.segments`).
            models.Index(
                fields=["identity"],
                include=["placed_at", "letters"],
                name="orders_of_known_guests",
                condition=Q(confirmed_at__isnull=False),
            ),
            models.Index(
                fields=["confirmed_at"],
                name="orders_of_unknown_guests",
                condition=Q(identity__isnull=True, confirmed_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(states.ORDER)), name="order_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    total_amount=F("gross_amount") + F("tourist_tax_amount") + F("fee_amount")
                ),
                name="order_total_is_its_parts",
            ),
            models.UniqueConstraint(
                fields=["basket"],
                condition=Q(state=states.AWAITING_PAYMENT),
                name="one_open_order_per_basket",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_counter(self) -> bool:
        """Whether its host sold it, and is paid on site."""
        return self.channel == self.Channel.COUNTER

    @property
    def pay_until(self) -> datetime:
        """Return until when one may pay: the one hour that pages show.

        The grace between it and the deadline is for money on its way, not for the visitor.
        """
        return self.deadline - timedelta(minutes=settings.PAYMENT_GRACE_MINUTES)


class Participant(models.Model):
    """A person of the stay, asked once, shown to a provider only where it takes part."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="participants")
    key = models.CharField(max_length=8)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    age = models.PositiveSmallIntegerField(_("age at arrival"), null=True, blank=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="participant_once_per_order")
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class SubOrder(models.Model):
    """One provider's part of an order (features.md C01)."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="sub_orders")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="sub_orders")
    gross_amount = models.DecimalField(_("services"), **EURO)
    tourist_tax_amount = models.DecimalField(_("tourist tax collected"), default=0, **EURO)
    commission_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    commission_amount = models.DecimalField(_("commission"), default=0, **EURO)
    payout_amount = models.DecimalField(_("due to the provider"), **EURO)

    class Meta:
        verbose_name = _("part of an order")
        verbose_name_plural = _("parts of orders")
        constraints = [
            models.UniqueConstraint(fields=["order", "provider"], name="one_part_per_provider"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("payout_amount") + F("commission_amount")),
                name="part_is_payout_and_commission",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.provider_id}"


class OrderLine(models.Model):
    """One thing sold, with all that was promised when it was sold."""

    class State(models.TextChoices):
        HELD = states.HELD, _("on hold")
        RELEASED = states.RELEASED, _("released")
        SOLD = states.SOLD, _("sold")
        HONOURED = states.HONOURED, _("honoured")
        NO_SHOW = states.NO_SHOW, _("no-show")
        CANCELLED = states.CANCELLED, _("cancelled")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sub_order = models.ForeignKey(SubOrder, on_delete=models.CASCADE, related_name="lines")
    basket_line = models.ForeignKey(
        BasketLine, on_delete=models.SET_NULL, null=True, related_name="order_lines"
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.HELD)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="order_lines")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, null=True, related_name="order_lines")
    arrival = models.DateField(_("arrival"), null=True)
    departure = models.DateField(_("departure"), null=True)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    quantity = models.PositiveSmallIntegerField(default=1)
    participants = models.ManyToManyField(Participant, related_name="lines")
    kind = models.CharField(max_length=16)
    # {"fr": …, "en": …, "de": …} as sold
    titles = models.JSONField()
    unit_name = models.CharField(max_length=80, blank=True)
    commune_name = models.CharField(max_length=80)
    options = models.JSONField(default=list)
    quote = models.JSONField()
    policy = models.JSONField()
    policy_summaries = models.JSONField(default=dict)
    vat_scheme = models.CharField(max_length=12, choices=VatScheme.choices)
    net_amount = models.DecimalField(_("net"), **EURO)
    vat_amount = models.DecimalField(_("VAT"), **EURO)
    gross_amount = models.DecimalField(_("gross"), **EURO)
    tourist_tax_amount = models.DecimalField(_("tourist tax collected"), default=0, **EURO)
    tourist_tax_on_site_amount = models.DecimalField(
        _("tourist tax to be paid on site"), default=0, **EURO
    )
    deposit_amount = models.DecimalField(
        _("deposit asked for on site"), null=True, blank=True, **EURO
    )
    position = models.PositiveSmallIntegerField(default=0)
    # Where it was chosen, as its line of the basket says.
    channel = models.CharField(
        _("chosen"), max_length=8, choices=Channel.choices, default="", db_default="", blank=True
    )
    # The lower price at which it was sold, as its line of the basket says.
    proposal = models.ForeignKey(
        "booking.CampaignNeed",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    # When it was sold, cancelled or changed after: what a host's program asks for since a moment.
    changed_at = models.DateTimeField(null=True, editable=False)
    no_show_at = models.DateTimeField(_("no-show noted"), null=True, blank=True)

    class Meta:
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        ordering = ("starts_at", "position", "pk")
        indexes = [
            models.Index(
                fields=["starts_at"], name="sold_lines_by_start", condition=Q(state=states.SOLD)
            ),
            models.Index(
                fields=["proposal"],
                name="order_lines_with_a_proposal",
                condition=Q(proposal__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(states.LINE)), name="order_line_state_known"
            ),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("vat_amount")),
                name="order_line_gross_is_net_and_vat",
            ),
            models.CheckConstraint(
                condition=Q(state=states.NO_SHOW, no_show_at__isnull=False)
                | ~Q(state=states.NO_SHOW) & Q(no_show_at__isnull=True),
                name="order_line_no_show_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.titles.get('fr', '')}"


class SlotTake(models.Model):
    """What a line takes of a slot: written with the order, counted as sold when it is paid."""

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="takes")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="takes")
    quantity = models.PositiveIntegerField()

    # Dates that share a resource with it, known where `settlement` reads it.
    slots_beside: Sequence[int] = ()

    class Meta:
        verbose_name = _("places of a line")
        verbose_name_plural = _("places of lines")
        ordering = ("slot",)
        constraints = [
            models.UniqueConstraint(fields=["line", "slot"], name="line_takes_a_slot_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.slot_id}"


class OrderItem(models.Model):
    """One row of the itemised price of a line, each with its own VAT."""

    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=160)
    day = models.DateField(null=True)
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_amount = models.DecimalField(**EURO)
    vat_rate = models.DecimalField(max_digits=5, decimal_places=4)
    net_amount = models.DecimalField(**EURO)
    vat_amount = models.DecimalField(**EURO)
    gross_amount = models.DecimalField(**EURO)

    class Meta:
        verbose_name = _("item of a price")
        verbose_name_plural = _("items of prices")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("vat_amount")),
                name="order_item_gross_is_net_and_vat",
            )
        ]

    def __str__(self) -> str:
        return self.label
