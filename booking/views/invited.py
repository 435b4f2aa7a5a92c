"""What invitations by mail share, to a house's team and to a household: whose link it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from booking.refusals import Refusal, trouble
from booking.team import hidden
from booking.views.answers import see_other
from members.addresses import has_proved, propose_address


class Invited(Protocol):
    """An invitation of either kind."""

    pk: int
    email: str
    invited_by: str
    expires_at: datetime


def keep_invited(
    request: HttpRequest, found: Invited | None, *, key: str, page: str
) -> HttpResponse:
    """Remember which invitation was opened, and show it at its clean address; raises Http404."""
    if found is None:
        raise Http404
    request.session[key] = found.pk
    return see_other(page)


def not_for(request: HttpRequest, invited: Invited) -> Refusal | None:
    """Return why an invitation isn't for who is signed in; None where nothing speaks against it.

    Who isn't signed in yet has its address proposed.
    """
    if not request.user.is_authenticated:
        propose_address(request, invited.email)
        return None
    if has_proved(request.user, invited.email):
        return None
    return Refusal(trouble("invitation_elsewhere", email=hidden(invited.email)))


def frame_of(invited: Invited, *, page: str, refusal: Refusal | None) -> dict[str, Any]:
    """Return what the page of an invitation says whatever it invites to; `page` is its name."""
    query = urlencode({"next": reverse(page)})
    return {
        "invited_by": invited.invited_by,
        "until": invited.expires_at,
        "troubles": refusal.troubles if refusal else (),
        "code": refusal.code if refusal else "",
        "signup_url": f"{reverse('account_signup')}?{query}",
        "login_url": f"{reverse('account_login')}?{query}",
    }
