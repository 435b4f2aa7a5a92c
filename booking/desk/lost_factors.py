"""The desk's way of helping somebody whose phone is lost: administrators alone."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking import lost_factors
from booking.desk.views import UseCaseView, actor_of
from members.models import User

RIGHT = "members.change_user"
KINDS: dict[str, Any] = {
    Authenticator.Type.TOTP: gettext_lazy("an app that gives codes"),
    Authenticator.Type.WEBAUTHN: gettext_lazy("a passkey"),
    Authenticator.Type.RECOVERY_CODES: gettext_lazy("recovery codes"),
}


class LostFactorsForm(forms.Form):
    """Why, and how one knows who asks."""

    reason = forms.CharField(
        label=gettext_lazy("Why, and how you know who asks"),
        help_text=gettext_lazy("« Lost phone; I called her back at the number of her house. »"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LostFactorsView(UseCaseView):
    """Take the second proof off one account."""

    model = User
    form_class = LostFactorsForm
    permission_policy: Any = None
    permission_required: Any = None
    page_title = gettext_lazy("Phone lost")
    list_title = gettext_lazy("Accounts")
    header_icon = "lock"
    index_url_name = "wagtailusers_users:index"
    button = gettext_lazy("Take the second proof off")
    intro = gettext_lazy(
        "Call the person back at a number that you know before you do this: whoever has their "
        "password could ask, too. Their sessions end, a mail tells them, and the next sign-in "
        "asks for a new second proof."
    )

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Let in who looks after accounts."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Say what the account is protected by."""
        known = [str(KINDS[kind]) for kind in lost_factors.kinds_of(self.target)]
        return (
            (_("Account"), self.target.email),
            (_("Name"), self.target.get_full_name() or "-"),
            (_("Protected by"), ", ".join(known) or _("nothing but its password")),
        )

    def run(self, form: LostFactorsForm) -> str:
        """Take them off."""
        lost_factors.take_off_factors(
            self.target,
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("The second proof is off; %(person)s is told by mail.") % {
            "person": self.target.email
        }

    def get_page_subtitle(self) -> str:
        """Name whose account it is."""
        return str(self.target)

    def get_success_url(self) -> str:
        """Return to the list of accounts."""
        return reverse("wagtailusers_users:index")
