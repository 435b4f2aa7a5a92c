"""A host's requests: one of them whole, to accept with one press or to decline with a reason."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import requests
from booking.access import request_for_provider, requests_of_providers
from booking.forms.requests import DeclineForm
from booking.models import BookingRequest
from booking.refusals import Refusal
from booking.request_words import AskedRow, asked_rows, with_words
from booking.rules import states
from booking.views.answers import see_other, tell
from members.journal import Actor
from members.models import User

PAGE = "extranet-request"


def waiting_for(user: User | AnonymousUser, *, now: datetime) -> list[AskedRow]:
    """Return what waits for this person's answer, the most urgent first; one statement,
    two where guests read another language."""
    waiting = requests_of_providers(user).filter(state=states.REQUESTED, deadline__gt=now)
    return asked_rows(with_words(waiting).order_by("deadline", "pk"), now=now)


@never_cache
@login_required
@require_safe
def request_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is asked, until when, and both answers."""
    return _show(request, request_for_provider(request.user, code), DeclineForm())


@never_cache
@require_POST
@login_required
def accept(request: HttpRequest, code: str) -> HttpResponse:
    """Accept: the place is held and the guest is sent the link to pay."""
    asked = request_for_provider(request.user, code)
    try:
        requests.accept_request(asked, actor=Actor.person(request.user), now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(PAGE, code)
    text = _("Accepted: the place is kept, and %(name)s has the link to pay.")
    messages.success(request, text % {"name": asked.first_name})
    return see_other(PAGE, code)


@never_cache
@require_POST
@login_required
def decline(request: HttpRequest, code: str) -> HttpResponse:
    """Decline: the guest is told why, and what is free instead."""
    asked = request_for_provider(request.user, code)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _show(request, asked, form, status=422)
    try:
        requests.decline_request(
            asked,
            **form.cleaned_data,
            actor=Actor.person(request.user),
            now=timezone.now(),
        )
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(PAGE, code)
    text = _("Declined: %(name)s is told, with what is free elsewhere.")
    messages.success(request, text % {"name": asked.first_name})
    return see_other(PAGE, code)


def _show(
    request: HttpRequest, asked: BookingRequest, form: DeclineForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    row = asked_rows([asked], now=now)[0]
    context = {
        "one": row.one,
        "asked": row,
        "is_waiting": asked.state == states.REQUESTED and asked.deadline > now,
        "form": form,
        "page_errors": form.is_bound,
    }
    return render(request, "booking/extranet/request.html", context, status=status)
