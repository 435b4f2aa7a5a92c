"""Children for one carer: the ratio of an offer's own authorisation, in what it sells (N05)."""

from __future__ import annotations

from datetime import date, time, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from booking import care_ratios
from booking.basket import add_to_basket
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer, OfferPermit, Slot, SlotHold, SlotTake
from booking.offers import changing_offer
from booking.pairing import find_pairs, plan_of
from booking.people import people_from
from booking.refusals import Busy, NotAllowed, Refusal
from booking.rules.kinds.childcare import UNITS_OF_CARER
from booking.wishes import LineRequest
from members.groups import ensure_office_group
from members.journal import SYSTEM
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, FakeBank, paid_order

pytestmark = pytest.mark.django_db
DAY = date(2027, 7, 12)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


def a_carer(below_six: int | None = None, from_six: int | None = None, carers: int = 1) -> Slot:
    """Make one evening of childcare with its own ratio."""
    offer = factories.a_childcare()
    OfferPermit.objects.filter(offer=offer).update(
        children_below_six=below_six, children_from_six=from_six
    )
    return factories.a_slot(offer, DAY, time(19), capacity=40 * carers)


def add(slot: Slot, *ages: int) -> Basket:
    basket = factories.a_basket(None, None)
    add_to_basket(basket, LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=ages), now=NOW)
    return basket


def change(slot: Slot, below_six: int | None, from_six: int | None) -> None:
    """Write another ratio as the desk's form does."""
    offer = Offer.objects.get(pk=slot.offer_id)
    with changing_offer(offer, actor=SYSTEM, now=NOW):
        OfferPermit.objects.filter(offer=offer).update(
            children_below_six=below_six, children_from_six=from_six
        )


def codes_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [one.code for one in error.value.troubles]


# --- What is sold ---------------------------------------------------------------------------------
def test_an_offer_sells_by_its_own_ratio_in_any_mixture():
    slot = a_carer(3, 12)
    add(slot, 5, 5)
    add(slot, 8, 8, 8, 8)
    with pytest.raises(Refusal) as refused:
        add(slot, 8)
    assert codes_of(refused) == ["care_full"]
    held = SlotHold.objects.filter(slot=slot)
    assert sum(one.quantity for one in held) == UNITS_OF_CARER


def test_without_an_own_one_the_setting_counts():
    slot = a_carer()
    add(slot, 5, 5, 5, 5, 5)
    with pytest.raises(Refusal):
        add(slot, 10)


def test_moments_for_two_are_proposed_by_the_carers_own_ratio():
    factories.a_slot(
        factories.an_activity(kind="meal", min_age=18, child=None, duration_minutes=150),
        DAY,
        time(19, 30),
    )
    narrow, wide = a_carer(1, 1), a_carer(2, 2)
    basket = factories.a_basket(None, None, 5, 5)

    def proposed(slot: Slot) -> int:
        offer = kept_offers([slot.offer_id])[slot.offer_id]
        people = people_from(basket.people)
        asked: dict[str, Any] = {"from_day": DAY, "to_day": DAY, "now": NOW}
        return len(find_pairs(offer, people, plan_of(basket), **asked))

    assert (proposed(narrow), proposed(wide)) == (0, 1)


# --- Another ratio --------------------------------------------------------------------------------
@pytest.mark.parametrize("booked", ["held", "sold"])
def test_fewer_for_a_carer_is_refused_while_somebody_is_booked(booked, bank: FakeBank):
    slot = a_carer(8, 12)
    factories.a_slot(slot.offer, DAY - timedelta(days=1), time(19), capacity=40)
    basket = add(slot, 5, 5)
    if booked == "sold":
        paid_order(basket, bank)
        assert not SlotHold.objects.exists()
    for numbers in ((7, 12), (8, 10), (None, 12), (None, None)):
        with pytest.raises(NotAllowed) as refused:
            change(slot, *numbers)
        assert codes_of(refused) == ["ratio_below_sold"]
        assert refused.value.troubles[0].params["day"] == DAY
        assert OfferPermit.objects.get().children_below_six == 8

    # More is no danger: those booked weigh what they weighed.
    change(slot, 10, 14)
    taken = (
        sum(SlotHold.objects.values_list("quantity", flat=True))
        or Slot.objects.get(pk=slot.pk).sold
    )
    assert taken == 2 * UNITS_OF_CARER // 8


