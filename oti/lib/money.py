"""Money as exact decimal euros, and as integer cents at the edges.

Nothing here rounds silently: every function says where the half cent goes.
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def quantize(amount: Decimal) -> Decimal:
    """Return `amount` in euros rounded to the cent, the half cent going up (ROUND_HALF_UP)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def to_cents(amount: Decimal) -> int:
    """Return an exact number of cents; an amount finer than the cent raises ValueError."""
    cents = amount * 100
    if cents != cents.to_integral_value():
        msg = f"{amount} euros is not a whole number of cents"
        raise ValueError(msg)
    return int(cents)


def from_cents(cents: int) -> Decimal:
    """Return decimal euros, always with two decimals."""
    return (Decimal(cents) / 100).quantize(CENT)


def split_vat(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Split a gross amount in euros into (net, vat); `rate` is a fraction (0.10 for 10 %).

    The net part is rounded, VAT is what remains, so that net + vat = gross to the cent.
    """
    net = quantize(gross / (1 + rate))
    return net, gross - net
