"""What waits for the office today, on the first page of the admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from booking.models import (
    GatewayEvent,
    Offer,
    Order,
    OrderLine,
    OutboxMessage,
    Payout,
    Refund,
    Slot,
)
from booking.rules import states
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Waiting:
    """A number of things, and where to see them."""

    count: int
    words: str
    url: str
    is_trouble: bool = False


class TodayPanel(Component):
    """Orders and arrivals of the day, and what went wrong."""

    name = "today"
    order = 50
    template_name = "booking/desk/today.html"

    def get_context_data(self, parent_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Count what the panel shows."""
        return {"waiting": list(_waiting())}


def _waiting() -> Iterator[Waiting]:
    now = timezone.now()
    today = day_of(now)
    orders = reverse("desk_orders:index")
    yield Waiting(
        Order.objects.filter(state=states.CONFIRMED, placed_at__gte=_midnight(now)).count(),
        _("orders confirmed today"),
        orders,
    )
    yield Waiting(
        OrderLine.objects.filter(state=states.SOLD, arrival=today).count(),
        _("arrivals today"),
        orders,
    )
    yield Waiting(
        Offer.objects.filter(state=Offer.State.DRAFT).count(),
        _("offers not published yet"),
        reverse("desk_lodgings:index") + "?state=draft",
    )
    for count, words, url in (
        (
            Refund.objects.filter(state=states.FAILED).count(),
            _("refunds failed: give the money back from the bank's own site"),
            orders,
        ),
        (
            Payout.objects.filter(state=states.FAILED).count(),
            _("payments to providers refused by the bank"),
            reverse("desk_payouts:index") + "?state=failed",
        ),
        (
            OutboxMessage.objects.filter(state=OutboxMessage.State.FAILED).count(),
            _("mails given up: check the address and send them again"),
            reverse("desk_outbox:index") + "?state=failed",
        ),
        (
            GatewayEvent.objects.filter(processed_at=None, attempts__gte=3).count(),
            _("messages of the bank not understood"),
            reverse("desk_bank:index"),
        ),
        (
            _offers_without_dates(now).count(),
            _("published offers without a date to come"),
            reverse("desk_experiences:index") + "?state=published",
        ),
    ):
        if count:
            yield Waiting(count, words, url, is_trouble=True)


def _midnight(now: datetime) -> datetime:
    return at_paris(day_of(now), time(0))


def _offers_without_dates(now: datetime) -> QuerySet[Offer]:
    coming = Slot.objects.to_come(now).values("offer_id")
    return Offer.objects.published().exclude(Q(kind=Offer.Kind.LODGING) | Q(pk__in=coming))
