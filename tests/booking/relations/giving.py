"""What tests of the annual gift share: households that stayed, and a gift for them."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from booking.models import Gift, GiftCampaign, PastStay
from booking.relations.customers import identity_of
from booking.relations.gift_claims import Address, tell_households
from booking.relations.gifts import lock_campaign, start_sending
from members.journal import SYSTEM
from members.models import CustomerIdentity, Household
from oti.lib.dates import at_paris
from tests.cast import NOW, TODAY

MORNING = at_paris(TODAY, time(10))
HOME = Address("Claire Dupont", "3 rue des Tables", "43000", "Le Puy-en-Velay")


def a_guest(email: str, first_name: str = "Claire", last_name: str = "Dupont") -> CustomerIdentity:
    """Make, or find, who an address and a name are."""
    with transaction.atomic():
        return identity_of(email, first_name=first_name, last_name=last_name, now=NOW)


def stayed(
    who: CustomerIdentity,
    last_day: date = TODAY - timedelta(days=30),
    *,
    household: Household | None = None,
    **fields: Any,
) -> PastStay:
    """Let somebody have been here for a week."""
    first_day = fields.pop("first_day", last_day - timedelta(days=7))
    return PastStay.objects.create(
        identity=who,
        household=household,
        source="imported",
        first_day=first_day,
        last_day=last_day,
        kept_at=NOW,
        **fields,
    )


def a_campaign(**fields: Any) -> GiftCampaign:
    """Make the gift of a year, by post and ten euros each, for three."""
    values: dict[str, Any] = {
        "year": TODAY.year,
        "kind": "product",
        "title_fr": "Un sachet de lentilles",
        "title_en": "A bag of lentils",
        "words_fr": "Merci d’être venus.\n\nVoici les lentilles de Solange.",
        "words_en": "Thank you for having come.\n\nHere are Solange’s lentils.",
        "unit_amount": Decimal(10),
        "budget_amount": Decimal(30),
        "valid_until": TODAY + timedelta(days=90),
        **fields,
    }
    return GiftCampaign.objects.create(**values)


def told(**fields: Any) -> GiftCampaign:
    """Make a gift, fix its households and tell them; the outbox keeps the mails."""
    campaign = a_campaign(**fields)
    lock_campaign(campaign, actor=SYSTEM, now=MORNING)
    start_sending(campaign, actor=SYSTEM, now=MORNING)
    tell_households(now=MORNING)
    campaign.refresh_from_db()
    return campaign


def gift_of(who: CustomerIdentity) -> Gift:
    """Return the only gift of somebody."""
    return Gift.objects.get(identity=who)
