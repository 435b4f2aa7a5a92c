"""Which e-mail addresses are somebody's: those that a code sent there has proved, no other."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.http import HttpRequest

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
