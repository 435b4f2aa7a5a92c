"""What a receipt says of VAT, at each rate, and of what is kept of a line that was cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.models.offers import VatScheme
from booking.rules.pricing import Quote, QuoteItem
from booking.sold_lines import SoldLine
from oti.lib.html import format_number
from oti.lib.money import ZERO, quantize


@dataclass
class VatRow:
    """The services of one rate, or of one scheme without a rate."""

    label: str
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO


def vat_rows(lines: Iterable[SoldLine]) -> list[VatRow]:
    """Add up the services by VAT rate, the tourist tax left out; margin lines show no VAT."""
    rows: dict[tuple[str, Decimal], VatRow] = {}
    for one in lines:
        for item in one.quote.services:
            scheme = one.line.vat_scheme
            rate = item.vat_rate if scheme == VatScheme.STANDARD else ZERO
            key = (scheme if scheme != VatScheme.STANDARD else "", rate)
            row = rows.setdefault(key, VatRow(_vat_label(scheme, rate)))
            row.net += item.net
            row.vat += item.vat
            row.gross += item.gross
    return [rows[key] for key in sorted(rows, key=lambda key: (key[0], key[1]))]


def kept_vat_rows(lines: Iterable[SoldLine]) -> list[VatRow]:
    """Add up by VAT rate what was kept of the services, once something was given back.

    Of what is left of the services each item keeps its share, to the cent in all.
    """
    kept = []
    for one in lines:
        services = one.quote.services
        gross = sum((item.gross for item in services), ZERO)
        left = gross - one.services_back
        kept.append(replace(one, quote=Quote(_share_of(services, gross, max(left, ZERO)))))
    return [row for row in vat_rows(kept) if row.gross]


def _share_of(items: Sequence[QuoteItem], gross: Decimal, left: Decimal) -> tuple[QuoteItem, ...]:
    """Return these items, together `gross`, as they are when only `left` is kept of them."""
    if left == gross or not gross:
        return tuple(items)
    shares = [quantize(item.gross * left / gross) for item in items]
    largest = max(range(len(items)), key=lambda number: items[number].gross)
    shares[largest] += left - sum(shares, ZERO)
    found = []
    for item, share in zip(items, shares, strict=True):
        vat = quantize(item.vat * share / item.gross) if item.gross else ZERO
        found.append(replace(item, gross=share, vat=vat, net=share - vat))
    return tuple(found)


def _vat_label(scheme: str, rate: Decimal) -> str:
    if scheme == VatScheme.EXEMPT:
        return _("Not subject to VAT")
    if scheme == VatScheme.MARGIN:
        return _("Special scheme for travel agents")
    percent = rate * 100
    decimals = 0 if percent == percent.to_integral_value() else 1
    return f"{format_number(percent, get_language() or 'fr', decimals=decimals)} %"
