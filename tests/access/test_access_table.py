"""One table: every address of ours, and what each kind of user gets there.

A new address without a row fails: nothing is public by oversight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from booking.basket import add_to_basket
from booking.models import (
    Basket,
    BasketLine,
    BookingRequest,
    ChannelIncident,
    ExportLink,
    Feed,
    Meeting,
    Offer,
    Order,
    OrderLine,
    ReadyStay,
    Resource,
)
from booking.papers import Document, PaperInput, give_paper
from booking.wishes import LineRequest
from destination.models import LegalText, Pole, ThemePage
from events.models import Event, Session
from members.journal import SYSTEM
from members.models import User
from tests import factories
from tests.booking.relations.greeting import an_agreed
from tests.booking.relations.inviting import an_ambassador
from tests.booking.requesting import ask
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order
from tests.destination.cms import a_page

pytestmark = pytest.mark.django_db

# Who asks: nobody known, a signed-in visitor, the host of the sold lodging, another host, the
# office, and the buyer who followed the order's link.
CAST = ("anonymous", "visitor", "host", "other_host", "office", "buyer")
MOST_STATEMENTS = 30
OF_REQUESTS = (
    *("booking:request", "booking:request-pay", "booking:request-withdraw"),
    *("extranet-request", "extranet-accept", "extranet-decline"),
)
OF_MEETINGS = (
    *(f"booking:meeting{one}" for one in ("", "-confirm", "-write", "-cancel", "-felt", "-ics")),
    "space-greeter-ask",
)
FEED_ACTIONS = ("refresh", "pause", "empty", "remove")
EVERYBODY = dict.fromkeys(CAST, 200)
POST_ONLY = dict.fromkeys(CAST, 405)
HIDDEN = dict.fromkeys(CAST, 404)
KEY_ONLY = dict.fromkeys(CAST, 401)
ORDER_PAGE = {**HIDDEN, "office": 200, "buyer": 200}
SIGNED_IN = {**EVERYBODY, "anonymous": 302, "buyer": 302}
OF_ITS_HOST = {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200}

TABLE: dict[str, dict[str, int]] = {
    "root": dict.fromkeys(CAST, 302),
    "health": EVERYBODY,
    "robots": EVERYBODY,
    "share-image": EVERYBODY,
    "site-map": EVERYBODY,
    "site-search": EVERYBODY,
    "favicon": dict.fromkeys(CAST, 301),
    "sitemap-index": EVERYBODY,
    "sitemap": EVERYBODY,
    "destination:home": EVERYBODY,
    "destination:pole": EVERYBODY,
    "destination:legal": EVERYBODY,
    "destination:map-ground": EVERYBODY,
    "destination:page": EVERYBODY,
    "wagtail_serve": EVERYBODY,
    "events:agenda": EVERYBODY,
    "events:agenda-month": EVERYBODY,
    "events:agenda-ics": EVERYBODY,
    "events:event": EVERYBODY,
    "booking:stays": EVERYBODY,
    "booking:stay-offer": EVERYBODY,
    "booking:experiences": EVERYBODY,
    "booking:experience-offer": EVERYBODY,
    "booking:ready-stays": EVERYBODY,
    "booking:ready-stay": EVERYBODY,
    "booking:compose": EVERYBODY,
    "booking:stay-adopt": POST_ONLY,
    "booking:my-stay": EVERYBODY,
    "booking:ideas": EVERYBODY,
    "booking:ranking": EVERYBODY,
    "booking:reviews": EVERYBODY,
    "booking:offer-reviews": EVERYBODY,
    "booking:review-report": EVERYBODY,
    "booking:map": EVERYBODY,
    "booking:widget": EVERYBODY,
    "booking:widget-basket": POST_ONLY,
    # Without the key of a basket there is nothing to go on with.
    "booking:widget-onward": dict.fromkeys(CAST, 303),
    "booking:line-add": POST_ONLY,
    "booking:hold-extend": POST_ONLY,
    "booking:hold-renew": POST_ONLY,
    # A line of somebody else's basket.
    "booking:line-edit": HIDDEN,
    "booking:line-minding": HIDDEN,
    "booking:line-for-two": HIDDEN,
    # A ticket: something that two may go to.
    "booking:for-two": EVERYBODY,
    "booking:pair-add": POST_ONLY,
    "booking:comes-by": POST_ONLY,
    "booking:line-remove": POST_ONLY,
    "booking:line-accept": POST_ONLY,
    # Without a stay of one's own there is nothing to book.
    "booking:checkout": dict.fromkeys(CAST, 303),
    "booking:payment-return": ORDER_PAGE,
    "booking:payment-back": ORDER_PAGE,
    "booking:payment-retry": POST_ONLY,
    "booking:order-reopen": POST_ONLY,
    "booking:trip": ORDER_PAGE,
    "booking:receipt": ORDER_PAGE,
    "booking:trip-cancel": ORDER_PAGE,
    "booking:trip-coming": ORDER_PAGE,
    "booking:trip-ics": ORDER_PAGE,
    "booking:talk": ORDER_PAGE,
    "booking:survey": ORDER_PAGE,
    "booking:complaint": ORDER_PAGE,
    # No sheet goes with a lodging; tests/booking/test_care_sheet.py has the childcare.
    "booking:care-sheet": HIDDEN,
    # Asked for with the order: who opens the one may open the other.
    "booking:request": ORDER_PAGE,
    "booking:request-pay": POST_ONLY,
    "booking:request-withdraw": POST_ONLY,
    "booking:letter": EVERYBODY,
    # Without the key of a mail there is nothing to confirm.
    "booking:letter-confirm": dict.fromkeys(CAST, 410),
    "booking:letter-mine": POST_ONLY,
    # Its address is a key; tests/booking/relations/test_letters.py opens it.
    "booking:letter-choices": HIDDEN,
    "letter-stop": EVERYBODY,
    "booking:ambassadors": EVERYBODY,
    "events:friend": EVERYBODY,
    # Its own link opens it, and no other; tests/booking/relations/test_page_gift.py follows one.
    "booking:gift": HIDDEN,
    "booking:gift-voucher": HIDDEN,
    "booking:own-data": EVERYBODY,
    # Its address is a key; tests/booking/relations/test_quiet_campaigns.py opens it.
    "booking:quiet-offer": HIDDEN,
    "booking:greeters": EVERYBODY,
    "booking:greeter": EVERYBODY,
    "booking:greeter-ask": EVERYBODY,
    # Its own link opens it, and no other.
    "booking:meeting": {**HIDDEN, "office": 200},
    "booking:meeting-confirm": POST_ONLY,
    "booking:meeting-write": POST_ONLY,
    "booking:meeting-cancel": POST_ONLY,
    "booking:meeting-felt": POST_ONLY,
    "booking:meeting-ics": {**HIDDEN, "office": 200},
    # Who has proved no address is led to do so.
    "space-data": {**dict.fromkeys(CAST, 303), "anonymous": 302, "buyer": 302},
    "space-close": {**dict.fromkeys(CAST, 303), "anonymous": 302, "buyer": 302},
    "space-greeter": SIGNED_IN,
    "space-greeter-profile": SIGNED_IN,
    # The host of the lodging is a greeter too.
    "space-greeter-portrait": OF_ITS_HOST,
    "space-greeter-charter": OF_ITS_HOST,
    "space-greeter-submit": POST_ONLY,
    "space-greeter-away": POST_ONLY,
    "space-greeter-ask": OF_ITS_HOST,
    "space-greeter-act": POST_ONLY,
    "booking:find-order": EVERYBODY,
    "booking:account": SIGNED_IN,
    "webhook-stripe": POST_ONLY,
    "webhook-mail": POST_ONLY,
    "extranet-home": SIGNED_IN,
    "extranet-line": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-day": SIGNED_IN,
    "extranet-bookings": SIGNED_IN,
    "extranet-booking": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-no-show": OF_ITS_HOST,
    "extranet-refund": OF_ITS_HOST,
    "extranet-counter": SIGNED_IN,
    "extranet-counter-nights": POST_ONLY,
    # What this site sold is cancelled by the office; tests/booking/test_counter.py has the rest.
    "extranet-counter-cancel": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "extranet-talks": SIGNED_IN,
    "extranet-reviews": SIGNED_IN,
    "extranet-review-reply": OF_ITS_HOST,
    "extranet-talk": OF_ITS_HOST,
    "extranet-request": OF_ITS_HOST,
    "extranet-accept": POST_ONLY,
    "extranet-decline": POST_ONLY,
    "extranet-calendar": SIGNED_IN,
    # Without the name of one's own provider there is nothing to change.
    "extranet-nights": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-nights-undo": POST_ONLY,
    "extranet-slots": SIGNED_IN,
    # The host of the lodging has nothing with dates, and is led back; the date is another host's.
    "extranet-slots-add": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 303},
    "extranet-slot": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "extranet-slot-call-off": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "extranet-resources": SIGNED_IN,
    "extranet-resource-add": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-resource": OF_ITS_HOST,
    "extranet-offers": SIGNED_IN,
    "extranet-offer-new": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-offer": OF_ITS_HOST,
    "extranet-offer-task": OF_ITS_HOST,
    "extranet-offer-photos": OF_ITS_HOST,
    # The office reads before it decides.
    "extranet-offer-preview": {**OF_ITS_HOST, "office": 200},
    "extranet-offer-move": POST_ONLY,
    "extranet-payouts": SIGNED_IN,
    "extranet-seller-year": OF_ITS_HOST,
    "extranet-seller-year-csv": OF_ITS_HOST,
    "extranet-figures": SIGNED_IN,
    # Without one's own house there is no table.
    "extranet-figures-csv": {**SIGNED_IN, "visitor": 404, "office": 404},
    "extranet-needs": SIGNED_IN,
    "extranet-need-add": OF_ITS_HOST,
    "extranet-need": POST_ONLY,
    "extranet-widget": SIGNED_IN,
    "extranet-widget-remove": POST_ONLY,
    "extranet-links": SIGNED_IN,
    "extranet-link-add": OF_ITS_HOST,
    "extranet-link-share": POST_ONLY,
    "extranet-feed-refresh": POST_ONLY,
    "extranet-feed-pause": POST_ONLY,
    "extranet-feed-empty": POST_ONLY,
    "extranet-feed-remove": OF_ITS_HOST,
    "extranet-incident": OF_ITS_HOST,
    "unit-calendar": EVERYBODY,
    "extranet-papers": POST_ONLY,
    "extranet-check-account": POST_ONLY,
    "booking:host": EVERYBODY,
    "extranet-open": SIGNED_IN,
    "extranet-checklist": SIGNED_IN,
    "extranet-submit": POST_ONLY,
    # The host owns the house that is named; the office reads the documents at its own desk.
    "extranet-paper": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-document": {**HIDDEN, "anonymous": 302, "buyer": 302, "host": 200},
    "extranet-team": SIGNED_IN,
    "extranet-notices": SIGNED_IN,
    "extranet-invite": POST_ONLY,
    "extranet-member": POST_ONLY,
    "extranet-invitation-withdraw": POST_ONLY,
    # Without having followed a link there is no invitation.
    "extranet-invitation": HIDDEN,
    "extranet-keys": SIGNED_IN,
    "extranet-key-make": POST_ONLY,
    "extranet-key-revoke": POST_ONLY,
    "extranet-exports": SIGNED_IN,
    "extranet-export-ask": POST_ONLY,
    # There is no such file yet; tests/booking/test_house_exports.py has one.
    "extranet-export": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "extranet-webhooks": SIGNED_IN,
    "extranet-webhook-add": POST_ONLY,
    "extranet-webhook": OF_ITS_HOST,
    "extranet-webhook-act": POST_ONLY,
    "extranet-webhook-replay": POST_ONLY,
    # A household's own pages name nobody's: who has none is asked, or finds nothing.
    "space-home": {**SIGNED_IN, "visitor": 303, "host": 303, "other_host": 303, "office": 303},
    "residence": SIGNED_IN,
    "residence-declare": POST_ONLY,
    "residence-proof": POST_ONLY,
    "residence-move": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "residence-invite": POST_ONLY,
    "residence-withdraw": POST_ONLY,
    "residence-leave": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "residence-invitation": HIDDEN,
    # Without a household it leads to where one says which it is.
    "presences": {**dict.fromkeys(CAST, 303), "anonymous": 302, "buyer": 302},
    "presence-add": POST_ONLY,
    "presence-now": POST_ONLY,
    "presence-remove": POST_ONLY,
    "resident-card": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "resident-card-renew": POST_ONLY,
    # Who isn't an ambassador may become one, and has neither cards nor a notebook.
    "invite": SIGNED_IN,
    "invite-join": POST_ONLY,
    "invite-cards": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "invite-leave": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "missions": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "mission": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "mission-take": POST_ONLY,
    "mission-give-back": POST_ONLY,
    "notebook": {**HIDDEN, "anonymous": 302, "buyer": 302},
    "notebook-page": POST_ONLY,
    "notebook-add": POST_ONLY,
    "notebook-drop": POST_ONLY,
    "notebook-move": POST_ONLY,
    "notebook-submit": POST_ONLY,
    "extranet-advantages": SIGNED_IN,
    "extranet-advantage-add": POST_ONLY,
    "extranet-advantage-end": POST_ONLY,
    "extranet-card": SIGNED_IN,
    "extranet-gift": SIGNED_IN,
    "members:home": SIGNED_IN,
    "members:protect": SIGNED_IN,
    "members:prove": dict.fromkeys(CAST, 302),
    "members:sessions-end": POST_ONLY,
    "after-login": dict.fromkeys(CAST, 302),
    # The API asks for no session: a basket's token and an order's key open each their own.
    "api:stays": dict.fromkeys(CAST, 422),
    "api:offers": EVERYBODY,
    "api:offer": EVERYBODY,
    "api:availability": EVERYBODY,
    "api:baskets": POST_ONLY,
    "api:basket": HIDDEN,
    "api:lines": POST_ONLY,
    "api:line": POST_ONLY,
    "api:pairs": HIDDEN,
    "api:friend": POST_ONLY,
    "api:extend": POST_ONLY,
    "api:checkout": POST_ONLY,
    "api:order": HIDDEN,
    # A house's own program comes with its key, nobody with a session.
    "api:own-units": KEY_ONLY,
    "api:own-nights": KEY_ONLY,
    "api:own-slots": KEY_ONLY,
    "api:own-slot": KEY_ONLY,
    "api:own-bookings": KEY_ONLY,
    "api:own-booking": KEY_ONLY,
    "api:schema": EVERYBODY,
    "api:nowhere": HIDDEN,
    "media": HIDDEN,
}
# Where more than one answer is right for what the address says.
ALSO = {
    ("booking:payment-back", "buyer"): {302, 303},
    ("booking:payment-back", "office"): {302, 303},
    ("booking:checkout", "*"): {200, 302},
    ("root", "*"): {301},
    ("after-login", "*"): {303},
}
NOT_OURS = ("wagtail", "account_", "mfa_", "django-admin", "mailbox:")
PREFIXES_NOT_OURS = ("gestion/", "documents/", "compte/")


def names_of(patterns: list[Any], namespace: str = "", prefix: str = "") -> set[str]:
    """Return the names of our addresses."""
    found: set[str] = set()
    for one in patterns:
        where = prefix + str(one.pattern)
        is_others = not namespace and where.startswith(PREFIXES_NOT_OURS)
        is_others = is_others and not getattr(one, "namespace", None)
        if is_others and not where.startswith("compte/suite/"):
            continue
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            found |= names_of(
                one.url_patterns, inner, "" if "LocalePrefix" in repr(one.pattern) else where
            )
        elif isinstance(one, URLPattern) and one.name:
            found.add(f"{namespace}{one.name}")
    return found


@dataclass
class World:
    """One paid order and one stranger's basket, with an address for each name."""

    order: Order
    foreign_line: BasketLine
    feed: Feed
    resource: Resource
    asked: BookingRequest
    meeting: Meeting
    users: dict[str, User | None]

    @cached_property
    def arguments(self) -> dict[str, dict[str, Any]]:
        """Return what each address says, by its name."""
        line, ticket = self.lodging, self.order.lines.get(kind="event_ticket")
        return {
            "sitemap": {"section": "offers"},
            "destination:pole": {"slug": Pole.objects.first().slug},
            "share-image": {"name": "gite"},
            "destination:page": {"path": "bien-etre/"},
            "destination:legal": {"kind": LegalText.Kind.TERMS.value},
            "events:agenda-month": {"year": 2027, "month": 7},
            "events:event": {"slug": Event.objects.get().slug},
            "booking:stay-offer": {"slug": line.offer.slug},
            "booking:experience-offer": {"slug": ticket.offer.slug},
            "booking:ready-stay": {"slug": ReadyStay.objects.get().slug},
            "booking:line-edit": {"pk": self.foreign_line.pk},
            "booking:line-minding": {"pk": self.foreign_line.pk},
            "booking:line-for-two": {"pk": self.foreign_line.pk},
            "booking:for-two": {"slug": ticket.offer.slug},
            "booking:line-remove": {"pk": self.foreign_line.pk},
            "booking:line-accept": {"pk": self.foreign_line.pk},
            "booking:care-sheet": {"reference": self.order.reference, "pk": line.pk},
            **{name: {"code": self.asked.code} for name in OF_REQUESTS},
            **{name: {"code": self.meeting.code} for name in OF_MEETINGS},
            "events:friend": {"code": an_ambassador().code.lower()},
            "booking:greeter": {"slug": self.meeting.greeter.slug},
            "space-greeter-act": {"code": self.meeting.code, "what": "refuser"},
            "booking:offer-reviews": {"slug": line.offer.slug},
            "booking:review-report": {"pk": line.answer.review.pk},
            "extranet-review-reply": {"pk": line.answer.review.pk},
            "extranet-line": {"pk": line.pk},
            "extranet-no-show": {"pk": line.pk},
            "extranet-refund": {"pk": line.pk},
            "extranet-counter-cancel": {"pk": line.pk},
            **{
                name: {"reference": self.order.reference, "house": line.offer.provider.slug}
                for name in ("extranet-talk", "booking:talk")
            },
            "extranet-booking": {"reference": self.order.reference},
            "extranet-slot": {"pk": ticket.slot_id},
            "extranet-slot-call-off": {"pk": ticket.slot_id},
            "extranet-need": {"pk": 1},
            "extranet-widget-remove": {"pk": 1},
            "booking:widget": {"house": line.offer.provider.slug},
            "booking:widget-basket": {"house": line.offer.provider.slug},
            "booking:widget-onward": {"house": line.offer.provider.slug},
            "extranet-resource": {"pk": self.resource.pk},
            "extranet-link-add": {"pk": line.unit_id},
            "extranet-link-share": {"pk": line.unit_id},
            **{f"extranet-feed-{one}": {"pk": self.feed.pk} for one in FEED_ACTIONS},
            "extranet-offer": {"pk": line.offer_id},
            "extranet-offer-task": {"pk": line.offer_id, "code": "texte"},
            "extranet-offer-photos": {"pk": line.offer_id},
            "extranet-offer-preview": {"pk": line.offer_id},
            "extranet-offer-move": {"pk": line.offer_id},
            "extranet-incident": {"pk": self.feed.incidents.get().pk},
            "booking:letter-choices": {"token": "nobody-s"},
            "letter-stop": {"token": "nobody-s", "purpose": "news"},
            "booking:gift": {"pk": 1},
            "booking:gift-voucher": {"pk": 1},
            "booking:quiet-offer": {"code": "nobody-s"},
            "unit-calendar": {"token": self.feed.unit.export_link.token},
            **{
                name: {"house": line.offer.provider.slug, "year": 2027}
                for name in ("extranet-seller-year", "extranet-seller-year-csv")
            },
            "extranet-submit": {"house": line.offer.provider.slug},
            "extranet-paper": {"house": line.offer.provider.slug, "code": "insurance"},
            "extranet-document": {"house": line.offer.provider.slug, "code": "insurance"},
            "extranet-invite": {"house": line.offer.provider.slug},
            "extranet-member": {"house": line.offer.provider.slug, "pk": 1},
            "extranet-invitation-withdraw": {"house": line.offer.provider.slug, "pk": 1},
            "extranet-export-ask": {"house": line.offer.provider.slug},
            "extranet-export": {"house": line.offer.provider.slug, "pk": 1},
            "extranet-webhook-add": {"house": line.offer.provider.slug},
            "extranet-webhook": {"pk": factories.a_webhook(line.offer.provider).pk},
            "extranet-webhook-act": {"pk": 1, "what": "tester"},
            "extranet-webhook-replay": {"pk": 1},
            "residence-withdraw": {"pk": 1},
            "presence-remove": {"pk": 1},
            "extranet-advantage-add": {"house": line.offer.provider.slug},
            "extranet-advantage-end": {"house": line.offer.provider.slug, "pk": 1},
            "extranet-key-make": {"house": line.offer.provider.slug},
            "extranet-key-revoke": {"house": line.offer.provider.slug, "pk": 1},
            "media": {"path": "rien.jpg"},
            "api:offer": {"slug": line.offer.slug},
            "api:availability": {"slug": line.offer.slug},
            "api:basket": {"token": "x" * 32},
            "api:lines": {"token": "x" * 32},
            "api:extend": {"token": "x" * 32},
            "api:checkout": {"token": "x" * 32},
            "api:line": {"token": "x" * 32, "pk": self.foreign_line.pk},
            "api:pairs": {"token": "x" * 32, "pk": self.foreign_line.pk},
            "api:friend": {"token": "x" * 32},
            **{f"mission{one}": {"pk": 1} for one in ("", "-take", "-give-back")},
            "api:order": {"reference": self.order.reference},
            "api:own-nights": {"pk": line.unit_id},
            "api:own-slot": {"pk": ticket.slot_id},
            "api:own-booking": {"reference": self.order.reference},
            "api:nowhere": {"rest": "v1/rien"},
        }

    @cached_property
    def lodging(self) -> OrderLine:
        """Return the line of the sold lodging."""
        return self.order.lines.get(kind="lodging")

    def address(self, name: str) -> str:
        """Return the address of a name, with the arguments that it needs."""
        line = self.lodging
        about_order = {
            "booking:payment-return",
            "booking:payment-back",
            "booking:payment-retry",
            "booking:order-reopen",
            "booking:trip",
            "booking:receipt",
            "booking:trip-cancel",
            "booking:trip-coming",
            "booking:trip-ics",
            "booking:survey",
            "booking:complaint",
        }
        by_house = {
            *("extranet-nights", "extranet-slots-add", "extranet-resource-add"),
            "extranet-offer-new",
        }
        if name in by_house:
            return f"{reverse(name)}?provider={line.offer.provider.slug}"
        if name == "extranet-need-add":
            return f"{reverse(name)}?offre={line.offer.slug}"
        if name == "extranet-figures-csv":
            return f"{reverse(name)}?periode=2027-07"
        if name == "wagtail_serve":
            return reverse(name, args=["bien-etre/"])
        if name in about_order:
            return reverse(name, kwargs={"reference": self.order.reference})
        return reverse(name, kwargs=self.arguments.get(name))

    def client(self, who: str) -> Client:
        """Return a browser of that person."""
        client = Client()
        user = self.users[who]
        if user is not None:
            client.force_login(user)
        if who == "buyer":
            trip = reverse("booking:trip", kwargs={"reference": self.order.reference})
            answer = client.get(trip, {"cle": self.order.access_token})
            assert answer.status_code in {302, 303}
        return client


