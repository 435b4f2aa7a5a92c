"""Prices of an offer as its host sets them: nights and their seasons, by age and by thing.

Live at once; what is sold keeps the price of its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.text import slugify

from booking.models import (
    AgeBand,
    Offer,
    PriceRule,
    Supplement,
    Tariff,
    Unit,
)
from booking.offer_terms import TERMS, editing_terms
from booking.refusals import BadInput, WrongState, trouble
from members.journal import Actor
from oti.lib.dates import today as day_of

MOST_PRICE = Decimal(9999)
MOST_SEASONS = 60
LONGEST_SEASON_DAYS = 731
# What a host may ask beside the night: code, its kind, what it is counted by, part of the price.
FEES = (
    ("cleaning", Supplement.Kind.CLEANING, Supplement.Basis.STAY, True),
    ("linen", Supplement.Kind.LINEN, Supplement.Basis.PERSON, False),
    ("pet", Supplement.Kind.PET, Supplement.Basis.STAY, False),
)
FEE_NAMES = {
    "cleaning": {"fr": "Ménage de fin de séjour", "en": "Cleaning", "de": "Endreinigung"},
    "linen": {"fr": "Draps et serviettes", "en": "Linen", "de": "Bettwäsche und Handtücher"},
    "pet": {"fr": "Animal", "en": "Pet", "de": "Haustier"},
}


@dataclass(frozen=True)
class PricesInput:
    """Prices of a lodging in euros; `fees` by their code, None where there is none."""

    base_amount: Decimal
    base_occupancy: int
    extra_person_amount: Decimal
    min_stay: int
    fees: Mapping[str, Decimal | None]


@dataclass(frozen=True)
class BandInput:
    """A price for an age, both ages included; without ages a price for a thing."""

    name: str
    min_age: int | None
    max_age: int | None
    amount: Decimal


# --- Prices of nights --------------------------------------------------------------------------
def keep_prices(
    offer: Offer, asked: PricesInput, *, tariff_id: int | None = None, actor: Actor, now: datetime
) -> None:
    """Keep the price of a night and what comes with it; the first one is given to every unit.

    Raises BadInput `bad_price` for a night at 0 or less, WrongState `prices_gone`.
    """
    if not 0 < asked.base_amount <= MOST_PRICE:
        raise BadInput(trouble("bad_price", field="base_amount", most=MOST_PRICE))
    with editing_terms(offer, actor=actor, now=now):
        tariff = _tariff(offer, tariff_id)
        if tariff is None:
            tariff = Tariff(offer=offer, name_fr="Tarifs", name_en="Prices", name_de="Preise")
        tariff.base_amount = asked.base_amount
        tariff.base_occupancy = asked.base_occupancy
        tariff.extra_person_amount = asked.extra_person_amount
        tariff.min_stay = asked.min_stay
        if tariff.max_stay and tariff.max_stay < asked.min_stay:
            tariff.max_stay = None
        tariff.save()
        Unit.objects.filter(offer=offer, tariff=None).update(tariff=tariff)
        _keep_fees(offer, asked.fees)


def _tariff(offer: Offer, tariff_id: int | None) -> Tariff | None:
    known = Tariff.objects.filter(offer=offer).order_by("pk")
    if tariff_id is not None:
        known = known.filter(pk=tariff_id)
    found: Tariff | None = known.first()
    if found is None and tariff_id is not None:
        raise WrongState(trouble("prices_gone"))
    return found


def _keep_fees(offer: Offer, fees: Mapping[str, Decimal | None]) -> None:
    for code, kind, basis, is_mandatory in FEES:
        if code not in fees:
            continue
        known = Supplement.objects.filter(offer=offer, kind=kind).order_by("pk").first()
        amount = fees[code]
        if amount is None:
            if known is not None:
                known.delete()
            continue
        row = known or Supplement(
            offer=offer, code=code, kind=kind, basis=basis, is_mandatory=is_mandatory
        )
        if known is None:
            row.max_quantity = 20 if basis == Supplement.Basis.PERSON else 3
            for language, name in FEE_NAMES[code].items():
                setattr(row, f"name_{language}", name)
        row.amount = amount
        row.save()


def add_season(
    offer: Offer,
    *,
    first_night: date,
    departure: date,
    amount: Decimal,
    tariff_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Give the nights `[first_night, departure)` a price of their own.

    Raises BadInput `bad_price`, `dates_reversed`, `season_too_long`, `season_overlaps` with the
    dates of the other season, `too_many_seasons`; WrongState `prices_first` before a night has a
    price.
    """
    _check_season(first_night, departure, amount, now=now)
    with editing_terms(offer, actor=actor, now=now):
        tariff = _tariff(offer, tariff_id)
        if tariff is None:
            raise WrongState(trouble("prices_first"))
        seasons = PriceRule.objects.filter(tariff=tariff, level=PriceRule.Level.SEASON)
        other = seasons.filter(dates__overlap=DateRange(first_night, departure)).first()
        if other is not None:
            raise BadInput(
                trouble(
                    "season_overlaps",
                    field="first_night",
                    first=other.dates.lower,
                    last=other.dates.upper,
                )
            )
        if seasons.count() >= MOST_SEASONS:
            raise BadInput(trouble("too_many_seasons", max=MOST_SEASONS))
        PriceRule.objects.create(
            tariff=tariff,
            level=PriceRule.Level.SEASON,
            dates=DateRange(first_night, departure),
            amount=amount,
        )


