"""What the tax office is told, in words: what is missing and where it is said, activities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.rules import sellers
from members.models import Provider

MISSING_WORDS: dict[str, Promise] = {
    sellers.LEGAL_NAME: _("legal name"),
    sellers.SIRET: _("SIRET"),
    sellers.ADDRESS: _("own address (or head office)"),
    sellers.BORN_ON: _("day of birth"),
    sellers.TAX_NUMBER: _("tax number"),
    sellers.BORN_AT: _("tax number, or place of birth"),
    sellers.ACCOUNT: _("account at the bank"),
    sellers.PLACE: _("address of each lodging"),
}
EXCLUSION_WORDS: dict[str, Promise] = {
    sellers.PUBLIC: _("public body: not declared"),
    sellers.LARGE_HOTEL: _("more than 2,000 rentals of one hotel: not declared"),
    sellers.SMALL_SHOP: _("fewer than 30 sales of goods, 2,000 euros at most: not declared"),
}
ACTIVITY_NAMES: dict[str, Promise] = {
    sellers.PROPERTY: pgettext_lazy("tax declaration", "lodging"),
    sellers.SERVICES: pgettext_lazy("tax declaration", "services"),
    sellers.GOODS: pgettext_lazy("tax declaration", "goods"),
    sellers.TRANSPORT: pgettext_lazy("tax declaration", "vehicles let"),
}
# Those of the Union, and neighbours whose people have a house here.
COUNTRIES: tuple[tuple[str, Promise], ...] = (
    ("FR", _("France")),
    ("DE", _("Germany")),
    ("AT", _("Austria")),
    ("BE", _("Belgium")),
    ("BG", _("Bulgaria")),
    ("CA", _("Canada")),
    ("HR", _("Croatia")),
    ("CY", _("Cyprus")),
    ("CZ", _("Czechia")),
    ("DK", _("Denmark")),
    ("EE", _("Estonia")),
    ("FI", _("Finland")),
    ("GR", _("Greece")),
    ("HU", _("Hungary")),
    ("IE", _("Ireland")),
    ("IT", _("Italy")),
    ("LV", _("Latvia")),
    ("LT", _("Lithuania")),
    ("LU", _("Luxembourg")),
    ("MT", _("Malta")),
    ("NL", _("Netherlands")),
    ("NO", _("Norway")),
    ("PL", _("Poland")),
    ("PT", _("Portugal")),
    ("RO", _("Romania")),
    ("SK", _("Slovakia")),
    ("SI", _("Slovenia")),
    ("ES", _("Spain")),
    ("SE", _("Sweden")),
    ("CH", _("Switzerland")),
    ("GB", _("United Kingdom")),
    ("US", _("United States")),
)
# On which paper of a house each thing is said.
PAPER_OF = {
    sellers.LEGAL_NAME: "seller",
    sellers.SIRET: "siret",
    sellers.ADDRESS: "seller",
    sellers.BORN_ON: "seller",
    sellers.TAX_NUMBER: "seller",
    sellers.BORN_AT: "seller",
    sellers.PLACE: "house",
}


@dataclass(frozen=True)
class Lacking:
    """What is missing and said on one page."""

    words: tuple[str, ...]
    url: str


def lacking(house: Provider, missing: Iterable[str]) -> list[Lacking]:
    """Put what a house hasn't said into words of the active language, together by page."""
    pages: dict[str, list[str]] = {}
    for code in missing:
        pages.setdefault(_page_of(house, code), []).append(str(MISSING_WORDS[code]))
    return [Lacking(tuple(words), url) for url, words in pages.items()]


def _page_of(house: Provider, code: str) -> str:
    """Return where a house says one thing: on the bank's page, or beside the paper that asks it."""
    if code == sellers.ACCOUNT:
        return reverse("extranet-payouts") + f"#account-{house.pk}"
    paper = PAPER_OF[code]
    # A professional is registered under its legal name: it stands beside its number.
    if code == sellers.LEGAL_NAME and house.is_professional:
        paper = "siret"
    return reverse("extranet-paper", args=[house.slug, paper])
