"""Writing the journal: one line for each change of state, inside the transaction that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from members.models import Entry, User


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or a named part of the system or of the outside."""

    label: str
    user_id: int | None = None

    @classmethod
    def person(cls, user: User) -> Actor:
        """Return the actor that stands for a signed-in person."""
        return cls(label=user.email[:80], user_id=user.pk)


VISITOR = Actor("visitor")
SYSTEM = Actor("system")
BANK = Actor("bank")


def record(verb: str, subject: str, *, actor: Actor, at: datetime, **data: Any) -> None:
    """Add one line; `subject` is written `kind:key`, `data` holds plain JSON values."""
    entry(verb, subject, actor=actor, at=at, **data).save()


def record_together(entries: Sequence[Entry]) -> None:
    """Add the lines of one change that has several, in one statement and in their order."""
    Entry.objects.bulk_create(entries)


def entry(verb: str, subject: str, *, actor: Actor, at: datetime, **data: Any) -> Entry:
    """Return a line that `record_together` will add."""
    return Entry(
        actor_id=actor.user_id,
        actor_label=actor.label,
        verb=verb,
        subject=subject,
        data=data,
        at=at,
    )
