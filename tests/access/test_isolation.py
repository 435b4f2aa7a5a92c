"""Nobody reads or moves another house's things: every address of hosts, with its identifiers.

The addresses are walked from the resolver: a new one without a row in `ROWS` fails. A row is one
line: `own()` for an address without an identifier, `of(pk=lambda w: w.feed.pk)` for one with.
Every stranger tries every method, with everything that it could guess in the query and the body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from booking import house_exports, house_keys, team
from booking.basket import add_to_basket
from booking.channels import export as calendars
from booking.export_tables import TABLES
from booking.models import (
    BookingRequest,
    CapacityNeed,
    ChannelIncident,
    Closure,
    ExportLink,
    Feed,
    HookDelivery,
    NightEdit,
    Offer,
    Order,
    OrderLine,
    Participant,
    Resource,
    Review,
    Slot,
    Webhook,
    WidgetSite,
)
from booking.night_changes import OPEN, NightsChange
from booking.night_edits import apply_change, preview_change
from booking.papers import Document, PaperInput, give_paper
from booking.wishes import LineRequest
from members.journal import SYSTEM, Actor
from members.models import (
    Advantage,
    Entry,
    HouseExport,
    HouseKey,
    Invitation,
    Provider,
    ProviderRole,
    User,
)
from tests import factories
from tests.booking.requesting import a_request, asked_lodging
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order

pytestmark = pytest.mark.django_db

# What stands in everything that the house keeps for itself, and in its name.
SECRET, NAME = "Zzsecret", "Zzaubepine"
STRANGERS = ("anonymous", "visitor", "other_owner", "other_staff", "former", "office")
METHODS = ("get", "post", "put", "patch", "delete")
PREFIXES = ("pro/", "api/v1/pro/", "ical/", "gestion/inscriptions/")
KEY_ADDRESSES = "api:own-"
# The office reads papers and enrolments at its own desk.
DESK = "desk_enrolment:"
# And the page of an offer that is sent to it, before it decides.
READ_BY_THE_OFFICE = ("extranet-offer-preview",)
REFUSED = {403, 404, 405}
LED_TO_LOGIN = {302}


# --- Rows ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """How an address names what it is about: by what in its path, or by nothing."""

    kwargs: dict[str, Callable[[World], Any]] = field(default_factory=dict)
    # The members of the house themselves get this from a plain GET.
    inside: frozenset[int] = frozenset({200})


def own() -> Row:
    """Return the row of an address without an identifier: everybody gets their own there."""
    return Row()


def of(*inside: int, **kwargs: Callable[[World], Any]) -> Row:
    """Return the row of an address that names a thing of a house; `inside`: its members' GET."""
    return Row(kwargs, frozenset(inside or {200}))


def house(w: World) -> str:
    """Return how an address names the house."""
    return w.house.slug


def feed(w: World) -> int:
    """Return a calendar of another platform."""
    return w.feed.pk


def unit(w: World) -> int:
    """Return a lodging."""
    return w.line.unit_id or 0


