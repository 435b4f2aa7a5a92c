"""The residents' card: a signed link that says yes or no to a provider, and a first name.

The link holds who it is for and the number of the card, signed: nothing that opens anything is
kept. A card that was lost is replaced by one with the next number, and says no from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import qrcode
from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from booking import locks
from booking.refusals import NotAllowed, trouble
from members.journal import Actor, record
from members.models import Household, HouseholdMember

CARD_SALT = "resident-card"


@dataclass(frozen=True)
class CheckedCard:
    """What a provider learns of a card: whether it counts and, if so, a first name."""

    is_valid: bool
    first_name: str = ""


def card_url(member: HouseholdMember) -> str:
    """Return the address in a member's card. Raises NotAllowed `card_not_yet`."""
    if not member.household.is_verified:
        raise NotAllowed(trouble("card_not_yet"))
    token = signing.Signer(salt=CARD_SALT).sign(f"{member.pk}.{member.card_number}")
    return f"{settings.BASE_URL}{reverse('extranet-card')}?carte={token}"


def drawing_of(address: str) -> SafeString:
    """Return an address as a QR code, drawn as SVG; it comes from us alone."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(address)
    out = BytesIO()
    code.make_image(image_factory=SvgPathImage).save(out)
    drawing = out.getvalue().decode()
    # Inside a page, without what begins a file.
    return mark_safe(drawing[drawing.index("<svg") :])


def check_card(token: str) -> CheckedCard:
    """Tell whether a card counts now: forged, replaced, left or ended, it doesn't, and no more."""
    try:
        pk, number = signing.Signer(salt=CARD_SALT).unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        return CheckedCard(is_valid=False)
    member = HouseholdMember.objects.filter(
        pk=int(pk), card_number=int(number), household__state=Household.State.VERIFIED
    ).first()
    return CheckedCard(True, member.first_name) if member else CheckedCard(is_valid=False)


def replace_card(member: HouseholdMember, *, now: datetime) -> HouseholdMember:
    """Give a member another card: the one before counts no more.

    Raises NotAllowed `card_not_yet` before the household is verified.
    """
    with locks.write_transaction():
        household = locks.lock_household(member.household_id)
        if not household.is_verified:
            raise NotAllowed(trouble("card_not_yet"))
        fresh = HouseholdMember.objects.select_related("user").get(pk=member.pk)
        fresh.card_number += 1
        fresh.save(update_fields=["card_number"])
        record(
            "card replaced",
            f"household:{household.pk}",
            actor=Actor.person(fresh.user),
            at=now,
            person=fresh.user_id,
        )
    return fresh
