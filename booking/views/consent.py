"""The letter: asking for it, confirming by mail, the page of choices, stopping with one click."""

from __future__ import annotations

import time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from booking.forms.consent import ChoicesForm, LetterForm
from booking.refusals import Refusal
from booking.relations import consent
from booking.views.answers import see_other
from members.addresses import verified_addresses
from members.journal import VISITOR, Actor
from members.models import LetterAddress, LetterChoice
from members.rules.consent import PURPOSES
from oti.lib.clients import client_address, client_network, count

ASK_TRIES = 10
ASK_SECONDS = 600
PAGE = "booking:letter-choices"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest) -> HttpResponse:
    """Ask for the letter: a mail confirms it; the answer is the same for every address."""
    form = LetterForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "booking/letter.html", {"form": form})
    if _asks_too_often(request):
        return render(request, "errors/429.html", {"retry_after": ASK_SECONDS}, status=429)
    if not form.is_valid():
        return render(
            request, "booking/letter.html", {"form": form, "page_errors": True}, status=422
        )
    consent.ask_for_letter(
        form.cleaned_data["email"],
        rhythm=form.cleaned_data["rhythm"],
        language=translation.get_language() or "fr",
        now=timezone.now(),
    )
    return render(request, "booking/letter.html", {"form": form, "is_sent": True})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm by the link of a mail; its button is pressed by a person, not by a mail scanner."""
    key = request.POST.get("cle") or request.GET.get("cle", "")
    try:
        told = consent.read_key(key)
        if request.method == "POST":
            network = client_address(request) or ""
            address = consent.confirm_letter(key, network=network, now=timezone.now())
            messages.success(request, _("It’s done: the letter will come to you."))
            return see_other(PAGE, address.token)
    except Refusal as refusal:
        context = {"form": LetterForm(), "refusal": refusal.troubles[0].message}
        return render(request, "booking/letter.html", context, status=410)
    return render(request, "booking/letter_confirm.html", {"key": key, "email": told["email"]})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest, token: str) -> HttpResponse:
    """Show what an address is written to about, and let it choose; known by its own link."""
    address = get_object_or_404(LetterAddress, token=token)
    now = timezone.now()
    standings = consent.standings(address, now=now)
    if request.method == "POST":
        # The button that stops everything is a form without a tick.
        form = ChoicesForm({} if "stop" in request.POST else request.POST)
        if form.is_valid():
            consent.choose(
                address,
                form.answers(),
                rhythm=form.cleaned_data["rhythm"],
                proof=_proof(request, LetterChoice.Source.CHOICES, _words_of(form)),
                actor=_actor(request),
                now=now,
            )
            messages.success(request, _("Your choices are kept."))
            return see_other(PAGE, token)
    else:
        allowed = {one: standing.is_allowed for one, standing in standings.items()}
        form = ChoicesForm(initial={**allowed, "rhythm": address.rhythm})
    context = {
        "form": form,
        "address": address,
        "is_guest": standings["offers"].ground == "own_guest",
        "page_errors": bool(form.errors),
    }
    status = 422 if form.errors else 200
    return render(request, "booking/letter_choices.html", context, status=status)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str, purpose: str) -> HttpResponse:
    """Stop one kind of letter: with one click from the mail's own button (RFC 8058), or here.

    The link is the key, so that no cookie and no page is needed; again is the same, and a link
    whose address is forgotten is answered alike: nothing is written to it any more. Opening it
    changes nothing: mail scanners open links.
    """
    address = LetterAddress.objects.filter(token=token).first()
    if purpose not in PURPOSES:
        purpose = PURPOSES[0]
    label = LetterChoice.Purpose(purpose).label
    with translation.override(address.language if address else translation.get_language()):
        is_done = request.method == "POST" or address is None
        if request.method == "POST" and address is not None:
            proof = _proof(request, LetterChoice.Source.ONE_CLICK, str(label))
            consent.stop(address, purpose, proof=proof, now=timezone.now())
        context = {"address": address, "purpose": label, "is_done": is_done}
        return render(request, "booking/letter_stop.html", context)


@never_cache
@require_POST
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Lead a signed-in person to the choices of their first proved address."""
    proved = verified_addresses(request.user)
    if not proved:
        messages.info(request, _("Confirm your address first: a code is sent to it."))
        return see_other("account_email")
    language = translation.get_language() or "fr"
    address = consent.address_of(proved[0], language=language, now=timezone.now())
    return see_other(PAGE, address.token)


def _words_of(form: ChoicesForm) -> str:
    """Return what was read beside each box, in the language it was read in."""
    return "\n".join(f"{form.fields[one].label}: {form.fields[one].help_text}" for one in PURPOSES)


def _proof(request: HttpRequest, source: str, words: str) -> consent.Proof:
    return consent.Proof(source, words, client_address(request) or "")


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(request.user) if request.user.is_authenticated else VISITOR


def _asks_too_often(request: HttpRequest) -> bool:
    window = int(time.time() // ASK_SECONDS)
    [tries] = count([f"letter:{client_network(request)}:{window}"], ASK_SECONDS)
    return tries > ASK_TRIES
