"""A house comes in: opened, told what is missing, sent, read by the office, approved, suspended."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking import enrolling, papers
from booking.messages import drain_outbox
from booking.models import Offer, OutboxMessage
from booking.offers import check_offer
from booking.papers import SELLER, Document, PaperInput, mark_of
from booking.refusals import BadInput, Refusal, WrongState
from members.journal import SYSTEM, Actor
from members.models import Entry, Paper, Provider, ProviderRole, User
from tests import factories
from tests.booking.pages import address, body
from tests.cast import NOW, TODAY

pytestmark = pytest.mark.django_db
OFFICE = Actor("bureau@example.org")
PDF = b"%PDF-1.4\n%%EOF\n"
LATER = date(2028, 12, 31)


@pytest.fixture(autouse=True)
def _in_spring(at, settings, tmp_path):
    at(NOW)
    settings.PRIVATE_ROOT = tmp_path / "private"


def browser_of(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def fill(house: Provider, user: User) -> None:
    """Give everything that a private host with a gîte is asked for."""
    who: dict[str, Any] = {"actor": Actor.person(user), "now": NOW}
    scan = Document("rc.pdf", "application/pdf", PDF)
    papers.give_paper(house, "registration", PaperInput("43091000123AB"), **who)
    papers.give_paper(house, "insurance", PaperInput("Maif 1", LATER, scan), **who)
    papers.give_paper(house, SELLER, PaperInput(sealed={"tax_number": "1234567890123"}), **who)
    text = papers.contract_of("fr", today=TODAY) or factories.a_contract()
    papers.sign_contract(
        house,
        text=text,
        shown_sha256=text.sha256,
        shown_commission=house.commission_percent,
        signed_name="Anne Martin",
        **who,
    )


def submitted() -> tuple[User, Provider]:
    owner, house = factories.a_draft()
    fill(house, owner)
    enrolling.submit_house(house, actor=Actor.person(owner), now=NOW)
    house.refresh_from_db()
    return owner, house


def new_house(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "Le Gîte des Genêts",
        "commune": factories.a_commune().pk,
        "activities": ["furnished", "meal"],
        "status": "private",
        "phone": "06 12 34 56 78",
    }
    return data | changes


# --- The page that invites, and the house that is opened ----------------------------------------
def test_public_page_leads_to_an_account_then_to_the_house(client: Client):
    page = body(client.get(address("booking:host")))
    assert "Do you welcome visitors?" in page
    assert f"{reverse('account_signup')}?next=%2Fpro%2Fouvrir%2F" in page


def test_account_that_is_made_for_a_house_says_so(client: Client):
    signup = reverse("account_signup")
    for query, words in (
        ({"next": reverse("extranet-open")}, "First your account, then your house."),
        ({}, "Your stays in one place."),
    ):
        assert words in body(client.get(signup, query, headers={"Accept-Language": "en"}))
    wrong = client.post(signup, {"email": "x"}, headers={"Accept-Language": "en"})
    assert "<title>Error: Make my account" in body(wrong)


def test_house_is_opened_as_a_draft_that_nobody_sees():
    owner = factories.a_user()
    answer = browser_of(owner).post(reverse("extranet-open"), new_house())

    house = Provider.objects.get(name="Le Gîte des Genêts")
    assert (answer.status_code, answer.url) == (303, f"/pro/papiers/?maison={house.slug}")
    assert (house.enrolment, house.state) == ("draft", "suspended")
    assert house.activities == ["furnished", "meal"]
    assert house.roles.get().role == ProviderRole.Role.OWNER
    assert Entry.objects.filter(verb="house opened", subject=f"provider:{house.pk}").exists()


def test_two_presses_open_one_house():
    owner = factories.a_user()
    for _press in range(2):
        assert browser_of(owner).post(reverse("extranet-open"), new_house()).status_code == 303
    assert Provider.objects.filter(name="Le Gîte des Genêts").count() == 1


def test_same_name_of_somebody_else_is_another_house():
    for _person in range(2):
        browser_of(factories.a_user()).post(reverse("extranet-open"), new_house())
    slugs = Provider.objects.filter(name="Le Gîte des Genêts").values_list("slug", flat=True)
    assert len(set(slugs)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"commune": ""},
        {"commune": "999999"},
        {"commune": "d'ici"},
        {"activities": []},
        {"activities": ["casino"]},
        {"status": "king"},
        {"phone": "allo"},
        {"phone": ""},
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(wrong: dict[str, Any]):
    answer = browser_of(factories.a_user()).post(reverse("extranet-open"), new_house(**wrong))
    page = body(answer)
    assert answer.status_code == 422
    assert "to put right" in page
    if "name" not in wrong:
        assert "Le Gîte des Genêts" in page
    assert not Provider.objects.filter(enrolment="draft").exists()


def test_sixth_house_that_waits_is_refused():
    owner = factories.a_user()
    client = browser_of(owner)
    for number in range(5):
        client.post(reverse("extranet-open"), new_house(name=f"Maison {number}"))
    answer = client.post(reverse("extranet-open"), new_house(name="Encore une"))
    assert answer.status_code == 409
    assert "let it read these first" in body(answer)


def test_one_address_opens_so_many_houses_in_an_hour(monkeypatch):
    monkeypatch.setattr("booking.views.enrolment.OPEN_TRIES", 1)
    client = browser_of(factories.a_user())
    assert client.post(reverse("extranet-open"), new_house()).status_code == 303
    answer = client.post(reverse("extranet-open"), new_house(name="Une autre"))
    assert answer.status_code == 429
    assert "try again in an hour" in body(answer)


# --- The checklist ------------------------------------------------------------------------------
def test_checklist_says_what_is_missing_and_why(django_assert_max_num_queries):
    owner, _house = factories.a_draft()
    factories.a_contract()
    with django_assert_max_num_queries(25):
        page = body(browser_of(owner).get(reverse("extranet-checklist")))
    assert "4 things to do." in page
    for words in ("Liability insurance", "L324-1-1", "1649 ter A", "Nobody sees your house yet"):
        assert words in page


def test_house_with_something_missing_stays_a_draft():
    owner, house = factories.a_draft()
    answer = browser_of(owner).post(reverse("extranet-submit", args=[house.slug]), follow=True)
    assert "Something is still missing" in body(answer)
    house.refresh_from_db()
    assert house.enrolment == "draft"


def test_whole_house_is_sent_and_the_office_is_told():
    owner, house = factories.a_draft()
    fill(house, owner)
    answer = browser_of(owner).post(reverse("extranet-submit", args=[house.slug]), follow=True)
    assert "It is sent" in body(answer)
    house.refresh_from_db()
    assert (house.enrolment, house.submitted_at) == ("submitted", NOW)
    assert OutboxMessage.objects.get().kind == "enrolment_submitted"
    assert Entry.objects.get(verb="enrolment submitted").actor_id == owner.pk


def test_house_is_not_sent_twice():
    owner, house = submitted()
    with pytest.raises(WrongState):
        enrolling.submit_house(house, actor=Actor.person(owner), now=NOW)
    assert OutboxMessage.objects.count() == 1


def test_staff_sees_no_paper():
    _owner, house = factories.a_draft()
    staff = factories.a_user()
    ProviderRole.objects.create(user=staff, provider=house, role="staff")
    client = browser_of(staff)
    assert "Only an owner" in body(client.get(reverse("extranet-checklist")))
    assert client.get(reverse("extranet-paper", args=[house.slug, "insurance"])).status_code == 404
    assert client.post(reverse("extranet-submit", args=[house.slug])).status_code == 404


# --- The office ---------------------------------------------------------------------------------
def test_nothing_is_published_before_approval():
    _owner, house = submitted()
    offer = factories.a_lodging(provider=house)
    assert not Offer.objects.published().filter(pk=offer.pk).exists()
    assert "provider_suspended" in {one.code for one in check_offer(offer, today=TODAY)}

    enrolling.approve_house(house, seen=mark_of(house), actor=OFFICE, now=NOW)

    offer.provider.refresh_from_db()
    assert Offer.objects.published().filter(pk=offer.pk).exists()
    assert "provider_suspended" not in {one.code for one in check_offer(offer, today=TODAY)}
    reviews = Paper.objects.filter(provider=house).values_list("review", flat=True)
    assert set(reviews) == {"accepted"}


def test_database_refuses_a_house_that_sells_without_approval():
    from django.db import IntegrityError, transaction

    _owner, house = factories.a_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Provider.objects.filter(pk=house.pk).update(state="active")


def test_what_changed_since_it_was_read_is_not_approved():
    owner, house = submitted()
    seen = mark_of(house)
    scan = Document("autre.pdf", "application/pdf", PDF)
    papers.give_paper(
        house, "insurance", PaperInput("Axa", LATER, scan), actor=Actor.person(owner), now=NOW
    )
    with pytest.raises(WrongState, match="papers_changed"):
        enrolling.approve_house(house, seen=seen, actor=OFFICE, now=NOW)


@pytest.mark.parametrize("gone", ["document", "time"])
def test_what_is_missing_since_it_was_sent_is_not_approved(gone: str, at):
    owner, house = submitted()
    now = NOW
    if gone == "document":
        papers.drop_document(house, "insurance", actor=Actor.person(owner), now=NOW)
    else:
        now = at("2029-01-01 09:00")
    with pytest.raises(BadInput, match="papers_missing_now"):
        enrolling.approve_house(house, seen=mark_of(house), actor=OFFICE, now=now)
    house.refresh_from_db()
    assert house.state == "suspended"


def test_remarks_reach_the_host_by_mail_and_beside_each_item():
    owner, house = submitted()
    enrolling.ask_to_fix(
        house,
        remarks={"insurance": "La date est illisible.", "casino": "?"},
        note="Presque !",
        seen=mark_of(house),
        actor=OFFICE,
        now=NOW,
    )
    house.refresh_from_db()
    assert (house.enrolment, house.state) == ("to_fix", "suspended")
    page = body(browser_of(owner).get(reverse("extranet-checklist")))
    assert "La date est illisible." in page
    assert "Presque !" in page
    drain_outbox(now=NOW)
    letter = next(one for one in mail.outbox if one.to == [house.email])
    assert "La date est illisible." in letter.body
    assert "Presque\u202f!" in letter.body

    with pytest.raises(BadInput):
        enrolling.submit_house(house, actor=Actor.person(owner), now=NOW)
    papers.give_paper(
        house, "insurance", PaperInput("Maif 1", LATER), actor=Actor.person(owner), now=NOW
    )
    enrolling.submit_house(house, actor=Actor.person(owner), now=NOW)
    assert not Paper.objects.exclude(remark="").exists()


def test_suspended_house_says_why_and_comes_back():
    owner, house = submitted()
    enrolling.approve_house(house, seen=mark_of(house), actor=OFFICE, now=NOW)
    with pytest.raises(BadInput, match="reason_missing"):
        enrolling.suspend_house(house, reason=" ", actor=OFFICE, now=NOW)
    enrolling.suspend_house(house, reason="Assurance finie", actor=OFFICE, now=NOW)
    house.refresh_from_db()
    assert (house.enrolment, house.state) == ("suspended", "suspended")
    assert "Assurance finie" in body(browser_of(owner).get(reverse("extranet-checklist")))
    assert Entry.objects.get(verb="enrolment suspended").data["reason"] == "Assurance finie"
    enrolling.reopen_house(house, reason="Renouvelée", actor=OFFICE, now=NOW)
    house.refresh_from_db()
    assert (house.enrolment, house.state) == ("approved", "active")


def test_no_reason_replaces_reading():
    _owner, house = submitted()
    with pytest.raises(WrongState):
        enrolling.reopen_house(house, reason="vite", actor=OFFICE, now=NOW)


def test_each_move_is_made_from_where_it_may_be():
    _owner, house = factories.a_draft()
    seen = mark_of(house)
    for act in (
        lambda: enrolling.approve_house(house, seen=seen, actor=OFFICE, now=NOW),
        lambda: enrolling.suspend_house(house, reason="x", actor=OFFICE, now=NOW),
        lambda: enrolling.accept_papers(house, seen=seen, actor=OFFICE, now=NOW),
        lambda: enrolling.ask_to_fix(house, remarks={}, note="x", seen=seen, actor=OFFICE, now=NOW),
    ):
        with pytest.raises(Refusal):
            act()
    house.refresh_from_db()
    assert house.enrolment == "draft"


# --- What ends ----------------------------------------------------------------------------------
def test_host_is_reminded_once_at_each_step_and_the_office_told_of_the_end(at):
    _owner, house = submitted()
    enrolling.approve_house(house, seen=mark_of(house), actor=OFFICE, now=NOW)
    OutboxMessage.objects.all().delete()
    told = []
    for day in ("2028-10-30", "2028-11-02", "2028-11-03", "2028-12-05", "2028-12-28", "2029-01-01"):
        now = at(f"{day} 07:00")
        told += [papers.remind_of_papers(now=now) for _run in range(2)]
    assert told == [0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0]
    assert set(OutboxMessage.objects.values_list("kind", flat=True)) == {"paper_ending"}
    drain_outbox(now=at("2029-01-01 08:00"))
    to_office = [one for one in mail.outbox if one.to != [house.email]]
    assert len(to_office) == 1
    assert Entry.objects.filter(verb="paper ended").count() == 1
    # What sells goes on: only what the law makes a condition stops, by itself.
    house.refresh_from_db()
    assert house.state == "active"


def test_draft_is_reminded_of_nothing():
    _owner, house = factories.a_draft()
    papers.give_paper(house, "insurance", PaperInput("x", TODAY), actor=SYSTEM, now=NOW)
    assert papers.remind_of_papers(now=NOW) == 0
