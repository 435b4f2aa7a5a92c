"""Offers and units with every row that a quote reads, from statements that are written out.

The ORM takes three times as long to write these as the database to answer (oti.lib.joins).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from booking.models import (
    AgeBand,
    CancellationPolicy,
    CancellationStep,
    Offer,
    OfferPermit,
    PriceRule,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
)
from destination.models.territory import Commune
from members.models import Provider
from oti.lib.joins import keep_related, read_joined, read_rows

_WITH_OFFER = """
JOIN members_provider provider ON provider.id = offer.provider_id
JOIN destination_commune commune ON commune.id = offer.commune_id
JOIN booking_cancellationpolicy policy ON policy.id = offer.cancellation_policy_id
WHERE """
_OFFERS = f"SELECT {{columns}} FROM booking_offer offer {_WITH_OFFER}"  # noqa: S608
_BY_TITLE = " ORDER BY offer.title, offer.id"
OFFERS_BY_ID = f"{_OFFERS} offer.id = ANY(%s) {_BY_TITLE}"
OFFERS_BY_SLUG = f"{_OFFERS} offer.slug = ANY(%s) {_BY_TITLE}"
TABLES_OF_OFFERS: dict[str, type[Model]] = {
    "offer": Offer,
    "provider": Provider,
    "commune": Commune,
    "policy": CancellationPolicy,
}
STEPS = """
SELECT {columns} FROM booking_cancellationstep it WHERE it.policy_id = ANY(%s)
ORDER BY it.hours_before DESC"""
_WITH_TARIFF = (
    "FROM booking_unit unit LEFT JOIN booking_tariff tariff ON tariff.id = unit.tariff_id"
)
TABLES_OF_UNITS: dict[str, type[Model]] = {"unit": Unit, "tariff": Tariff}
UNITS_OF_OFFERS = f"""
SELECT {{columns}} {_WITH_TARIFF} WHERE unit.offer_id = ANY(%s) ORDER BY unit.id"""
_UNITS_AND_OFFERS = f"""
SELECT {{columns}} {_WITH_TARIFF}
JOIN booking_offer offer ON offer.id = unit.offer_id {_WITH_OFFER}"""
UNITS_BY_ID = f"{_UNITS_AND_OFFERS} unit.id = ANY(%s) ORDER BY unit.id"
SOLD_UNITS = f"{_UNITS_AND_OFFERS} offer.id = ANY(%s) AND unit.is_active ORDER BY unit.id"
PRICE_RULES = """
SELECT {columns} FROM booking_pricerule it WHERE it.tariff_id = ANY(%s)
ORDER BY it.dates, it.weekday"""
RESTRICTIONS = """
SELECT {columns} FROM booking_stayrestriction it WHERE it.tariff_id = ANY(%s)
ORDER BY it.dates, it.kind, it.weekday"""
OPTIONS_OF_LODGINGS = """
SELECT {columns} FROM booking_supplement it WHERE it.offer_id = ANY(%s)
ORDER BY it.is_mandatory DESC, it.id"""
# By table.
PARTS = {
    table: f"SELECT {{columns}} FROM {table} it WHERE it.offer_id = ANY(%s) ORDER BY it.id"  # noqa: S608
    for table in ("booking_ageband", "booking_supplement", "booking_offerpermit")
}


def load_offers(ids: Iterable[int]) -> list[Offer]:
    """Return offers by title: with provider, commune, policy, options and permits.

    What is slept in has its units with their prices, the rest its bands.
    """
    return _with_parts(_offers(OFFERS_BY_ID, ids))


def load_offers_of_slug(slug: str) -> list[Offer]:
    """Return the offers of an address, slept in or not, as `load_offers` does."""
    return _with_parts(_offers(OFFERS_BY_SLUG, [slug]))


def load_units(ids: Iterable[int]) -> list[Unit]:
    """Return units by id, in that order, with everything that a quote reads."""
    return _units_and_offers(UNITS_BY_ID, ids)


def load_sold_units(offer: Offer) -> list[Unit]:
    """Return the units of a lodging that are sold, as `load_units` does."""
    return _units_and_offers(SOLD_UNITS, [offer.pk])


def _offers(statement: str, values: Iterable[int] | Iterable[str]) -> list[Offer]:
    rows = read_joined(statement, TABLES_OF_OFFERS, [list(values)])
    return _with_steps([_tied(*row) for row in rows])


def _tied(offer: Offer, provider: Provider, commune: Commune, policy: CancellationPolicy) -> Offer:
    offer.provider, offer.commune, offer.cancellation_policy = provider, commune, policy
    return offer


def _with_steps(offers: list[Offer]) -> list[Offer]:
    """Keep with each offer's policy its steps."""
    by_policy: dict[int, list[CancellationStep]] = defaultdict(list)
    policies = {one.cancellation_policy_id for one in offers}
    for step in read_rows(STEPS, CancellationStep, [list(policies)]):
        by_policy[step.policy_id].append(step)
    for offer in offers:
        keep_related(offer.cancellation_policy, "steps", by_policy[offer.cancellation_policy_id])
    return offers


