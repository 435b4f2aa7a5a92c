"""Second factors for tests: an application, whose codes are reckoned here, and a passkey."""

from __future__ import annotations

import re
import time

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from members.models import User

PASSWORD = "Lentille-verte-43"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, *, later: int = 0) -> str:
    """Return the code that an application shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def with_app(user: User) -> list[str]:
    """Give a person an application; returns their recovery codes."""
    TOTP.activate(user, SECRET)
    return RecoveryCodes.activate(user).generate_codes()


def with_passkey(user: User) -> Authenticator:
    """Give a person a passkey that no test has to use."""
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Téléphone", "credential": {}}
    )


def able_to_sign_in(user: User) -> User:
    """Give a person a password and a proved address."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return user


def sign_in(client: Client, user: User, onward: str = "") -> str:
    """Give address and password as a person does; returns where that leads."""
    data = {"login": user.email, "password": PASSWORD, "next": onward}
    answer = client.post("/compte/login/", data)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)


def mailed_code(mails: list[EmailMessage]) -> str:
    """Return the code of the last mail."""
    [sent] = re.findall(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", str(mails[-1].body), re.MULTILINE)
    return str(sent)


def write_mailed_code(client: Client, led: str, mails: list[EmailMessage]) -> HttpResponse:
    """Open the page that asks for a code by mail, and write the code there."""
    client.get(led)
    return client.post(led, {"code": mailed_code(mails)})  # type: ignore[return-value]


def read_mail(client: Client, mails: list[EmailMessage]) -> None:
    """Give the fresh proof that the first factor asks for."""
    assert write_mailed_code(client, reverse("members:prove"), mails).status_code == 302
