"""Missions of ambassadors: taken, done, confirmed; in their space and at the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from booking.messages import drain_outbox
from booking.models import OutboxMessage
from booking.refusals import BadInput, Refusal, WrongState
from booking.relations import ambassador_reviews, ambassadors, erasing, missions, own_copy
from booking.relations.personal_data import Subject
from members.groups import ensure_office_group
from members.journal import SYSTEM
from members.models import Ambassador, Mission, MissionTake
from members.rules import missions as rules
from tests import factories
from tests.booking.pages import body
from tests.booking.relations.inviting import an_ambassador
from tests.booking.relations.test_ambassadors import browser_of
from tests.cast import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
OFFICE: dict[str, Any] = {"actor": SYSTEM, "now": NOW}


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_mission(**fields: Any) -> Mission:
    values = {
        "title_fr": "Des cartes au marché",
        "title_en": "Cards at the market",
        "text_fr": "Distribuer vingt cartes.",
        "text_en": "Hand out twenty cards.",
        "first_day": TODAY,
        "last_day": TODAY + timedelta(days=30),
        "wanted": 3,
        **fields,
    }
    return Mission.objects.create(**values)


def taken(mission: Mission, ambassador: Ambassador | None = None) -> MissionTake:
    return missions.take_mission(ambassador or an_ambassador(), mission.pk, now=NOW)


def done(take: MissionTake, minutes: int = 90) -> MissionTake:
    missions.say_done(
        take.ambassador, take.mission_id, words="Twenty cards", minutes=minutes, now=NOW
    )
    take.refresh_from_db()
    return take


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


# --- The rules ------------------------------------------------------------------------------------
@given(st.lists(st.sampled_from([*rules.TAKE]), min_size=1, max_size=9))
def test_what_is_confirmed_stays_and_was_done_before(moves):
    state, met = rules.TAKEN, [rules.TAKEN]
    for wanted in moves:
        if rules.may_become(state, wanted):
            state = wanted
            met.append(state)
    if rules.CONFIRMED in met:
        assert met[-1] == rules.CONFIRMED
        assert met[-2] == rules.DONE


# --- Taking ---------------------------------------------------------------------------------------
def test_three_are_wanted_and_the_fourth_is_told_that_it_is_taken():
    mission = a_mission()
    first = taken(mission)
    assert taken(mission, first.ambassador).pk == first.pk
    taken(mission)
    taken(mission)
    late = an_ambassador()
    client = browser_of(late.user)

    answer = client.post(reverse("mission-take", args=[mission.pk]), follow=True)

    assert "Others took it meanwhile" in body(answer)
    assert not late.missions.exists()
    assert "taken by others" in body(answer)
    # Given back, it is there for the next one, and may be taken again by who gave it.
    missions.give_back(first.ambassador, mission.pk, now=NOW)
    missions.give_back(first.ambassador, mission.pk, now=NOW)
    taken(mission, late)
    with pytest.raises(WrongState) as refused:
        taken(mission, first.ambassador)
    assert codes_of(refused) == ["mission_full"]
    missions.free(late.missions.get(), note="Silent for weeks", **OFFICE)
    assert taken(mission, first.ambassador).pk == first.pk


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"first_day": TODAY - timedelta(days=9), "last_day": TODAY - timedelta(days=1)}, "over"),
        ({"is_shown": False}, "over"),
        (None, "gone"),
    ],
)
def test_what_is_over_or_gone_is_taken_by_nobody(fields, code):
    pk = a_mission(**fields).pk if fields else 4_000_000
    ambassador = an_ambassador()
    with pytest.raises(WrongState) as refused:
        missions.take_mission(ambassador, pk, now=NOW)
    assert codes_of(refused) == [f"mission_{code}"]


def test_who_stopped_takes_nothing_and_leaves_to_others_what_isnt_done():
    mission, other = a_mission(), a_mission(title_en="Other")
    ambassador = an_ambassador()
    taken(mission, ambassador)
    kept = done(taken(other, ambassador))

    ambassadors.leave(ambassador, now=NOW)

    assert ambassador.missions.get(mission=mission).state == "given_back"
    kept.refresh_from_db()
    assert kept.state == "done"
    with pytest.raises(WrongState) as refused:
        taken(mission, ambassador)
    assert codes_of(refused) == ["ambassador_ended"]
    assert browser_of(ambassador.user).get(reverse("missions")).status_code == 404


def test_who_is_put_aside_leaves_them_too():
    take = taken(a_mission())
    ambassador_reviews.put_aside(take.ambassador, reason="Sells its link", **OFFICE)
    take.refresh_from_db()
    assert take.state == "given_back"


# --- The space ------------------------------------------------------------------------------------
def test_a_mission_goes_its_way_in_the_space_and_at_the_desk(desk: Client):
    mission = a_mission(pole="")
    ambassador = an_ambassador()
    client = browser_of(ambassador.user)
    assert "1 mission is open." in body(client.get(reverse("invite")))
    shown = body(client.get(reverse("missions")))
    assert "Cards at the market" in shown
    assert "3 places left" in shown
    page = reverse("mission", args=[mission.pk])
    assert "Hand out twenty cards." in body(client.get(page))

    client.post(reverse("mission-take", args=[mission.pk]))
    assert "is open." not in body(client.get(reverse("invite")))
    bad = client.post(page, {"words": " ", "minutes": "7"})
    assert bad.status_code == 422
    assert "Say in a line what you did." in body(bad)
    kept = client.post(page, {"words": "Ten only", "minutes": "9999"})
    assert "Ten only" in body(kept)
    client.post(page, {"words": "Twenty <b>cards</b>", "minutes": "90"})
    # A second press says the same: the office reads the first words.
    client.post(page, {"words": "Thirty", "minutes": "600"})
    take = MissionTake.objects.get()
    assert (take.state, take.words, take.minutes) == ("done", "Twenty <b>cards</b>", 90)
    assert "the office confirms it" in body(client.get(page))
    gone = client.post(reverse("mission-give-back", args=[mission.pk]), follow=True)
    assert "It has moved on meanwhile" in body(gone)

    home = body(desk.get(reverse("wagtailadmin_home")))
    assert "mission to confirm" in home
    at_desk = reverse("desk_mission_takes:take", args=[take.pk])
    assert at_desk in body(desk.get(reverse("desk_mission_takes:index") + "?state=done"))
    assert "Twenty &lt;b&gt;cards&lt;/b&gt;" in desk.get(at_desk).content.decode()
    desk.post(at_desk, {"decision": "back"})
    assert MissionTake.objects.get().state == "done"
    desk.post(at_desk, {"decision": "back", "note": "Where was it?"})
    assert "Where was it?" in body(client.get(page))
    client.post(page, {"words": "Twenty, at Le Puy", "minutes": "120"})
    desk.post(at_desk, {"decision": "confirm", "note": "Well done"})

    assert MissionTake.objects.get().state == "confirmed"
    said = body(client.get(reverse("missions")))
    assert "1 mission done, 2 h given" in said
    assert "1 mission done, 2 h given" in body(client.get(reverse("invite")))
    assert "mission to confirm" not in body(desk.get(reverse("wagtailadmin_home")))
    mail.outbox.clear()
    drain_outbox(now=NOW)
    subjects = [one.subject for one in mail.outbox]
    assert subjects[-1] == "Your mission is confirmed: thank you"
    assert "Well done" in mail.outbox[-1].body
    # The remark that was answered since is no longer sent.
    assert len(subjects) == 1
    # Another press finds it decided.
    desk.post(at_desk, {"decision": "free", "note": "x"})
    assert MissionTake.objects.get().state == "confirmed"


def test_nothing_is_open_yet_is_said():
    page = body(browser_of(an_ambassador().user).get(reverse("missions")))
    assert "No mission is open" in page


def test_what_is_over_is_said_on_its_page_and_left_out_of_the_list():
    mission = a_mission(first_day=date(2027, 1, 1), last_day=date(2027, 1, 2))
    client = browser_of(an_ambassador().user)
    assert "Its last day has passed." in body(client.get(reverse("mission", args=[mission.pk])))
    assert "Cards at the market" not in body(client.get(reverse("missions")))


def test_what_begins_later_is_taken_now_and_done_then():
    mission = a_mission(first_day=TODAY + timedelta(days=3))
    take = taken(mission)
    client = browser_of(take.ambassador.user)
    assert "say here then that it is done" in body(
        client.get(reverse("mission", args=[mission.pk]))
    )
    posted = client.post(
        reverse("mission", args=[mission.pk]), {"words": "Done", "minutes": "60"}, follow=True
    )
    assert "It begins on Friday 9 April" in body(posted)
    take.refresh_from_db()
    assert take.state == "taken"


@pytest.mark.parametrize("pk", [4_000_000, 10**25])
def test_a_mission_that_isnt_there_is_said_so(pk):
    client = browser_of(an_ambassador().user)
    assert client.get(reverse("mission", args=[pk])).status_code == 404
    for name in ("mission-take", "mission-give-back"):
        answer = client.post(reverse(name, args=[pk]), follow=True)
        assert "isn’t there any more" in body(answer)


def test_hidden_mission_is_seen_by_who_does_it_alone():
    take = taken(a_mission())
    Mission.objects.update(is_shown=False)
    page = reverse("mission", args=[take.mission_id])
    assert browser_of(take.ambassador.user).get(page).status_code == 200
    assert browser_of(an_ambassador().user).get(page).status_code == 404


@pytest.mark.parametrize(("words", "minutes"), [("", 60), ("Done", 14), ("Done", 601)])
def test_what_is_done_has_words_and_a_likely_time(words, minutes):
    take = taken(a_mission())
    with pytest.raises(BadInput):
        missions.say_done(take.ambassador, take.mission_id, words=words, minutes=minutes, now=NOW)


def test_long_list_asks_no_more_of_the_database(django_assert_max_num_queries: Any):
    ambassador = an_ambassador()
    for number in range(20):
        mission = a_mission(title_en=f"Mission {number}")
        if number % 2:
            taken(mission, ambassador)
    client = browser_of(ambassador.user)
    client.get(reverse("missions"))
    with django_assert_max_num_queries(20):
        assert "Mission 19" in body(client.get(reverse("missions")))


# --- The office -----------------------------------------------------------------------------------
@pytest.fixture
def desk() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(ensure_office_group())
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def typed(**fields: str) -> dict[str, str]:
    return {
        "title_fr": "Des cartes",
        "title_en": "Cards",
        "title_de": "",
        "text_fr": "Vingt cartes",
        "text_en": "",
        "text_de": "",
        "first_day": "2027-04-06",
        "last_day": "2027-05-06",
        "wanted": "2",
        "pole": "",
        "is_shown": "on",
        **fields,
    }


def test_office_writes_missions_and_never_wants_fewer_than_do_them(desk: Client):
    add = reverse("desk_missions:add")
    assert desk.get(add).status_code == 200
    assert "comes before the first" in body(desk.post(add, typed(last_day="2027-04-01")))
    assert "Write it in French first" in body(desk.post(add, typed(text_fr="")))
    for bad in ("0", "51", "-1", "x"):
        desk.post(add, typed(wanted=bad))
    for far in ("9999-12-31", "0001-01-01"):
        assert "too far away" in body(desk.post(add, typed(last_day=far)))
    assert not Mission.objects.exists()
    desk.post(add, typed())
    mission = Mission.objects.get()
    taken(mission)
    taken(mission)

    edit = reverse("desk_missions:edit", args=[mission.pk])
    refused = body(desk.post(edit, typed(wanted="1")))
    assert "2 ambassadors do it already" in refused
    desk.post(edit, typed(wanted="4", title_en="More cards"))

    mission.refresh_from_db()
    assert (mission.wanted, mission.title_en) == (4, "More cards")
    listed = body(desk.get(reverse("desk_missions:index")))
    assert "More cards" in listed
    # What somebody does isn't deleted.
    desk.post(reverse("desk_missions:delete", args=[mission.pk]))
    assert Mission.objects.exists()


def test_place_that_was_freed_is_not_sent_back_to_its_ambassador():
    mission = a_mission(wanted=1)
    take = taken(mission)
    missions.free(take, note="Silent", **OFFICE)
    taken(mission)
    for decide in (missions.send_back, missions.confirm):
        with pytest.raises(WrongState):
            decide(take, note="x", **OFFICE)
    held = MissionTake.objects.filter(mission=mission, state__in=rules.HOLDS)
    assert held.count() == 1


def test_what_is_missing_is_asked_for_in_words_to_an_ambassador():
    take = done(taken(a_mission()))
    with override("en"), pytest.raises(BadInput) as refused:
        missions.send_back(take, note=" ", **OFFICE)
    [one] = refused.value.troubles
    assert (one.code, one.field) == ("mission_note_missing", "note")
    assert "ambassador" in one.message
    take.refresh_from_db()
    assert take.state == rules.DONE


# --- One's own data -------------------------------------------------------------------------------
def test_copy_has_them_and_erasing_takes_the_words_off():
    mission = a_mission(wanted=1)
    ambassador = an_ambassador()
    kept = done(taken(a_mission(title_en="Other"), ambassador))
    taken(mission, ambassador)
    subject = Subject.of_account(ambassador.user)
    copied = own_copy.copy_of(subject, now=NOW)
    assert "Twenty cards" in str(copied)

    erasing.erase(subject, now=NOW)

    kept.refresh_from_db()
    assert (kept.words, kept.state) == ("", "done")
    # The place is somebody else's.
    assert taken(mission).state == "taken"
    missions.confirm(kept, note="", **OFFICE)
    assert not OutboxMessage.objects.filter(kind="ambassador_mission").exists()
