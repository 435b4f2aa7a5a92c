"""An order, for whoever has its key."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from booking.access import order_of_key
from booking.sold_lines import sold_lines
from oti.api import stay_answers
from oti.api.base import ApiView
from oti.api.schema import described
from oti.api.stay_answers import order_answer

SCHEME = "bearer "


class OrderView(ApiView):
    """One order: `Authorization: Bearer <access_token>`."""

    @described(
        "show_order", {200: stay_answers.OrderDetail}, refusals=(404,), keys=("access_token",)
    )
    def get(self, request: Request, reference: str) -> Response:
        """Answer the order; without its key, or with another's, it isn't known to exist."""
        now = timezone.now()
        order = order_of_key(reference, _key(request), now=now)
        return Response(order_answer(order, sold_lines(order, now=now), now=now))


def _key(request: Request) -> str:
    header = str(request.headers.get("Authorization", ""))
    return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else ""
