"""The forms of an account: allauth's own, with the address of a stay already written.

Their labels are our words, the same as on every other form.
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.core import context
from django.utils.translation import gettext_lazy as _

from members.addresses import proposed_address


class SignupForm(forms.SignupForm):
    """Make an account; an address that a page proposed is written, and can be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("email", proposed_address(context.request))
        self.fields["email"].label = _("E-mail")


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
