"""The price of a stay or of a slot as an explained sum, line by line (features.md D13).

It computes; it never reads a table, never knows the buyer and never says whether a place is free.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self

from booking.rules.people import Guest, Problem
from booking.rules.tourist_tax import TaxTerms, compute_tourist_tax
from oti.lib.dates import nights
from oti.lib.money import ZERO, quantize, split_vat

LEVELS = ("season", "weekday", "exception")
BASES = frozenset({"stay", "night", "person", "person_night", "item"})
NO_VAT_SCHEMES = frozenset({"exempt", "margin"})
LODGING_KINDS = frozenset({"night", "extra_person"})
TAX_KIND = "tourist_tax"
NO_RATE = Decimal("0.00")

# The age by which a grown-up who gave none is put in a price band.
AGE_OF_UNKNOWN = 30
YOUNGEST = 0
OLDEST = 120


class PriceMissing(Exception):
    """Some nights have no price: the stay cannot be sold."""

    def __init__(self, days: Iterable[date]) -> None:
        """Keep the nights without a price, in order."""
        self.days = tuple(days)
        super().__init__(f"no price for {', '.join(map(str, self.days))}")


class BadOption(Exception):
    """An option that the offer does not have, or more of it than the offer gives."""

    def __init__(self, code: str) -> None:
        """Keep the code of the option."""
        self.code = code
        super().__init__(f"option {code!r} cannot be chosen so")


class NoBand(Exception):
    """Guests whose age falls in no price band, or in two."""

    def __init__(self, ages: Iterable[int | None]) -> None:
        """Keep the ages concerned, None for an adult who gave none."""
        self.ages = tuple(ages)
        super().__init__(f"no single price band for ages {self.ages}")


@dataclass(frozen=True)
class NightRule:
    """The price in euros of each night of `[starts_on, ends_on)`, of one weekday if given.

    Monday is 0; a night belongs to the day on which it begins.
    """

    level: str
    starts_on: date
    ends_on: date
    amount: Decimal
    weekday: int | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown level with ValueError."""
        if self.level not in LEVELS:
            msg = f"unknown level {self.level!r}"
            raise ValueError(msg)

    def applies_to(self, day: date) -> bool:
        """Tell whether the rule speaks of the night that begins on `day`."""
        return self.starts_on <= day < self.ends_on and self.weekday in (None, day.weekday())


@dataclass(frozen=True)
class SupplementTerms:
    """What is paid beside the lodging or the activity, in euros by its basis (D02, D06)."""

    code: str
    label: str
    basis: str
    amount: Decimal
    is_mandatory: bool
    vat_rate: Decimal
    max_quantity: int = 1
    kind: str = "other"

    def __post_init__(self) -> None:
        """Refuse an unknown basis with ValueError."""
        if self.basis not in BASES:
            msg = f"unknown basis {self.basis!r}"
            raise ValueError(msg)


@dataclass(frozen=True)
class Reduction:
    """A lower price that was promised for the days of some half-open spans (features.md N06).

    `percent` off what a night, a person or a thing costs, never below `floor` euros: what costs no
    more than that stays as it is. Supplements and further persons keep their price.
    """

    percent: int
    floor: Decimal
    spans: tuple[tuple[date, date], ...]

    def holds_over(self, first: date, after: date) -> bool:
        """Tell whether it was promised for every day of `[first, after)`."""
        return all(self.holds_on(day) for day in nights(first, after))

    def holds_on(self, day: date) -> bool:
        """Tell whether it was promised for a day, or for the night that begins on it."""
        return any(first <= day < after for first, after in self.spans)

    def lowered(self, usual: Decimal) -> Decimal:
        """Return a price in euros as it was promised."""
        lower = quantize(usual * (100 - self.percent) / 100)
        return max(lower, min(usual, self.floor))


@dataclass(frozen=True)
class StayTerms:
    """The prices of one unit over nights, euros VAT included (D01, D04).

    `base_amount` holds for nights without a rule (None: not sold then) and for
    `base_occupancy` persons; each further one pays `extra_person_amount` a night. Infants
    younger than `infant_below_age` pay nothing. A `reduction` lowers the nights it speaks of.
    """

    base_amount: Decimal | None
    night_rules: tuple[NightRule, ...]
    base_occupancy: int
    extra_person_amount: Decimal
    supplements: tuple[SupplementTerms, ...]
    vat_rate: Decimal
    vat_scheme: str = "standard"
    infant_below_age: int = 2
    reduction: Reduction | None = None


@dataclass(frozen=True)
class BandTerms:
    """The price in euros of one person whose age is in `[min_age, max_age]`, both inclusive.

    One missing age leaves that side open; both missing is a price per item, whoever comes.
    """

    code: str
    label: str
    min_age: int | None
    max_age: int | None
    amount: Decimal

    @property
    def is_item(self) -> bool:
        """Tell whether this is a price per item rather than per person."""
        return self.min_age is None and self.max_age is None

    def holds(self, age: int) -> bool:
        """Tell whether a person of that age pays this price."""
        return (self.min_age is None or self.min_age <= age) and (
            self.max_age is None or age <= self.max_age
        )


