"""One's own data: a copy, and being forgotten; by the link of a mail, or with one's account."""

from __future__ import annotations

import time
from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.forms.own_data import AskDataForm, CloseForm, EraseForm
from booking.refusals import BadInput, Refusal, trouble
from booking.relations.closing import farewell_of
from booking.relations.erasing import erase, hindrances
from booking.relations.own_copy import copy_of, zip_of
from booking.relations.own_data import (
    ask_for_own_data,
    leave_own_data,
    open_own_data,
    opened_subject,
)
from booking.relations.personal_data import Subject
from booking.views.answers import see_other
from members import fresh_proof
from members.addresses import verified_addresses
from members.models import User
from oti.lib.clients import client_network, count
from oti.lib.codes import secret_token
from oti.lib.dates import today as day_of

ASK_TRIES = 10
ASK_SECONDS = 600
# That this session asked for its account to be closed, and went for a fresh proof.
ASKED = "asked-to-close"
ASKED_FOR = 15 * 60
OF_A_HOUSE = {"erase_owns_house", "erase_in_house"}


# Sent with the page's own forms, it says where they come from and never the key of an address.
NO_ADDRESS = "strict-origin"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the link by mail; or, once it was followed, see what one may do."""
    response = _asked(request)
    response["Referrer-Policy"] = NO_ADDRESS
    return response


def _asked(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if "cle" in request.GET:
        return _exchange(request, request.GET["cle"], now=now)
    subject = opened_subject(request, now=now)
    if subject is not None and "leave" in request.POST:
        leave_own_data(request)
        messages.success(request, _("What the link had opened is closed on this device."))
        return see_other("booking:own-data")
    if subject is not None and "email" not in request.POST:
        return _act(request, subject)
    if request.method == "POST" and "email" not in request.POST:
        # A page that was left open: what it asks for is no longer allowed.
        return _ask_again(request, BadInput(trouble("own_data_closed")))
    form = AskDataForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "booking/own_data_ask.html", {"form": form})
    if _too_often(request):
        return _slow_down(request)
    if not form.is_valid():
        context = {"form": form, "page_errors": True}
        return render(request, "booking/own_data_ask.html", context, status=422)
    language = translation.get_language() or "fr"
    ask_for_own_data(form.cleaned_data["email"], language=language, now=now)
    return render(request, "booking/own_data_ask.html", {"form": form, "is_sent": True})


def _exchange(request: HttpRequest, key: str, *, now: datetime) -> HttpResponse:
    """Take the key of a mail's link out of the address bar."""
    try:
        open_own_data(request, key, now=now)
    except Refusal as refusal:
        return _ask_again(request, refusal)
    return see_other("booking:own-data")


def _ask_again(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    context = {"form": AskDataForm(), "refusal": refusal.troubles[0].message}
    return render(request, "booking/own_data_ask.html", context, status=410)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """The copy for who is signed in, over every address that they have proved.

    Being forgotten is closing the account: it has a page of its own (`close`).
    """
    user: User = request.user  # type: ignore[assignment]
    if not verified_addresses(user):
        return _confirm_first(request)
    subject = Subject.of_account(user)
    if request.method != "POST":
        return render(request, "booking/own_data.html", {"emails": sorted(subject.emails)})
    if "copy" not in request.POST:
        return see_other("space-close")
    return _copy(request, subject, now=timezone.now())


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Say what closing one's account means, then close it: with a fresh proof of who asks.

    Who lacks one is led to it; what was asked for is done when they come back.
    """
    user: User = request.user  # type: ignore[assignment]
    if not verified_addresses(user):
        return _confirm_first(request)
    now, subject = timezone.now(), Subject.of_account(user)
    is_post = request.method == "POST"
    if is_post and _too_often(request):
        return _slow_down(request)
    form = CloseForm(request.POST if is_post else None)
    comes_back = request.method == "GET" and _comes_back(request, now=now)
    found = hindrances(subject, now=now)
    if not found and (comes_back or (is_post and form.is_valid())):
        mark = secret_token()
        led = fresh_proof.way_to(request, user, onward=f"{reverse('space-close')}?suite={mark}")
        if led and comes_back:
            # Without the proof: the page is shown, and asks again.
            return see_other("space-close")
        if led:
            request.session[ASKED] = [mark, int(now.timestamp())]
            return see_other(led)
        try:
            erase(subject, now=now)
        except Refusal as refusal:
            found = list(refusal.troubles)
        else:
            logout(request)
            return render(request, "booking/own_data_gone.html", {"was_account": True})
    context = {
        "form": form,
        "emails": sorted(subject.emails),
        "farewell": farewell_of(user),
        "troubles": [one.message for one in found],
        "has_house": any(one.code in OF_A_HOUSE for one in found),
        "page_errors": bool(form.errors),
    }
    status = 409 if found and is_post else 422 if form.errors else 200
    return render(request, "booking/close_account.html", context, status=status)


def _comes_back(request: HttpRequest, *, now: datetime) -> bool:
    """Tell whether this page is the way back of one that asked for the closing, minutes ago.

    Once: whoever opens the page otherwise has thought better of it, and is asked anew.
    """
    mark, at = request.session.pop(ASKED, ("", 0))
    is_same = bool(mark) and constant_time_compare(mark, request.GET.get("suite", ""))
    return is_same and now.timestamp() < at + ASKED_FOR


def _act(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Give the copy, erase, or show both, to who followed the link of a mail."""
    now = timezone.now()
    is_post = request.method == "POST"
    if is_post and "copy" in request.POST:
        return _copy(request, subject, now=now)
    if is_post and _too_often(request):
        return _slow_down(request)
    form = EraseForm(request.POST if is_post else None)
    found = hindrances(subject, now=now)
    if is_post and form.is_valid() and not found:
        try:
            erase(subject, now=now)
        except Refusal as refusal:
            found = list(refusal.troubles)
        else:
            leave_own_data(request)
            return render(request, "booking/own_data_gone.html")
    context = {
        "form": form,
        "is_link": True,
        "emails": sorted(subject.emails),
        "troubles": [one.message for one in found],
        "page_errors": bool(form.errors),
    }
    status = 422 if form.errors else 409 if is_post else 200
    return render(request, "booking/own_data.html", context, status=status)


def _copy(request: HttpRequest, subject: Subject, *, now: datetime) -> HttpResponse:
    if _too_often(request):
        return _slow_down(request)
    answer = HttpResponse(zip_of(copy_of(subject, now=now)), content_type="application/zip")
    name = f"mes-donnees-{day_of(now):%Y-%m-%d}.zip"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store, private"
    return answer


def _confirm_first(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Confirm your address first: a code is sent to it."))
    return see_other("account_email")


def _slow_down(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/429.html", {"retry_after": ASK_SECONDS}, status=429)


def _too_often(request: HttpRequest) -> bool:
    window = int(time.time() // ASK_SECONDS)
    [tries] = count([f"own-data:{client_network(request)}:{window}"], ASK_SECONDS)
    return tries > ASK_TRIES
