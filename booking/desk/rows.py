"""Rows within a form: reading those that are kept, and putting messages where they belong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME
from modelcluster.forms import BaseChildFormSet, BaseTransientModelFormSet

from booking.refusals import Trouble
from destination.desk import DeskForm


class UnsortedRows(BaseChildFormSet):
    """Rows kept in the order of the form.

    modelcluster sorts rows in memory by the model's ordering and can't read an expression in it
    (`F("min_age").desc(nulls_last=True)` of the prices by age).
    """

    def save(self, commit: bool = True) -> list[Any]:
        """Put the changed rows into the parent's relation, to be written with it."""
        saved = BaseTransientModelFormSet.save(self, commit=False)
        relation = getattr(self.instance, self.rel_name)
        kept = relation.get_object_list()
        for row in saved:
            setattr(row, self.fk.name, self.instance)
            known = next((place for place, other in enumerate(kept) if other == row), None)
            if known is None:
                kept.append(row)
            else:
                kept[known] = row
        kept[:] = [row for row in kept if row not in self.deleted_objects]
        if commit:
            relation.commit()
        return saved


def rows_of(form: DeskForm, relation: str) -> list[DeskForm]:
    """Return the forms of the rows that are kept and could be read."""
    formset = form.formsets.get(relation)
    if formset is None:
        return []
    formset.is_valid()
    return [
        row
        for row in formset.forms
        if row.is_bound
        and hasattr(row, "cleaned_data")
        and not row.cleaned_data.get(DELETION_FIELD_NAME)
        and (row.instance.pk or row.has_changed())
    ]


def deleted_rows_of(form: DeskForm, relation: str) -> list[DeskForm]:
    """Return the forms of the saved rows that are to be deleted."""
    formset = form.formsets.get(relation)
    if formset is None:
        return []
    formset.is_valid()
    return [
        row
        for row in formset.initial_forms
        if row.instance.pk and getattr(row, "cleaned_data", {}).get(DELETION_FIELD_NAME)
    ]


def say_on_rows(form: DeskForm, relation: str, message: str) -> None:
    """Put a message above the rows of a relation."""
    formset = form.formsets[relation]
    formset.is_valid()
    formset.non_form_errors().append(message)
    # A message above rows must stop the form too.
    form.add_error(None, message)


def put_troubles(form: forms.BaseForm, troubles: Iterable[Trouble]) -> None:
    """Put each trouble beside its field, above its rows, or above the form."""
    relations = getattr(form, "formsets", {})
    for one in troubles:
        if one.field in relations:
            say_on_rows(form, one.field, one.message)
        else:
            form.add_error(one.field if one.field in form.fields else None, one.message)
