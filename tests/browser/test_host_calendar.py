"""A host at its calendar: a season on a phone, nights by the keyboard, dates, without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Page, expect

from booking import emails
from booking.basket import add_to_basket
from booking.models import (
    Basket,
    BookingRequest,
    NightEdit,
    Offer,
    OfferResource,
    Resource,
    Slot,
    Unit,
)
from booking.night_sheet import terms_by_tariff, units_of
from booking.wishes import LineRequest
from destination.models import LegalText
from members.models import Invitation, Provider, ProviderRole, User
from oti.demo.accounts import ANNE, PASSWORD, SOLANGE
from oti.lib.dates import today as day_of
from tests.booking.requesting import ask
from tests.browser.conftest import LOOKS_OF, Town, assert_is_clean, assert_is_clean_everywhere

pytestmark = pytest.mark.browser

MOST_ACTIONS = 6
CALENDAR, DATES = "/pro/calendrier/", "/pro/creneaux/"


@dataclass
class Hand:
    """Somebody's hand on a phone: each field filled in and each press is one action."""

    page: Page
    actions: list[str] = field(default_factory=list)

    def fill(self, name: str, value: str) -> None:
        """Fill in one field."""
        self.page.locator(f".nform [name={name}]").fill(value)
        self.actions.append(name)

    def press(self, selector: str) -> None:
        """Press one button, which loads a page."""
        self.page.locator(selector).click()
        self.page.wait_for_load_state()
        self.actions.append(selector)


def sign_in(page: Page, town: Town, email: str, *, then: str) -> None:
    page.goto(f"{town.url}/compte/login/?next={then}")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{then}**")


def gite_of_anne() -> Unit:
    return Unit.objects.get(offer__slug="le-gite-des-narces")


def a_request_of_nights(unit: Unit, town: Town) -> BookingRequest:
    """Let somebody ask for a week of a lodging whose host answers first."""
    now = timezone.now()
    Offer.objects.filter(pk=unit.offer_id).update(confirmation=Offer.Confirmation.ON_REQUEST)
    basket = Basket.objects.create()
    week = LineRequest(
        offer_id=unit.offer_id,
        unit_id=unit.pk,
        arrival=town.arrival,
        departure=town.departure,
        ages=(None, None),
    )
    add_to_basket(basket, week, now=now)
    (request,) = ask(
        basket, terms=LegalText.objects.filter(kind=LegalText.Kind.TERMS).first(), now=now
    )
    return request


def test_season_is_set_in_six_actions_on_a_phone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(390)
    sign_in(page, town, ANNE, then=CALENDAR)
    first = day_of(timezone.now()) + timedelta(days=200)
    last = first + timedelta(days=60)
    hand = Hand(page)

    hand.fill("first_night", str(first))
    hand.fill("last_night", str(last))
    hand.fill("price", "155")
    hand.fill("min_stay", "4")
    hand.press(".nform button[type=submit]")
    assert_is_clean(page)
    hand.press("button[value=apply]")

    assert len(hand.actions) <= MOST_ACTIONS, hand.actions
    expect(page.locator(".saved button")).to_be_visible()
    edit = NightEdit.objects.get()
    assert edit.asked["price"] == "155"
    unit = gite_of_anne()
    terms = terms_by_tariff(units_of(unit.offer.provider), [first])[unit.tariff_id]
    assert terms[first].min_stay == 4

    hand.press(".saved button")
    expect(page.locator(".saved button")).to_have_count(0)
    edit.refresh_from_db()
    assert edit.undone_at is not None


