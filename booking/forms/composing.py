"""What somebody wants of a whole stay, as it stands in the address, and the stay that is taken.

It reads what people type and what links carry, and says what can't be read; it chooses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from booking.basket import MAX_LINES
from booking.composing import PACES, WISHES, Brief, Edits
from booking.forms.basket import MAX_ID, read_ages, read_day
from booking.forms.search import SearchForm, WishField
from booking.models import Basket
from booking.planning import Part, Party
from booking.ready_stays import Wanted
from booking.refusals import BadInput, Trouble, trouble
from booking.wishes import LineRequest
from oti.lib.money import from_cents, to_cents

MOST_EDITS = 24
EDIT = re.compile(r"([123])-(other|off)-(\d{1,18})", re.ASCII)
LARGEST_BUDGET = Decimal(1_000_000)
LINE = re.compile(
    r"(?P<offer>\d{1,19})\.(?P<unit>\d{1,19})\.(?P<slot>\d{1,19})"
    r"\.(?P<first>\d{4}-\d\d-\d\d|)\.(?P<after>\d{4}-\d\d-\d\d|)"
    r"\.(?P<quantity>\d{1,2})\.(?P<cents>\d{1,9})\.(?P<who>(?:\d{1,2}(?:-\d{1,2})*)?)",
    re.ASCII,
)


class BudgetField(forms.CharField):
    """A sum in euros as people write it: "900", "1 200,50 €"."""

    def clean(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """Return the sum, None for nothing; one that can't be read says so."""
        text = re.sub(r"[\s€]", "", str(value or "")).replace(",", ".")
        if not text:
            return None
        try:
            amount = Decimal(text[:20])
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount <= 0 or amount > LARGEST_BUDGET:
            raise ValidationError(_("Write the budget in euros: 900 for instance."))
        return amount.quantize(Decimal("0.01"))


class ComposeForm(SearchForm):
    """Dates, party, pole, wish, pace and budget; beside them what was changed in proposals.

    Parameters beside those of a search: wish, pace, budget, stay (which proposal is shown), edit
    ("1-other-27", "1-off-27": in proposal 1 another one than offer 27, or none).
    """

    wish_field = WishField(known=WISHES)
    pace = WishField(known=PACES, fallback="balanced")
    budget = BudgetField(required=False)

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data, today=today, needs_both_dates=True)
        # The name of the parameter is that of a method.
        self.fields["wish"] = self.fields.pop("wish_field")

    @cached_property
    def page_errors(self) -> dict[str, str]:
        """Return what the page says beside the fields, the budget too."""
        errors = dict(super().page_errors)
        if not self.is_updating and self.errors.get("budget"):
            errors["budget"] = " ".join(self.errors["budget"])
        return errors

    @property
    def budget_amount(self) -> Decimal | None:
        """Return the budget in euros, None without one."""
        self.is_valid()
        return self.cleaned_data.get("budget")

    @property
    def brief(self) -> Brief:
        """Return what is wanted; only when `is_ready`."""
        return Brief(
            arrival=self.cleaned_data["arrival"],
            departure=self.cleaned_data["departure"],
            ages=tuple(guest.age for guest in self.guests),
            pole=self.wish("pole"),
            wish=self.wish("wish"),
            pace=self.wish("pace"),
            budget=self.budget_amount,
        )

    @property
    def shown(self) -> int:
        """Return which proposal is shown, from 0."""
        text = self.data.get("stay", "")
        return int(text) - 1 if text in {"1", "2", "3"} else 0

    @cached_property
    def edits(self) -> dict[int, Edits]:
        """Return what was changed in each proposal, in the order of the presses."""
        found: dict[int, list[tuple[str, int]]] = {}
        for text in self.data.getlist("edit")[:MOST_EDITS]:
            match = EDIT.fullmatch(text)
            if match:
                found.setdefault(int(match[1]) - 1, []).append((match[2], int(match[3])))
        return {number: Edits(tuple(steps)) for number, steps in found.items()}

    @cached_property
    def _wished(self) -> dict[str, Any]:
        budget = self.budget_amount
        return {
            "pole": self.wish("pole"),
            "wish": self.wish("wish"),
            "pace": "" if self.wish("pace") == "balanced" else self.wish("pace"),
            "budget": f"{budget.normalize():f}" if budget else "",
        }

    def kept_edits(self) -> list[tuple[str, str]]:
        """Return the changes as parameters, for the links of the page."""
        return [
            ("edit", f"{number + 1}-{act}-{pk}")
            for number, edits in self.edits.items()
            for act, pk in edits.steps
        ]


