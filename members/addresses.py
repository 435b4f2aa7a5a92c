"""Which e-mail addresses are somebody's: those that a code sent there has proved, no other."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from django.http import HttpRequest
from django.utils import timezone

from members.journal import SYSTEM, record
from members.models import User

PROPOSED = "proposed_address"


def verified_addresses(user: User) -> list[str]:
    """Return the addresses that this person has proved to read."""
    rows = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    return list(rows.order_by("pk").values_list("email", flat=True))


def has_proved(user: User, address: str) -> bool:
    """Tell whether this person has proved to read an address, in whatever case it is written."""
    return address.lower() in {one.lower() for one in verified_addresses(user)}


def propose_address(request: HttpRequest, address: str) -> None:
    """Remember an address for the form that makes an account: it proves nothing by itself."""
    if request.session.get(PROPOSED) != address:
        request.session[PROPOSED] = address


def proposed_address(request: HttpRequest | None) -> str:
    """Return the address that was proposed in this session, "" for none."""
    return str(request.session.get(PROPOSED, "")) if request is not None else ""


def drop_password_of_a_stranger(
    request: HttpRequest, email_address: EmailAddress, **_signal: Any
) -> None:
    """Drop the password of an account whose first address was just proved by a code to sign in.

    Whoever made the account chose it without having shown that the address is theirs; who reads
    the mail signs in with a code, and chooses another where they want one.
    """
    user = email_address.user
    ways = [one.get("method") for one in get_authentication_records(request, user)]
    had_proved = EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk)
    if ways[-1:] != ["code"] or had_proved.exists() or not user.has_usable_password():
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    record("password dropped", f"user:{user.pk}", actor=SYSTEM, at=timezone.now())
