"""Nights that a host changes while somebody books them, or in two tabs at once.

The plan is made again under the units' locks: each sentinel takes them away, and the same race
closes nights that are held, closes twice, or takes a change back twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking import holds, locks, night_edits
from booking.basket import add_to_basket
from booking.models import Closure, NightEdit, Offer, Stay, Unit
from booking.night_changes import NightsChange
from booking.refusals import Refusal
from booking.search_table import find_drift
from booking.wishes import LineRequest
from members.journal import Actor
from members.models import Entry
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
ANNE = Actor("anne@example.org")
Action = Callable[..., Any]


@pytest.fixture
def gite() -> Offer:
    return factories.a_lodging(now=NOW)


def closing(offer: Offer) -> Action:
    """Return an action: a tab that has seen what closing a week does, and confirms."""
    change = NightsChange(
        unit_ids=(offer.units.get().pk,),
        first_night=SATURDAY,
        ends_on=NEXT_SATURDAY,
        sale="close",
        reason="travaux",
    )
    seen = night_edits.preview_change(offer.provider, change, now=NOW).mark
    return lambda: night_edits.apply_change(offer.provider, change, seen=seen, actor=ANNE, now=NOW)


def adding(offer: Offer) -> Action:
    basket = factories.a_basket()
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    return lambda: add_to_basket(basket, request, now=NOW)


def undoing(edit: NightEdit) -> Action:
    return lambda: night_edits.undo_edit(edit, actor=ANNE, now=NOW)


def leave_units_unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    every = set(Unit.objects.values_list("pk", flat=True))
    for name in ("lock_units", "share_units"):
        monkeypatch.setattr(locks, name, lambda ids: every)


def meet_before(monkeypatch: pytest.MonkeyPatch, *steps: tuple[Any, str]) -> None:
    """Make both rivals meet where each has looked and neither has written."""
    meeting = Meeting(2)

    def watched(step: Action) -> Action:
        def run(*args: Any, **kwargs: Any) -> Any:
            meeting.wait()
            return step(*args, **kwargs)

        return run

    for module, name in steps:
        monkeypatch.setattr(module, name, watched(getattr(module, name)))


WRITE = (night_edits, "_write")
BOOK = (holds, "check_unit")


# --- Against somebody who books ------------------------------------------------------------------
def test_nights_are_closed_or_held_never_both(monkeypatch, gite):
    rivals = [closing(gite), adding(gite)]
    meet_before(monkeypatch, WRITE, BOOK)

    results = run_together(rivals)

    (refused,) = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code in {"closed", "calendar_moved", "only_held_nights"}
    assert Closure.objects.count() + Stay.objects.filter(state="held").count() == 1
    assert find_drift(today=TODAY) == []


def test_sentinel_held_nights_are_closed_while_the_unit_is_unlocked(monkeypatch, gite):
    rivals = [closing(gite), adding(gite)]
    leave_units_unlocked(monkeypatch)
    meet_before(monkeypatch, WRITE, BOOK)

    results = run_together(rivals)

    assert errors_in(results) == []
    assert (Closure.objects.count(), Stay.objects.filter(state="held").count()) == (1, 1)


# --- In two tabs ---------------------------------------------------------------------------------
def test_two_tabs_close_once(monkeypatch, gite):
    rivals = [closing(gite), closing(gite)]
    meet_before(monkeypatch, WRITE)

    results = run_together(rivals)

    (refused,) = errors_in(results)
    assert isinstance(refused, Refusal)
    assert refused.code in {"nothing_changes", "calendar_moved"}
    assert (Closure.objects.count(), NightEdit.objects.count()) == (1, 1)


def test_sentinel_two_tabs_close_twice_while_the_unit_is_unlocked(monkeypatch, gite):
    rivals = [closing(gite), closing(gite)]
    leave_units_unlocked(monkeypatch)
    meet_before(monkeypatch, WRITE)

    run_together(rivals)

    assert Closure.objects.count() == 2


def test_a_change_is_undone_once(monkeypatch, gite):
    edit = closing(gite)()
    meet_before(monkeypatch, WRITE)

    results = run_together([undoing(edit), undoing(edit)])

    assert [one.code for one in errors_in(results)] == ["undo_done"]
    assert Entry.objects.filter(verb="nights put back").count() == 1
    assert find_drift(today=TODAY) == []


def test_sentinel_a_change_is_undone_twice_while_the_unit_is_unlocked(monkeypatch, gite):
    edit = closing(gite)()
    leave_units_unlocked(monkeypatch)
    meet_before(monkeypatch, WRITE)

    run_together([undoing(edit), undoing(edit)])

    assert Entry.objects.filter(verb="nights put back").count() == 2
