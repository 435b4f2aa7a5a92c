"""Mails as pictures: legible in both themes on a phone and on a desk, nothing wider than either."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Page

from booking.emails import compose
from booking.models import Order, OutboxMessage
from members.models import HouseholdInvitation
from tests import factories
from tests.booking.pages import paid_stay
from tests.booking.relations.greeting import every_kind
from tests.booking.test_emails import an_unhappy_guest
from tests.browser.conftest import _violations
from tests.cast import NOW, FakeBank

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
WIDTHS = (390, 1280)
# Of a mail there is no frame of a page around: what is looked at is what is read.
READ = ["color-contrast", "link-name", "html-has-lang", "document-title", "heading-order", "list"]
SOME_KEY = "x" * 160


def messages(order: Order) -> list[OutboxMessage]:
    """Return one message of each kind about surveys, meetings, households and letters."""
    factories.a_survey(order, asked_at=NOW)
    an_unhappy_guest(order)
    every_kind()
    member = factories.a_household(name="Les Martin-Chassagneux de Saint-Julien-Chapteuil")
    invitation = HouseholdInvitation.objects.create(
        household=member.household,
        email="cousin@example.org",
        invited_by="Camille",
        created_at=NOW,
        expires_at=NOW,
    )
    moved = {"household": member.household_id, "first_name": "Camille"}
    rows = list(
        OutboxMessage.objects.filter(key__startswith="each:")
        | OutboxMessage.objects.filter(kind__startswith="complaint_")
        | OutboxMessage.objects.filter(kind__in=["survey_detractor", "review_refused"])
    )
    rows += [
        OutboxMessage(kind="survey", order=order, data={}),
        OutboxMessage(kind="letter_confirm", data={"key": SOME_KEY}),
        OutboxMessage(kind="household_invitation", data={"invitation": invitation.pk}),
        *(
            OutboxMessage(kind="household_moved", data={**moved, "move": move})
            for move in ("verified", "ended", "moved", "kept")
        ),
    ]
    for row in rows:
        row.language = "fr"
    return rows


def picture_of(page: Page) -> float:
    """Return how light a picture of what is shown is, 0 to 255; a plain one shows no mail."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        light = ImageStat.Stat(picture.convert("L"))
    assert light.stddev[0] > 5
    return float(light.mean[0])


def test_mails_of_links_that_last_are_legible_in_every_look(
    bank: FakeBank,
    open_browser: Callable[..., Page],
    at: Callable[..., object],
):
    at(NOW)
    page = open_browser(reduced_motion="reduce")
    for message in messages(paid_stay(bank)):
        mail = compose(message)
        page.set_content(str(mail.alternatives[0].content))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            light = {}
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                look = (message.kind, width, scheme)
                found = _violations(page, {"runOnly": {"type": "rule", "values": READ}})
                assert found == [], look
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
                light[scheme] = picture_of(page)
            assert light["dark"] < 100 < light["light"], (message.kind, width)
