"""The dates of a house for its own program: read, given other places, closed and opened."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from booking import own_dates
from booking.house_keys import actor_of
from booking.models import Offer, Slot
from booking.refusals import BadInput, trouble
from members.models import HouseKey
from oti.api import house_shapes
from oti.api.answers import moment
from oti.api.base import body_of, query_of
from oti.api.cursors import after_cursor, cursor_of
from oti.api.house import IDEMPOTENCY, HouseView, house_of, key_of, once
from oti.api.house_nights import span_of
from oti.api.schema import described
from oti.lib.dates import ONE_DAY, at_paris
from oti.lib.dates import today as day_of

Scope = HouseKey.Scope
PAGE = 100


class SlotsView(HouseView):
    """The dates of a house."""

    scopes = {"GET": (Scope.AVAILABILITY_READ.value,)}

    @described(
        "list_own_slots",
        {200: house_shapes.SlotsOfHouse},
        refusals=(401, 403, 404),
        query=[house_shapes.SlotsQuery],
        keys=("house_key",),
    )
    def get(self, request: Request) -> Response:
        """Answer the dates of these days, a hundred a page, the first ones first."""
        asked, now = query_of(request, house_shapes.SlotsQuery), timezone.now()
        first, last = span_of(asked, day_of(now))
        rows = Slot.objects.filter(
            offer__provider=house_of(request),
            starts_at__gte=at_paris(first, time()),
            starts_at__lt=at_paris(last + ONE_DAY, time()),
        ).exclude(offer__state=Offer.State.ARCHIVED)
        if asked.get("offer"):
            if not house_of(request).offers.filter(slug=asked["offer"]).exists():
                raise Http404
            rows = rows.filter(offer__slug=asked["offer"])
        rows = after_cursor(rows, asked.get("cursor", ""), moment="starts_at")
        found = list(
            rows.with_free(now).select_related("offer").order_by("starts_at", "pk")[: PAGE + 1]
        )
        return Response(
            {
                "results": [_shown(one) for one in found[:PAGE]],
                "next": cursor_of(found[PAGE - 1].starts_at, found[PAGE - 1].pk)
                if len(found) > PAGE
                else None,
            }
        )


class SlotView(HouseView):
    """One date of a house."""

    scopes = {"PATCH": (Scope.AVAILABILITY_WRITE.value,)}
    fields_renamed = {"is_closed": "closed", "closed_reason": "reason"}

    @described(
        "change_own_slot",
        {200: house_shapes.SlotOfHouse},
        refusals=(401, 403, 404, 409, 503),
        query=[IDEMPOTENCY],
        keys=("house_key",),
        request=house_shapes.SlotGiven,
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change the places of a date, close it or open it; what is sold stays sold."""
        slot = _own_slot(request, pk)
        asked = body_of(request, house_shapes.SlotGiven)
        if "capacity" not in asked and "closed" not in asked:
            raise BadInput(trouble("slot_change_missing"))
        return once(request, lambda: _change(request, slot, asked))


def _own_slot(request: Request, pk: int) -> Slot:
    """Return a date of this house; another's isn't known to exist."""
    rows = Slot.objects.filter(offer__provider=house_of(request)).select_related("offer")
    slot: Slot | None = rows.filter(pk=pk).first()
    if slot is None:
        raise Http404
    return slot


def _change(request: Request, slot: Slot, asked: dict[str, Any]) -> dict[str, Any]:
    key, now = key_of(request), timezone.now()
    entries = slot.capacity // slot.offer.kind_rules.units_per_entry
    is_closed = asked.get("closed", slot.is_closed)
    own_dates.change_own_date(
        slot,
        capacity=asked.get("capacity", entries),
        is_closed=is_closed,
        reason=asked["reason"].strip() or slot.closed_reason or key.name,
        actor=actor_of(key),
        now=now,
    )
    fresh = Slot.objects.with_free(now).select_related("offer").get(pk=slot.pk)
    return _shown(fresh)


def _shown(slot: Slot) -> dict[str, Any]:
    per_entry = slot.offer.kind_rules.units_per_entry
    return {
        "id": slot.pk,
        "offer": {"slug": slot.offer.slug, "title": slot.offer.title},
        "starts_at": moment(slot.starts_at),
        "ends_at": moment(slot.ends_at),
        # What the host counts: carers, not their units.
        "capacity": slot.capacity // per_entry,
        "sold": slot.sold,
        "held": slot.held,
        "closed": slot.is_closed,
        "reason": slot.closed_reason,
    }
