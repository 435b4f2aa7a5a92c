"""Each template in a browser: axe finds nothing, nothing scrolls sideways, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page

from booking.models import Gift, GiftCampaign
from members.models import Mission
from oti.demo.accounts import CLAIRE_MARTIN, VISITOR
from tests.browser.conftest import LOOKS_OF, Town, assert_all_are_clean, assert_is_clean, sign_in
from tests.members.factors import mailed_code

pytestmark = pytest.mark.browser

# One page of each template in French and in English; what the office writes is looked at in
# test_office_pages_are_clean. `{week}` is the Duponts' week in July.
PAGES = [
    ("/fr/", "/en/"),
    ("/fr/dormir/", "/en/stay/"),
    ("/fr/dormir/?{week}", "/en/stay/?{week}"),
    (
        "/fr/dormir/?arrival=2020-01-01&departure=2019-01-01&adults=0",
        "/en/stay/?arrival=2020-01-01&departure=2019-01-01&adults=0",
    ),
    ("/fr/dormir/le-gite-des-narces/?{week}", "/en/stay/le-gite-des-narces/?{week}"),
    ("/fr/vivre/", "/en/experience/"),
    ("/fr/vivre/premiers-points-de-dentelle/", "/en/experience/premiers-points-de-dentelle/"),
    ("/fr/agenda/", "/en/agenda/"),
    ("/fr/agenda/choeur-et-grand-orgue/", "/en/agenda/choeur-et-grand-orgue/"),
    ("/fr/mon-sejour/", "/en/my-stay/"),
    ("/fr/retrouver/", "/en/find/"),
    ("/fr/lettre/", "/en/letter/"),
    ("/fr/vie-privee/mes-donnees/", "/en/privacy/my-data/"),
    ("/fr/carte/", "/en/map/"),
    ("/fr/recherche/?q=dentelle", "/en/search/?q=lace"),
    ("/fr/plan-du-site/", "/en/site-map/"),
    ("/fr/explorer/massif-du-mezenc/", "/en/explore/massif-du-mezenc/"),
    ("/fr/mentions-legales/", "/en/mentions-legales/"),
    ("/fr/rien-ici/", "/en/nothing-here/"),
    ("/fr/mon-sejour/ajouter/", "/en/my-stay/add/"),
]
# What they answer, where it isn't 200.
OTHERWISE = {
    "/fr/rien-ici/": 404,
    "/en/nothing-here/": 404,
    "/fr/mon-sejour/ajouter/": 405,
    "/en/my-stay/add/": 405,
}
# The same in every language: the visitor's browser says which.
ACCOUNTS = ["/compte/login/", "/compte/signup/", "/compte/login/code/", "/compte/password/reset/"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_template_is_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page], language: str
):
    paths = [pair[language == "en"].replace("{week}", town.week) for pair in PAGES]
    answers = {path: OTHERWISE.get(path, 200) for path in paths}
    assert_all_are_clean(
        open_browser(1280), town.url, answers, language=language, looks=LOOKS_OF[language]
    )


def test_pages_of_the_way_in_are_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page]
):
    assert_all_are_clean(open_browser(1280), town.url, dict.fromkeys(ACCOUNTS, 200))


def a_gift_of(kind: str, year: int) -> str:
    """Give a household something, and return the address that its mail leads to."""
    now = timezone.now()
    campaign = GiftCampaign.objects.create(
        year=year,
        kind=kind,
        state="sending",
        title_fr="Un sachet de lentilles",
        words_fr="Vous êtes venus, et nous pensons à vous.",
        how_fr="Au comptoir de l’office.",
        unit_amount=Decimal(10),
        budget_amount=Decimal(10),
        valid_until=now.date() + timedelta(days=30),
        locked_at=now,
        since=now.date(),
    )
    gift = Gift.objects.create(
        campaign=campaign, rank=1, first_day=now.date(), state="told", told_at=now
    )
    return f"/en/gift/{gift.pk}/?cle={gift.access_token}"


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")])
def test_pages_of_an_account_are_accessible(
    town: Town, open_browser: Callable[..., Page], look: tuple[int, str]
):
    width, scheme = look
    page = open_browser(width, color_scheme=scheme)
    sign_in(page, town.url, VISITOR)
    assert_is_clean(page)
    own = ("/compte/email/", "/compte/password/change/", "/compte/logout/", "/espace/residence/")
    own += ("/espace/inviter/", "/en/ambassadors/", "/en/friends-of/velay43/")
    answers = dict.fromkeys(own, 200)
    # A greeter’s own space, and those whom visitors meet.
    answers |= dict.fromkeys(("/espace/greeter/", "/espace/greeter/profil/"), 200)
    answers |= dict.fromkeys(("/en/meet/", "/en/meet/marie-the/", "/en/meet/ask/"), 200)
    assert_all_are_clean(page, town.url, answers, looks=None)
    if scheme == "light":
        family = open_browser(width)
        sign_in(family, town.url, CLAIRE_MARTIN)
        theirs = ("/espace/", "/espace/presences/", "/espace/carte/", "/espace/residence/")
        # How an account is protected: its first factor asks for a code by mail, written here.
        family.goto(f"{town.url}/compte/2fa/totp/activate/")
        assert_is_clean(family)
        family.fill("input[name=code]", mailed_code(mail.outbox))
        family.click("main form:has(input[name=code]) button")
        family.wait_for_url("**/compte/2fa/totp/activate/")
        theirs += ("/compte/", "/compte/proteger/", "/compte/2fa/", "/compte/2fa/totp/activate/")
        theirs += ("/espace/mes-donnees/", "/espace/fermer-mon-compte/")
        theirs += ("/compte/2fa/webauthn/add/",)
        theirs += ("/espace/inviter/", "/espace/inviter/cartes/", "/espace/carnet/")
        mission = Mission.objects.order_by("pk").first()
        theirs += ("/espace/missions/", f"/espace/missions/{mission.pk}/")
        given = (a_gift_of("voucher", 2098), a_gift_of("product", 2099))
        leaving = ("/espace/residence/quitter/", "/espace/residence/demenager/")
        pairs = "/en/my-stay/for-two/la-soiree-des-parents-au-puy/"
        pairs += "?adults=2&children=2&ages=5&ages=10"
        answers = dict.fromkeys((*theirs, *leaving, pairs, *given), 200)
        assert_all_are_clean(family, town.url, answers, looks=None)