@pytest.fixture
def world(bank: FakeBank, at, settings, tmp_path) -> World:
    at(NOW)
    settings.PRIVATE_ROOT = tmp_path
    factories.terms()
    a_page(ThemePage, slug="bien-etre")
    gite = factories.a_lodging(now=NOW)
    evening = factories.an_activity(kind="event_ticket")
    slot = factories.a_slot(evening, date(2027, 7, 13), time(21))
    ready = factories.a_ready_stay()
    factories.a_ready_step(ready, 1, gite)
    event = Event.objects.create(
        slug="soiree",
        state="published",
        title="Soirée",
        summary="Un soir.",
        organiser=evening.provider,
        commune=evening.commune,
        ticket_offer=evening,
    )
    Session.objects.create(event=event, slot=slot, starts_at=slot.starts_at, ends_at=slot.ends_at)
    basket = factories.a_basket()
    for request in (
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, 5),
        ),
        LineRequest(offer_id=evening.pk, slot_id=slot.pk, ages=(None, 5)),
    ):
        add_to_basket(basket, request, now=NOW)
    order = paid_order(basket, bank)
    factories.a_review(order.lines.get(kind="lodging"), at=NOW)
    stranger = factories.a_basket()
    foreign = add_to_basket(
        stranger, LineRequest(offer_id=evening.pk, slot_id=slot.pk, ages=(None,)), now=NOW
    )
    give_paper(
        gite.provider,
        "insurance",
        PaperInput("Maif 1", NEXT_SATURDAY, Document("rc.pdf", "application/pdf", b"%PDF-1 %%EOF")),
        actor=SYSTEM,
        now=NOW,
    )
    host = factories.a_host(gite.provider)
    return World(
        order=order,
        meeting=an_agreed(user=host),
        foreign_line=foreign,
        feed=a_linked_unit(order),
        resource=factories.a_resource(gite.provider),
        asked=asked_with(order, gite),
        users={
            "anonymous": None,
            "visitor": factories.a_user(),
            "host": host,
            "other_host": factories.a_host(factories.a_provider()),
            "office": User.objects.create_superuser("bureau@example.org", "secret"),
            "buyer": None,
        },
    )


