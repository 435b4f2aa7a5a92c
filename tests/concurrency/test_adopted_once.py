"""A whole stay taken by two presses at once: each of its lines is in the basket once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from booking import basket as baskets
from booking.adopting import Adopted, adopt_stay
from booking.models import Basket, BasketLine
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
COUPLE = (None, None)


def a_stay() -> list[LineRequest]:
    """Return the lines of a stay; nothing but the lines themselves tells a second press."""
    gite = factories.a_lodging(now=NOW)
    lentils = factories.a_produce()
    slot = factories.a_slot(lentils, SATURDAY + timedelta(days=1), capacity=10)
    return [
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            people=("p1", "p2"),
            party=COUPLE,
        ),
        LineRequest(offer_id=lentils.pk, slot_id=slot.pk, party=COUPLE),
    ]


def press(basket: Basket, requests: list[LineRequest]) -> Callable[[], Adopted]:
    mine = Basket.objects.get(pk=basket.pk)
    return lambda: adopt_stay(mine, requests, now=NOW)


def meet_once_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both presses read the basket of lentils before either writes it."""
    meeting = Meeting(2)
    read = baskets.read_wish
    seen: list[int] = []

    def read_then_meet(basket: Basket, request: LineRequest, **kwargs: Any) -> Any:
        wish = read(basket, request, **kwargs)
        if request.slot_id and len(seen) < 2:
            seen.append(1)
            meeting.wait()
        return wish

    monkeypatch.setattr(baskets, "read_wish", read_then_meet)


def test_sentinel_a_line_is_doubled_without_the_check(monkeypatch):
    _bed, lentils = a_stay()
    basket = factories.a_basket()
    meet_once_read(monkeypatch)
    monkeypatch.setattr(baskets, "check_once", lambda wish: None)

    results = run_together([press(basket, [lentils]), press(basket, [lentils])])

    assert errors_in(results) == []
    assert BasketLine.objects.count() == 2


def test_a_line_of_two_presses_is_there_once(monkeypatch):
    _bed, lentils = a_stay()
    basket = factories.a_basket()
    meet_once_read(monkeypatch)

    results = run_together([press(basket, [lentils]), press(basket, [lentils])])

    assert errors_in(results) == []
    assert BasketLine.objects.count() == 1
    assert sorted((len(one.added), one.known) for one in results) == [(0, 1), (1, 0)]


def test_two_presses_leave_each_line_of_a_stay_once():
    requests = a_stay()
    basket = factories.a_basket()

    results = run_together([press(basket, requests), press(basket, requests)])

    assert errors_in(results) == []
    assert BasketLine.objects.count() == 2
    assert sum(len(one.added) for one in results) == 2
    assert sum(one.known for one in results) == 2
    assert [one.refused for one in results] == [[], []]
