"""What was shown and accepted when an order was placed: written once, never changed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.models.messages import OutboxMessage
from booking.models.orders import Order
from destination.models import LegalText


class EvidenceIsFinal(Exception):
    """Somebody tried to change or delete what was kept as evidence."""


class EvidenceQuerySet(models.QuerySet["OrderEvidence"]):
    """Rows that are read and never written again."""

    def update(self, **values: Any) -> NoReturn:
        """Refuse: evidence is written once."""
        raise EvidenceIsFinal

    def bulk_update(self, *args: Any, **values: Any) -> NoReturn:
        """Refuse: evidence is written once."""
        raise EvidenceIsFinal

    def delete(self) -> NoReturn:
        """Refuse: evidence is kept as long as its order."""
        raise EvidenceIsFinal


class OrderEvidence(models.Model):
    """The evidence of one order (domain.md §2.6). Its fingerprint stands in the journal too."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="evidence")
    is_package = models.BooleanField(_("package"))
    reason = models.CharField(_("why"), max_length=20)
    rule_version = models.CharField(_("version of the rule"), max_length=20)
    # [{"line", "title", "kind", "type", "value", "intrinsic", "essential", …}]: values in euros
    types = models.JSONField(_("types and values"))
    d_share = models.DecimalField(
        _("share of other services"), max_digits=5, decimal_places=4, null=True
    )
    form = models.ForeignKey(
        LegalText,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("information form"),
    )
    form_version = models.CharField(max_length=20, blank=True)
    form_sha256 = models.CharField(max_length=64, blank=True)
    form_language = models.CharField(max_length=5, blank=True)
    terms = models.ForeignKey(
        LegalText, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("terms")
    )
    terms_version = models.CharField(max_length=20, blank=True)
    terms_sha256 = models.CharField(max_length=64, blank=True)
    terms_language = models.CharField(max_length=5, blank=True)
    shown_at = models.DateTimeField(_("shown"), null=True)
    accepted_at = models.DateTimeField(_("accepted"))
    ip = models.GenericIPAddressField(_("address of the computer"), null=True)
    user_agent = models.CharField(_("browser"), max_length=400, blank=True)
    basket = models.JSONField(_("basket"))
    price = models.JSONField(_("price"))
    organiser = models.JSONField(_("organiser"), default=dict)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence of an order")
        verbose_name_plural = _("evidence of orders")

    def __str__(self) -> str:
        return f"{self.order_id} · {self.rule_version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it the first time only; raises EvidenceIsFinal afterwards."""
        if self.pk is not None:
            raise EvidenceIsFinal
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: evidence is kept as long as its order."""
        raise EvidenceIsFinal

    @property
    def sha256(self) -> str:
        """Return the fingerprint of everything kept; the journal holds the one of its writing."""
        names = [field.attname for field in self._meta.concrete_fields if field.attname != "id"]
        kept = {name: _plain(getattr(self, name)) for name in names}
        text = json.dumps(kept, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def mail(self) -> OutboxMessage | None:
        """Return the confirmation that carried the contract; its id is known once it is sent."""
        return self.order.messages.filter(kind="order_confirmed").first()


def _plain(value: Any) -> Any:
    """Return a column's value as JSON writes it, the same before and after the database."""
    if value is None or isinstance(value, bool | int | str | dict | list):
        return value
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