def _with_parts(offers: list[Offer]) -> list[Offer]:
    slept = {one.pk: one for one in offers if one.is_lodging}
    _keep_parts(slept, Supplement, "supplements", OPTIONS_OF_LODGINGS)
    _keep_units(slept)
    dated = {one.pk: one for one in offers if not one.is_lodging}
    _keep_parts(dated, AgeBand, "bands")
    _keep_parts(dated, Supplement, "supplements")
    watched = {pk: one for pk, one in dated.items() if one.kind_rules.needs_permit}
    _keep_parts(watched, OfferPermit, "permits")
    return offers


def _units_and_offers(statement: str, ids: Iterable[int]) -> list[Unit]:
    wanted = list(ids)
    if not wanted:
        return []
    rows = read_joined(statement, TABLES_OF_UNITS | TABLES_OF_OFFERS, [wanted])
    offers: dict[int, Offer] = {}
    for _unit, _tariff, offer, *around in rows:
        if offer.pk not in offers:
            offers[offer.pk] = _tied(offer, *around)
    _with_steps(list(offers.values()))
    _keep_parts(offers, Supplement, "supplements", OPTIONS_OF_LODGINGS)
    units = _with_tariffs([(unit, tariff) for unit, tariff, *_offer in rows])
    for unit in units:
        unit.offer = offers[unit.offer_id]
    return units


def _keep_parts(
    offers: Mapping[int, Offer],
    model: type[AgeBand | Supplement | OfferPermit],
    name: str,
    statement: str = "",
) -> None:
    """Keep with each offer the rows of a table that are its own."""
    if not offers:
        return
    parts: dict[int, list[AgeBand | Supplement | OfferPermit]] = defaultdict(list)
    for part in read_rows(statement or PARTS[model._meta.db_table], model, [list(offers)]):
        part.offer = offers[part.offer_id]
        parts[part.offer_id].append(part)
    for pk, offer in offers.items():
        keep_related(offer, name, parts[pk])


def _keep_units(offers: Mapping[int, Offer]) -> None:
    """Keep with each lodging its units."""
    if not offers:
        return
    units: dict[int, list[Unit]] = defaultdict(list)
    for unit in _with_tariffs(read_joined(UNITS_OF_OFFERS, TABLES_OF_UNITS, [list(offers)])):
        unit.offer = offers[unit.offer_id]
        units[unit.offer_id].append(unit)
    for pk, offer in offers.items():
        keep_related(offer, "units", units[pk])


def _with_tariffs(pairs: Iterable[tuple[Any, ...]]) -> list[Unit]:
    """Return the units of pairs with their tariffs, the prices and the rules of these."""
    units: list[Unit] = []
    tariffs: dict[int, Tariff] = {}
    for unit, tariff in pairs:
        # Rooms at one price share it; a unit may have none yet.
        unit.tariff = None if tariff is None else tariffs.setdefault(tariff.pk, tariff)
        units.append(unit)
    if not tariffs:
        return units
    prices: dict[int, list[PriceRule]] = defaultdict(list)
    for rule in read_rows(PRICE_RULES, PriceRule, [list(tariffs)]):
        rule.tariff = tariffs[rule.tariff_id]
        prices[rule.tariff_id].append(rule)
    limits: dict[int, list[StayRestriction]] = defaultdict(list)
    for limit in read_rows(RESTRICTIONS, StayRestriction, [list(tariffs)]):
        limit.tariff = tariffs[limit.tariff_id]
        limits[limit.tariff_id].append(limit)
    for pk, tariff in tariffs.items():
        keep_related(tariff, "price_rules", prices[pk])
        keep_related(tariff, "restrictions", limits[pk])
    return units
