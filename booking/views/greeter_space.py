"""A greeter's own space: the profile on its way to visitors, requests, answers, hours given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import meeting_words as words
from booking.forms.greeters import AbsenceForm, CharterForm, PortraitForm, ProfileForm
from booking.forms.meetings import AnswerForm, CountForm
from booking.forms.talks import MessageForm
from booking.models import MeetingAsk
from booking.pictures import of_image
from booking.refusals import Refusal
from booking.relations import greeters, meeting_talks, meetings
from booking.relations.access import ask_for, asks_of, greeter_of, hours_given, is_agreed_with
from booking.relations.access import own_greeter as own
from booking.rules import meetings as rules
from booking.views.answers import see_other, tell
from destination.legal_body import clean_body
from destination.models import Picture
from members.journal import Actor
from members.models import Greeter
from members.rules import enrolment
from oti.lib.dates import today as day_of

HOME, ASK = "space-greeter", "space-greeter-ask"
LISTED = 30


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show where a profile stands, who asks, who comes; who has none is invited to begin."""
    greeter = greeter_of(request.user)
    if greeter is None:
        return render(request, "booking/space/greeter_begin.html")
    now = timezone.now()
    rows = list(asks_of(greeter).order_by("-asked_at", "-pk")[:LISTED])
    agreed = [one for one in rows if is_agreed_with(one)]
    met, minutes = hours_given(greeter)
    context = {
        "greeter": greeter,
        **_standing(greeter, now=now),
        "waiting": [
            _row(one)
            for one in rows
            if one.state == rules.SENT
            and one.meeting.state == rules.ASKED
            and one.meeting.deadline > now
        ],
        "coming": [_row(one) for one in agreed if one.meeting.state == rules.ACCEPTED],
        "past": [_row(one) for one in agreed if one.meeting.state == rules.DONE],
        "met": met,
        "minutes": minutes,
        "absence": _absence_form(greeter),
    }
    return render(request, "booking/space/greeter.html", context)


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


def _row(ask: MeetingAsk) -> dict[str, Any]:
    meeting = ask.meeting
    is_fixed = meeting.starts_at is not None and is_agreed_with(ask)
    return {
        "meeting": meeting,
        "when": words.moment_words(meeting.starts_at) if is_fixed else words.days_words(meeting),
        "party": words.party_words(meeting),
        "until": words.deadline_words(meeting),
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
    """Pause, or be away."""
    greeter = own(request.user)
    form = AbsenceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(one for errors in form.errors.values() for one in errors))
        return see_other(HOME)
    return _done(
        request,
        lambda: greeters.keep_absence(
            greeter, **form.cleaned_data, actor=Actor.person(request.user), now=timezone.now()
        ),
        _("Your absence is kept."),
    )


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


# --- Requests and meetings ------------------------------------------------------------------------
@never_cache
@login_required
@require_safe
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Show one request or meeting to the greeter whom it concerns."""
    return _ask_page(request, ask_for(request.user, code), now=timezone.now())


@require_POST
@never_cache
@login_required
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Say yes or no, give up, write, or count the hours of one meeting."""
    now, found = timezone.now(), ask_for(request.user, code)
    if what not in ACTS:
        raise Http404
    form = _form_for(what, request, found, now=now)
    if form is not None and not form.is_valid():
        return _ask_page(request, found, now=now, status=422, **{what: form})
    data = form.cleaned_data if form is not None else {}
    try:
        told = ACTS[what](found, data, Actor.person(request.user), now)
    except Refusal as refusal:
        if form is None:
            tell(request, refusal.troubles)
            return see_other(ASK, code)
        for one in refusal.troubles:
            form.add_error(one.field if one.field in form.fields else None, one.message)
        found = ask_for(request.user, code)
        return _ask_page(request, found, now=now, status=refusal.status, **{what: form})
    messages.success(request, told)
    return see_other(ASK, code)


