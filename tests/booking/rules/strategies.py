"""What hypothesis draws for the pure rules: amounts, parties, dates and terms that make sense."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from booking.rules.people import Guest
from booking.rules.pricing import NightRule, OptionChoice, StayTerms, SupplementTerms
from booking.rules.tourist_tax import Tariff, TaxTerms
from oti.lib.money import from_cents

bounded = settings(deadline=None, max_examples=80)

FIRST_DAY = date(2026, 1, 1)
BASES = ("stay", "night", "person", "person_night", "item")
RATES = tuple(map(Decimal, ("0", "0.055", "0.10", "0.20")))


def party(adults: int, ages: Sequence[int] = ()) -> tuple[Guest, ...]:
    """Some adults, then a child of each of these ages."""
    return (Guest(),) * adults + tuple(Guest(age) for age in ages)


def amounts(most: int = 500_00) -> st.SearchStrategy[Decimal]:
    """Euros and cents from 0."""
    return st.integers(0, most).map(from_cents)


days = st.integers(0, 500).map(lambda offset: FIRST_DAY + timedelta(days=offset))
rates = st.sampled_from(RATES)
guests = st.lists(st.builds(Guest, st.none() | st.integers(0, 99)), min_size=1, max_size=8)


@st.composite
def night_rules(draw: st.DrawFn) -> NightRule:
    """A rule of some level over 1 to 60 nights."""
    starts_on = draw(days)
    level = draw(st.sampled_from(("season", "weekday", "exception")))
    weekday = draw(st.integers(0, 6)) if level == "weekday" else None
    ends_on = starts_on + timedelta(days=draw(st.integers(1, 60)))
    return NightRule(level, starts_on, ends_on, draw(amounts()), weekday)


@st.composite
def supplements(draw: st.DrawFn) -> tuple[SupplementTerms, ...]:
    """Up to three supplements with codes of their own."""
    return tuple(
        SupplementTerms(
            code=f"s{number}",
            label=f"Supplement {number}",
            basis=draw(st.sampled_from(BASES)),
            amount=draw(amounts(80_00)),
            is_mandatory=draw(st.booleans()),
            vat_rate=draw(rates),
            max_quantity=3,
        )
        for number in range(draw(st.integers(0, 3)))
    )


@st.composite
def stay_terms(draw: st.DrawFn) -> StayTerms:
    """A unit whose every night has a price."""
    return StayTerms(
        base_amount=draw(amounts()),
        night_rules=tuple(draw(st.lists(night_rules(), max_size=4))),
        base_occupancy=draw(st.integers(1, 6)),
        extra_person_amount=draw(amounts(40_00)),
        supplements=draw(supplements()),
        vat_rate=draw(rates),
        vat_scheme=draw(st.sampled_from(("standard", "exempt", "margin"))),
    )


@st.composite
def choices(draw: st.DrawFn, terms: StayTerms) -> tuple[OptionChoice, ...]:
    """Options that the terms allow."""
    return tuple(
        OptionChoice(supplement.code, draw(st.integers(0, supplement.max_quantity)))
        for supplement in terms.supplements
    )


@st.composite
def tax_terms(draw: st.DrawFn) -> TaxTerms:
    """A tariff for 2026 and, sometimes, another for 2027."""
    tariffs = [draw(tariffs_from(FIRST_DAY, date(2026, 12, 31)))]
    if draw(st.booleans()):
        tariffs.append(draw(tariffs_from(date(2027, 1, 1), None)))
    return TaxTerms(tuple(tariffs), draw(st.sampled_from("ABC")))


@st.composite
def tariffs_from(draw: st.DrawFn, valid_from: date, valid_to: date | None) -> Tariff:
    """A fixed or a proportional tariff."""
    kind = draw(st.sampled_from(("fixed", "percent")))
    value = draw(amounts(5_00)) if kind == "fixed" else Decimal(draw(st.integers(1, 5)))
    cap = draw(st.none() | amounts(4_00))
    return Tariff(
        kind,
        value,
        cap,
        draw(st.sampled_from((Decimal("0.10"), Decimal("0.44")))),
        valid_from,
        valid_to,
    )