@dataclass(frozen=True)
class SlotTerms:
    """The prices of an activity, a ticket, a meal or an item, euros VAT included.

    A `reduction` lowers those by person and by item: whoever asks for a price knows the day.
    """

    bands: tuple[BandTerms, ...]
    supplements: tuple[SupplementTerms, ...]
    vat_rate: Decimal
    vat_scheme: str = "standard"
    reduction: Reduction | None = None


@dataclass(frozen=True)
class OptionChoice:
    """How many of a supplement the buyer ticked."""

    code: str
    quantity: int = 1


@dataclass(frozen=True)
class QuoteItem:
    """One line of the explanation: `quantity` of `unit_amount` is `gross`, or `net` + `vat`.

    Nights and extra persons have a `day` and no label: their kind names them in any language.
    """

    kind: str
    code: str
    label: str
    day: date | None
    quantity: int
    unit_amount: Decimal
    gross: Decimal
    vat_rate: Decimal
    net: Decimal
    vat: Decimal

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: amounts as strings, the day in ISO form."""
        return {
            "kind": self.kind,
            "code": self.code,
            "label": self.label,
            "day": self.day.isoformat() if self.day else None,
            "quantity": self.quantity,
            "unit_amount": str(self.unit_amount),
            "gross": str(self.gross),
            "vat_rate": str(self.vat_rate),
            "net": str(self.net),
            "vat": str(self.vat),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            kind=data["kind"],
            code=data["code"],
            label=data["label"],
            day=date.fromisoformat(data["day"]) if data["day"] else None,
            quantity=data["quantity"],
            unit_amount=Decimal(data["unit_amount"]),
            gross=Decimal(data["gross"]),
            vat_rate=Decimal(data["vat_rate"]),
            net=Decimal(data["net"]),
            vat=Decimal(data["vat"]),
        )


@dataclass(frozen=True)
class Quote:
    """An explained price in euros; the gross amounts of all items add up to `total`.

    The tourist tax is one item when the platform collects it; otherwise it is only told, in
    `tourist_tax_on_site` (core.md 13). `tax_to_confirm`: see `TaxResult`. `usual_total` is what
    would be paid without the reduction, where one lowers it.
    """

    items: tuple[QuoteItem, ...]
    tourist_tax: Decimal = ZERO
    tourist_tax_on_site: Decimal = ZERO
    tax_to_confirm: bool = False
    usual_total: Decimal | None = None

    @property
    def services(self) -> tuple[QuoteItem, ...]:
        """Every item but the tourist tax."""
        return tuple(item for item in self.items if item.kind != TAX_KIND)

    @property
    def gross(self) -> Decimal:
        """The services, VAT included, without the tourist tax."""
        return sum((item.gross for item in self.services), ZERO)

    @property
    def net(self) -> Decimal:
        """The services without VAT."""
        return sum((item.net for item in self.services), ZERO)

    @property
    def vat(self) -> Decimal:
        """The VAT of the services."""
        return sum((item.vat for item in self.services), ZERO)

    @property
    def total(self) -> Decimal:
        """What is paid online."""
        return self.gross + self.tourist_tax

    @property
    def lodging_net(self) -> Decimal:
        """The lodging alone without VAT: the base of the proportional tax (domain.md §1.1.6)."""
        return sum((item.net for item in self.items if item.kind in LODGING_KINDS), ZERO)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, from which `from_json` gives back an equal quote."""
        plain = {
            "items": [item.to_json() for item in self.items],
            "tourist_tax": str(self.tourist_tax),
            "tourist_tax_on_site": str(self.tourist_tax_on_site),
            "tax_to_confirm": self.tax_to_confirm,
        }
        if self.usual_total is None:
            return plain
        return plain | {"usual_total": str(self.usual_total)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            items=tuple(QuoteItem.from_json(item) for item in data["items"]),
            tourist_tax=Decimal(data["tourist_tax"]),
            tourist_tax_on_site=Decimal(data["tourist_tax_on_site"]),
            tax_to_confirm=data["tax_to_confirm"],
            usual_total=Decimal(data["usual_total"]) if "usual_total" in data else None,
        )


def night_amount(terms: StayTerms, day: date) -> Decimal | None:
    """Return the price in euros of the night that begins on `day`, None when it has none.

    An exception comes before a weekday, a weekday before a season, a season before the base
    amount (D01). Two rules of one level never overlap on a sound offer; should they, the one
    that starts later speaks.
    """
    rules = [rule for rule in terms.night_rules if rule.applies_to(day)]
    if not rules:
        return terms.base_amount
    return max(
        rules, key=lambda rule: (LEVELS.index(rule.level), rule.starts_on, rule.amount)
    ).amount


