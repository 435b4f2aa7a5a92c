"""The office reads houses: who waits, remarks beside each paper, approval, the invitation."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.papers import mark_of
from members.models import ContractText, Entry, Invitation, Paper, Provider, User
from tests import factories
from tests.booking.pages import body
from tests.booking.test_enrolment import submitted


@pytest.fixture
def house(db: None, settings: Any, tmp_path: Any) -> Provider:
    settings.PRIVATE_ROOT = tmp_path / "private"
    _owner, house = submitted()
    return house


def page_of(house: Provider) -> str:
    return reverse("desk_enrolment:review", args=[house.pk])


def decide(desk: Client, house: Provider, decision: str, **more: str):
    data = {"decision": decision, "seen": mark_of(house), "note": "", **more}
    return desk.post(page_of(house), data, follow=True)


def test_who_waits_stands_first(desk: Client, house: Provider) -> None:
    factories.a_provider(name="Aaa, approuvée")
    page = body(desk.get(reverse("desk_enrolment:index")))
    assert page.index(house.name) < page.index("Aaa, approuvée")
    assert "to be read by the office" in page
    assert "house to be read" in body(desk.get(reverse("wagtailadmin_home")))


def test_office_reads_everything_that_was_given(
    desk: Client, house: Provider, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(45):
        page = body(desk.get(page_of(house)))
    for words in ("43091000123AB", "Maif 1", "rc.pdf", "1234567890123", "Signed by Anne Martin"):
        assert words in page
    paper = Paper.objects.get(provider=house, code="insurance")
    answer = desk.get(reverse("desk_enrolment:document", args=[paper.pk]))
    assert answer["Content-Disposition"].startswith("attachment")


def test_office_approves(desk: Client, house: Provider, staff: User) -> None:
    assert "is approved" in body(decide(desk, house, "approve"))
    house.refresh_from_db()
    assert (house.enrolment, house.state) == ("approved", "active")


def test_office_asks_to_put_right(desk: Client, house: Provider) -> None:
    refused = decide(desk, house, "fix")
    assert "Write at least one remark" in body(refused)
    assert "told by mail" in body(decide(desk, house, "fix", remark_insurance="Illisible"))
    assert Paper.objects.get(provider=house, code="insurance").remark == "Illisible"


def test_office_suspends_with_a_reason_and_takes_up_again(desk: Client, house: Provider) -> None:
    decide(desk, house, "approve")
    assert "Say why" in body(decide(desk, house, "suspend"))
    decide(desk, house, "suspend", note="Plainte")
    house.refresh_from_db()
    assert house.state == "suspended"
    decide(desk, house, "reopen", note="Réglé")
    house.refresh_from_db()
    assert house.state == "active"


def test_stale_page_decides_nothing(desk: Client, house: Provider) -> None:
    answer = decide(desk, house, "approve", seen="0" * 32)
    assert "changed something since" in body(answer)
    house.refresh_from_db()
    assert house.enrolment == "submitted"


@pytest.mark.parametrize("decision", ["", "burn"])
def test_no_such_decision_is_no_fault(desk: Client, house: Provider, decision: str) -> None:
    assert decide(desk, house, decision).status_code == 200
    house.refresh_from_db()
    assert house.enrolment == "submitted"


def test_office_hands_a_kept_house_over(desk: Client) -> None:
    kept = factories.a_provider()
    address = reverse("desk_enrolment:invite", args=[kept.pk])
    assert kept.email in body(desk.get(address))
    desk.post(address, {"email": "anne@example.org", "role": "owner"})
    sent = Invitation.objects.get()
    assert (sent.provider, sent.email, sent.role) == (kept, "anne@example.org", "owner")


def test_host_reads_nothing_of_the_desk(house: Provider) -> None:
    client = Client()
    client.force_login(house.roles.get().user)
    paper = Paper.objects.get(provider=house, code="insurance")
    for address in (
        reverse("desk_enrolment:index"),
        page_of(house),
        reverse("desk_enrolment:invite", args=[house.pk]),
        reverse("desk_enrolment:document", args=[paper.pk]),
    ):
        assert client.get(address).status_code in {302, 403}


def test_signed_contract_is_never_edited(desk: Client, house: Provider) -> None:
    signed = ContractText.objects.get()
    read = reverse("desk_contracts:inspect", args=[signed.pk])
    for name in ("edit", "delete"):
        address = reverse(f"desk_contracts:{name}", args=[signed.pk])
        for answer in (desk.get(address), desk.post(address, {"title": "Another"})):
            assert answer["Location"] == read
    assert "enter a new version instead" in body(desk.get(read))
    assert ContractText.objects.get().title == signed.title
    fresh = factories.a_contract("2028-1")
    edit = reverse("desk_contracts:edit", args=[fresh.pk])
    assert desk.get(edit).status_code == 200
    listed = body(desk.get(reverse("desk_contracts:index")))
    assert read in listed
    assert edit in listed
    assert reverse("desk_contracts:edit", args=[signed.pk]) not in listed
    assert desk.get(reverse("desk_contracts:add")).status_code == 200


def test_remark_is_never_lost_by_approving(desk: Client, house: Provider) -> None:
    answer = decide(desk, house, "approve", remark_insurance="Illisible")
    assert "Remarks are written beside papers" in body(answer)
    assert "Illisible" in body(answer)
    house.refresh_from_db()
    assert house.enrolment == "submitted"


def test_office_ends_an_access_and_gives_it_again(desk: Client, house: Provider) -> None:
    role = house.roles.get()
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(role.user)
    desk.post(reverse("desk_roles:delete", args=[role.pk]))
    assert Entry.objects.filter(verb="access removed", subject=f"provider:{house.pk}").exists()
    assert "was ended" in body(client.get("/pro/"))
    data = {"provider": house.pk, "email": role.user.email, "role": "owner"}
    desk.post(reverse("desk_roles:add"), data)
    assert "was ended" not in body(client.get("/pro/"))
    assert client.get("/pro/papiers/").status_code == 200
