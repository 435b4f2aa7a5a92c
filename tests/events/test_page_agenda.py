"""The agenda month by month, an event with its tickets, and the calendar people subscribe to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from booking.models import Offer, Slot
from events.models import Event, Session
from oti.lib.dates import PARIS
from tests import factories
from tests.cast import NOW
from tests.pages import address, fields_of, text_of

pytestmark = pytest.mark.django_db
JULY_14 = datetime(2027, 7, 14, 20, 30, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def _spring(at, settings):
    settings.SEARCH_HORIZON_DAYS = 150
    at(NOW)


def an_event(*moments: datetime, title: str = "Bal", **fields) -> Event:
    event = Event.objects.create(
        slug=f"event-{Event.objects.count()}",
        title=title,
        title_en=fields.pop("title_en", title),
        summary="On danse.",
        summary_en="People dance.",
        organiser=factories.a_provider(name="Le comité"),
        commune=fields.pop("commune", None) or factories.a_commune(),
        **{"state": Event.State.PUBLISHED, "is_free": True, "place": "la halle", **fields},
    )
    for moment in moments:
        Session.objects.create(event=event, starts_at=moment, ends_at=moment + timedelta(hours=2))
    return event


def a_concert(*moments: datetime, capacity: int = 100, **fields) -> Event:
    offer = factories.an_activity(kind="event_ticket", adult="22", child="10")
    event = an_event(ticket_offer=offer, is_free=False, **{"title_en": "Concert", **fields})
    for moment in moments:
        slot = factories.a_slot(offer, moment.date(), moment.time(), capacity=capacity)
        Session.objects.create(
            event=event, slot=slot, starts_at=moment, ends_at=moment + timedelta(hours=2)
        )
    return event


def july(client: Client, language: str = "en", **query):
    return client.get(address("events:agenda-month", 2027, 7, language=language, **query))


def test_around_a_commune_is_told_and_can_be_let_go(client: Client):
    an_event(JULY_14, title_en="Ball")

    around = july(client, near="les-estables")
    elsewhere = july(client, near="nulle-part")
    chips = {one["id"]: one for one in elsewhere.context["chips"]}

    assert "20 km around Les Estables" in text_of(around)
    assert "Ball" in text_of(around)
    assert "Ball" not in text_of(elsewhere)
    assert "near" not in chips["chip-near"]["url"]
    assert any("near" not in one["url"] for one in elsewhere.context["empty"]["actions"])
    assert client.get(address("events:agenda-ics", near="nulle-part")).status_code == 200


def test_a_month_shows_its_dates_in_order_with_place_and_pole(client: Client):
    an_event(JULY_14, JULY_14 + timedelta(days=3), title_en="Ball")
    an_event(JULY_14 - timedelta(days=2), title_en="Market")
    an_event(JULY_14 + timedelta(days=30), title_en="In August")

    text = text_of(july(client))

    assert "What’s on in July 2027" in text
    assert text.index("Market") < text.index("Ball")
    assert "8:30 pm, la halle, Les Estables Mézenc massif" in text
    assert "In August" not in text


def test_the_agenda_itself_is_the_present_month_from_now_on(client: Client):
    an_event(NOW + timedelta(days=2), title_en="Soon")
    an_event(NOW - timedelta(days=2), title_en="Over")

    text = text_of(client.get(address("events:agenda")))

    assert "April 2027" in text
    assert "Soon" in text
    assert "Over" not in text


def test_drafts_are_hidden_cancelled_and_full_ones_are_told(client: Client):
    an_event(JULY_14, title_en="A draft", state=Event.State.DRAFT)
    an_event(JULY_14, title_en="Off", state=Event.State.CANCELLED)
    full = a_concert(JULY_14)
    Slot.objects.filter(session__event=full).update(sold=100)

    page = july(client)

    assert "A draft" not in text_of(page)
    rows = {row["title"]: row for row in page.context["agenda"]}
    assert rows["Off"]["is_cancelled"]
    assert rows["Concert"]["is_full"]


def test_filters_by_pole_and_free_entrance_stay_when_months_turn(client: Client):
    an_event(JULY_14, title_en="Ball")
    a_concert(JULY_14)
    elsewhere = factories.a_commune("Borée", insee="07037", inside=False)
    an_event(JULY_14, title_en="Beside", commune=elsewhere)

    page = july(client, pole="massif-du-mezenc", free=1)

    assert [row["title"] for row in page.context["agenda"]] == ["Ball"]
    assert page.context["next_url"].endswith("?pole=massif-du-mezenc&free=1")
    assert b'content="noindex"' in page.content


def test_an_empty_month_leads_to_the_next_one_with_something(client: Client):
    an_event(datetime(2027, 8, 14, 20, tzinfo=PARIS))

    page = july(client)

    assert "Nothing is announced" in text_of(page)
    assert page.context["empty"]["actions"][0]["url"] == address("events:agenda-month", 2027, 8)


def test_months_that_are_none_or_out_of_reach(client: Client):
    def status(year: int, month: int) -> int:
        return client.get(address("events:agenda-month", year, month)).status_code

    assert status(2027, 13) == 404
    assert status(2050, 1) == 404
    assert status(2027, 1) == 302


def test_tickets_are_added_for_those_who_come(client: Client):
    concert = a_concert(JULY_14, JULY_14 + timedelta(days=1))

    page = client.get(address("events:event", concert.slug, adults=2, ages=[5, 10]))

    text = text_of(page)
    assert "Total €64.00" in text
    assert "July 2027 Wednesday 14 July" in text
    first, second = fields_of(page)
    assert first["slot"] != second["slot"]
    assert first["ages"] == ["5,10"]
    assert client.post(address("booking:line-add"), first).status_code == 303


def test_a_cancelled_date_has_no_tickets(client: Client):
    concert = a_concert(JULY_14, JULY_14 + timedelta(days=1))
    off = concert.sessions.first()
    Session.objects.filter(pk=off.pk).update(is_cancelled=True)

    page = client.get(address("events:event", concert.slug))

    assert "Cancelled" in text_of(page)
    assert [form["slot"] for form in fields_of(page)] == [
        [str(concert.sessions.exclude(pk=off.pk).get().slot_id)]
    ]


def test_a_free_event_shows_its_dates(client: Client):
    ball = an_event(JULY_14, title_en="Ball")

    page = client.get(address("events:event", ball.slug))

    text = text_of(page)
    assert "Free entrance" in text
    assert "Wednesday 14 July 2027" in text
    assert "organised by Le comité" in text
    assert not fields_of(page)


def test_tickets_that_are_not_on_sale_leave_the_event_without_them(client: Client):
    concert = a_concert(JULY_14)
    Offer.objects.filter(event=concert).update(state=Offer.State.PAUSED)

    page = client.get(address("events:event", concert.slug))

    assert page.status_code == 200
    assert not fields_of(page)
    assert "Wednesday 14 July 2027" in text_of(page)


def test_a_draft_is_unknown_a_cancelled_event_says_so(client: Client):
    draft = an_event(JULY_14, state=Event.State.DRAFT)
    off = a_concert(JULY_14, state=Event.State.CANCELLED)

    page = client.get(address("events:event", off.slug))

    assert client.get(address("events:event", draft.slug)).status_code == 404
    assert "This event does not take place" in text_of(page)
    assert not fields_of(page)


def test_the_offer_of_the_tickets_leads_to_the_event(client: Client):
    concert = a_concert(JULY_14)

    page = client.get(address("booking:experience-offer", concert.ticket_offer.slug))

    assert address("events:event", concert.slug) in page.content.decode()


def test_the_calendar_has_the_hours_of_paris_and_stable_names(client: Client):
    ball = an_event(JULY_14, datetime(2027, 12, 24, 20, tzinfo=PARIS), title_en="Ball")
    an_event(JULY_14, title_en="Off", state=Event.State.CANCELLED)

    first, again = (client.get(address("events:agenda-ics")) for _number in range(2))

    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(first.content)
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Paris"]
    entries = {(str(one["SUMMARY"]), one["DTSTART"].dt): one for one in calendar.walk("VEVENT")}
    entry = entries["Ball", JULY_14]
    assert entry["DTSTART"].params["TZID"] == "Europe/Paris"
    assert str(entry["UID"]) == f"session-{ball.sessions.first().pk}@testserver"
    assert str(entry["URL"]) == f"http://testserver{address('events:event', ball.slug)}"
    assert str(entries["Off", JULY_14]["STATUS"]) == "CANCELLED"
    assert [line for line in first.content.splitlines() if line.startswith(b"UID")] == [
        line for line in again.content.splitlines() if line.startswith(b"UID")
    ]


def test_a_calendar_without_sessions_has_a_component_still(client: Client):
    body = client.get(address("events:agenda-ics")).content

    # A file without any is no calendar (RFC 5545, 3.6).
    begun = [line for line in body.splitlines() if line.startswith(b"BEGIN:")]
    assert begun[:2] == [b"BEGIN:VCALENDAR", b"BEGIN:VTIMEZONE"]
    assert b"BEGIN:VEVENT" not in begun


def test_the_calendar_takes_the_filters_of_the_agenda(client: Client):
    an_event(JULY_14, title_en="Ball")
    a_concert(JULY_14)

    calendar = Calendar.from_ical(client.get(address("events:agenda-ics", free=1)).content)

    assert [str(one["SUMMARY"]) for one in calendar.walk("VEVENT")] == ["Ball"]


def test_statements_are_bounded(client: Client, django_assert_max_num_queries):
    for number in range(10):
        an_event(JULY_14 + timedelta(days=number))
    concert = a_concert(*[JULY_14 + timedelta(days=number) for number in range(10)])

    with django_assert_max_num_queries(8):
        july(client)
    with django_assert_max_num_queries(13):
        client.get(address("events:event", concert.slug))
    with django_assert_max_num_queries(6):
        client.get(address("events:agenda-ics"))