def _check_season(first_night: date, departure: date, amount: Decimal, *, now: datetime) -> None:
    if not 0 < amount <= MOST_PRICE:
        raise BadInput(trouble("bad_price", field="amount", most=MOST_PRICE))
    if departure <= first_night:
        raise BadInput(trouble("dates_reversed", field="departure"))
    if departure <= day_of(now):
        raise BadInput(trouble("in_the_past", field="departure"))
    if (departure - first_night).days > LONGEST_SEASON_DAYS:
        raise BadInput(trouble("season_too_long", field="departure"))


def remove_season(offer: Offer, season_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a season away: its nights cost the usual price again. Twice is the same as once."""
    with editing_terms(offer, actor=actor, now=now):
        PriceRule.objects.filter(
            pk=season_id, tariff__offer=offer, level=PriceRule.Level.SEASON
        ).delete()


# --- Prices by age -----------------------------------------------------------------------------
def keep_bands(
    offer: Offer,
    bands: Sequence[BandInput],
    terms: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the prices by age of what is sold by dates, together with its ages and duration.

    Raises BadInput `bad_price` unless somebody pays, but for what is free by its kind; the rules
    of ages are those of `offers.check_price_bands`, asked by the form and before it is published.
    """
    if any(not 0 <= one.amount <= MOST_PRICE for one in bands) or not (
        offer.kind == "registration" or any(one.amount > 0 for one in bands)
    ):
        raise BadInput(trouble("bad_price", most=MOST_PRICE))
    unknown = set(terms) - TERMS
    if unknown:
        raise KeyError(sorted(unknown))
    with editing_terms(offer, actor=actor, now=now) as edit:
        for name, value in terms.items():
            setattr(edit.offer, name, value)
        if terms:
            edit.offer.save(update_fields=[*terms, "updated_at"])
        _write_bands(offer, bands)


def _write_bands(offer: Offer, bands: Sequence[BandInput]) -> None:
    """Write prices by age; one of the same name keeps its code, which sold lines speak of."""
    known = {one.name_fr: one for one in AgeBand.objects.filter(offer=offer)}  # type: ignore[attr-defined]
    kept = []
    codes = {one.code for one in known.values()}
    for band in bands:
        row = known.get(band.name)
        if row is None:
            row = AgeBand(offer=offer, code=_free_code(band.name, codes), name_fr=band.name)
            codes.add(row.code)
        row.min_age, row.max_age, row.amount = band.min_age, band.max_age, band.amount
        row.save()
        kept.append(row.pk)
    AgeBand.objects.filter(offer=offer).exclude(pk__in=kept).delete()


def _free_code(name: str, used: set[str]) -> str:
    base = slugify(name)[:20] or "prix"
    code, number = base, 1
    while code in used:
        number += 1
        code = f"{base}-{number}"
    return code
