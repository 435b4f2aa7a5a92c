"""The worker's line to the database: kept from task to task, replaced when it is broken."""

from collections.abc import Callable
from types import SimpleNamespace

import psycopg
import pytest
from celery.signals import task_prerun
from django.db import connection

from oti.celery import app


def begin_a_task(*, is_eager: bool = False) -> None:
    task_prerun.send(sender=None, task=SimpleNamespace(request=SimpleNamespace(is_eager=is_eager)))


@pytest.fixture
def backend(cloned_database: str) -> Callable[[], int]:
    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    return ask


def test_a_task_goes_on_with_the_line_of_the_one_before(backend):
    first = backend()

    begin_a_task()

    assert backend() == first


def test_a_line_that_was_cut_is_replaced_before_the_next_task(backend):
    first = backend()
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

    begin_a_task()

    assert backend() != first


def test_a_line_that_is_too_old_is_replaced(backend):
    first = backend()
    connection.close_at = 0

    begin_a_task()

    assert backend() != first


def test_a_task_called_in_its_place_leaves_the_line_alone(backend):
    first = backend()
    connection.close_at = 0

    begin_a_task(is_eager=True)

    assert backend() == first


def test_celery_does_not_hang_up_after_each_task():
    assert app.conf.get("CELERY_DB_REUSE_MAX") > 1000
