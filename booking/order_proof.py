"""Who holds the address of an order: a code by mail before money of it goes back (features.md C11).

The link of an order is passed on to whoever travels along; what it shows is for all of them, what
ends is for its buyer. A proof is good for half an hour of one session.
"""

from __future__ import annotations

import time

from django.http import HttpRequest

from booking.models import Order
from members import mail_codes

PROVED = "proved_orders"
GOOD_FOR = 30 * 60
MOST_KEPT = 20


def has_proved(request: HttpRequest, order: Order) -> bool:
    """Return whether this session has written a code of the order's address within GOOD_FOR."""
    at = request.session.get(PROVED, {}).get(order.reference, 0)
    return bool(time.time() < at + GOOD_FOR)


def is_waited_for(request: HttpRequest, order: Order) -> bool:
    """Return whether a code of this session is on its way."""
    return mail_codes.is_waited_for(request, _purpose(order))


def send_code(request: HttpRequest, order: Order) -> bool:
    """Send a code to the order's address; False where too many were, or while mail is away."""
    return mail_codes.send_code(request, _purpose(order), reference=order.reference)


def give_code(request: HttpRequest, order: Order, code: str) -> bool:
    """Take a code; returns whether it is the right one. It serves once."""
    if not mail_codes.give_code(request, _purpose(order), code):
        return False
    known = dict(list(request.session.get(PROVED, {}).items())[-MOST_KEPT:])
    request.session[PROVED] = {**known, order.reference: time.time()}
    return True


def shown_address(order: Order) -> str:
    """Write the order's address in short: its buyer knows it, c…@example.org."""
    name, _at, domain = order.email.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _purpose(order: Order) -> mail_codes.Purpose:
    return mail_codes.Purpose(
        "order_proof", order.reference, order.email, "account/email/order_code"
    )
