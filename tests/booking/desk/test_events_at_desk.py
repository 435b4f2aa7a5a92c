"""Somebody of the office enters an event and its dates, with or without tickets."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.basket import add_to_basket
from booking.call_off_rounds import carry_out
from booking.models import CalledOff, Offer, Slot
from booking.refusals import Busy, trouble
from booking.wishes import LineRequest
from events.models import Event, Session
from members.models import Entry
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW, SATURDAY, FakeBank, paid_order
from tests.pages import text_of


@pytest.fixture
def tickets(db: None) -> Offer:
    return factories.an_activity(kind="event_ticket", child=None)


def event(**changes: Any) -> dict[str, Any]:
    provider = changes.pop("provider", None) or factories.a_provider()
    data = {
        "title_fr": "Chœur et grand orgue",
        "slug": "choeur",
        "state": "published",
        "summary_fr": "Une soirée à l’abbatiale.",
        "illustration": "concert",
        "organiser": provider.pk,
        "commune": provider.commune_id,
    }
    return {**data, **changes}


def session(**changes: Any) -> dict[str, Any]:
    data = {
        "event": Event.objects.get().pk,
        "day": SATURDAY.isoformat(),
        "start_time": "21:00",
        "end_time": "23:00",
    }
    return {**data, **changes}


def errors(response: Any) -> set[str]:
    assert response.status_code == 200
    return set(response.context["form"].errors)


def test_a_free_event_has_dates_without_tickets(desk: Client) -> None:
    assert desk.post(reverse("desk_events:add"), event(is_free="on")).status_code == 302
    sent = desk.post(reverse("desk_sessions:add"), session(end_time="01:00"))
    assert sent.status_code == 302
    row = Session.objects.get()
    assert row.slot is None
    assert row.ends_at == datetime(2027, 7, 11, 1, tzinfo=PARIS)
    assert errors(desk.post(reverse("desk_sessions:add"), session())) == {"start_time"}


def test_an_event_without_a_date_says_so_where_its_dates_are_added(desk: Client) -> None:
    lacks = "Without a date to come"
    page = desk.post(reverse("desk_events:add"), event(is_free="on"), follow=True)
    row = Event.objects.get()
    add = f"{reverse('desk_sessions:add')}?event={row.pk}"
    assert lacks in text_of(page)
    assert f'href="{add}"' in page.content.decode()
    assert f'href="{reverse("events:event", args=[row.slug])}"' in page.content.decode()
    assert "without a date" in text_of(desk.get(reverse("desk_events:index")))

    page = desk.post(add, session(), follow=True)

    assert lacks not in text_of(page)
    assert "10 July 2027" in text_of(page)
    assert "without a date" not in text_of(desk.get(reverse("desk_events:index")))
    Event.objects.update(state="draft")
    page = desk.get(reverse("desk_events:inspect", args=[row.pk]))
    assert reverse("events:event", args=[row.slug]) not in page.content.decode()
    assert "nobody sees it" in text_of(page)


def test_a_date_with_tickets_is_sold_through_a_slot(desk: Client, tickets: Offer) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    assert errors(desk.post(reverse("desk_sessions:add"), session())) == {"capacity"}
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    slot = Slot.objects.get()
    assert Session.objects.get().slot == slot
    assert (slot.offer, slot.day, slot.start_time, slot.capacity) == (
        tickets,
        SATURDAY,
        time(21),
        120,
    )


def test_a_cancelled_date_without_bookings_sells_nothing_more(desk: Client, tickets: Offer) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    cancel = reverse("desk_sessions:edit", args=[Session.objects.get().pk])
    assert "Nobody has booked" in text_of(desk.get(cancel))
    for reason in ("", "  ", "x" * 161):
        assert errors(desk.post(cancel, {"reason": reason})) == {"reason"}
    done = desk.post(cancel, {"reason": "orage"}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("desk_sessions:index")
    assert Session.objects.get().is_cancelled
    assert Slot.objects.get().is_closed


def test_a_cancelled_date_gives_its_tickets_back_and_leads_to_how_far_it_is(
    desk: Client, tickets: Offer, bank: FakeBank
) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    basket = factories.a_basket()
    wish = LineRequest(offer_id=tickets.pk, slot_id=Slot.objects.get().pk, ages=(None, None))
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    home, waits = reverse("wagtailadmin_home"), "order of a date that is called off"
    assert waits not in text_of(desk.get(home))

    cancel = reverse("desk_sessions:edit", args=[Session.objects.get().pk])
    done = desk.post(cancel, {"reason": "orage"}, follow=True)

    row = CalledOff.objects.get()
    page = reverse("desk_called_off:inspect", args=[row.pk])
    assert done.redirect_chain[-1][0] == page
    assert order.reference in text_of(done)
    # Until it is given back the first page of the desk names it, and where it is found.
    listed = f"{reverse('desk_orders:index')}?trouble=date"
    assert f"1 {waits}" in text_of(desk.get(home))
    assert order.reference in text_of(desk.get(listed))
    assert carry_out(row.pk, now=NOW)
    assert order.reference not in text_of(desk.get(listed))
    assert waits not in text_of(desk.get(home))
    # Its own page leads there from now on.
    assert desk.get(cancel, follow=True).redirect_chain[-1][0] == page


def test_tickets_without_a_place_have_that_of_their_event(desk: Client, tickets: Offer) -> None:
    Offer.objects.filter(pk=tickets.pk).update(place_fr="", place_en="", place_de="")
    values = event(ticket_offer=tickets.pk, place_fr="Salle du Foyer", place_en="Foyer hall")
    desk.post(reverse("desk_events:add"), values)
    tickets.refresh_from_db()
    assert (tickets.place_fr, tickets.place_en) == ("Salle du Foyer", "Foyer hall")
    assert Entry.objects.get(verb="offer changed").data["place"] == "Salle du Foyer"
    # What the offer says itself stays.
    row = Event.objects.get()
    again = {**values, "place_fr": "Église", "organiser": row.organiser_id}
    desk.post(reverse("desk_events:edit", args=[row.pk]), again)
    tickets.refresh_from_db()
    assert tickets.place_fr == "Salle du Foyer"


def test_another_word_of_a_cancelled_event_gives_no_money_back(
    desk: Client, tickets: Offer, bank: FakeBank
) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    basket = factories.a_basket()
    wish = LineRequest(
        offer_id=tickets.pk, slot_id=Slot.objects.get().pk, ages=(None, None), quantity=2
    )
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    # Cancelled once, its orders still to be looked after.
    row = Event.objects.get()
    Event.objects.update(state="cancelled")
    values = event(
        ticket_offer=tickets.pk, state="cancelled", provider=row.organiser, title_fr="Chœur seul"
    )

    desk.post(reverse("desk_events:edit", args=[row.pk]), values)

    row.refresh_from_db()
    order.refresh_from_db()
    assert (row.title_fr, row.state) == ("Chœur seul", "cancelled")
    assert order.state == "confirmed"
    assert not CalledOff.objects.exists()


def test_a_cancelled_event_gives_every_ticket_back(
    desk: Client, tickets: Offer, bank: FakeBank
) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    row = Event.objects.get()
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    # One that its organiser put on sale alone is meant too.
    factories.a_slot(tickets, SATURDAY + timedelta(days=7))
    basket = factories.a_basket()
    slot = Session.objects.get().slot
    assert slot is not None
    wish = LineRequest(offer_id=tickets.pk, slot_id=slot.pk, ages=(None, None))
    add_to_basket(basket, wish, now=NOW)
    order = paid_order(basket, bank)
    edit = reverse("desk_events:edit", args=[row.pk])
    values = event(ticket_offer=tickets.pk, state="cancelled", provider=row.organiser)
    # With bookings, it is done where what goes back is said; nothing typed is lost.
    refused = desk.post(edit, {**values, "title_fr": "Chœur seul"})
    assert errors(refused) == {"state"}
    assert "Chœur seul" in refused.content.decode()
    assert not Session.objects.get().is_cancelled
    cancel = reverse("desk_events:cancel", args=[row.pk])
    assert cancel in desk.get(reverse("desk_events:inspect", args=[row.pk])).content.decode()
    told = text_of(desk.get(cancel))
    assert "1 booking is cancelled, for 2 persons" in told
    assert f"{order.total_amount:.2f} go back" in told
    assert errors(desk.post(cancel, {"reason": "x" * 161})) == {"reason"}

    done = desk.post(cancel, {"reason": ""}, follow=True)

    off = CalledOff.objects.get()
    assert done.redirect_chain[-1][0] == reverse("desk_called_off:inspect", args=[off.pk])
    assert "the event is cancelled" in text_of(done)
    assert order.reference in text_of(done)
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert carry_out(off.pk, now=NOW)
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert not Slot.objects.filter(is_closed=False).exists()
    assert Session.objects.get().is_cancelled
    assert Entry.objects.filter(verb="session cancelled").count() == 1
    # A second time says what is always said, and writes nothing.
    again = desk.post(edit, values, follow=True)
    assert again.redirect_chain[-1][0] == reverse("desk_events:inspect", args=[row.pk])
    assert Entry.objects.filter(verb="session cancelled").count() == 1


def test_an_event_whose_dates_are_busy_is_not_half_cancelled(
    desk: Client, tickets: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    row = Event.objects.get()
    desk.post(reverse("desk_sessions:add"), session(capacity=120))

    def busy(ids: Any) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr("events.programme.locks.lock_slots", busy)
    values = event(ticket_offer=tickets.pk, state="cancelled", provider=row.organiser)
    answer = desk.post(reverse("desk_events:edit", args=[row.pk]), values)

    assert answer.status_code == 200
    row.refresh_from_db()
    assert row.state == "published"
    assert not Session.objects.get().is_cancelled


def test_a_date_with_bookings_stays_in_the_programme(desk: Client, tickets: Offer) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    gone = reverse("desk_sessions:delete", args=[Session.objects.get().pk])
    Slot.objects.update(sold=1)
    assert errors(desk.post(gone)) == {"__all__"}
    assert Session.objects.exists()
    Slot.objects.update(sold=0)
    assert desk.post(gone).status_code == 302
    assert not Session.objects.exists()
    assert not Slot.objects.exists()


def test_the_slot_of_a_date_is_not_deleted_behind_the_programme(
    desk: Client, tickets: Offer
) -> None:
    desk.post(reverse("desk_events:add"), event(ticket_offer=tickets.pk))
    desk.post(reverse("desk_sessions:add"), session(capacity=120))
    response = desk.post(reverse("desk_slots:delete", args=[Slot.objects.get().pk]))
    assert errors(response) == {"__all__"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"day": "2027-02-31"}, "day"),
        ({"day": date(2027, 1, 5).isoformat()}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"day": "0001-01-01"}, "day"),
        ({"start_time": "25:00"}, "start_time"),
        ({"event": ""}, "event"),
        ({"day": "2028-03-26", "start_time": "02:30"}, "start_time"),
    ],
)
def test_a_bad_date_is_told_beside_its_field(
    desk: Client, changes: dict[str, Any], where: str
) -> None:
    desk.post(reverse("desk_events:add"), event(is_free="on"))
    assert errors(desk.post(reverse("desk_sessions:add"), session(**changes))) == {where}
    assert not Session.objects.exists()


def test_free_entrance_and_tickets_exclude_each_other(desk: Client, tickets: Offer) -> None:
    data = event(ticket_offer=tickets.pk, is_free="on")
    assert errors(desk.post(reverse("desk_events:add"), data)) == {"is_free"}


def test_the_address_of_an_event_is_used_once(desk: Client) -> None:
    desk.post(reverse("desk_events:add"), event())
    assert errors(desk.post(reverse("desk_events:add"), event())) == {"slug"}
    assert Event.objects.count() == 1
