"""A served site with the demo, a bank beside it, and a browser before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from booking import gateways
from booking.messages import drain_outbox
from oti.demo.accounts import PASSWORD
from oti.devtools.fakestripe.server import StandIn
from oti.devtools.fakestripe.state import Config
from oti.lib.dates import today

WEBHOOK_SECRET = "whsec_browser"


@dataclass
class Town:
    """The site's address, the bank beside it, and the July week that the demo keeps free."""

    url: str
    bank: StandIn
    arrival: date
    departure: date

    @property
    def week(self) -> str:
        """Return the query of the Duponts' week."""
        return (
            f"arrival={self.arrival}&departure={self.departure}&adults=2&children=2&ages=5&ages=10"
        )

    def send_mails(self) -> int:
        """Send what waits in the outbox, as the worker does."""
        return drain_outbox(now=timezone.now())


def second_saturday_of_july() -> date:
    """Return the next second Saturday of July that can be booked."""
    day = today(timezone.now())
    year = day.year if day < date(day.year, 6, 20) else day.year + 1
    first = date(year, 7, 1)
    return first + timedelta(days=(5 - first.weekday()) % 7 + 7)


@pytest.fixture
def town(demo_database: str, settings: object, serve_site: Callable[[], str]) -> Iterator[Town]:
    """Serve the demo and a stand-in for the bank that tells the site by signed webhooks."""
    url = serve_site()
    bank = StandIn(
        Config(
            webhook_url=f"{url}/paiement/stripe/",
            webhook_secret=WEBHOOK_SECRET,
            retry_base=0.05,
        )
    ).start()
    settings.STRIPE_API_BASE = bank.url  # type: ignore[attr-defined]
    settings.STRIPE_SECRET_KEY = "sk_test_browser"  # type: ignore[attr-defined]
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET  # type: ignore[attr-defined]
    policy = settings.CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
    directives = {**policy["DIRECTIVES"], "form-action": ["'self'", bank.url]}
    settings.CONTENT_SECURITY_POLICY = {**policy, "DIRECTIVES": directives}  # type: ignore[attr-defined]
    arrival = second_saturday_of_july()
    yield Town(url, bank, arrival, arrival + timedelta(days=7))
    bank.stop()
    gateways._gateway.cache_clear()


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a context of its own; errors of its scripts fail."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(width: int = 390, **options: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, locale="fr-FR", **options
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


# htmx is loaded by the pages that have something to replace, each for itself.
HAS_WHAT_IT_ASKS = "!document.querySelector('[hx-get], [hx-post]') || Boolean(window.htmx)"


def _violations(page: Page, options: dict[str, object]) -> list[object]:
    """Return what axe finds, put into the page once for all its looks.

    A click ends when the next page begins to arrive: it may have no root element yet.
    """
    page.wait_for_load_state()
    axe = Axe()
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(axe.axe_script)
    # To preload, axe writes imported sheets into the page, which our policy refuses.
    told = {"preload": False, "resultTypes": ["violations"], **options}
    found = page.evaluate("options => axe.run(document, options)", told)["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def assert_is_clean(page: Page) -> None:
    """Assert that axe finds nothing, that nothing scrolls sideways and htmx is where it is used."""
    assert _violations(page, {}) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.evaluate(HAS_WHAT_IT_ASKS), page.url


def seen(page: Page) -> None:
    """Take a page as it is: where a walk needs no look at what another test looks at."""


# A width, and the theme.
Looks = tuple[tuple[int, Literal["light", "dark"]], ...]
EVERY_LOOK: Looks = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))
# A page that is looked at in French and in English has every look between the two: colours are of
# no language, and each language is seen at both widths, for what is longer in one of them.
LOOKS_OF: dict[str, Looks] = {
    "fr": ((390, "light"), (1280, "dark")),
    "en": ((390, "dark"), (1280, "light")),
}


def assert_is_clean_everywhere(page: Page, looks: Looks = EVERY_LOOK) -> None:
    """Assert it of a loaded page on a phone and on a desk, in the light and in the dark theme.

    Between two themes only colours change: of a width seen before, contrast alone is looked at.
    Without motion they change at once.
    """
    widths: set[int] = set()
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if width not in widths:
            assert_is_clean(page)
        else:
            contrast = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
            assert _violations(page, contrast) == [], (page.url, width, scheme)
        widths.add(width)


def sign_in(page: Page, url: str, email: str) -> None:
    """Sign in with an account of the demo, and stay where that leads."""
    page.goto(f"{url}/compte/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda address: "/compte/login/" not in address)


def assert_all_are_clean(
    page: Page,
    url: str,
    answers: Mapping[str, int],
    *,
    language: str = "",
    looks: Looks | None = EVERY_LOOK,
) -> None:
    """Open each address, which answers with its status, in its language; assert that it is clean.

    In these looks, or as the page is set.
    """
    for address, status in answers.items():
        answer = page.goto(f"{url}{address}")
        assert answer is not None
        assert answer.status == status, address
        if language:
            assert page.locator("html").get_attribute("lang") == language, address
        if looks is None:
            assert_is_clean(page)
        else:
            assert_is_clean_everywhere(page, looks)
