"""A date of the programme is entered and cancelled whole, with its places, or not at all."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from booking.basket import add_to_basket
from booking.models import CalledOff, Slot
from booking.refusals import BadInput
from booking.wishes import LineRequest
from events import programme
from events.models import Event, Session
from members.journal import SYSTEM
from members.models import Entry
from tests import factories
from tests.cast import NOW, SATURDAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def concert() -> Event:
    offer = factories.an_activity(kind="event_ticket", child=None)
    return Event.objects.create(
        slug="choeur",
        state="published",
        title="Chœur et grand orgue",
        summary="Une soirée à l’abbatiale.",
        organiser=offer.provider,
        commune=offer.commune,
        ticket_offer=offer,
    )


def schedule(event: Event, **changes: Any) -> Session:
    values: dict[str, Any] = {
        "day": SATURDAY,
        "start_time": time(21),
        "end_time": time(23),
        "capacity": 120,
        **changes,
    }
    return programme.schedule_session(event, actor=SYSTEM, now=NOW, **values)


def cancel(session: Session) -> list[CalledOff]:
    return programme.cancel_session(session, reason="orage", actor=SYSTEM, now=NOW)


class Broken(Exception):
    """Something fails in the middle."""


def fail(*args: object, **kwargs: object) -> None:
    raise Broken


def test_a_date_comes_with_its_places_and_its_journal_line(concert: Event):
    session = schedule(concert)

    assert (session.slot.capacity, session.slot.start_time) == (120, time(21))
    assert Entry.objects.filter(verb="session added").count() == 1


def test_a_date_that_fails_in_the_middle_leaves_no_places(concert: Event, monkeypatch):
    monkeypatch.setattr(programme, "record", fail)

    with pytest.raises(Broken):
        schedule(concert)

    assert not Slot.objects.exists()
    assert not Session.objects.exists()
    assert not Entry.objects.exists()


def test_the_same_date_twice_adds_no_places(concert: Event, monkeypatch):
    schedule(concert)
    # The second click read the programme before the first one wrote.
    monkeypatch.setattr(programme, "_check_session", lambda *args: None)

    with pytest.raises(BadInput) as refused:
        schedule(concert, capacity=50)

    assert refused.value.code == "session_known"
    assert Slot.objects.get().capacity == 120
    assert Session.objects.count() == 1


def test_places_removed_meanwhile_leave_no_date_without_tickets(concert: Event, monkeypatch):
    slot = factories.a_slot(concert.ticket_offer, SATURDAY, time(21))
    read = programme._slot_of

    def read_then_removed(*args: Any) -> Slot | None:
        found = read(*args)
        Slot.objects.filter(pk=slot.pk).delete()
        return found

    monkeypatch.setattr(programme, "_slot_of", read_then_removed)
    monkeypatch.setattr(programme, "_check_session", lambda *args: None)

    with pytest.raises(BadInput) as refused:
        schedule(concert, capacity=None)

    assert refused.value.code == "capacity_missing"
    assert not Session.objects.exists()


def test_places_of_an_event_without_tickets_are_not_lost_silently(concert: Event):
    concert.ticket_offer = None
    concert.save()

    with pytest.raises(BadInput) as refused:
        schedule(concert)

    [one] = refused.value.troubles
    assert (one.code, one.field) == ("sells_no_tickets", "capacity")
    assert schedule(concert, capacity=None).slot is None


def test_a_cancellation_that_fails_in_the_middle_leaves_the_date_on_sale(
    concert: Event, monkeypatch
):
    session = schedule(concert)
    monkeypatch.setattr(programme, "record", fail)

    with pytest.raises(Broken):
        cancel(session)

    session.refresh_from_db()
    assert not session.is_cancelled
    assert not session.slot.is_closed
    assert not Entry.objects.filter(verb="slot changed").exists()


def test_cancelling_twice_is_told_once(concert: Event, bank: FakeBank):
    session = schedule(concert)
    assert session.slot is not None
    basket = factories.a_basket()
    wish = LineRequest(offer_id=session.slot.offer_id, slot_id=session.slot.pk, ages=(None,) * 3)
    add_to_basket(basket, wish, now=NOW)
    paid_order(basket, bank)

    assert [row.slot_id for row in cancel(session)] == [session.slot.pk]
    assert cancel(session) == []

    told = Entry.objects.get(verb="session cancelled")
    assert (told.data["sold"], told.data["reason"]) == (3, "orage")
    assert Slot.objects.get().is_closed
