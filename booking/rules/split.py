"""One order cut into what each provider is owed, to the cent.

It divides what was sold; it never pays anybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from oti.lib.money import ZERO, quantize

ProviderKey = str | int
SoldLine = tuple[ProviderKey, Decimal, Decimal, Decimal]


@dataclass(frozen=True)
class SubTotal:
    """One provider's share in euros: `gross` = `commission` + `payout`.

    `tourist_tax` is kept apart: it is owed to the collectivity, bears no commission and is in
    neither of the three.
    """

    provider_key: ProviderKey
    gross: Decimal
    tourist_tax: Decimal
    commission: Decimal
    payout: Decimal


def split_order(lines: Iterable[SoldLine]) -> list[SubTotal]:
    """Return one sub-total per provider, in the order in which they first appear.

    A line is (provider key, gross of the services without tourist tax, tourist tax collected,
    commission in percent such as 8). The commission is rounded once per provider, so that
    Σ payout + Σ commission + Σ tourist tax = Σ gross + Σ tourist tax.
    """
    grouped: dict[ProviderKey, list[SoldLine]] = {}
    for line in lines:
        grouped.setdefault(line[0], []).append(line)
    return [_sub_total(key, sold) for key, sold in grouped.items()]


def _sub_total(key: ProviderKey, sold: list[SoldLine]) -> SubTotal:
    gross = sum((amount for _, amount, _, _ in sold), ZERO)
    tax = sum((amount for _, _, amount, _ in sold), ZERO)
    exact = sum((amount * percent / 100 for _, amount, _, percent in sold), ZERO)
    commission = quantize(exact)
    return SubTotal(key, gross, tax, commission, gross - commission)
