"""Writing the journal: one line for each change of state, inside the transaction that makes it."""

from __future__ import annotations

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
    Entry.objects.create(
        actor_id=actor.user_id,
        actor_label=actor.label,
        verb=verb,
        subject=subject,
        data=data,
        at=at,
    )