# --- A ready-made stay ---------------------------------------------------------------------------
def read_wanted(data: QueryDict) -> Wanted:
    """Return what was decided of the steps.

    `pick` ("3-27": offer 27 at step 3), `with` (optional ones), `skip`, `join` (for those who may).
    """
    picks: dict[int, tuple[int, ...]] = {}
    for text in data.getlist("pick")[:MOST_EDITS]:
        match = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
        if match:
            step = int(match[1])
            picks[step] = (*picks.get(step, ()), int(match[2]))
    return Wanted(
        picks=picks,
        extras=_numbers(data.getlist("with")),
        skips=_numbers(data.getlist("skip")),
        joins=_numbers(data.getlist("join")),
    )


def _numbers(texts: Sequence[str]) -> frozenset[int]:
    return frozenset(
        int(text)
        for text in texts[:MOST_EDITS]
        if text.isascii() and text.isdigit() and len(text) < 19
    )


# --- Taking a stay -------------------------------------------------------------------------------
def line_fields(parts: Iterable[Part], party: Party) -> list[tuple[str, str]]:
    """Return lines as hidden fields of the form that takes a stay, at the prices shown."""
    rank = {key: str(number) for number, key in enumerate(party.keys)}
    return [
        (
            "line",
            ".".join(
                (
                    str(part.offer.pk),
                    str(part.unit.pk if part.unit else 0),
                    str(part.slot.pk if part.slot else 0),
                    part.days[0].isoformat() if part.days else "",
                    part.days[1].isoformat() if part.days else "",
                    str(part.quantity),
                    str(to_cents(part.quote.total)),
                    "-".join(rank[key] for key in part.keys),
                )
            ),
        )
        for part in parts
    ]


def read_stay(data: QueryDict, basket: Basket | None) -> list[LineRequest]:
    """Read the lines of a stay and who comes; raises BadInput with every trouble."""
    troubles: list[Trouble] = []
    ages = read_ages(data, troubles)
    if not ages and not troubles:
        troubles.append(trouble("nobody", field="adults"))
    texts = data.getlist("line")
    if not texts:
        troubles.append(trouble("empty"))
    if troubles or len(texts) > MAX_LINES:
        raise BadInput(*(troubles or [trouble("bad_quantity", max=MAX_LINES)]))
    party = Party.of(ages, basket)
    return [_read_line(text, party) for text in texts]


def _read_line(text: str, party: Party) -> LineRequest:
    match = LINE.fullmatch(text)
    if match is None:
        raise BadInput(trouble("offer_unknown"))
    who = [int(one) for one in match["who"].split("-") if one]
    if any(rank >= len(party.keys) for rank in who):
        raise BadInput(trouble("nobody", field="people"))
    ids = {name: min(int(match[name]), MAX_ID) for name in ("offer", "unit", "slot")}
    return LineRequest(
        offer_id=ids["offer"],
        unit_id=ids["unit"] or None,
        slot_id=ids["slot"] or None,
        arrival=read_day(match["first"]),
        departure=read_day(match["after"]),
        people=tuple(party.keys[rank] for rank in dict.fromkeys(who)),
        party=party.ages,
        quantity=max(int(match["quantity"]), 1),
        shown_amount=from_cents(int(match["cents"])),
        is_once=True,
    )
