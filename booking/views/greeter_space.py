"""A greeter's own space: the profile on its way to visitors, who asks, what was given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import meeting_words as words
from booking.forms.greeters import AbsenceForm, CharterForm, PortraitForm, ProfileForm
from booking.pictures import of_image
from booking.refusals import Refusal
from booking.relations import greeters
from booking.relations.access import asks_of, greeter_of, hours_given, is_agreed_with
from booking.relations.access import own_greeter as own
from booking.rules import meetings as rules
from booking.views.answers import see_other, tell
from booking.views.greeter_asks import row_of
from destination.legal_body import clean_body
from destination.models import Picture
from members.journal import Actor
from members.models import Greeter
from members.rules import enrolment
from oti.lib.dates import today as day_of

HOME = "space-greeter"
LISTED = 30


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show where a profile stands, who asks, who comes; who has none is invited to begin."""
    greeter = greeter_of(request.user)
    if greeter is None:
        return render(request, "booking/space/greeter_begin.html")
    return _home_page(request, greeter, _absence_form(greeter))


def _home_page(
    request: HttpRequest, greeter: Greeter, absence: AbsenceForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    rows = list(asks_of(greeter).order_by("-asked_at", "-pk")[:LISTED])
    agreed = [one for one in rows if is_agreed_with(one)]
    met, minutes = hours_given(greeter)
    context = {
        "greeter": greeter,
        **_standing(greeter, now=now),
        "waiting": [
            row_of(one)
            for one in rows
            if one.state == rules.SENT
            and one.meeting.state == rules.ASKED
            and one.meeting.deadline > now
        ],
        "coming": [row_of(one) for one in agreed if one.meeting.state == rules.ACCEPTED],
        "called_off": [
            row_of(one)
            for one in rows
            if one.state == rules.SAID_YES
            and one.meeting.state == rules.CANCELLED
            and one.meeting.starts_at is not None
            and one.meeting.starts_at > now
        ],
        "past": [row_of(one) for one in agreed if one.meeting.state == rules.DONE],
        "met": met,
        "minutes": minutes,
        "absence": absence,
        "page_errors": status != 200,
    }
    return render(request, "booking/space/greeter.html", context, status=status)


def _absence_form(greeter: Greeter) -> AbsenceForm:
    return AbsenceForm(
        initial={
            "is_paused": greeter.is_paused,
            "away_from": greeter.away_from,
            "away_until": greeter.away_until,
        }
    )


def _standing(greeter: Greeter, *, now: datetime) -> dict[str, Any]:
    today = day_of(now)
    missing = greeters.lacks(greeter, today=today)
    photo = greeters.content_of(greeter)[greeters.PHOTO]
    picture = Picture.objects.filter(pk=photo).first() if photo else None
    return {
        "missing": missing,
        "is_signed": "charter" not in missing,
        "is_written": not set(missing) - {"charter"},
        "may_send": greeter.state in enrolment.IN_HAND and not missing,
        "is_in_hand": greeter.state in enrolment.IN_HAND,
        "is_shown": greeter.is_shown,
        "has_pending": bool(greeter.pending),
        "remarks": [
            (words.PART_WORDS[name], text)
            for name, text in greeter.remarks.items()
            if name in words.PART_WORDS
        ],
        "image": of_image(picture),
    }


# --- The profile ----------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Write the profile: the first time begins it."""
    now = timezone.now()
    greeter = greeter_of(request.user)
    data = request.POST if request.method == "POST" else None
    form = ProfileForm(data, today=day_of(now), greeter=greeter)
    status = 200
    if data is not None:
        status = 422
        if form.is_valid():
            try:
                if greeter is None:
                    greeters.open_profile(request.user, form.given, now=now)
                else:
                    actor = Actor.person(request.user)
                    greeters.write_profile(greeter, form.given, actor=actor, now=now)
            except Refusal as refusal:
                status = refusal.status
                for one in refusal.troubles:
                    form.add_error(one.field if one.field in form.fields else None, one.message)
            else:
                messages.success(request, _("Your profile is kept."))
                return see_other(HOME)
    context = {
        "form": form,
        "greeter": greeter,
        "remarks": greeter.remarks if greeter else {},
        "is_read_first": greeter is not None and greeter.state == enrolment.APPROVED,
        "page_errors": status != 200,
    }
    return render(request, "booking/space/greeter_profile.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def portrait(request: HttpRequest) -> HttpResponse:
    """Send a photograph of oneself, or take it off."""
    now = timezone.now()
    greeter, actor = own(request.user), Actor.person(request.user)
    if request.method == "POST" and "drop" in request.POST:
        return _done(
            request,
            lambda: greeters.drop_photo(greeter, actor=actor, now=now),
            _("Your portrait is taken off."),
        )
    is_sent = request.method == "POST"
    form = PortraitForm(request.POST, request.FILES) if is_sent else PortraitForm()
    if is_sent and form.is_valid():
        file = form.cleaned_data["photo"]
        return _done(
            request,
            lambda: greeters.keep_photo(greeter, file, user=request.user, actor=actor, now=now),
            _("Your portrait is kept."),
        )
    context = {
        "form": form,
        "greeter": greeter,
        **_standing(greeter, now=now),
        "page_errors": is_sent,
    }
    return render(
        request, "booking/space/greeter_portrait.html", context, status=422 if is_sent else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def charter(request: HttpRequest) -> HttpResponse:
    """Read the charter and sign it."""
    now = timezone.now()
    greeter, today = own(request.user), day_of(now)
    text = greeters.charter_of(today)
    is_sent = request.method == "POST"
    initial = {"sha256": text.sha256 if text else ""}
    form = CharterForm(request.POST if is_sent else None, initial=initial)
    if is_sent and form.is_valid():
        return _done(
            request,
            lambda: greeters.sign_charter(
                greeter,
                text=text,
                shown_sha256=form.cleaned_data["sha256"],
                signed_name=form.cleaned_data["signed_name"],
                actor=Actor.person(request.user),
                now=now,
            ),
            _("Thank you: your signature is kept."),
            refused="space-greeter-charter",
        )
    context = {
        "form": form,
        "text": text,
        "text_html": clean_body(text.body) if text else "",
        "signature": greeters.signature_of(greeter, today=today),
        "page_errors": is_sent,
    }
    return render(
        request, "booking/space/greeter_charter.html", context, status=422 if is_sent else 200
    )


@require_POST
@never_cache
@login_required
def submit(request: HttpRequest) -> HttpResponse:
    """Send the profile to the office."""
    greeter = own(request.user)
    return _done(
        request,
        lambda: greeters.submit_profile(
            greeter, actor=Actor.person(request.user), now=timezone.now()
        ),
        _("It is sent: the office reads it and writes to you."),
    )


@require_POST
@never_cache
@login_required
def absence(request: HttpRequest) -> HttpResponse:
    """Pause, come back, or be away for some days."""
    greeter = own(request.user)
    was_paused = greeter.is_paused
    form = AbsenceForm(request.POST)
    if not form.is_valid():
        return _home_page(request, greeter, form, status=422)
    actor, now = Actor.person(request.user), timezone.now()
    try:
        greeters.keep_absence(greeter, **form.cleaned_data, actor=actor, now=now)
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field if one.field in form.fields else None, one.message)
        return _home_page(request, greeter, form, status=refusal.status)
    if form.cleaned_data["is_paused"]:
        told = _("You pause: nobody sees you or asks you.")
    elif was_paused:
        told = _("Welcome back: visitors see you and ask you again.")
    else:
        told = _("Your absence is kept.")
    messages.success(request, told)
    return see_other(HOME)


def _done(
    request: HttpRequest, case: Callable[[], Any], told: str, *, refused: str = HOME
) -> HttpResponse:
    """Do one thing and say so, or say why not."""
    try:
        case()
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(refused)
    messages.success(request, told)
    return see_other(HOME)
