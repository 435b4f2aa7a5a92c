"""Keyed fingerprints of addresses, cards and families: they are compared, never read again.

Without the site's secret nobody finds an address or a card from one (features.md M05).
"""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from members.rules.ambassadors import mail_key

SALT = "referral-mark"


def key_of(kind: str, value: str | int) -> str:
    """Return the fingerprint of one thing of a kind (`card`, `mail`, `user`, `family`, `home`)."""
    return salted_hmac(SALT, f"{kind}:{value}", algorithm="sha256").hexdigest()


def mail_mark(email: str) -> str:
    """Return the fingerprint of an address, however it is written (`mail_key`)."""
    return key_of("mail", mail_key(email))


def card_mark(fingerprint: str) -> str:
    """Return the fingerprint of the bank's own fingerprint of a card, "" where there is none."""
    return key_of("card", fingerprint) if fingerprint else ""
