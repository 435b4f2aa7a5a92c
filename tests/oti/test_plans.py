"""Plans that PostgreSQL keeps: those of rows found by their keys, never those of a search."""

import pytest
from django.db import connection

from booking import fitting
from booking.availability import StaySearch, search_stays
from booking.models import Order
from oti.lib.plans import one_of, planned_anew
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
