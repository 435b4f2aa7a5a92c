"""The hosts' linked calendars: pasted, read, paused, removed; what goes wrong is said in words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking import incidents
from booking.channels.ical import Doubt
from booking.channels.sync import import_feed
from booking.channels.words import PROBLEMS
from booking.emails import compose
from booking.models import (
    ChannelIncident,
    Closure,
    ExportLink,
    Feed,
    FeedEvent,
    OutboxMessage,
    Stay,
    Unit,
)
from booking.refusals import Busy, trouble
from booking.rules import states
from booking.search_table import find_drift
from members.models import Entry
from oti.lib.http import FetchFailed
from oti.lib.public_hosts import Reason
from oti.lib.sealing import unseal
from tests import factories
from tests.booking.channels.platform import Platform, calendar, whole
from tests.booking.pages import body, paid_stay
from tests.cast import NOW, TODAY, FakeBank
from tests.pages import text_of

pytestmark = pytest.mark.django_db
WEEK = calendar(whole("20270710", "20270717"))
AIRBNB = "https://www.airbnb.fr/calendar/ical/12345678.ics?s=abcdef0123456789"
PAGE = "/pro/liens/"


@pytest.fixture(autouse=True)
def _in_spring(at: Any) -> None:
    at(NOW)


@pytest.fixture
def unit() -> Unit:
    return factories.a_lodging(now=NOW).units.get()


@pytest.fixture
def host(unit: Unit) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(factories.a_host(unit.offer.provider))
    return client


def add(host: Client, unit: Unit, address: str, **fields: str) -> Any:
    return host.post(reverse("extranet-link-add", args=[unit.pk]), {"address": address, **fields})


def blocked(unit: Unit) -> list[tuple[date, date]]:
    rows = Stay.objects.filter(unit=unit, state=Stay.State.BLOCKED).order_by("dates")
    return [(row.dates.lower, row.dates.upper) for row in rows]


# --- Pasting --------------------------------------------------------------------------------------
def test_host_pastes_an_address_and_its_nights_close(
    host: Client, unit: Unit, platform: Platform
) -> None:
    platform.says(WEEK)

    answer = add(host, unit, f"  {AIRBNB} ")

    assert (answer.status_code, answer.url) == (303, PAGE)
    feed = Feed.objects.get()
    assert (feed.name, feed.platform, feed.problem) == ("Airbnb", "airbnb", "")
    assert unseal(feed.sealed) == AIRBNB
    assert blocked(unit) == [(date(2027, 7, 10), date(2027, 7, 17))]
    page = host.get(PAGE)
    text = text_of(page)
    assert "Airbnb is linked: 7 nights to come are closed here." in text
    assert "Up to date" in text
    assert "Last read well on Tue 6 Apr at 10 am" in text
    assert "no-store" in page["Cache-Control"]
    # The address is a password: neither the page, nor the journal, nor the column shows it.
    assert "abcdef0123456789" not in body(page)
    assert Entry.objects.get(verb="calendar added").data["address"] == feed.masked
    assert "abcdef" not in feed.masked + str(feed.__dict__["digest"])


def test_a_calendar_without_nights_to_come_is_linked_and_doubted(
    host: Client, unit: Unit, platform: Platform
) -> None:
    """Whoever pasted the calendar of another lodging sees it now, not when somebody arrives."""
    platform.says(calendar(whole("20260710", "20260717")))

    add(host, unit, AIRBNB)

    assert "Airbnb is linked. No night to come is taken in it: check" in text_of(host.get(PAGE))
    assert blocked(unit) == []


def test_nights_to_come_are_counted_once_and_from_today(
    host: Client, unit: Unit, platform: Platform
) -> None:
    """The night of today, and what two entries share."""
    platform.says(
        calendar(
            whole("20270401", "20270407", "UID:a"),
            whole("20270710", "20270712", "UID:b"),
            whole("20270711", "20270713", "UID:c"),
        )
    )

    add(host, unit, AIRBNB)

    assert "4 nights to come are closed here" in text_of(host.get(PAGE))


def test_an_address_that_is_too_long_isnt_cut_by_the_browser(host: Client, unit: Unit) -> None:
    """A cut one would be another address; the form says what is wrong with the whole one."""
    page = host.get(reverse("extranet-link-add", args=[unit.pk])).content.decode()
    [typed] = re.findall(r"<input[^>]*name=.address.[^>]*>", page)
    assert "maxlength" not in typed

    answer = add(host, unit, f"https://www.airbnb.fr/{'a' * 2000}")

    assert answer.status_code == 422
    assert "This isn’t an address" in text_of(answer)


def test_an_agendas_own_scheme_is_understood(host: Client, unit: Unit, platform: Platform) -> None:
    platform.says(WEEK)
    add(host, unit, "webcal://calendar.google.com/calendar/ical/x/basic.ics", name="Agenda")
    assert Feed.objects.get().name == "Agenda"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Paste the address"),
        ("http://www.airbnb.fr/x.ics", "from https:// on"),
        ("www.airbnb.fr/x.ics", "from https:// on"),
        ("https://127.0.0.1/x.ics", "private network"),
        ("https://[::1]/x.ics", "private network"),
        ("https://169.254.169.254/latest/", "private network"),
        ("https://2130706433/", "isn’t an address"),
        ("https://www.airbnb.fr:22/x.ics", "no port"),
        ("https://me:word@www.airbnb.fr/x.ics", "a name and a password"),
        ("https://calendars.example.org/x.ics", "don’t know this platform"),
        ("https://www.airbnb.fr/" + "x" * 2000, "isn’t an address"),
        ("bonjour", "from https:// on"),
    ],
)
def test_an_address_that_may_not_be_asked_says_why_and_loses_nothing(
    host: Client, unit: Unit, platform: Platform, address: str, words: str
) -> None:
    answer = add(host, unit, address, name="Mon gîte")

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'value="Mon gîte"' in body(answer)
    assert platform.asked == []
    assert not Feed.objects.exists()


def test_the_office_may_allow_another_host(
    host: Client, unit: Unit, platform: Platform, settings: Any
) -> None:
    settings.CALENDAR_HOSTS = ["example.org"]
    platform.says(WEEK)
    add(host, unit, "https://calendars.example.org/x.ics")
    assert Feed.objects.get().platform == "other"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": b"<html>"}, "isn’t a calendar"),
        ({"status": 404}, "no calendar at this address"),
        ({"status": 403}, "doesn’t let us read"),
        ({"body": calendar("UID:a\nDTSTART:NEVER")}, "no readable date"),
        ({"body": calendar(whole("20270710", "", "RRULE:COUNT=3"))}, "no readable date"),
        (
            {"body": calendar(whole("20270710", "", "RRULE:FREQ=DAILY;INTERVAL=0"))},
            "no readable date",
        ),
        ({"body": calendar("BEGIN:X\nTZID:a\nEND:VTIMEZONE")}, "can’t be read"),
    ],
)
def test_what_is_no_calendar_isnt_linked(
    host: Client, unit: Unit, platform: Platform, answer: dict[str, Any], words: str
) -> None:
    platform.says(**answer)

    page = add(host, unit, AIRBNB)

    assert words in text_of(page)
    assert not Feed.objects.exists()


@pytest.mark.parametrize("name", ["extranet-feed-refresh", "extranet-feed-empty"])
@pytest.mark.parametrize(
    ("module", "function"), [("reading", "read_calendar"), ("reading", "unseal")]
)
def test_a_content_that_nobody_foresaw_is_told_and_is_no_error(
    host: Client,
    unit: Unit,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    module: str,
    function: str,
) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)

    def broken(*_args: object, **_kwargs: object) -> None:
        msg = "https://secret.example/"
        raise AttributeError(msg)

    monkeypatch.setattr(f"booking.channels.{module}.{function}", broken)

    answer = host.post(reverse(name, args=[feed.pk]), follow=True)

    assert answer.status_code == 200
    assert "secret" not in body(answer)
    assert Feed.objects.get().problem in {"unreadable", "odd_answer"}


def test_a_content_that_nobody_foresaw_isnt_linked(
    host: Client, unit: Unit, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.says(WEEK)

    def broken(*_args: object, **_kwargs: object) -> None:
        raise LookupError

    monkeypatch.setattr("booking.channels.reading.read_calendar", broken)

    assert "can’t be read" in text_of(add(host, unit, AIRBNB))
    assert not Feed.objects.exists()


def test_a_platform_that_is_away_for_the_moment_is_linked_and_read_later(
    host: Client, unit: Unit, platform: Platform
) -> None:
    platform.says(error=FetchFailed(Reason.TIMEOUT))

    add(host, unit, AIRBNB)

    text = text_of(host.get(PAGE))
    assert "takes too long to answer" in text
    assert "Never read well yet" in text


def test_the_same_calendar_isnt_linked_twice_and_ten_are_enough(
    host: Client, unit: Unit, platform: Platform
) -> None:
    platform.says(WEEK)
    add(host, unit, AIRBNB)
    assert "linked to this lodging already" in text_of(add(host, unit, AIRBNB))
    for n in range(9):
        add(host, unit, f"{AIRBNB}{n}")
    assert "10 calendars at most" in text_of(add(host, unit, f"{AIRBNB}x"))
    assert Feed.objects.count() == 10


# --- What one does with it -----------------------------------------------------------------------
def test_reading_now_is_throttled(host: Client, unit: Unit, platform: Platform, at: Any) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)
    url = reverse("extranet-feed-refresh", args=[feed.pk])

    assert "was read just now" in text_of(host.post(url, follow=True))
    assert "read a moment ago" in text_of(host.post(url, follow=True))
    assert len(platform.asked) == 1
    at(NOW + timedelta(minutes=2))
    platform.says(status=500)
    assert "The platform has a fault" in text_of(host.post(url, follow=True))


def test_a_paused_calendar_keeps_its_nights_and_begins_again(
    host: Client, unit: Unit, platform: Platform
) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)
    import_feed(feed, now=NOW)
    url = reverse("extranet-feed-pause", args=[feed.pk])

    assert "is paused" in text_of(host.post(url, {"is_paused": "1"}, follow=True))
    assert len(blocked(unit)) == 1
    refresh = reverse("extranet-feed-refresh", args=[feed.pk])
    assert "begin to read it again first" in text_of(host.post(refresh, follow=True))
    assert "is read again" in text_of(host.post(url, {"is_paused": "0"}, follow=True))
    assert not Feed.objects.get().is_paused


@pytest.mark.parametrize("nights", ["open", "keep"])
def test_a_removed_calendar_asks_what_becomes_of_its_nights(
    host: Client, unit: Unit, platform: Platform, nights: str
) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)
    import_feed(feed, now=NOW)
    url = reverse("extranet-feed-remove", args=[feed.pk])

    page = host.get(url)
    assert "checked" not in body(page)
    assert host.post(url).status_code == 422
    assert Feed.objects.exists()
    host.post(url, {"nights": nights})

    assert not Feed.objects.exists()
    assert not FeedEvent.objects.exists()
    assert blocked(unit) == []
    kept = [(one.dates.lower, one.dates.upper) for one in Closure.objects.all()]
    assert kept == ([(date(2027, 7, 10), date(2027, 7, 17))] if nights == "keep" else [])
    assert find_drift(today=TODAY) == []


def test_an_emptied_calendar_is_believed_when_its_host_says_so(
    host: Client, unit: Unit, platform: Platform
) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)
    import_feed(feed, now=NOW)
    platform.says(calendar())
    feed.refresh_from_db()
    import_feed(feed, now=NOW)
    assert "The calendar is suddenly empty" in text_of(host.get(PAGE))
    url = reverse("extranet-feed-empty", args=[feed.pk])

    platform.says(calendar(whole("20270801", "20270802")))
    assert "isn’t empty any more" in text_of(host.post(url, follow=True))
    assert len(blocked(unit)) == 2
    platform.says(calendar())
    assert "on sale again" in text_of(host.post(url, follow=True))
    assert blocked(unit) == []
    assert Entry.objects.get(verb="empty calendar accepted").data["address"] == feed.masked


def test_what_a_host_said_of_an_empty_calendar_is_written_with_what_it_opens_or_not_at_all(
    host: Client, unit: Unit, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = factories.a_feed(unit)
    platform.says(WEEK)
    import_feed(feed, now=NOW)
    platform.says(calendar())

    def busy(*_args: object, **_kwargs: object) -> None:
        raise Busy(trouble("busy"))

    monkeypatch.setattr("booking.channels.sync.write_blocks", busy)
    answer = host.post(reverse("extranet-feed-empty", args=[feed.pk]), follow=True)

    assert "on sale again" not in text_of(answer)
    assert not Entry.objects.filter(verb="empty calendar accepted").exists()
    assert FeedEvent.objects.exists()


def test_a_paused_calendar_isnt_believed_empty(
    host: Client, unit: Unit, platform: Platform
) -> None:
    feed = factories.a_feed(unit, is_paused=True)
    answer = host.post(reverse("extranet-feed-empty", args=[feed.pk]), follow=True)
    assert "begin to read it again first" in text_of(answer)
    assert platform.asked == []


def test_the_address_to_give_is_made_renewed_and_ended(host: Client, unit: Unit) -> None:
    url = reverse("extranet-link-share", args=[unit.pk])
    host.post(url, {"wish": "give"})
    first = ExportLink.objects.get().token
    assert f"/ical/{first}.ics" in body(host.get(PAGE))
    host.post(url, {"wish": "renew"})
    assert ExportLink.objects.get().token != first
    host.post(url, {"wish": "stop"})
    assert not ExportLink.objects.exists()


# --- Double bookings -----------------------------------------------------------------------------
@pytest.fixture
def incident(bank: FakeBank, platform: Platform) -> ChannelIncident:
    order = paid_stay(bank)
    line = order.lines.get(kind="lodging")
    platform.says(WEEK)
    import_feed(factories.a_feed(line.unit), now=NOW)
    return ChannelIncident.objects.get()


def test_a_double_booking_is_told_once_and_settled_with_what_was_done(
    incident: ChannelIncident,
) -> None:
    assert incidents.tell_incidents(now=NOW) == 1
    assert incidents.tell_incidents(now=NOW) == 0
    kinds = OutboxMessage.objects.filter(kind__startswith="double_booking")
    assert sorted(kinds.values_list("kind", "recipient")) == [
        ("double_booking", incident.unit.offer.provider.email),
        ("double_booking_office", "bonjour@example.org"),
    ]
    host = Client(headers={"Accept-Language": "en"})
    host.force_login(factories.a_host(incident.unit.offer.provider))
    assert incident.order_line.order.reference in text_of(host.get(PAGE))
    url = reverse("extranet-incident", args=[incident.pk])

    answer = host.post(url, {"outcome": "relocated"})
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    assert host.post(url, {"outcome": "magic", "note": "x"}).status_code == 422
    host.post(url, {"outcome": "relocated", "note": "Chez Anne, deux rues plus loin"})

    incident.refresh_from_db()
    assert (incident.state, incident.outcome) == (states.SETTLED, "relocated")
    assert "deux rues plus loin" in text_of(host.get(PAGE))
    assert Entry.objects.get(verb="double booking settled").data["outcome"] == "relocated"
    # A second tab is told that it is done.
    again = host.post(url, {"outcome": "no_clash", "note": "x"}, follow=True)
    assert "isn't possible any more" in text_of(again)


def test_what_somebody_else_has_keeps_no_other_from_being_told(
    incident: ChannelIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = incident.order_line.order.lines.exclude(pk=incident.order_line_id)
    other = ChannelIncident.objects.get()
    other.pk, other.order_line = None, lines.order_by("pk")[0]
    other.save()
    for n in range(2):
        factories.a_feed(incident.unit, f"{AIRBNB}{n}", last_good_at=NOW - timedelta(hours=7))
    real, calls = incidents.write_message, []

    def busy_once(kind: str, **told: Any) -> Any:
        calls.append(kind)
        if kind in {"double_booking", "calendar_silent"} and calls.count(kind) == 1:
            raise Busy(trouble("busy"))
        return real(kind, **told)

    monkeypatch.setattr(incidents, "write_message", busy_once)

    assert incidents.tell_incidents(now=NOW) == 1
    assert incidents.tell_silent_feeds(now=NOW) == 1
    # The next round tells the others.
    assert incidents.tell_incidents(now=NOW) == 1
    assert incidents.tell_silent_feeds(now=NOW) == 1


def test_the_office_sees_what_is_to_be_settled_and_how_it_ended(
    incident: ChannelIncident, admin_client: Client
) -> None:
    home = admin_client.get(reverse("wagtailadmin_home"), headers={"Accept-Language": "en"})
    assert reverse("desk_incidents:index") in home.content.decode()
    page = admin_client.get(reverse("desk_incidents:index"))
    assert incident.order_line.order.reference in page.content.decode()
    ChannelIncident.objects.update(
        state=states.SETTLED, outcome="relocated", note="Chez Anne", settled_at=NOW
    )
    one = admin_client.get(reverse("desk_incidents:inspect", args=[incident.pk]))
    assert "Chez Anne" in one.content.decode()
    assert (
        admin_client.get(reverse("desk_incidents:index"), {"state": "settled"}).status_code == 200
    )


def test_mails_of_a_double_booking_name_nights_and_calendar(incident: ChannelIncident) -> None:
    incidents.tell_incidents(now=NOW)

    for message in OutboxMessage.objects.filter(kind__startswith="double_booking"):
        message.language = "en"
        mail = compose(message)
        assert incident.order_line.order.reference in mail.subject
        assert "Airbnb" in mail.body
        assert "10 July 2027" in mail.body.replace("\xa0", " ")
        assert "secret" not in mail.body


def test_a_silent_calendar_is_told_to_its_host_once(unit: Unit, platform: Platform) -> None:
    feed = factories.a_feed(unit, last_good_at=NOW - timedelta(hours=7))
    factories.a_feed(unit, f"{AIRBNB}1", last_good_at=NOW - timedelta(hours=5))

    assert incidents.tell_silent_feeds(now=NOW) == 1
    assert incidents.tell_silent_feeds(now=NOW + timedelta(minutes=15)) == 0
    message = OutboxMessage.objects.get(kind="calendar_silent")
    message.language = "en"
    assert "Airbnb" in compose(message).subject
    # It speaks again, then falls silent again: another mail.
    platform.says(WEEK)
    feed.refresh_from_db()
    import_feed(feed, now=NOW)
    assert incidents.tell_silent_feeds(now=NOW + timedelta(hours=7)) == 2


def test_every_reason_for_no_answer_has_its_words() -> None:
    assert {one.value for one in (*Reason, *Doubt)} <= set(PROBLEMS)


def test_who_works_for_nobody_is_told_whom_to_call() -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(factories.a_user())
    assert "isn’t tied to a provider yet" in text_of(client.get(PAGE))


def test_a_hosts_page_asks_few_questions(
    host: Client, unit: Unit, django_assert_max_num_queries: Any
) -> None:
    for n in range(8):
        factories.a_feed(unit, f"{AIRBNB}{n}")
    with django_assert_max_num_queries(15):
        host.get(PAGE)