BUTTON = 405
ROWS: dict[str, Row] = {
    "extranet-home": own(),
    "extranet-day": own(),
    "extranet-bookings": own(),
    "extranet-line": of(pk=lambda w: w.line.pk),
    "extranet-booking": of(reference=lambda w: w.order.reference),
    "extranet-calendar": own(),
    "extranet-nights": own(),
    "extranet-nights-undo": own(),
    "extranet-slots": own(),
    "extranet-slots-add": own(),
    "extranet-slot": of(pk=lambda w: w.slot.pk),
    "extranet-slot-call-off": of(pk=lambda w: w.slot.pk),
    "extranet-no-show": of(pk=lambda w: w.line.pk),
    "extranet-refund": of(pk=lambda w: w.line.pk),
    "extranet-counter": own(),
    "extranet-counter-nights": own(),
    "extranet-counter-cancel": of(404, pk=lambda w: w.line.pk),
    "extranet-talks": own(),
    "extranet-reviews": own(),
    "extranet-review-reply": of(pk=lambda w: w.review.pk),
    "extranet-talk": of(reference=lambda w: w.order.reference, house=house),
    "extranet-request": of(code=lambda w: w.asked.code),
    "extranet-accept": of(BUTTON, code=lambda w: w.asked.code),
    "extranet-decline": of(BUTTON, code=lambda w: w.asked.code),
    "extranet-resources": own(),
    "extranet-resource-add": own(),
    "extranet-resource": of(pk=lambda w: w.resource.pk),
    "extranet-offers": own(),
    "extranet-offer-new": own(),
    "extranet-offer": of(pk=lambda w: w.line.offer_id),
    "extranet-offer-move": of(BUTTON, pk=lambda w: w.line.offer_id),
    "extranet-offer-preview": of(pk=lambda w: w.line.offer_id),
    "extranet-offer-photos": of(pk=lambda w: w.line.offer_id),
    "extranet-offer-task": of(pk=lambda w: w.line.offer_id, code=lambda w: "texte"),
    "extranet-figures": own(),
    "extranet-figures-csv": own(),
    "extranet-needs": own(),
    "extranet-need-add": own(),
    "extranet-need": of(BUTTON, pk=lambda w: w.need.pk),
    "extranet-widget": own(),
    "extranet-widget-remove": of(BUTTON, pk=lambda w: w.site.pk),
    "extranet-notices": own(),
    "extranet-payouts": own(),
    "extranet-papers": own(),
    "extranet-seller-year": of(house=house, year=lambda w: 2027),
    "extranet-seller-year-csv": of(house=house, year=lambda w: 2027),
    "extranet-check-account": own(),
    "extranet-links": own(),
    "extranet-link-add": of(pk=unit),
    "extranet-link-share": of(BUTTON, pk=unit),
    "extranet-feed-refresh": of(BUTTON, pk=feed),
    "extranet-feed-pause": of(BUTTON, pk=feed),
    "extranet-feed-empty": of(BUTTON, pk=feed),
    "extranet-feed-remove": of(pk=feed),
    "extranet-incident": of(pk=lambda w: w.incident.pk),
    # Its token is all that it asks for: who has another one has nothing.
    "unit-calendar": of(404, token=lambda w: str(w.line.unit_id)),
    "extranet-open": own(),
    "extranet-checklist": own(),
    "extranet-submit": of(BUTTON, house=house),
    "extranet-paper": of(house=house, code=lambda w: "insurance"),
    "extranet-document": of(house=house, code=lambda w: "insurance"),
    "extranet-team": own(),
    "extranet-invite": of(BUTTON, house=house),
    "extranet-member": of(BUTTON, house=house, pk=lambda w: w.house.roles.earliest("pk").pk),
    "extranet-invitation-withdraw": of(BUTTON, house=house, pk=lambda w: w.invitation.pk),
    "extranet-invitation": own(),
    "extranet-advantages": own(),
    "extranet-advantage-add": of(BUTTON, house=house),
    "extranet-advantage-end": of(BUTTON, house=house, pk=lambda w: w.advantage.pk),
    "extranet-card": own(),
    "extranet-gift": own(),
    "extranet-keys": own(),
    "extranet-key-make": of(BUTTON, house=house),
    "extranet-key-revoke": of(BUTTON, house=house, pk=lambda w: w.key.pk),
    "extranet-webhooks": own(),
    "extranet-webhook-add": of(BUTTON, house=house),
    "extranet-webhook": of(pk=lambda w: w.hook.pk),
    "extranet-webhook-act": of(BUTTON, pk=lambda w: w.hook.pk, what=lambda w: "retirer"),
    "extranet-webhook-replay": of(BUTTON, pk=lambda w: w.delivery.pk),
    "extranet-exports": own(),
    "extranet-export-ask": of(BUTTON, house=house),
    "extranet-export": of(house=house, pk=lambda w: w.export.pk),
    "desk_enrolment:index": own(),
    "desk_enrolment:index_results": own(),
    "desk_enrolment:review": of(pk=lambda w: w.house.pk),
    "desk_enrolment:invite": of(pk=lambda w: w.house.pk),
    "desk_enrolment:document": of(pk=lambda w: w.house.papers.get(code="insurance").pk),
    "api:own-units": own(),
    "api:own-nights": of(pk=unit),
    "api:own-slots": own(),
    "api:own-slot": of(pk=lambda w: w.slot.pk),
    "api:own-bookings": own(),
    "api:own-booking": of(reference=lambda w: w.order.reference),
}


