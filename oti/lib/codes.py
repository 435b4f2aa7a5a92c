"""Codes that people read aloud, and tokens that nobody may guess."""

import secrets

# No 0/O, 1/I/L, 5/S, 2/Z, U/V: what is confused on paper or on the phone.
READABLE = "346789ABCDEFGHJKMNPQRTWXY"


def reference_code(length: int = 8) -> str:
    """Return a random code made of letters and digits that can't be mistaken for one another."""
    return "".join(secrets.choice(READABLE) for _ in range(length))


def secret_token() -> str:
    """Return an unguessable address-safe token of 192 bits."""
    return secrets.token_urlsafe(24)
