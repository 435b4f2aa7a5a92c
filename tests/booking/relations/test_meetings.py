"""A visitor meets a greeter: asked, answered once, replaced, forgotten."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from booking.emails import compose
from booking.models import Meeting, MeetingAsk, OutboxMessage
from booking.refusals import BadInput, NotAllowed, WrongState
from booking.relations import asking, calling_off, meeting_rounds, meeting_talks, meetings
from booking.rules import meetings as rules
from members.models import Entry, Greeter
from tests.booking.relations.greeting import (
    MONDAY,
    OFFICE,
    SQUARE,
    SUNDAY,
    TEN,
    THURSDAY,
    a_greeter,
    a_meeting,
    an_agreed,
    ask_of,
    say_yes,
)
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def told(kind: str) -> list[str]:
    return list(
        OutboxMessage.objects.filter(kind=kind).order_by("pk").values_list("recipient", flat=True)
    )


def state(meeting: Meeting) -> str:
    return str(Meeting.objects.get(pk=meeting.pk).state)


# --- Asking ------------------------------------------------------------
def test_the_best_few_are_asked_and_the_visitor_is_told() -> None:
    them = [a_greeter() for _one in range(6)]
    meeting = a_meeting()

    asked = list(meeting.asks.values_list("greeter_id", flat=True))
    assert asked == [one.pk for one in them[:4]]
    assert sorted(told("meeting_for_greeter")) == sorted(one.user.email for one in them[:4])
    assert told("meeting_asked") == ["claire@example.org"]
    assert (meeting.state, meeting.price_amount, meeting.party_size) == ("asked", 0, 3)
    assert meeting.deadline == NOW + 48 * HOUR
    # Those who weren't asked come first the next time.
    again = a_meeting(email="paul@example.org", adults=1, ages=())
    assert set(again.asks.values_list("greeter_id", flat=True)) >= {one.pk for one in them[4:]}


@pytest.mark.parametrize(
    "columns",
    [
        {"languages": ["de"]},
        {"most_people": 2},
        {"weekdays": []},
        {"is_paused": True},
        {"state": "suspended"},
        {"state": "draft"},
        {"away_from": date(2027, 7, 1), "away_until": date(2027, 7, 31)},
        {"away_from": date(2027, 7, 1)},
    ],
)
def test_who_cannot_is_not_asked(columns: dict[str, Any]) -> None:
    a_greeter(**columns)
    meeting = a_meeting()
    assert meeting.state == "nobody"
    assert not meeting.asks.exists()
    assert told("meeting_nobody") == ["claire@example.org"]


def test_who_is_wished_is_asked_alone_then_the_others() -> None:
    other, wished = a_greeter(), a_greeter()
    meeting = a_meeting(wished=wished)
    assert [one.greeter for one in meeting.asks.all()] == [wished]

    meetings.decline_meeting(ask_of(meeting, wished), actor=OFFICE, now=NOW)
    assert ask_of(meeting, other).state == "sent"
    assert state(meeting) == "asked"


def test_who_is_wished_and_cannot_leaves_the_turn_to_others() -> None:
    other, wished = a_greeter(), a_greeter(languages=["nl"])
    meeting = a_meeting(wished=wished)
    assert [one.greeter for one in meeting.asks.all()] == [other]


def test_the_same_page_sent_twice_asks_once() -> None:
    a_greeter()
    first, second = a_meeting(press="p1"), a_meeting(press="p1")
    assert first == second
    assert Meeting.objects.count() == 1
    assert len(told("meeting_asked")) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"adults": 7, "ages": ()}, "meeting_too_many"),
        # Six and an infant.
        ({"adults": 6, "ages": (0,)}, "meeting_too_many"),
        ({"adults": 0}, "meeting_needs_adult"),
        ({"is_of_age": False}, "meeting_under_15"),
        ({"first_day": SUNDAY, "last_day": MONDAY}, "meeting_days"),
        ({"first_day": None}, "meeting_days"),
        ({"first_day": TODAY, "last_day": TODAY + timedelta(days=6)}, "meeting_too_soon"),
        ({"last_day": TODAY + timedelta(days=366)}, "meeting_too_far"),
        ({"last_day": MONDAY + timedelta(days=14)}, "meeting_too_long"),
        ({"languages": ()}, "meeting_language"),
        ({"languages": ("xx",)}, "meeting_language"),
    ],
)
def test_what_cannot_be_asked(changes: dict[str, Any], code: str) -> None:
    a_greeter()
    with pytest.raises(BadInput) as refused:
        a_meeting(**changes)
    assert code in {one.code for one in refused.value.troubles}
    assert not Meeting.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_days_before_the_notice_are_left_out() -> None:
    a_greeter()
    meeting = a_meeting(first_day=TODAY, last_day=TODAY + timedelta(days=9))
    assert meeting.first_day == TODAY + timedelta(days=7)


def test_one_address_waits_for_three_answers_at_most() -> None:
    a_greeter()
    for _one in range(3):
        a_meeting()
    with pytest.raises(NotAllowed) as refused:
        a_meeting(email="Claire@Example.org")
    assert refused.value.code == "too_many_meetings"


def test_calling_off_and_asking_again_ends_at_five_a_day() -> None:
    a_greeter()
    for _one in range(5):
        calling_off.cancel_meeting(a_meeting(), now=NOW)
    with pytest.raises(NotAllowed) as refused:
        a_meeting()
    assert refused.value.code == "meetings_today"


def test_nobody_uses_up_the_requests_of_somebody_else() -> None:
    a_greeter()
    for _one in range(asking.MOST_UNPROVED):
        a_meeting(is_proved=False)
    assert not MeetingAsk.objects.exists()
    with pytest.raises(NotAllowed) as refused:
        a_meeting(is_proved=False)
    assert refused.value.code == "meetings_unproved"
    # Who reads that address has all of their requests left.
    for _one in range(3):
        assert a_meeting().state == "asked"
    with pytest.raises(NotAllowed):
        a_meeting()


def test_three_at_a_time_counts_where_the_mail_is_followed_too() -> None:
    a_greeter()
    waiting = [a_meeting(is_proved=False) for _one in range(4)]
    for one in waiting[:3]:
        assert asking.confirm_meeting(one, now=NOW).state == "asked"
    with pytest.raises(NotAllowed) as refused:
        asking.confirm_meeting(waiting[3], now=NOW)
    assert refused.value.code == "too_many_meetings"
    # What is confirmed already stays so.
    assert asking.confirm_meeting(waiting[0], now=NOW).state == "asked"


def test_what_is_confirmed_begins_then() -> None:
    greeter = a_greeter()
    meeting = a_meeting(is_proved=False, wished=greeter)
    later = NOW + 40 * HOUR
    asked = asking.confirm_meeting(meeting, now=later)
    assert (asked.asked_at, asked.deadline) == (later, later + 48 * HOUR)
    assert ask_of(asked, greeter).state == "sent"


def test_what_nobody_confirms_goes_with_its_address() -> None:
    a_greeter()
    meeting = a_meeting(is_proved=False)
    for moment in (meeting.deadline, meeting.deadline + HOUR):
        with pytest.raises(WrongState) as refused:
            asking.confirm_meeting(meeting, now=moment)
        assert refused.value.code == "meeting_unconfirmed"
    for count in (1, 0):
        assert meeting_rounds.follow_meetings(now=meeting.deadline)["unconfirmed"] == count
    assert not Meeting.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_what_was_taken_back_is_not_confirmed_any_more() -> None:
    a_greeter()
    meeting = a_meeting(is_proved=False)
    calling_off.cancel_meeting(meeting, now=NOW)
    with pytest.raises(WrongState):
        asking.confirm_meeting(meeting, now=NOW)
    assert told("meeting_called_off") == []


@pytest.mark.parametrize(
    "values",
    [{"price_amount": "0.01"}, {"price_amount": "-1"}, {"party_size": 7}, {"party_size": 0}],
)
def test_the_database_refuses_a_price_and_a_seventh_person(values: dict[str, Any]) -> None:
    a_greeter()
    meeting = a_meeting()
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(**values)


# --- Answering ------------------------------------------------------------
def test_the_first_yes_has_it_and_the_others_are_told() -> None:
    first, second = a_greeter(), a_greeter()
    meeting = say_yes(a_meeting(), first)

    assert (meeting.state, meeting.greeter, meeting.day) == ("accepted", first, THURSDAY)
    assert meeting.starts_at == datetime.combine(THURSDAY, TEN, NOW.tzinfo)
    assert meeting.place == SQUARE
    assert told("meeting_accepted") == ["claire@example.org"]
    assert told("meeting_agreed") == [first.user.email]
    assert told("meeting_closed") == [second.user.email]
    with pytest.raises(WrongState) as refused:
        say_yes(meeting, second)
    assert refused.value.code == "meeting_taken"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"day": MONDAY - timedelta(days=1)}, "meeting_day"),
        ({"hour": time(6)}, "meeting_hour"),
        ({"place": "  "}, "meeting_place_missing"),
        ({"place": "Chez moi, 06 12 34 56 78"}, "meeting_place_private"),
    ],
)
def test_a_yes_that_cannot_be(answer: dict[str, Any], code: str) -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    with pytest.raises(BadInput) as refused:
        say_yes(meeting, greeter, **answer)
    assert refused.value.code == code
    assert state(meeting) == "asked"


def test_a_yes_that_comes_too_late() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    with pytest.raises(WrongState) as refused:
        say_yes(meeting, greeter, now=meeting.deadline)
    assert refused.value.code == "meeting_lapsed"


def test_one_meeting_a_day_and_no_more_in_a_month_than_was_said() -> None:
    greeter = a_greeter(monthly_most=2)
    three = [a_meeting(email=f"v{number}@example.org") for number in range(3)]
    say_yes(three[0], greeter)
    with pytest.raises(NotAllowed) as refused:
        say_yes(three[1], greeter)
    assert refused.value.code == "greeter_busy_day"
    say_yes(three[1], greeter, day=MONDAY)
    with pytest.raises(NotAllowed) as refused:
        say_yes(three[2], greeter, day=SUNDAY)
    assert refused.value.code == "greeter_full_month"
    # And nobody is sent to them any more in that month.
    assert a_meeting(email="v9@example.org").state == "nobody"


def test_the_database_refuses_two_meetings_a_day() -> None:
    greeter = a_greeter()
    first, second = a_meeting(), a_meeting(email="paul@example.org")
    first = say_yes(first, greeter)
    second = say_yes(second, greeter, day=MONDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=second.pk).update(day=THURSDAY)


def test_who_pauses_says_no_yes() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    greeter.is_paused = True
    greeter.save()
    with pytest.raises(NotAllowed) as refused:
        say_yes(meeting, greeter)
    assert refused.value.code == "greeter_not_shown"


def test_when_everybody_says_no_it_ends_with_what_else_there_is() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    meetings.decline_meeting(ask_of(meeting, greeter), actor=OFFICE, now=NOW)
    assert state(meeting) == "nobody"
    assert told("meeting_nobody") == ["claire@example.org"]
    with pytest.raises(WrongState):
        meetings.decline_meeting(ask_of(meeting, greeter), actor=OFFICE, now=NOW)


# --- Called off ------------------------------------------------------------
def test_the_visitor_takes_it_back_before_an_answer() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    calling_off.cancel_meeting(meeting, now=NOW)
    assert meeting.state == "cancelled"
    assert told("meeting_closed") == [greeter.user.email]
    with pytest.raises(WrongState):
        say_yes(meeting, greeter)
    with pytest.raises(WrongState):
        calling_off.cancel_meeting(meeting, now=NOW)


def test_the_visitor_calls_it_off_and_the_day_is_free_again() -> None:
    greeter = a_greeter()
    meeting = say_yes(a_meeting(), greeter)
    calling_off.cancel_meeting(meeting, now=NOW)
    assert told("meeting_cancelled") == [greeter.user.email]
    assert say_yes(a_meeting(), greeter).day == THURSDAY


def calendars(kind: str) -> list[str]:
    """Return the files that the last mail of a kind carries."""
    row = OutboxMessage.objects.filter(kind=kind).latest("pk")
    files = [one[1] for one in compose(row).attachments]
    return [one.decode() if isinstance(one, bytes) else str(one) for one in files]


def test_a_meeting_that_is_called_off_leaves_both_calendars() -> None:
    greeter = a_greeter()
    meeting = say_yes(a_meeting(), greeter)
    (agreed,) = calendars("meeting_accepted")
    assert "STATUS:CONFIRMED" in agreed
    calling_off.cancel_meeting(meeting, now=NOW)
    for kind in ("meeting_cancelled", "meeting_called_off"):
        (off,) = calendars(kind)
        assert "STATUS:CANCELLED" in off
        assert f"SEQUENCE:{meeting.sequence}" in off
        assert f"UID:{meeting.code}@" in off
        assert "DTSTART;TZID=Europe/Paris:20270715T100000" in off
    assert told("meeting_called_off") == ["claire@example.org"]


def test_a_meeting_that_is_given_up_leaves_both_calendars_too() -> None:
    first, second = a_greeter(), a_greeter()
    meeting = say_yes(a_meeting(wished=first), first)
    calling_off.give_up_meeting(meeting, actor=OFFICE, now=NOW)
    for kind in ("meeting_given_up", "meeting_replaced"):
        (off,) = calendars(kind)
        assert "STATUS:CANCELLED" in off
        assert f"SEQUENCE:{meeting.sequence}" in off
        assert "Marie-Thé" in off
    assert told("meeting_given_up") == [first.user.email]
    # The next yes brings it back, under the same name and a later number.
    again = say_yes(meeting, second)
    (newest,) = calendars("meeting_accepted")
    assert "STATUS:CONFIRMED" in newest
    assert f"SEQUENCE:{again.sequence}" in newest
    assert again.sequence > meeting.sequence


def test_what_was_never_agreed_takes_nothing_out_of_a_calendar() -> None:
    a_greeter()
    meeting = a_meeting()
    calling_off.cancel_meeting(meeting, now=NOW)
    assert told("meeting_called_off") == []
    (row,) = OutboxMessage.objects.filter(kind="meeting_closed")
    assert compose(row).attachments == []


def test_nobody_calls_off_what_has_begun() -> None:
    greeter = a_greeter()
    meeting = say_yes(a_meeting(), greeter)
    for call_off in (
        lambda: calling_off.cancel_meeting(meeting, now=meeting.starts_at),
        lambda: calling_off.give_up_meeting(meeting, actor=OFFICE, now=meeting.starts_at),
    ):
        with pytest.raises(WrongState) as refused:
            call_off()
        assert refused.value.code == "meeting_over"


def test_a_greeter_who_cannot_come_is_replaced() -> None:
    first, second = a_greeter(), a_greeter()
    meeting = say_yes(a_meeting(wished=first), first)
    meeting_talks.write_to_greeter(meeting, "À jeudi !", now=NOW)
    sequence = meeting.sequence

    calling_off.give_up_meeting(meeting, actor=OFFICE, now=NOW + 24 * HOUR)

    assert (meeting.state, meeting.greeter, meeting.place) == ("asked", None, "")
    assert meeting.sequence > sequence
    assert ask_of(meeting, first).state == "gave_up"
    assert told("meeting_replaced") == ["claire@example.org"]
    again = say_yes(meeting, second, now=NOW + 30 * HOUR)
    assert again.greeter == second
    # What was written to the first one isn't shown to the second.
    assert meeting_talks.messages_of(again, now=NOW) == []
    assert len(told("meeting_accepted")) == 2


def test_who_was_asked_and_not_needed_is_asked_again_when_the_greeter_gives_up() -> None:
    first, second, unwilling = a_greeter(), a_greeter(), a_greeter()
    meeting = a_meeting()
    meetings.decline_meeting(ask_of(meeting, unwilling), actor=OFFICE, now=NOW)
    say_yes(meeting, first)
    meeting.refresh_from_db()
    assert ask_of(meeting, second).state == "taken_back"

    calling_off.give_up_meeting(meeting, actor=OFFICE, now=NOW + 24 * HOUR)

    assert meeting.state == "asked"
    again = ask_of(meeting, second)
    assert (again.state, again.answered_at, again.asked_at) == ("sent", None, NOW + 24 * HOUR)
    assert told("meeting_for_greeter").count(second.user.email) == 2
    # Who said no isn't bothered twice, nor who gave up.
    assert (ask_of(meeting, unwilling).state, ask_of(meeting, first).state) == ("no", "gave_up")
    assert say_yes(meeting, second, now=NOW + 30 * HOUR).greeter == second


def test_nobody_is_asked_for_a_day_that_has_passed() -> None:
    first, second = a_greeter(), a_greeter(weekdays=[0, 1])
    meeting = say_yes(a_meeting(wished=first), first)
    # On Wednesday, Monday and Tuesday are gone: who can on these alone isn't asked.
    wednesday = datetime.combine(MONDAY + timedelta(days=2), TEN, NOW.tzinfo)
    calling_off.give_up_meeting(meeting, actor=OFFICE, now=wednesday)
    assert meeting.state == "nobody"
    assert not MeetingAsk.objects.filter(greeter=second).exists()


def test_without_a_replacement_the_visitor_is_told() -> None:
    greeter = a_greeter()
    meeting = say_yes(a_meeting(), greeter)
    calling_off.give_up_meeting(meeting, actor=OFFICE, now=NOW + HOUR)
    assert meeting.state == "nobody"
    assert told("meeting_nobody") == ["claire@example.org"]


# --- The clock ------------------------------------------------------------
def test_nobody_answers_in_time() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    assert meeting_rounds.follow_meetings(now=meeting.deadline)["lapsed"] == 1
    assert state(meeting) == "nobody"
    assert told("meeting_closed") == [greeter.user.email]
    assert meeting_rounds.follow_meetings(now=meeting.deadline)["lapsed"] == 0


def test_at_half_time_others_are_asked_beside_who_was_wished() -> None:
    other, wished = a_greeter(), a_greeter()
    meeting = a_meeting(wished=wished)
    assert meeting_rounds.follow_meetings(now=NOW + 23 * HOUR)["widened"] == 0
    assert meeting_rounds.follow_meetings(now=NOW + 24 * HOUR)["widened"] == 1
    assert meeting_rounds.follow_meetings(now=NOW + 25 * HOUR)["widened"] == 0
    assert ask_of(meeting, other).state == "sent"
    assert told("meeting_reminder") == [wished.user.email]


def test_both_are_reminded_48_hours_before_then_thanked() -> None:
    greeter = a_greeter()
    meeting = say_yes(a_meeting(), greeter)
    start, end = meeting.starts_at, meeting.ends_at
    assert start is not None
    assert end is not None
    assert meeting_rounds.follow_meetings(now=start - 49 * HOUR)["reminded"] == 0
    for _twice in range(2):
        meeting_rounds.follow_meetings(now=start - 48 * HOUR)
    assert (told("meeting_soon"), told("meeting_tomorrow")) == (
        ["claire@example.org"],
        [greeter.user.email],
    )
    meeting_rounds.follow_meetings(now=end)
    assert state(meeting) == "done"
    assert (told("meeting_thanks"), told("meeting_hours")) == (
        ["claire@example.org"],
        [greeter.user.email],
    )


def close_account(greeter: Any) -> None:
    greeter.user.is_active = False
    greeter.user.save(update_fields=["is_active"])


def test_who_closed_their_account_is_neither_asked_nor_told() -> None:
    gone, other = a_greeter(), a_greeter()
    close_account(gone)
    meeting = a_meeting(wished=gone)
    assert [one.greeter for one in meeting.asks.all()] == [other]
    assert gone not in Greeter.objects.shown()
    assert not Greeter.objects.get(pk=gone.pk).is_shown
    assert told("meeting_for_greeter") == [other.user.email]


def test_who_agreed_and_closed_their_account_is_replaced_by_the_clock() -> None:
    gone, other = a_greeter(), a_greeter()
    meeting = say_yes(a_meeting(wished=gone), gone)
    close_account(gone)
    assert not meeting_talks.may_write(Meeting.objects.get(), now=NOW)
    for count in (1, 0):
        assert meeting_rounds.follow_meetings(now=NOW + HOUR)["left"] == count
    assert ask_of(meeting, other).state == "sent"
    assert ask_of(meeting, gone).state == "gave_up"
    assert told("meeting_replaced") == ["claire@example.org"]


# --- Messages and afterwards ------------------------------------------------------------
def test_messages_are_open_from_the_yes_until_a_week_after() -> None:
    greeter = a_greeter()
    meeting = a_meeting()
    with pytest.raises(WrongState):
        meeting_talks.write_to_greeter(meeting, "Bonjour", now=NOW)
    meeting = say_yes(meeting, greeter)
    meeting_talks.write_to_greeter(meeting, "Bonjour", now=NOW)
    meeting_talks.write_to_visitor(meeting, "Bienvenue\u202e", actor=OFFICE, now=NOW)
    written = meeting_talks.messages_of(meeting, now=NOW)
    assert [one.text for one in written] == ["Bonjour", "Bienvenue"]
    assert told("meeting_message") == [greeter.user.email, "claire@example.org"]
    assert meeting.ends_at is not None
    late = meeting.ends_at + timedelta(days=7, seconds=1)
    with pytest.raises(WrongState) as refused:
        meeting_talks.write_to_greeter(meeting, "Merci", now=late)
    assert refused.value.code == "meeting_talk_closed"


@pytest.mark.parametrize(
    ("text", "code"), [(" \u202e ", "message_empty"), ("a" * 2001, "message_too_long")]
)
def test_a_message_that_cannot_be(text: str, code: str) -> None:
    meeting = an_agreed()
    with pytest.raises(BadInput) as refused:
        meeting_talks.write_to_greeter(meeting, text, now=NOW)
    assert refused.value.code == code


def test_ten_messages_an_hour() -> None:
    meeting = an_agreed()
    for number in range(10):
        meeting_talks.write_to_greeter(meeting, str(number), now=NOW)
    with pytest.raises(NotAllowed):
        meeting_talks.write_to_greeter(meeting, "11", now=NOW)


def test_numbers_and_addresses_reach_nobody_before_48_hours(at: Any) -> None:
    meeting = an_agreed()
    assert meeting.starts_at is not None
    text = "Appelez le 06 12 34 56 78 ou ida@example.org le 15/07/2027 à 10:30"
    sent = meeting_talks.write_to_greeter(meeting, text, now=NOW)
    assert meeting_talks.hides_something(sent, now=NOW)
    (before,) = meeting_talks.messages_of(meeting, now=meeting.starts_at - 48 * HOUR - HOUR)
    assert before.is_masked
    assert before.text == "Appelez le ••••• ou ••••• le 15/07/2027 à 10:30"
    (mail,) = OutboxMessage.objects.filter(kind="meeting_message")
    for moment, has_number in ((NOW, False), (meeting.starts_at - 48 * HOUR, True)):
        at(moment)
        assert ("06 12 34 56 78" in compose(mail).body) is has_number
    (after,) = meeting_talks.messages_of(meeting, now=meeting.starts_at - 48 * HOUR)
    assert (after.text, after.is_masked) == (text, False)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("(ou:ida@example.org)", "•••••"),
        ("Merci, ida (at) example.org !", "Merci, ••••• !"),
        ("voir\nwww.ida.example", "voir\n•••••"),
        # Words as long as somebody likes are read once, not once for each of their letters.
        ("a" * 200_000, "a" * 200_000),
        ("1" * 200_000, "•••••"),
    ],
)
def test_whatever_an_address_is_glued_to_is_hidden_with_it(text: str, read: str) -> None:
    assert rules.masked(text) == read


def test_numbers_stay_hidden_where_the_office_put_the_greeter_aside() -> None:
    meeting = an_agreed()
    meeting_talks.write_to_greeter(meeting, "06 12 34 56 78", now=NOW)
    assert meeting.greeter is not None
    assert meeting.starts_at is not None
    meeting.greeter.state = "suspended"
    (read,) = meeting_talks.messages_of(meeting, now=meeting.starts_at)
    assert read.text == "•••••"


def a_done_meeting() -> Meeting:
    meeting = an_agreed()
    assert meeting.ends_at is not None
    meeting_rounds.follow_meetings(now=meeting.ends_at)
    return Meeting.objects.get(pk=meeting.pk)


def test_both_tell_how_it_was_and_hours_are_counted() -> None:
    meeting = a_done_meeting()
    assert meeting.minutes == 120
    meeting_talks.tell_as_visitor(meeting, felt="wonderful", words="Merci !", now=NOW)
    meeting_talks.tell_as_greeter(
        meeting, felt="good", minutes=150, words="", actor=OFFICE, now=NOW
    )
    assert (meeting.felt, meeting.visitor_words, meeting.minutes) == ("wonderful", "Merci !", 150)
    meeting_talks.tell_as_greeter(
        meeting, felt="missed", minutes=150, words="Personne", actor=OFFICE, now=NOW
    )
    assert meeting.minutes == 0


@pytest.mark.parametrize(
    ("felt", "minutes", "code"),
    [("", 60, "felt_missing"), ("good", 5, "minutes_unlikely"), ("good", 601, "minutes_unlikely")],
)
def test_what_cannot_be_told(felt: str, minutes: int, code: str) -> None:
    meeting = a_done_meeting()
    with pytest.raises(BadInput) as refused:
        meeting_talks.tell_as_greeter(
            meeting, felt=felt, minutes=minutes, words="", actor=OFFICE, now=NOW
        )
    assert refused.value.code == code


def test_nothing_is_told_before() -> None:
    meeting = an_agreed()
    with pytest.raises(WrongState):
        meeting_talks.tell_as_visitor(meeting, felt="good", words="", now=NOW)


def test_what_is_personal_goes_and_hours_stay(settings: Any) -> None:
    settings.GREETER_KEPT_DAYS = 30
    meeting = a_done_meeting()
    meeting_talks.write_to_greeter(meeting, "Merci", now=NOW)
    assert meeting.ends_at is not None
    assert meeting_rounds.forget_meetings(now=meeting.ends_at + timedelta(days=30)) == 0
    for count in (1, 0):
        late = meeting.ends_at + timedelta(days=30, seconds=1)
        assert meeting_rounds.forget_meetings(now=late) == count
    meeting.refresh_from_db()
    assert (meeting.email, meeting.first_name, meeting.phone, meeting.words) == ("", "", "", "")
    assert (meeting.minutes, meeting.party_size) == (120, 3)
    assert not meeting.messages.exists()
    assert not OutboxMessage.objects.filter(recipient="claire@example.org").exists()
    assert not Entry.objects.filter(data__icontains="claire").exists()


def test_an_open_meeting_is_never_forgotten() -> None:
    a_greeter()
    meeting = a_meeting()
    assert meeting_rounds.forget_meetings(now=NOW + timedelta(days=500)) == 0
    assert MeetingAsk.objects.filter(meeting=meeting).exists()