def quote_stay(
    terms: StayTerms,
    arrival: date,
    departure: date,
    guests: Iterable[Guest],
    options: Iterable[OptionChoice],
    tax: TaxTerms | None,
    collects_tax: bool,
    exempt_adults: int = 0,
) -> Quote:
    """Return the explained price of the nights `[arrival, departure)` for these guests.

    One item per night, one per night for the persons beyond `base_occupancy`, one per
    supplement: mandatory ones always, others only when chosen. `tax` None means that no tourist
    tax is due there; `exempt_adults` is handed to it. Raises PriceMissing, BadOption, NoTariff;
    ValueError without a night or a guest.
    """
    rest = (arrival, departure, tuple(guests), tuple(options), tax, collects_tax, exempt_adults)
    quote = _quote_stay(terms, *rest)
    if terms.reduction is None:
        return quote
    return _beside(quote, _quote_stay(replace(terms, reduction=None), *rest))


def _quote_stay(
    terms: StayTerms,
    arrival: date,
    departure: date,
    party: tuple[Guest, ...],
    options: tuple[OptionChoice, ...],
    tax: TaxTerms | None,
    collects_tax: bool,
    exempt_adults: int,
) -> Quote:
    days = tuple(nights(arrival, departure))
    if not days or not party:
        msg = "a stay needs at least one night and one guest"
        raise ValueError(msg)
    prices = [(day, night_amount(terms, day)) for day in days]
    missing = [day for day, amount in prices if amount is None]
    if missing:
        raise PriceMissing(missing)

    paying = sum(not guest.is_below(terms.infant_below_age) for guest in party)
    extra = max(0, paying - terms.base_occupancy)
    items = []
    for day, amount in prices:
        if amount is not None:
            items.append(_stay_item(terms, "night", day, 1, _promised(terms, day, amount)))
        if extra and terms.extra_person_amount:
            items.append(_stay_item(terms, "extra_person", day, extra, terms.extra_person_amount))
    items += _supplement_items(terms, options, persons=paying, nights_count=len(days))
    quote = Quote(tuple(items))
    if tax is None:
        return quote
    due = compute_tourist_tax(tax, arrival, departure, party, quote.lodging_net, exempt_adults)
    if not collects_tax:
        return Quote(quote.items, tourist_tax_on_site=due.total, tax_to_confirm=due.to_confirm)
    if due.total:
        items.append(_item(TAX_KIND, TAX_KIND, "", quantity=1, amount=due.total, rate=NO_RATE))
    return Quote(tuple(items), tourist_tax=due.total, tax_to_confirm=due.to_confirm)


def quote_slot(
    terms: SlotTerms,
    guests: Iterable[Guest],
    quantity_items: int = 0,
    options: Iterable[OptionChoice] = (),
    days: int = 1,
) -> Quote:
    """Return the explained price of one slot: by age band, or by item where the band is one.

    What is lent for several `days` costs its price for each of them.

    Each guest falls in exactly one band; an adult without an age counts as 30. Supplements by
    night count one night; those by person count the guests, or the items when no guest is
    named. Raises NoBand, BadOption; ValueError when there is nothing to price.
    """
    party, chosen = tuple(guests), tuple(options)
    quote = _quote_slot(terms, party, quantity_items, chosen, days)
    if terms.reduction is None:
        return quote
    usual = _quote_slot(replace(terms, reduction=None), party, quantity_items, chosen, days)
    return _beside(quote, usual)


def _quote_slot(
    terms: SlotTerms,
    party: tuple[Guest, ...],
    quantity_items: int,
    options: tuple[OptionChoice, ...],
    days: int,
) -> Quote:
    item_band = next((band for band in terms.bands if band.is_item), None)
    if (quantity_items < 1) if item_band else not party:
        msg = "a slot needs at least one guest, or one item where it is sold by the item"
        raise ValueError(msg)
    counts = [(item_band, quantity_items)] if item_band else _count_by_band(terms.bands, party)
    rate = _rate(terms.vat_scheme, terms.vat_rate)
    items = [
        _item(
            ("item" if days == 1 else "item_day") if band.is_item else "band",
            band.code,
            band.label,
            quantity=count * (days if band.is_item else 1),
            amount=terms.reduction.lowered(band.amount) if terms.reduction else band.amount,
            rate=rate,
        )
        for band, count in counts
    ]
    persons = len(party) or quantity_items
    items += _supplement_items(terms, options, persons=persons, nights_count=1)
    return Quote(tuple(items))


def _promised(terms: StayTerms, day: date, usual: Decimal) -> Decimal:
    """Return what a night costs, lower where that was promised for it."""
    if terms.reduction is None or not terms.reduction.holds_on(day):
        return usual
    return terms.reduction.lowered(usual)


