"""Programs of hosts at the same moment: told once, one file a day, nights closed or held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from booking import holds, house_exports, locks, night_edits
from booking.basket import add_to_basket
from booking.models import Closure, HookDelivery, Stay
from booking.night_changes import CLOSE, NightsChange
from booking.night_spans import write_spans
from booking.refusals import NotAllowed
from booking.search_table import find_drift
from booking.webhooks import sending
from booking.webhooks.sending import drain_hooks
from booking.wishes import LineRequest
from members.journal import Actor
from members.models import HouseExport, Provider
from oti.lib.http import Fetched
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, TODAY
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]


def meet_before(monkeypatch: pytest.MonkeyPatch, *steps: tuple[Any, str]) -> None:
    """Make both rivals meet where each has looked and neither has written."""
    meeting = Meeting(2)

    def watched(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            meeting.wait()
            return step(*args, **kwargs)

        return run

    for module, name in steps:
        monkeypatch.setattr(module, name, watched(getattr(module, name)))


# --- Two workers ---------------------------------------------------------------------------------
@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the events that were posted, while a program answers 200."""
    found: list[str] = []

    def post(url: str, **asked: Any) -> Fetched:
        found.append(asked["headers"]["Velay-Event"])
        return Fetched(200, {}, b"", url)

    monkeypatch.setattr("booking.webhooks.sending.fetch", post)
    hook = factories.a_webhook(factories.a_provider())
    for _time in range(5):
        HookDelivery.objects.create(
            webhook=hook, event=uuid4(), topic="test", next_attempt_at=NOW, happened_at=NOW
        )
    return found


def test_two_workers_tell_each_thing_once(monkeypatch, posted):
    meet_before(monkeypatch, (locks, "claim_deliveries"))
    assert sum(run_together([lambda: drain_hooks(now=NOW)] * 2)) == 5
    assert len(posted) == len(set(posted)) == 5


def test_sentinel_two_workers_tell_twice_what_nobody_takes(monkeypatch, posted):
    def only_look(hook_id: int, *_args: Any, **_asked: Any) -> list[HookDelivery]:
        return list(HookDelivery.objects.filter(webhook=hook_id, state="waiting"))

    monkeypatch.setattr(locks, "claim_deliveries", only_look)
    meet_before(monkeypatch, (sending, "_post_all"))
    run_together([lambda: drain_hooks(now=NOW)] * 2)
    assert len(posted) == 10


# --- Two owners ----------------------------------------------------------------------------------
def asking() -> list[Callable[[], Any]]:
    house = factories.a_provider()
    owners = [factories.a_host(house), factories.a_host(house)]

    def ask(user: Any) -> Callable[[], Any]:
        return lambda: house_exports.ask_export(house, user=user, now=NOW)

    return [ask(one) for one in owners]


def test_two_owners_ask_for_one_file(monkeypatch):
    rivals = asking()
    meet_before(monkeypatch, (house_exports, "day_of"))
    (refused,) = errors_in(run_together(rivals))
    assert isinstance(refused, NotAllowed)
    assert HouseExport.objects.count() == 1


def test_sentinel_two_owners_get_two_files_while_the_house_is_unlocked(monkeypatch):
    rivals = asking()
    house = Provider.objects.latest("pk")
    monkeypatch.setattr(locks, "lock_provider", lambda pk: house)
    meet_before(monkeypatch, (house_exports, "_note"))
    assert errors_in(run_together(rivals)) == []
    assert HouseExport.objects.count() == 2


# --- A program and a visitor ---------------------------------------------------------------------
def test_nights_of_a_program_are_closed_or_held_never_both(monkeypatch):
    gite = factories.a_lodging(now=NOW)
    unit, basket = gite.units.get(), factories.a_basket()
    change = NightsChange(
        unit_ids=(unit.pk,),
        first_night=SATURDAY,
        ends_on=NEXT_SATURDAY,
        sale=CLOSE,
        reason="travaux",
    )
    request = LineRequest(
        offer_id=gite.pk,
        unit_id=unit.pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=(None, None),
    )
    meet_before(monkeypatch, (night_edits, "_write"), (holds, "check_unit"))

    results = run_together(
        [
            lambda: write_spans(gite.provider, unit, [change], actor=Actor("key"), now=NOW),
            lambda: add_to_basket(basket, request, now=NOW),
        ]
    )

    # The visitor is refused, or the program is told that the nights are being booked.
    assert Closure.objects.count() + Stay.objects.filter(state="held").count() == 1
    assert len(errors_in(results)) == Closure.objects.count()
    assert find_drift(today=TODAY) == []
