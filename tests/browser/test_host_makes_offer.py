"""A host makes a gîte on a phone, the office approves it, and it can be booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from PIL import Image as Pillow
from playwright.sync_api import Page

from booking.models import Offer
from booking.offer_opening import NewOffer, open_offer
from members.journal import SYSTEM
from oti.demo.accounts import ANNE, OFFICE
from tests.browser.conftest import Town, assert_is_clean, assert_is_clean_everywhere, sign_in

pytestmark = pytest.mark.browser
Look = Callable[[Page], None]
MOST_STEPS, MOST_FIELDS, MOST_ACTIONS = 12, 25, 6
# What a gîte is asked for, page by page, and what is typed there.
PAGES: dict[str, dict[str, str]] = {
    "texte": {
        "summary_fr": "Une longère de lave pour six, au bord du lac, à dix minutes des pistes.",
        "description_fr": "Trois chambres, un poêle, un jardin clos et la vue sur le Mézenc.",
        "spirit": "zen",
    },
    "couchages": {"max_guests": "6", "bedrooms": "3"},
    "prix": {"base_amount": "90"},
    "acces": {"place_fr": "Route du Lac", "access_info_fr": "La clé est chez nous."},
    "regles": {},
    "papiers": {"registration_number": "43091000123AB"},
}


class Counter:
    """Counts what a host does: pages sent, fields filled in that must be, presses of a season."""

    def __init__(self) -> None:
        self.steps = 0
        self.fields = 0
        self.actions = 0


def begin(page: Page, count: Counter, *, look: Look = assert_is_clean) -> None:
    """Begin a gîte from the list of the offers."""
    page.click("main a[href*='/pro/offres/nouvelle/']")
    page.check("[name=kind][value='lodging:gite']")
    page.fill("[name=title]", "Le gîte du Lac bleu")
    look(page)
    page.click(".enrol form button[type=submit]")
    page.wait_for_url("**/texte/")
    count.steps += 1
    # The commune is that of the house already, and counts all the same.
    count.fields += 3


def type_pages(page: Page, count: Counter, *, look: Look = assert_is_clean) -> None:
    """Type each page; keeping one leads to the next."""
    codes = list(PAGES)
    for code, typed in PAGES.items():
        page.wait_for_url(f"**/{code}/")
        for name, value in typed.items():
            if name == "spirit":
                page.check(f"[name=spirit][value={value}]")
            else:
                page.fill(f"[name={name}]", value)
            count.fields += 1
        look(page)
        page.click(".enrol form button[type=submit]:not([name])")
        count.steps += 1
        # Hours and the way to cancel are filled in already, and a name for the only unit.
        count.fields += {"regles": 3, "couchages": 1, "papiers": 1}.get(code, 0)
        if code != codes[-1]:
            page.wait_for_url(f"**/{codes[codes.index(code) + 1]}/")


def send_photographs(
    page: Page, tmp_path: Path, count: Counter, *, look: Look = assert_is_clean_everywhere
) -> None:
    data = BytesIO()
    Pillow.new("RGB", (1200, 900), "#2c6b5b").save(data, "JPEG")
    (tmp_path / "lac.jpg").write_bytes(data.getvalue())
    page.wait_for_url("**/photos/")
    page.set_input_files("[name=files]", tmp_path / "lac.jpg")
    page.fill("[name=author]", "Anne")
    page.check("[name=rights][value=lent]")
    page.click("form[enctype] button[type=submit]")
    page.wait_for_selector(".of-photos")
    page.fill(".of-photos input[lang=fr]", "Le lac au matin")
    size = page.viewport_size
    look(page)
    if size:
        page.set_viewport_size(size)
    page.click("#photos button[type=submit]:not([name])")
    page.wait_for_url(lambda url: not url.endswith("/photos/"))
    count.steps += 2
    count.fields += 4


def set_season(page: Page, town: Town, address: str, count: Counter) -> None:
    page.goto(f"{address}prix/")
    page.fill("[name=first_night]", town.arrival.isoformat())
    page.fill("[name=departure]", (town.arrival + timedelta(days=28)).isoformat())
    page.fill("[name=amount]", "120")
    page.click("form[action$='#saisons'] button")
    page.wait_for_selector("#saisons .tasks")
    # Opening the page, three fields, and keeping it.
    count.actions = 5


def rarer_pages(offer: Offer) -> list[str]:
    """Return the pages that a gîte has not, or that its host passed over."""
    asked = NewOffer("composite", "", "Cueillir et cuisiner", offer.commune_id)
    workshop = open_offer(offer.provider, asked, actor=SYSTEM, now=timezone.now())
    return [
        reverse("extranet-offer-task", args=[offer.pk, "langues"]),
        reverse("extranet-offer-task", args=[offer.pk, "couchages"]) + "?lieu=autre",
        reverse("extranet-offer-task", args=[workshop.pk, "prix"]),
        reverse("extranet-offer-task", args=[workshop.pk, "etapes"]),
    ]


def approve(page: Page, town: Town, *, look: Look = assert_is_clean) -> None:
    """Approve the gîte, as somebody of the office who has signed in."""
    page.goto(f"{town.url}/gestion/offres-a-lire/")
    page.click("text=Le gîte du Lac bleu")
    page.wait_for_selector("button[value=approve]")
    look(page)
    page.click("button[value=approve]")
    page.wait_for_url("**/offres-a-lire/")


def test_gite_is_made_on_a_phone_approved_and_bookable(
    town: Town, open_browser: Callable[..., Page], settings: object, tmp_path: Path
):
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    page = open_browser(390)
    sign_in(page, town.url, ANNE)
    count = Counter()
    page.goto(f"{town.url}/pro/offres/")
    assert_is_clean_everywhere(page)
    page.set_viewport_size({"width": 390, "height": 844})
    begin(page, count)
    type_pages(page, count)
    offer = Offer.objects.get(title_fr="Le gîte du Lac bleu")
    address = f"{town.url}/pro/offres/{offer.pk}/"
    send_photographs(page, tmp_path, count)
    page.goto(address)
    assert_is_clean_everywhere(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("button[value=submit]")
    page.wait_for_selector(".tag--info")
    count.steps += 1

    assert count.steps <= MOST_STEPS
    assert count.fields <= MOST_FIELDS
    set_season(page, town, address, count)
    assert count.actions <= MOST_ACTIONS
    page.goto(f"{address}apercu/")
    assert_is_clean(page)

    for other in rarer_pages(offer):
        page.goto(f"{town.url}{other}")
        assert_is_clean(page)

    office = open_browser(1280)
    sign_in(office, town.url, OFFICE)
    approve(office, town)

    offer.refresh_from_db()
    assert offer.state == Offer.State.PUBLISHED
    with override("fr"):
        stay = reverse("booking:stay-offer", args=[offer.slug])
    page.goto(f"{town.url}{stay}?{town.week}")
    page.wait_for_selector("#add-best")
    assert "840" in page.inner_text("#reserver")


@pytest.mark.parametrize("width", [390, 1280])
def test_prices_of_a_lodging_stand_beside_its_seasons_and_on_a_phone_above_them(
    town: Town, open_browser: Callable[..., Page], width: int
):
    page = open_browser(width)
    sign_in(page, town.url, ANNE)
    gite = Offer.objects.get(slug="le-gite-des-narces")
    page.goto(f"{town.url}{reverse('extranet-offer-task', args=[gite.pk, 'prix'])}")
    usual, seasons = (page.locator(one).bounding_box() for one in ("#prix", "#saisons"))
    assert usual
    assert seasons
    if width == 390:
        assert seasons["y"] > usual["y"] + usual["height"]
    else:
        assert seasons["y"] == usual["y"]
        assert seasons["x"] > usual["x"] + usual["width"]
    # What is typed stands at the end of its question.
    label, typed = (
        page.locator(f"#prix {one}").first.bounding_box() for one in (".f > label", ".in")
    )
    assert label
    assert typed
    assert typed["x"] > label["x"] + label["width"] - 1
    assert typed["width"] < 130