def test_nights_are_chosen_by_the_keyboard_alone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280)
    sign_in(page, town, ANNE, then=CALENDAR)
    month = (day_of(timezone.now()).replace(day=1) + timedelta(days=40)).replace(day=1)
    page.goto(f"{town.url}{CALENDAR}?mois={month:%Y-%m}&vue=3")
    stops = page.locator(".gt :is(button, a)[tabindex='0']")
    expect(stops).to_have_count(1)

    start = page.locator(".gt tbody button.fr").nth(3)
    day = start.get_attribute("value")
    start.focus()
    page.keyboard.press("Enter")
    chosen = page.locator(".gt [aria-pressed=true]")
    expect(chosen).to_have_count(1)
    expect(page.locator(".gt button:focus")).to_have_attribute("value", str(day))
    page.keyboard.press("ArrowRight")
    last = page.evaluate("document.activeElement.value.split(':')[1]")
    page.keyboard.press("Enter")

    expect(page.locator("[name=last_night]")).to_have_value(last)
    expect(page.locator("[name=first_night]")).to_have_value(str(day).split(":")[1])
    page.locator("[name=price]").focus()
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    page.wait_for_url("**/changer/")
    expect(page.locator("button[value=apply]")).to_be_visible()


def test_calendar_works_without_script(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(1280, java_script_enabled=False)
    sign_in(page, town, ANNE, then=CALENDAR)
    month = (day_of(timezone.now()).replace(day=1) + timedelta(days=100)).replace(day=1)
    page.goto(f"{town.url}{CALENDAR}?mois={month:%Y-%m}")
    nights = page.locator(".gt tbody button.fr")
    first = nights.nth(0).get_attribute("value")
    nights.nth(0).click()
    page.wait_for_url("**nuit=**")
    assert page.locator("[name=first_night]").input_value() == str(first).split(":")[1]
    page.locator(".nform .seg label", has_text="Fermé").click()
    page.locator("[name=reason]").fill("travaux")
    page.locator(".nform button[type=submit]").click()
    page.locator("button[value=apply]").click()
    expect(page.locator(".gt .bk--closed").first).to_be_visible()
    expect(page.locator("body")).to_contain_text("travaux")


def test_dates_are_added_and_changed_on_a_phone(town: Town, open_browser: Callable[..., Page]):
    page = open_browser(390)
    sign_in(page, town, SOLANGE, then=DATES)
    first = day_of(timezone.now()) + timedelta(days=300)
    offer = Offer.objects.filter(provider__slug="la-table-de-solange").exclude(kind="lodging")[0]
    before = Slot.objects.filter(offer=offer).count()
    page.locator("a", has_text="Ajouter des dates").click()
    page.locator("[name=offer]").select_option(str(offer.pk))
    page.fill("[name=first_day]", str(first))
    page.fill("[name=last_day]", str(first + timedelta(days=27)))
    page.locator(".dow label").nth(1).click()
    page.fill("[name=start_times]", "23:15")
    page.fill("[name=capacity]", "8")
    page.locator(".nform button[type=submit]").click()
    page.wait_for_load_state()
    assert_is_clean(page)
    page.locator("button[value=apply]").click()
    page.wait_for_url(f"**{DATES}?**")
    assert Slot.objects.filter(offer=offer).count() == before + 4
    assert_is_clean(page)


def an_invitation(house: Provider) -> Invitation:
    """Invite Anne to work for a house."""
    now = timezone.now()
    return Invitation.objects.create(
        provider=house,
        email=ANNE,
        role=ProviderRole.Role.STAFF,
        invited_by="Solange",
        created_at=now,
        expires_at=now + timedelta(days=14),
    )


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_the_calendar_are_accessible_in_every_look(
    town: Town, open_browser: Callable[..., Page], language: str
):
    # Anne also works for Solange: whoever serves two houses sees every part of the pages.
    unit = gite_of_anne()
    unit.name = "Le grand gîte de lave au bord du lac de Saint-Front, côté prairie"
    unit.save()
    anne, house = User.objects.get(email=ANNE), User.objects.get(email=SOLANGE).roles.get().provider
    ProviderRole.objects.get_or_create(user=anne, provider=house)
    slug = unit.offer.provider.slug
    slot = Slot.objects.filter(offer__provider=house, starts_at__gt=timezone.now()).first()
    assert slot
    guide = Resource.objects.create(provider=house, name="Marie-Antoinette de Saint-Front")
    OfferResource.objects.create(resource=guide, offer=slot.offer, minutes_before=15)
    page = open_browser(1280)
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": town.url}
    page.context.add_cookies([cookie])
    sign_in(page, town, ANNE, then=CALENDAR)
    pages = [
        f"{CALENDAR}?maison={slug}&vue=3",
        f"{CALENDAR}?maison={slug}&mois={town.arrival:%Y-%m}&nuit={unit.pk}:{town.arrival}",
        f"{CALENDAR}?maison={house.slug}",
        f"{CALENDAR}changer/?provider={slug}",
        f"{DATES}?maison={house.slug}&mois={slot.day:%Y-%m}",
        f"{DATES}?maison={slug}",
        f"{DATES}ajouter/?provider={house.slug}",
        f"{DATES}{slot.pk}/",
        f"/pro/ressources/?maison={house.slug}",
        f"/pro/ressources/{guide.pk}/",
        "/pro/",
        "/pro/reservations/",
        "/pro/reservations/?du=hier",
        f"/pro/journee/?jour={slot.day}",
        "/pro/messages/",
        "/pro/avis/",
        "/pro/prevenir/",
        f"/pro/vendre/?maison={house.slug}&quoi=d{slot.pk}&adultes=2",
        "/pro/cles/",
        "/pro/webhooks/",
        "/pro/export/",
    ]
    for path in pages:
        answer = page.goto(f"{town.url}{path}")
        assert answer
        assert answer.status == 200, path
        assert page.locator("html").get_attribute("lang") == language
        assert_is_clean_everywhere(page, LOOKS_OF[language])

    # In one look each.
    offer = unit.offer.slug
    for path in (
        f"/pro/frequentation/?maison={slug}",
        f"/pro/besoins/?maison={slug}",
        f"/pro/besoins/ajouter/?offre={offer}",
        f"/pro/avantages/?maison={slug}",
        "/pro/carte/?carte=x",
        "/pro/cadeau/",
        f"/pro/widget/?maison={slug}",
        f"/pro/liens/{unit.pk}/ajouter/",
        f"/pro/papiers/{slug}/insurance/",
        f"/pro/offres/{unit.offer_id}/texte/",
        f"/pro/offres/{unit.offer_id}/photos/",
        f"/pro/offres/{unit.offer_id}/apercu/",
        emails.invitation_url(an_invitation(house)).removeprefix(settings.BASE_URL),
        f"/pro/versements/annee/{slug}/{day_of(timezone.now()).year}/",
        f"/{language}/widget/{slug}/?offre={offer}&{town.week}",
    ):
        answer = page.goto(f"{town.url}{path}")
        assert answer
        assert answer.status == 200, path
        assert_is_clean(page)
    # What is asked of a host, as the host and as the guest see it: one look each.
    asked = a_request_of_nights(unit, town)
    with override(language):
        of_guest = reverse("booking:request", args=[asked.code])
    for path in (
        "/pro/",
        f"/pro/demandes/{asked.code}/",
        f"{of_guest}?cle={asked.access_token}",
    ):
        answer = page.goto(f"{town.url}{path}")
        assert answer
        assert answer.status == 200, path
        assert_is_clean(page)

    page.goto(f"{town.url}{CALENDAR}changer/?provider={slug}")
    page.locator(".nform button[type=submit]").click()
    expect(page.locator(".alert--err")).to_be_visible()
    assert_is_clean_everywhere(page, LOOKS_OF[language])
    page.fill("[name=first_night]", str(town.arrival))
    page.fill("[name=last_night]", str(town.departure))
    page.fill("[name=price]", "155")
    page.locator(".nform button[type=submit]").click()
    expect(page.locator("button[value=apply]")).to_be_visible()
    assert_is_clean_everywhere(page, LOOKS_OF[language])
