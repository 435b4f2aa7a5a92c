"""Who works for a house: invited once, for some days, alone; removed at once; one owner stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail, signing
from django.test import Client
from django.urls import reverse

from booking import team
from booking.emails import invitation_url
from booking.messages import drain_outbox
from booking.models import NoticeChoice
from booking.refusals import NotAllowed, WrongState
from members.journal import Actor
from members.models import Entry, Invitation, Provider, ProviderRole, User
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
HERE = reverse("extranet-invitation")


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def browser_of(user: User | None = None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    if user is not None:
        client.force_login(user)
    return client


def invited(email: str = "bea@example.org", role: str = "staff") -> tuple[Provider, Invitation]:
    owner, house = factories.a_draft()
    sent = team.invite(
        house, email=email, role=role, language="en", actor=Actor.person(owner), now=NOW
    )
    return house, sent


def follow(client: Client, invitation: Invitation) -> str:
    return body(client.get(invitation_url(invitation), follow=True))


def bea() -> User:
    return factories.a_verified_address(factories.a_user("bea@example.org"))


def test_owner_invites_and_the_mail_leads_to_the_house():
    owner, house = factories.a_draft()
    client = browser_of(owner)
    answer = client.post(
        reverse("extranet-invite", args=[house.slug]),
        {"email": "Bea@Example.org", "role": "owner"},
        follow=True,
    )
    assert "The invitation goes to bea@example.org." in body(answer)
    drain_outbox(now=NOW)
    [letter] = mail.outbox
    sent = Invitation.objects.get()
    assert letter.to == ["bea@example.org"]
    assert invitation_url(sent) in letter.body

    person = bea()
    visitor = browser_of(person)
    assert "Accept" in follow(visitor, sent)
    # Looking changes nothing.
    assert not house.roles.filter(user=person).exists()
    assert "Welcome: you now work for" in body(visitor.post(HERE, follow=True))
    assert house.roles.get(user=person).role == "owner"
    assert Entry.objects.filter(verb="access given", actor=person).exists()


def test_stranger_is_led_to_an_account_with_the_address_written():
    _house, sent = invited()
    client = browser_of()
    page = follow(client, sent)
    assert "make an account with it" in page
    assert "bea@example.org" in body(client.get(reverse("account_signup")))


def test_link_counts_once():
    house, sent = invited()
    visitor = browser_of(bea())
    follow(visitor, sent)
    visitor.post(HERE)
    assert "was used already" in follow(visitor, sent)
    assert visitor.post(HERE).status_code == 409
    assert house.roles.count() == 2


def test_link_ends_after_fourteen_days(at):
    house, sent = invited()
    visitor = browser_of(bea())
    at(NOW + timedelta(days=14) - timedelta(seconds=1))
    assert "Accept" in follow(visitor, sent)
    at(NOW + timedelta(days=14))
    assert "has ended" in follow(visitor, sent)
    assert visitor.post(HERE).status_code == 409
    assert house.roles.count() == 1


def test_another_signed_in_person_is_told_whose_link_it_is():
    house, sent = invited()
    other = factories.a_verified_address(factories.a_user("other@example.org"))
    visitor = browser_of(other)
    page = follow(visitor, sent)
    assert "went to b•••@example.org" in page
    assert "bea@example.org" not in page
    assert visitor.post(HERE).status_code == 409
    assert not house.roles.filter(user=other).exists()


def test_address_that_was_not_proved_accepts_nothing():
    _house, sent = invited()
    unproved = factories.a_user("bea@example.org")
    with pytest.raises(NotAllowed, match="invitation_elsewhere"):
        team.accept_invitation(sent, unproved, now=NOW)


@pytest.mark.parametrize("token", ["", "1", "1:xxx", "é", signing.Signer(salt="x").sign("1")])
def test_forged_link_opens_nothing(token: str):
    invited()
    assert browser_of(bea()).get(HERE, {"cle": token}).status_code == 404


def test_link_taken_back_opens_nothing():
    owner, house = factories.a_draft()
    client = browser_of(owner)
    client.post(
        reverse("extranet-invite", args=[house.slug]), {"email": "bea@example.org", "role": "staff"}
    )
    sent = Invitation.objects.get()
    client.post(reverse("extranet-invitation-withdraw", args=[house.slug, sent.pk]))
    assert "has ended" in follow(browser_of(bea()), sent)


def test_newer_link_ends_the_older_one():
    house, first = invited()
    owner = house.roles.get().user
    second = team.invite(
        house,
        email="bea@example.org",
        role="owner",
        language="en",
        actor=Actor.person(owner),
        now=NOW,
    )
    visitor = browser_of(bea())
    assert "has ended" in follow(visitor, first)
    assert "Accept" in follow(visitor, second)


@pytest.mark.parametrize(("enrolment", "most"), [("draft", 3), ("approved", 20)])
def test_too_many_invitations_are_refused(enrolment: str, most: int):
    owner, house = factories.a_draft()
    Provider.objects.filter(pk=house.pk).update(enrolment=enrolment)
    who = {"role": "staff", "language": "fr", "actor": Actor.person(owner), "now": NOW}
    for number in range(most):
        team.invite(house, email=f"p{number}@example.org", **who)
    with pytest.raises(NotAllowed, match="too_many_invitations"):
        team.invite(house, email="one.more@example.org", **who)


def test_mails_of_the_house_leave_with_whoever_is_removed():
    opener, house = factories.a_draft()
    Provider.objects.filter(pk=house.pk).update(email=opener.email)
    house, sent = team_with_second_owner(opener, house)
    team.remove_member(house, house.roles.get(user=opener).pk, actor=Actor.person(sent), now=NOW)
    house.refresh_from_db()
    assert house.email == sent.email
    assert Entry.objects.filter(verb="mails go to an owner").count() == 1


def test_sms_of_the_house_stop_with_whoever_is_removed():
    opener, house = factories.a_draft()
    house, sent = team_with_second_owner(opener, house)
    NoticeChoice.objects.create(provider=house, way="sms", phone="+33612345678", updated_at=NOW)
    team.remove_member(house, house.roles.get(user=opener).pk, actor=Actor.person(sent), now=NOW)
    choice = NoticeChoice.objects.get(provider=house)
    assert (choice.way, choice.phone) == ("mail", "")
    assert Entry.objects.get(verb="notices chosen").data == {"way": "mail"}


def test_mails_of_the_house_that_go_elsewhere_stay_there():
    opener, house = factories.a_draft()
    house, sent = team_with_second_owner(opener, house)
    Provider.objects.filter(pk=house.pk).update(email="contact@example.org")
    team.remove_member(house, house.roles.get(user=opener).pk, actor=Actor.person(sent), now=NOW)
    house.refresh_from_db()
    assert house.email == "contact@example.org"


def team_with_second_owner(opener: User, house: Provider) -> tuple[Provider, User]:
    second = bea()
    invitation = team.invite(
        house,
        email=second.email,
        role="owner",
        language="en",
        actor=Actor.person(opener),
        now=NOW,
    )
    team.accept_invitation(invitation, second, now=NOW)
    return house, second


@pytest.mark.parametrize("ends", ["removed", "staff"])
def test_no_old_link_brings_somebody_back(ends: str):
    opener, house = factories.a_draft()
    house, second = team_with_second_owner(opener, house)
    who = Actor.person(opener)
    other = "bea.elsewhere@example.org"
    link = team.invite(house, email=other, role="owner", language="en", actor=who, now=NOW)
    factories.a_verified_address(second, other)
    role = house.roles.get(user=second)
    if ends == "removed":
        team.remove_member(house, role.pk, actor=who, now=NOW)
    else:
        team.change_role(house, role.pk, "staff", actor=who, now=NOW)
    with pytest.raises(WrongState, match="invitation_ended"):
        team.accept_invitation(link, second, now=NOW)
    assert not house.roles.filter(user=second, role="owner").exists()


def test_second_address_of_a_colleague_is_no_newcomer():
    opener, house = factories.a_draft()
    house, second = team_with_second_owner(opener, house)
    factories.a_verified_address(second, "bea.elsewhere@example.org")
    with pytest.raises(NotAllowed, match="already_in_team"):
        team.invite(
            house,
            email="bea.elsewhere@example.org",
            role="owner",
            language="en",
            actor=Actor.person(opener),
            now=NOW,
        )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"email": "", "role": "staff"}, "Give the e-mail"),
        ({"email": "not an address", "role": "staff"}, "isn’t an e-mail address"),
        ({"email": "bea@example.org", "role": "king"}, "to put right"),
    ],
)
def test_bad_invitation_is_said_beside_its_field(data, words):
    owner, house = factories.a_draft()
    answer = browser_of(owner).post(reverse("extranet-invite", args=[house.slug]), data)
    assert answer.status_code == 422
    assert words in body(answer)
    assert not Invitation.objects.exists()


def test_member_is_not_invited_again():
    owner, house = factories.a_draft()
    data = {"email": owner.email, "role": "staff"}
    answer = browser_of(owner).post(reverse("extranet-invite", args=[house.slug]), data)
    assert answer.status_code == 409
    assert "works for the house already" in body(answer)


# --- Removing -----------------------------------------------------------------------------------
def with_staff() -> tuple[User, Provider, User, ProviderRole]:
    owner, house = factories.a_draft()
    staff = factories.a_user("staff@example.org")
    return (
        owner,
        house,
        staff,
        ProviderRole.objects.create(user=staff, provider=house, role="staff"),
    )


def test_somebody_removed_while_signed_in_is_told_at_once():
    owner, house, staff, role = with_staff()
    theirs = browser_of(staff)
    assert theirs.get("/pro/equipe/").status_code == 200
    browser_of(owner).post(reverse("extranet-member", args=[house.slug, role.pk]), {"remove": "1"})

    for page in (
        "/pro/",
        f"/pro/equipe/?maison={house.slug}",
        f"/pro/calendrier/?maison={house.slug}",
    ):
        answer = theirs.get(page)
        assert answer.status_code in {200, 404}
        assert f"Your access to “{house.name}” was ended" in body(answer)
    # A form that was open in another tab says the same and does nothing.
    answer = theirs.post("/pro/calendrier/changer/", {"provider": house.slug})
    assert answer.status_code == 404
    assert "was ended" in body(answer)


def test_last_owner_neither_leaves_nor_steps_down():
    owner, house = factories.a_draft()
    role = house.roles.get()
    client = browser_of(owner)
    for data in ({"remove": "1"}, {"role": "staff"}):
        answer = client.post(
            reverse("extranet-member", args=[house.slug, role.pk]), data, follow=True
        )
        assert "keeps at least one owner" in body(answer)
    role.refresh_from_db()
    assert role.role == "owner"


def test_owner_leaves_once_somebody_else_owns_it():
    owner, house, staff, role = with_staff()
    client = browser_of(owner)
    client.post(reverse("extranet-member", args=[house.slug, role.pk]), {"role": "owner"})
    own = house.roles.get(user=owner)
    client.post(reverse("extranet-member", args=[house.slug, own.pk]), {"remove": "1"})
    assert [one.user for one in house.roles.all()] == [staff]


def test_staff_may_leave_and_nothing_else():
    owner, house, staff, role = with_staff()
    theirs = browser_of(staff)
    of_owner = house.roles.get(user=owner)
    member = reverse("extranet-member", args=[house.slug, of_owner.pk])
    own = reverse("extranet-member", args=[house.slug, role.pk])
    assert theirs.post(member, {"remove": "1"}).status_code == 404
    assert theirs.post(own, {"role": "owner"}).status_code == 404
    invite = reverse("extranet-invite", args=[house.slug])
    assert theirs.post(invite, {"email": "a@example.org", "role": "staff"}).status_code == 404
    assert theirs.post(own, {"remove": "1"}).status_code == 303
    assert house.roles.count() == 1


def test_removed_twice_is_said():
    owner, house, _staff, role = with_staff()
    actor = Actor.person(owner)
    team.remove_member(house, role.pk, actor=actor, now=NOW)
    with pytest.raises(WrongState, match="not_in_team"):
        team.remove_member(house, role.pk, actor=actor, now=NOW)


def test_nothing_of_another_house_is_touched():
    _owner, house, _staff, role = with_staff()
    other, other_house = factories.a_draft()
    sent = team.invite(
        house, email="x@example.org", role="staff", language="fr", actor=Actor("a"), now=NOW
    )
    theirs = browser_of(other)
    for slug in (house.slug, other_house.slug):
        member = reverse("extranet-member", args=[slug, role.pk])
        withdraw = reverse("extranet-invitation-withdraw", args=[slug, sent.pk])
        theirs.post(member, {"remove": "1"})
        assert theirs.post(withdraw).status_code == 404
    assert theirs.post(reverse("extranet-submit", args=[house.slug])).status_code == 404
    assert theirs.get(f"/pro/equipe/?maison={house.slug}").status_code == 404
    assert house.roles.filter(pk=role.pk).exists()
    sent.refresh_from_db()
    assert sent.withdrawn_at is None


def test_one_person_works_for_several_houses():
    owner, first = factories.a_draft()
    factories.a_draft(owner)
    page = body(browser_of(owner).get("/pro/equipe/"))
    assert f"?maison={first.slug}" in page
