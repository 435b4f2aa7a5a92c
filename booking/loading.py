"""Offers and units with every row that a quote reads, from one statement that is written out.

The ORM takes three times as long to write such questions as the database to answer them
(oti.lib.joins); they don't wait for each other and travel together (oti.lib.together).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
from booking.rules.kinds import BY_CODE, SLEPT
from destination.models.territory import Commune
from members.models import Provider
from oti.lib.joins import Joined, grouped, keep_related
from oti.lib.together import read_together

_WITH_OFFER = """
JOIN members_provider provider ON provider.id = offer.provider_id
JOIN destination_commune commune ON commune.id = offer.commune_id
JOIN booking_cancellationpolicy policy ON policy.id = offer.cancellation_policy_id"""
_TABLES_OF_OFFER: dict[str, type[Model]] = {
    "offer": Offer,
    "provider": Provider,
    "commune": Commune,
    "policy": CancellationPolicy,
}
_TABLES_OF_UNIT: dict[str, type[Model]] = {"unit": Unit, "tariff": Tariff}
_UNITS = "FROM booking_unit unit LEFT JOIN booking_tariff tariff ON tariff.id = unit.tariff_id"

# `{ids}` stands for an array of ids: of offers in `_Of`, of units in `_OfUnits`.
GIVEN = "%s"
OF_SLUG = "ARRAY(SELECT id FROM booking_offer WHERE slug = %s)"
SOLD_OF_OFFER = "ARRAY(SELECT id FROM booking_unit WHERE offer_id = %s AND is_active)"
_POLICIES = "SELECT cancellation_policy_id FROM booking_offer WHERE id = ANY({ids})"
_TARIFFS = "SELECT tariff_id FROM booking_unit WHERE offer_id = ANY({ids})"
_UNITS_OFFERS = "SELECT offer_id FROM booking_unit WHERE id = ANY({ids})"
_UNITS_POLICIES = (
    "SELECT cancellation_policy_id FROM booking_offer offer"
    " JOIN booking_unit unit ON unit.offer_id = offer.id WHERE unit.id = ANY({ids})"
)
_UNITS_TARIFFS = "SELECT tariff_id FROM booking_unit WHERE id = ANY({ids})"


def _parts(model: type[Model], condition: str, order: str) -> Joined:
    table = model._meta.db_table
    text = f"SELECT {{columns}} FROM {table} it WHERE it.{condition} ORDER BY {order}"  # noqa: S608
    return Joined(text, {"it": model})


_BY_OFFER = "offer_id = ANY({ids})"
_FIRST_MANDATORY = "it.is_mandatory DESC, it.id"
OFFERS = Joined(
    f"SELECT {{columns}} FROM booking_offer offer {_WITH_OFFER}"  # noqa: S608
    " WHERE offer.id = ANY({ids}) ORDER BY offer.title, offer.id",
    _TABLES_OF_OFFER,
)
STEPS = _parts(CancellationStep, f"policy_id IN ({_POLICIES})", "it.hours_before DESC")
OPTIONS = _parts(Supplement, _BY_OFFER, _FIRST_MANDATORY)
UNITS = Joined(
    f"SELECT {{columns}} {_UNITS} WHERE unit.offer_id = ANY({{ids}}) ORDER BY unit.id",
    _TABLES_OF_UNIT,
)
PRICES = _parts(PriceRule, f"tariff_id IN ({_TARIFFS})", "it.dates, it.weekday")
LIMITS = _parts(StayRestriction, f"tariff_id IN ({_TARIFFS})", "it.dates, it.kind, it.weekday")
BANDS = _parts(AgeBand, _BY_OFFER, "it.id")
PERMITS = _parts(OfferPermit, _BY_OFFER, "it.id")

UNITS_AND_OFFERS = Joined(
    f"SELECT {{columns}} {_UNITS} JOIN booking_offer offer ON offer.id = unit.offer_id"
    f" {_WITH_OFFER} WHERE unit.id = ANY({{ids}}) ORDER BY unit.id",
    _TABLES_OF_UNIT | _TABLES_OF_OFFER,
)
PRICES_OF_UNITS = _parts(PriceRule, f"tariff_id IN ({_UNITS_TARIFFS})", "it.dates, it.weekday")
LIMITS_OF_UNITS = _parts(
    StayRestriction, f"tariff_id IN ({_UNITS_TARIFFS})", "it.dates, it.kind, it.weekday"
)
OPTIONS_OF_UNITS = _parts(Supplement, f"offer_id IN ({_UNITS_OFFERS})", _FIRST_MANDATORY)
STEPS_OF_UNITS = _parts(
    CancellationStep,
    f"policy_id IN ({_UNITS_POLICIES})",
    "it.hours_before DESC",
)


def load_offers(ids: Iterable[int], *, kinds: Collection[str] = tuple(BY_CODE)) -> list[Offer]:
    """Return offers by title: with provider, commune, policy, options and permits.

    What is slept in has its units with their prices, the rest its bands. `kinds` are those among
    which they are: what none of them has isn't asked for.
    """
    wanted = list(ids)
    return _offers(GIVEN, wanted, kinds) if wanted else []


def load_offers_of_slug(slug: str) -> list[Offer]:
    """Return the offers of an address, slept in or not, as `load_offers` does."""
    return _offers(OF_SLUG, slug, tuple(BY_CODE))


def load_units(ids: Iterable[int]) -> list[Unit]:
    """Return units by id, in that order, with everything that a quote reads."""
    wanted = list(ids)
    return _units(GIVEN, wanted) if wanted else []


def load_sold_units(offer: Offer) -> list[Unit]:
    """Return the units of a lodging that are sold, as `load_units` does."""
    return _units(SOLD_OF_OFFER, offer.pk)


def _offers(ids: str, value: object, kinds: Collection[str]) -> list[Offer]:
    is_slept, is_dated = bool(set(kinds) & set(SLEPT)), bool(set(kinds) - set(SLEPT))
    is_permitted = any(BY_CODE[code].needs_permit for code in kinds)
    asked = [
        (OFFERS, True),
        (STEPS, True),
        (OPTIONS, True),
        (UNITS, is_slept),
        (PRICES, is_slept),
        (LIMITS, is_slept),
        (BANDS, is_dated),
        (PERMITS, is_permitted),
    ]
    rows, steps, options, units, prices, limits, bands, permits = _read(
        [one if is_wanted else None for one, is_wanted in asked], ids, value
    )
    options_of, bands_of = grouped(options, "offer_id"), grouped(bands, "offer_id")
    permits_of = grouped(permits, "offer_id")
    units_of = grouped(_with_tariffs(units, prices, limits), "offer_id")
    offers = _with_policies(rows, steps)
    for offer in offers:
        own = options_of[offer.pk]
        if offer.is_lodging:
            _keep_parts(offer, "units", units_of[offer.pk])
        else:
            own.sort(key=lambda one: one.pk)
            _keep_parts(offer, "bands", bands_of[offer.pk])
        _keep_parts(offer, "supplements", own)
        if offer.kind_rules.needs_permit:
            _keep_parts(offer, "permits", permits_of[offer.pk])
    return offers


def _units(ids: str, value: object) -> list[Unit]:
    asked = [UNITS_AND_OFFERS, STEPS_OF_UNITS, OPTIONS_OF_UNITS, PRICES_OF_UNITS, LIMITS_OF_UNITS]
    rows, steps, options, prices, limits = _read(asked, ids, value)
    # Rooms of one house share it.
    first = {offer.pk: (offer, *around) for _unit, _tariff, offer, *around in reversed(rows)}
    offers = {one.pk: one for one in _with_policies(first.values(), steps)}
    options_of = grouped(options, "offer_id")
    for pk, offer in offers.items():
        _keep_parts(offer, "supplements", options_of[pk])
    units = _with_tariffs([row[:2] for row in rows], prices, limits)
    for unit in units:
        unit.offer = offers[unit.offer_id]
    return units


def _read(asked: Sequence[Joined | None], ids: str, value: object) -> list[list[Any]]:
    """Return the rows of each question, none where it isn't asked; of one table without tuple."""
    given = [one for one in asked if one is not None]
    found = iter(read_together(*(one.written([value], ids=ids) for one in given)))
    answers: list[list[Any]] = []
    for one in asked:
        rows = [] if one is None else one.rows(next(found))
        answers.append([row[0] for row in rows] if one is not None and one.is_single else rows)
    return answers


