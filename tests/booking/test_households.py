"""Households of second homes: declared, joined, verified, left; private to everybody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail, signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from booking import household_moves, households
from booking.emails import household_invitation_url
from booking.households import HouseholdFacts, Newcomer
from booking.leftovers import drop_leftovers
from booking.messages import drain_outbox
from booking.papers import Document
from booking.refusals import NotAllowed, WrongState
from destination.models import Commune
from members.journal import SYSTEM
from members.models import Entry, Household, HouseholdInvitation, HouseholdMember, Presence, User
from members.rules.households import age_on, is_old_enough
from oti.lib import private_files
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW

pytestmark = pytest.mark.django_db
ADULT = date(1980, 5, 1)
PDF = Document("taxe.pdf", "application/pdf", b"%PDF-1 taxe %%EOF")
HERE = reverse("residence-invitation")


@pytest.fixture(autouse=True)
def _in_spring(at, settings, tmp_path):
    at(NOW)
    settings.PRIVATE_ROOT = tmp_path


def browser_of(user: User | None = None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    if user is not None:
        client.force_login(user)
    return client


def typed(**changed: object) -> dict[str, object]:
    return {
        "name": "Les Martin",
        "commune": str(factories.a_commune().pk),
        "first_name": "Camille",
        "born_on": "1980-05-01",
        "children": "1",
        **changed,
    }


def declared(user: User | None = None, document: Document | None = PDF) -> HouseholdMember:
    person = user or factories.a_user()
    facts = HouseholdFacts("Les Martin", factories.a_commune().pk, 1)
    households.declare_household(
        person, facts, Newcomer("Camille", ADULT), document=document, now=NOW
    )
    return HouseholdMember.objects.select_related("household", "user").get(user=person)


# --- Declaring ----------------------------------------------------------------------------------
def test_family_declares_its_house_and_the_office_is_told_where_it_is_alone():
    person = factories.a_user()
    client = browser_of(person)
    assert "Your house in the Velay" in body(client.get(reverse("space-home"), follow=True))
    sent = typed(document=SimpleUploadedFile("taxe.pdf", b"%PDF-1 taxe %%EOF"))
    page = client.post(reverse("residence-declare"), sent, follow=True)
    assert "Good day Camille" in body(page)

    member = HouseholdMember.objects.get(user=person)
    assert (member.household.state, member.household.children) == ("declared", 1)
    assert private_files.read_file(member.household.file_key) == b"%PDF-1 taxe %%EOF"
    entry = Entry.objects.get(verb="household declared")
    assert "1980" not in str(entry.data)
    assert "to be read by the office" in body(client.get(reverse("residence")))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"name": "www.casino.example"}, "without an address"),
        ({"commune": "999999"}, "one of the communes"),
        ({"commune": ""}, "Choose the commune"),
        ({"born_on": "1980-02-30"}, "doesn’t exist"),
        ({"born_on": ""}, "Give your day of birth"),
        ({"born_on": "2012-04-07"}, "15 and more"),
        ({"born_on": "1800-01-01"}, "Check the year"),
        ({"born_on": "2999-01-01"}, "Check the year"),
        ({"children": "-1"}, "0 if there is none"),
        ({"children": "21"}, "20 at most"),
    ],
)
def test_bad_declaration_is_said_beside_its_field_and_keeps_the_rest(changed, words):
    answer = browser_of(factories.a_user()).post(reverse("residence-declare"), typed(**changed))
    assert answer.status_code == 422
    assert words in body(answer)
    assert not Household.objects.exists()


def test_file_that_is_no_paper_is_refused():
    sent = typed(document=SimpleUploadedFile("taxe.pdf", b"MZ"))
    answer = browser_of(factories.a_user()).post(reverse("residence-declare"), sent)
    assert answer.status_code == 422
    assert "Only PDF, JPEG and PNG" in body(answer)


def test_fifteen_on_their_birthday_and_not_the_day_before():
    facts = HouseholdFacts("Les Martin", factories.a_commune().pk, 0)
    user = factories.a_user()
    today = NOW.date()
    young = today.replace(year=today.year - 15) + timedelta(days=1)
    with pytest.raises(NotAllowed, match="too_young"):
        households.declare_household(user, facts, Newcomer("Lou", young), now=NOW)
    old = today.replace(year=today.year - 15)
    assert households.declare_household(user, facts, Newcomer("Lou", old), now=NOW)


@given(born=st.dates(date(1900, 1, 1), date(2026, 12, 31)), later=st.integers(0, 5000))
def test_nobody_gets_younger(born: date, later: int):
    day = born + timedelta(days=later)
    assert age_on(born, day) <= age_on(born, day + timedelta(days=1))
    assert is_old_enough(born, day) == (age_on(born, day) >= 15)


def test_person_is_in_one_household_only_and_a_refusal_leaves_no_file(tmp_path):
    member = declared()
    facts = HouseholdFacts("Les autres", member.household.commune_id, 0)
    with pytest.raises(NotAllowed, match="already_in_household"):
        households.declare_household(
            member.user, facts, Newcomer("C", ADULT), document=PDF, now=NOW
        )
    assert Household.objects.count() == 1
    assert len(list(tmp_path.glob("??/*"))) == 1


# --- The proof and the office ---------------------------------------------------------------------
def test_office_reads_the_paper_verifies_and_it_is_deleted(django_capture_on_commit_callbacks):
    member = declared()
    key = member.household.file_key
    office = browser_of(User.objects.create_superuser("bureau@example.org", "secret"))
    page = reverse("desk_households:household", args=[member.household_id])
    assert "taxe.pdf" in body(office.get(page))
    proof = reverse("desk_households:proof", args=[member.household_id])
    answer = office.get(proof)
    assert answer.content == PDF.content
    assert "attachment" in answer["Content-Disposition"]
    with django_capture_on_commit_callbacks(execute=True):
        office.post(page, {"decision": "verify", "note": "Bienvenue"})
    member.household.refresh_from_db()
    assert (member.household.state, member.household.file_key) == ("verified", "")
    with pytest.raises(private_files.Unreadable):
        private_files.read_file(key)
    assert office.get(proof).status_code == 404
    drain_outbox(now=NOW)
    [letter] = mail.outbox
    assert letter.to == [member.user.email]
    assert "Bienvenue" in letter.body
    with pytest.raises(WrongState, match="household_moved"):
        households.verify_household(member.household, actor=SYSTEM, now=NOW)


def test_ending_asks_for_a_reason_and_deletes_what_is_private():
    member = declared()
    Presence.objects.create(household=member.household, arrival=NOW.date(), said_at=NOW)
    office = browser_of(User.objects.create_superuser("bureau@example.org", "secret"))
    page = reverse("desk_households:household", args=[member.household_id])
    assert office.post(page, {"decision": "end", "note": ""}).status_code == 200
    member.household.refresh_from_db()
    assert member.household.state == "declared"
    office.post(page, {"decision": "end", "note": "Vendue"})
    member.household.refresh_from_db()
    assert (member.household.state, member.household.file_key) == ("ended", "")
    assert not Presence.objects.exists()
    client = browser_of(member.user)
    assert "Vendue" in body(client.get(reverse("residence")))
    assert client.get(reverse("presences"))["Location"] == reverse("residence")
    # The family may begin again.
    assert client.post(reverse("residence-declare"), typed()).status_code == 303
    assert HouseholdMember.objects.get(user=member.user).household_id != member.household_id


def test_only_the_office_opens_the_desk_and_the_paper():
    member = declared()
    for who in (None, factories.a_user(), member.user, factories.a_host(factories.a_provider())):
        for name in ("household", "proof"):
            answer = browser_of(who).get(
                reverse(f"desk_households:{name}", args=[member.household_id])
            )
            assert answer.status_code in {302, 403}
            assert PDF.content not in answer.content


def test_paper_given_later_replaces_the_first_and_can_be_deleted(
    django_capture_on_commit_callbacks,
):
    member = declared()
    client = browser_of(member.user)
    first = member.household.file_key
    sent = {"document": SimpleUploadedFile("edf.pdf", b"%PDF-1 edf %%EOF")}
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("residence-proof"), sent)
    member.household.refresh_from_db()
    assert member.household.file_name == "edf.pdf"
    with pytest.raises(private_files.Unreadable):
        private_files.read_file(first)
    client.post(reverse("residence-proof"), {"drop": "1"})
    member.household.refresh_from_db()
    assert member.household.file_key == ""
    assert client.post(reverse("residence-proof"), {}).status_code == 422


def test_paper_that_waits_is_no_leftover():
    member = declared()
    assert drop_leftovers(now=NOW + timedelta(days=3000)) == 0
    assert private_files.read_file(member.household.file_key) == PDF.content


# --- Joining and leaving ------------------------------------------------------------------------
def invited(member: HouseholdMember, email: str = "bea@example.org") -> HouseholdInvitation:
    return households.invite_member(member, email=email, language="en", now=NOW)


def bea() -> User:
    return factories.a_verified_address(factories.a_user("bea@example.org"))


def test_family_is_invited_by_mail_and_joins():
    member = factories.a_household()
    page = browser_of(member.user).post(
        reverse("residence-invite"), {"email": "Bea@Example.org"}, follow=True
    )
    assert "The invitation goes to bea@example.org." in body(page)
    drain_outbox(now=NOW)
    [letter] = mail.outbox
    sent = HouseholdInvitation.objects.get()
    assert household_invitation_url(sent) in letter.body
    assert member.household.commune.name not in letter.body

    person = bea()
    visitor = browser_of(person)
    assert "Join" in body(visitor.get(household_invitation_url(sent), follow=True))
    assert not HouseholdMember.objects.filter(user=person).exists()
    young = visitor.post(HERE, {"first_name": "Béa", "born_on": "2015-01-01"})
    assert young.status_code == 422
    page = visitor.post(HERE, {"first_name": "Béa", "born_on": "1979-03-03"}, follow=True)
    assert "Good day Béa" in body(page)
    assert visitor.post(HERE, {}).status_code == 404
    assert "was used already" in body(visitor.get(household_invitation_url(sent), follow=True))


def test_link_for_somebody_else_opens_nothing():
    sent = invited(factories.a_household())
    other = factories.a_verified_address(factories.a_user("other@example.org"))
    visitor = browser_of(other)
    page = visitor.get(household_invitation_url(sent), follow=True)
    assert "b•••@example.org" in body(page)
    visitor.post(HERE, {"first_name": "X", "born_on": "1979-03-03"})
    assert not HouseholdMember.objects.filter(user=other).exists()
    unproved = factories.a_user("bea@example.org")
    with pytest.raises(NotAllowed, match="invitation_elsewhere"):
        households.accept_invitation(sent, unproved, Newcomer("B", ADULT), now=NOW)


@pytest.mark.parametrize("token", ["", "1", "1:xxx", "é", signing.Signer(salt="x").sign("1")])
def test_forged_link_opens_nothing(token: str):
    invited(factories.a_household())
    assert browser_of(bea()).get(HERE, {"cle": token}).status_code == 404


def test_link_ends_after_fourteen_days_when_taken_back_and_with_the_household():
    member = factories.a_household()
    sent = invited(member)
    late = NOW + timedelta(days=14)
    with pytest.raises(WrongState, match="invitation_ended"):
        households.check_invitation(sent, now=late)
    client = browser_of(member.user)
    client.post(reverse("residence-withdraw", args=[sent.pk]))
    sent.refresh_from_db()
    with pytest.raises(WrongState, match="invitation_ended"):
        households.check_invitation(sent, now=NOW)
    again = invited(member)
    households.end_household(member.household, note="x", actor=SYSTEM, now=NOW)
    with pytest.raises(WrongState, match="invitation_ended"):
        households.accept_invitation(again, bea(), Newcomer("B", ADULT), now=NOW)


def test_nobody_takes_an_invitation_of_another_household_back():
    sent = invited(factories.a_household())
    other = factories.a_household(name="Les Durand")
    answer = browser_of(other.user).post(reverse("residence-withdraw", args=[sent.pk]))
    assert answer.status_code == 404
    sent.refresh_from_db()
    assert sent.withdrawn_at is None


def test_too_many_invitations_and_those_to_oneself_are_refused():
    member = factories.a_household()
    with pytest.raises(NotAllowed, match="in_this_household"):
        invited(member, member.user.email.upper())
    for number in range(households.MOST_INVITATIONS_A_DAY):
        invited(member, f"p{number}@example.org")
    with pytest.raises(NotAllowed, match="too_many_invitations"):
        invited(member, "one.more@example.org")


def test_who_declares_again_and_again_writes_to_no_more_people():
    member = declared(document=None)
    for number in range(households.MOST_BEFORE_VERIFIED):
        invited(member, f"p{number}@example.org")
    households.leave_household(member, now=NOW)
    with pytest.raises(NotAllowed, match="too_many_invitations"):
        invited(declared(member.user, document=None))


def test_household_ends_with_the_last_who_leaves():
    member = factories.a_household()
    person = bea()
    joined = households.accept_invitation(invited(member), person, Newcomer("Béa", ADULT), now=NOW)
    Presence.objects.create(household=member.household, arrival=NOW.date(), said_at=NOW)
    client = browser_of(member.user)
    assert "the household ends" not in body(client.get(reverse("residence-leave")))
    assert client.post(reverse("residence-leave")).status_code == 303
    member.household.refresh_from_db()
    assert member.household.state == "verified"
    assert Presence.objects.exists()
    theirs = browser_of(person)
    assert "the household ends" in body(theirs.get(reverse("residence-leave")))
    households.leave_household(joined, now=NOW)
    member.household.refresh_from_db()
    assert member.household.state == "ended"
    assert not Presence.objects.exists()


def test_who_may_read_the_desk_reads_it_in_few_statements(django_assert_max_num_queries):
    for _ in range(4):
        declared()
    office = browser_of(User.objects.create_superuser("bureau@example.org", "secret"))
    office.get(reverse("desk_households:index"))
    with django_assert_max_num_queries(20):
        assert "Les Martin" in body(office.get(reverse("desk_households:index")))


# --- Another commune ------------------------------------------------------------------------------
def verified() -> HouseholdMember:
    member = declared()
    households.verify_household(member.household, actor=SYSTEM, now=NOW)
    return HouseholdMember.objects.select_related("household", "user").get(pk=member.pk)


def elsewhere() -> Commune:
    return factories.a_commune("Le Puy-en-Velay", insee="43157")


def test_house_that_is_elsewhere_now_is_asked_of_the_office_with_a_new_paper(
    django_capture_on_commit_callbacks,
):
    member, there = verified(), elsewhere()
    client = browser_of(member.user)
    before = member.household.commune_id
    assert "Our house is elsewhere now" in body(client.get(reverse("residence")))
    sent = {
        "commune": there.pk,
        "document": SimpleUploadedFile("taxe.pdf", b"%PDF-1 taxe %%EOF"),
    }
    page = body(client.post(reverse("residence-move"), sent, follow=True))
    assert "Soon in Le Puy-en-Velay" in page
    assert "Until then your card stays good" in page
    member.household.refresh_from_db()
    # Where it was counts until the office has read it.
    assert (member.household.commune_id, member.household.state) == (before, "verified")
    key = member.household.file_key
    assert private_files.read_file(key) == b"%PDF-1 taxe %%EOF"

    office = browser_of(User.objects.create_superuser("bureau@example.org", "secret"))
    desk = reverse("desk_households:household", args=[member.household_id])
    listed = body(office.get(reverse("desk_households:index")))
    assert "verified, asks for another commune" in listed
    assert "Asks to be noted in" in body(office.get(desk))
    assert office.get(reverse("desk_households:proof", args=[member.household_id])).content
    with django_capture_on_commit_callbacks(execute=True):
        office.post(desk, {"decision": "move", "note": "", "seen": there.pk})
    member.household.refresh_from_db()
    assert (member.household.commune_id, member.household.file_key) == (there.pk, "")
    assert not member.household.is_moving
    with pytest.raises(private_files.Unreadable):
        private_files.read_file(key)
    drain_outbox(now=NOW)
    assert "a noté où se trouve maintenant votre maison" in mail.outbox[-1].body
    # The journal says that it moved, never whence or where to.
    for entry in Entry.objects.filter(subject=f"household:{member.household_id}"):
        assert "Puy" not in str(entry.data)


def test_office_leaves_a_house_where_it_is_and_says_why():
    member, there = verified(), elsewhere()
    household_moves.ask_move(member, there.pk, now=NOW)
    office = browser_of(User.objects.create_superuser("bureau@example.org", "secret"))
    desk = reverse("desk_households:household", args=[member.household_id])
    office.post(desk, {"decision": "keep", "note": "", "seen": there.pk})
    assert Household.objects.get().is_moving
    office.post(desk, {"decision": "keep", "note": "Envoyez un papier", "seen": there.pk})
    household = Household.objects.get()
    assert (household.is_moving, household.commune_id) == (False, member.household.commune_id)
    assert "Envoyez un papier" in body(browser_of(member.user).get(reverse("residence")))


def test_office_decides_on_the_commune_that_it_read():
    member, there = verified(), elsewhere()
    household_moves.ask_move(member, there.pk, now=NOW)
    other = factories.a_commune("Saint-Front", insee="43186")
    household_moves.ask_move(member, other.pk, now=NOW)
    with pytest.raises(WrongState, match="household_moved"):
        household_moves.decide_move(
            member.household, seen=there.pk, is_yes=True, note="", actor=SYSTEM, now=NOW
        )
    assert Household.objects.get().moving_to == other


def test_move_is_taken_back_and_its_paper_goes(django_capture_on_commit_callbacks):
    member = verified()
    household_moves.ask_move(member, elsewhere().pk, PDF, now=NOW)
    key = Household.objects.get().file_key
    client = browser_of(member.user)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(reverse("residence-move"), {"drop": "1"}, follow=True)
    assert "your house is where it was" in body(page)
    with pytest.raises(private_files.Unreadable):
        private_files.read_file(key)
    assert not household_moves.withdraw_move(member, now=NOW)
    assert not Household.objects.get().is_moving


def test_house_that_the_office_has_not_read_yet_is_put_right_at_once():
    member, there = declared(), elsewhere()
    answer = browser_of(member.user).post(reverse("residence-move"), {"commune": there.pk})
    assert answer.status_code == 303
    member.household.refresh_from_db()
    assert (member.household.commune, member.household.is_moving) == (there, False)
    assert member.household.file_name == "taxe.pdf"


@pytest.mark.parametrize("commune", ["", "999999", "x", "same"])
def test_commune_that_cannot_be_is_said_beside_its_field(
    commune: str, tmp_path, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        member = verified()
    chosen = str(member.household.commune_id) if commune == "same" else commune
    sent = {"commune": chosen, "document": SimpleUploadedFile("t.pdf", b"%PDF-1 %%EOF")}
    answer = browser_of(member.user).post(reverse("residence-move"), sent)
    assert answer.status_code in {403, 409, 422}
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Household.objects.get().is_moving
    assert not [one for one in tmp_path.glob("??/*") if one.is_file()]


def test_household_that_ends_moves_nowhere_any_more():
    member = verified()
    household_moves.ask_move(member, elsewhere().pk, PDF, now=NOW)
    households.end_household(member.household, note="Vendue", actor=SYSTEM, now=NOW)
    household = Household.objects.get()
    assert (household.is_moving, household.file_key) == (False, "")
    with pytest.raises(WrongState, match="household_ended"):
        household_moves.ask_move(member, elsewhere().pk, now=NOW)
