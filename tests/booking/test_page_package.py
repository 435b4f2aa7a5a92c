"""A package on the pages: told live, its form asked apart, what a buyer keeps of it."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from booking import basket as baskets
from booking import checkout as buying
from booking.emails import compose
from booking.models import Basket, Order, OrderEvidence, OutboxMessage
from destination.models import LegalText
from tests import factories
from tests.booking.pages import (
    DUPONT,
    a_week,
    address,
    body,
    carry,
    checkout_form,
    dupont_stay,
    hold_place,
    hold_week,
)
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
MY_STAY, CHECKOUT = "booking:my-stay", "booking:checkout"
SAID = "Your stay is a package"


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)
    factories.terms()


@pytest.fixture
def form() -> LegalText:
    """Return the information form in force; the organiser has its papers."""
    return factories.package_form()


def form_url(version: str = "form-1") -> str:
    return f"{address('destination:legal', 'formulaire-forfait')}?version={version}"


def box_of(page: str, name: str) -> str:
    """Return the tag of a field."""
    start = page.index(f'name="{name}"')
    return page[page.rindex("<", 0, start) : page.index(">", start)]


# --- Told as the basket changes -----------------------------------------------------------------
def test_stay_says_so_as_soon_as_it_is_a_package_and_no_longer(client: Client, form: LegalText):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())
    assert SAID not in body(client.get(address(MY_STAY)))

    for day in (12, 13, 14):
        hold_place(basket, f"Lace {day}", day=day)
    page = body(client.get(address(MY_STAY)))

    assert f"{SAID}: the Office is responsible for all of it." in page
    assert "Office du Velay answers to you for each service" in page
    # 288 of 1048: cut, never rounded up to a share that isn't reached.
    assert "make up 27.4 % of its value: from 25 % on it is a package." in page
    assert f'href="{form_url()}"' in page
    for known in ("IM043123456", "La Garantie", "L’Assureur", "+33 4 71 00 00 01", "Le Médiateur"):
        assert known in page
    assert f'href="{address(CHECKOUT)}"' in page

    client.post(address("booking:line-remove", basket.lines.last().pk))
    assert SAID not in body(client.get(address(MY_STAY)))


def test_french_page_leads_to_the_form_in_french(client: Client, form: LegalText):
    dupont_stay(client)

    page = body(client.get("/fr/mon-sejour/"))

    assert "/fr/formulaire-forfait/?version=form-1" in page


@pytest.mark.parametrize(
    ("papers", "message"),
    [
        ({"registration_number": ""}, "which the office can't sell online yet"),
        ({"valid_until": date(2027, 4, 5)}, "while its registration is renewed"),
    ],
)
def test_package_that_cannot_be_sold_says_why_and_what_to_do(
    client: Client, form: LegalText, papers: dict[str, Any], message: str
):
    basket = dupont_stay(client)
    factories.an_organiser(**papers)

    stay = body(client.get(address(MY_STAY)))
    shown = client.get(address(CHECKOUT))
    sent = client.post(address(CHECKOUT), checkout_form(basket))

    assert message in stay
    assert "take a service out of your stay" in stay
    assert "4 71 00 00 00" in stay
    assert f'href="{address(CHECKOUT)}"' not in stay
    for answer in (shown, sent):
        assert (answer.status_code, answer.url) == (303, address(MY_STAY))
    assert not Order.objects.exists()
    # What was typed waits.
    assert client.session["checkout"]["last_name"] == "Dupont"


def test_what_is_left_after_taking_something_out_is_sold_without_papers(
    client: Client, bank: FakeBank
):
    basket = dupont_stay(client)
    for line in basket.lines.filter(unit__isnull=True)[:2]:
        client.post(address("booking:line-remove", line.pk))

    answer = client.post(address(CHECKOUT), checkout_form(basket, shown_total="871.40"))

    assert answer.status_code == 303, body(answer)
    assert not Order.objects.get().evidence.is_package


# --- The form at checkout -----------------------------------------------------------------------
def test_form_has_a_box_of_its_own_that_nobody_ticked(client: Client, form: LegalText):
    dupont_stay(client)

    page = body(client.get(address(CHECKOUT)))

    for name in ("package_form", "terms"):
        box = box_of(page, name)
        assert 'type="checkbox"' in box
        assert "checked" not in box
    assert 'name="package_form_version" value="form-1"' in page
    assert page.index(SAID) < page.index('name="package_form"')
    assert "marketing" not in page


def test_stay_that_is_no_package_has_no_such_box(client: Client, form: LegalText):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())

    page = body(client.get(address(CHECKOUT)))

    assert 'name="package_form"' not in page
    assert SAID not in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"package_form": None}, "then tick that you received it."),
        ({"package_form": None, "package_form_version": None}, "then tick that you received it."),
        ({"package_form_version": "form-0"}, "The form changed meanwhile: read it again."),
        ({"package_form_version": None}, "The form changed meanwhile: read it again."),
    ],
)
def test_missing_form_is_told_beside_its_box_and_nothing_is_lost(
    client: Client, form: LegalText, fields: dict[str, Any], message: str
):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket, **fields))

    page = body(answer)
    assert answer.status_code == 422
    assert message in page
    assert '<a href="#id_package_form">' in page
    assert 'id="id_package_form_error"' in page
    assert 'aria-describedby="id_package_form_error"' in box_of(page, "package_form")
    assert "A nut allergy" in page
    assert 'value="Firstp4"' in page
    assert not Order.objects.exists()


def test_last_line_of_another_tab_makes_a_package_and_the_page_shows_the_form(
    client: Client, form: LegalText, bank: FakeBank, monkeypatch
):
    basket = carry(client, factories.a_basket())
    hold_week(basket, a_week())
    hold_place(basket, "Lace", day=12)
    hold_place(basket, "Evening", day=13)
    basket.refresh_from_db()
    sent = checkout_form(basket, shown_total="967.40", package_form=None, package_form_version=None)
    place_order = buying.place_order

    def another_tab_first(*args: Any, **kwargs: Any) -> Order:
        monkeypatch.setattr(buying, "place_order", place_order)
        hold_place(Basket.objects.get(pk=basket.pk), "Supper", kind="meal", day=14)
        return place_order(*args, **kwargs)

    monkeypatch.setattr(buying, "place_order", another_tab_first)

    answer = client.post(address(CHECKOUT), sent)

    page = body(answer)
    assert answer.status_code == 422
    assert SAID in page
    assert 'id="id_package_form_error"' in page
    assert page.count("then tick that you received it.") == 2  # on top and beside
    assert "The total changed from €967.40 to €1,063.40." in page
    assert "Pay €1,063.40 now" in page
    assert 'value="Firstp4"' in page
    assert not Order.objects.exists()
    again = client.post(address(CHECKOUT), checkout_form(basket))
    assert again.status_code == 303
    assert Order.objects.get().evidence.form == form


def test_order_keeps_from_where_it_came_and_when_the_page_was_shown(
    client: Client, form: LegalText, bank: FakeBank, at
):
    basket = dupont_stay(client)
    page = body(client.get(address(CHECKOUT)))
    tag = box_of(page, "shown")
    shown = tag.split('value="')[1].split('"')[0]
    later = at(NOW + timedelta(minutes=4))

    client.post(
        address(CHECKOUT),
        checkout_form(basket, shown=shown),
        headers={"user-agent": "Firefox/150"},
        REMOTE_ADDR="192.0.2.7",
    )

    kept = OrderEvidence.objects.get()
    assert (kept.shown_at, kept.accepted_at) == (NOW, later)
    assert (kept.ip, kept.user_agent) == ("192.0.2.7", "Firefox/150")


@pytest.mark.parametrize(
    ("other", "hours", "is_kept"), [(0, 1, True), (0, 25, False), (1, 1, False), (None, 1, False)]
)
def test_moment_of_another_stay_or_of_yesterday_proves_nothing(
    client: Client, form: LegalText, bank: FakeBank, at, other: int | None, hours, is_kept
):
    basket = dupont_stay(client)
    before = at(NOW - timedelta(hours=hours))
    told = [basket.pk + other, before.isoformat()] if other is not None else before.isoformat()
    shown = signing.dumps(told, salt="checkout-shown")
    at(NOW)

    answer = client.post(address(CHECKOUT), checkout_form(basket, shown=shown))

    assert answer.status_code == 303
    assert OrderEvidence.objects.get().shown_at == (before if is_kept else None)


@pytest.mark.parametrize("shown", ["", "forged", None, "2020-01-01T00:00:00"])
@pytest.mark.parametrize("ip", ["", "nowhere", "2001:db8::1"])
def test_odd_evidence_of_the_request_stops_nobody(
    client: Client, form: LegalText, bank: FakeBank, shown: str | None, ip: str
):
    basket = dupont_stay(client)

    answer = client.post(address(CHECKOUT), checkout_form(basket, shown=shown), REMOTE_ADDR=ip)

    kept = OrderEvidence.objects.get()
    assert answer.status_code == 303
    assert kept.shown_at is None
    assert kept.ip == ("2001:db8::1" if ":" in ip else None)


# --- Reading the form ---------------------------------------------------------------------------
def test_form_is_read_in_its_very_version_and_printed(client: Client, form: LegalText):
    LegalText.objects.create(
        kind=form.kind,
        language="fr",
        version="form-2",
        valid_from=NOW.date(),
        title="Formulaire",
        body="<p>Autre</p>",
    )

    old = client.get(form_url("form-1"))
    new = client.get(form_url("form-2"))

    assert "L’organisateur répond de tout." in body(old)
    assert "data-print" in body(old)
    assert "Autre" in body(new)
    assert client.get(form_url("form-9")).status_code == 404


# --- What the buyer keeps -----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["trip", "receipt"])
def test_bought_package_says_who_answers_for_it(
    client: Client, form: LegalText, bank: FakeBank, name: str
):
    order = paid_order(dupont_stay(client), bank)
    client.get(f"{address('booking:trip', order.reference)}?cle={order.access_token}")
    factories.an_organiser(guarantor_name="Une autre garantie")

    page = body(client.get(address(f"booking:{name}", order.reference)))

    assert "Office du Velay is responsible for the proper performance" in page
    assert "La Garantie, 01 00 00 00 00" in page
    assert "Une autre garantie" not in page
    # In English: as one dials it from abroad.
    assert "+33 4 71 00 00 01" in page
    assert "reclamations@example.org" in page
    assert "Le Médiateur" in page
    assert f'href="{form_url()}"' in page


def test_mail_of_a_package_carries_the_contract_and_the_form(
    client: Client, form: LegalText, bank: FakeBank
):
    order = paid_order(dupont_stay(client), bank)

    mail = compose(OutboxMessage.objects.get(kind="order_confirmed"))

    page = next(one.content for one in mail.alternatives if one.mimetype == "text/html")
    for text in (mail.body, page):
        assert "Office du Velay" in text
        assert "La Garantie, 01 00 00 00 00" in text
        assert "04 71 00 00 01" in text
        assert "reclamations@example.org" in text
        assert "Le Médiateur" in text
        assert "IM043123456" in text
        assert "Vos droits" in text
        assert "L’organisateur répond de tout." in text
        assert "/formulaire-forfait/?version=form-1" in text
    assert "<h2>" not in mail.body
    assert "<h2>Vos droits</h2>" in page
    assert order.evidence.mail.kind == "order_confirmed"


def test_mail_of_another_stay_says_nothing_of_packages(bank: FakeBank):
    basket = factories.a_basket()
    hold_week(basket, a_week())
    paid_order(basket, bank)

    mail = compose(OutboxMessage.objects.get(kind="order_confirmed"))

    assert "forfait" not in mail.body.lower()
    assert "package" not in mail.body.lower()


def test_stay_of_the_day_with_a_ticket_by_item_asks_no_form(client: Client, form: LegalText):
    basket = carry(client, factories.a_basket(*DUPONT))
    box = factories.a_produce()
    slot = factories.a_slot(box, date(2027, 7, 12), time(10))
    request = baskets.LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2)
    baskets.add_to_basket(basket, request, now=NOW)

    assert SAID not in body(client.get(address(MY_STAY)))
