"""One basket at full breadth: bed, dinner, childcare meanwhile, ride, rental, workshop in steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.models import Order, OutboxMessage, Slot
from booking.rules.kinds import PLACES
from booking.rules.kinds.childcare import UNITS_OF_CARER
from oti.lib.dates import today
from tests.browser.conftest import Town, assert_is_clean
from tests.browser.test_dupont_stay import figures, fill_checkout, pay, wait_until_confirmed

pytestmark = pytest.mark.browser

GITE, DINNER = "le-gite-des-narces", "la-table-de-solange"
CARE, RIDE = "la-veillee-des-petits-aux-estables", "navette-du-puy-aux-estables"
BICYCLES, WORKSHOP = "velos-a-la-journee", "cueillir-cuisiner-gouter"
# What each provider is told of, and nobody else of these six.
SOLD_BY = {
    "anne-et-joel": "Gîte des Narces",
    "la-table-de-solange": "La table de Solange",
    "la-ribambelle": "La veillée des petits",
    "la-navette-des-sucs": "Navette Le Puy",
    "velos-de-la-voie": "Vélos à la journée",
    "gerard-champignons": "Cueillir, cuisiner, goûter",
}
# A child under 6 takes a fifth of a carer, an older one an eighth.
ELODIE_AND_ROMAIN = UNITS_OF_CARER // 5 + UNITS_OF_CARER // 8
CLAIRE, MARC, ROMAIN = 0, 1, 3


@dataclass(frozen=True)
class Tongue:
    """The addresses and the words of one language."""

    code: str
    lodgings: str
    experiences: str
    stay: str
    checkout: str
    trip: str
    who_minds: str
    bring_back: str
    package: str
    deposit: str


FRENCH = Tongue(
    code="fr",
    lodgings="dormir",
    experiences="vivre",
    stay="mon-sejour",
    checkout="reserver",
    trip="voyage",
    who_minds="qui garde les enfants",
    bring_back="Rendre",
    package="est un forfait",
    deposit="Caution de 250",
)
ENGLISH = Tongue(
    code="en",
    lodgings="stay",
    experiences="experience",
    stay="my-stay",
    checkout="book",
    trip="trip",
    who_minds="who looks after the children",
    bring_back="Bring back",
    package="is a package",
    deposit="Deposit of €250",
)


class Family:
    """The Duponts before a page: what they look at is clean, what they add is kept.

    Of two families on the same way each checks every second page, so that each page is checked
    in one of the two looks.
    """

    def __init__(self, page: Page, town: Town, tongue: Tongue, *, checks_first: bool) -> None:
        self.page, self.tongue = page, tongue
        self.checks_next = checks_first
        self.root = f"{town.url}/{tongue.code}"
        self.arrival = first_saturday_of_september()

    def day(self, number: int) -> date:
        """Return a day of the stay; the arrival is 0."""
        return self.arrival + timedelta(days=number)

    def check(self) -> None:
        """See that nothing scrolls sideways, and every other time that axe finds nothing."""
        if self.checks_next:
            assert_is_clean(self.page)
        else:
            self.page.wait_for_load_state()
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        self.checks_next = not self.checks_next

    def look(self, path: str) -> None:
        answer = self.page.goto(f"{self.root}/{path}")
        assert answer is not None
        assert answer.ok, answer.status
        self.check()

    def look_at(self, slug: str, query: str, *, people: tuple[int, ...] = ()) -> None:
        """Open something to do; `people` are the ranks of those who take part."""
        path = f"{self.root}/{self.tongue.experiences}/{slug}/?{query}"
        self.page.goto(path)
        if people:
            boxes = self.page.locator("input[name=people]")
            keys = [boxes.nth(rank).get_attribute("value") for rank in people]
            self.page.goto(f"{path}&who=1&" + "&".join(f"people={key}" for key in keys))
        self.check()

    def add(self, scope: str = "main") -> None:
        """Press the first button that adds something; the stay is shown."""
        stay = self.tongue.stay
        self.page.locator(f"{scope} form[action*='/{stay}/'] button[type=submit]").first.click()
        self.page.wait_for_url(f"**/{stay}/")

    def find_and_add_the_gite(self) -> None:
        dates = f"arrival={self.arrival}&departure={self.day(7)}"
        party = "adults=2&children=2&ages=5&ages=10"
        filters = "features=pets&pole=massif-du-mezenc"
        self.look(f"{self.tongue.lodgings}/?{dates}&{party}&{filters}")
        self.page.locator(f"a[href*='/{GITE}/']").first.click()
        expect(self.page.locator("h1")).to_contain_text("Gîte des Narces")
        self.add("#reserver")

    def add_the_dinner_and_somebody_for_the_children(self) -> None:
        """A dinner for two; the stay asks about the children, and its link leads to a carer."""
        self.look_at(DINNER, f"from={self.day(2)}", people=(CLAIRE, MARC))
        self.add("#dates")
        asked = self.page.locator("main .alert", has_text=self.tongue.who_minds)
        expect(asked).to_contain_text("5")
        self.check()
        asked.locator("a").click()
        self.page.wait_for_url(re.compile(r"/(garde|minding)/"))
        self.check()
        # Each carer can be added as shown, for the children whom nobody is with.
        self.add(f"article:has(h2 a[href*='/{CARE}/'])")
        expect(asked).to_have_count(0)

    def add_the_ride_the_bicycles_and_the_workshop(self) -> None:
        self.look_at(RIDE, f"from={self.arrival}&option_carried_bike=1&option_carried_bag=2")
        self.add("#dates")
        days = f"first_day={self.day(3)}&last_day={self.day(5)}"
        self.look_at(BICYCLES, f"{days}&quantity=2")
        expect(self.page.locator("#places")).to_contain_text("144")
        self.add("#places")
        self.look_at(WORKSHOP, f"from={self.day(1)}", people=(MARC, ROMAIN))
        self.add("#dates")


def first_saturday_of_september() -> date:
    """Return the first day of the week that the demo keeps free, with mushrooms to pick."""
    day = today(timezone.now())
    year = day.year if day < date(day.year, 8, 20) else day.year + 1
    first = date(year, 9, 1)
    return first + timedelta(days=(5 - first.weekday()) % 7)


def read_sold() -> dict[tuple[str, date, str], int]:
    """Return what is sold of each dated stock, by offer, day and resource."""
    sold: dict[tuple[str, date, str], int] = {}
    for slug, day, resource, count in Slot.stocks.values_list(
        "offer__slug", "day", "resource", "sold"
    ):
        sold[slug, day, resource] = sold.get((slug, day, resource), 0) + count
    return sold


def taken_since(before: dict[tuple[str, date, str], int]) -> dict[tuple[str, date, str], int]:
    """Return what has been sold since, where anything was."""
    return {key: count - before[key] for key, count in read_sold().items() if count != before[key]}


def assert_each_provider_is_told_of_its_own(order: Order) -> None:
    assert OutboxMessage.objects.filter(order=order, state="sent").count() == len(SOLD_BY) + 1
    for slug, title in SOLD_BY.items():
        (letter,) = [one for one in mail.outbox if one.to == [f"{slug}@example.org"]]
        pages = [str(part.content) for part in letter.alternatives]  # type: ignore[attr-defined]
        written = "\n".join([letter.subject, letter.body, *pages]).replace("’", "'")
        told = {one for one in SOLD_BY.values() if one in written}
        # Solange's house bears the name of her table: it is told to her guests alone.
        assert told == {title}, slug


@pytest.mark.parametrize(
    ("width", "scheme", "tongue"), [(390, "light", FRENCH), (1280, "dark", ENGLISH)]
)
def test_whole_stay_of_every_kind_is_paid_once(
    town: Town, open_browser: Callable[..., Page], width: int, scheme: str, tongue: Tongue
):
    page = open_browser(width, color_scheme=scheme)
    family = Family(page, town, tongue, checks_first=tongue is FRENCH)
    before = read_sold()

    family.find_and_add_the_gite()
    family.add_the_dinner_and_somebody_for_the_children()
    family.add_the_ride_the_bicycles_and_the_workshop()
    family.check()
    expect(page.locator(f"#jour-{family.day(5)}")).to_contain_text(tongue.bring_back)
    expect(page.locator("#package")).to_contain_text(tongue.package)
    shown = figures(page.locator("main aside").inner_text())

    family.look(f"{tongue.checkout}/")
    fill_checkout(page)
    page.locator("#checkout button[type=submit]").first.click()
    pay(page)
    order = wait_until_confirmed(page)
    family.check()
    family.look(f"{tongue.trip}/{order.reference}/")
    expect(page.locator("main")).to_contain_text(tongue.bring_back)
    expect(page.locator("main")).to_contain_text(tongue.deposit)

    workshop = order.lines.get(kind="composite").starts_at.date()
    assert taken_since(before) == {
        (DINNER, family.day(2), PLACES): 2,
        (CARE, family.day(2), PLACES): ELODIE_AND_ROMAIN,
        (RIDE, family.arrival, PLACES): 4,
        (RIDE, family.arrival, "bike"): 1,
        (RIDE, family.arrival, "luggage"): 2,
        **{(BICYCLES, family.day(number), PLACES): 2 for number in (3, 4, 5)},
        (WORKSHOP, workshop, PLACES): 2,
        (WORKSHOP, workshop, "child"): 1,
    }
    assert order.evidence.is_package
    assert order.payments.get().captured_amount == order.total_amount
    assert figures(f"{order.total_amount:,.2f}").replace(",", "") in shown.replace(
        ",", "." if tongue is FRENCH else ""
    )
    town.send_mails()
    assert_each_provider_is_told_of_its_own(order)
