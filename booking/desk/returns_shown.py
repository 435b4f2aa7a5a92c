"""The rates of return as the office's page shows them: rows in words, one drawing a pole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from booking.relations.relation_settings import relation_settings
from booking.relations.retention import Returns, count_returns, kept_returns
from booking.rules.retention import (
    ALL,
    COUPLE,
    FAMILY,
    GROUP,
    KINDS,
    LANGUAGE,
    OTHER_PARTY,
    PARTIES,
    PARTY,
    POLE,
    SECOND_HOME,
    WITH_CHILDREN,
    Rate,
)
from destination.models import Pole

# Of poles, languages and parties, so many years are shown side by side.
YEARS_ACROSS = 5
KIND_WORDS: dict[str, Promise] = {
    FAMILY: pgettext_lazy("rate of return", "Families and friends"),
    SECOND_HOME: pgettext_lazy("rate of return", "Second homes"),
    GROUP: pgettext_lazy("rate of return", "Groups"),
}
PARTY_WORDS: dict[str, Promise] = {
    WITH_CHILDREN: gettext_lazy("Families with children"),
    COUPLE: gettext_lazy("Couples"),
    OTHER_PARTY: gettext_lazy("Alone, or among adults"),
}
STANDING_WORDS: dict[str, Promise] = {
    "reached": gettext_lazy("Above the target, certainly (95 %)."),
    "missed": gettext_lazy("Below the target, certainly (95 %)."),
    "open": gettext_lazy("Too close to the target to tell: the interval holds it."),
}


@dataclass(frozen=True)
class YearOf:
    """A year, and its rate; None where nobody stayed the year before."""

    year: int
    rate: Rate | None
    is_running: bool

    @property
    def before(self) -> int:
        """Return the year whose households are looked for."""
        return self.year - 1


@dataclass(frozen=True)
class Series:
    """What one pole, language, party or kind came to, year by year; `colour` is a pole's, or ""."""

    name: str
    years: list[YearOf]
    colour: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no rate in any year."""
        return not any(one.rate for one in self.years)


@dataclass(frozen=True)
class Shown:
    """All that the page, the printed one and the letter say of the rate."""

    returns: Returns
    target: int
    # By kind over all years, the newest first.
    kinds: list[Series]
    whole: Series
    poles: list[Series]
    languages: list[Series]
    parties: list[Series]

    @property
    def last(self) -> YearOf | None:
        """Return the last year that is over and has a rate, of families."""
        over = (one for one in self.whole.years if not one.is_running and one.rate)
        return next(over, None)

    @property
    def running(self) -> YearOf | None:
        """Return the year that is under way, of families."""
        return next((one for one in self.whole.years if one.is_running and one.rate), None)

    @property
    def standing(self) -> Promise | None:
        """Say where the last year lies beside the target."""
        rate = self.last.rate if self.last else None
        known = rate.standing(self.target) if rate else None
        return STANDING_WORDS[known] if known else None

    @property
    def years_across(self) -> list[int]:
        """Return the years that are shown side by side, the oldest first."""
        return self.returns.years()[:YEARS_ACROSS][::-1]

    @property
    def drawn(self) -> list[Series]:
        """Return what is drawn, the whole first, the oldest year first."""
        return [Series(one.name, one.years[::-1], one.colour) for one in (self.whole, *self.poles)]

    @property
    def tables(self) -> list[tuple[str, str, list[Series]]]:
        """Return (title, heading of its first column, rows) of what families are told apart by."""
        told = [
            (_("Pole by pole"), _("Pole"), [self.whole, *self.poles]),
            (_("By language"), _("Language"), self.languages),
            (_("By party"), _("Party"), self.parties),
        ]
        return [
            (title, head, [Series(one.name, one.years[:YEARS_ACROSS][::-1]) for one in rows])
            for title, head, rows in told
            if rows
        ]


def returns_shown(*, until: date, anew: bool = False) -> Shown:
    """Put the rates up to a day into words, as kept for that day or counted `anew`."""
    found = count_returns(until=until) if anew else kept_returns(until=until)
    return Shown(
        returns=found,
        target=relation_settings().target_percent,
        kinds=[_series(found, str(KIND_WORDS[kind]), kind) for kind in KINDS],
        whole=_series(found, _("The whole destination")),
        poles=list(_poles(found, until)),
        languages=[
            _series(found, language_name(code), FAMILY, LANGUAGE, code)
            for code in _by_size(found, LANGUAGE)
        ],
        parties=[
            _series(found, str(PARTY_WORDS[one]), FAMILY, PARTY, one)
            for one in PARTIES
            if one in found.values(PARTY)
        ],
    )


def pole_names(until: date) -> dict[str, tuple[str, str]]:
    """Return (name, colour) by slug of every pole ever, those in force on a day first, in order."""
    names: dict[str, tuple[str, str]] = {}
    for pole in (*Pole.objects.active_on(until), *Pole.objects.order_by("perimeter", "position")):
        names.setdefault(pole.slug, (pole.name, pole.colour))
    return names


def language_name(code: str) -> str:
    """Name a language of the site; another one is named by its code."""
    return str(dict(settings.LANGUAGES).get(code, code))


def _poles(found: Returns, until: date) -> Iterator[Series]:
    own = set(found.values(POLE))
    names = pole_names(until)
    for slug, (name, colour) in names.items():
        if slug in own:
            yield _series(found, name, FAMILY, POLE, slug, colour=colour)
    for slug in sorted(own - names.keys()):
        yield _series(found, slug, FAMILY, POLE, slug)


def _series(
    found: Returns,
    name: str,
    kind: str = FAMILY,
    dimension: str = ALL,
    value: str = "",
    *,
    colour: str = "",
) -> Series:
    years = [
        YearOf(year, found.rate(year, kind, dimension, value), found.is_running(year))
        for year in found.years()
    ]
    return Series(name, years, colour)


def _by_size(found: Returns, dimension: str) -> list[str]:
    """Return the values of a dimension, the one with the most households first."""

    def households(value: str) -> int:
        rows = (found.rate(year, FAMILY, dimension, value) for year in found.years())
        return sum(one.households for one in rows if one)

    return sorted(found.values(dimension), key=lambda value: (-households(value), value))
