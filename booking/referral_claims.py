"""A friend's code, from the address that brought them to the order that they place.

No cookie knows it: it stands in the basket, or is typed at checkout (features.md M05). Whether it
counts is decided after the sale (`relations.referrals`): no purchase ever waits for it.
"""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.models import Basket, Order, Referral
from booking.refusals import BadInput, WrongState, trouble
from members.models import Ambassador

# What is looked up is as long as a code may be.
MOST_LETTERS = 12


def tidy_code(typed: str) -> str:
    """Return a code as it is stored, however it was typed."""
    return "".join(sign for sign in typed.upper() if sign.isalnum() and sign.isascii())


def ambassador_of(typed: str) -> Ambassador | None:
    """Return whose code this is and counts now, None for any other."""
    code = tidy_code(typed)
    if not code or len(code) > MOST_LETTERS:
        return None
    return Ambassador.objects.active().filter(code=code).first()


def has_been(typed: str) -> bool:
    """Tell whether a code was somebody's: a card that was printed may be old."""
    code = tidy_code(typed)
    return len(code) <= MOST_LETTERS and Ambassador.objects.filter(code=code).exists()


def keep_invitation(
    basket: Basket, typed: str, *, tells_name: bool = False, now: datetime
) -> Ambassador | None:
    """Write into an open basket who invited, or that nobody did (""); returns who.

    The moment of the same code isn't renewed: the window begins with the first. Locks: basket.
    Raises BadInput `friend_code_unknown`, WrongState `frozen` for a basket that is being paid:
    it stays as it is.
    """
    ambassador = ambassador_of(typed)
    if ambassador is None and typed.strip():
        raise BadInput(trouble("friend_code_unknown", field="friend_code"))
    code = ambassador.code if ambassador else ""
    with locks.write_transaction():
        row = locks.lock_basket(basket.pk)
        if row.state != Basket.State.OPEN:
            raise WrongState(trouble("frozen"))
        if row.friend_code != code:
            row.friend_code, row.friend_at = code, now if code else None
        row.tells_friend = bool(code) and tells_name
        row.save(update_fields=["friend_code", "friend_at", "tells_friend", "updated_at"])
    basket.friend_code, basket.friend_at = row.friend_code, row.friend_at
    basket.tells_friend, basket.updated_at = row.tells_friend, row.updated_at
    return ambassador


def claims_of(order: Order, basket: Basket, *, now: datetime) -> list[Referral]:
    """Return what an order claims for who invited, to be written with it; nothing without a code.

    Who ended meanwhile is still named: the office sees why it doesn't count.
    """
    if not basket.friend_code:
        return []
    ambassador = Ambassador.objects.filter(code=basket.friend_code).first()
    if ambassador is None:
        return []
    return [
        Referral(
            order=order,
            ambassador=ambassador,
            tells_name=basket.tells_friend,
            asked_at=basket.friend_at or now,
            claimed_at=now,
            is_demo=order.is_demo,
        )
    ]
