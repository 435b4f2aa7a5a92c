"""The pages of greeters: the list, asking, the meeting, their own space, the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.images.tests.utils import get_test_image_file

from booking import messages as outbox
from booking.emails import compose
from booking.meeting_mails import MEETING_CONTENTS
from booking.models import Meeting, MeetingAsk, OutboxMessage
from booking.relations import asking, calling_off, meeting_rounds, meeting_talks, meetings
from booking.views.greeters import TRIES
from members.models import Greeter, User
from tests import factories
from tests.booking.pages import a_week, carry, hold_week, paid_stay
from tests.booking.relations.greeting import (
    OFFICE,
    SQUARE,
    THURSDAY,
    a_charter,
    a_greeter,
    a_meeting,
    a_wish,
    an_agreed,
    every_kind,
    say_yes,
)
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock(at: Callable[[datetime], datetime]) -> None:
    at(NOW)


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def web() -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


def signed_in(email: str = "ida@example.org") -> Client:
    web = Client(HTTP_ACCEPT_LANGUAGE="en")
    user = Greeter.objects.filter(user__email=email).first()
    web.force_login(user.user if user else factories.a_user(email))
    return web


def text_of(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(plain.replace("\u00a0", " ").replace("\u202f", " ").split())


WISH = {
    "first_day": "2027-07-12",
    "last_day": "2027-07-18",
    "part": "any",
    "adults": "2",
    "ages": "8, 0",
    "languages": ["fr"],
    "interests": ["lace"],
    "words": "We love old streets.",
    "first_name": "Claire",
    "email": "claire@example.org",
    "phone": "06 12 34 56 78",
    "is_of_age": "on",
    "press": "p1",
}


def ask(web: Client, query: str = "", **changes: Any) -> Any:
    return web.post(f"{reverse('booking:greeter-ask')}{query}", {**WISH, **changes})


# --- The public pages ------------------------------------------------------------
def test_the_list_shows_first_names_and_hides_the_rest(web: Client) -> None:
    a_greeter("secret@example.org", first_name="Marie-Thé", phone="04 71 99 99 99")
    a_greeter(first_name="Hidden", is_paused=True)
    response = web.get(reverse("booking:greeters"))
    text = response.content.decode()
    assert "Marie-Thé" in text
    assert "Les Estables" in text
    for private in ("Hidden", "secret@example.org", "04 71 99", "Roux"):
        assert private not in text


def test_filters_keep_who_fits_and_count(web: Client) -> None:
    a_greeter(first_name="Anna", languages=["de"], interests=["music"])
    a_greeter(first_name="Benoît", languages=["fr"], interests=["lace"])
    page = reverse("booking:greeters")
    text = text_of(web.get(f"{page}?langue=de"))
    assert "Anna" in text
    assert "Benoît" not in text
    assert "Nobody is like that" in text_of(web.get(f"{page}?langue=de&envie=lace"))
    # What nobody knows filters nothing.
    assert "Benoît" in text_of(web.get(f"{page}?langue=xx&envie=x&pole=nowhere"))


def test_without_greeters_the_page_proposes_something_else(web: Client) -> None:
    assert "Greeters are getting ready" in text_of(web.get(reverse("booking:greeters")))


def test_one_greeter_and_nobody_who_is_not_shown(web: Client) -> None:
    shown, away = a_greeter("secret@example.org"), a_greeter(state="suspended")
    response = web.get(reverse("booking:greeter", args=[shown.slug]))
    assert "Places that Marie-Thé likes" in text_of(response)
    assert "secret@example.org" not in response.content.decode()
    assert shown.phone not in response.content.decode()
    assert web.get(reverse("booking:greeter", args=[away.slug])).status_code == 404


# --- Asking ------------------------------------------------------------
def test_a_request_leads_to_its_page(web: Client) -> None:
    greeter = a_greeter()
    response = ask(web, f"?greeter={greeter.slug}")
    meeting = Meeting.objects.get()
    assert response.status_code == 303
    assert response["Location"] == reverse("booking:meeting", args=[meeting.code])
    assert (meeting.wished, meeting.party_size, meeting.ages) == (greeter, 4, [8, 0])
    assert "One more step: look at your mail" in text_of(web.get(response["Location"]))
    # Nobody else sees it.
    assert Client().get(response["Location"]).status_code == 404
    link = f"{response['Location']}?cle={meeting.access_token}"
    assert Client().get(link, follow=True).status_code == 200
    assert Client().get(f"{response['Location']}?cle=x").status_code == 404


def test_greeters_are_asked_once_the_mail_was_followed(web: Client) -> None:
    greeter = a_greeter()
    page = ask(web)["Location"]
    meeting = Meeting.objects.get()
    assert not meeting.asks.exists()
    confirm = reverse("booking:meeting-confirm", args=[meeting.code])
    # Who typed the address has no key of it.
    assert meeting.access_token not in web.get(page).content.decode()
    for wrong in ({}, {"cle": "x"}):
        assert web.post(confirm, wrong).status_code == 404
    # A program that reads mails opens the link, and asks nobody.
    reader = Client(HTTP_ACCEPT_LANGUAGE="en")
    link = reader.get(f"{page}?cle={meeting.access_token}")
    assert "Do you confirm your request?" in text_of(link)
    assert not meeting.asks.exists()
    for _twice in range(2):
        done = reader.post(confirm, {"cle": meeting.access_token}, follow=True)
        assert "Your request is with our greeters" in text_of(done)
    assert [one.greeter for one in meeting.asks.all()] == [greeter]
    kinds = list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["meeting_confirm", "meeting_for_greeter", "meeting_asked"]


def test_what_nobody_was_asked_is_taken_back_without_telling_anybody(web: Client) -> None:
    a_greeter()
    ask(web)
    meeting = Meeting.objects.get()
    cancel = reverse("booking:meeting-cancel", args=[meeting.code])
    page = text_of(web.post(cancel, follow=True))
    assert "nobody was asked" in page
    assert "your greeter is told" not in page
    # Its mail leads to a page that says so, and asks nobody any more.
    confirm = reverse("booking:meeting-confirm", args=[meeting.code])
    told = web.post(confirm, {"cle": meeting.access_token}, follow=True)
    assert "was taken back, or its link is too old" in text_of(told)
    assert not meeting.asks.exists()


def test_who_proved_the_address_needs_no_mail(bank: FakeBank) -> None:
    a_greeter()
    web = signed_in("claire@example.org")
    factories.a_verified_address(User.objects.get(email="claire@example.org"))
    ask(web)
    assert Meeting.objects.get().state == "asked"
    # Another address is another person's, until it was proved too.
    ask(web, email="paul@example.org", press="p2")
    assert Meeting.objects.get(email="paul@example.org").state == "to_confirm"
    # Who paid a stay with an address reads it.
    order = paid_stay(bank)
    guest = Client(HTTP_ACCEPT_LANGUAGE="en")
    trip = reverse("booking:trip", args=[order.reference])
    guest.get(f"{trip}?cle={order.access_token}")
    query = f"?voyage={order.reference}"
    ask(guest, query, email=order.email.upper(), press="p3")
    ask(guest, query, email="zoe@example.org", press="p4")
    states = dict(Meeting.objects.values_list("press", "state"))
    assert (states["p3"], states["p4"]) == ("asked", "to_confirm")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"adults": "7", "ages": ""}, "six persons"),
        ({"adults": "6", "ages": "0"}, "A greeter walks with 6 persons at most"),
        ({"is_of_age": ""}, "15 or older"),
        ({"adults": "0", "ages": "14"}, "one adult at least"),
        ({"ages": "two"}, "Write ages as numbers"),
        ({"ages": "20"}, "count them among the adults"),
        ({"adults": "many"}, "Write a number"),
        ({"first_day": "2027-02-30"}, ""),
        ({"last_day": "9999-12-31"}, ""),
        ({"first_day": "2027-04-06", "last_day": "2027-04-08"}, "choose a day from"),
        ({"languages": []}, "at least one language"),
        ({"languages": ["klingon"]}, ""),
        ({"email": "nobody"}, "isn’t an e-mail"),
        ({"words": "Call me: 06 12 34 56 78"}, "Leave out phones"),
        ({"phone": "12"}, "at which your greeter reaches you"),
        ({"adults": "99"}, "Six persons at most"),
        ({"first_name": "http://x"}, "first name alone"),
        ({"first_name": "\x00"}, ""),
    ],
)
def test_what_cannot_be_asked_is_said_and_nothing_is_lost(
    web: Client, changes: dict[str, Any], words: str
) -> None:
    a_greeter()
    response = ask(web, **changes)
    assert response.status_code == 422
    if words != "six persons":
        assert words in text_of(response)
    if "words" not in changes:
        assert "We love old streets." in response.content.decode()
    assert not Meeting.objects.exists()


def test_what_is_to_be_put_right_is_not_counted_as_asked(web: Client, settings: Any) -> None:
    a_greeter()
    settings.RATE_LIMITS = {"any": (1, 1)}
    found = [ask(web, first_name="").status_code for _time in range(TRIES + 1)]
    assert found == [422] * (TRIES + 1)
    asked = [ask(web, press=f"press {time}").status_code for time in range(TRIES + 1)]
    assert asked[0] == 303
    assert asked[-1] == 429


def test_who_asks_from_a_stay_finds_its_days_and_its_line_there(web: Client) -> None:
    a_greeter()
    hold_week(carry(web, factories.a_basket()), a_week())
    form = web.get(reverse("booking:greeter-ask")).context["form"]
    assert form.initial["first_day"] == date(2027, 7, 10)
    ask(web)
    meeting = Meeting.objects.get()
    assert meeting.basket is not None
    stay = text_of(web.get(reverse("booking:my-stay")))
    assert "A greeter €0" in stay
    assert "to be confirmed by mail" in stay.lower()
    # It blocks nothing.
    assert web.get(reverse("booking:checkout")).status_code == 200


def test_an_agreed_meeting_has_its_hour_in_the_thread_of_a_stay(web: Client) -> None:
    greeter = a_greeter()
    hold_week(carry(web, factories.a_basket()), a_week())
    ask(web)
    meeting = Meeting.objects.get()
    asking.confirm_meeting(meeting, now=NOW)
    assert "Thursday stays free." in text_of(web.get(reverse("booking:my-stay")))
    say_yes(meeting, greeter)
    response = web.get(reverse("booking:my-stay"))
    stay = text_of(response)
    assert f"10 am Meeting with Marie-Thé, greeter {SQUARE}" in stay
    assert "Thursday stays free." not in stay
    assert stay.count("Meeting with Marie-Thé, greeter") == 1
    assert "Ask for another meeting" in stay or "Meet a greeter" in stay
    # It is changed on its own page alone.
    assert reverse("booking:meeting", args=[meeting.code]) in response.content.decode()


def test_who_was_chosen_by_name_is_named_until_they_answer(web: Client) -> None:
    one = a_greeter(first_name="Jeanne")
    a_greeter(first_name="Lucien")
    ask(web, f"?greeter={one.slug}")
    meeting = Meeting.objects.get()
    page = reverse("booking:meeting", args=[meeting.code])
    assert "Whom you chose Jeanne" in text_of(web.get(page))
    confirm = OutboxMessage.objects.get(kind="meeting_confirm")
    assert "Jeanne" in compose(confirm).body
    asking.confirm_meeting(meeting, now=NOW)
    assert "Whom you chose Jeanne" in text_of(web.get(page))
    say_yes(meeting, one)
    assert "Whom you chose" not in text_of(web.get(page))
    # Who gave it up is nobody's choice any more.
    calling_off.give_up_meeting(Meeting.objects.get(), actor=OFFICE, now=NOW)
    waiting = text_of(web.get(page))
    assert "Your request is with our greeters" in waiting
    assert "Whom you chose" not in waiting


def test_the_order_of_a_stay_shows_its_meeting_to_who_sees_the_order(bank: FakeBank) -> None:
    greeter = a_greeter()
    basket = factories.a_basket()
    hold_week(basket, a_week())
    meeting = asking.ask_meeting(a_wish(), basket=basket, is_proved=True, now=NOW)
    order = paid_order(basket, bank)
    say_yes(meeting, greeter)
    web = Client(HTTP_ACCEPT_LANGUAGE="en")
    trip = reverse("booking:trip", args=[order.reference])
    page = reverse("booking:meeting", args=[meeting.code])
    assert web.get(page).status_code == 404
    text = text_of(web.get(f"{trip}?cle={order.access_token}", follow=True))
    assert text.count("Meeting with Marie-Thé, greeter") == 1
    thursday = text.split("Thursday 15 July 2027")[1]
    assert f"10 am Meeting with Marie-Thé, greeter {SQUARE} Free of charge" in thursday
    assert web.get(page).status_code == 200
    form = web.get(f"{reverse('booking:greeter-ask')}?voyage={order.reference}").context["form"]
    assert form.initial["email"] == order.email
    # The office reads, and carries no key away.
    office = Client()
    office.force_login(User.objects.create_superuser("chef@example.org", "secret"))
    assert office.get(trip).status_code == 200
    cancel = reverse("booking:meeting-cancel", args=[meeting.code])
    assert office.post(cancel).status_code == 404


def test_a_meeting_without_a_stay_stands_on_its_visitors_page(web: Client) -> None:
    a_greeter()
    ask(web)
    assert "A greeter €0" in text_of(web.get(reverse("booking:my-stay")))
    assert "A greeter" not in text_of(Client().get(reverse("booking:my-stay")))


def test_a_foreign_order_gives_no_name_away(web: Client) -> None:
    response = web.get(f"{reverse('booking:greeter-ask')}?voyage=ABCDEFGH")
    assert response.status_code == 404


def test_an_unknown_greeter_is_nobodys_wish(web: Client) -> None:
    assert web.get(f"{reverse('booking:greeter-ask')}?greeter=nobody").status_code == 200


# --- The meeting ------------------------------------------------------------
def opened(meeting: Meeting) -> tuple[Client, str]:
    web = Client(HTTP_ACCEPT_LANGUAGE="en")
    page = reverse("booking:meeting", args=[meeting.code])
    web.get(f"{page}?cle={meeting.access_token}")
    return web, page


def test_phones_are_shown_48_hours_before_and_no_earlier(
    at: Callable[[datetime], datetime],
) -> None:
    meeting = an_agreed()
    assert meeting.greeter is not None
    assert meeting.starts_at is not None
    own = reverse("space-greeter-ask", args=[meeting.code])
    for moment, is_known in ((NOW, False), (meeting.starts_at - timedelta(hours=47), True)):
        at(moment)
        web, page = opened(meeting)
        space = signed_in(meeting.greeter.user.email)
        number = meeting.greeter.phone.removeprefix("0")
        assert (number in text_of(web.get(page))) is is_known
        assert (meeting.phone.removeprefix("0") in text_of(space.get(own))) is is_known
        # Addresses never.
        assert meeting.greeter.user.email not in web.get(page).content.decode()
        assert meeting.email not in space.get(own).content.decode()


def test_who_was_put_aside_learns_no_phone_and_writes_to_nobody(
    at: Callable[[datetime], datetime],
) -> None:
    meeting = an_agreed()
    assert meeting.greeter is not None
    assert meeting.starts_at is not None
    asked_too = a_meeting(email="paul@example.org", words="Un secret", first_day=THURSDAY)
    Greeter.objects.update(state="suspended")
    at(meeting.starts_at - timedelta(hours=47))

    assert (
        meeting_rounds.follow_meetings(now=meeting.starts_at - timedelta(hours=47))["reminded"] == 0
    )
    web, page = opened(meeting)
    space = signed_in(meeting.greeter.user.email)
    own = reverse("space-greeter-ask", args=[meeting.code])
    assert meeting.greeter.phone not in text_of(web.get(page))
    shown = text_of(space.get(own))
    assert meeting.phone not in shown
    # What isn't so isn't said either.
    assert "Shown here 48 hours before" not in shown
    write = reverse("space-greeter-act", args=[meeting.code, "ecrire"])
    assert space.post(write, {"text": "Venez chez moi"}).status_code == 409
    assert web.post(reverse("booking:meeting-write", args=[meeting.code]), {"text": "Hello"})
    assert not OutboxMessage.objects.filter(kind="meeting_message").exists()
    other = space.get(reverse("space-greeter-ask", args=[asked_too.code]))
    assert "Un secret" not in text_of(other)
    # Taken up again in time, both are told.
    Greeter.objects.update(state="approved")
    assert (
        meeting_rounds.follow_meetings(now=meeting.starts_at - timedelta(hours=40))["reminded"] == 1
    )


def test_an_absence_is_not_told_as_one_from_home() -> None:
    one = a_greeter(away_from=THURSDAY - timedelta(days=400), away_until=THURSDAY)
    page = text_of(Client().get(reverse("booking:greeter", args=[one.slug])))
    assert "Free for meetings after Thursday 15 July." in page
    assert "Away" not in page


def test_who_reads_orders_for_the_office_gets_no_key_of_their_meetings(bank: FakeBank) -> None:
    order = paid_stay(bank)
    meeting = a_meeting()
    Meeting.objects.filter(pk=meeting.pk).update(basket=order.basket)
    web = signed_in("reader@example.org")
    reader = User.objects.get(email="reader@example.org")
    reader.user_permissions.add(Permission.objects.get(codename="view_order"))
    trip = web.get(reverse("booking:trip", args=[order.reference]))
    assert trip.status_code == 200
    cancel = reverse("booking:meeting-cancel", args=[meeting.code])
    assert web.post(cancel).status_code == 404
    meeting.refresh_from_db()
    assert meeting.state != "cancelled"


def test_the_visitor_writes_adds_it_to_a_calendar_and_calls_it_off() -> None:
    meeting = an_agreed()
    web, page = opened(meeting)
    write = reverse("booking:meeting-write", args=[meeting.code])
    assert web.post(write, {"text": ""}).status_code == 422
    assert web.post(write, {"text": "See you there"}).status_code == 303
    assert "See you there" in text_of(web.get(page))
    calendar = web.get(reverse("booking:meeting-ics", args=[meeting.code])).content.decode()
    assert SQUARE.split(",")[0] in calendar
    assert "SEQUENCE:1" in calendar
    web.post(reverse("booking:meeting-cancel", args=[meeting.code]))
    assert "It is called off" in text_of(web.get(page))
    assert web.get(reverse("booking:meeting-ics", args=[meeting.code])).status_code == 303


def test_the_visitor_tells_how_it_was() -> None:
    meeting = an_agreed()
    assert meeting.ends_at is not None
    meeting_rounds.follow_meetings(now=meeting.ends_at)
    web, _page = opened(meeting)
    felt = reverse("booking:meeting-felt", args=[meeting.code])
    assert web.post(felt, {"felt": "x"}).status_code == 422
    assert web.post(felt, {"felt": "wonderful", "words": "Merci"}).status_code == 303
    meeting.refresh_from_db()
    assert (meeting.felt, meeting.visitor_words) == ("wonderful", "Merci")


def test_no_page_of_a_meeting_is_anybodys() -> None:
    meeting = an_agreed()
    for name in ("write", "cancel", "felt"):
        url = reverse(f"booking:meeting-{name}", args=[meeting.code])
        assert Client().post(url, {"text": "x", "felt": "good"}).status_code == 404
    meeting.refresh_from_db()
    assert meeting.state == "accepted"


# --- The space ------------------------------------------------------------
PROFILE = {
    "first_name": "Ida",
    "about_fr": "Jardinière.",
    "places_fr": "Le lavoir.",
    "languages": ["fr"],
    "interests": ["gardens"],
    "weekdays": ["5", "6"],
    "most_people": "4",
    "monthly_most": "2",
    "phone": "04 71 00 00 00",
    "born_on": "1980-05-04",
}


def test_an_inhabitant_becomes_a_greeter(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    text = a_charter()
    web, commune = signed_in(), factories.a_commune()
    home = reverse("space-greeter")
    assert "Become a greeter" in text_of(web.get(home))
    assert web.get(reverse("space-greeter-charter")).status_code == 404
    profile = reverse("space-greeter-profile")
    young = web.post(profile, {**PROFILE, "commune": commune.pk, "born_on": "2012-05-04"})
    assert young.status_code == 422
    assert "signed by adults" in text_of(young)
    assert "Le lavoir." in young.content.decode()
    assert web.post(profile, {**PROFILE, "commune": commune.pk}).status_code == 303
    signed = {"signed_name": "Ida Faure", "agreed": "on", "sha256": text.sha256}
    assert web.post(reverse("space-greeter-charter"), {}).status_code == 422
    assert web.post(reverse("space-greeter-charter"), signed).status_code == 303
    photo = SimpleUploadedFile("moi.png", get_test_image_file().file.getvalue(), "image/png")
    portrait = reverse("space-greeter-portrait")
    bad = SimpleUploadedFile("moi.png", b"<script>", "image/png")
    assert web.post(portrait, {"photo": bad, "is_mine": "on"}).status_code == 422
    assert web.post(portrait, {"photo": photo, "is_mine": "on"}).status_code == 303
    web.post(reverse("space-greeter-submit"))
    greeter = Greeter.objects.get()
    assert (greeter.state, greeter.weekdays, greeter.most_people) == ("submitted", [5, 6], 4)
    assert greeter.photo is not None
    assert "to be read" in text_of(web.get(home)).lower()


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Ida, 06 12 34 56 78"},
        {"about_fr": "Écrivez-moi : ida@example.org"},
        {"most_people": "7"},
        {"weekdays": ["8"]},
        {"languages": ["xx"]},
        {"commune": "0"},
        {"born_on": "2012-13-45"},
    ],
)
def test_a_profile_that_cannot_be(changes: dict[str, Any]) -> None:
    web, commune = signed_in(), factories.a_commune()
    data = {**PROFILE, "commune": commune.pk, **changes}
    assert web.post(reverse("space-greeter-profile"), data).status_code == 422
    assert not Greeter.objects.exists()


def act(web: Client, meeting: Meeting, what: str, **data: Any) -> Any:
    return web.post(reverse("space-greeter-act", args=[meeting.code, what]), data)


def test_a_greeter_reads_and_says_yes() -> None:
    greeter = a_greeter("marie@example.org")
    meeting = a_meeting()
    web = signed_in("marie@example.org")
    assert "They would like to meet you" in text_of(web.get(reverse("space-greeter")))
    page = web.get(reverse("space-greeter-ask", args=[meeting.code]))
    assert "Nous aimons les vieilles rues." in text_of(page)
    assert "claire@example.org" not in page.content.decode()
    assert act(web, meeting, "accepter", day="x", hour="y", place="").status_code == 422
    private = act(
        web, meeting, "accepter", day="2027-07-15", hour="10:00", place="Chez moi 0612345678"
    )
    assert private.status_code == 422
    assert "public place only" in text_of(private)
    done = act(web, meeting, "accepter", day="2027-07-15", hour="10:00", place=SQUARE)
    assert done.status_code == 303
    meeting.refresh_from_db()
    assert (meeting.greeter, meeting.day) == (greeter, THURSDAY)
    assert act(web, meeting, "ecrire", text="Bonjour").status_code == 303
    assert act(web, meeting, "marier").status_code == 404


def test_who_writes_a_number_is_told_that_it_is_hidden_for_now() -> None:
    greeter = a_greeter("marie@example.org")
    meeting = say_yes(a_meeting(), greeter)
    web = signed_in("marie@example.org")
    url = reverse("space-greeter-act", args=[meeting.code, "ecrire"])
    page = text_of(web.post(url, {"text": "Mon numéro : 06 12 34 56 78"}, follow=True))
    assert "stay hidden until 48 hours before" in page
    assert "are hidden until 48 hours before" in page
    assert "Mon numéro : •••••" in page
    assert "06 12 34" not in page


def test_who_was_second_is_told_kindly() -> None:
    first = a_greeter()
    a_greeter("marie@example.org")
    meeting = say_yes(a_meeting(), first)
    web = signed_in("marie@example.org")
    page = text_of(web.get(reverse("space-greeter-ask", args=[meeting.code])))
    assert "Another greeter said yes first" in page
    assert "Nous aimons" not in page
    assert act(web, meeting, "refuser").status_code == 303
    for what in ("renoncer", "ecrire", "compter"):
        data = {"text": "x", "felt": "good", "minutes": "60"}
        assert act(web, meeting, what, **data).status_code == 404
    late = act(web, meeting, "accepter", day="2027-07-15", hour="10:00", place=SQUARE)
    assert late.status_code in {303, 409, 422}
    meeting.refresh_from_db()
    assert meeting.greeter == first


def _called_off(meeting: Meeting, greeter: Greeter, _other: Greeter) -> None:
    calling_off.cancel_meeting(say_yes(meeting, greeter), now=NOW + HOUR)


def _withdrawn(meeting: Meeting, _greeter: Greeter, _other: Greeter) -> None:
    calling_off.cancel_meeting(meeting, now=NOW + HOUR)


def _taken(meeting: Meeting, _greeter: Greeter, other: Greeter) -> None:
    say_yes(meeting, other, now=NOW + HOUR)


def _taken_and_called_off(meeting: Meeting, _greeter: Greeter, other: Greeter) -> None:
    calling_off.cancel_meeting(say_yes(meeting, other, now=NOW + HOUR), now=NOW + 2 * HOUR)


def _lapsed(meeting: Meeting, _greeter: Greeter, _other: Greeter) -> None:
    meeting_rounds.follow_meetings(now=meeting.deadline + HOUR)


def _declined(meeting: Meeting, greeter: Greeter, _other: Greeter) -> None:
    found = MeetingAsk.objects.get(meeting=meeting, greeter=greeter)
    meetings.decline_meeting(found, actor=OFFICE, now=NOW + HOUR)


def _given_up(meeting: Meeting, greeter: Greeter, _other: Greeter) -> None:
    agreed = say_yes(meeting, greeter)
    calling_off.give_up_meeting(agreed, actor=OFFICE, now=NOW + HOUR)


LATER = "Tuesday 6 April 2027 at 11 am"


@pytest.mark.parametrize(
    ("happens", "title", "says"),
    [
        (_called_off, "The meeting is called off", f"Claire called it off on {LATER}"),
        (_withdrawn, "The visitor took this request back", f"Plans changed on {LATER}"),
        (_taken, "Another greeter said yes first", f"It was agreed on {LATER}"),
        (_taken_and_called_off, "Another greeter said yes first", f"It was agreed on {LATER}"),
        (_lapsed, "The time to answer has passed", "Nobody had said yes by"),
        (_declined, "You said no to this request", f"That was on {LATER}"),
        (_given_up, "You gave this meeting up", f"You said on {LATER} that you can’t come"),
    ],
)
def test_a_greeter_reads_what_became_of_a_request_and_when(
    happens: Callable[[Meeting, Greeter, Greeter], None], title: str, says: str
) -> None:
    greeter, other = a_greeter("marie@example.org"), a_greeter()
    meeting = a_meeting()
    happens(meeting, greeter, other)
    web = signed_in("marie@example.org")

    page = text_of(web.get(reverse("space-greeter-ask", args=[meeting.code])))

    assert title in page
    assert says in page
    assert "This request is settled" not in page
    assert "Nous aimons" not in page
    # Where it was agreed with them, they read what their day was kept for.
    assert (SQUARE in page) == (happens is _called_off)
    home = text_of(web.get(reverse("space-greeter")))
    assert ("called off" in home) == (happens is _called_off)
    with translation.override("fr"):
        french = web.get(reverse("space-greeter-ask", args=[meeting.code]))
    assert french.status_code == 200


def test_the_mail_of_an_ending_leads_to_what_happened() -> None:
    greeter, other = a_greeter("marie@example.org"), a_greeter()
    meeting = a_meeting()
    _taken_and_called_off(meeting, greeter, other)
    for kind in ("meeting_closed", "meeting_cancelled"):
        (row,) = OutboxMessage.objects.filter(kind=kind)
        assert reverse("space-greeter-ask", args=[meeting.code]) in compose(row).body


def test_who_is_put_aside_is_led_to_the_office() -> None:
    greeter = a_greeter("marie@example.org")
    meeting = a_meeting()
    Greeter.objects.filter(pk=greeter.pk).update(state="suspended")
    page = text_of(
        signed_in("marie@example.org").get(reverse("space-greeter-ask", args=[meeting.code]))
    )
    assert "Your profile isn’t shown at the moment. Call the office" in page


def test_nobody_answers_for_another() -> None:
    a_greeter("marie@example.org")
    meeting = a_meeting()
    a_greeter("stranger@example.org", languages=["nl"])
    for web in (signed_in("stranger@example.org"), signed_in("nobody@example.org")):
        assert web.get(reverse("space-greeter-ask", args=[meeting.code])).status_code == 404
        assert act(web, meeting, "refuser").status_code == 404


def test_a_greeter_counts_hours_and_pauses() -> None:
    meeting = an_agreed()
    assert meeting.greeter is not None
    assert meeting.ends_at is not None
    meeting_rounds.follow_meetings(now=meeting.ends_at)
    meeting_talks.tell_as_visitor(Meeting.objects.get(), felt="good", words="Merci Marie", now=NOW)
    web = signed_in(meeting.greeter.user.email)
    act(web, meeting, "compter", felt="good", minutes="150", words="")
    home = text_of(web.get(reverse("space-greeter")))
    assert "1 meeting, 2 h 30" in home
    assert "Merci Marie" in home
    away = reverse("space-greeter-away")
    reversed_days = web.post(away, {"away_from": "2027-08-02", "away_until": "2027-08-01"})
    assert reversed_days.status_code == 422
    assert "comes before the one you leave" in text_of(reversed_days)
    assert "2027-08-02" in reversed_days.content.decode()
    assert web.post(away, {"away_from": "x"}).status_code == 422
    told = web.post(away, {"is_paused": "on"}, follow=True)
    assert told.content.decode().count("You pause: nobody sees you or asks you.") == 2
    meeting.greeter.refresh_from_db()
    assert meeting.greeter.is_paused
    back = text_of(web.post(away, {}, follow=True))
    assert "Welcome back" in back
    assert "absence is kept" not in back


def test_who_leaves_says_until_when_or_pauses() -> None:
    one = a_greeter()
    web = signed_in(one.user.email)
    left = web.post(reverse("space-greeter-away"), {"away_from": "2027-08-02"})
    assert left.status_code == 422
    assert "Say until which day you are away" in text_of(left)
    one.refresh_from_db()
    assert one.away_from is None


def test_a_kept_link_to_who_pauses_leads_to_the_others(web: Client) -> None:
    one = a_greeter(first_name="Jeanne", is_paused=True)
    a_greeter(first_name="Lucien")
    page = web.get(reverse("booking:greeter", args=[one.slug]), follow=True)
    assert page.redirect_chain == [(reverse("booking:greeters"), 303)]
    text = text_of(page)
    assert "takes a break" in text
    assert "Lucien" in text
    assert "Jeanne" not in text


def test_who_lives_here_is_told_what_a_greeter_does_before_signing_in(web: Client) -> None:
    text = text_of(web.get(reverse("booking:greeters")))
    assert "You say yes or no to each request, without a reason." in text
    assert "You make an account, then write your profile." in text


# --- The desk ------------------------------------------------------------
@pytest.fixture
def desk() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    web = Client(HTTP_ACCEPT_LANGUAGE="en")
    web.force_login(user)
    return web


def test_the_office_reads_a_greeter_and_shows_them(desk: Client) -> None:
    greeter = a_greeter(state="submitted", identity="", identity_at=None)
    url = reverse("desk_greeters:review", args=[greeter.pk])
    assert greeter.first_name in text_of(desk.get(reverse("desk_greeters:index")))
    assert "Signed by Marie-Thérèse Roux" in text_of(desk.get(url))
    told = desk.post(url, {"decision": "approve", "seen": greeter.edition, "identity": ""})
    assert "nobody is shown without" in text_of(told)
    remark = {"decision": "approve", "seen": greeter.edition, "remark_about": "More"}
    assert desk.post(url, remark).status_code == 200
    desk.post(url, {"decision": "approve", "seen": greeter.edition, "identity": "met"})
    greeter.refresh_from_db()
    assert greeter.is_shown
    desk.post(url, {"decision": "suspend", "seen": greeter.edition, "note": "A doubt"})
    greeter.refresh_from_db()
    assert greeter.state == "suspended"


def test_the_office_gives_a_profile_back(desk: Client) -> None:
    greeter = a_greeter(state="submitted", identity="", identity_at=None)
    url = reverse("desk_greeters:review", args=[greeter.pk])
    data = {"decision": "fix", "seen": greeter.edition, "remark_about": "Dites-en plus."}
    assert desk.post(url, data).status_code == 302
    web = signed_in(greeter.user.email)
    assert "Dites-en plus." in text_of(web.get(reverse("space-greeter")))


def test_the_office_reads_meetings_and_charters(desk: Client) -> None:
    meeting = an_agreed()
    assert meeting.code in text_of(desk.get(reverse("desk_meetings:index")))
    assert desk.get(reverse("desk_meetings:inspect", args=[meeting.pk])).status_code == 200
    assert desk.get(reverse("desk_charters:index")).status_code == 200
    assert desk.get(reverse("desk_charters:edit", args=[a_charter().pk])).status_code in {302, 403}
    assert desk.get(reverse("booking:meeting", args=[meeting.code])).status_code == 200
    page = reverse("booking:meeting-cancel", args=[meeting.code])
    assert desk.post(page).status_code == 404


# --- Mails ------------------------------------------------------------
@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_mail_is_written_and_gives_no_address_away(language: str) -> None:
    every_kind()
    rows = OutboxMessage.objects.filter(key__startswith="each:")
    rows.update(language=language)
    written = {one.kind: compose(one) for one in rows}
    assert set(written) == set(MEETING_CONTENTS)
    for kind, one in written.items():
        html = str(one.alternatives[0].content)
        assert one.subject.strip()
        assert "None" not in one.body
        assert f'lang="{language}"' in html
        assert "claire@example.org" not in one.body + html
        has_phone = "6 00 00 00 00" in one.body
        assert has_phone is (kind == "meeting_tomorrow")
        # As one dials it from where the mail's language is spoken.
        number = "04 71 00 00 01" if language == "fr" else "+33\u00a04 71 00 00 01"
        assert (number in one.body) is (kind == "meeting_soon")


def test_what_is_no_longer_true_is_not_sent() -> None:
    first = a_greeter()
    meeting = a_meeting()
    say_yes(meeting, first)
    outbox.drain_outbox(now=NOW)
    states = dict(OutboxMessage.objects.values_list("kind", "state"))
    assert states["meeting_for_greeter"] == "dropped"
    assert states["meeting_asked"] == "dropped"
    assert states["meeting_accepted"] == "sent"
    (agreed,) = [one for one in mail.outbox if "claire@example.org" in one.to]
    assert any("calendar" in str(one[2]) for one in agreed.attachments)
