"""Rows within a form: reading those that are kept, and putting messages where they belong."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME

from booking.refusals import Trouble
from destination.desk import DeskForm


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
