"""Copied fields of migrations are the fields that Django would have made."""

from __future__ import annotations

import pytest
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Field

from tests.quick_states import quick_states

# A state asks which of its migrations are merged into others.
pytestmark = pytest.mark.django_db


def drawn() -> list[Field]:
    """Return every field of every model as the migrations leave it."""
    states = MigrationLoader(None).project_state().models.values()
    return [field for state in states for field in state.fields.values()]


def test_a_copied_field_is_the_one_that_would_be_made():
    parts = MigrationAutodetector(ProjectState(), ProjectState()).deep_deconstruct
    fields = drawn()
    made = [one.clone() for one in fields]
    with quick_states():
        copied = [one.clone() for one in fields]

    assert len(fields) > 1000
    for field, one, other in zip(fields, made, copied, strict=True):
        assert parts(one) == parts(other)
        assert vars(one).keys() == vars(other).keys(), field
        assert one.validators == other.validators
        if hasattr(field, "base_field"):
            assert other.base_field is not field.base_field
        if one.remote_field:
            assert other.remote_field is not field.remote_field
            assert other.remote_field.field is other


def test_copied_fields_stand_in_the_order_of_their_making():
    with quick_states():
        copied = [one.clone() for one in drawn() if not one.auto_created]

    numbers = [one.creation_counter for one in copied]
    assert numbers == sorted(set(numbers))
