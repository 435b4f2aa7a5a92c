"""How guests come, as they change it: the hour, the needs, who it is."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.comings import Coming, Open
from booking.forms.checkout import CheckoutForm, NameField
from booking.models import Order, Participant
from booking.people import PersonName
from booking.rules.people import ADULT_AGE


class ComingForm(forms.Form):
    """What of a coming may still be changed; only what has a use is asked."""

    def __init__(self, data: Any = None, *, order: Order, found: Open) -> None:
        super().__init__(data)
        self.people = found.people
        if found.beds:
            self._ask("arrival_time", order.arrival_time)
        if found.readers:
            self._ask("needs", order.needs)
        for person in found.people:
            self.fields[f"{person.key}_first"] = NameField(
                label=_("First name"),
                initial=person.first_name,
                error_messages={"required": _("Give the first name.")},
            )
            if is_grown_up(person):
                self.fields[f"{person.key}_last"] = NameField(
                    label=_("Family name"),
                    initial=person.last_name,
                    # Who was sold to on the phone gave one name for all.
                    required=bool(person.last_name),
                    error_messages={"required": _("Give the family name.")},
                )

    def _ask(self, name: str, value: Any) -> None:
        field = copy.deepcopy(CheckoutForm.base_fields[name])
        field.initial = value
        self.fields[name] = field

    @property
    def persons(self) -> Iterable[dict[str, Any]]:
        """Return each person with its bound fields, for the page."""
        for person in self.people:
            last = f"{person.key}_last"
            yield {
                "person": person,
                "first": self[f"{person.key}_first"],
                "last": self[last] if last in self.fields else None,
            }

    @property
    def coming(self) -> Coming:
        """Return what was written; a person without a family name keeps the one it has."""
        data = self.cleaned_data
        return Coming(
            arrival_time=data.get("arrival_time"),
            needs=data.get("needs", ""),
            names={
                one.key: PersonName(
                    data[f"{one.key}_first"], data.get(f"{one.key}_last", one.last_name)
                )
                for one in self.people
            },
        )


def is_grown_up(person: Participant) -> bool:
    """Whether a family name is asked for: of adults, as at checkout."""
    return person.age is None or person.age >= ADULT_AGE
