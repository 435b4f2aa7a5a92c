"""Migrating a whole database in half the time, with every migration run.

Each operation draws its models anew, with all that are related to them: forty thousand models for
a database of ours, and of each every field taken apart and made again from its parts. What is
drawn here is the same; a field is copied, and of the models related to one only its neighbours are
drawn anew, until a migration of data asks for all of them.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.utils.functional import cached_property


@contextmanager
def quick_states() -> Iterator[None]:
    """Draw the models of migrations from copies of their fields meanwhile, and no more of them."""
    reload_model = ProjectState.reload_model

    def reload_neighbours(
        self: ProjectState, app_label: str, model_name: str, delay: bool = False
    ) -> None:
        # As Django itself does where no relation changes: it is said to migrations of data, which
        # begin by drawing all models anew.
        reload_model(self, app_label, model_name, delay=True)

    with (
        mock.patch.object(Field, "clone", _copied),
        mock.patch.object(ProjectState, "reload_model", reload_neighbours),
    ):
        yield


def _copied(field: Field) -> Field:
    """Return a field like this one, which belongs to no model yet."""
    copied: Field = copy.deepcopy(field)
    # What was worked out while nobody knew the model that it leads to.
    for name in _worked_out(type(copied)) & vars(copied).keys():
        del vars(copied)[name]
    # Of a list or of a range: it learns the model too.
    if isinstance(getattr(copied, "base_field", None), Field):
        copied.base_field = _copied(copied.base_field)
    # Fields stand in the order in which they were made.
    if copied.auto_created:
        copied.creation_counter = Field.auto_creation_counter
        Field.auto_creation_counter -= 1
    else:
        copied.creation_counter = Field.creation_counter
        Field.creation_counter += 1
    return copied


@functools.cache
def _worked_out(kind: type[Field]) -> set[str]:
    """Return the names of what a field of this kind works out once, after it was made."""
    parts = [part for one in kind.__mro__ for part in vars(one).items()]
    # A field of words says how long they may be when it is made.
    return {name for name, part in parts if isinstance(part, cached_property)} - {"validators"}