def _form_for(what: str, request: HttpRequest, found: MeetingAsk, *, now: datetime) -> Any:
    if what == "accepter":
        days = meetings.days_for(found.greeter, found.meeting, today=day_of(now))
        return AnswerForm(request.POST, days=days)
    return {"ecrire": MessageForm, "compter": CountForm}.get(what, lambda _data: None)(request.POST)


def _accept(found: MeetingAsk, data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meetings.accept_meeting(
        found, day=data["day"], hour=data["hour"], place=data["place"], actor=actor, now=now
    )
    return _("It is agreed: your visitor is told, thank you!")


def _decline(found: MeetingAsk, _data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meetings.decline_meeting(found, actor=actor, now=now)
    return _("Noted. Others are asked: no harm done.")


def _own_meeting(found: MeetingAsk) -> Any:
    """Return the meeting that this greeter has; raises Http404 for another's."""
    if not is_agreed_with(found):
        raise Http404
    return found.meeting


def _give_up(found: MeetingAsk, _data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meetings.give_up_meeting(_own_meeting(found), actor=actor, now=now)
    return _("Your visitor is told, and others are asked.")


def _write(found: MeetingAsk, data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meeting = _own_meeting(found)
    meeting_talks.write_to_visitor(meeting, data["text"], actor=actor, now=now)
    return _("It is on its way to %(name)s.") % {"name": meeting.first_name}


def _count(found: MeetingAsk, data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meeting_talks.tell_as_greeter(
        _own_meeting(found),
        felt=data["felt"],
        minutes=data["minutes"],
        words=data["words"],
        actor=actor,
        now=now,
    )
    return _("Thank you: it is kept.")


ACTS: dict[str, Callable[[MeetingAsk, dict[str, Any], Actor, datetime], str]] = {
    "accepter": _accept,
    "refuser": _decline,
    "renoncer": _give_up,
    "ecrire": _write,
    "compter": _count,
}


def _ask_page(
    request: HttpRequest, found: MeetingAsk, *, now: datetime, status: int = 200, **forms: Any
) -> HttpResponse:
    meeting, greeter = found.meeting, found.greeter
    is_mine = is_agreed_with(found)
    is_open = found.state == rules.SENT and meeting.state == rules.ASKED and meeting.deadline > now
    days = meetings.days_for(greeter, meeting, today=day_of(now)) if is_open else []
    phones = (
        is_mine
        and meeting.state == rules.ACCEPTED
        and meeting.starts_at is not None
        and meeting.ends_at is not None
        and rules.shows_phones(meeting.starts_at, meeting.ends_at, now=now)
    )
    done = is_mine and meeting.state == rules.DONE
    counted = {"minutes": meeting.minutes or 120, "felt": meeting.greeter_felt}
    context = {
        "ask": found,
        **_row(found),
        "greeter": greeter,
        "is_open": is_open,
        "is_mine": is_mine,
        "is_done": done,
        "is_wished": meeting.wished_id == greeter.pk,
        # What is nobody's business any more isn't shown to who didn't get it.
        "words": meeting.words if is_open or is_mine else "",
        "days": words.days_words(meeting),
        "part": meeting.get_part_display(),
        "languages": [str(words.LANGUAGE_WORDS[one]) for one in meeting.languages],
        "interests": words.interests_of(meeting.interests),
        "answer": forms.get("accepter") or AnswerForm(days=days),
        "has_days": bool(days),
        "phone": meeting.phone if phones else "",
        "may_give_up": is_mine
        and meeting.state == rules.ACCEPTED
        and meeting.starts_at is not None
        and meeting.starts_at > now,
        "may_write": is_mine and meeting_talks.may_write(meeting, now=now),
        "written": meeting_talks.messages_of(meeting) if is_mine else [],
        "talk": forms.get("ecrire") or MessageForm(),
        "count": (forms.get("compter") or CountForm(initial=counted)) if done else None,
        "page_errors": status != 200,
    }
    return render(request, "booking/space/greeter_ask.html", context, status=status)
