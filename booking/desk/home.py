"""What waits for the office today, on the first page of the admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from wagtail.admin.ui.components import Component

from booking.desk.offer_reviews import to_read
from booking.desk.order_list import CARE_UNCOVERED, REFUND_FAILED
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
    confirmed = Order.objects.filter(state=states.CONFIRMED, placed_at__gte=_midnight(now)).count()
    yield Waiting(
        confirmed,
        ngettext("order confirmed today", "orders confirmed today", confirmed),
        f"{orders}?state={states.CONFIRMED}&placed_at_from={today}&placed_at_to={today}",
    )
    arrivals = OrderLine.objects.filter(state=states.SOLD, arrival=today).count()
    yield Waiting(
        arrivals,
        ngettext("arrival today", "arrivals today", arrivals),
        f"{orders}?arrival_from={today}&arrival_to={today}",
    )
    yield from _drafts()
    houses = Provider.objects.filter(enrolment=SUBMITTED).count()
    if houses:
        yield Waiting(
            houses,
            ngettext("house to be read", "houses to be read", houses),
            reverse("desk_enrolment:index"),
        )
    sent = to_read().count()
    if sent:
        yield Waiting(
            sent,
            ngettext("offer of a host to be read", "offers of hosts to be read", sent),
            reverse("desk_offer_reviews:index"),
        )
    declared = Household.objects.filter(state=Household.State.DECLARED).count()
    if declared:
        yield Waiting(
            declared,
            ngettext("household to verify", "households to verify", declared),
            reverse("desk_households:index") + f"?state={Household.State.DECLARED}",
        )
    greeters = Greeter.objects.to_read().count()
    if greeters:
        yield Waiting(
            greeters,
            ngettext("greeter to be read", "greeters to be read", greeters),
            reverse("desk_greeters:index"),
        )
    pages = Ambassador.objects.to_read().count()
    if pages:
        yield Waiting(
            pages,
            ngettext("ambassador’s page to be read", "ambassadors’ pages to be read", pages),
            reverse("desk_ambassadors:index"),
        )
    thanks = Referral.objects.filter(state=Referral.State.EARNED).count()
    if thanks:
        yield Waiting(
            thanks,
            ngettext("thanks to hand over", "thanks to hand over", thanks),
            reverse("desk_referrals:index") + "?state=earned",
        )
    done = missions_to_confirm()
    if done:
        yield Waiting(
            done,
            ngettext("mission to confirm", "missions to confirm", done),
            reverse("desk_mission_takes:index") + "?state=done",
        )
    parcels = Gift.objects.filter(state=Gift.State.ADDRESSED).count()
    if parcels:
        yield Waiting(
            parcels,
            ngettext(
                "parcel of the annual gift to send", "parcels of the annual gift to send", parcels
            ),
            reverse("desk_gifts:index") + f"?state={Gift.State.ADDRESSED}",
        )
    reviews = to_decide().count()
    if reviews:
        yield Waiting(
            reviews,
            ngettext("review to be read", "reviews to be read", reviews),
            reverse("desk_reviews:index") + "?waiting=true",
        )
    yield from (one for one in _troubles(now, orders) if one.count)


def _drafts() -> Iterator[Waiting]:
    """Return the offers that aren't published yet: each count leads to a list of its own."""
    drafts = Offer.objects.filter(state=Offer.State.DRAFT)
    is_lodging = Q(kind=Offer.Kind.LODGING)
    lodgings = drafts.filter(is_lodging).count()
    yield Waiting(
        lodgings,
        ngettext("lodging not published yet", "lodgings not published yet", lodgings),
        reverse("desk_lodgings:index") + f"?state={Offer.State.DRAFT}",
    )
    others = drafts.exclude(is_lodging).count()
    if others:
        yield Waiting(
            others,
            ngettext(
                "activity, ticket, meal or basket not published yet",
                "activities, tickets, meals or baskets not published yet",
                others,
            ),
            reverse("desk_experiences:index") + f"?state={Offer.State.DRAFT}",
        )


