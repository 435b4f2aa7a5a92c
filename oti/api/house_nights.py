"""The lodgings of a house for its own program: their nights read, closed, opened and priced.

The same use cases as the host's calendar; what is written here can be undone there.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from booking.house_keys import actor_of
from booking.models import Unit
from booking.night_changes import CLOSE, EXCEPTION, NightsChange
from booking.night_changes import OPEN as REOPEN
from booking.night_sheet import CLOSED, by_night, night_terms, taken_nights, units_of
from booking.night_spans import write_spans
from booking.quoting import stay_limits, stay_terms
from booking.refusals import BadInput, trouble
from booking.rules.day_spans import days_of
from members.models import HouseKey
from oti.api import house_shapes
from oti.api.answers import cents
from oti.api.base import body_of, fault_of, query_of
from oti.api.house import IDEMPOTENCY, HouseView, house_of, key_of, needs, once
from oti.api.schema import described
from oti.api.serializers import Nothing
from oti.lib.dates import LAST_DAY, ONE_DAY
from oti.lib.dates import today as day_of

Scope = HouseKey.Scope
READ = (Scope.AVAILABILITY_READ.value, Scope.PRICES_READ.value)
WRITE = (Scope.AVAILABILITY_WRITE.value, Scope.PRICES_WRITE.value)
LONGEST_SPAN = 400
USUAL_SPAN = timedelta(days=30)


class UnitsView(HouseView):
    """The lodgings of a house."""

    scopes = {"GET": READ}

    @described(
        "list_own_units",
        {200: house_shapes.UnitsOfHouse},
        refusals=(401, 403),
        query=[],
        keys=("house_key",),
    )
    def get(self, request: Request) -> Response:
        """Answer every lodging that still is the business of this house."""
        query_of(request, Nothing)
        units = list(units_of(house_of(request)))
        by_tariff: dict[int, list[int]] = defaultdict(list)
        for one in units:
            if one.tariff_id is not None:
                by_tariff[one.tariff_id].append(one.pk)
        rows = [
            {
                "id": one.pk,
                "name": one.name,
                "offer": {"slug": one.offer.slug, "title": one.offer.title},
                "max_guests": one.max_guests,
                "shares_prices_with": [
                    pk for pk in by_tariff.get(one.tariff_id or 0, []) if pk != one.pk
                ],
            }
            for one in units
        ]
        return Response({"results": rows})


class NightsView(HouseView):
    """The nights of one lodging."""

    scopes = {"GET": READ, "PUT": WRITE}

    @described(
        "show_own_nights",
        {200: house_shapes.NightsOfUnit},
        refusals=(401, 403, 404),
        query=[house_shapes.DaysQuery],
        keys=("house_key",),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Answer each night: how it stands, what it costs, as far as the key may read it."""
        unit, now = _own_unit(request, pk), timezone.now()
        first, last = span_of(query_of(request, house_shapes.DaysQuery), day_of(now))
        return Response({"unit": unit.pk, "days": _days(request, unit, first, last, now=now)})

    @described(
        "change_own_nights",
        {200: house_shapes.SpansWritten},
        refusals=(401, 403, 404, 409, 503),
        query=[IDEMPOTENCY],
        keys=("house_key",),
        request=house_shapes.SpansGiven,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Close, open and price spans of nights: all of them, or none with every reason."""
        unit = _own_unit(request, pk)
        asked = body_of(request, house_shapes.SpansGiven)["spans"]
        if any("status" in one for one in asked):
            needs(request, Scope.AVAILABILITY_WRITE.value)
        if any("price_cents" in one or "min_stay" in one for one in asked):
            needs(request, Scope.PRICES_WRITE.value)
        return once(request, lambda: _write(request, unit, asked))


def _own_unit(request: Request, pk: int) -> Unit:
    """Return a lodging of this house; another's isn't known to exist."""
    unit = units_of(house_of(request)).filter(pk=pk).first()
    if unit is None:
        raise Http404
    return unit


def span_of(asked: dict[str, Any], today: date) -> tuple[date, date]:
    """Return the days wished, both included; raises BadInput, or ValidationError for too many."""
    first = asked.get("from", today)
    last = asked.get("to", min(first + USUAL_SPAN, LAST_DAY) if first < LAST_DAY else first)
    if last > LAST_DAY:
        raise BadInput(trouble("too_far", field="to"))
    if last < first:
        text = _("The last day must not come before the first one.")
        raise fault_of(field="to", text=text, code="dates_reversed")
    if (last - first).days >= LONGEST_SPAN:
        text = _("Ask for %(days)s days at most.") % {"days": LONGEST_SPAN}
        raise fault_of(field="to", text=text, code="span_too_long")
    return first, last


def _days(
    request: Request, unit: Unit, first: date, last: date, *, now: datetime
) -> list[dict[str, Any]]:
    scopes = key_of(request).scopes
    days = days_of(first, last + ONE_DAY)
    may_see, may_price = READ[0] in scopes, READ[1] in scopes
    may_name = HouseKey.Scope.BOOKINGS_READ in scopes
    taken = by_night(
        taken_nights([unit.pk], first, last + ONE_DAY, now=now) if may_see else [],
        first,
        last + ONE_DAY,
    ).get(unit.pk, {})
    terms = night_terms(stay_terms(unit), stay_limits(unit), days) if unit.tariff_id else {}
    rows = []
    for day in days:
        one, own = taken.get(day), terms.get(day)
        price = own.price if own and may_price else None
        rows.append(
            {
                "day": day.isoformat(),
                "status": (one.state if one else "open") if may_see else None,
                "reason": one.reason if one and one.state == CLOSED else "",
                "booking": (one.reference or None) if one and may_name else None,
                "price_cents": None if price is None else cents(price),
                "min_stay": own.min_stay if own and may_price else None,
            }
        )
    return rows


def _write(request: Request, unit: Unit, asked: list[dict[str, Any]]) -> dict[str, Any]:
    key, now = key_of(request), timezone.now()
    changes = [_change(unit, one, key.name, number) for number, one in enumerate(asked)]
    done = write_spans(key.provider, unit, changes, actor=actor_of(key), now=now)
    return {
        "unit": unit.pk,
        "nights_changed": done.nights,
        "units_changed": done.edit.unit_ids if done.edit else [],
        "not_closed": [
            {
                "first": one.starts_on.isoformat(),
                "after": one.ends_on.isoformat(),
                "status": one.state,
            }
            for one in done.bound
        ],
    }


def _change(unit: Unit, span: dict[str, Any], name: str, number: int) -> NightsChange:
    """Return a span as the calendar's use case takes it."""
    if span["last"] >= LAST_DAY:
        raise BadInput(trouble("too_far", field=f"spans.{number}.last"))
    price = span.get("price_cents")
    status = span.get("status")
    return NightsChange(
        unit_ids=(unit.pk,),
        first_night=span["first"],
        ends_on=span["last"] + ONE_DAY,
        weekdays=frozenset(one - 1 for one in span["weekdays"]),
        sale={house_shapes.CLOSED: CLOSE, house_shapes.OPEN: REOPEN}.get(status or "", ""),
        reason=span["reason"].strip() or name,
        price=None if price is None else Decimal(price) / 100,
        price_as=EXCEPTION,
        min_stay=span.get("min_stay"),
    )
