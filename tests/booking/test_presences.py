"""When a household is here: said by itself, read by nobody else, deleted in the end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from booking import presences
from booking.mobilisation import FEWEST, mobilisation
from booking.refusals import BadInput, NotAllowed, WrongState
from members.models import Entry, Presence, User
from members.rules.households import last_left_on, next_stay
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
ARRIVAL, DEPARTURE = date(2027, 5, 7), date(2027, 5, 10)
PAGE = reverse("presences")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def test_family_says_its_days_and_takes_them_away():
    member = factories.a_household()
    client = browser_of(member.user)
    assert "Nothing said yet" in body(client.get(PAGE))
    sent = {"arrival": "2027-05-07", "departure": "2027-05-10"}
    assert "Nobody else reads it" in body(client.post(reverse("presence-add"), sent, follow=True))
    one = Presence.objects.get()
    assert (one.arrival, one.departure) == (ARRIVAL, DEPARTURE)
    client.post(reverse("presence-remove", args=[one.pk]))
    assert not Presence.objects.exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Give this day"),
        ({"arrival": "2027-05-07"}, "Give this day"),
        ({"arrival": "2027-05-07", "departure": "2027-05-07"}, "check both"),
        ({"arrival": "2027-05-07", "departure": "2027-05-01"}, "check both"),
        ({"arrival": "2027-05-07", "departure": "2029-05-01"}, "One year at most"),
        ({"arrival": "9999-12-31", "departure": "9999-12-31"}, "too far away"),
        ({"arrival": "nonsense", "departure": "2027-05-01"}, "date"),
    ],
)
def test_bad_days_are_said_beside_their_field(sent, words):
    answer = browser_of(factories.a_household().user).post(reverse("presence-add"), sent)
    assert answer.status_code == 422
    assert words in body(answer)
    assert not Presence.objects.exists()


def test_nights_are_half_open_and_never_meet():
    member = factories.a_household()
    presences.say_presence(member, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)
    presences.say_presence(
        member, arrival=DEPARTURE, departure=DEPARTURE + timedelta(days=2), now=NOW
    )
    with pytest.raises(NotAllowed, match="presences_meet"):
        presences.say_presence(
            member, arrival=ARRIVAL - timedelta(days=1), departure=DEPARTURE, now=NOW
        )
    with pytest.raises(BadInput, match="presence_backwards"):
        presences.say_presence(member, arrival=DEPARTURE, departure=ARRIVAL, now=NOW)
    # Whatever a use case forgets, the database refuses.
    with pytest.raises(IntegrityError), transaction.atomic():
        Presence.objects.create(
            household=member.household, arrival=ARRIVAL, departure=None, said_at=NOW
        )
    # Another household's days are its own.
    other = factories.a_household(name="Les Durand")
    assert presences.say_presence(other, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)


def test_one_click_says_here_and_one_says_left(at):
    member = factories.a_household()
    client = browser_of(member.user)
    now = reverse("presence-now")
    page = client.post(now, {"wish": "here"}, follow=True)
    assert "You are here" in body(page)
    assert "noted already" in body(client.post(now, {"wish": "here"}, follow=True))
    at(NOW + timedelta(days=3))
    page = client.post(now, {"wish": "left"}, follow=True)
    assert "Arrived?" in body(page)
    one = Presence.objects.get()
    assert (one.arrival, one.departure) == (TODAY, TODAY + timedelta(days=3))
    assert "It isn’t noted" in body(client.post(now, {"wish": "left"}, follow=True))


def test_day_without_a_night_is_a_presence_too():
    member = factories.a_household()
    presences.say_here(member, now=NOW)
    presences.say_left(member, now=NOW)
    standing = presences.standing_of(presences.presences_of(member.household), today=TODAY)
    assert (standing.here, standing.left_on) == (None, TODAY)
    # And one may come back in the evening.
    assert presences.say_here(member, now=NOW).departure is None


def test_here_ends_where_a_stay_that_was_said_begins():
    member = factories.a_household()
    presences.say_presence(member, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)
    assert presences.say_here(member, now=NOW).departure == ARRIVAL


def test_stay_under_way_hides_nothing_that_came_before():
    left, come = date(2027, 1, 3), date(2027, 4, 5)
    stays = [(date(2026, 12, 24), left), (come, None), (date(2027, 7, 1), date(2027, 7, 9))]
    assert last_left_on(stays, TODAY) == left
    assert next_stay(stays, TODAY) == (come, None)
    assert last_left_on([], TODAY) is None
    assert next_stay(stays[:1], TODAY) is None


def test_days_of_long_ago_are_deleted_and_open_ones_end(settings):
    settings.PRESENCE_KEPT_DAYS = 30
    member = factories.a_household()
    for arrival, departure in (
        (TODAY - timedelta(days=400), TODAY - timedelta(days=31)),
        (TODAY - timedelta(days=31), TODAY - timedelta(days=30)),
    ):
        Presence.objects.create(
            household=member.household, arrival=arrival, departure=departure, said_at=NOW
        )
    forgotten = factories.a_household(name="Les Durand").household
    begun = TODAY - presences.LONGEST_OPEN
    Presence.objects.create(household=forgotten, arrival=begun, said_at=NOW)
    assert presences.forget_presences(now=NOW) == 1
    assert [one.departure for one in Presence.objects.filter(household=forgotten)] == [TODAY]
    assert Presence.objects.filter(household=member.household).count() == 1


# --- Nobody else --------------------------------------------------------------------------------
def test_nobody_reads_or_touches_the_days_of_another_household():
    member = factories.a_household()
    one = presences.say_presence(member, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)
    host = factories.a_host(factories.a_provider())
    office = User.objects.create_superuser("bureau@example.org", "secret")
    other = factories.a_household(name="Les Durand").user
    for who in (host, office, other, factories.a_user()):
        client = browser_of(who)
        assert client.post(reverse("presence-remove", args=[one.pk])).status_code == 404
        for page in (
            *("/espace/", PAGE, "/espace/residence/", "/espace/carte/", "/pro/", "/pro/avantages/"),
            *("/pro/carte/?carte=x", "/gestion/", reverse("desk_households:index")),
            reverse("desk_households:household", args=[member.household_id]),
            reverse("desk_households:mobilisation"),
        ):
            shown = body(client.get(page, follow=True))
            assert "7 May" not in shown
            assert "2027-05-07" not in shown
    assert Presence.objects.filter(pk=one.pk).exists()


def test_nothing_of_it_goes_into_the_journal_that_the_office_reads():
    member = factories.a_household()
    before = Entry.objects.count()
    presences.say_here(member, now=NOW)
    presences.say_left(member, now=NOW)
    one = presences.say_presence(member, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)
    presences.take_presence_away(member, one.pk)
    assert Entry.objects.count() == before


def test_figures_tell_nobody_who_is_here_while_they_are_few():
    members = [factories.a_household(name=f"Les {number}") for number in range(FEWEST)]
    for member in members[:-1]:
        presences.say_here(member, now=NOW)
    assert mobilisation(now=NOW).present is None
    presences.say_here(members[-1], now=NOW)
    assert mobilisation(now=NOW).present == FEWEST


def test_figures_count_households_by_pole():
    factories.a_household(children=2)
    factories.a_household(name="Les Durand", state="declared")
    factories.a_household(name="Les autres", state="ended", ended_at=NOW)
    found = mobilisation(now=NOW)
    assert [(one.name, one.declared, one.verified) for one in found.poles] == [
        ("Massif du Mézenc", 1, 1)
    ]
    assert (found.declared, found.verified, found.people) == (1, 1, 4)


def test_household_that_ended_says_nothing():
    member = factories.a_household(state="ended", ended_at=NOW)
    with pytest.raises(WrongState, match="household_ended"):
        presences.say_here(member, now=NOW)
    assert browser_of(member.user).get(PAGE)["Location"] == reverse("residence")


def test_who_has_no_household_is_led_to_where_one_is_declared():
    page = browser_of(factories.a_user()).get(PAGE, follow=True)
    assert page.redirect_chain == [(reverse("residence"), 303)]
    assert "Say first which house is yours" in body(page)
    # What would write stays unknown.
    assert browser_of(factories.a_user()).post(reverse("presence-add")).status_code == 404


def test_clicking_all_day_leaves_one_row():
    member = factories.a_household()
    for _click in range(5):
        presences.say_here(member, now=NOW)
        presences.say_left(member, now=NOW)
    one = Presence.objects.get()
    assert (one.arrival, one.departure) == (TODAY, TODAY)


def test_stay_that_ended_today_goes_on_with_a_click():
    member = factories.a_household()
    begun = TODAY - timedelta(days=3)
    Presence.objects.create(household=member.household, arrival=begun, departure=TODAY, said_at=NOW)
    again = presences.say_here(member, now=NOW)
    assert (again.arrival, again.departure) == (begun, None)
    assert Presence.objects.count() == 1


def test_days_said_ahead_and_in_all_have_an_end(monkeypatch):
    monkeypatch.setattr(presences, "MOST_SAID", 1)
    monkeypatch.setattr(presences, "MOST_KEPT", 2)
    member = factories.a_household()
    presences.say_presence(member, arrival=ARRIVAL, departure=DEPARTURE, now=NOW)
    with pytest.raises(NotAllowed, match="too_many_presences"):
        presences.say_presence(
            member, arrival=DEPARTURE, departure=DEPARTURE + timedelta(days=1), now=NOW
        )
    # Stays of long ago don't count among those to come.
    left = TODAY - timedelta(days=9)
    Presence.objects.create(
        household=member.household, arrival=left - timedelta(days=1), departure=left, said_at=NOW
    )
    with pytest.raises(NotAllowed, match="too_many_presences"):
        presences.say_here(member, now=NOW)
