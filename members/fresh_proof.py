"""A fresh proof by mail: a code, asked of who is signed in before something that can't be undone.

It goes to the oldest address that the account has proved. Somebody who has a stolen password may
add an address of their own; that one proves nothing here, and the oldest isn't taken off without
its own code. An account with a second factor is asked for that one instead
(`members.second_factor`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from members import mail_codes
from members.second_factor import factors_of, has_just_signed_in

# As allauth names the proof of a code to sign in: it is the same one.
CODE = "code"
# Time enough to install an application and to write its first code.
GOOD_FOR = 30 * 60
STATE = "fresh_proof"
View = Callable[..., HttpResponseBase]


def address_of(user: Any) -> str:
    """Return the address that a code is sent to, "" where the account has proved none."""
    rows = EmailAddress.objects.filter(user_id=user.pk, verified=True).order_by("pk")
    return rows.values_list("email", flat=True).first() or ""


def has_read_mail(request: HttpRequest, user: Any) -> bool:
    """Return whether this session has shown a code of that address within GOOD_FOR.

    A code to sign in counts too, where it went to that address.
    """
    address, since = address_of(user).lower(), time.time() - GOOD_FOR
    return bool(address) and any(
        one["method"] == CODE and str(one.get("email")).lower() == address and one["at"] > since
        for one in get_authentication_records(request, user)
    )


def way_to(request: HttpRequest, user: Any, *, onward: str) -> str:
    """Return where a person gives a fresh proof, "" where the last one of this session is fresh.

    The second factor where there is one, else a code by mail; it leads `onward` afterwards.
    """
    if has_just_signed_in(request, user):
        return ""
    factors = factors_of(user)
    name = "members:prove"
    if factors:
        by_app = Authenticator.Type.TOTP in factors
        name = "mfa_reauthenticate" if by_app else "mfa_reauthenticate_webauthn"
    return f"{reverse(name)}?{urlencode({'next': onward})}"


# --- The code ------------------------------------------------------------------------------------
def is_waited_for(request: HttpRequest, user: Any) -> bool:
    """Return whether a code of this session is on its way, or was read and not yet written."""
    return mail_codes.is_waited_for(request, _purpose(user, ""))


def send_code(request: HttpRequest, user: Any) -> bool:
    """Send a code to the account's oldest proved address; the one of before is worth nothing.

    False where none could leave: too many were sent, no address is proved, mail is away.
    """
    return mail_codes.send_code(request, _purpose(user, address_of(user)))


def give_code(request: HttpRequest, user: Any, code: str) -> bool:
    """Take a code; returns whether it is the right one. It serves once."""
    address = mail_codes.give_code(request, _purpose(user, ""), code)
    if address:
        record_authentication(request, user, CODE, email=address)
    return bool(address)


def _purpose(user: Any, address: str) -> mail_codes.Purpose:
    return mail_codes.Purpose(STATE, user.pk, address, "account/email/proof_code")


# --- What asks for it ----------------------------------------------------------------------------
def before_first_factor(view: View) -> View:
    """Ask for the code before the first factor: whoever has the password alone adds none."""
    return _guarded(view, lambda _request: True)


def before_address_goes(view: View) -> View:
    """Ask for the code before an address is taken off an account that has no factor."""
    return _guarded(
        view, lambda request: request.method == "POST" and "action_remove" in request.POST
    )


def _guarded(view: View, is_asked: Callable[[HttpRequest], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if (
            user.is_authenticated
            and is_asked(request)
            and address_of(user)
            and not factors_of(user)
            and not has_read_mail(request, user)
        ):
            onward = urlencode({"next": request.path})
            return HttpResponseRedirect(f"{reverse('members:prove')}?{onward}")
        return view(request, *args, **kwargs)

    return guarded
