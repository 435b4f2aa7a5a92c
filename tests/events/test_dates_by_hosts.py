"""A date of tickets is in the agenda or isn't sold: its house changes it, the office adds it."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Slot
from events import programme
from events.models import Event, Session
from members.journal import SYSTEM
from tests import factories
from tests.cast import NOW, SATURDAY
from tests.events.dated import an_event_of
from tests.oti.api.client import fields
from tests.oti.api.house import key_for, patch
from tests.pages import text_of

pytestmark = pytest.mark.django_db

DATES, ADD = reverse("extranet-slots"), reverse("extranet-slots-add")


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def concert() -> Event:
    offer = factories.an_activity(kind="event_ticket", child=None)
    event = an_event_of(offer)
    programme.schedule_session(
        event,
        day=SATURDAY,
        start_time=time(21),
        end_time=time(23),
        capacity=120,
        actor=SYSTEM,
        now=NOW,
    )
    return event


@pytest.fixture
def organiser(concert: Event) -> Client:
    person = Client(headers={"Accept-Language": "en"})
    person.force_login(factories.a_host(concert.organiser))
    return person


def page_of(slot: Slot) -> str:
    return reverse("extranet-slot", args=[slot.pk])


def series(event: Event) -> dict[str, Any]:
    assert event.ticket_offer is not None
    return {
        "provider": event.organiser.slug,
        "offer": event.ticket_offer.pk,
        "first_day": "2027-07-01",
        "last_day": "2027-08-31",
        "weekdays": ["1"],
        "start_times": "21:00",
        "capacity": "80",
        "step": "apply",
    }


@pytest.mark.parametrize("has_others", [True, False])
def test_a_date_of_tickets_is_added_by_the_office_alone(
    concert: Event, organiser: Client, has_others: bool
):
    if has_others:
        factories.an_activity(title="Atelier", provider=concert.organiser)
    assert concert.ticket_offer is not None
    before = list(Slot.objects.filter(offer=concert.ticket_offer))

    shown = text_of(organiser.get(DATES, {"offre": concert.ticket_offer.slug}))
    assert "call it on +33" in shown
    assert "Add dates" not in shown
    for answer in (
        organiser.get(ADD, {"offre": concert.ticket_offer.slug}, follow=True),
        organiser.post(ADD, series(concert), follow=True),
    ):
        assert "Dates of an event stand in the agenda" in text_of(answer)
    assert list(Slot.objects.filter(offer=concert.ticket_offer)) == before
    # Every date that is sold is one of the agenda.
    assert {one.slot_id for one in Session.objects.all()} == {one.pk for one in before}

    asked = organiser.get(ADD, {"provider": concert.organiser.slug})
    assert asked.status_code == (200 if has_others else 303)
    if has_others:
        assert "Add dates" in text_of(organiser.get(DATES))
        names = [one.kind for one in asked.context["form"].fields["offer"].queryset]
        assert names == ["activity"]


def test_who_organises_gives_it_places_and_closes_it(concert: Event, organiser: Client):
    slot = Slot.objects.get()
    assert organiser.post(page_of(slot), {"capacity": "90"}).status_code == 303
    closing = {"capacity": "90", "is_closed": "on", "closed_reason": "complet à l’entrée"}
    assert organiser.post(page_of(slot), closing).status_code == 303
    slot.refresh_from_db()
    assert (slot.capacity, slot.is_closed) == (90, True)
    # Closed, it still is given other places.
    assert organiser.post(page_of(slot), {**closing, "capacity": "100"}).status_code == 303


def test_what_the_agenda_struck_is_not_sold_again_by_a_page_left_open(
    concert: Event, organiser: Client
):
    session = Session.objects.get()
    slot = Slot.objects.get()
    shown = text_of(organiser.get(page_of(slot)))
    assert "the office alone opens it again" in shown
    # It would be refused: the agenda speaks of it.
    assert "Delete this date" not in shown
    programme.cancel_session(session, reason="orage", actor=SYSTEM, now=NOW)

    late = organiser.post(page_of(slot), {"capacity": "120"})
    assert late.status_code == 409
    assert "call the office on +33" in text_of(late)
    key = key_for(concert.organiser)
    told = patch(key, f"slots/{slot.pk}", {"closed": False})
    assert (told.status_code, fields(told)) == (409, {"closed": "programme_date_closed"})

    slot.refresh_from_db()
    session.refresh_from_db()
    assert (slot.is_closed, session.is_cancelled) == (True, True)


def test_a_date_of_tickets_with_bookings_stays_open_and_one_that_went_is_said(
    concert: Event, organiser: Client, monkeypatch: Any
):
    slot = Slot.objects.get()
    Slot.objects.filter(pk=slot.pk).update(sold=3)
    closing = {"capacity": "120", "is_closed": "on", "closed_reason": "orage"}
    answer = organiser.post(page_of(slot), closing)
    assert answer.status_code == 409
    assert "3 places are booked: it stays open here." in text_of(answer)
    fewer = organiser.post(page_of(slot), {"capacity": "2"})
    assert fewer.status_code == 409

    monkeypatch.setattr("booking.own_dates.locks.lock_slots", lambda ids: [])
    gone = organiser.post(page_of(slot), {"capacity": "120"})
    assert "This date was deleted meanwhile" in text_of(gone)
    assert Slot.objects.get().capacity == 120
