"""What every address for a host's own program is made of: its key, its scopes, its own count.

A key opens one house, within its scopes; it is asked at every request (`booking.house_keys`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from booking import house_keys
from members.models import HouseKey, Provider
from oti.api.base import ApiView, fault_of
from oti.api.problems import ScopeMissing
from oti.api.throttles import ByKey

SCHEME = "bearer "
NAME = re.compile(r"[\x21-\x7e]{1,64}")
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,64}$"},
    location=OpenApiParameter.HEADER,
    description="The same one within a day: answered the same, and nothing is changed again.",
)


class KeyOfHouse(BaseAuthentication):
    """Reads `Authorization: Bearer velay_…`; `request.auth` is the key, nobody is signed in."""

    def authenticate(self, request: Request) -> tuple[None, HouseKey] | None:
        """Return the key, None without one; raises AuthenticationFailed for one that is dead."""
        header = str(request.headers.get("Authorization", ""))
        if not header.lower().startswith(SCHEME):
            return None
        key = house_keys.key_of(header[len(SCHEME) :].strip(), now=timezone.now())
        if key is None:
            raise AuthenticationFailed
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Say how to come in."""
        return "Bearer"


class InScope(BasePermission):
    """Lets a key do what one of the scopes of this method allows."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether there is a key; raises ScopeMissing for one that may not do that."""
        if request.auth is None:
            return False
        needed = view.scopes.get(request.method if request.method != "HEAD" else "GET", ())
        if needed and not set(needed) & set(request.auth.scopes):
            raise ScopeMissing(needed)
        return True


class HouseView(ApiView):
    """One address of one house. `scopes` says for each method which scope opens it: one of them."""

    http_method_names = ["get", "head", "put", "patch"]
    authentication_classes: Any = [KeyOfHouse]
    permission_classes: Any = [InScope]
    throttle_classes: Any = [ByKey]
    scopes: Mapping[str, tuple[str, ...]] = {}


def key_of(request: Request) -> HouseKey:
    """Return the key that opened this address."""
    key: HouseKey = request.auth
    return key


def house_of(request: Request) -> Provider:
    """Return the one house that this program acts for."""
    return key_of(request).provider


def needs(request: Request, *scopes: str) -> None:
    """Raise ScopeMissing unless the key has every one of these."""
    missing = set(scopes) - set(key_of(request).scopes)
    if missing:
        raise ScopeMissing(missing)


def once(request: Request, change: Callable[[], dict[str, Any]]) -> Response:
    """Answer a change, once under one `Idempotency-Key`; a refusal may be tried again.

    A name given twice for two different changes is refused: `idempotency_reused`.
    """
    name = request.headers.get("Idempotency-Key", "")
    if not name:
        return Response(change())
    if not NAME.fullmatch(name):
        text = _("Up to 64 signs without spaces.")
        raise fault_of(field="Idempotency-Key", text=text, code="invalid")
    now, key = timezone.now(), key_of(request)
    whole = f"{request.method} {request.path}\n{json.dumps(request.data, sort_keys=True)}"
    fingerprint = hashlib.sha256(whole.encode()).hexdigest()
    known = house_keys.known_reply(key, name, fingerprint)
    if known is not None:
        return Response(known.body)
    body = change()
    house_keys.keep_reply(key, name, fingerprint, body, now=now)
    return Response(body)
