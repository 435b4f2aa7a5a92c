"""The tourist tax of one stay, by the rules of domain.md §1.

It computes what the guests owe; it never decides who collects it nor which tariff a lodging has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from booking.rules.people import ADULT_AGE, Guest
from oti.lib.dates import nights
from oti.lib.money import ZERO, quantize

FIXED = "fixed"
PERCENT = "percent"
KINDS = frozenset({FIXED, PERCENT})
MODES = frozenset({"A", "B", "C"})

# Below the legal rate of 1 % a published percentage is an error of the source (domain.md §1.4).
LOWEST_PERCENT = Decimal(1)


class NoTariff(Exception):
    """No tariff is known for these nights: the lodging is not sold online (core.md 14)."""

    def __init__(self, days: Iterable[date]) -> None:
        """Keep the nights without a tariff, in order."""
        self.days = tuple(days)
        super().__init__(f"no tourist tax tariff for {', '.join(map(str, self.days))}")


@dataclass(frozen=True)
class Tariff:
    """One line of a deliberation, before the additional tax.

    `value` is euros per person and night (`fixed`) or a percentage such as 5 (`percent`); `cap`
    is euros per person and night; `additional_rate` a fraction such as 0.10; both dates are
    inclusive, and no `valid_to` means until further notice.
    """

    kind: str
    value: Decimal
    cap: Decimal | None
    additional_rate: Decimal
    valid_from: date
    valid_to: date | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown kind with ValueError."""
        if self.kind not in KINDS:
            msg = f"unknown kind of tariff {self.kind!r}"
            raise ValueError(msg)

    def is_in_force(self, day: date) -> bool:
        """Tell whether the deliberation covers the night that begins on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def is_usable(self) -> bool:
        """Tell whether the figure can be charged: a percentage under 1 % counts as missing."""
        return self.kind == FIXED or self.value >= LOWEST_PERCENT


@dataclass(frozen=True)
class TaxTerms:
    """The tariffs of one lodging and the rounding of its collectivity (domain.md §1.3).

    `mode` A rounds the tax per person and night, then the additional tax once; B rounds the
    additional tax per person and night too; C rounds at the end only. Under the flat-rate regime
    the operator pays and the guest owes nothing (§1.1.11).
    """

    tariffs: tuple[Tariff, ...]
    mode: str = "A"
    is_flat_rate_regime: bool = False
    exempt_below_age: int = ADULT_AGE

    def __post_init__(self) -> None:
        """Refuse an unknown mode with ValueError."""
        if self.mode not in MODES:
            msg = f"unknown rounding mode {self.mode!r}"
            raise ValueError(msg)


@dataclass(frozen=True)
class NightTax:
    """The base tax of one person for one night, rounded to the cent, and where it comes from."""

    day: date
    per_person: Decimal
    tariff: Tariff
    to_confirm: bool


@dataclass(frozen=True)
class TaxResult:
    """The tax of a stay in euros; `total` = `base` + `additional`.

    `taxable` is the number of persons who pay; `to_confirm` says that a night goes past the last
    deliberation known (core.md 14).
    """

    base: Decimal
    additional: Decimal
    total: Decimal
    taxable: int
    to_confirm: bool
    per_night: tuple[NightTax, ...]


NOTHING_DUE = TaxResult(ZERO, ZERO, ZERO, taxable=0, to_confirm=False, per_night=())


def tariff_of(terms: TaxTerms, day: date) -> tuple[Tariff, bool] | None:
    """Return the tariff of the night that begins on `day` and whether it is to be confirmed.

    After the end of every tariff the last known one goes on, to be confirmed (core.md 14);
    before the first one there is none.
    """
    begun = [tariff for tariff in terms.tariffs if tariff.is_usable and tariff.valid_from <= day]
    in_force = [tariff for tariff in begun if tariff.is_in_force(day)]
    if in_force:
        return max(in_force, key=lambda tariff: tariff.valid_from), False
    if begun:
        return max(begun, key=lambda tariff: (tariff.valid_to or day, tariff.valid_from)), True
    return None


def count_taxable(terms: TaxTerms, guests: Iterable[Guest], exempt_adults: int = 0) -> int:
    """Return how many guests pay: not minors, less the adults exempt by law (§1.1.7)."""
    payers = sum(not guest.is_below(terms.exempt_below_age) for guest in guests)
    return max(0, payers - exempt_adults)


def compute_tourist_tax(
    terms: TaxTerms,
    arrival: date,
    departure: date,
    guests: Iterable[Guest],
    lodging_net: Decimal,
    exempt_adults: int = 0,
) -> TaxResult:
    """Return the tourist tax of the nights `[arrival, departure)` (domain.md §1.1 and §1.3).

    `lodging_net` is the price of the lodging alone in euros without VAT for the whole stay;
    `exempt_adults` counts seasonal workers and the like. Each night takes the tariff in force
    that night; the percentage applies to the average price of a night divided by all occupants,
    infants included; the cap comes before the additional tax. A free stay and the flat-rate
    regime owe nothing. Raises NoTariff; ValueError without a night or a guest.
    """
    days = tuple(nights(arrival, departure))
    party = tuple(guests)
    if not days or not party:
        msg = "the tourist tax needs at least one night and one guest"
        raise ValueError(msg)
    if terms.is_flat_rate_regime:
        return NOTHING_DUE
    found = [(day, tariff_of(terms, day)) for day in days]
    missing = [day for day, known in found if known is None]
    if missing:
        raise NoTariff(missing)
    if lodging_net <= 0:
        return NOTHING_DUE

    price = Fraction(lodging_net) / len(days) / len(party)
    taxable = count_taxable(terms, party, exempt_adults)
    per_night = []
    exact = []
    for day, known in found:
        if known is not None:
            tariff, to_confirm = known
            unit = _unit(tariff, price)
            exact.append((unit, tariff.additional_rate))
            per_night.append(NightTax(day, _round(unit), tariff, to_confirm))
    base, additional = _sum_up(terms.mode, taxable, exact)
    return TaxResult(
        base=base,
        additional=additional,
        total=base + additional,
        taxable=taxable,
        to_confirm=any(night.to_confirm for night in per_night),
        per_night=tuple(per_night),
    )


def _unit(tariff: Tariff, price: Fraction) -> Fraction:
    """Return the exact base tax of one person for one night, capped (§1.1.3 and §1.1.4)."""
    value = Fraction(tariff.value)
    unit = value if tariff.kind == FIXED else price * value / 100
    return unit if tariff.cap is None else min(unit, Fraction(tariff.cap))


def _sum_up(
    mode: str, taxable: int, exact: list[tuple[Fraction, Decimal]]
) -> tuple[Decimal, Decimal]:
    """Return (base, additional) of all nights by the collectivity's rounding (§1.3)."""
    if mode == "C":
        base = _round(sum((unit * taxable for unit, _ in exact), Fraction()))
        total = _round(
            sum((unit * taxable * (1 + Fraction(rate)) for unit, rate in exact), Fraction())
        )
        return base, total - base
    rounded = [(_round(unit), rate) for unit, rate in exact]
    base = sum((unit * taxable for unit, _ in rounded), ZERO)
    if mode == "B":
        return base, sum((quantize(unit * rate) * taxable for unit, rate in rounded), ZERO)
    return base, quantize(sum((unit * taxable * rate for unit, rate in rounded), ZERO))


def _round(amount: Fraction) -> Decimal:
    """Round an exact amount to the cent: one division, so that a half cent stays a half cent."""
    return quantize(Decimal(amount.numerator) / Decimal(amount.denominator))
