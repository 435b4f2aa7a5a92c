"""When an offer can be had: the nights of a lodging, the slots of anything else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from booking.free_slots import slot_status
from booking.kept_offers import offer_of_slug
from booking.models import Offer, Slot
from booking.models.calendar import slots_with_free
from booking.quoting import TOO_NEAR, facts_of, notice_of
from booking.refusals import BadInput, Trouble, trouble
from booking.rules.kinds import PLACES
from booking.stay_calendar import stay_calendar
from destination.models.territory import pole_by_commune
from oti.api import answers
from oti.api.answers import cents, moment
from oti.api.base import ApiView, fault_of, query_of
from oti.api.catalogue import band_rows
from oti.api.schema import described
from oti.api.serializers import AvailabilityQuery
from oti.lib.dates import today as day_of

LONGEST_SPAN = 92
USUAL_SPAN = timedelta(days=30)
# The dates themselves and the capacities beside them.
BETWEEN = "s.offer_id = %(offer)s AND s.day BETWEEN %(first)s AND %(last)s"


class AvailabilityView(ApiView):
    """When an offer can be had."""

    is_public = True
    fields_renamed = {"arrival": "from", "departure": "to"}

    @described(
        "show_availability", {200: answers.Availability}, refusals=(404,), query=[AvailabilityQuery]
    )
    def get(self, request: Request, slug: str) -> Response:
        """Answer each night of a lodging, or each slot to come, of 92 days at most."""
        now = timezone.now()
        today = day_of(now)
        offer = _published(slug)
        first, last = _span(query_of(request, AvailabilityQuery), today)
        is_sold = offer.commune_id in pole_by_commune(today)
        return Response(
            {
                "offer": offer.slug,
                "first": first.isoformat(),
                "last": last.isoformat(),
                "days": _days(offer, first, last, now=now) if is_sold and offer.is_lodging else [],
                "slots": _slots(offer, first, last, now=now)
                if is_sold and not offer.is_lodging
                else [],
                "prices": [] if offer.is_lodging else band_rows(offer),
            }
        )


def _published(slug: str) -> Offer:
    """Return what visitors may see; a draft or a withdrawn offer isn't known to exist."""
    offer = offer_of_slug(slug)
    if offer is None or not offer.is_published:
        raise Http404
    return offer


def _span(asked: dict[str, Any], today: date) -> tuple[date, date]:
    """Return the days wished; raises BadInput, or ValidationError for too many of them."""
    first = asked.get("from", today)
    last = asked.get("to", first + USUAL_SPAN if first.year < date.max.year else first)
    troubles: list[Trouble] = []
    if last < first:
        text = _("The last day must not come before the first one.")
        troubles.append(Trouble("dates_reversed", text, field="departure"))
    if first < today:
        troubles.append(trouble("in_the_past", field="arrival"))
    elif first > today + timedelta(days=settings.SEARCH_HORIZON_DAYS):
        troubles.append(trouble("too_far", field="arrival"))
    if troubles:
        raise BadInput(*troubles)
    if (last - first).days >= LONGEST_SPAN:
        text = _("Ask for %(days)s days at most.") % {"days": LONGEST_SPAN}
        raise fault_of(field="to", text=text, code="span_too_long")
    return first, last


def _days(offer: Offer, first: date, last: date, *, now: datetime) -> list[dict[str, Any]]:
    rows = []
    month = first.replace(day=1)
    while month <= last:
        shown = stay_calendar(offer, year=month.year, month=month.month, now=now)
        rows += [
            {
                "day": day.day.isoformat(),
                "is_free": day.is_free,
                "can_arrive": day.can_arrive,
                "price_cents": None if day.price is None else cents(day.price),
                "reason": day.reason,
            }
            for week in shown.weeks
            for day in week
            if day is not None and first <= day.day <= last
        ]
        month = (month + timedelta(days=31)).replace(day=1)
    return rows


def _slots(offer: Offer, first: date, last: date, *, now: datetime) -> list[dict[str, Any]]:
    """Return the dates that may still be joined and on which this kind may be sold.

    What is left is counted as the pages count it: children for a carer, not its units; nothing
    where a shared resource is taken or it had to be booked earlier. Two statements at most.
    """
    rules, facts = offer.kind_rules, facts_of(offer)
    found = slots_with_free(BETWEEN, {"offer": offer.pk, "first": first, "last": last}, now=now)
    sides: dict[datetime, dict[str, int]] = defaultdict(dict)
    for one in found:
        if one.resource != PLACES:
            sides[one.starts_at][one.resource] = one.free
    return [
        _slot(offer, one, sides.get(one.starts_at, {}), now=now)
        for one in found
        if one.resource == PLACES
        and (one.starts_at if rules.begins else one.ends_at) > now
        and not rules.check_day(facts, one.day)
    ]


def _slot(offer: Offer, slot: Slot, beside: Mapping[str, int], *, now: datetime) -> dict[str, Any]:
    rules = offer.stock_rules
    status = slot_status(slot)
    notice = notice_of(offer, slot, now=now)
    if notice and notice.code in TOO_NEAR and not slot.is_closed:
        status = "too_late"
    is_shut = slot.is_closed or status in {"resource_busy", "too_late"}
    free = 0 if is_shut else rules.places_left(slot.free, ())
    if not free and not is_shut:
        # Units are left, but not enough for one more.
        is_sold_out = rules.places_left(slot.capacity - slot.sold, ()) <= 0
        status = "sold_out" if is_sold_out else "held_by_others"
    return {
        "id": slot.pk,
        "starts_at": moment(slot.starts_at),
        "ends_at": moment(slot.ends_at),
        "free": free,
        "status": status,
        "sides": [
            {
                "code": side.resource,
                "label": _(side.label),
                "free": 0 if is_shut else max(beside.get(side.resource, 0), 0),
            }
            for side in rules.sides
            # An optional one that a date hasn't is not counted apart.
            if side.resource in beside or not side.is_optional
        ],
    }
