"""Rows of pay-outs, as an order's page and their own list show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from booking.models import Order, Payout
from booking.rules import states
from booking.statements import waiting_words


@dataclass(frozen=True)
class PayoutRow:
    """A share and why it hasn't gone."""

    payout: Payout
    why: str

    @property
    def may_ask(self) -> bool:
        """Whether the bank may be asked again."""
        return self.payout.state == states.FAILED


def payout_rows(payouts_read: Iterable[Payout], *, now: datetime) -> list[PayoutRow]:
    """Put shares beside the reason why they wait."""
    return [PayoutRow(one, waiting_words(one, now=now)) for one in payouts_read]


def payouts_of(order: Order) -> QuerySet[Payout]:
    """Return the shares of an order with what their rows show."""
    rows = Payout.objects.filter(sub_order__order=order).order_by("pk")
    return rows.select_related("sub_order__provider__payout_account", "sub_order__order")
