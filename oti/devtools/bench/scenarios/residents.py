"""What is new to a household, among 100,000 people and 300,000 orders: its page, 100 times."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from booking.models import Offer, Order, OrderLine, Slot, SubOrder
from booking.rules import states
from destination.models import Commune
from events.models import Event
from members.models import Household, HouseholdMember, Presence, User
from oti.demo.scale.rows import insert_from, reserve_ids
from oti.devtools.bench.browser import Answer
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.measuring import expect, in_turn
from oti.devtools.bench.scenarios.hosts import PASSWORD, signed_in
from oti.lib.dates import today as day_of

PEOPLE, ORDERS = 100_000, 300_000
# Each household has two people.
HOUSEHOLDS = PEOPLE // 2
FEEDS = 100
# One offer in so many is new, one renewed.
NEW, RENEWED = 3, 7
LEFT_DAYS = 60
MOST_SQL, MOST_CPU_MS = 15, 150


def newness_feed(copy: Copy) -> list[Line]:
    """Look at what is new, as somebody of a family that booked much."""
    email = fill_in()
    who = signed_in(copy, email)
    address = f"{reverse('space-home')}?tout=1"
    shown: list[int] = []

    def ask(_number: int) -> list[Answer]:
        answer = expect(who.get(address), 200)
        shown.append(answer.body.count("<h3"))
        return [answer]

    line = in_turn(copy, "newness_feed", ask, range(FEEDS + 10))
    line.more |= {
        "people": User.objects.count(),
        "orders": Order.objects.count(),
        "news": min(shown),
    }
    line.errors += int((line.sql or 0) > MOST_SQL) + int((line.cpu_ms or 0) > MOST_CPU_MS)
    return [line]


def fill_in() -> str:
    """Write people, households and orders where they are missing; returns who looks."""
    now = timezone.now()
    known = User.objects.filter(email="banc-0@example.org").exists()
    if not known:
        first = _people(now)
        _households(first, day_of(now), now)
        _orders(first, now)
        _news(now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    user = User.objects.get(email="banc-0@example.org")
    if not EmailAddress.objects.filter(user=user).exists():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    return str(user.email)


def _people(now: Any) -> int:
    first = reserve_ids(User, PEOPLE)
    insert_from(
        User,
        "generate_series(0, %(count)s - 1) AS n",
        {
            "id": "%(first)s + n",
            "email": "'banc-' || n || '@example.org'",
            "password": "'!'",
            "date_joined": "%(now)s",
        },
        now=now,
        count=PEOPLE,
        first=first,
    )
    return first


def _households(first: int, day: date, now: Any) -> None:
    commune = Commune.objects.order_by("pk").first()
    if commune is None:
        msg = "the copy has no commune"
        raise BenchError(msg)
    home = reserve_ids(Household, HOUSEHOLDS)
    values = {"count": HOUSEHOLDS, "home": home, "first": first, "commune": commune.pk}
    insert_from(
        Household,
        "generate_series(0, %(count)s - 1) AS n",
        {
            "id": "%(home)s + n",
            "name": "'Foyer ' || n",
            "commune_id": "%(commune)s",
            "state": "'verified'",
            "declared_at": "%(now)s",
            "verified_at": "%(now)s",
        },
        now=now,
        **values,
    )
    insert_from(
        HouseholdMember,
        "generate_series(0, 2 * %(count)s - 1) AS n",
        {
            "household_id": "%(home)s + n / 2",
            "user_id": "%(first)s + n",
            "first_name": "'Camille'",
            "joined_at": "%(now)s",
        },
        now=now,
        **values,
    )
    insert_from(
        Presence,
        "generate_series(0, %(count)s - 1) AS n",
        {
            "household_id": "%(home)s + n",
            "arrival": "%(left)s::date - 4",
            "departure": "%(left)s::date",
            "said_at": "%(now)s",
        },
        now=now,
        left=day - timedelta(days=LEFT_DAYS),
        **values,
    )


def _orders(first: int, now: Any) -> None:
    """Write three orders a person, of one line each; the family that looks has sixty."""
    slots = list(Slot.objects.order_by("pk").values_list("offer_id", "pk")[:500])
    offers = sorted({offer for offer, _slot in slots})
    provider = Offer.objects.get(pk=offers[0]).provider_id
    order, part = reserve_ids(Order, ORDERS), reserve_ids(SubOrder, ORDERS)
    then = now - timedelta(days=200)
    values = {
        "count": ORDERS,
        "order": order,
        "part": part,
        "first": first,
        "people": PEOPLE,
        "then": then,
        "provider": provider,
        "offers": offers,
        "sorts": len(offers),
    }
    source = "generate_series(0, %(count)s - 1) AS n"
    insert_from(
        Order,
        source,
        {
            "id": "%(order)s + n",
            "reference": "'N' || lpad((%(order)s + n)::text, 7, '0')",
            "user_id": "%(first)s + CASE WHEN n < 60 THEN n %% 2 ELSE n %% %(people)s END",
            "state": f"'{states.CONFIRMED}'",
            "first_name": "'Camille'",
            "last_name": "'Dupont'",
            "email": "'banc-' || n || '@example.org'",
            "gross_amount": "12",
            "total_amount": "12",
            "deadline": "%(then)s",
            "placed_at": "%(then)s",
            "confirmed_at": "%(then)s",
        },
        now=now,
        **values,
    )
    insert_from(
        SubOrder,
        source,
        {
            "id": "%(part)s + n",
            "order_id": "%(order)s + n",
            "provider_id": "%(provider)s",
            "gross_amount": "12",
            "payout_amount": "12",
        },
        now=now,
        **values,
    )
    insert_from(
        OrderLine,
        source,
        {
            "order_id": "%(order)s + n",
            "sub_order_id": "%(part)s + n",
            "state": f"'{states.HONOURED}'",
            "offer_id": "(%(offers)s::bigint[])[1 + n %% %(sorts)s]",
            "starts_at": "%(then)s",
            "ends_at": "%(then)s",
            "kind": "'activity'",
            "titles": """'{"fr": "Balade"}'::jsonb""",
            "commune_name": "'Le Puy-en-Velay'",
            "quote": "'{}'::jsonb",
            "policy": "'{}'::jsonb",
            "vat_scheme": "'standard'",
            "net_amount": "10",
            "vat_amount": "2",
            "gross_amount": "12",
        },
        now=now,
        **values,
    )


def _news(now: Any) -> None:
    """Let a third of what is on sale be new, and a seventh renewed; events too."""
    since = now - timedelta(days=LEFT_DAYS - 10)
    with connection.cursor() as cursor:
        for table in (Offer._meta.db_table, Event._meta.db_table):
            cursor.execute(
                f"UPDATE {table} SET first_published_at = %s - id %% 40 * interval '1 hour'"
                " WHERE id %% %s = 0",
                [since, NEW],
            )
            cursor.execute(
                f"UPDATE {table} SET renewed_at = %s, renewal_reason = 'Autre parcours'"
                " WHERE id %% %s = 0",
                [since, RENEWED],
            )
