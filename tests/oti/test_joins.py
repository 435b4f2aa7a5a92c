"""Rows that a written statement reads are the rows that the ORM reads."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from booking.models import Offer, OrderLine, Slot
from destination.models import Commune
from oti.lib.joins import _is_plain, _plan_of, read_rows
from tests import factories
from tests.cast import SATURDAY

# Pages read the database when they are made, and a key of two columns has no row without values.
PLAIN = [
    one
    for name in ("destination", "members", "booking", "events")
    for one in apps.get_app_config(name).get_models()
    if _is_plain(one) and one._meta.pk.column
]


@pytest.mark.parametrize("model", PLAIN, ids=lambda one: one._meta.label)
def test_a_row_is_made_as_django_makes_it(model: type[models.Model]):
    plan = _plan_of(model)
    values = [7 if name == model._meta.pk.attname else None for name in plan.names]
    plan_values, usual_values = list(values), list(values)
    for at, column, converters in plan.converters:
        for convert in converters:
            usual_values[at] = convert(usual_values[at], column, None)

    row = plan.object_of(plan_values)
    usual = model.from_db("default", plan.names, usual_values)

    assert row is not None
    assert vars(row).keys() == vars(usual).keys()
    assert vars(row)["_state"].__dict__ == vars(usual)["_state"].__dict__
    assert {name: row.__dict__[name] for name in plan.names} == {
        name: usual.__dict__[name] for name in plan.names
    }


@pytest.mark.parametrize("model", [Offer, OrderLine, Slot, Commune])
def test_what_is_read_most_is_made_the_short_way(model: type[models.Model]):
    assert _plan_of(model).is_plain


@pytest.mark.django_db
def test_a_row_read_so_is_known_and_saved_as_any_other():
    slot = factories.a_slot(factories.an_activity(), SATURDAY)

    (row,) = read_rows("SELECT {columns} FROM booking_slot it WHERE it.id = %s", Slot, [slot.pk])
    row.capacity = 3
    row.save(update_fields=["capacity"])

    assert row == slot
    assert row.offer == slot.offer
    assert Slot.objects.get().capacity == 3
