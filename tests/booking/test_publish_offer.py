"""The office publishes an offer, once nothing is missing any more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from booking import offers
from booking.models import AgeBand, Offer, Tariff, TaxCollectivity, Unit, UnitDay
from booking.refusals import NotAllowed, WrongState
from destination.models import PoleMembership
from members.journal import Actor
from members.models import Entry, Provider
from tests import factories
from tests.cast import NOW, SATURDAY, TODAY

pytestmark = pytest.mark.django_db

OFFICE = Actor("office@example.org")


def codes(offer: Offer) -> list[str]:
    return [one.code for one in offers.check_offer(offer, today=TODAY)]


def draft(offer: Offer) -> Offer:
    offer.state = Offer.State.DRAFT
    offer.save()
    return offer


def publish(offer: Offer) -> Offer:
    return offers.publish_offer(offer, actor=OFFICE, now=NOW)


def test_a_complete_lodging_is_published_with_its_nights_and_a_journal_line() -> None:
    offer = draft(factories.a_lodging(night="100"))

    assert codes(offer) == []
    published = publish(offer)

    assert published.state == Offer.State.PUBLISHED
    offer.refresh_from_db()
    assert offer.state == Offer.State.PUBLISHED
    night = UnitDay.objects.get(unit=offer.units.get(), day=SATURDAY)
    assert night.price_cents == 10_000
    entry = Entry.objects.get(verb="offer published")
    assert entry.subject == f"offer:{offer.pk}"
    assert entry.actor_label == "office@example.org"


def test_publishing_twice_writes_one_journal_line() -> None:
    offer = draft(factories.a_lodging())
    publish(offer)
    publish(offer)
    assert Entry.objects.filter(verb="offer published").count() == 1


def test_a_lodging_without_unit_is_refused() -> None:
    offer = draft(factories.a_lodging())
    Unit.objects.all().delete()
    with pytest.raises(NotAllowed) as refused:
        publish(offer)
    assert refused.value.code == "unit_missing"
    offer.refresh_from_db()
    assert offer.state == Offer.State.DRAFT


def test_a_lodging_without_price_names_the_unit() -> None:
    offer = draft(factories.a_lodging(night=None, units=2))
    priced = Tariff.objects.create(offer=offer, name="Autre", base_amount=Decimal(80))
    first, second = offer.units.order_by("pk")
    Unit.objects.filter(pk=second.pk).update(tariff=priced)

    (trouble,) = offers.check_offer(offer, today=TODAY)

    assert (trouble.code, trouble.field) == ("price_missing", "prices")
    assert first.name in trouble.message


def test_a_season_to_come_is_a_price_and_a_past_one_is_none() -> None:
    offer = draft(factories.a_lodging(night=None))
    factories.a_season(offer, date(2026, 1, 1), date(2026, 2, 1), "90")
    assert codes(offer) == ["price_missing"]
    factories.a_season(offer, SATURDAY, date(2027, 9, 1), "90")
    assert codes(offer) == []


def test_a_unit_that_is_not_sold_needs_no_price() -> None:
    offer = draft(factories.a_lodging(units=2))
    unit = offer.units.first()
    unit.tariff = None
    unit.is_active = False
    unit.save()
    assert codes(offer) == []


def test_a_lodging_without_tariff_of_the_tourist_tax_is_refused() -> None:
    offer = draft(factories.a_lodging(tax_category="palace"))
    with pytest.raises(NotAllowed) as refused:
        publish(offer)
    assert [(one.code, one.field) for one in refused.value.troubles] == [
        ("tariff_missing", "tax_category")
    ]


def test_a_council_with_a_flat_rate_asks_no_tariff_of_its_guests() -> None:
    offer = draft(factories.a_lodging(tax_category="3_star"))
    TaxCollectivity.objects.update(regime=TaxCollectivity.Regime.FLAT)
    assert codes(offer) == []


def test_an_experience_needs_prices_dates_and_a_duration() -> None:
    offer = draft(factories.an_activity(duration_minutes=None))
    AgeBand.objects.all().delete()
    assert codes(offer) == ["band_missing", "duration_missing", "slot_missing"]


def test_a_slot_to_come_is_enough_and_a_closed_one_is_not() -> None:
    offer = draft(factories.an_activity())
    slot = factories.a_slot(offer, SATURDAY)
    assert codes(offer) == []
    slot.is_closed = True
    slot.save()
    assert codes(offer) == ["slot_missing"]


@pytest.mark.parametrize(
    ("bands", "ages", "expected"),
    [
        ([(0, 5), (7, None)], (None, None), [("band_gap", "6")]),
        ([(0, 6), (8, 12), (13, None)], (None, None), [("band_gap", "7")]),
        ([(4, None)], (None, None), [("band_gap", "0–3")]),
        ([(4, 90)], (4, None), [("band_gap", "91 and over")]),
        ([(4, None)], (4, None), []),
        ([(0, 12), (12, None)], (None, None), [("band_overlap", "12")]),
        ([(0, 17), (10, None)], (None, None), [("band_overlap", "10–17")]),
        ([(None, None)], (None, None), [("band_ages_missing", None)]),
    ],
)
def test_holes_and_overlaps_of_ages_are_told_with_the_ages(
    bands: list[tuple[int | None, int | None]],
    ages: tuple[int | None, int | None],
    expected: list[tuple[str, str | None]],
) -> None:
    offer = draft(factories.an_activity(min_age=ages[0], max_age=ages[1]))
    factories.a_slot(offer, SATURDAY)
    AgeBand.objects.all().delete()
    for number, (low, high) in enumerate(bands):
        AgeBand.objects.create(
            offer=offer, code=f"b{number}", name="Prix", min_age=low, max_age=high, amount=10
        )

    with override("en"):
        found = offers.check_offer(offer, today=TODAY)

    assert [(one.code, one.params.get("ages")) for one in found] == expected


def test_a_produce_basket_has_one_price_without_ages() -> None:
    offer = draft(factories.a_produce(duration_minutes=60))
    factories.a_slot(offer, SATURDAY)
    assert codes(offer) == []
    AgeBand.objects.create(offer=offer, code="enfant", name="Enfant", min_age=0, amount=5)
    assert codes(offer) == ["band_ages_forbidden"]


def test_outside_the_perimeter_it_is_shown_and_said_not_to_be_sold() -> None:
    offer = draft(factories.a_lodging())
    PoleMembership.objects.update(is_neighbour=True)

    (trouble,) = offers.check_offer(offer, today=TODAY)

    assert trouble.code == "outside_perimeter"
    assert not offers.blocks_publication(trouble)
    assert publish(offer).state == Offer.State.PUBLISHED


def test_nothing_of_a_suspended_provider_is_published() -> None:
    offer = draft(factories.a_lodging())
    Provider.objects.update(state=Provider.State.SUSPENDED)
    with pytest.raises(NotAllowed) as refused:
        publish(offer)
    assert refused.value.code == "provider_suspended"


def test_an_offer_is_paused_and_published_again() -> None:
    offer = factories.a_lodging()
    offers.pause_offer(offer, actor=OFFICE, now=NOW)
    offers.pause_offer(offer, actor=OFFICE, now=NOW)
    offer.refresh_from_db()
    assert offer.state == Offer.State.PAUSED
    assert publish(offer).state == Offer.State.PUBLISHED
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "offer paused",
        "offer published",
    ]


def test_a_draft_cannot_be_paused() -> None:
    with pytest.raises(WrongState):
        offers.pause_offer(draft(factories.a_lodging()), actor=OFFICE, now=NOW)


def test_an_archived_offer_leaves_the_pages() -> None:
    offer = factories.a_lodging()
    offers.archive_offer(offer, actor=OFFICE, now=NOW)
    assert not Offer.objects.published().filter(pk=offer.pk).exists()


def test_a_change_of_price_reaches_the_search_table_in_the_same_transaction() -> None:
    offer = factories.a_lodging(night="100", now=NOW)
    tariff = offer.tariffs.get()

    with offers.changing_offer(offer, actor=OFFICE, now=NOW):
        tariff.base_amount = Decimal(120)
        tariff.save()

    assert set(UnitDay.objects.values_list("price_cents", flat=True)) == {12_000}


def test_a_published_offer_is_never_left_without_price() -> None:
    offer = factories.a_lodging(night="100", now=NOW)
    tariff = offer.tariffs.get()

    def take_price_away() -> None:
        with offers.changing_offer(offer, actor=OFFICE, now=NOW):
            tariff.base_amount = None
            tariff.save()

    with pytest.raises(NotAllowed) as refused:
        take_price_away()

    assert refused.value.code == "price_missing"
    tariff.refresh_from_db()
    assert tariff.base_amount == Decimal(100)
    assert set(UnitDay.objects.values_list("price_cents", flat=True)) == {10_000}