def _beside(quote: Quote, usual: Quote) -> Quote:
    """Return a reduced price with the usual one beside it, where there is a difference."""
    return quote if quote.total == usual.total else replace(quote, usual_total=usual.total)


def check_bands(
    bands: Iterable[BandTerms], min_age: int | None, max_age: int | None
) -> list[Problem]:
    """Return the faults of age bands over the offer's ages `[min_age or 0, max_age or 120]`.

    `band_gap` and `band_overlap` carry `ages`, the list of the ages concerned, one problem per
    run of ages and, for an overlap, the `codes` of the bands; `band_reversed` carries the `code`
    of a band that ends before it starts. A price per item must stand alone: beside another band
    it overlaps every age (D03).
    """
    known = tuple(bands)
    problems = [
        Problem("band_reversed", {"code": band.code})
        for band in known
        if band.min_age is not None and band.max_age is not None and band.min_age > band.max_age
    ]
    first = YOUNGEST if min_age is None else min_age
    last = OLDEST if max_age is None else max_age
    runs: list[tuple[tuple[str, ...], list[int]]] = []
    for age in range(first, last + 1):
        codes = tuple(band.code for band in known if band.holds(age))
        if runs and runs[-1][0] == codes:
            runs[-1][1].append(age)
        else:
            runs.append((codes, [age]))
    for codes, ages in runs:
        if not codes:
            problems.append(Problem("band_gap", {"ages": ages}))
        elif len(codes) > 1:
            problems.append(Problem("band_overlap", {"ages": ages, "codes": list(codes)}))
    return problems


def _count_by_band(
    bands: tuple[BandTerms, ...], party: tuple[Guest, ...]
) -> list[tuple[BandTerms, int]]:
    """Return the bands that somebody pays, in the offer's order, with the number of persons."""
    counts = [0] * len(bands)
    lost = []
    for guest in party:
        age = AGE_OF_UNKNOWN if guest.age is None else guest.age
        fitting = [index for index, band in enumerate(bands) if band.holds(age)]
        if len(fitting) == 1:
            counts[fitting[0]] += 1
        else:
            lost.append(guest.age)
    if lost:
        raise NoBand(lost)
    return [(band, count) for band, count in zip(bands, counts, strict=True) if count]


def _supplement_items(
    terms: StayTerms | SlotTerms,
    options: Iterable[OptionChoice],
    *,
    persons: int,
    nights_count: int,
) -> list[QuoteItem]:
    """Return one item per supplement taken, in the offer's order. Raises BadOption."""
    chosen = _count_choices(terms.supplements, options)
    times = {
        "stay": 1,
        "night": nights_count,
        "person": persons,
        "person_night": persons * nights_count,
        "item": 1,
    }
    items = []
    for supplement in terms.supplements:
        taken = chosen.get(supplement.code, 0)
        if supplement.is_mandatory:
            taken = max(1, taken)
        if taken:
            quantity = taken * times[supplement.basis]
            rate = _rate(terms.vat_scheme, supplement.vat_rate)
            items.append(
                _item(
                    "supplement",
                    supplement.code,
                    supplement.label,
                    quantity=quantity,
                    amount=supplement.amount,
                    rate=rate,
                )
            )
    return items


def _count_choices(
    supplements: tuple[SupplementTerms, ...], options: Iterable[OptionChoice]
) -> dict[str, int]:
    """Add up the choices by code; zero is the same as not chosen. Raises BadOption."""
    most = {supplement.code: supplement.max_quantity for supplement in supplements}
    chosen: dict[str, int] = {}
    for option in options:
        chosen[option.code] = chosen.get(option.code, 0) + option.quantity
        if option.quantity < 0 or chosen[option.code] > most.get(option.code, -1):
            raise BadOption(option.code)
    return chosen


def _stay_item(terms: StayTerms, kind: str, day: date, quantity: int, amount: Decimal) -> QuoteItem:
    rate = _rate(terms.vat_scheme, terms.vat_rate)
    return _item(kind, kind, "", quantity=quantity, amount=amount, rate=rate, day=day)


def _rate(vat_scheme: str, vat_rate: Decimal) -> Decimal:
    """Return the rate shown to the buyer: none where VAT is exempt or on the margin (§4.4)."""
    return NO_RATE if vat_scheme in NO_VAT_SCHEMES else vat_rate


def _item(
    kind: str,
    code: str,
    label: str,
    *,
    quantity: int,
    amount: Decimal,
    rate: Decimal,
    day: date | None = None,
) -> QuoteItem:
    gross = quantize(amount * quantity)
    net, vat = split_vat(gross, rate)
    return QuoteItem(kind, code, label, day, quantity, amount, gross, rate, net, vat)
