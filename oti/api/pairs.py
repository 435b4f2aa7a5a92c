"""A line of a stay and its other half: who minds the children meanwhile, what to do meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from booking.access import basket_of_key
from booking.minding import find_minders, find_unminded, may_go_out, moments_during
from booking.pairing import Half
from booking.stay_view import BasketView, view_basket
from oti.api import stay_answers
from oti.api.answers import moment, offer_name, price_of
from oti.api.base import ApiView
from oti.api.schema import described

# As many as the pages show.
MOST_SHOWN = 12


class PairsView(ApiView):
    """What goes with one line of a stay."""

    @described("show_pairs", {200: stay_answers.Pairs}, refusals=(404,))
    def get(self, request: Request, token: str, pk: int) -> Response:
        """Answer who has room for the children whom a line leaves alone, or what the grown-ups can
        do during childcare; the way there and back is counted, and each can be added as it is.

        Only what the stay still lacks: nothing for a line that has its other half, nothing while a
        payment is under way.
        """
        now = timezone.now()
        view = view_basket(basket_of_key(token), now=now)
        if all(one.line.pk != pk for one in view.lines):
            raise Http404
        if view.is_frozen:
            return Response({"line": pk, "lacks": None, "children": [], "proposals": []})
        return Response({"line": pk, **_lacking(view, pk, now=now)})


def _lacking(view: BasketView, pk: int, *, now: datetime) -> dict[str, Any]:
    """Return what a line lacks and who or what would do, as the pages of the stay propose it."""
    care = next((one for one in may_go_out(view) if one.line.pk == pk), None)
    if care is not None:
        found = moments_during(view, care, now=now)[:MOST_SHOWN]
        rows = [_half(half, minutes=fit.minutes) for half, fit in found]
        return {"lacks": "moment", "children": [], "proposals": rows}
    left = next((one for one in find_unminded(view, now=now) if one.line.line.pk == pk), None)
    if left is not None:
        minders = find_minders(left, view, now=now)[:MOST_SHOWN]
        children = [one.key for one in left.children]
        rows = [_half(half, minutes=None) for half in minders]
        return {"lacks": "childcare", "children": children, "proposals": rows}
    return {"lacks": None, "children": [], "proposals": []}


def _half(half: Half, *, minutes: int | None) -> dict[str, Any]:
    return {
        "offer": offer_name(half.offer),
        "slot": half.slot.pk,
        "starts_at": moment(half.slot.starts_at),
        "ends_at": moment(half.slot.ends_at),
        "people": [one.key for one in half.joining],
        "participants": [{"age": one.age} for one in half.joining],
        "price": price_of(half.quote),
        "way_minutes": minutes,
    }
