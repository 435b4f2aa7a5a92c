"""What the office opens to keep links with guests: axe finds nothing of ours on any of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.models import Referral
from booking.relations.campaigns import CampaignInput, save_campaign
from booking.relations.customers import identify_orders
from booking.relations.past_stays import keep_past_stays
from booking.rules.campaigns import Words
from booking.rules.segments import Segment
from members.journal import SYSTEM
from members.models import Ambassador, Customer
from oti.demo.accounts import OFFICE
from tests.browser.conftest import Town
from tests.browser.test_editor_forms_are_clean import assert_nothing_of_ours
from tests.browser.test_editor_writes import sign_in

pytestmark = pytest.mark.browser
LONG_NAME = "Marie-Antoinette de la Tour-Saint-Vidal"


def a_campaign() -> int:
    """Write a letter that waits to be sent; returns its number."""
    words = Words("Le Velay en mars", "En mars", "Venez voir.\n\nC’est calme.", "Voir")
    given = CampaignInput(
        title="Mars au calme, pour celles et ceux qui sont venus en été",
        kind="letter",
        purpose="offers",
        segment=Segment(),
        texts={"fr": words},
        button_path="/fr/dormir/",
    )
    return save_campaign(None, given, actor=SYSTEM, now=timezone.now()).pk


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_of_links_can_be_read_by_everybody(
    town: Town, open_browser: Callable[..., Page], width: int, scheme: str
):
    now = timezone.now()
    identify_orders(now=now)
    keep_past_stays(now=now)
    guest = Customer.objects.filter(merged_into=None).earliest("pk")
    Customer.objects.filter(pk=guest.pk).update(last_name=LONG_NAME)
    campaign = a_campaign()
    page = open_browser(width, color_scheme=scheme)
    sign_in(page, town, OFFICE)
    ambassador, referral = Ambassador.objects.earliest("pk"), Referral.objects.earliest("pk")
    for address, words in (
        ("clients/", ""),
        (f"clients/{guest.pk}/", "Tour-Saint-Vidal"),
        (f"clients/{guest.pk}/note/", "Tour-Saint-Vidal"),
        (f"clients/{guest.pk}/reunir/", "Tour-Saint-Vidal"),
        ("clients/a-repondre/", ""),
        ("clients/doublons/", ""),
        ("clients-importes/lire/", "fichier"),
        ("campagnes/", "Mars au calme"),
        ("campagnes/nouvelle/", ""),
        (f"campagnes/{campaign}/", "Mars au calme"),
        (f"campagnes/{campaign}/ecrire/", ""),
        ("saisons/", ""),
        ("lettres-du-sejour/", ""),
        ("lettres-du-sejour/reglages/", ""),
        ("cadeaux/", ""),
        ("cadeaux/code/", ""),
        ("fidelite/", ""),
        ("fidelite/reglages/", ""),
        ("ambassadeurs/", ""),
        (f"ambassadeurs/{ambassador.pk}/", ""),
        ("sejours-invites/", ""),
        (f"sejours-invites/{referral.pk}/", ""),
        ("accueils-et-mercis/", ""),
    ):
        answer = page.goto(f"{town.url}/gestion/{address}")
        assert answer
        assert answer.status == 200, address
        expect(page.locator("main")).to_contain_text(words)
        assert_nothing_of_ours(page)
