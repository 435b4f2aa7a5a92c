"""The order of the lists: what fits, then a turn of each day; never who pays."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from booking.availability import StaySearch, search_stays
from booking.browsing import browse_lodgings
from booking.catalogue import TURN_SQL, turn_of
from booking.experience_search import search_experiences
from booking.models import Offer
from members.models import Provider
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.pages import address, text_of

pytestmark = pytest.mark.django_db
DAYS = 10_000
FIRST_DAY = date(2026, 1, 1)
# Ids that don't depend on the run: near one another, far apart, of one digit and of many.
SEEDS = [range(1, 9), range(97, 105), [3, 30, 300, 3_000, 30_000, 300_000, 3_000_000, 7]]
COUPLE = StaySearch(SATURDAY, NEXT_SATURDAY, adults=2)
# A card in sight: the first row of a list on a desk.
ROW = 3

RANKS = f"""
SELECT id, rank, count(*) FROM (
    SELECT o.id, row_number() OVER (PARTITION BY d.turn ORDER BY {{turn}}, o.id) AS rank
    FROM unnest(%(ids)s::bigint[]) AS o(id),
         (SELECT (%(first)s::date + n)::text AS turn FROM generate_series(0, {DAYS - 1}) AS n) AS d
) AS drawn GROUP BY id, rank
"""


def of_sql(ids: list[int]) -> Counter[tuple[int, int]]:
    """Draw every day with the expression of the database."""
    turn = TURN_SQL.format(offer="o.id").replace("%(turn)s", "d.turn")
    with connection.cursor() as cursor:
        cursor.execute(RANKS.format(turn=turn), {"ids": ids, "first": FIRST_DAY})
        return Counter({(pk, rank): count for pk, rank, count in cursor.fetchall()})


def of_python(ids: list[int]) -> Counter[tuple[int, int]]:
    """Draw every day with the function of the lists that are sorted in memory."""
    drawn: Counter[tuple[int, int]] = Counter()
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        for rank, pk in enumerate(sorted(ids, key=lambda pk: turn_of(pk, day)), start=1):
            drawn[pk, rank] += 1
    return drawn


@pytest.mark.parametrize("ids", SEEDS)
@pytest.mark.parametrize("draw", [of_sql, of_python])
def test_equal_offers_have_equal_exposure_over_ten_thousand_days(draw, ids):
    ids = list(ids)
    drawn = draw(ids)

    for places in (1, ROW):
        fair = DAYS * places / len(ids)
        for pk in ids:
            seen = sum(drawn[pk, rank] for rank in range(1, places + 1))
            assert abs(seen - fair) <= fair / 10, (pk, places, seen)


@pytest.mark.parametrize("ids", SEEDS)
def test_both_ways_of_drawing_draw_the_same(ids):
    assert of_sql(list(ids)) == of_python(list(ids))


def in_turn(offers: list[Offer], day: date) -> list[int]:
    return sorted((offer.pk for offer in offers), key=lambda pk: turn_of(pk, day))


def test_the_lists_follow_the_turn_of_the_day():
    lodgings = [factories.a_lodging(now=NOW) for _number in range(5)]
    things = [factories.an_activity() for _number in range(5)]
    for thing in things:
        factories.a_slot(thing, SATURDAY)

    for number in range(6):
        now = NOW + timedelta(days=number)
        searched = [one.offer.pk for one in search_stays(COUPLE, now=now).results]
        shelved = [one.offer.pk for one in browse_lodgings(now=now).results]
        lived = search_experiences(kinds=["activity"], now=now).results
        assert searched == shelved == in_turn(lodgings, now.date())
        assert [one.offer.pk for one in lived] == in_turn(things, now.date())


def test_the_order_stays_while_pages_are_turned():
    offers = [factories.a_lodging(now=NOW) for _number in range(15)]
    later = NOW + timedelta(hours=9)

    first = search_stays(COUPLE, now=NOW).results
    second = search_stays(replace(COUPLE, page=2), now=later).results

    assert [one.offer.pk for one in [*first, *second]] == in_turn(offers, NOW.date())


def test_fit_comes_before_the_turn():
    large = [factories.a_lodging(sleeps=12, now=NOW) for _number in range(3)]
    small = [factories.a_lodging(sleeps=2, now=NOW) for _number in range(3)]

    found = [one.offer.pk for one in search_stays(COUPLE, now=NOW).results]

    assert found == in_turn(small, NOW.date()) + in_turn(large, NOW.date())


def test_what_a_provider_pays_or_is_never_moves_its_offers():
    lodgings = [factories.a_lodging(now=NOW) for _number in range(4)]
    things = [factories.an_activity() for _number in range(4)]
    for thing in things:
        factories.a_slot(thing, SATURDAY)

    def order() -> tuple[list[int], ...]:
        lived = search_experiences(kinds=["activity"], now=NOW).results
        return (
            [one.offer.pk for one in search_stays(COUPLE, now=NOW).results],
            [one.offer.pk for one in browse_lodgings(now=NOW).results],
            [one.offer.pk for one in lived],
        )

    before = order()
    for number, offer in enumerate([*lodgings, *things]):
        Provider.objects.filter(pk=offer.provider_id).update(
            commission_percent=Decimal(99 - 11 * number),
            name=f"{9 - number} of them",
            is_professional=bool(number % 2),
        )
    assert order() == before


def test_the_rule_is_published_beside_the_sort(client: Client, at):
    at(NOW)
    factories.a_lodging(now=NOW)
    asked = {"arrival": SATURDAY, "departure": NEXT_SATURDAY, "adults": 2}

    for page in ("booking:stays", "booking:experiences"):
        listing = client.get(address(page, **asked)).content.decode()
        assert f'href="{address("booking:ranking")}"' in listing

    page = client.get(address("booking:ranking"))
    assert "No place in a list can be bought" in text_of(page)
    assert b"noindex" not in page.content


def test_the_rule_is_written_beside_the_code():
    text = (Path(__file__).resolve().parents[2] / "booking/RANKING.md").read_text()

    for word in ("slack", "turn_of", "TURN_SQL", "test_ranking"):
        assert word in text
