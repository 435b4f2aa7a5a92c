"""A calendar file is read to nights, or refused with its reason; nobody's name is kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.channels.ical import Unbelievable, hashed, read_calendar
from booking.rules.channels import OuterEvent

TODAY = date(2027, 4, 6)


def calendar(*events: str, prodid: str = "-//Test//EN") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{prodid}"]
    for one in events:
        lines += ["BEGIN:VEVENT", *one.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def nights(body: bytes, today: date = TODAY) -> list[tuple[str, str]]:
    found = read_calendar(body, today=today).events
    return sorted((f"{one.first_night}", f"{one.departure}") for one in found)


def whole(start: str, end: str = "", more: str = "UID:a@test") -> str:
    lines = [f"DTSTART;VALUE=DATE:{start}", *([f"DTEND;VALUE=DATE:{end}"] if end else []), more]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (whole("20270710", "20270717"), [("2027-07-10", "2027-07-17")]),
        # No end, or the same day: one night.
        (whole("20270710"), [("2027-07-10", "2027-07-11")]),
        (whole("20270710", "20270710"), [("2027-07-10", "2027-07-11")]),
        (whole("20270710", "20270705"), [("2027-07-10", "2027-07-11")]),
        ("UID:a\nDTSTART;VALUE=DATE:20270710\nDURATION:P3D", [("2027-07-10", "2027-07-13")]),
        ("UID:a\nDTEND;VALUE=DATE:20270712\nDTSTART;VALUE=DATE:20270710",
         [("2027-07-10", "2027-07-12")]),
        # Moments are days of Paris: late in the evening in UTC is the next day here.
        ("UID:a\nDTSTART:20270710T223000Z\nDTEND:20270712T080000Z", [("2027-07-11", "2027-07-12")]),
        ("UID:a\nDTSTART:20270710T160000\nDTEND:20270712T100000", [("2027-07-10", "2027-07-12")]),
        ("UID:a\nDTSTART;TZID=America/New_York:20270710T200000\nDTEND;TZID=America/New_York:"
         "20270711T200000", [("2027-07-11", "2027-07-12")]),
        # A zone that nobody knows is the time of Paris.
        ("UID:a\nDTSTART;TZID=Nowhere/Here:20270710T230000\nDTEND;TZID=Nowhere/Here:"
         "20270711T100000", [("2027-07-10", "2027-07-11")]),
        # The two nights on which the clock changes.
        ("UID:a\nDTSTART:20271030T150000Z\nDTEND:20271031T090000Z", [("2027-10-30", "2027-10-31")]),
        ("UID:a\nDTSTART;TZID=Europe/Paris:20280325T230000\nDTEND;TZID=Europe/Paris:"
         "20280326T033000", [("2028-03-25", "2028-03-26")]),
        # Free, or no event.
        (whole("20270710", "20270717", "UID:a\nSTATUS:CANCELLED"), []),
        (whole("20270710", "20270717", "UID:a\nTRANSP:TRANSPARENT"), []),
        # Over, and so far ahead that nothing is sold.
        (whole("20270301", "20270406"), []),
        (whole("20450301", "20450406"), []),
        (whole("20270710", "20990710"), [("2027-07-10", "2031-01-01")]),
        # Repeated: with an exception, an end, a count.
        (whole("20270710", "20270711", "UID:a\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:"
               "20270717"), [("2027-07-10", "2027-07-11"), ("2027-07-24", "2027-07-25")]),
        (whole("20200104", "20200105", "UID:a\nRRULE:FREQ=WEEKLY;UNTIL=20270415"),
         [("2027-04-10", "2027-04-11")]),
        (whole("20200104", "20200105", "UID:a\nRRULE:FREQ=DAILY;INTERVAL=7;UNTIL=20270415"),
         [("2027-04-10", "2027-04-11")]),
        (whole("20270710", "20270712", "UID:a\nRDATE;VALUE=DATE:20270801"),
         [("2027-07-10", "2027-07-12"), ("2027-08-01", "2027-08-03")]),
    ],
)  # fmt: skip
def test_events_become_nights(event: str, found: list[tuple[str, str]]) -> None:
    assert nights(calendar(event)) == found


def test_a_task_is_no_event() -> None:
    task = b"BEGIN:VTODO\r\nUID:t\r\nDTSTART;VALUE=DATE:20270710\r\nEND:VTODO\r\n"
    assert nights(calendar().replace(b"END:VCALENDAR", task + b"END:VCALENDAR")) == []


def test_the_last_version_of_an_event_counts() -> None:
    body = calendar(
        whole("20270710", "20270714", "UID:a\nSEQUENCE:0"),
        whole("20270711", "20270714", "UID:a\nSEQUENCE:1"),
        whole("20270801", "20270803", "UID:b\nSEQUENCE:0"),
        whole("20270801", "20270803", "UID:b\nSEQUENCE:1\nSTATUS:CANCELLED"),
    )
    assert nights(body) == [("2027-07-11", "2027-07-14")]


def test_one_identifier_twice_takes_the_nights_of_both() -> None:
    body = calendar(whole("20270710", "20270714"), whole("20270712", "20270720"))
    assert nights(body) == [("2027-07-10", "2027-07-14"), ("2027-07-12", "2027-07-20")]


def test_one_time_of_a_series_is_moved() -> None:
    body = calendar(
        whole("20270710", "20270711", "UID:a\nRRULE:FREQ=DAILY;COUNT=3"),
        whole("20270720", "20270721", "UID:a\nRECURRENCE-ID;VALUE=DATE:20270711"),
    )
    assert nights(body) == [
        ("2027-07-10", "2027-07-11"),
        ("2027-07-12", "2027-07-13"),
        ("2027-07-20", "2027-07-21"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"<!DOCTYPE html><p>Sorry</p>", "not_a_calendar"),
        (b"{}", "not_a_calendar"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "cut_short"),
        (calendar(whole("20270710"))[:-30], "cut_short"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR", "bad_event"),
        (calendar("UID:a\nDTSTART:INVALID-DATE"), "bad_event"),
        (calendar("UID:a\nDTSTART;;VALUE=DATE:20270710"), "bad_event"),
        (calendar(whole("20270710", "20271345")), "bad_event"),
        (calendar(whole("20270710", "20270711", "RRULE:FREQ=SECONDLY")), "too_many_events"),
        (calendar(whole("20270710", "20270711", "RRULE:FREQ=DAILY;BYHOUR=1")), "too_many_events"),
        (calendar(whole("20270710", "20270711", "RRULE:FREQ=NEVER")), "bad_event"),
        (calendar(whole("00010710", "00010711")), "bad_event"),
        (calendar("UID:a\nDTSTART;VALUE=DATE:20270710\nDURATION:P99999999999D"), "bad_event"),
        (calendar(*[whole("20270710")] * 5001), "too_many_events"),
        (calendar(*[whole("20270710", "", f"UID:{n}\nRRULE:FREQ=YEARLY") for n in range(201)]),
         "too_many_events"),
    ],
)  # fmt: skip
def test_what_cant_be_believed_is_refused_whole(body: bytes, code: str) -> None:
    with pytest.raises(Unbelievable) as refused:
        read_calendar(body, today=TODAY)
    assert refused.value.code == code


def zone(rule: str, name: str = "Own", changes: int = 1) -> bytes:
    one = (
        "BEGIN:STANDARD\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0400\r\n"
        f"TZOFFSETTO:-0500\r\nRRULE:{rule}\r\nEND:STANDARD\r\n"
    )
    told = f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{one * changes}END:VTIMEZONE\r\nBEGIN:VEVENT"
    event = f"UID:a\nDTSTART;TZID={name}:20270710T230000\nDTEND;TZID={name}:20270712T100000"
    return calendar(event).replace(b"BEGIN:VEVENT", told.encode(), 1)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECO\r\n NDLY",
        "FREQ=YEARLY;BYDAY=SU",
        "FREQ=YEARLY;BYMONTH=1,2,3;BYDAY=SU",
        "FREQ=YEARLY;BYMONTH=1;BYHOUR=1;BYMINUTE=2",
        "FREQ=DAILY;BYMONTH=1",
    ],
)
def test_a_zone_that_no_clock_has_is_refused_before_it_is_followed(rule: str) -> None:
    with pytest.raises(Unbelievable) as refused:
        read_calendar(zone(rule), today=TODAY)
    assert refused.value.code == "unreadable"


def test_a_zone_of_its_own_is_followed_and_a_known_one_goes_by_its_name() -> None:
    yearly = "FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11"
    # 11 pm there is the next morning in Paris.
    assert nights(zone(yearly)) == [("2027-07-11", "2027-07-12")]
    assert nights(zone("FREQ=SECONDLY", "Europe/Paris")) == [("2027-07-10", "2027-07-12")]
    with pytest.raises(Unbelievable):
        read_calendar(zone(yearly, changes=61), today=TODAY)
    hidden = zone("FREQ=SECONDLY").replace(b"BEGIN:VTIMEZONE", b'BEGIN;X=":":VTIMEZONE')
    with pytest.raises(Unbelievable):
        read_calendar(hidden, today=TODAY)


def test_a_calendar_after_a_mark_of_its_encoding_is_read() -> None:
    assert nights(b"\xef\xbb\xbf" + calendar(whole("20270710", "20270712"))) != []


def test_nobody_is_named_in_what_is_kept() -> None:
    guest = (
        "UID:marie.martin@example.org\nSUMMARY:Réservée - Marie Martin\n"
        "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM1"
        "\\nPhone Number (Last 4 Digits): 1234"
    )
    (found,) = read_calendar(calendar(whole("20270710", "20270712", guest)), today=TODAY).events

    kept = repr(found)
    assert found.uid == hashed("marie.martin@example.org")
    for told in ("marie", "Martin", "HM1", "1234"):
        assert told not in kept


@given(st.binary(max_size=300))
def test_nothing_that_is_served_breaks_the_reading(noise: bytes) -> None:
    for body in (noise, b"BEGIN:VCALENDAR\r\n" + noise + b"\r\nEND:VCALENDAR"):
        try:
            read_calendar(body, today=TODAY)
        except Unbelievable:
            continue


@given(st.permutations([("20270710", "20270712"), ("20270801", "20270803"), ("20270711", "")]))
def test_the_order_in_the_file_means_nothing(order: list[tuple[str, str]]) -> None:
    body = calendar(*(whole(start, end, f"UID:{start}") for start, end in order))
    again = calendar(*(whole(start, end, f"UID:{start}") for start, end in order * 2))
    assert read_calendar(body, today=TODAY) == read_calendar(again, today=TODAY)
    assert len(read_calendar(body, today=TODAY).events) == 3


# --- The files that were found -------------------------------------------------------------------
REFUSED = {
    "casses/date_illisible.ics": "bad_event",
    "casses/double_point_virgule.ics": "bad_event",
    "casses/evenement_vide.ics": "cut_short",
    "casses/page_html.ics": "not_a_calendar",
    "casses/tronque.ics": "cut_short",
    "casses/zero_octet.ics": "empty",
}


def day_of(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def test_every_calendar_that_was_found_is_read_or_refused_as_expected(shared_data: Path) -> None:
    folder = shared_data / "ical"
    files = json.loads((folder / "attendus.json").read_text())["fichiers"]
    assert {one["fichier"] for one in files} > set(REFUSED)
    for one in files:
        told = one.get("evenements", [])
        starts = [day_of(event["debut"]) for event in told if "debut" in event]
        today = min(starts, default=TODAY).replace(day=1)
        body = (folder / one["fichier"]).read_bytes()
        if one["fichier"] in REFUSED:
            with pytest.raises(Unbelievable) as refused:
                read_calendar(body, today=today)
            assert refused.value.code == REFUSED[one["fichier"]], one["fichier"]
            continue
        found = read_calendar(body, today=today).events
        if one["fichier"].startswith("plateformes/"):
            assert {_nights(event) for event in found} == {_expected(event) for event in told}


def _nights(event: OuterEvent) -> tuple[date, date]:
    return event.first_night, event.departure


def _expected(event: dict[str, Any]) -> tuple[date, date]:
    first, after = day_of(event["debut"]), day_of(event["fin"])
    return first, after if after > first else date.fromordinal(first.toordinal() + 1)
