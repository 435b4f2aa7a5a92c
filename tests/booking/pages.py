"""What tests of the buying pages share: a visitor with a basket, a whole stay, addresses."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from html import unescape
from typing import Any

from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.access import BASKET_COOKIE
from booking.basket import add_to_basket
from booking.models import Basket, Offer, Order, Supplement
from booking.rules.pricing import OptionChoice
from booking.wishes import LineRequest
from tests import factories
from tests.cast import NEXT_SATURDAY, NOW, SATURDAY, FakeBank, paid_order
from tests.replay import TEXTS, replayed, replayed_beside

DUPONT = (None, None, 5, 10)
CONTACT = {
    "first_name": "Claire",
    "last_name": "Dupont",
    "email": "claire.dupont@example.org",
    "phone": "06 12 34 56 78",
}


def body(response: Any) -> str:
    """Return a page as it reads: entities as signs, no-break spaces as spaces."""
    text = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def address(name: str, *args: Any) -> str:
    """Return the English address of a page: source texts are English."""
    with override("en"):
        return reverse(name, args=args)


def carry(client: Client, basket: Basket) -> Basket:
    """Give the key of a basket to a visitor."""
    signer = signing.get_cookie_signer(salt=BASKET_COOKIE)
    client.cookies[BASKET_COOKIE] = signer.sign(basket.token)
    return basket


def a_week(**fields: Any) -> Offer:
    """Make a gîte of 760 euros a week, 15.40 of tourist tax beside (vector T1)."""
    values = {"night": "100", "cleaning": "60", "now": NOW, "title": "Le Gîte des Narces"}
    values |= {"title_en": "The Narces Cottage", "access_info": "The key is under the stone."}
    # The active language is that of the last page asked for: a title goes to its column.
    with override("fr"):
        return factories.a_lodging(**{**values, **fields})


def linen(offer: Offer) -> None:
    """Let up to six pairs of sheets be asked for, ten euros each."""
    Supplement.objects.create(
        offer=offer, code="draps", name="Draps", basis="item", amount=Decimal(10), max_quantity=6
    )


def hold_week(
    basket: Basket, offer: Offer, *, options: tuple[OptionChoice, ...] = (), now: datetime = NOW
) -> None:
    """Put the Duponts' week in July into a basket."""
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.first().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=DUPONT,
        options=options,
    )
    add_to_basket(basket, request, now=now)


def hold_place(
    basket: Basket,
    title: str,
    *,
    kind: str = "workshop",
    day: int = 12,
    hour: int = 14,
    **fields: Any,
) -> Offer:
    """Put places for the Duponts in something of July, 96 euros, into a basket."""
    with override("fr"):
        offer = factories.an_activity(kind=kind, title=title, title_en=title, **fields)
    slot = factories.a_slot(offer, date(2027, 7, day), time(hour))
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=DUPONT)
    add_to_basket(basket, request, now=NOW)
    return offer


def dupont_stay(client: Client) -> Basket:
    """Give a visitor the whole stay: gîte, workshop, evening and dinner, 1063.40 euros."""
    return carry(client, _dupont_stay())


@replayed_beside(*TEXTS)
def _dupont_stay() -> Basket:
    basket = factories.a_basket(language="en")
    hold_week(basket, a_week())
    hold_place(basket, "First stitches of lace", day=12)
    hold_place(basket, "Choir and great organ", kind="event_ticket", day=13, hour=21)
    hold_place(basket, "Solange’s table", kind="meal", day=14, hour=19)
    basket.refresh_from_db()
    return basket


@replayed
def paid_stay(bank: FakeBank) -> Order:
    """Give the whole stay of the Duponts, paid."""
    return paid_order(_dupont_stay(), bank)


TOTAL = Decimal("1063.40")


def checkout_form(basket: Basket, **fields: Any) -> dict[str, Any]:
    """Return what the Duponts type at checkout."""
    form: dict[str, Any] = {**CONTACT, "buyer_comes": "on", "arrival_time": "17:30"}
    for row in basket.people:
        form[f"{row['key']}_first"] = f"First{row['key']}"
        form[f"{row['key']}_last"] = "Dupont"
    form |= {"needs": "A nut allergy", "terms": "1", "terms_version": "test-1"}
    # Asked for a package only; ignored for another stay.
    form |= {"package_form": "1", "package_form_version": "form-1"}
    form["shown_total"] = str(TOTAL)
    return {name: value for name, value in {**form, **fields}.items() if value is not None}
