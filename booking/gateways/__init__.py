"""The doors to the outside of payment. `get_gateway` gives the one that takes cards."""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from booking.gateways.base import Gateway


def get_gateway() -> "Gateway":
    """Return the card gateway of the settings, one per process and set of keys.

    Reads STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and STRIPE_API_BASE (empty: Stripe itself).
    """
    return _gateway(
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_BASE or None
    )


@lru_cache(maxsize=8)
def _gateway(secret_key: str, webhook_secret: str, api_base: str | None) -> "Gateway":
    # The library takes half a second to import: only who pays waits for it.
    from booking.gateways.stripe import StripeGateway

    return StripeGateway(secret_key, webhook_secret, api_base)
