"""From rows to the one figure shown everywhere: list, offer, stay, checkout, bank and mail.

Rows become the terms of the pure rules, the rules give the quote. Whoever shows or charges a
price comes through here (features.md B12).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects

from booking.holes import bounded_on_both_sides
from booking.models import (
    Offer,
    Slot,
    TaxCollectivity,
    Unit,
)
from booking.refusals import Trouble, trouble, troubles_of
from booking.rules.kinds import Asked, Facts, Permit
from booking.rules.moments import absolute
from booking.rules.people import Guest, Occupancy, Problem, check_ages, check_occupancy
from booking.rules.pricing import (
    BadOption,
    BandTerms,
    NightRule,
    NoBand,
    OptionChoice,
    PriceMissing,
    Quote,
    Reduction,
    SlotTerms,
    StayTerms,
    SupplementTerms,
    quote_slot,
    quote_stay,
)
from booking.rules.refunds import RefundPolicy, RefundStep
from booking.rules.stay import Restriction, StayLimits, check_stay
from booking.rules.tourist_tax import NoTariff, Tariff, TaxTerms, tariff_of
from oti.lib.dates import ONE_DAY, PARIS, at_paris, paris
from oti.lib.dates import today as day_of
from oti.lib.memo import Reading, remembered_reading
from oti.lib.money import ZERO, to_cents
from oti.lib.together import Written

NOON = time(12)
USUAL_ARRIVAL = time(15)
TEN = time(10)

# Codes that say that it had to be booked earlier: what is held in time isn't asked again.
TOO_NEAR = frozenset({"too_soon", "booked_until", "too_late"})
# Written out: each order reads it in its transaction.
TAX_TARIFFS = """
SELECT tariff.epci_id, tariff.category, coalesce(council.rounding_mode, 'A'),
    coalesce(council.regime, ''), tariff.kind, tariff.value, tariff.cap, tariff.additional_rate,
    tariff.valid_from, tariff.valid_to
FROM booking_touristtaxtariff tariff
LEFT JOIN booking_taxcollectivity council ON council.epci_id = tariff.epci_id
ORDER BY tariff.valid_from
"""


class TaxBook:
    """Every council's tariffs, read once for a page (a few dozen rows)."""

    def __init__(self) -> None:
        self._terms: dict[tuple[int, str], TaxTerms] | None = None

    def terms_for(self, offer: Offer) -> TaxTerms:
        """Return the tax of a lodging; without any tariff the rules raise NoTariff."""
        return self._terms_of((offer.commune.epci_id or 0, offer.tax_category))

    def is_known(self, line: tuple[int, str], arrival: date) -> bool:
        """Tell whether nights from `arrival` on have a tariff, by council and category."""
        terms = self._terms_of(line)
        return terms.is_flat_rate_regime or tariff_of(terms, arrival) is not None

    def _terms_of(self, line: tuple[int, str]) -> TaxTerms:
        if self._terms is None:
            self._terms = tax_terms()
        return self._terms.get(line, TaxTerms(tariffs=()))


@remembered_reading()
def tax_terms() -> Reading[dict[tuple[int, str], TaxTerms]]:
    """Return the terms of each council and category of lodging, for whoever asks next."""
    return Reading(Written(TAX_TARIFFS, width=10), _terms_of_rows)


def _terms_of_rows(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[int, str], TaxTerms]:
    tariffs: dict[tuple[int, str], list[Tariff]] = {}
    councils: dict[int, tuple[str, str]] = {}
    for council, category, mode, regime, *tariff in rows:
        councils[council] = mode, regime
        tariffs.setdefault((council, category), []).append(Tariff(*tariff))
    return {
        key: TaxTerms(
            tariffs=tuple(own),
            mode=councils[key[0]][0],
            is_flat_rate_regime=councils[key[0]][1] == TaxCollectivity.Regime.FLAT,
        )
        for key, own in tariffs.items()
    }


