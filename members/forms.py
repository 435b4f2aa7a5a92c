"""The forms of an account: allauth's own, with the address of a stay already written.

Their labels are our words, the same as on every other form.
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.core import context
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn import forms as passkey_forms
from allauth.socialaccount import forms as google_forms
from django import forms as fields
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.addresses import proposed_address
from members.journal import Actor, record
from members.models import User
from members.second_factor import factors_of

LONGEST_NAME = 60
# When the key of an application was first shown in a session, and how long it stays the same.
KEY_SHOWN_AT = "mfa.totp.shown_at"
KEY_STAYS_SECONDS = 15 * 60


class OfAgeForm(fields.Form):
    """Asks who makes an account how old they are.

    Below fifteen nobody says yes alone to what is kept of them (data protection law, art. 45).
    """

    is_of_age = fields.BooleanField(
        label=_("I am 15 or older."),
        error_messages={
            "required": _("Say that you are 15 or older. Younger? A parent books for you all.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.order_fields([*(name for name in self.fields if name != "is_of_age"), "is_of_age"])

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Keep what was declared. Writes the journal."""
        super().custom_signup(request, user)  # type: ignore[misc]
        record(
            "account made",
            f"user:{user.pk}",
            actor=Actor.person(user),
            at=timezone.now(),
            is_of_age=self.cleaned_data["is_of_age"],
        )


class SignupForm(OfAgeForm, forms.SignupForm):
    """Make an account; an address that a page proposed is written, and can be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("email", proposed_address(context.request))


class GoogleSignupForm(OfAgeForm, google_forms.SignupForm):
    """Make an account with what Google said.

    The address that Google has proved is the account's: another one in its place would be one that
    nobody has proved. One that Google hasn't proved may be changed: its code comes by mail.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address = self.initial.get("email", "")
        proved = {one.email for one in self.sociallogin.email_addresses if one.verified}
        self.is_proved = address.lower() in {one.lower() for one in proved}
        self.fields["email"].disabled = self.is_proved


class LoginForm(forms.LoginForm):
    """Sign in with an address and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("login", proposed_address(context.request))
        self.fields["login"].label = _("E-mail")


class RequestLoginCodeForm(forms.RequestLoginCodeForm):
    """Ask for a code by mail instead of a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("email", proposed_address(context.request))
        self.fields["email"].label = _("E-mail")


class AddEmailForm(forms.AddEmailForm):
    """Add an address to an account: a code sent there proves it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")


class ResetPasswordForm(forms.ResetPasswordForm):
    """Ask for a new password by mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")


# --- The second proof ----------------------------------------------------------------------------
class SecondProofForm(fields.Form):
    """Says which factors its person has: the page speaks of no other."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        factors = factors_of(self.user)
        self.has_app = Authenticator.Type.TOTP in factors
        self.has_passkey = Authenticator.Type.WEBAUTHN in factors
        _as_code(self.fields["code"], _("Code") if self.has_app else _("Recovery code"))


def _as_code(field: fields.Field, label: str) -> None:
    """Ask for digits as phones offer them, under our own word."""
    field.label = label
    field.error_messages["required"] = _("Write the code first.")
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}


class ProofForm(fields.Form):
    """A code that was sent by mail to who is signed in."""

    code = fields.CharField(max_length=40, label=_("Code"), strip=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"], _("Code"))
        # Letters are in it.
        self.fields["code"].widget.attrs |= {"inputmode": "text", "autocapitalize": "characters"}


class AuthenticateForm(SecondProofForm, factor_forms.AuthenticateForm):
    """The second proof while signing in: the code of an application, or a recovery code."""


class ReauthenticateForm(SecondProofForm, factor_forms.ReauthenticateForm):
    """The second proof for a page that asks for it."""


class ActivateAppForm(app_forms.ActivateTOTPForm):
    """The first code of an application shows that it has the key.

    The key that was shown stays for a while: on a phone the way to the application and back loads
    the page again, and a new key would make the one that it has just taken a wrong one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session, now = context.request.session, timezone.now().timestamp()
        shown = session.get(SECRET_SESSION_KEY)
        is_fresh = now - session.get(KEY_SHOWN_AT, 0) < KEY_STAYS_SECONDS
        super().__init__(*args, **kwargs)
        if shown and is_fresh:
            session[SECRET_SESSION_KEY] = self.secret = shown
        elif not self.is_bound:
            session[KEY_SHOWN_AT] = now
        _as_code(self.fields["code"], _("Six digits"))


class AddPasskeyForm(passkey_forms.AddWebAuthnForm):
    """A passkey: one that signs in by itself, unless its owner's key has no room for that."""

    name = fields.CharField(
        required=False, max_length=LONGEST_NAME, label=_("Its name, to know it again")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _("Untick it for an old security key.")
        self.initial["passwordless"] = True


class EditPasskeyForm(passkey_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    name = fields.CharField(max_length=LONGEST_NAME, label=_("Its name, to know it again"))
