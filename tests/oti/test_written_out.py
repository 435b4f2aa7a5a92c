"""Statements that are written out: rows inserted together, rows joined, one type for numbers."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from booking.models import Basket, BasketLine, Order, OutboxMessage, Participant, Slot
from members.models import Entry
from oti.lib.inserts import insert_one, insert_or_find, insert_together, take_numbers
from oti.lib.joins import keep_related, read_joined, read_rows
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY

pytestmark = pytest.mark.django_db

MOMENT = datetime(2027, 5, 1, 9, 30, 15, 123456, tzinfo=UTC)
LINES = """
SELECT {columns} FROM booking_basketline line LEFT JOIN booking_slot slot ON slot.id = line.slot_id
WHERE line.basket_id = %s ORDER BY line.position
"""


def an_order(pk: int | None = None, **other: object) -> Order:
    return Order(
        pk=pk,
        first_name="Zoé",
        last_name='O’Brien \\ "Tom"',
        email="zoe@example.org",
        arrival_time=time(17, 45),
        needs="« Un lit bébé »\nmerci",
        gross_amount=Decimal("110.40"),
        tourist_tax_amount=Decimal("3.21"),
        total_amount=Decimal("113.61"),
        deadline=MOMENT,
        placed_at=MOMENT,
        **other,
    )


def line_of(day: str, at: datetime = NOW) -> Entry:
    return Entry(actor_label="visitor", verb="looked", subject=day, data={"née": [1, None]}, at=at)


# --- Rows inserted together ---------------------------------------------------------------------
def test_numbers_are_new_and_told_apart():
    first = take_numbers({Order: 2, Participant: 3})
    second = take_numbers({Order: 1, Participant: 0})

    assert [len(first[Order]), len(first[Participant]), len(second[Participant])] == [2, 3, 0]
    assert len({*first[Order], *second[Order]}) == 3


def test_rows_that_name_each_other_are_written_in_one_statement():
    numbers = take_numbers({Order: 1, Participant: 2})
    order = an_order(numbers[Order][0])
    people = [
        Participant(pk=pk, order=order, key=f"p{pk}", first_name="Ève", age=age)
        for pk, age in zip(numbers[Participant], (None, 7), strict=True)
    ]

    with CaptureQueriesContext(connection) as asked:
        # Those who name the order come first: their keys are checked at the commit.
        insert_together(people, [order], [line_of("b"), line_of("a")])

    assert len(asked) == 1
    kept = Order.objects.get(pk=order.pk)
    for field in Order._meta.concrete_fields:
        assert getattr(kept, field.attname) == getattr(order, field.attname), field.attname
    assert [one.age for one in kept.participants.all()] == [None, 7]
    assert not order._state.adding


def test_rows_without_a_key_are_numbered_in_their_order():
    insert_together([line_of("first"), line_of("second"), line_of("third")])

    lines = Entry.objects.order_by("pk")
    assert [one.subject for one in lines] == ["first", "second", "third"]
    assert lines[0].data == {"née": [1, None]}


def test_what_the_database_refuses_writes_none_of_them():
    order = an_order(take_numbers({Order: 1})[Order][0], state="lost")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together([line_of("before")], [order])

    assert not Entry.objects.exists()


def test_an_empty_group_is_no_group():
    insert_together([], [line_of("alone")], [])
    insert_together([])

    assert Entry.objects.count() == 1


def test_one_row_learns_its_key_and_is_what_saving_writes():
    basket = factories.a_basket(None)
    offer = factories.an_activity()
    slot = factories.a_slot(offer, SATURDAY)
    given = {
        "offer": offer,
        "slot": slot,
        "people": ["p1", "p2"],
        "options": [{"code": "vin", "quantity": 2}],
    }
    usual = BasketLine.objects.create(
        basket=basket, shown_amount=Decimal("12.50"), created_at=NOW, position=1, **given
    )
    row = BasketLine(
        basket=basket, shown_amount=Decimal("12.50"), created_at=NOW, position=2, **given
    )

    insert_one(row)

    written = BasketLine.objects.get(pk=row.pk)
    same = {one.attname for one in BasketLine._meta.concrete_fields} - {
        "id",
        "position",
        "created_at",
    }
    assert {name: getattr(written, name) for name in same} == {
        name: getattr(usual, name) for name in same
    }
    assert written.created_at == NOW
    assert not row._state.adding


def test_a_value_that_json_cant_carry_is_told():
    with pytest.raises(TypeError, match="set"):
        insert_together([Entry(verb="x", subject="y", data={"seen": {1}}, at=NOW)])


def test_a_known_message_is_found_and_left_alone():
    def letters(recipient: str) -> list[OutboxMessage]:
        return [
            OutboxMessage(
                key=key,
                kind="find_order",
                recipient=recipient,
                language="fr",
                next_attempt_at=NOW,
                created_at=NOW,
            )
            for key in ("one", "two")
        ]

    first, again = letters("a@example.org"), letters("b@example.org")[::-1]
    insert_or_find(first, by="key")
    insert_or_find(again, by="key")
    insert_or_find([], by="key")

    assert [one.pk for one in again] == [one.pk for one in first][::-1]
    assert set(OutboxMessage.objects.values_list("recipient", flat=True)) == {"a@example.org"}


# --- Rows joined --------------------------------------------------------------------------------
def a_plan() -> Basket:
    """Make a stay of a line with a slot and of one without."""
    doing, lodging = factories.an_activity(), factories.a_lodging(now=NOW)
    slot = factories.a_slot(doing, date(2027, 7, 6))
    nights = {"unit": lodging.units.get(), "arrival": SATURDAY, "departure": NEXT_SATURDAY}
    basket = factories.a_basket()
    for position, what in enumerate(({"offer": doing, "slot": slot}, {"offer": lodging, **nights})):
        BasketLine.objects.create(
            basket=basket,
            position=position,
            people=["p1", "p2"],
            options=[{"code": "thé", "quantity": 2}],
            shown_amount=Decimal("12.50"),
            **what,
        )
    return basket


def test_joined_rows_are_those_of_the_orm():
    basket = a_plan()
    tables: dict[str, type[Model]] = {"line": BasketLine, "slot": Slot}

    with CaptureQueriesContext(connection) as asked:
        (dated, slot), (plain, none) = read_joined(LINES, tables, [basket.pk])

    assert len(asked) == 1
    for found, kept in zip((dated, plain), basket.lines.order_by("position"), strict=True):
        for field in BasketLine._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(kept, field.attname), field.attname
        assert not found._state.adding
    assert slot == Slot.objects.get()
    assert slot.starts_at == Slot.objects.get().starts_at
    assert none is None


def test_rows_of_one_table_can_be_changed_and_saved():
    basket = a_plan()
    statement = "SELECT {columns} FROM booking_basket it WHERE id = %s"

    (found,) = read_rows(statement, Basket, [basket.pk])
    found.language = "en"
    found.save()

    assert Basket.objects.get(pk=basket.pk).language == "en"
    assert read_rows(statement, Basket, [0]) == []


def test_kept_rows_answer_and_a_narrower_question_is_asked():
    basket = a_plan()
    first, second = basket.lines.order_by("position")

    keep_related(basket, "lines", [second, first])

    with CaptureQueriesContext(connection) as asked:
        assert list(basket.lines.all()) == [second, first]
    assert not asked.captured_queries
    assert list(basket.lines.filter(position=0)) == [first]
    assert list(factories.a_basket().lines.all()) == []


# --- Numbers ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (7, "integer"),
        (-(2**31), "integer"),
        (2**31 - 1, "integer"),
        (2**31, "bigint"),
        ([1, 2], "integer[]"),
        ([1, 70_000], "integer[]"),
        ([1, 2**40], "bigint[]"),
    ],
)
def test_small_numbers_have_the_type_of_large_ones(value, name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_typeof(%s)::text, %s", [value, value])
        assert cursor.fetchone() == (name, value)