def supplement_terms(offer: Offer) -> tuple[SupplementTerms, ...]:
    """Return an offer's supplements, labels in the active language."""
    return tuple(
        SupplementTerms(
            code=row.code,
            label=row.name,
            basis=row.basis,
            amount=row.amount,
            is_mandatory=row.is_mandatory,
            vat_rate=row.vat_rate,
            max_quantity=row.max_quantity,
            kind=row.kind,
        )
        for row in offer.supplements.all()
    )


def stay_terms(unit: Unit) -> StayTerms:
    """Return the prices of a unit; one without tariff has none."""
    tariff = unit.tariff
    rules: tuple[NightRule, ...] = ()
    if tariff is not None:
        rules = tuple(
            NightRule(
                level=row.level,
                starts_on=row.dates.lower,
                ends_on=row.dates.upper,
                weekday=row.weekday if row.weekday >= 0 else None,
                amount=row.amount,
            )
            for row in tariff.price_rules.all()
        )
    return StayTerms(
        base_amount=tariff.base_amount if tariff else None,
        night_rules=rules,
        base_occupancy=tariff.base_occupancy if tariff else 1,
        extra_person_amount=tariff.extra_person_amount if tariff else ZERO,
        supplements=supplement_terms(unit.offer),
        vat_rate=unit.offer.vat_rate,
        vat_scheme=unit.offer.vat_scheme,
        infant_below_age=settings.INFANT_BELOW_AGE,
    )


def stay_limits(unit: Unit) -> StayLimits:
    """Return the rules of stay of a unit (core.md 6)."""
    tariff = unit.tariff
    offer = unit.offer
    restrictions: tuple[Restriction, ...] = ()
    if tariff is not None:
        restrictions = tuple(
            Restriction(
                kind=row.kind,
                starts_on=row.dates.lower,
                ends_on=row.dates.upper,
                weekday=row.weekday if row.weekday >= 0 else None,
                value=row.value,
            )
            for row in tariff.restrictions.all()
        )
    longest = settings.LONGEST_STAY_NIGHTS
    furthest = settings.SEARCH_HORIZON_DAYS - 1
    return StayLimits(
        min_stay=tariff.min_stay if tariff else 1,
        max_stay=min(tariff.max_stay or longest, longest) if tariff else longest,
        min_advance_days=offer.min_advance_days,
        max_advance_days=min(offer.max_advance_days or furthest, furthest),
        restrictions=restrictions,
    )


def occupancy_of(unit: Unit) -> Occupancy:
    """Return who fits in a unit (features.md A02)."""
    return Occupancy(
        max_adults=unit.max_adults,
        max_children=unit.max_children,
        max_guests=unit.max_guests,
        max_infants=unit.max_infants,
        infant_below_age=settings.INFANT_BELOW_AGE,
    )


def band_terms(offer: Offer) -> tuple[BandTerms, ...]:
    """Return the prices by age of an offer sold by places, or its one price by the item."""
    return tuple(
        BandTerms(
            code=row.code,
            label=row.name,
            min_age=row.min_age,
            max_age=row.max_age,
            amount=row.amount,
        )
        for row in offer.bands.all()
    )


def slot_terms(offer: Offer) -> SlotTerms:
    """Return the prices of an offer sold by places or by items."""
    return SlotTerms(
        bands=band_terms(offer),
        supplements=supplement_terms(offer),
        vat_rate=offer.vat_rate,
        vat_scheme=offer.vat_scheme,
    )


def policy_of(offer: Offer) -> RefundPolicy:
    """Return the ladder to be copied on a sold line."""
    return RefundPolicy(
        steps=tuple(
            RefundStep(hours_before=row.hours_before, percent=row.percent)
            for row in offer.cancellation_policy.steps.all()
        ),
        flat_fee=offer.cancellation_policy.flat_fee,
    )


