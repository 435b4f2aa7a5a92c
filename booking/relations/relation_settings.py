"""The office's aim for the rate of return, and who reads the letter of Monday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from booking import locks
from booking.models import RelationSettings
from booking.models.relation_settings import MOST_RECIPIENTS
from booking.refusals import BadInput, trouble
from members.journal import Actor, record


def relation_settings() -> RelationSettings:
    """Return what holds; what nobody ever set is as it comes."""
    known = RelationSettings.objects.filter(pk=RelationSettings.ONE).first()
    return known or RelationSettings(pk=RelationSettings.ONE)


def readers() -> list[str]:
    """Return the addresses to which the letter of Monday goes; none while it is switched off."""
    known = relation_settings()
    if not known.letter_is_on:
        return []
    return list(known.recipients) or [str(settings.OFFICE["email"])]


def set_relation(
    *,
    target_percent: int,
    letter_is_on: bool,
    recipients: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Set the target (percent), the letter's switch and its readers; no reader is the office's own.

    Raises BadInput `target_unlikely`, `addresses_unreadable`, `addresses_many`; Busy.
    """
    if not 1 <= target_percent <= 100:
        raise BadInput(trouble("target_unlikely", field="target_percent"))
    addresses = _addresses(recipients)
    with locks.write_transaction():
        RelationSettings.objects.update_or_create(
            pk=RelationSettings.ONE,
            defaults={
                "target_percent": target_percent,
                "letter_is_on": letter_is_on,
                "recipients": addresses,
            },
        )
        # Addresses stand in their row.
        record(
            "relation set",
            "relation:settings",
            actor=actor,
            at=now,
            target=target_percent,
            letter=letter_is_on,
            readers=len(addresses),
        )


def _addresses(recipients: Sequence[str]) -> list[str]:
    """Return the addresses that were typed, in lower case, each once."""
    typed = dict.fromkeys(one.strip().lower() for one in recipients if one.strip())
    for one in typed:
        try:
            validate_email(one)
        except ValidationError as error:
            words = trouble("addresses_unreadable", field="recipients", address=one[:80])
            raise BadInput(words) from error
    if len(typed) > MOST_RECIPIENTS:
        raise BadInput(trouble("addresses_many", field="recipients", most=MOST_RECIPIENTS))
    return list(typed)