def asked_with(order: Order, offer: Offer) -> BookingRequest:
    """Ask the host of the sold lodging for a week more, with the order."""
    offer.confirmation = Offer.Confirmation.ON_REQUEST
    offer.save()
    week = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=NEXT_SATURDAY,
        departure=NEXT_SATURDAY + timedelta(days=7),
        ages=(None,),
    )
    basket = factories.a_basket()
    add_to_basket(basket, week, now=NOW)
    (request,) = ask(basket)
    request.came_with = order
    request.save()
    return request


def a_linked_unit(order: Order) -> Feed:
    """Link the sold lodging to a calendar that took its nights too; share its own."""
    line = order.lines.get(kind="lodging")
    feed = factories.a_feed(line.unit)
    ExportLink.objects.create(unit=line.unit, token="k" * 32, created_at=NOW)
    ChannelIncident.objects.create(
        unit=line.unit,
        feed=feed,
        feed_name=feed.name,
        order_line=line,
        dates=(SATURDAY, NEXT_SATURDAY),
        opened_at=NOW,
    )
    return feed


def test_every_address_has_its_row():
    assert names_of(get_resolver().url_patterns) == set(TABLE)


@pytest.mark.parametrize("who", CAST)
def test_each_user_gets_what_the_table_says_in_thirty_statements_at_most(world: World, who: str):
    client = world.client(who)
    wrong, slow = {}, {}
    # Robots only read: no page begins a basket by being looked at.
    baskets = set(Basket.objects.values_list("pk", flat=True))
    for name, row in TABLE.items():
        page = world.address(name)
        with CaptureQueriesContext(connection) as asked:
            status = client.get(page).status_code
        right = {row[who]} | ALSO.get((name, who), set()) | ALSO.get((name, "*"), set())
        if status not in right:
            wrong[name] = (status, row[who])
        if len(asked) > MOST_STATEMENTS:
            slow[name] = len(asked)
    assert (wrong, slow) == ({}, {})
    assert set(Basket.objects.values_list("pk", flat=True)) == baskets