def check_unit(
    unit: Unit,
    arrival: date,
    departure: date,
    guests: Sequence[Guest],
    *,
    now: datetime,
    holes: Collection[int] | None = None,
) -> list[Trouble]:
    """Return every reason of the rules why this party can't have these nights at `now`.

    Whether the nights are free is asked elsewhere. `holes` are the units of which these nights
    fill a hole; without it, that is asked where a minimum refuses and the tariff fills holes.
    """
    if unit.tariff is None or not unit.is_active:
        return [trouble("not_on_sale")]
    today = day_of(now)
    limits = stay_limits(unit)
    notice = notice_days(unit.offer, now)
    if notice != limits.min_advance_days:
        limits = replace(limits, min_advance_days=notice)
    problems = check_stay(limits, arrival, departure, today)
    if unit.tariff.fills_gaps and any(one.code == "min_stay" for one in problems):
        if holes is None:
            holes = bounded_on_both_sides([unit.pk], arrival - ONE_DAY, departure)
        problems = check_stay(limits, arrival, departure, today, fills_hole=unit.pk in holes)
    problems += check_occupancy(occupancy_of(unit), guests)
    problems += check_ages(unit.offer.min_age, unit.offer.max_age, guests)
    return troubles_of(
        too_late_on(unit.offer)
        if one.code == "too_soon" and _is_by_hour(unit, arrival, today)
        else one
        for one in problems
    )


def _is_by_hour(unit: Unit, arrival: date, today: date) -> bool:
    """Tell whether only the hour of the day makes an arrival too late."""
    return bool((arrival - today).days == unit.offer.min_advance_days)


def notice_days(offer: Offer, now: datetime) -> int:
    """Return how many days ahead an offer is booked at least, at that moment (features.md H09).

    One more than its days once its hour has come on the clock of Paris: it is for the last
    possible day.
    """
    until = offer.booked_until
    is_past = until is not None and paris(now).time() >= until
    return offer.min_advance_days + is_past


def too_late_on(offer: Offer) -> Problem:
    """Return why its last possible day is over before midnight."""
    hour = offer.booked_until or time.min
    return Problem("booked_until", {"hour": f"{hour:%H:%M}"})


def notice_of(offer: Offer, slot: Slot, *, now: datetime) -> Problem | None:
    """Return why a date is too near, or too far, to be booked at `now`; None if it isn't.

    Days and the hour of the day by the clock of Paris, hours before it begins by the time that
    really passes. Codes: `too_soon` {days}, `booked_until` {hour}, `too_late` {hours}, `too_far`.
    """
    ahead = (slot.day - day_of(now)).days
    if ahead < offer.min_advance_days:
        return Problem("too_soon", {"days": offer.min_advance_days})
    if ahead < notice_days(offer, now):
        return too_late_on(offer)
    if offer.notice_hours and offer.kind_rules.begins:
        last = absolute(slot.starts_at) - timedelta(hours=offer.notice_hours)
        if absolute(now) > last:
            return Problem("too_late", {"hours": offer.notice_hours})
    if offer.max_advance_days is not None and ahead > offer.max_advance_days:
        return Problem("too_far")
    return None


def facts_of(offer: Offer) -> Facts:
    """Return what the rules of its kind need to sell an offer; a permit where it must have one."""
    permit = None
    if offer.kind_rules.needs_permit:
        # Read once for an offer, however many of its dates are looked at.
        prefetch_related_objects([offer], "permits")
        permit = next(iter(offer.permits.all()), None)
    return Facts(
        min_age=offer.min_age,
        max_age=offer.max_age,
        permit=Permit(permit.number, permit.valid_until) if permit else None,
        season_months=offer.season_months,
        has_deposit=offer.deposit_amount is not None,
        longest_hours=settings.CARE_MAX_HOURS,
    )


def facts_to_publish(offer: Offer) -> Facts:
    """Return what the rules of its kind look at before an offer is shown: steps, prices too."""
    steps = list(offer.steps.all())
    return replace(
        facts_of(offer),
        step_minutes=tuple(step.minutes for step in steps),
        step_plans=tuple(bool(step.plan_b) for step in steps),
        band_cents=tuple(to_cents(band.amount) for band in offer.bands.all()),
    )


