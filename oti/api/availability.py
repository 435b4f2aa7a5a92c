"""When an offer can be had: the nights of a lodging, the slots of anything else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from booking.availability import slot_status, stay_calendar
from booking.models import Offer
from booking.refusals import BadInput, Trouble, trouble
from oti.api import answers
from oti.api.answers import cents, moment
from oti.api.base import ApiView, fault_of, query_of
from oti.api.catalogue import band_rows, published_offer
from oti.api.schema import described
from oti.api.serializers import AvailabilityQuery
from oti.lib.dates import today as day_of

LONGEST_SPAN = 92
USUAL_SPAN = timedelta(days=30)


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
        offer = published_offer(slug, day_of(now))
        first, last = _span(query_of(request, AvailabilityQuery), day_of(now))
        is_sold = offer.pole_id is not None  # type: ignore[attr-defined]
        return Response(
            {
                "offer": offer.slug,
                "first": first.isoformat(),
                "last": last.isoformat(),
                "days": _days(offer, first, last, now=now) if is_sold and offer.is_lodging else [],
                "slots": _slots(offer, first, last, now=now)
                if is_sold and not offer.is_lodging
                else [],
                "prices": band_rows(offer),
            }
        )


def _span(asked: dict[str, Any], today: date) -> tuple[date, date]:
    """Return the days wished; raises BadInput, or ValidationError for too many of them."""
    first = asked.get("from", today)
    last = asked.get("to", first + USUAL_SPAN if first.year < date.max.year else first)
    troubles: list[Trouble] = []
    if last < first:
        troubles.append(trouble("dates_reversed", field="departure"))
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
    slots = (
        offer.slots.filter(day__gte=first, day__lte=last, starts_at__gt=now)
        .with_free(now)
        .order_by("starts_at")
    )
    return [
        {
            "id": one.pk,
            "starts_at": moment(one.starts_at),
            "ends_at": moment(one.ends_at),
            "free": 0 if one.is_closed else max(one.free, 0),
            "status": slot_status(one),
        }
        for one in slots
    ]
