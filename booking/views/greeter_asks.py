"""What a greeter is asked for: the request, the answer, the meeting, the hours given."""

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
from django.views.decorators.http import require_POST, require_safe

from booking import meeting_words as words
from booking.forms.meetings import AnswerForm, CountForm
from booking.forms.talks import MessageForm
from booking.models import MeetingAsk
from booking.refusals import Refusal
from booking.relations import calling_off, meeting_talks, meetings
from booking.relations.access import ask_for, is_agreed_with
from booking.rules import meetings as rules
from booking.views.answers import see_other, tell
from members.journal import Actor
from oti.lib.dates import today as day_of

PAGE = "space-greeter-ask"


def row_of(ask: MeetingAsk) -> dict[str, Any]:
    """Return one request or meeting as lists and its page show it."""
    meeting = ask.meeting
    was_agreed = ask.state == rules.SAID_YES or is_agreed_with(ask)
    is_fixed = meeting.starts_at is not None and was_agreed
    return {
        "meeting": meeting,
        "when": words.moment_words(meeting.starts_at) if is_fixed else words.days_words(meeting),
        "party": words.party_words(meeting),
        "until": words.deadline_words(meeting),
    }


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
            return see_other(PAGE, code)
        for one in refusal.troubles:
            form.add_error(one.field if one.field in form.fields else None, one.message)
        found = ask_for(request.user, code)
        return _ask_page(request, found, now=now, status=refusal.status, **{what: form})
    messages.success(request, told)
    return see_other(PAGE, code)


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
    calling_off.give_up_meeting(_own_meeting(found), actor=actor, now=now)
    return _("Your visitor is told, and others are asked.")


def _write(found: MeetingAsk, data: dict[str, Any], actor: Actor, now: datetime) -> str:
    meeting = _own_meeting(found)
    sent = meeting_talks.write_to_visitor(meeting, data["text"], actor=actor, now=now)
    told = _("It is on its way to %(name)s.") % {"name": meeting.first_name}
    is_whole = not meeting_talks.hides_something(sent, now=now)
    return told if is_whole else f"{told} {words.HIDDEN_NOTE}"


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
    is_open = (
        found.state == rules.SENT
        and meeting.state == rules.ASKED
        and meeting.deadline > now
        and not greeter.is_put_aside
    )
    is_settled = not is_open and not is_mine
    # Still to be answered by others: this greeter isn't shown any more.
    is_aside = greeter.is_put_aside and found.state == rules.SENT and meeting.state == rules.ASKED
    ending = None
    if is_settled and not (is_aside and meeting.deadline > now):
        ending = words.ending_words(found, called_off_at=calling_off.called_off_at(meeting))
    days = meetings.days_for(greeter, meeting, today=day_of(now)) if is_open else []
    phones = (
        is_mine
        and not greeter.is_put_aside
        and meeting.state == rules.ACCEPTED
        and meeting.starts_at is not None
        and meeting.ends_at is not None
        and rules.shows_phones(meeting.starts_at, meeting.ends_at, now=now)
    )
    done = is_mine and meeting.state == rules.DONE
    counted = {"minutes": meeting.minutes or 120, "felt": meeting.greeter_felt}
    context = {
        "ask": found,
        **row_of(found),
        "greeter": greeter,
        "is_open": is_open,
        "is_mine": is_mine,
        "is_settled": is_settled,
        "ending": ending,
        # Of a meeting that was agreed: both know already what it was.
        "was_agreed": is_settled and found.state == rules.SAID_YES,
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
        "hides_contacts": is_mine
        and meeting.starts_at is not None
        and rules.hides_contacts(meeting.starts_at, now=now),
        "written": meeting_talks.messages_of(meeting, now=now) if is_mine else [],
        "talk": forms.get("ecrire") or MessageForm(),
        "count": (forms.get("compter") or CountForm(initial=counted)) if done else None,
        "page_errors": status != 200,
    }
    return render(request, "booking/space/greeter_ask.html", context, status=status)
