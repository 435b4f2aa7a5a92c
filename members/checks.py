"""What `manage.py check --deploy` says of accounts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def check_second_factor(**_rest: Any) -> list[CheckMessage]:
    """Warn of a switch that production ignores, and of days in which one proof is enough."""
    found: list[CheckMessage] = []
    if settings.IS_PRODUCTION and settings.SECOND_FACTOR == "off":
        found.append(
            Warning(
                "SECOND_FACTOR=off is ignored in production.",
                hint="Hosts and the office always sign in with two proofs here: unset it.",
                id="members.W001",
            )
        )
    if settings.SECOND_FACTOR_GRACE_DAYS > 0:
        found.append(
            Warning(
                f"One proof is enough for {settings.SECOND_FACTOR_GRACE_DAYS} days.",
                hint="Set SECOND_FACTOR_GRACE_DAYS=0 once every host has a second factor.",
                id="members.W002",
            )
        )
    return found
