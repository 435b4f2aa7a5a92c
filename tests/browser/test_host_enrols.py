"""A host enrols on a phone, from the public page to the office, and invites a colleague."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import Page

from members.models import Invitation, Paper, Provider
from tests.browser.conftest import Town, assert_is_clean, assert_is_clean_everywhere, seen

pytestmark = pytest.mark.browser
WHO, PASSWORD = "genets@example.org", "Genet-jaune-77"
# What a house that is a gîte is asked for, and what is typed there.
PAPERS = {
    "house": {"address": "3 route du Lac"},
    "registration": {"number": "43091000123AB"},
    "insurance": {"number": "Maif 1", "valid_until": "2031-12-31"},
    "seller": {
        "home_address": "3 route du Lac",
        "born_on": "1980-05-01",
        "legal_name": "Anne Martin",
        "tax_number": "1234567890123",
    },
    "contract": {"signed_name": "Anne Martin"},
}
MOST_STEPS, MOST_FIELDS = 12, 25


def last_code() -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,}-[A-Z0-9]{3,})\s*$", str(mail.outbox[-1].body), re.M)
    assert found is not None
    return found.group(1)


def make_account(page: Page) -> None:
    page.fill("[name=email]", WHO)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.check("[name=is_of_age]")
    page.press("[name=password2]", "Enter")
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", last_code())
    page.press("[name=code]", "Enter")
    page.wait_for_url("**/pro/ouvrir/**")


def open_house(page: Page) -> None:
    page.fill("[name=name]", "Le Gîte des Genêts")
    page.select_option("[name=commune]", label="Les Estables")
    page.check("[name=activities][value=furnished]")
    page.check("[name=status][value=private]")
    page.fill("[name=phone]", "06 12 34 56 78")
    page.click(".enrol form button[type=submit]")
    page.wait_for_url("**/pro/papiers/?maison=*")


def give_papers(page: Page, scan: Path, *, look: Callable[[Page], None] = seen) -> None:
    """Give each paper, looked at before it is kept, then send the house to the office."""
    scan.write_bytes(b"%PDF-1.4\n%%EOF\n")
    for code, typed in PAPERS.items():
        page.click(f".tasks a[href$='/{code}/']")
        for name, value in typed.items():
            page.fill(f"[name={name}]", value)
        if code == "insurance":
            page.set_input_files("[name=document]", scan)
        if code == "contract":
            page.check("[name=agreed]")
        look(page)
        page.click(".enrol form[enctype] button[type=submit]")
        page.wait_for_url("**/pro/papiers/?maison=*")
    page.click("form[action$='/envoyer/'] button")
    page.wait_for_selector(".tag--info")


def test_gite_is_sent_to_the_office_on_a_phone(
    town: Town, open_browser: Callable[..., Page], settings: object, tmp_path: Path
):
    settings.PRIVATE_ROOT = tmp_path / "private"  # type: ignore[attr-defined]
    scan = tmp_path / "rc.pdf"
    page = open_browser(390)
    with override("fr"):
        page.goto(town.url + reverse("booking:host"))
    assert_is_clean_everywhere(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("main a[href*='/compte/signup/']")
    make_account(page)
    assert_is_clean_everywhere(page)
    page.set_viewport_size({"width": 390, "height": 844})
    open_house(page)
    assert_is_clean_everywhere(page)
    page.set_viewport_size({"width": 390, "height": 844})

    # The account, its code, the house, each paper, and sending it.
    steps = 3 + len(PAPERS) + 1
    fields = 5 + 5 + sum(len(typed) for typed in PAPERS.values()) + 2
    assert steps <= MOST_STEPS
    assert fields <= MOST_FIELDS
    give_papers(page, scan, look=assert_is_clean)
    assert_is_clean_everywhere(page)

    house = Provider.objects.get(name="Le Gîte des Genêts")
    assert (house.enrolment, house.state) == ("submitted", "suspended")
    assert Paper.objects.get(provider=house, code="insurance").file_name == "rc.pdf"

    page.goto(f"{town.url}/pro/equipe/")
    page.fill("[name=email]", "bea@example.org")
    page.press("[name=email]", "Enter")
    page.wait_for_selector("form[action*='/invitation/']")
    assert_is_clean_everywhere(page)
    assert Invitation.objects.get().email == "bea@example.org"
