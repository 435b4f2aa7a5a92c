"""What the office opens to keep links with guests: axe finds nothing of ours on any of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Page, expect

from booking.models import (
    Campaign,
    CampaignNeed,
    CapacityNeed,
    GuestImport,
    NeedPeriod,
    Offer,
    Referral,
)
from booking.relations.campaigns import CampaignInput, save_campaign
from booking.relations.customers import identify_orders
from booking.relations.past_stays import keep_past_stays
from booking.rules.campaigns import Words
from booking.rules.segments import Segment
from members.journal import SYSTEM
from members.models import Ambassador, Customer, Provider
from oti.demo.accounts import OFFICE
from oti.lib.dates import today as day_of
from tests.browser.conftest import Town, assert_all_are_clean
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


def a_file(state: str, **fields: object) -> int:
    """Keep a long file of guests that is being read, or can't be; returns its number."""
    given = GuestImport.objects.create(
        provider=Provider.objects.earliest("pk"),
        basis="own_guest",
        words="Nous pouvons vous écrire : dites non quand vous voulez.",
        file_name="clients-de-la-maison-de-la-tour-saint-vidal-depuis-1998.csv",
        sha256=state.ljust(64, "0"),
        state=state,
        read_at=timezone.now(),
        **fields,
    )
    return given.pk


def a_proposal(campaign: int) -> str:
    """Let a letter propose what a host wants to fill; returns the address that it leads to."""
    today = day_of(timezone.now())
    first, after = today + timedelta(days=60), today + timedelta(days=67)
    offer = Offer.objects.get(slug="le-gite-des-narces")
    need = CapacityNeed.objects.create(
        provider=offer.provider,
        offer=offer,
        quantity=7,
        floor_amount=50,
        max_redemptions=3,
        last_day=after,
        created_at=timezone.now(),
    )
    NeedPeriod.objects.create(need=need, dates=DateRange(first, after))
    code = CampaignNeed.objects.create(campaign_id=campaign, need=need).code
    with override("en"):
        return reverse("booking:quiet-offer", args=[code])


@pytest.mark.parametrize("is_paused", [False, True])
def test_what_a_letter_of_the_quiet_season_leads_to_can_be_read_by_everybody(
    town: Town, open_browser: Callable[..., Page], is_paused: bool
):
    campaign = a_campaign()
    Campaign.objects.filter(pk=campaign).update(
        kind="quiet", percent_off=15, started_at=timezone.now()
    )
    address = a_proposal(campaign)
    CapacityNeed.objects.filter(proposals__isnull=False).update(is_paused=is_paused)
    page = open_browser(390)
    page.goto(town.url + address)
    if is_paused:
        assert_all_are_clean(page, town.url, {address: 200}, language="en")
        return
    # From the mail's page to the price of the offer's, with nothing between.
    leads_to = str(page.locator("main a.btn").first.get_attribute("href"))
    assert "proposition=" in leads_to
    assert_all_are_clean(page, town.url, {address: 200, leads_to: 200}, language="en")
    expect(page.locator("#reserver s")).to_be_visible()


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
    reading = a_file("unread", file_key="0" * 32)
    broken = a_file("broken", problems=[{"code": "guests_kept_lost", "params": {}}])
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
        (f"clients-importes/{reading}/", "saint-vidal"),
        (f"clients-importes/{broken}/", "saint-vidal"),
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
        ("missions/", ""),
        ("missions/new/", ""),
        ("missions-des-ambassadeurs/", ""),
    ):
        answer = page.goto(f"{town.url}/gestion/{address}")
        assert answer
        assert answer.status == 200, address
        expect(page.locator("main")).to_contain_text(words)
        assert_nothing_of_ours(page)