def asked_of(
    offer: Offer, guests: Iterable[Guest], quantity: int, options: Iterable[OptionChoice] = ()
) -> Asked:
    """Return a request as the rules of its kind read it: supplements by their kind."""
    extras: dict[str, int] = {}
    if offer.kind_rules.sides:
        kinds = {row.code: row.kind for row in offer.supplements.all()}
        for one in options:
            kind = kinds.get(one.code, "")
            extras[kind] = extras.get(kind, 0) + one.quantity
    return Asked(guests=tuple(guests), quantity=quantity, extras=extras)


def check_places(
    offer: Offer,
    guests: Sequence[Guest],
    quantity: int,
    options: Iterable[OptionChoice] = (),
) -> list[Trouble]:
    """Return every reason of the rules why these persons, or this quantity, can't be had."""
    if offer.is_sold_by_item and not 1 <= quantity <= settings.MAX_PARTY:
        return [trouble("bad_quantity", field="quantity", max=settings.MAX_PARTY)]
    asked = asked_of(offer, guests, quantity, options)
    problems = offer.kind_rules.check_party(facts_of(offer), asked)
    return troubles_of(problems, other_field="people")


def quote_unit(
    unit: Unit,
    arrival: date,
    departure: date,
    guests: Iterable[Guest],
    options: Iterable[OptionChoice],
    tax_book: TaxBook,
    reduction: Reduction | None = None,
) -> tuple[Quote | None, list[Trouble]]:
    """Return the explained price of nights for a party, or why there is none."""
    terms = stay_terms(unit)
    try:
        quote = quote_stay(
            replace(terms, reduction=reduction) if reduction else terms,
            arrival,
            departure,
            guests,
            options,
            tax_book.terms_for(unit.offer),
            unit.offer.provider.collects_tax_online,
        )
    except PriceMissing:
        return None, [trouble("no_price", field="arrival")]
    except NoTariff:
        return None, [trouble("no_tariff")]
    except BadOption:
        return None, [trouble("bad_option", field="options")]
    return quote, []


def quote_places(
    offer: Offer,
    guests: Iterable[Guest],
    quantity: int,
    options: Iterable[OptionChoice],
    days: int = 1,
    reduction: Reduction | None = None,
) -> tuple[Quote | None, list[Trouble]]:
    """Return the explained price of places or items, or why there is none.

    `days` is for what is lent: each of them is paid. A `reduction` is one of all these days.
    """
    terms = slot_terms(offer)
    if reduction is not None:
        terms = replace(terms, reduction=reduction)
    try:
        if offer.is_sold_by_item:
            quote = quote_slot(terms, (), quantity, options, days)
        else:
            quote = quote_slot(terms, guests, 0, options)
    except NoBand:
        return None, [trouble("no_band", field="people")]
    except BadOption:
        return None, [trouble("bad_option", field="options")]
    return quote, []


def stay_hours(offer: Offer, arrival: date, departure: date) -> tuple[datetime, datetime]:
    """Return the moments, in Paris, from which and until which a lodging is theirs."""
    return (
        at_paris(arrival, offer.check_in_from or USUAL_ARRIVAL),
        at_paris(departure, offer.check_out_until or TEN),
    )


def slot_end(day: date, start: time, minutes: int | None) -> tuple[datetime, datetime]:
    """Return both moments of a slot; one without a duration lasts an hour."""
    starts_at = at_paris(day, start)
    # In UTC: minutes that really pass, also in a night when the clocks change.
    ends_at = starts_at.astimezone(UTC) + timedelta(minutes=minutes or 60)
    return starts_at, ends_at.astimezone(PARIS)


def options_from(rows: Iterable[dict[str, Any]]) -> tuple[OptionChoice, ...]:
    """Read the options of a stored line."""
    return tuple(OptionChoice(code=row["code"], quantity=row["quantity"]) for row in rows)
