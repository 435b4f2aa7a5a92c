"""Two proofs of who somebody is: asked of those who see what others bought (features.md C11).

A host, and whoever opens the office's desk, signs in with a password or a code by mail, and with a
second factor: an application's code, or a passkey. A passkey alone is both: the device, and what
opens it. What a session has proved stands in allauth's records of it: asking costs no statement.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest

from members.models import ProviderRole, User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SECOND = "mfa"


def is_asked_of(user: User) -> bool:
    """Return whether this person needs a second factor: it works for a house, or at the desk."""
    return ProviderRole.objects.filter(user_id=user.pk).exists() or user.opens_desk()


def factors_of(user: User) -> set[str]:
    """Return which second factors a person has; recovery codes alone are none."""
    rows = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS)
    return set(rows.values_list("type", flat=True))


def is_passed(request: HttpRequest, user: User) -> bool:
    """Return whether this session has given the second proof, by whatever factor."""
    return any(one["method"] == SECOND for one in get_authentication_records(request, user))


def may_wait(user: User, *, now: datetime) -> bool:
    """Return whether somebody who was asked may still go on with one proof."""
    if user.second_factor_asked_at is None:
        return False
    return now < user.second_factor_asked_at + timedelta(days=settings.SECOND_FACTOR_GRACE_DAYS)


def note_asked(user: User, *, now: datetime) -> None:
    """Write down when a person was first asked: the days of grace count from there, once."""
    if user.second_factor_asked_at is None:
        User.objects.filter(pk=user.pk, second_factor_asked_at=None).update(
            second_factor_asked_at=now
        )
        user.second_factor_asked_at = now


def has_just_signed_in(request: HttpRequest, user: User) -> bool:
    """Return whether the last proof of this session is fresh: it isn't asked for again at once.

    A password alone is none where there is a factor.
    """
    records = get_authentication_records(request, user)
    if not records or time.time() - records[-1]["at"] >= app_settings.REAUTHENTICATION_TIMEOUT:
        return False
    return is_passed(request, user) or not factors_of(user)


def end_sessions(user: User) -> None:
    """End every session of a person: each one is asked for all proofs again."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """End every session of a person but this one."""
    end_sessions(user)
    update_session_auth_hash(request, user)


def note_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **_rest: Any
) -> None:
    """Let the session in which a factor was set up count as having proved it.

    It gets another key. With the first factor every other session ends: it had one proof only, and
    may be that of somebody else who knows the password.
    """
    if authenticator.type not in FACTORS:
        return
    kind = str(authenticator.type)
    record_authentication(request, user, SECOND, id=authenticator.pk, type=kind)
    if Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).count() == 1:
        end_other_sessions(request, user)
    else:
        request.session.cycle_key()


def note_removed(request: HttpRequest, user: User, **_rest: Any) -> None:
    """Take back what sessions have proved with factors that are gone, once none is left."""
    if factors_of(user):
        return
    kept = [one for one in get_authentication_records(request, user) if one["method"] != SECOND]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
    end_other_sessions(request, user)
