"""When a basket is a package, whether it may be sold, and what an order leaves as evidence."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking import checkout, locks
from booking.basket import add_to_basket, remove_line
from booking.evidence import EvidenceInput
from booking.models import (
    Basket,
    EvidenceIsFinal,
    Offer,
    Order,
    OrderEvidence,
    Organiser,
    OutboxMessage,
)
from booking.packages import Standing, standing_of
from booking.refusals import BadInput, NotAllowed, Refusal
from booking.stay_view import view_basket
from booking.wishes import LineRequest
from destination.models import LegalText
from members.models import Entry
from tests import factories
from tests.cast import (
    NEXT_SATURDAY,
    NOW,
    SATURDAY,
    FakeBank,
    names_of,
    order_from,
    paid_order,
    place_order,
)

pytestmark = pytest.mark.django_db
COUPLE = (None, None)


def a_week(basket: Basket, night: str = "100", **fields: Any) -> Offer:
    """Put a week of nights for two into a basket."""
    offer = factories.a_lodging(night=night, now=NOW, **fields)
    request = LineRequest(
        offer_id=offer.pk,
        unit_id=offer.units.get().pk,
        arrival=SATURDAY,
        departure=NEXT_SATURDAY,
        ages=COUPLE,
    )
    add_to_basket(basket, request, now=NOW)
    return offer


def a_place(
    basket: Basket, price: str, *, kind: str = "activity", day: int = 12, **fields: Any
) -> Offer:
    """Put two places at a price each into a basket."""
    offer = factories.an_activity(kind=kind, adult=price, **fields)
    slot = factories.a_slot(offer, date(2027, 7, day), time(14))
    request = LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=COUPLE)
    add_to_basket(basket, request, now=NOW)
    return offer


def a_package() -> Basket:
    """Make a basket of a week of 700 euros and activities of 300: a package."""
    basket = factories.a_basket()
    a_week(basket)
    a_place(basket, "150")
    basket.refresh_from_db()
    return basket


def standing(basket: Basket, **fields: Any) -> Standing:
    basket.refresh_from_db()
    now = fields.pop("now", NOW)
    return standing_of(view_basket(basket, now=now), language=fields.get("language", "fr"), now=now)


def order(basket: Basket, **fields: Any) -> Order:
    """Place an order as the page of checkout would."""
    basket.refresh_from_db()
    now = fields.pop("now", NOW)
    values: dict[str, Any] = {
        "contact": checkout.Contact("Claire", "Dupont", "c@example.org"),
        "names": names_of(basket),
        "arrival_time": None,
        "needs": "",
        "terms": factories.terms(),
        "shown_total": view_basket(basket, now=now).total,
        "language": "fr",
        "now": now,
    }
    return place_order(basket, **{**values, **fields})


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


# --- Reading a basket -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("price", "expected"), [("116.66", False), ("116.67", True)], ids=["under", "over"]
)
def test_quarter_is_of_the_services_without_the_tourist_tax(price, expected):
    """700 euros of nights: with 2 × 116.67 the rest is over a quarter, tax left out."""
    basket = factories.a_basket()
    a_week(basket)
    a_place(basket, price)

    found = standing(basket)

    assert view_basket(basket, now=NOW).tourist_tax > 0
    assert found.is_package is expected


def test_verdict_follows_each_change_of_the_basket():
    basket = factories.a_basket()
    a_week(basket)
    assert not standing(basket).is_package
    a_place(basket, "60")
    assert not standing(basket).is_package
    a_place(basket, "90", day=13)
    assert standing(basket).is_package
    remove_line(basket, basket.lines.last().pk, now=NOW)
    assert not standing(basket).is_package


def test_goods_fetched_days_later_do_not_make_a_day_out_longer():
    basket = factories.a_basket()
    shuttle = factories.a_shuttle()
    ride = factories.a_ride(shuttle, date(2027, 7, 12))
    add_to_basket(basket, LineRequest(offer_id=shuttle.pk, slot_id=ride.pk, ages=COUPLE), now=NOW)
    a_place(basket, "60")
    produce = factories.a_produce()
    fetched = factories.a_slot(produce, date(2027, 7, 15))
    add_to_basket(basket, LineRequest(offer_id=produce.pk, slot_id=fetched.pk), now=NOW)

    assert standing(basket).verdict.reason == "short_trip"


def test_meal_of_the_same_host_belongs_to_the_lodging():
    basket = factories.a_basket()
    gite = a_week(basket)
    a_place(basket, "200", kind="meal", provider=gite.provider)
    assert standing(basket).verdict.reason == "one_type"

    a_place(basket, "200", kind="meal", day=14)

    assert standing(basket).verdict.reason == "share"


def test_meal_of_who_lends_a_bicycle_belongs_to_no_lodging():
    basket = factories.a_basket()
    a_week(basket)
    bicycle = factories.a_rental(price="10", deposit=None)
    factories.rental_days(bicycle, date(2027, 7, 11), 3)
    request = LineRequest(
        offer_id=bicycle.pk, arrival=date(2027, 7, 11), departure=date(2027, 7, 14), quantity=1
    )
    add_to_basket(basket, request, now=NOW)
    a_place(basket, "10", kind="meal", provider=bicycle.provider)

    meal = next(one.counts for one in standing(basket).lines if one.view.offer.kind == "meal")

    assert not meal.intrinsic


def test_what_one_comes_for_makes_a_package_whatever_it_costs():
    basket = factories.a_basket()
    a_week(basket)
    a_place(basket, "10", kind="event_ticket", is_essential=True)

    assert standing(basket).verdict.reason == "essential"


def test_goods_count_for_nothing():
    basket = factories.a_basket()
    a_week(basket)
    box = factories.a_produce(price="300")
    slot = factories.a_slot(box, date(2027, 7, 12))
    request = LineRequest(offer_id=box.pk, slot_id=slot.pk, quantity=2)
    add_to_basket(basket, request, now=NOW)

    assert standing(basket).verdict.types == ("B",)


def test_day_out_is_no_package():
    basket = factories.a_basket()
    a_place(basket, "40")
    a_place(basket, "60", day=20)

    assert standing(basket).verdict.reason == "one_type"


# --- Who may sell it --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "missing", ["registration_number", "guarantor_name", "insurer_name", "valid_until"]
)
def test_package_waits_for_each_paper_of_the_organiser(missing):
    basket = a_package()
    form = factories.package_form()
    factories.an_organiser(**{missing: None if missing == "valid_until" else " "})

    with pytest.raises(NotAllowed) as error:
        order(basket, package_form=form)

    assert codes_of(error) == ["organiser_missing"]
    assert not Order.objects.exists()


def test_what_is_no_package_is_sold_without_any_paper():
    basket = factories.a_basket()
    a_week(basket)

    placed = order(basket)

    assert not Organiser.objects.exists()
    assert not placed.evidence.is_package
    assert placed.evidence.organiser == {}
    assert placed.evidence.form_version == ""


@pytest.mark.parametrize(("last_day", "is_sold"), [(0, True), (-1, False)])
def test_registration_holds_on_its_last_day_and_not_after(last_day, is_sold):
    basket = a_package()
    form = factories.package_form()
    factories.an_organiser(valid_until=NOW.date() + timedelta(days=last_day))

    if is_sold:
        assert order(basket, package_form=form).evidence.is_package
    else:
        with pytest.raises(NotAllowed) as error:
            order(basket, package_form=form)
        assert codes_of(error) == ["organiser_expired"]


def test_registration_that_expires_at_midnight_stops_the_order_under_way():
    evening = NOW.replace(hour=23, minute=55)
    basket = factories.a_basket()
    form = factories.package_form()
    factories.an_organiser(valid_until=NOW.date())
    gite = factories.a_lodging(now=NOW)
    walk = factories.an_activity(adult="150")
    slot = factories.a_slot(walk, date(2027, 7, 12))
    for request in (
        LineRequest(
            offer_id=gite.pk,
            unit_id=gite.units.get().pk,
            arrival=SATURDAY,
            departure=NEXT_SATURDAY,
            ages=COUPLE,
        ),
        LineRequest(offer_id=walk.pk, slot_id=slot.pk, ages=COUPLE),
    ):
        add_to_basket(basket, request, now=evening)
    assert standing(basket, now=evening).obstacles == ()

    with pytest.raises(NotAllowed) as error:
        order(basket, package_form=form, now=evening + timedelta(minutes=6))

    assert codes_of(error) == ["organiser_expired"]


def test_renewal_entered_beforehand_takes_over_on_its_day():
    basket = a_package()
    form = factories.package_form()
    factories.an_organiser(valid_until=NOW.date() - timedelta(days=1))
    Organiser.objects.create(
        legal_name="Office renouvelé",
        registration_number="IM043999999",
        valid_from=NOW.date(),
        valid_until=date(2030, 4, 5),
        guarantor_name="La Garantie",
        insurer_name="L’Assureur",
    )

    assert order(basket, package_form=form).evidence.organiser["legal_name"] == "Office renouvelé"


def test_where_packages_are_blocked_they_are_not_paid_in_one_go(settings):
    settings.PACKAGE_POLICY = "block"
    basket = a_package()

    with pytest.raises(NotAllowed) as error:
        order(basket, package_form=factories.package_form())

    assert codes_of(error) == ["package_blocked"]


@pytest.mark.parametrize("what", ["form", "organiser"])
def test_production_sells_nothing_on_the_demonstrations_papers(settings, what):
    basket = a_package()
    form = factories.package_form()
    if what == "form":
        LegalText.objects.filter(pk=form.pk).update(is_demo=True)
    else:
        factories.an_organiser(is_demo=True)
    assert standing(basket).obstacles == ()
    settings.SELLS_ON_DEMO_TEXTS = False

    with pytest.raises(NotAllowed) as error:
        order(basket, package_form=form)

    expected = {"form": "package_form_unavailable", "organiser": "organiser_missing"}
    assert codes_of(error) == [expected[what]]


def test_official_form_in_french_comes_before_the_demonstrations_in_english(settings):
    french = factories.package_form()
    factories.package_form("en", is_demo=True)
    settings.SELLS_ON_DEMO_TEXTS = False

    assert standing(a_package(), language="en").form == french


# --- The form ---------------------------------------------------------------------------------
def test_form_of_yesterday_is_not_the_form_of_today():
    basket = a_package()
    old = factories.package_form()
    LegalText.objects.create(
        kind=old.kind,
        language="fr",
        version="form-2",
        valid_from=NOW.date(),
        title="Formulaire",
        body="Autre",
    )

    with pytest.raises(BadInput) as error:
        order(basket, package_form=old)

    assert codes_of(error) == ["package_form_missing"]
    assert error.value.troubles[0].field == "package_form"


def test_basket_that_becomes_a_package_in_another_tab_asks_for_the_form(monkeypatch):
    factories.package_form()
    basket = factories.a_basket()
    a_week(basket)
    basket.refresh_from_db()
    walk = factories.an_activity(adult="150")
    slot = factories.a_slot(walk, date(2027, 7, 12))
    other = Basket.objects.get(pk=basket.pk)
    begin, calls = locks.write_transaction, list[bool]()

    def rival_first():
        if not calls:
            calls.append(True)
            request = LineRequest(offer_id=walk.pk, slot_id=slot.pk, ages=COUPLE)
            add_to_basket(other, request, now=NOW)
        return begin()

    monkeypatch.setattr(locks, "write_transaction", rival_first)

    with pytest.raises(BadInput) as error:
        order(basket, package_form=None)

    assert codes_of(error) == ["package_form_missing", "total_changed"]
    assert not Order.objects.exists()
    assert basket.lines.count() == 2


# --- Evidence ---------------------------------------------------------------------------------
def test_order_keeps_everything_that_was_shown_and_accepted():
    basket = a_package()
    form = factories.package_form()
    shown_at = NOW - timedelta(minutes=3)

    placed = order(
        basket,
        package_form=form,
        evidence=EvidenceInput(ip="192.0.2.7", user_agent="Mozilla " * 100, shown_at=shown_at),
    )

    kept = OrderEvidence.objects.get(order=placed)
    assert (kept.is_package, kept.reason, kept.d_share) == (True, "share", Decimal("0.3000"))
    assert [(row["type"], row["value"]) for row in kept.types] == [("B", "700.00"), ("D", "300.00")]
    assert (kept.form, kept.form_version, kept.form_sha256) == (form, "form-1", form.sha256)
    assert kept.form_language == "fr"
    assert (kept.terms_version, kept.terms_sha256) == ("test-1", placed.terms.sha256)
    assert (kept.shown_at, kept.accepted_at, kept.ip) == (shown_at, NOW, "192.0.2.7")
    assert len(kept.user_agent) == 400
    assert len(kept.basket["lines"]) == 2
    assert Decimal(kept.price["total"]) == placed.total_amount
    assert kept.organiser["registration_number"] == "IM043123456"
    assert kept.organiser["guarantor_name"] == "La Garantie"
    assert kept.organiser["insurer_name"] == "L’Assureur"


def test_evidence_is_written_once_and_its_fingerprint_is_in_the_journal():
    placed = order(a_package(), package_form=factories.package_form())
    kept = OrderEvidence.objects.get(order=placed)
    kept.is_package = False

    for change in (
        kept.save,
        kept.delete,
        lambda: OrderEvidence.objects.update(is_package=False),
        lambda: OrderEvidence.objects.all().delete(),
        lambda: OrderEvidence.objects.bulk_update([kept], ["is_package"]),
    ):
        with pytest.raises(EvidenceIsFinal):
            change()

    entry = Entry.objects.get(verb="evidence kept")
    assert entry.subject == f"order:{placed.reference}"
    assert entry.data["sha256"] == OrderEvidence.objects.get(order=placed).sha256
    assert entry.data["form"] == "form-1"


def test_later_edit_of_the_organiser_changes_no_evidence():
    placed = order(a_package(), package_form=factories.package_form())

    factories.an_organiser(guarantor_name="Une autre")

    kept = OrderEvidence.objects.get(order=placed)
    assert kept.organiser["guarantor_name"] == "La Garantie"


def test_refused_order_leaves_no_evidence():
    basket = a_package()
    factories.package_form()

    with pytest.raises(BadInput):
        order(basket, package_form=None)

    assert not OrderEvidence.objects.exists()
    assert not Entry.objects.filter(verb="evidence kept").exists()


def test_second_click_keeps_the_first_evidence():
    basket = a_package()
    form = factories.package_form()

    first = order(basket, package_form=form)
    second = order(basket, package_form=form, now=NOW + timedelta(minutes=1))

    assert first.pk == second.pk
    assert OrderEvidence.objects.get().accepted_at == NOW


def test_evidence_leads_to_the_mail_of_the_contract(bank: FakeBank):
    paid = paid_order(a_package(), bank)

    mail = paid.evidence.mail

    assert mail == OutboxMessage.objects.get(kind="order_confirmed")


def test_order_of_the_cast_is_a_package_too():
    assert order_from(a_package()).evidence.is_package