def _troubles(now: datetime, orders: str) -> Iterator[Waiting]:
    """Return what went wrong and waits for somebody."""
    refunds = Refund.objects.filter(state=states.FAILED).count()
    yield Waiting(
        refunds,
        ngettext(
            "refund failed: give the money back from the bank's own site",
            "refunds failed: give the money back from the bank's own site",
            refunds,
        ),
        f"{orders}?trouble={REFUND_FAILED}",
        is_trouble=True,
    )
    shares = Payout.objects.filter(state=states.FAILED).count()
    yield Waiting(
        shares,
        ngettext(
            "payment to a provider refused by the bank",
            "payments to providers refused by the bank",
            shares,
        ),
        reverse("desk_payouts:index") + "?state=failed",
        is_trouble=True,
    )
    waiting = SellerAsk.objects.filter(completed_at=None, frozen_at__isnull=False).count()
    yield Waiting(
        waiting,
        ngettext(
            "house whose payments wait for lines for the tax office: call it",
            "houses whose payments wait for lines for the tax office: call them",
            waiting,
        ),
        reverse("desk_sellers:year", args=[day_of(now).year]),
        is_trouble=True,
    )
    long_ago = now - LONG_WAIT
    asked = BookingRequest.objects.filter(state=states.REQUESTED, placed_at__lte=long_ago).count()
    yield Waiting(
        asked,
        ngettext(
            "request that its host leaves without an answer: call the host",
            "requests that their hosts leave without an answer: call the hosts",
            asked,
        ),
        reverse("desk_requests:index") + "?state=requested",
        is_trouble=True,
    )
    doubles = ChannelIncident.objects.exclude(state=states.SETTLED).count()
    yield Waiting(
        doubles,
        ngettext(
            "double booking with another platform: call the host",
            "double bookings with other platforms: call the hosts",
            doubles,
        ),
        reverse("desk_incidents:index"),
        is_trouble=True,
    )
    callbacks = FollowUp.objects.filter(done_at=None).count()
    yield Waiting(
        callbacks,
        ngettext(
            "guest who wouldn’t come back: call within a day",
            "guests who wouldn’t come back: call within a day",
            callbacks,
        ),
        reverse("desk_follow_ups:index") + "?state=open",
        is_trouble=True,
    )
    complaints = Complaint.objects.filter(answered_at=None).count()
    yield Waiting(
        complaints,
        ngettext("complaint to answer", "complaints to answer", complaints),
        reverse("desk_complaints:index") + "?state=open",
        is_trouble=True,
    )
    late = notes_to_do().filter(due_on__lte=day_of(now)).count()
    yield Waiting(
        late,
        ngettext("guest to answer today", "guests to answer today", late),
        reverse("desk_guests:to-do"),
        is_trouble=True,
    )
    given_up = OutboxMessage.objects.filter(state=OutboxMessage.State.FAILED)
    texts = given_up.filter(channel=OutboxMessage.Channel.SMS).count()
    yield Waiting(
        texts,
        ngettext(
            "SMS given up: check the host's number, or call",
            "SMS given up: check the hosts' numbers, or call",
            texts,
        ),
        reverse("desk_outbox:index") + "?state=failed",
        is_trouble=True,
    )
    mails = given_up.filter(channel=OutboxMessage.Channel.MAIL).count()
    yield Waiting(
        mails,
        ngettext(
            "mail given up: check the address and send it again",
            "mails given up: check the address and send them again",
            mails,
        ),
        reverse("desk_outbox:index") + "?state=failed",
        is_trouble=True,
    )
    events = GatewayEvent.objects.filter(processed_at=None, attempts__gte=3).count()
    yield Waiting(
        events,
        ngettext(
            "message of the bank not understood", "messages of the bank not understood", events
        ),
        reverse("desk_bank:index") + "?waiting=yes",
        is_trouble=True,
    )
    uncovered = uncovered_lines(day_of(now)).count()
    yield Waiting(
        uncovered,
        ngettext(
            "childcare booking that no authorisation reaches",
            "childcare bookings that no authorisation reaches",
            uncovered,
        ),
        f"{orders}?trouble={CARE_UNCOVERED}",
        is_trouble=True,
    )
    offers = _offers_without_dates(now).count()
    yield Waiting(
        offers,
        ngettext(
            "published offer without a date to come",
            "published offers without a date to come",
            offers,
        ),
        reverse("desk_experiences:index") + "?state=published&dates=none",
        is_trouble=True,
    )


def _midnight(now: datetime) -> datetime:
    return at_paris(day_of(now), time(0))


def _offers_without_dates(now: datetime) -> QuerySet[Offer]:
    coming = Slot.objects.to_come(now).values("offer_id")
    return Offer.objects.published().exclude(Q(kind=Offer.Kind.LODGING) | Q(pk__in=coming))
