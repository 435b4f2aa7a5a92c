"""Plans that PostgreSQL keeps: those of rows found by their keys, never those of a search."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from booking import fitting
from booking.availability import StaySearch, search_stays
from booking.models import Order
from booking.proposals import PROPOSALS
from oti.lib.plans import one_of, planned_anew
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY

pytestmark = pytest.mark.django_db


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def ask() -> None:
    for number in range(4):
        assert not Order.objects.filter(reference=f"NOBODY{number}").exists()


def is_of_orders(statements: list[str]) -> bool:
    return any('"booking_order"."reference" = $' in one for one in statements)


@pytest.fixture(autouse=True)
def _forget():
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def test_what_is_asked_again_is_planned_once():
    ask()

    assert is_of_orders(prepared())


def test_what_depends_on_its_values_is_planned_for_them():
    with planned_anew():
        ask()
    assert not is_of_orders(prepared())

    ask()
    assert is_of_orders(prepared())


@pytest.mark.parametrize("is_left_out", [True, False], ids=["search", "sentinel"])
def test_a_search_is_planned_for_its_dates(is_left_out: bool, monkeypatch: pytest.MonkeyPatch):
    criteria = StaySearch(arrival=SATURDAY, departure=NEXT_SATURDAY, adults=2)
    if not is_left_out:
        monkeypatch.setattr(fitting, "_fitting_units", fitting._fitting_units.__wrapped__)
    for _again in range(4):
        search_stays(criteria, now=NOW)

    assert any("booking_unitday" in one for one in prepared()) is not is_left_out


def test_every_connection_plans_for_what_is_in_memory():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('random_page_cost')")

        assert cursor.fetchone() == ("off", "1.1")


MANY = """
WITH made AS (
    INSERT INTO booking_unit (offer_id, tariff_id, name, max_adults, max_children, max_guests,
                              max_infants, preparation_nights, is_active)
    SELECT offer_id, tariff_id, n::text, 2, 0, 2, 0, 0, true
    FROM booking_unit, generate_series(1, 3000) AS n WHERE id = %(unit)s RETURNING id
)
INSERT INTO booking_unitday (unit_id, day, price_cents, cum_cents, free_run, min_stay, arrival_ok)
SELECT id, day, 5000, 0, (id %% 2) * 30, 1, true
FROM made, generate_series(%(first)s::date, %(last)s::date, '1 day') AS day
"""


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)


def test_a_search_looks_up_no_unit_alone():
    unit = factories.a_lodging(now=NOW).units.get()
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        days = {"first": SATURDAY - timedelta(days=9), "last": NEXT_SATURDAY + timedelta(days=9)}
        cursor.execute(MANY, {"unit": unit.pk} | days)
        cursor.execute("ANALYZE booking_unit, booking_unitday, booking_tariff")
    with connection.execute_wrapper(note):
        fits = list(fitting._fitting_units(SATURDAY, NEXT_SATURDAY, [40, 40], now=NOW))
    with connection.cursor() as cursor, planned_anew():
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked[0][0]}", asked[0][1])
        plan = cursor.fetchone()[0][0]["Plan"]

    assert len(fits) == 1501
    assert max(one["Actual Loops"] for one in nodes_of(plan)) == 1


@pytest.mark.parametrize(
    "condition", [one_of("%s"), "= ANY(%s::bigint[])"], ids=["kept", "sentinel"]
)
def test_rows_of_several_keys_are_planned_once_however_many(condition: str):
    statement = f"""
    SELECT a.id, (SELECT count(*) FROM several b WHERE b.id BETWEEN a.id AND a.id + 50)
    FROM several a WHERE a.id {condition} /* asked */
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE several AS SELECT generate_series(1, 20000)::bigint id")
        cursor.execute("CREATE UNIQUE INDEX ON several (id)")
        cursor.execute("ANALYZE several")
        for number in range(20):
            cursor.execute(statement, [list(range(1 + number % 3))])
        cursor.execute(
            "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%/* asked */%"],
        )
        kept = cursor.fetchone()[0]

    assert (kept > 10) is (condition == one_of("%s"))


LINES = """
INSERT INTO booking_basketline (basket_id, offer_id, unit_id, arrival, departure, quantity, people,
    options, is_overlap_accepted, is_sold_whole, shown_amount, position, created_at, proposal_id)
SELECT %(basket)s, %(offer)s, %(unit)s, %(first)s, %(last)s, 1, '{}', '[]', false, false, 0, 0,
    %(now)s, p.pk
FROM unnest(%(proposals)s::bigint[]) AS p(pk), generate_series(1, 200)
"""


def test_places_of_a_lower_price_are_counted_among_its_own_lines():
    offer = factories.a_lodging(now=NOW)
    many = [factories.a_proposal(offer, (SATURDAY, NEXT_SATURDAY)) for _number in range(50)]
    asked = {
        "basket": factories.a_basket().pk,
        "offer": offer.pk,
        "unit": offer.units.get().pk,
        "first": SATURDAY,
        "last": NEXT_SATURDAY,
        "proposals": [*(one.pk for one in many), *[None] * 400],
        "now": NOW,
    }
    values = {"code": many[0].code, "now": NOW, "today": NOW.date(), "except": []}
    with connection.cursor() as cursor:
        cursor.execute(LINES, asked)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {PROPOSALS} it.code = %(code)s", values)
        plan = cursor.fetchone()[0][0]["Plan"]

    lines = [one for one in nodes_of(plan) if one.get("Relation Name") == "booking_basketline"]
    looked_at = [one["Actual Rows"] + one.get("Rows Removed by Filter", 0) for one in lines]
    assert looked_at == [200]
