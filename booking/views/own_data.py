"""One's own data: a copy, and being forgotten; signed in, or by the link of a mail."""

from __future__ import annotations

import time

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.forms.own_data import AskDataForm, EraseForm
from booking.refusals import Refusal
from booking.relations.erasing import erase, hindrances
from booking.relations.own_copy import copy_of, zip_of
from booking.relations.own_data import ask_for_own_data, subject_of
from booking.relations.personal_data import Subject
from booking.views.answers import see_other
from members.addresses import verified_addresses
from oti.lib.clients import client_network, count
from oti.lib.dates import today as day_of

ASK_TRIES = 10
ASK_SECONDS = 600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the link by mail; or, with the link, see what one may do."""
    key = request.POST.get("cle") or request.GET.get("cle", "")
    if key:
        try:
            return _act(request, subject_of(key), key=key)
        except Refusal as refusal:
            context = {"form": AskDataForm(), "refusal": refusal.troubles[0].message}
            return render(request, "booking/own_data_ask.html", context, status=410)
    form = AskDataForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "booking/own_data_ask.html", {"form": form})
    if _too_often(request):
        return render(request, "errors/429.html", {"retry_after": ASK_SECONDS}, status=429)
    if not form.is_valid():
        context = {"form": form, "page_errors": True}
        return render(request, "booking/own_data_ask.html", context, status=422)
    language = translation.get_language() or "fr"
    ask_for_own_data(form.cleaned_data["email"], language=language, now=timezone.now())
    return render(request, "booking/own_data_ask.html", {"form": form, "is_sent": True})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """The same for who is signed in, over every address that they have proved."""
    if not verified_addresses(request.user):
        messages.info(request, _("Confirm your address first: a code is sent to it."))
        return see_other("account_email")
    return _act(request, Subject.of_account(request.user), key="")


def _act(request: HttpRequest, subject: Subject, *, key: str) -> HttpResponse:
    """Give the copy, erase, or show both."""
    now = timezone.now()
    is_post = request.method == "POST"
    if is_post and _too_often(request):
        return render(request, "errors/429.html", {"retry_after": ASK_SECONDS}, status=429)
    if is_post and "copy" in request.POST:
        answer = HttpResponse(zip_of(copy_of(subject, now=now)), content_type="application/zip")
        name = f"mes-donnees-{day_of(now):%Y-%m-%d}.zip"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["Cache-Control"] = "no-store, private"
        return answer
    form = EraseForm(request.POST if is_post else None)
    troubles = []
    if is_post and form.is_valid():
        try:
            erase(subject, now=now)
        except Refusal as refusal:
            troubles = [one.message for one in refusal.troubles]
        else:
            if subject.user is not None and subject.user == request.user:
                logout(request)
            return render(request, "booking/own_data_gone.html")
    context = {
        "form": form,
        "key": key,
        "emails": sorted(subject.emails),
        "has_account": subject.user is not None,
        "troubles": troubles or [one.message for one in hindrances(subject, now=now)],
        "page_errors": bool(form.errors),
    }
    status = 422 if form.errors else 409 if is_post else 200
    return render(request, "booking/own_data.html", context, status=status)


def _too_often(request: HttpRequest) -> bool:
    window = int(time.time() // ASK_SECONDS)
    [tries] = count([f"own-data:{client_network(request)}:{window}"], ASK_SECONDS)
    return tries > ASK_TRIES
