"""The bookings of a house for its own program: its own lines, and what it may know of them.

The same words as the host's pages: a first name and a phone, never a family name or an address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from booking import house_days
from booking.access import lines_of_house
from booking.models import OrderLine
from members.models import HouseKey
from oti.api import house_shapes
from oti.api.answers import cents, moment
from oti.api.base import fault_of, query_of
from oti.api.cursors import after_cursor, cursor_of, known_moment
from oti.api.house import HouseView, house_of
from oti.api.schema import described

READ = {"GET": (HouseKey.Scope.BOOKINGS_READ.value,)}


class BookingsView(HouseView):
    """The lines of a house."""

    scopes = READ

    @described(
        "list_own_bookings",
        {200: house_shapes.BookedLines},
        refusals=(401, 403),
        query=[house_shapes.BookingsQuery],
        keys=("house_key",),
    )
    def get(self, request: Request) -> Response:
        """Answer the lines that changed since a moment, in the order of their change."""
        asked, now = query_of(request, house_shapes.BookingsQuery), timezone.now()
        rows = _own_lines(request)
        if asked.get("since"):
            rows = rows.filter(changed__gte=_moment(asked["since"]))
        rows = after_cursor(rows, asked.get("cursor", ""), moment="changed")
        size = asked["size"]
        found = list(rows.order_by("changed", "pk")[: size + 1])
        last = found[size - 1] if len(found) > size else None
        return Response(
            {
                "results": [shown_line(one, now=now) for one in found[:size]],
                "next": cursor_of(last.changed, last.pk) if last else None,
            }
        )


class BookingView(HouseView):
    """One booking, as far as it is this house's."""

    scopes = READ

    @described(
        "show_own_booking",
        {200: house_shapes.OneBooking},
        refusals=(401, 403, 404),
        keys=("house_key",),
    )
    def get(self, request: Request, reference: str) -> Response:
        """Answer this house's lines of a booking; without any, it isn't known to exist."""
        now = timezone.now()
        found = _own_lines(request).filter(order__reference=reference.upper()[:12])
        lines = [shown_line(one, now=now) for one in found.order_by("starts_at", "pk")]
        if not lines:
            raise Http404
        return Response({"reference": reference.upper(), "lines": lines})


def _own_lines(request: Request) -> QuerySet[Any]:
    rows = house_days.with_words(lines_of_house(house_of(request)))
    return rows.annotate(changed=Coalesce("changed_at", "order__confirmed_at", "starts_at"))


def _moment(told: str) -> datetime:
    try:
        # In an address, the sign + of a zone is often sent as it is, and read as a space.
        found = known_moment(told.strip().replace(" ", "+"))
    except ValueError:
        text = _("Write a moment with its zone: 2027-07-11T14:00:00+02:00.")
        raise fault_of(field="since", text=text, code="moment_unreadable") from None
    return found


def shown_line(line: OrderLine, *, now: datetime) -> dict[str, Any]:
    """Return one line as its house may know it (`booking.showing.booked_line`)."""
    [booked] = house_days.told([line], now=now)
    return {
        "id": line.pk,
        "reference": booked.reference,
        "state": booked.state,
        "kind": booked.kind,
        "offer": {"slug": line.offer.slug, "title": booked.title},
        "unit": line.unit_id,
        "unit_name": booked.unit_name,
        "slot": line.slot_id,
        "arrival": line.arrival.isoformat() if line.arrival else None,
        "departure": line.departure.isoformat() if line.departure else None,
        "starts_at": moment(line.starts_at),
        "ends_at": moment(line.ends_at),
        "quantity": line.quantity,
        "booked_by": booked.guest,
        "phone": booked.phone,
        "arrival_time": f"{booked.arrival_time:%H:%M}" if booked.arrival_time else None,
        "needs": booked.needs,
        "guests": [
            {"first_name": one.first_name, "age": one.age} for one in line.participants.all()
        ],
        "options": list(booked.options),
        "amount_cents": cents(booked.amount),
        "changed_at": moment(line.changed),  # type: ignore[attr-defined]
    }