@pytest.mark.parametrize("name", ["booking:line-remove", "booking:line-accept"])
def test_nobody_touches_a_line_of_somebody_elses_basket(world: World, name: str):
    for who in CAST:
        world.client(who).post(world.address(name))

    world.foreign_line.refresh_from_db()
    assert BasketLine.objects.filter(pk=world.foreign_line.pk).exists()


@pytest.mark.parametrize(
    "name",
    [
        "extranet-link-add",
        "extranet-link-share",
        *(f"extranet-feed-{one}" for one in FEED_ACTIONS),
        "extranet-incident",
    ],
)
def test_nobody_touches_the_calendars_of_another_host(world: World, name: str):
    for who in ("anonymous", "visitor", "other_host"):
        answer = world.client(who).post(world.address(name), {"wish": "stop", "nights": "open"})
        assert answer.status_code == (302 if who == "anonymous" else 404), who
    assert Feed.objects.get() == world.feed
    assert ExportLink.objects.exists()


def test_link_with_a_wrong_key_opens_nothing(world: World):
    client = Client()
    trip = world.address("booking:trip")

    assert client.get(trip, {"cle": "x" * 32}).status_code == 404
    assert client.get(trip, {"cle": ""}).status_code == 404
    assert client.get(trip).status_code == 404


def test_link_ends_a_year_after_the_stay(world: World, at):
    trip = world.address("booking:trip")
    at("2028-07-16 09:00")
    assert Client().get(trip, {"cle": world.order.access_token}).status_code in {302, 303}
    at("2028-07-16 11:00")
    assert Client().get(trip, {"cle": world.order.access_token}).status_code == 404


def test_forged_cookie_finds_no_basket(world: World):
    client = Client()
    client.cookies["sejour"] = world.foreign_line.basket.token

    page = client.get(reverse("booking:my-stay"))

    assert page.status_code == 200
    assert world.foreign_line.offer.title not in page.content.decode()


def test_host_reads_nothing_of_another_host(world: World):
    evening = world.order.lines.get(kind="event_ticket").offer.title
    page = world.client("host").get(world.address("extranet-line")).content.decode()

    assert evening not in page
    assert world.order.email not in page or "mailto" not in page
