"""A lost phone: the office takes the second proof off somebody's account (features.md C11).

Its own step, beside the desk's list of accounts: what could let a thief in has a reason, a line in
the journal, and a mail to whoever it concerns.
"""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, WrongState, trouble
from members.addresses import verified_addresses
from members.journal import Actor, record
from members.models import ProviderRole, User
from members.second_factor import end_sessions

KIND = "factors_taken_off"


def take_off_factors(person: User, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take every second factor and recovery code off an account, and end all its sessions.

    The person is told by mail at each address that it has proved, and sets up a new factor at its
    next sign-in. Nobody does it for themselves: another administrator makes sure who asks.
    Raises BadInput `reason_missing`, WrongState `factors_own`, `factors_none`.
    """
    words = reason.strip()
    if not words:
        raise BadInput(trouble("reason_missing", field="reason"))
    if actor.user_id == person.pk:
        raise WrongState(trouble("factors_own"))
    with locks.write_transaction():
        row = locks.lock_person(person.pk)
        kinds = kinds_of(row)
        if not kinds:
            raise WrongState(trouble("factors_none"))
        Authenticator.objects.filter(user_id=row.pk).delete()
        end_sessions(row)
        record(
            "factors taken off", f"user:{row.pk}", actor=actor, at=now, reason=words, kinds=kinds
        )
        for address in sorted({row.email, *verified_addresses(row)}):
            write_message(
                KIND,
                key=f"factors:{row.pk}:{row.sessions_ended}:{address}",
                recipient=address,
                language=_language_of(row),
                data={"user": row.pk},
                now=now,
            )


def kinds_of(person: User) -> list[str]:
    """Return what protects an account, recovery codes too, each kind once."""
    rows = Authenticator.objects.filter(user_id=person.pk)
    return sorted(set(rows.values_list("type", flat=True)))


def _language_of(person: User) -> str:
    """Return the language in which its house is written to; French where it has none."""
    role = ProviderRole.objects.filter(user_id=person.pk).select_related("provider").first()
    return role.provider.language if role else "fr"
