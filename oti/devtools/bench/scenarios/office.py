"""What the office reads, among 100,000 people and 300,000 stays: who came back, how happy.

Each page 60 times. The rate of return is exact: the set's answer is known beforehand.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from booking.models import Order, PastStay, Survey
from booking.relations.retention import keep_returns
from booking.rules import states
from destination.models import Commune, Pole
from members.groups import ensure_office_group
from members.models import Customer, CustomerAddress, CustomerIdentity, Family, User
from oti.demo.scale.rows import insert_from, reserve_ids
from oti.devtools.bench.browser import Answer, Visitor
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.measuring import expect, in_turn
from oti.devtools.bench.scenarios.hosts import PASSWORD, recovery_code, signed_in
from oti.lib.dates import today as day_of

PEOPLE, STAYS = 100_000, 300_000
PAGES = 60
MOST_SQL, MOST_CPU_MS = 15, 150
OFFICE = "bureau-banc@example.org"
# Everybody came two years ago, the first so many of a hundred again last year.
FAITHFUL_PERCENT = 64


def office_pages(copy: Copy) -> list[Line]:
    """Look at the rate of return and at satisfaction by pole, as somebody of the office."""
    today = day_of(timezone.now())
    fill_in(today)
    who = office_signed_in(copy)
    told: list[str] = []

    def look(address: str) -> list[Answer]:
        answer = expect(who.get(address), 200)
        told.append(answer.body)
        return [answer]

    returns = [reverse("desk_returns:index")] * (PAGES + 10)
    first = in_turn(copy, "returns_page", look, returns)
    exact = _is_exact(told[-1])
    year = f"?first={today.year - 1}-01-01&last={today.year - 1}-12-31"
    pages = [reverse("desk_surveys:figures") + year] * (PAGES + 10)
    second = in_turn(copy, "satisfaction_page", look, pages)
    first.more |= {"people": Customer.objects.count(), "stays": PastStay.objects.count()}
    first.more["exact"] = exact
    first.errors += int(not exact)
    second.more["surveys"] = Survey.objects.count()
    for line in (first, second):
        line.errors += int((line.sql or 0) > MOST_SQL) + int((line.cpu_ms or 0) > MOST_CPU_MS)
    return [first, second]


def office_signed_in(copy: Copy) -> Visitor:
    """Sign in somebody of the office, with both proofs; made where nobody is."""
    user = User.objects.filter(email=OFFICE).first()
    if user is None:
        user = User.objects.create_user(OFFICE, PASSWORD, is_staff=True)
        user.groups.add(ensure_office_group())
        EmailAddress.objects.create(user=user, email=OFFICE, verified=True, primary=True)
    return signed_in(copy, OFFICE, code=recovery_code(user))


def _is_exact(page: str) -> bool:
    """Tell whether the page says how many of how many came again last year."""
    back = PEOPLE * FAITHFUL_PERCENT // 100
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    return f"{FAITHFUL_PERCENT} % [{FAITHFUL_PERCENT} ; {FAITHFUL_PERCENT}]" in words and (
        f"{back} / {PEOPLE}" in words
    )


def fill_in(today: date) -> None:
    """Write people, their stays of three years and a year of surveys, where they are missing."""
    if not Survey.objects.exists():
        # Nothing but these stays: their answer is known.
        PastStay.objects.all().delete()
        now = timezone.now()
        _stays(_people(now), today, now)
        _surveys(today, now)
        keep_returns(now=now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _people(now: datetime) -> int:
    """Write people, each a family of its own; returns the key before the first identity."""
    keys = {
        "family": reserve_ids(Family, PEOPLE),
        "customer": reserve_ids(Customer, PEOPLE),
        "address": reserve_ids(CustomerAddress, PEOPLE),
        "identity": reserve_ids(CustomerIdentity, PEOPLE),
    }
    rows: tuple[tuple[Any, dict[str, str]], ...] = (
        (Family, {"id": "%(family)s + n", "created_at": "%(now)s"}),
        (
            Customer,
            {
                "id": "%(customer)s + n",
                "family_id": "%(family)s + n",
                "first_name": "'Camille'",
                "last_name": "'Dupont'",
                "created_at": "%(now)s",
            },
        ),
        (
            CustomerAddress,
            {
                "id": "%(address)s + n",
                "email": "'fidele-' || n || '@example.org'",
                "family_id": "%(family)s + n",
            },
        ),
        (
            CustomerIdentity,
            {
                "id": "%(identity)s + n",
                "address_id": "%(address)s + n",
                "name_key": "'camille dupont'",
                "customer_id": "%(customer)s + n",
            },
        ),
    )
    for model, columns in rows:
        source = "generate_series(1, %(count)s) AS n"
        insert_from(model, source, columns, now=now, count=PEOPLE, **keys)
    return keys["identity"]


def _stays(identity: int, today: date, now: datetime) -> None:
    """Write a stay of everybody two years ago, of the faithful last year, the rest the year before.

    A faithful family came twice last year; so the stays are 300,000 and the rate is as told.
    """
    poles = [one.slug for one in Pole.objects.active_on(today)] or ["velay"]
    faithful = PEOPLE * FAITHFUL_PERCENT // 100
    for years_ago, count in (
        (2, PEOPLE),
        (1, faithful),
        (1, faithful),
        (3, STAYS - PEOPLE - 2 * faithful),
    ):
        insert_from(
            PastStay,
            "generate_series(1, %(count)s) AS n",
            {
                "source": "'imported'",
                "identity_id": "%(identity)s + n",
                "first_day": "%(first)s::date + (n %% 350)::int",
                "last_day": "%(first)s::date + (n %% 350)::int + 3",
                "nights": "3",
                "adults": "2",
                "children": "n %% 3",
                "poles": "ARRAY[(%(poles)s::text[])[1 + n %% %(sorts)s]]",
                "kinds": "ARRAY['lodging']",
                "language": "(ARRAY['fr', 'fr', 'en', 'de'])[1 + n %% 4]",
                "kept_at": "%(now)s",
            },
            now=now,
            count=count,
            identity=identity,
            first=date(today.year - years_ago, 1, 1),
            poles=poles,
            sorts=len(poles),
        )


def _surveys(today: date, now: datetime) -> None:
    """Write 300,000 orders of three years, and what two in three of their guests answered."""
    commune = Commune.objects.order_by("pk").first()
    if commune is None:
        msg = "the copy has no commune"
        raise BenchError(msg)
    order = reserve_ids(Order, STAYS)
    values = {
        "count": STAYS,
        "order": order,
        "last": date(today.year - 3, 1, 15),
        "then": now - timedelta(days=400),
        "commune": commune.pk,
    }
    source = "generate_series(1, %(count)s) AS n"
    insert_from(
        Order,
        source,
        {
            "id": "%(order)s + n",
            "reference": "'E' || lpad((%(order)s + n)::text, 7, '0')",
            "state": f"'{states.CONFIRMED}'",
            "first_name": "'Camille'",
            "last_name": "'Dupont'",
            "email": "'fidele-' || n || '@example.org'",
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
        Survey,
        source,
        {
            "order_id": "%(order)s + n",
            "access_token": "'jeton-' || n",
            "commune_id": "%(commune)s",
            "last_day": "%(last)s::date + (n %% 1050)::int",
            "asked_at": "%(then)s",
            "expires_at": "%(then)s",
            "answered_at": "CASE WHEN n %% 3 > 0 THEN %(then)s::timestamptz END",
            "recommend": "CASE WHEN n %% 3 > 0 THEN n %% 11 END",
        },
        now=now,
        **values,
    )
