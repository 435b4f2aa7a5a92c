"""A host enrols: the page that invites it, the house it opens, the papers it gives."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import enrolling
from booking.enrolling import NewHouse
from booking.forms.enrolment import HouseForm, mail_language
from booking.paper_rows import row_of
from booking.paper_words import ENROLMENT_WORDS
from booking.papers import Item, checklist, is_complete
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.houses import houses_of, shown_house
from members.access import owned_by, owned_provider_for
from members.journal import Actor
from members.models import Provider
from members.rules import enrolment
from oti.lib.clients import client_network, count
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)

# One address may open so many houses in an hour: a hotel's network is one address too.
OPEN_TRIES, OPEN_SECONDS = 20, 3600


@require_safe
def host(request: HttpRequest) -> HttpResponse:
    """Say to who welcomes visitors what the platform brings and costs, and lead to the account."""
    opening = reverse("extranet-open")
    query = urlencode({"next": opening})
    context = {
        "open_url": opening,
        "signup_url": f"{reverse('account_signup')}?{query}",
        "login_url": f"{reverse('account_login')}?{query}",
    }
    return render(request, "booking/host.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def open_house(request: HttpRequest) -> HttpResponse:
    """Ask for the little that begins an enrolment, then show what is asked next."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = HouseForm(data, today=day_of(now))
    status = 200
    if data is not None:
        if _opens_too_often(request):
            messages.error(request, _("Many houses were opened from here: try again in an hour."))
            return _open_page(request, form, 429)
        if form.is_valid():
            try:
                made = enrolling.open_house(request.user, _new_house(form), now=now)
            except Refusal as refusal:
                tell(request, refusal.troubles)
                return _open_page(request, form, refusal.status)
            messages.success(request, _("Your house is opened. Here is what is asked of it."))
            return see_other(checklist_address(made))
        status = 422
    return _open_page(request, form, status)


@never_cache
@login_required
@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    """List what is asked of one house: what is done, what is missing, why."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    context: dict[str, Any] = {"providers": providers, "provider": provider}
    if provider.pk not in owned_by(request.user):
        return render(request, "booking/extranet/papers_of_owner.html", context)
    items = checklist(provider, today=day_of(timezone.now()))
    context |= {
        "rows": [row_of(one) for one in items],
        "to_do": sum(one.is_to_do for one in items),
        "words": ENROLMENT_WORDS[provider.enrolment],
        "may_send": provider.enrolment in enrolment.IN_HAND and is_complete(items),
        "is_in_hand": provider.enrolment in enrolment.IN_HAND,
    }
    return render(request, "booking/extranet/papers.html", context)


@require_POST
@never_cache
@login_required
def submit(request: HttpRequest, house: str) -> HttpResponse:
    """Send a house to the office."""
    provider = owned_provider_for(request.user, house)
    try:
        enrolling.submit_house(provider, actor=Actor.person(request.user), now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(
            request,
            _("It is sent: the office reads it and writes to %(mail)s.") % {"mail": provider.email},
        )
    return see_other(checklist_address(provider))


def checklist_address(provider: Provider) -> str:
    """Return the address of a house's checklist."""
    return f"{reverse('extranet-checklist')}?{urlencode({'maison': provider.slug})}"


def item_for(provider: Provider, code: str, *, now: datetime) -> Item:
    """Return one line of a house's checklist; raises Http404 for what isn't asked of it."""
    items = checklist(provider, today=day_of(now))
    found = next((one for one in items if one.code == code), None)
    if found is None:
        raise Http404
    return found


def _new_house(form: HouseForm) -> NewHouse:
    data = form.cleaned_data
    return NewHouse(
        name=data["name"],
        commune_id=data["commune"].pk,
        activities=tuple(data["activities"]),
        is_professional=form.is_professional,
        phone=data["phone"],
        language=mail_language(),
    )


def _open_page(request: HttpRequest, form: HouseForm, status: int) -> HttpResponse:
    context = {"form": form, "page_errors": status != 200}
    return render(request, "booking/extranet/open_house.html", context, status=status)


def _opens_too_often(request: HttpRequest) -> bool:
    window = int(time.time() // OPEN_SECONDS)
    [tries] = count([f"open-house:{client_network(request)}:{window}"], OPEN_SECONDS)
    return tries > OPEN_TRIES
