"""How a house chooses to be told: by mail, by SMS, or both."""

from __future__ import annotations

from datetime import datetime

from booking import locks, texting
from booking.models import NoticeChoice
from booking.refusals import BadInput, NotAllowed, trouble
from booking.rules.texting import international
from members.journal import Actor, record
from members.models import Provider

WITH_SMS = texting.WITH_SMS


def choice_of(provider: Provider) -> NoticeChoice | None:
    """Return what a house chose, None for one that never did: by mail."""
    return NoticeChoice.objects.filter(provider=provider).first()


def choose_notices(
    provider: Provider, *, way: str, phone: str, actor: Actor, now: datetime
) -> NoticeChoice:
    """Write how a house wants to be told. Locks the provider.

    Raises BadInput `sms_phone` for a number that takes no SMS, `way_missing` for an unknown way;
    NotAllowed `sms_off` where nobody carries SMS.
    """
    if way not in NoticeChoice.Way.values:
        raise BadInput(trouble("way_missing", field="way"))
    number = international(phone) if phone.strip() else ""
    if number is None or (way in WITH_SMS and not number):
        raise BadInput(trouble("sms_phone", field="phone"))
    if way in WITH_SMS and not texting.is_on():
        raise NotAllowed(trouble("sms_off", field="way"))
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        choice, _is_new = NoticeChoice.objects.update_or_create(
            provider=house, defaults={"way": way, "phone": number, "updated_at": now}
        )
        record("notices chosen", f"provider:{house.pk}", actor=actor, at=now, way=way)
    return choice
