"""Offers kept by a process: as their rows stand, whatever row changed, never inside a sale."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.kept_offers import (
    DATED_PARTS,
    SLEPT_PARTS,
    kept_offers,
    offer_of_slug,
    offer_on_sale,
)
from booking.models import (
    AgeBand,
    CancellationStep,
    Offer,
    OfferPermit,
    PriceRule,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
)
from destination.models import Commune
from destination.models.territory import PerimeterActivation, PoleMembership
from members.models import Provider
from tests import factories
from tests.cast import NOW, SATURDAY, TODAY

JOINED = {
    "booking_offer",
    "members_provider",
    "destination_commune",
    "booking_cancellationpolicy",
}
NEXT = SATURDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _remembering(at, settings, cloned_database: str) -> None:
    at(NOW)
    settings.REMEMBER_SECONDS = 30


def a_furnished_lodging() -> Offer:
    offer = factories.a_lodging(cleaning="60")
    factories.a_season(offer, SATURDAY, NEXT, "140")
    factories.a_restriction(offer, "closed_to_arrival", SATURDAY, NEXT)
    return offer


def of_lodging(offer: Offer) -> list[object]:
    """Read what a price is made of."""
    unit = offer.units.all()[0]
    tariff = unit.tariff
    return [
        offer.title_en,
        offer.state,
        offer.provider.name,
        offer.commune.name,
        offer.cancellation_policy.summary,
        [step.percent for step in offer.cancellation_policy.steps.all()],
        [one.name for one in offer.units.all()],
        tariff.base_amount,
        [rule.amount for rule in tariff.price_rules.all()],
        [rule.kind for rule in tariff.restrictions.all()],
        [one.amount for one in offer.supplements.all()],
    ]


CHANGES: list[Callable[[Offer], object]] = [
    lambda offer: Offer.objects.filter(pk=offer.pk).update(title_en="Another"),
    lambda offer: Offer.objects.filter(pk=offer.pk).update(state=Offer.State.PAUSED),
    lambda _: Provider.objects.update(name="Somebody else"),
    lambda _: Commune.objects.update(name="Elsewhere"),
    lambda offer: type(offer.cancellation_policy).objects.update(summary="Nothing"),
    lambda _: CancellationStep.objects.filter(percent=50).delete(),
    lambda offer: Unit.objects.create(offer=offer, tariff=offer.tariffs.get(), name="New"),
    lambda _: Tariff.objects.update(base_amount=Decimal(1)),
    lambda _: PriceRule.objects.update(amount=Decimal(1)),
    lambda _: PriceRule.objects.all().delete(),
    lambda _: StayRestriction.objects.update(kind="closed_to_departure"),
    lambda _: Supplement.objects.update(amount=Decimal(1)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_of_a_lodging_that_changes_is_seen_at_once(change: Callable[[Offer], object]):
    offer = a_furnished_lodging()
    before = of_lodging(kept_offers([offer.pk])[offer.pk])

    change(offer)

    after = of_lodging(kept_offers([offer.pk])[offer.pk])
    assert after != before
    assert after == of_lodging(Offer.objects.get(pk=offer.pk))


@pytest.mark.parametrize(
    "change",
    [
        lambda: AgeBand.objects.update(amount=Decimal(1)),
        lambda: AgeBand.objects.filter(code="enfant").delete(),
    ],
)
def test_a_price_by_age_that_changes_is_seen_at_once(change: Callable[[], object]):
    offer = factories.an_activity()
    before = [band.amount for band in kept_offers([offer.pk])[offer.pk].bands.all()]

    change()

    assert [band.amount for band in kept_offers([offer.pk])[offer.pk].bands.all()] != before


def test_an_authorisation_that_ends_is_seen_at_once():
    offer = factories.a_childcare()
    kept_offers([offer.pk])

    OfferPermit.objects.update(valid_until=date(2027, 1, 1))

    [permit] = kept_offers([offer.pk])[offer.pk].permits.all()
    assert permit.valid_until == date(2027, 1, 1)


def test_what_did_not_change_is_asked_in_one_statement():
    offer = a_furnished_lodging()
    first = offer_of_slug(offer.slug, is_lodging=True)

    with CaptureQueriesContext(connection) as asked:
        again = offer_of_slug(offer.slug, is_lodging=True)
        assert again is not None
        of_lodging(again)

    assert again is first
    assert len(asked) == 1


def test_inside_a_transaction_what_it_wrote_itself_is_seen_and_goes_with_it():
    offer = a_furnished_lodging()
    kept = kept_offers([offer.pk])[offer.pk]

    with transaction.atomic():
        assert kept_offers([offer.pk])[offer.pk] is kept
        Offer.objects.filter(pk=offer.pk).update(min_age=7)
        assert kept_offers([offer.pk])[offer.pk].min_age == 7
        Offer.objects.filter(pk=offer.pk).update(min_age=8)
        assert kept_offers([offer.pk])[offer.pk].min_age == 8
        transaction.set_rollback(True)

    assert kept_offers([offer.pk])[offer.pk].min_age is None


def test_nothing_is_kept_where_nothing_is_remembered(settings):
    settings.REMEMBER_SECONDS = 0
    offer = a_furnished_lodging()

    assert kept_offers([offer.pk])[offer.pk] is not kept_offers([offer.pk])[offer.pk]
    assert kept_offers([]) == {}


@pytest.mark.parametrize(
    ("make", "parts"),
    [(a_furnished_lodging, SLEPT_PARTS), (factories.a_childcare, DATED_PARTS)],
)
def test_every_table_that_is_loaded_is_watched(make: Callable[[], Offer], parts: dict[str, str]):
    offer = make()
    with CaptureQueriesContext(connection) as asked:
        kept_offers([offer.pk])
    loaded = {
        table
        for query in asked.captured_queries[1:]
        for table in re.findall(r"(?:FROM|JOIN) (\w+) ", query["sql"])
    }
    assert loaded == JOINED | set(parts)


@pytest.mark.parametrize("seconds", [0, 30])
def test_an_address_is_of_a_lodging_or_of_something_to_do(settings, seconds: int):
    settings.REMEMBER_SECONDS = seconds
    lodging, activity = a_furnished_lodging(), factories.an_activity()
    for offer in (lodging, activity):
        found = [offer_of_slug(offer.slug, is_lodging=kind) for kind in (True, False)]
        assert found == ([offer, None] if offer is lodging else [None, offer])
    assert set(kept_offers([lodging.pk, activity.pk])) == {lodging.pk, activity.pk}


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda: None,
        lambda: Offer.objects.update(state=Offer.State.PAUSED),
        lambda: Provider.objects.update(state=Provider.State.SUSPENDED),
        lambda: PoleMembership.objects.update(is_neighbour=True, pole=None),
        lambda: PoleMembership.objects.update(valid_to=TODAY),
        lambda: PoleMembership.objects.update(valid_to=TODAY + timedelta(days=1)),
        lambda: PoleMembership.objects.update(valid_from=TODAY + timedelta(days=1)),
        lambda: PerimeterActivation.objects.update(active_from=TODAY + timedelta(days=1)),
        lambda: PoleMembership.objects.all().delete(),
    ],
)
def test_it_is_on_sale_where_the_lists_say_so(
    settings, *, is_kept: bool, change: Callable[[], object]
):
    settings.REMEMBER_SECONDS = 30 if is_kept else 0
    offer = a_furnished_lodging()
    change()

    found = [offer_on_sale(offer.pk, is_lodging=kind, today=TODAY) for kind in (True, False)]

    is_on_sale = Offer.objects.on_sale(TODAY).filter(pk=offer.pk).exists()
    assert [one is not None for one in found] == [is_on_sale, is_on_sale]