def test_once_nobody_is_booked_to_come_fewer_may_be_said(at):
    slot = a_carer(8, 12)
    add(slot, 5)
    SlotHold.objects.update(expires_at=NOW)
    change(slot, 3, 6)
    assert OfferPermit.objects.get().children_from_six == 6


def test_who_read_the_offer_before_another_ratio_tries_anew():
    slot = a_carer(8, 12)
    read = kept_offers([slot.offer_id])[slot.offer_id]
    care_ratios.check_ratio(read)
    OfferPermit.objects.update(children_below_six=3)
    with pytest.raises(Busy):
        care_ratios.check_ratio(read)
    OfferPermit.objects.all().delete()
    with pytest.raises(Busy):
        care_ratios.check_ratio(read)
    assert care_ratios.ratio_in_force(read) == care_ratios.ratio_of(None, None)


@pytest.mark.parametrize("number", [0, 9, 11, 13, 15])
def test_the_database_knows_only_ratios_without_a_rest(number):
    a_carer()
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferPermit.objects.update(children_below_six=number)


# --- The desk -------------------------------------------------------------------------------------
@pytest.fixture
def desk() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(ensure_office_group())
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def sent_of(page: Any, **changed: str) -> dict[str, Any]:
    """Return what the form of a page would send as it stands."""
    data: dict[str, Any] = {}
    form = page.context["form"]
    for one in [form, *form.formsets.values()]:
        parts = [one.management_form, *one.forms] if hasattr(one, "management_form") else [one]
        for part in parts:
            for field in part:
                value = field.value()
                if value is not None and value is not False and value != []:
                    data[field.html_name] = value
    return {**data, **changed}


def test_the_desk_says_what_counts_everywhere_and_why_not_now(desk: Client):
    slot = a_carer(8, 12)
    edit = reverse("desk_experiences:edit", args=[slot.offer_id])
    page = desk.get(edit)
    assert "5, as everywhere" in body(page)
    assert "8, as everywhere" in body(page)
    add(slot, 5)

    refused = desk.post(edit, sent_of(page, **{"permits-0-children_below_six": "4"}))

    assert "Children are booked by the ratio of now" in body(refused)
    assert OfferPermit.objects.get().children_below_six == 8
    SlotHold.objects.all().delete()
    saved = desk.post(edit, sent_of(page, **{"permits-0-children_below_six": "4"}))
    assert saved.status_code == 302, body(saved)
    assert OfferPermit.objects.get().children_below_six == 4


# --- What was stored before -----------------------------------------------------------------------
def test_what_is_stored_is_counted_again_in_finer_units_and_nothing_else(bank: FakeBank):
    migration = import_module("booking.migrations.0043_care_ratios")
    slot, held = a_carer(carers=2), a_carer()
    paid_order(add(slot, 5, 10), bank)
    add(held, 5)
    dinner = factories.a_slot(factories.an_activity(kind="meal"), DAY, time(20), capacity=21)

    def stored() -> tuple[Any, ...]:
        care = Slot.objects.get(pk=slot.pk)
        return (
            care.capacity,
            care.sold,
            SlotTake.objects.get(slot=slot).quantity,
            SlotHold.objects.get(slot=held).quantity,
            Slot.objects.get(pk=dinner.pk).capacity,
        )

    with connection.cursor() as cursor:
        for statement in migration.statements("1 / 21"):
            cursor.execute(statement)
        # As it was counted before: a carer had 40 units, a child took 8 or 5.
        assert stored() == (80, 13, 13, 8, 21)
        for statement in migration.statements("21"):
            cursor.execute(statement)
    assert stored() == (2 * UNITS_OF_CARER, 273, 273, 168, 21)
