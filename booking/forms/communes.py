"""The commune that a host names: one of those where something is sold."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from destination.models import Commune
from destination.models.territory import memberships_on


class CommuneField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A commune of the perimeter in force, or the one that is known already."""

    def __init__(self, *, required_words: Any, **kwargs: Any) -> None:
        super().__init__(
            queryset=Commune.objects.none(),
            label=_("Commune"),
            empty_label=_("Choose"),
            error_messages={
                "required": required_words,
                "invalid_choice": _("Choose one of the communes of the list."),
            },
            **kwargs,
        )

    def propose(self, today: date, *, known: int | None = None) -> None:
        """Offer the communes sold on a day, by name, and `known` wherever it lies.

        By their slugs: « Céaux » stands before « Chadrac » there, and not after « Cussac ».
        """
        inside = Commune.objects.filter(pk__in=memberships_on(today).values("commune_id"))
        found = inside if known is None else inside | Commune.objects.filter(pk=known)
        self.queryset = found.order_by("slug")
