"""Stripe's test cards: what each number does. Any other number is refused, so no real card pays.

The full number is never stored: objects keep the key of this table (or nothing) and last4.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TestCard:
    """What a test number does: an error as (code, decline code), a challenge, its refunds."""

    brand: str
    error: tuple[str, str | None] | None = None
    challenge: bool = False
    refund: Literal["now", "pending", "fails"] = "now"


def _refusing(code: str, decline_code: str | None = None, *, challenge: bool = False) -> TestCard:
    return TestCard("visa", (code, decline_code), challenge)


CARDS = {
    "4242424242424242": TestCard("visa"),
    "4000056655665556": TestCard("visa"),
    "4000002500000003": TestCard("visa"),
    "5555555555554444": TestCard("mastercard"),
    "5200828282828210": TestCard("mastercard"),
    "378282246310005": TestCard("amex"),
    "4000000000000002": _refusing("card_declined", "generic_decline"),
    "4000000000009995": _refusing("card_declined", "insufficient_funds"),
    "4000000000009987": _refusing("card_declined", "lost_card"),
    "4000000000000069": _refusing("expired_card"),
    "4000000000000127": _refusing("incorrect_cvc"),
    "4000000000000119": _refusing("processing_error"),
    "4000002500003155": TestCard("visa", challenge=True),
    "4000000000003220": TestCard("visa", challenge=True),
    "4000008400001629": _refusing("card_declined", "generic_decline", challenge=True),
    "4000000000007726": TestCard("visa", refund="pending"),
    "4000000000005126": TestCard("visa", refund="fails"),
}
# A number outside the table: accepted by the form, refused by the "bank".
UNKNOWN = _refusing("card_declined", "test_mode_live_card")

# The ready-made payment methods of Stripe's test mode.
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_authenticationRequired": "4000002500003155",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "test_mode_live_card": "Your card was declined. Your request was in test mode, but used a "
    "non test card.",
}


def card_of(number: str | None) -> TestCard:
    """Return what a kept number does."""
    return CARDS.get(number or "", UNKNOWN)


def digits_of(text: str) -> str:
    """Return a card number without the spaces and dashes people type."""
    return re.sub(r"[\s\-.]", "", text)


def is_card_number(digits: str) -> bool:
    """Tell whether the length and the check digit (Luhn, ISO/IEC 7812-1) are right."""
    if not re.fullmatch(r"[0-9]{13,19}", digits):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def read_expiry(text: str) -> tuple[int, int] | None:
    """Return (month, year) of `MM / YY`, `MMYY` or `MM/YYYY`, None if it is no such thing."""
    found = re.fullmatch(r"\s*(\d{1,2})\s*[/\-. ]\s*(\d{2}|\d{4})\s*|\s*(\d{2})(\d{2})\s*", text)
    if not found:
        return None
    month = int(found[1] or found[3])
    year = int(found[2] or found[4])
    return (month, year if year > 99 else 2000 + year) if 1 <= month <= 12 else None