def _with_policies(rows: Iterable[Sequence[Any]], steps: Iterable[CancellationStep]) -> list[Offer]:
    """Return the offers of rows, tied to what they name, with the steps of their policies."""
    steps_of = grouped(steps, "policy_id")
    offers = []
    for offer, provider, commune, policy in rows:
        offer.provider, offer.commune, offer.cancellation_policy = provider, commune, policy
        keep_related(policy, "steps", steps_of[policy.pk])
        offers.append(offer)
    return offers


def _with_tariffs(
    pairs: Iterable[Sequence[Any]],
    prices: Iterable[PriceRule],
    limits: Iterable[StayRestriction],
) -> list[Unit]:
    """Return the units of pairs with their tariffs, the prices and the rules of these."""
    prices_of, limits_of = grouped(prices, "tariff_id"), grouped(limits, "tariff_id")
    units: list[Unit] = []
    tariffs: dict[int, Tariff] = {}
    for unit, tariff in pairs:
        # Rooms at one price share it; a unit may have none yet.
        unit.tariff = None if tariff is None else tariffs.setdefault(tariff.pk, tariff)
        units.append(unit)
    for pk, tariff in tariffs.items():
        for name, rows in (("price_rules", prices_of[pk]), ("restrictions", limits_of[pk])):
            for row in rows:
                row.tariff = tariff  # type: ignore[attr-defined]
            keep_related(tariff, name, rows)
    return units


def _keep_parts(offer: Offer, name: str, parts: Sequence[Any]) -> None:
    for part in parts:
        part.offer = offer
    keep_related(offer, name, parts)
