"""What people wrote long ago goes; what still serves stays, and the journal names nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking import households, old_letters, talks, team
from booking.households import HouseholdFacts, Newcomer
from booking.messages import send_again, write_message
from booking.models import Order, OutboxMessage, Talk, TalkMessage
from booking.refusals import WrongState
from booking.tasks import forget_letters
from members.journal import SYSTEM, Actor
from members.models import Entry, HouseholdInvitation, HouseholdMember, Invitation
from tests import factories
from tests.booking.pages import paid_stay
from tests.cast import NOW, FakeBank

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def journalled(verb: str) -> list[dict]:
    return list(Entry.objects.filter(verb=verb).order_by("pk").values_list("data", flat=True))


# --- Threads --------------------------------------------------------------------------------------
def test_a_thread_goes_two_years_after_the_last_service(bank: FakeBank, settings):
    order = paid_stay(bank)
    house = order.lines.get(kind="lodging").sub_order.provider
    talks.write_to_host(order, house, "Where do we leave the key?", now=NOW)
    last = order.lines.order_by("-ends_at").first()
    end = last.ends_at + timedelta(days=settings.TALKS_KEPT_DAYS)

    assert old_letters.forget_talks(now=end) == 0
    assert TalkMessage.objects.count() == 1
    assert old_letters.forget_talks(now=end + SECOND) == 1
    assert not Talk.objects.exists()
    assert not TalkMessage.objects.exists()
    assert Order.objects.filter(pk=order.pk).exists()
    assert journalled("old threads deleted") == [{"count": 1}]


# --- What was sent --------------------------------------------------------------------------------
def a_message(number: int = 0, **fields) -> OutboxMessage:
    write_message(
        "team_invitation",
        key=f"one:{number}",
        recipient=f"claire{number}@example.org",
        language="fr",
        data={"words": "private"},
        now=NOW,
    )
    OutboxMessage.objects.filter(key=f"one:{number}").update(**fields)
    return OutboxMessage.objects.get(key=f"one:{number}")


def test_address_and_content_of_what_was_sent_go_after_a_year_and_the_fact_stays(settings):
    sent = a_message(state="sent", sent_at=NOW + DAY, message_id="<m@example.org>")
    end = NOW + DAY + timedelta(days=settings.MESSAGES_KEPT_DAYS)

    assert old_letters.forget_mails(now=end) == 0
    assert old_letters.forget_mails(now=end + SECOND) == 1
    assert old_letters.forget_mails(now=end + SECOND) == 0
    sent.refresh_from_db()
    assert (sent.recipient, sent.data, sent.message_id) == ("", {}, "")
    assert (sent.kind, sent.state, sent.sent_at) == ("team_invitation", "sent", NOW + DAY)
    # Its key stands: nothing writes it again.
    assert not write_message(
        "team_invitation", key="one:0", recipient="x@example.org", language="fr", now=end
    )
    assert journalled("old messages emptied") == [{"count": 1}]
    with pytest.raises(WrongState, match="message_emptied"):
        send_again(sent, actor=SYSTEM, now=end)


def test_what_still_waits_stays_and_what_was_given_up_is_nobodys_task_any_more():
    waiting = a_message(1)
    failed = a_message(2, state="failed", last_error="claire2@example.org: unknown")

    assert old_letters.forget_mails(now=NOW + timedelta(days=366)) == 1
    waiting.refresh_from_db()
    failed.refresh_from_db()
    assert waiting.recipient == "claire1@example.org"
    assert (failed.state, failed.recipient, failed.last_error) == ("dropped", "", "")


def test_the_desk_says_that_an_address_is_no_longer_kept():
    emptied = a_message(state="sent", sent_at=NOW)
    OutboxMessage.objects.update(recipient="", data={})
    desk = Client(headers={"Accept-Language": "en"})
    desk.force_login(factories.a_user(is_superuser=True))
    page = desk.get(reverse("desk_outbox:inspect", args=[emptied.pk])).content.decode()
    assert "address no longer kept" in page
    again = reverse("desk_outbox:send-again", args=[emptied.pk])
    assert again not in page
    assert "address no longer kept" in desk.get(reverse("desk_outbox:index")).content.decode()
    assert "no longer kept" in desk.post(again, follow=True).content.decode()
    emptied.refresh_from_db()
    assert emptied.state == "sent"


def test_many_go_in_batches_and_the_rest_the_next_night(monkeypatch):
    monkeypatch.setattr(old_letters, "BATCH", 2)
    monkeypatch.setattr(old_letters, "MOST_BATCHES", 2)
    for number in range(5):
        a_message(number, state="sent", sent_at=NOW)
    later = NOW + timedelta(days=366)

    assert old_letters.forget_mails(now=later) == 4
    assert old_letters.forget_mails(now=later) == 1
    assert journalled("old messages emptied") == [{"count": 2}, {"count": 2}, {"count": 1}]


# --- Invitations ----------------------------------------------------------------------------------
def invited(house, owner, email: str) -> Invitation:
    who = Actor.person(owner)
    return team.invite(house, email=email, role="staff", language="en", actor=who, now=NOW)


def test_invitations_go_half_a_year_after_they_ended(settings):
    owner, house = factories.a_draft()
    kept = timedelta(days=settings.INVITATIONS_KEPT_DAYS)
    open_until = NOW + team.LINK_LIFE
    accepted = invited(house, owner, "bea@example.org")
    withdrawn = invited(house, owner, "carl@example.org")
    ended = invited(house, owner, "dora@example.org")
    person = factories.a_verified_address(factories.a_user("bea@example.org"))
    team.accept_invitation(accepted, person, now=NOW + DAY)
    team.withdraw_invitation(withdrawn, actor=Actor.person(owner), now=NOW + 2 * DAY)

    for moment, left in (
        (NOW + DAY + kept, {accepted.pk, withdrawn.pk, ended.pk}),
        (NOW + DAY + kept + SECOND, {withdrawn.pk, ended.pk}),
        (NOW + 2 * DAY + kept + SECOND, {ended.pk}),
        (open_until + kept, {ended.pk}),
        (open_until + kept + SECOND, set()),
    ):
        old_letters.forget_invitations(now=moment)
        assert set(Invitation.objects.values_list("pk", flat=True)) == left
    # Access that was given stays.
    assert house.roles.filter(user=person).exists()


def test_invitations_to_a_household_go_too(settings):
    person = factories.a_verified_address(factories.a_user("ines@example.org"))
    facts = HouseholdFacts("Les Martin", factories.a_commune().pk, 0)
    newcomer = Newcomer("Inès", date(1980, 5, 4))
    households.declare_household(person, facts, newcomer, now=NOW)
    member = HouseholdMember.objects.get(user=person)
    sent = households.invite_member(member, email="bea@example.org", language="fr", now=NOW)
    over = NOW + households.LINK_LIFE + timedelta(days=settings.INVITATIONS_KEPT_DAYS)

    assert old_letters.forget_invitations(now=over) == 0
    assert HouseholdInvitation.objects.get() == sent
    assert old_letters.forget_invitations(now=over + SECOND) == 1
    assert not HouseholdInvitation.objects.exists()
    assert journalled("old invitations deleted") == [{"count": 1}]


def test_the_journal_never_says_who_was_invited():
    owner, house = factories.a_draft()
    sent = invited(house, owner, "bea@example.org")
    team.withdraw_invitation(sent, actor=Actor.person(owner), now=NOW)

    assert journalled("person invited") == [{"invitation": sent.pk, "role": "staff"}]
    assert journalled("invitation withdrawn") == [{"invitation": sent.pk}]


def test_the_clock_lets_all_of_it_go(at):
    a_message(state="sent", sent_at=NOW)
    owner, house = factories.a_draft()
    invited(house, owner, "bea@example.org")
    at(NOW + timedelta(days=400))
    forget_letters()
    assert not Invitation.objects.exists()
    assert OutboxMessage.objects.get(key="one:0").recipient == ""
