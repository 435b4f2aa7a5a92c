"""What waits for the office today, on the first page of the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext_lazy
from wagtail.admin.ui.components import Component

from booking.desk.offer_reviews import to_read
from booking.desk.order_list import CALLED_OFF, CARE_UNCOVERED, REFUND_FAILED, called_off_lines
from booking.models import (
    BookingRequest,
    ChannelIncident,
    Complaint,
    FollowUp,
    GatewayEvent,
    Gift,
    Offer,
    Order,
    OrderLine,
    OutboxMessage,
    Payout,
    Referral,
    Refund,
    SellerAsk,
    Slot,
)
from booking.permits import uncovered_lines
from booking.relations.conversation import notes_to_do
from booking.relations.missions import to_confirm as missions_to_confirm
from booking.relations.reviews import to_decide
from booking.rules import states
from booking.rules.requests import LONG_WAIT
from members.models import Ambassador, Greeter, Household, Provider
from members.rules.enrolment import SUBMITTED
from oti.lib.dates import at_paris
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Waiting:
    """A number of things, and where to see them."""

    count: int
    words: str
    url: str
    is_trouble: bool = False


@dataclass(frozen=True)
class Pile:
    """Things that wait for somebody: how to count them, their name for a number, their list.

    The list shows exactly what is counted. What nothing waits in isn't shown, but for what says
    how the day goes.
    """

    count: Callable[[datetime], int]
    words: Any
    index: str
    query: str | Callable[[date], str] = ""
    is_always: bool = False

    def shown(self, now: datetime, *, is_trouble: bool = False) -> Waiting | None:
        """Return what the first page says of it now, None if it needs no word."""
        count = self.count(now)
        if not count and not self.is_always:
            return None
        query = self.query if isinstance(self.query, str) else self.query(day_of(now))
        return Waiting(
            count=count,
            words=self.words % count,
            url=reverse(self.index) + query,
            is_trouble=is_trouble,
        )


class TodayPanel(Component):
    """Orders and arrivals of the day, and what went wrong."""

    name = "today"
    order = 50
    template_name = "booking/desk/today.html"

    def get_context_data(self, parent_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Count what the panel shows."""
        return {"waiting": list(_waiting(timezone.now()))}


def _waiting(now: datetime) -> Iterator[Waiting]:
    shown = [pile.shown(now) for pile in (*OF_THE_DAY, *TO_READ)]
    shown += [pile.shown(now, is_trouble=True) for pile in TROUBLES]
    yield from (one for one in shown if one is not None)


# --- What is counted ------------------------------------------------------------------------------
def _confirmed_today(now: datetime) -> int:
    midnight = at_paris(day_of(now), time(0))
    return Order.objects.filter(state=states.CONFIRMED, placed_at__gte=midnight).count()


def _arrivals(now: datetime) -> int:
    return OrderLine.objects.filter(state=states.SOLD, arrival=day_of(now)).count()


def _drafts(*, of_lodgings: bool) -> Callable[[datetime], int]:
    is_lodging = Q(kind=Offer.Kind.LODGING)
    which = is_lodging if of_lodgings else ~is_lodging
    return lambda now: Offer.objects.filter(which, state=Offer.State.DRAFT).count()


def _given_up(channel: str) -> Callable[[datetime], int]:
    failed = OutboxMessage.State.FAILED
    return lambda now: OutboxMessage.objects.filter(state=failed, channel=channel).count()


def _unanswered(now: datetime) -> int:
    long_ago = now - LONG_WAIT
    return BookingRequest.objects.filter(state=states.REQUESTED, placed_at__lte=long_ago).count()


def _offers_without_dates(now: datetime) -> int:
    coming = Slot.objects.to_come(now).values("offer_id")
    kinds = Q(kind=Offer.Kind.LODGING)
    return Offer.objects.published().exclude(kinds | Q(pk__in=coming)).count()