def addresses(
    patterns: list[Any] | None = None, namespace: str = "", prefix: str = ""
) -> Iterator[str]:
    """Give the name of every address that is about a house."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        where = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from addresses(one.url_patterns, inner, where)
        elif isinstance(one, URLPattern) and where.startswith(PREFIXES):
            yield f"{namespace}{one.name}"


def test_every_address_of_a_house_has_its_row():
    """Add `"<name>": own()` or `"<name>": of(pk=lambda w: …)` to ROWS for a new address."""
    assert set(addresses()) == set(ROWS)


def test_rows_name_what_their_addresses_take(world: World):
    for name, row in ROWS.items():
        assert world.address(name, row)


# --- Two houses ----------------------------------------------------------------------------------
@dataclass
class World:
    """A house with one of everything, each with its secret, and another house beside it."""

    house: Provider
    other: Provider
    order: Order
    line: OrderLine
    review: Review
    slot: Slot
    feed: Feed
    incident: ChannelIncident
    invitation: Invitation
    key: HouseKey
    hook: Webhook
    delivery: HookDelivery
    export: HouseExport
    edit: NightEdit
    asked: BookingRequest
    resource: Resource
    need: CapacityNeed
    advantage: Advantage
    site: WidgetSite
    users: dict[str, User | None]
    keys: dict[str, str]

    def address(self, name: str, row: Row) -> str:
        """Return the address of a row, about the first house."""
        return reverse(name, kwargs={key: give(self) for key, give in row.kwargs.items()})

    def client(self, who: str, name: str) -> Client:
        """Return a browser of that person, or a program with that person's key."""
        if name.startswith(KEY_ADDRESSES) and who in self.keys:
            return Client(headers={"Authorization": f"Bearer {self.keys[who]}"})
        client = Client()
        user = self.users[who]
        if user is not None:
            client.force_login(user)
        return client

    def guesses(self) -> dict[str, str]:
        """Return everything by which a form or an address could name the first house."""
        return {
            **dict.fromkeys(("maison", "provider", "house"), self.house.slug),
            **dict.fromkeys(("offre", "slug"), self.line.offer.slug),
            "offer": str(self.line.offer_id),
            "units": str(self.line.unit_id),
            "nuit": f"{self.line.unit_id}:2027-07-12",
            "edit": str(self.edit.pk),
            "pk": str(self.slot.pk),
            # The beginning of a secret: it may be repeated, what it would find may not.
            **dict.fromkeys(("q", "mots"), SECRET[:5]),
            "reference": self.order.reference,
            "first_night": "2027-08-01",
            "last_night": "2027-08-05",
            "du": "2027-07-01",
            "jour": "2027-07-12",
            "mois": "2027-07",
            "sale": "close",
            "reason": "x",
            "price": "1",
            "step": "apply",
            "wish": "stop",
            "is_paused": "1",
            "nights": "open",
            "remove": "1",
            "role": "owner",
            "email": "thief@example.org",
            "name": "thief",
            "scopes": "bookings:read",
            "days": "90",
            "address": "https://thief.example.org/x",
            "topics": "booking.confirmed",
            "capacity": "1",
            "outcome": "no_clash",
            "note": "x",
            "number": "1",
            "move": "suspend",
        }

    def state(self) -> str:
        """Return everything that the first house owns, as text."""
        rows: dict[str, Any] = {one.name: list(one.rows(self.house, NOW)) for one in TABLES}
        rows["links"] = list(ExportLink.objects.filter(unit=self.line.unit).values_list("token"))
        rows["deliveries"] = HookDelivery.objects.filter(webhook__provider=self.house).count()
        rows["exports"] = list(HouseExport.objects.filter(provider=self.house).values_list("state"))
        rows["edits"] = list(NightEdit.objects.filter(provider=self.house).values_list("undone_at"))
        subjects = [f"provider:{self.house.pk}", f"unit:{self.line.unit_id}"]
        rows["journal"] = Entry.objects.filter(subject__in=subjects).count()
        return json.dumps(rows, default=str, sort_keys=True)


