"""Guests of the years before, for tests of segments and campaigns: written as jobs leave them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction

from booking.models import Order, OutboxMessage, PastStay
from booking.relations.customers import identity_of
from members.models import Customer, CustomerIdentity, LetterAddress, LetterChoice
from tests.cast import NOW

SUMMER = date(2026, 7, 18)
AGO = timedelta(days=200)
numbers = count(1)


def a_guest(
    email: str,
    *,
    first_day: date = SUMMER,
    last_name: str = "",
    letters: str = Order.Letters.TOLD,
    placed_at: datetime = NOW - AGO,
    language: str = "fr",
    postal_code: str = "",
    country: str = "",
    **stay: Any,
) -> CustomerIdentity:
    """Return somebody who stayed once and was told of letters, unless `letters` says otherwise."""
    number = next(numbers)
    name = last_name or f"Nom{number}"
    with transaction.atomic():
        identity = identity_of(
            email, first_name="Camille", last_name=name, language=language, now=placed_at
        )
    Customer.objects.filter(pk=identity.customer_id).update(
        postal_code=postal_code, country=country
    )
    order = an_order(email, letters=letters, placed_at=placed_at, identity=identity)
    fields = {"adults": 2, "nights": 7, "poles": ["le-puy"], "kinds": ["lodging"], **stay}
    PastStay.objects.create(
        order=order,
        source=PastStay.Source.SITE,
        identity=identity,
        first_day=first_day,
        last_day=first_day + timedelta(days=7),
        language=language,
        kept_at=NOW,
        **fields,
    )
    return identity


def an_order(
    email: str,
    *,
    letters: str = Order.Letters.TOLD,
    placed_at: datetime = NOW - AGO,
    identity: CustomerIdentity | None = None,
    is_paid: bool = True,
) -> Order:
    """Return an order that was paid, without lines."""
    return Order.objects.create(
        state=Order.State.CONFIRMED if is_paid else Order.State.EXPIRED,
        email=email,
        first_name="Camille",
        last_name="Nom",
        letters=letters,
        gross_amount=Decimal(10),
        total_amount=Decimal(10),
        deadline=placed_at,
        placed_at=placed_at,
        confirmed_at=placed_at if is_paid else None,
        identity=identity,
    )


def says(email: str, *words: tuple[str, bool, datetime], language: str = "fr") -> LetterAddress:
    """Let an address say yes or no to purposes."""
    known, _is_new = LetterAddress.objects.get_or_create(
        email=email, defaults={"language": language, "created_at": NOW, "active_at": NOW}
    )
    LetterChoice.objects.bulk_create(
        LetterChoice(address=known, purpose=purpose, is_yes=is_yes, source="form", at=at)
        for purpose, is_yes, at in words
    )
    return known


def had_a_letter(email: str, *, at: datetime) -> None:
    """Let an address have had a letter with something for sale."""
    OutboxMessage.objects.create(
        key=f"had-{next(numbers)}",
        kind="next_season",
        recipient=email,
        is_commercial=True,
        state=OutboxMessage.State.SENT,
        next_attempt_at=at,
        created_at=at,
    )
