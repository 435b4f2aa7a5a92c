"""What providers grant to residents who show their card: offered by them, ended by them (M03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from booking import locks
from booking.refusals import BadInput, NotAllowed, trouble
from members.journal import Actor, record
from members.models import Advantage, Provider
from oti.lib.dates import today as day_of

MOST_RUNNING = 5
MOST_SHOWN = 60


@dataclass(frozen=True)
class AdvantageInput:
    """What a provider grants, in French and, if it likes, in English; both days are included."""

    text_fr: str
    text_en: str
    first_day: date
    last_day: date


def advantages_on(today: date) -> Sequence[Advantage]:
    """Return what residents may ask for on a day, of providers that are active; one statement."""
    rows = Advantage.objects.filter(
        ended_at=None,
        first_day__lte=today,
        last_day__gte=today,
        provider__state=Provider.State.ACTIVE,
    )
    rows = rows.select_related("provider__commune")
    return list(rows.order_by("provider__name", "pk")[:MOST_SHOWN])


def advantages_of(provider: Provider, *, today: date) -> list[Advantage]:
    """Return what a provider grants now or from a later day on."""
    rows = Advantage.objects.filter(provider=provider, ended_at=None, last_day__gte=today)
    return list(rows)


def grant_advantage(
    provider: Provider, given: AdvantageInput, *, actor: Actor, now: datetime
) -> Advantage:
    """Write down what a provider grants; residents read it from its first day on.

    Raises BadInput `advantage_backwards`, `advantage_over`, NotAllowed `too_many_advantages`.
    """
    today = day_of(now)
    if given.last_day < given.first_day:
        raise BadInput(trouble("advantage_backwards", field="last_day"))
    if given.last_day < today:
        raise BadInput(trouble("advantage_over", field="last_day"))
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        if len(advantages_of(house, today=today)) >= MOST_RUNNING:
            raise NotAllowed(trouble("too_many_advantages", count=MOST_RUNNING))
        advantage = Advantage.objects.create(
            provider=house,
            text_fr=given.text_fr,
            text_en=given.text_en,
            first_day=given.first_day,
            last_day=given.last_day,
            created_at=now,
        )
        _note("advantage granted", advantage, actor, now)
    return advantage


def end_advantage(provider: Provider, pk: int, *, actor: Actor, now: datetime) -> bool:
    """End what a provider grants, at once; returns whether there was such a one of its own."""
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        advantage = Advantage.objects.filter(provider=house, pk=pk, ended_at=None).first()
        if advantage is None:
            return False
        advantage.ended_at = now
        advantage.save(update_fields=["ended_at"])
        _note("advantage ended", advantage, actor, now)
    return True


def _note(verb: str, advantage: Advantage, actor: Actor, now: datetime) -> None:
    subject = f"provider:{advantage.provider_id}"
    record(verb, subject, actor=actor, at=now, advantage=advantage.pk)