@pytest.fixture
def world(bank: FakeBank, at, settings, tmp_path) -> World:
    at(NOW)
    settings.PRIVATE_ROOT = tmp_path
    settings.SEARCH_HORIZON_DAYS = 210
    mine, other = a_house(NAME), a_house("Autre")
    gite, workshop = mine.offers.get(kind="lodging"), mine.offers.get(kind="workshop")
    order, line, slot = sold(gite, workshop, bank)
    unit_of_it = line.unit
    assert unit_of_it is not None
    calendar = factories.a_feed(unit_of_it)
    Feed.objects.update(name=SECRET)
    incident = ChannelIncident.objects.create(
        unit=unit_of_it,
        feed=calendar,
        feed_name=SECRET,
        order_line=line,
        dates=(SATURDAY, NEXT_SATURDAY),
        note=SECRET,
        opened_at=NOW,
    )
    calendars.give_link(unit_of_it, actor=SYSTEM, now=NOW)
    paper = Document(f"{SECRET}.pdf", "application/pdf", f"%PDF-1 {SECRET} %%EOF".encode())
    give_paper(mine, "insurance", PaperInput(SECRET, SATURDAY, paper), actor=SYSTEM, now=NOW)
    owner = factories.a_host(mine)
    User.objects.filter(pk=owner.pk).update(email=f"{SECRET}@example.org")
    invitation = team.invite(
        mine,
        email=f"{SECRET}2@example.org",
        role="staff",
        language="fr",
        actor=Actor(SECRET),
        now=NOW,
    )
    hook = factories.a_webhook(mine)
    Webhook.objects.update(masked=SECRET)
    delivery = HookDelivery.objects.create(
        webhook=hook,
        event=uuid4(),
        topic="line.changed",
        data={"reference": SECRET},
        next_attempt_at=NOW + timedelta(days=1),
        happened_at=NOW,
    )
    edit = an_edit(mine, line, owner)
    export = house_exports.ask_export(mine, user=owner, now=NOW)
    house_exports.make_export(export.pk, now=NOW)
    users, keys = people_of(mine, other, owner)
    return World(
        house=mine,
        other=other,
        order=order,
        line=line,
        slot=slot,
        feed=calendar,
        incident=incident,
        invitation=invitation,
        key=HouseKey.objects.filter(provider=mine).earliest("pk"),
        hook=hook,
        delivery=delivery,
        export=export,
        edit=edit,
        asked=asked_of(mine),
        resource=factories.a_resource(mine, SECRET),
        need=a_need(gite),
        advantage=Advantage.objects.create(
            provider=mine,
            text_fr=SECRET,
            first_day=NOW.date(),
            last_day=NOW.date(),
            created_at=NOW,
        ),
        review=factories.a_review(line, words=SECRET, at=NOW),
        site=WidgetSite.objects.create(
            provider=mine, origin=f"https://{SECRET}.example.org", created_at=NOW
        ),
        users=users,
        keys=keys,
    )


def a_house(name: str) -> Provider:
    """Make a house with a lodging and a workshop."""
    secret = SECRET if name == NAME else "ours"
    owned = factories.a_provider(
        name=name, host_names=secret, legal_name=secret, activities=["furnished"]
    )
    lodging = factories.a_lodging(provider=owned, now=NOW, title=f"Gîte {secret}")
    workshop = factories.an_activity(
        kind="workshop", provider=owned, title=f"Atelier {secret}", title_en=secret
    )
    factories.a_slot(workshop, date(2027, 7, 13), time(14))
    Offer.objects.filter(pk=lodging.pk).update(title_en=secret, access_info_fr=secret)
    lodging.units.update(name_fr=secret)
    Closure.objects.create(
        unit=lodging.units.get(), dates=(date(2027, 9, 1), date(2027, 9, 8)), reason=secret
    )
    return owned


