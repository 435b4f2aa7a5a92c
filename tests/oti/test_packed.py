"""Columns of numbers that come as one value each."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from oti.lib.packed import packed, unpacked

BIG = st.integers(min_value=-(2**63), max_value=2**63 - 1)


def sent_back(rows: list[tuple[int, int]]) -> list[tuple[int, ...]]:
    given_rows = "unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS g(a, b, n)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {packed('g.a', 'g.b')} FROM (SELECT * FROM {given_rows} ORDER BY n) AS g",
            [[a for a, _b in rows], [b for _a, b in rows]],
        )
        return list(unpacked(cursor.fetchone()))


@pytest.mark.django_db
@given(rows=st.lists(st.tuples(BIG, BIG), max_size=40))
def test_rows_come_back_as_they_were(rows: list[tuple[int, int]]):
    assert sent_back(rows) == rows


@pytest.mark.django_db
def test_smaller_numbers_are_packed_too():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {packed('1::smallint', '-2::int')}")

        assert list(unpacked(cursor.fetchone())) == [(1, -2)]


@pytest.mark.django_db
def test_no_row_is_no_row():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {packed('g')} FROM generate_series(1, 0) AS g")

        assert list(unpacked(cursor.fetchone())) == []


def test_columns_that_differ_in_length_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        list(unpacked([b"\0" * 16, b"\0" * 8]))