# --- The first page, from top to bottom -----------------------------------------------------------
OF_THE_DAY = (
    Pile(
        count=_confirmed_today,
        words=ngettext_lazy("order confirmed today", "orders confirmed today"),
        index="desk_orders:index",
        query=lambda day: f"?state={states.CONFIRMED}&placed_at_from={day}&placed_at_to={day}",
        is_always=True,
    ),
    Pile(
        count=_arrivals,
        words=ngettext_lazy("arrival today", "arrivals today"),
        index="desk_orders:index",
        query=lambda day: f"?arrival_from={day}&arrival_to={day}",
        is_always=True,
    ),
    Pile(
        count=_drafts(of_lodgings=True),
        words=ngettext_lazy("lodging not published yet", "lodgings not published yet"),
        index="desk_lodgings:index",
        query=f"?state={Offer.State.DRAFT}",
        is_always=True,
    ),
    Pile(
        count=_drafts(of_lodgings=False),
        words=ngettext_lazy(
            "activity, ticket, meal or basket not published yet",
            "activities, tickets, meals or baskets not published yet",
        ),
        index="desk_experiences:index",
        query=f"?state={Offer.State.DRAFT}",
    ),
)
TO_READ = (
    Pile(
        count=lambda now: Provider.objects.filter(enrolment=SUBMITTED).count(),
        words=ngettext_lazy("house to be read", "houses to be read"),
        index="desk_enrolment:index",
    ),
    Pile(
        count=lambda now: to_read().count(),
        words=ngettext_lazy("offer of a host to be read", "offers of hosts to be read"),
        index="desk_offer_reviews:index",
    ),
    Pile(
        count=lambda now: Household.objects.filter(state=Household.State.DECLARED).count(),
        words=ngettext_lazy("household to verify", "households to verify"),
        index="desk_households:index",
        query=f"?state={Household.State.DECLARED}",
    ),
    Pile(
        count=lambda now: Greeter.objects.to_read().count(),
        words=ngettext_lazy("greeter to be read", "greeters to be read"),
        index="desk_greeters:index",
    ),
    Pile(
        count=lambda now: Ambassador.objects.to_read().count(),
        words=ngettext_lazy("ambassador’s page to be read", "ambassadors’ pages to be read"),
        index="desk_ambassadors:index",
    ),
    Pile(
        count=lambda now: Referral.objects.filter(state=Referral.State.EARNED).count(),
        words=ngettext_lazy("thanks to hand over", "thanks to hand over"),
        index="desk_referrals:index",
        query=f"?state={Referral.State.EARNED}",
    ),
    Pile(
        count=lambda now: missions_to_confirm(),
        words=ngettext_lazy("mission to confirm", "missions to confirm"),
        index="desk_mission_takes:index",
        query="?state=done",
    ),
    Pile(
        count=lambda now: Gift.objects.filter(state=Gift.State.ADDRESSED).count(),
        words=ngettext_lazy(
            "parcel of the annual gift to send", "parcels of the annual gift to send"
        ),
        index="desk_gifts:index",
        query=f"?state={Gift.State.ADDRESSED}",
    ),
    Pile(
        count=lambda now: to_decide().count(),
        words=ngettext_lazy("review to be read", "reviews to be read"),
        index="desk_reviews:index",
        query="?waiting=true",
    ),
)
TROUBLES = (
    Pile(
        count=lambda now: Refund.objects.filter(state=states.FAILED).count(),
        words=ngettext_lazy(
            "refund failed: give the money back from the bank's own site",
            "refunds failed: give the money back from the bank's own site",
        ),
        index="desk_orders:index",
        query=f"?trouble={REFUND_FAILED}",
    ),
    Pile(
        count=lambda now: called_off_lines().values("order").distinct().count(),
        words=ngettext_lazy(
            "order of a date that is called off: not given back yet",
            "orders of dates that are called off: not given back yet",
        ),
        index="desk_orders:index",
        query=f"?trouble={CALLED_OFF}",
    ),
    Pile(
        count=lambda now: Payout.objects.filter(state=states.FAILED).count(),
        words=ngettext_lazy(
            "payment to a provider refused by the bank",
            "payments to providers refused by the bank",
        ),
        index="desk_payouts:index",
        query=f"?state={states.FAILED}",
    ),
    Pile(
        count=lambda now: SellerAsk.objects.filter(
            completed_at=None, frozen_at__isnull=False
        ).count(),
        words=ngettext_lazy(
            "house whose payments wait for lines for the tax office: call it",
            "houses whose payments wait for lines for the tax office: call them",
        ),
        index="desk_sellers:index",
        query=lambda day: f"{day.year}/",
    ),
    Pile(
        count=_unanswered,
        words=ngettext_lazy(
            "request that its host leaves without an answer: call the host",
            "requests that their hosts leave without an answer: call the hosts",
        ),
        index="desk_requests:index",
        query=f"?state={states.REQUESTED}",
    ),
    Pile(
        count=lambda now: ChannelIncident.objects.exclude(state=states.SETTLED).count(),
        words=ngettext_lazy(
            "double booking with another platform: call the host",
            "double bookings with other platforms: call the hosts",
        ),
        index="desk_incidents:index",
    ),
    Pile(
        count=lambda now: FollowUp.objects.filter(done_at=None).count(),
        words=ngettext_lazy(
            "guest who wouldn’t come back: call within a day",
            "guests who wouldn’t come back: call within a day",
        ),
        index="desk_follow_ups:index",
        query="?state=open",
    ),
    Pile(
        count=lambda now: Complaint.objects.filter(answered_at=None).count(),
        words=ngettext_lazy("complaint to answer", "complaints to answer"),
        index="desk_complaints:index",
        query="?state=open",
    ),
    Pile(
        count=lambda now: notes_to_do().filter(due_on__lte=day_of(now)).count(),
        words=ngettext_lazy("guest to answer today", "guests to answer today"),
        index="desk_guests:to-do",
    ),
    Pile(
        count=_given_up(OutboxMessage.Channel.SMS),
        words=ngettext_lazy(
            "SMS given up: check the host's number, or call",
            "SMS given up: check the hosts' numbers, or call",
        ),
        index="desk_outbox:index",
        query=f"?state={OutboxMessage.State.FAILED}&channel={OutboxMessage.Channel.SMS}",
    ),
    Pile(
        count=_given_up(OutboxMessage.Channel.MAIL),
        words=ngettext_lazy(
            "mail given up: check the address and send it again",
            "mails given up: check the address and send them again",
        ),
        index="desk_outbox:index",
        query=f"?state={OutboxMessage.State.FAILED}&channel={OutboxMessage.Channel.MAIL}",
    ),
    Pile(
        count=lambda now: GatewayEvent.objects.filter(processed_at=None, attempts__gte=3).count(),
        words=ngettext_lazy(
            "message of the bank not understood", "messages of the bank not understood"
        ),
        index="desk_bank:index",
        query="?waiting=yes",
    ),
    Pile(
        count=lambda now: uncovered_lines(day_of(now)).count(),
        words=ngettext_lazy(
            "childcare booking that no authorisation reaches",
            "childcare bookings that no authorisation reaches",
        ),
        index="desk_orders:index",
        query=f"?trouble={CARE_UNCOVERED}",
    ),
    Pile(
        count=_offers_without_dates,
        words=ngettext_lazy(
            "published offer without a date to come", "published offers without a date to come"
        ),
        index="desk_experiences:index",
        query="?state=published&dates=none",
    ),
)