def sold(gite: Offer, workshop: Offer, bank: FakeBank) -> tuple[Order, OrderLine, Slot]:
    """Sell a week and some places; the guests' names are secrets."""
    slot = workshop.slots.get()
    basket = factories.a_basket()
    for wanted in (
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=(None, None),
        ),
        LineRequest(offer_id=workshop.pk, slot_id=slot.pk, ages=(None, None)),
    ):
        add_to_basket(basket, wanted, now=NOW)
    order = paid_order(basket, bank)
    Order.objects.filter(pk=order.pk).update(first_name=SECRET, phone=SECRET, needs=SECRET)
    Participant.objects.update(first_name=SECRET)
    return order, order.lines.select_related("offer", "unit").get(kind="lodging"), slot


def asked_of(owned: Provider) -> BookingRequest:
    """Ask the house for a week of a second lodging, under a secret name."""
    second = asked_lodging(provider=owned, title=f"Cabane {SECRET}")
    asked = a_request(second)
    BookingRequest.objects.filter(pk=asked.pk).update(first_name=SECRET, phone=SECRET)
    return asked


def a_need(gite: Offer) -> CapacityNeed:
    """Let the house want to fill some nights."""
    return CapacityNeed.objects.create(
        provider=gite.provider,
        offer=gite,
        quantity=3,
        floor_amount=40,
        max_redemptions=2,
        last_day=date(2027, 10, 1),
        created_at=NOW,
    )


def an_edit(owned: Provider, line: OrderLine, owner: User) -> NightEdit:
    """Change some nights, so that there is something to undo."""
    change = NightsChange(
        unit_ids=(line.unit_id or 0,),
        first_night=date(2027, 9, 1),
        ends_on=date(2027, 9, 3),
        sale=OPEN,
    )
    plan = preview_change(owned, change, now=NOW)
    return apply_change(owned, change, seen=plan.mark, actor=Actor.person(owner), now=NOW)


def people_of(
    mine: Provider, other: Provider, owner: User
) -> tuple[dict[str, User | None], dict[str, str]]:
    """Return everybody who tries, and what the programs of some of them send."""
    other_owner, other_staff, former = (
        factories.a_host(other),
        factories.a_user(),
        factories.a_host(mine),
    )
    ProviderRole.objects.create(user=other_staff, provider=other, role="staff")
    keys = {
        who: house_keys.make_key(
            whose,
            name=SECRET if whose == mine else "ours",
            scopes=HouseKey.Scope.values,
            last_day=date(2028, 4, 5),
            maker=maker,
            now=NOW,
        )[1]
        for who, whose, maker in (
            ("member", mine, owner),
            ("other_owner", other, other_owner),
            ("former", mine, former),
        )
    }
    left = mine.roles.get(user=former)
    team.remove_member(mine, left.pk, actor=SYSTEM, now=NOW)
    users: dict[str, User | None] = {
        "anonymous": None,
        "visitor": factories.a_user(),
        "other_owner": other_owner,
        "other_staff": other_staff,
        "former": former,
        "office": User.objects.create_superuser("bureau@example.org", "secret"),
        "member": owner,
    }
    return users, keys


# --- Trying --------------------------------------------------------------------------------------
def ask(client: Client, method: str, address: str, guesses: dict[str, str]) -> Any:
    """Send everything that a stranger could guess, as the method sends it."""
    if method == "get":
        return client.get(address, guesses)
    if method == "post":
        return client.post(address, guesses)
    return getattr(client, method)(address, json.dumps(guesses), content_type="application/json")


def traces(answer: Any, *, but_name: bool) -> list[str]:
    """Return which of the secrets stand in an answer, its headers too."""
    content = b"".join(answer) if answer.streaming else answer.content
    text = content.decode("utf-8", "replace") + str(dict(answer.headers))
    return [one for one in (SECRET, NAME) if one in text and not (but_name and one == NAME)]


def tried(world: World, who: str, rows: dict[str, Row]) -> list[tuple[str, str, int, list[str]]]:
    """Try these addresses as a stranger; return what answered as it must not."""
    wrong, guesses = [], world.guesses()
    for name, row in rows.items():
        client, address = world.client(who, name), world.address(name, row)
        answers = [(method, ask(client, method, address, guesses)) for method in METHODS]
        if not row.kwargs:
            answers.append(("plain get", client.get(address)))
        for method, answer in answers:
            # Whoever worked there knows its name.
            left = traces(answer, but_name=who == "former")
            if left or not is_refused(answer.status_code, row, name, who):
                wrong.append((name, method, answer.status_code, left))
    return wrong


@pytest.mark.long
@pytest.mark.parametrize("who", STRANGERS)
def test_stranger_learns_and_moves_nothing(world: World, who: str):
    read = (DESK, *READ_BY_THE_OFFICE) if who == "office" else ()
    rows = {name: row for name, row in ROWS.items() if not name.startswith(read)}
    before = world.state()
    assert tried(world, who, rows) == []
    assert world.state() == before


def test_a_forgotten_check_would_be_seen(world: World, monkeypatch):
    """Sentinel: with the check of one page taken away, reading and moving are both found."""
    monkeypatch.setattr(
        "booking.views.extranet_webhooks.webhook_for_owner",
        lambda _user, pk: Webhook.objects.select_related("provider").get(pk=pk),
    )
    names = ("extranet-webhook", "extranet-webhook-act")
    before = world.state()
    wrong = tried(world, "other_owner", {name: ROWS[name] for name in names})
    assert ("extranet-webhook", "get", 200, [SECRET, NAME]) in wrong
    assert world.state() != before


def is_refused(status: int, row: Row, name: str, who: str) -> bool:
    """Tell whether a status is that of somebody who has no business there."""
    if name.startswith(KEY_ADDRESSES):
        # A key of another house opens what is that house's own.
        has_key = who == "other_owner"
        return (
            status in ({404, 405} if row.kwargs else {200, 405, 422}) if has_key else status == 401
        )
    if name.startswith(DESK):
        return status in REFUSED | LED_TO_LOGIN
    if who == "anonymous":
        return status in REFUSED | LED_TO_LOGIN | ({200, 422} if not row.kwargs else set())
    return status in REFUSED if row.kwargs else status < 500


@pytest.mark.long
def test_member_who_is_removed_while_signed_in_is_out_at_the_next_request(world: World):
    owner = world.users["member"]
    assert owner is not None
    stays = factories.a_host(world.house)
    client = Client()
    client.force_login(owner)
    program = Client(headers={"Authorization": f"Bearer {world.keys['member']}"})

    def status_of(name: str, row: Row) -> Any:
        asker = program if name.startswith(KEY_ADDRESSES) else client
        return asker.get(world.address(name, row))

    rows = {name: row for name, row in ROWS.items() if not name.startswith(DESK)}
    # A change of nights is asked for with PUT and PATCH; a PATCH alone opens nothing to GET.
    came_in = {name: status_of(name, row).status_code for name, row in rows.items() if row.kwargs}
    expected = {name: row.inside for name, row in rows.items() if row.kwargs}
    expected["api:own-slot"] = frozenset({405})
    assert {name for name, status in came_in.items() if status not in expected[name]} == set()
    before = world.state()

    team.remove_member(
        world.house,
        world.house.roles.get(user=owner).pk,
        actor=Actor.person(stays),
        now=NOW,
    )

    after_removal, wrong, guesses = world.state(), [], world.guesses()
    assert after_removal != before
    for name, row in rows.items():
        asker = program if name.startswith(KEY_ADDRESSES) else client
        for method in ("get", "post"):
            answer = ask(asker, method, world.address(name, row), guesses)
            refused = {401} if name.startswith(KEY_ADDRESSES) else REFUSED
            is_right = answer.status_code in refused if row.kwargs else answer.status_code < 500
            left = traces(answer, but_name=True)
            if left or not is_right:
                wrong.append((name, method, answer.status_code, left))
    assert wrong == []
    assert world.state() == after_removal
