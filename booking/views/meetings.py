"""A visitor's meeting with a greeter, by its signed link: how it stands, what can be done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import meeting_words as words
from booking.forms.meetings import FeltForm
from booking.forms.talks import MessageForm
from booking.meeting_mails import calendar_of
from booking.models import Basket, Meeting, Order
from booking.pictures import of_image
from booking.refusals import Refusal
from booking.relations import asking, calling_off, meeting_talks
from booking.relations.access import (
    meeting_for,
    meeting_of_key,
    meetings_of_stay,
    remember_meeting,
)
from booking.rules import meetings as rules
from booking.views.answers import see_other, tell
from oti.lib.dates import paris

PAGE = "booking:meeting"


@never_cache
@require_safe
def meeting(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a meeting stands, by its signed link or to who asked for it."""
    if "cle" in request.GET:
        opened = meeting_of_key(code, request.GET["cle"], now=timezone.now())
        remember_meeting(request, opened)
        # Looking asks nobody: programs that read mails open every link.
        if opened.state == rules.TO_CONFIRM:
            return _page(request, opened, now=timezone.now(), key=request.GET["cle"])
        return see_other(PAGE, code)
    return _page(request, meeting_for(request, code), now=timezone.now())


@never_cache
@require_POST
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the greeters: the key of the mail says that its reader wants it."""
    now = timezone.now()
    asked = meeting_of_key(code, request.POST.get("cle", ""), now=now)
    remember_meeting(request, asked)
    try:
        asking.confirm_meeting(asked, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("Thank you: greeters are being asked."))
    return see_other(PAGE, code)


@never_cache
@require_POST
def message(request: HttpRequest, code: str) -> HttpResponse:
    """Write to the greeter."""
    now = timezone.now()
    asked = meeting_for(request, code, to_change=True)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, asked, now=now, talk=form, status=422)
    try:
        sent = meeting_talks.write_to_greeter(asked, form.cleaned_data["text"], now=now)
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _page(request, asked, now=now, talk=form, status=refusal.status)
    messages.success(request, _("It is on its way to %(name)s.") % {"name": asked.greeter})
    if meeting_talks.hides_something(sent, now=now):
        messages.info(request, words.HIDDEN_NOTE)
    return see_other(PAGE, code)


@never_cache
@require_POST
def cancel(request: HttpRequest, code: str) -> HttpResponse:
    """Call it off."""
    asked = meeting_for(request, code, to_change=True)
    try:
        calling_off.cancel_meeting(asked, now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        told = _("It is called off, and your greeter is told.")
        is_known = asked.confirmed_at is not None
        messages.success(request, told if is_known else _("It is taken back: nobody was asked."))
    return see_other(PAGE, code)


@never_cache
@require_POST
def felt(request: HttpRequest, code: str) -> HttpResponse:
    """Tell how it was."""
    now = timezone.now()
    asked = meeting_for(request, code, to_change=True)
    form = FeltForm(request.POST)
    if not form.is_valid():
        return _page(request, asked, now=now, felt_form=form, status=422)
    data = form.cleaned_data
    try:
        meeting_talks.tell_as_visitor(asked, felt=data["felt"], words=data["words"], now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("Thank you: it is kept."))
    return see_other(PAGE, code)


@never_cache
@require_safe
def calendar(request: HttpRequest, code: str) -> HttpResponse:
    """Give an agreed meeting as a calendar file."""
    asked = meeting_for(request, code)
    if asked.state != rules.ACCEPTED:
        return see_other(PAGE, code)
    content = calendar_of(asked, now=timezone.now())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="greeter-{asked.code}.ics"'
    return response


def meetings_beside(
    request: HttpRequest, basket: Basket | int | None, *, order: Order | None = None
) -> dict[str, Any]:
    """Return the meetings of a stay for its page, and where another one is asked for.

    Of an order that is expected, or of a basket that this visitor carries.
    """
    page = reverse("booking:greeter-ask")
    query = f"?{urlencode({'voyage': order.reference})}" if order else ""
    is_basket = basket is None or isinstance(basket, Basket)
    return {
        "meetings": words.shown_all(meetings_of_stay(request, basket, has_own=is_basket)),
        "meeting_url": page + query if is_basket or order else "",
    }


def in_basket_days(days: list[dict[str, Any]], beside: dict[str, Any]) -> None:
    """Put agreed meetings at their hours into the thread of a basket; its days alone have one.

    What stands in the thread isn't told a second time beside it.
    """
    by_date = {day["date"]: day for day in days}
    for one, begins in _agreed(beside):
        day = by_date.get(begins.date())
        if day is None:
            continue
        later = [
            at for at, row in enumerate(day["rows"]) if row["time"] and row["time"] > begins.time()
        ]
        day["rows"].insert(later[0] if later else len(day["rows"]), _row(one, begins))
        day["free"] = None
        beside["meetings"].remove(one)


def in_trip_days(days: list[dict[str, Any]], beside: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the days of a bought stay with its agreed meetings, as `in_basket_days` does."""
    by_date = {day["date"]: day["entries"] for day in days}
    for one, begins in _agreed(beside):
        entries = by_date.setdefault(begins.date(), [])
        entries.append({"meeting": _row(one, begins), "time": begins})
        entries.sort(key=lambda entry: entry["time"])
        beside["meetings"].remove(one)
    return [{"date": day, "entries": entries} for day, entries in sorted(by_date.items())]


def _agreed(beside: dict[str, Any]) -> list[tuple[words.ShownMeeting, datetime]]:
    return [
        (one, paris(one.meeting.starts_at))
        for one in beside["meetings"]
        if one.is_agreed and one.meeting.starts_at is not None
    ]


def _row(one: words.ShownMeeting, begins: datetime) -> dict[str, Any]:
    """Return a meeting as a row of `thread_tags.line_row`: at nothing, changed on its own page."""
    greeter = one.meeting.greeter
    return {
        "id": f"rencontre-{one.meeting.code}",
        "kind": "do",
        "time": begins.time(),
        "title": one.title,
        "url": reverse(PAGE, args=[one.meeting.code]),
        "note": one.meeting.place,
        "illustration": (greeter.portrait if greeter else "") or "greeter",
        "price": {"amount": Decimal(0)},
    }


def _page(
    request: HttpRequest,
    asked: Meeting,
    *,
    now: datetime,
    talk: MessageForm | None = None,
    felt_form: FeltForm | None = None,
    key: str = "",
    status: int = 200,
) -> HttpResponse:
    greeter = asked.greeter
    is_agreed = asked.state == rules.ACCEPTED
    shows_phones = (
        is_agreed
        and greeter is not None
        and not greeter.is_put_aside
        and asked.starts_at is not None
        and asked.ends_at is not None
        and rules.shows_phones(asked.starts_at, asked.ends_at, now=now)
    )
    context: dict[str, Any] = {
        "one": words.shown(asked),
        "asked": asked,
        "greeter": greeter,
        "chosen": words.chosen_name(asked),
        "image": of_image(greeter.photo) if greeter else None,
        "until": words.deadline_words(asked),
        "days": words.days_words(asked),
        "party": words.party_words(asked),
        "languages": [str(words.LANGUAGE_WORDS[one]) for one in asked.languages],
        "interests": words.interests_of(asked.interests),
        "phone": greeter.phone if greeter and shows_phones else "",
        "key": key,
        "may_cancel": asked.state in {rules.TO_CONFIRM, rules.ASKED}
        or (is_agreed and asked.starts_at is not None and asked.starts_at > now),
        "may_write": meeting_talks.may_write(asked, now=now),
        "hides_contacts": is_agreed
        and asked.starts_at is not None
        and rules.hides_contacts(asked.starts_at, now=now),
        "written": meeting_talks.messages_of(asked, now=now) if greeter else [],
        "talk": talk or MessageForm(),
        "felt": felt_form or _felt_form(asked),
        "again_url": _again_url(asked),
        "instead_url": f"{reverse('booking:experiences')}?arrival={asked.first_day}",
        "page_errors": status != 200,
    }
    return render(request, "booking/meeting.html", context, status=status)


def _felt_form(asked: Meeting) -> FeltForm | None:
    if asked.state != rules.DONE or asked.forgotten_at is not None:
        return None
    return FeltForm(initial={"felt": asked.felt, "words": asked.visitor_words})


def _again_url(asked: Meeting) -> str:
    language = asked.languages[0] if asked.languages else ""
    query = urlencode({"langue": language}) if language else ""
    return f"{reverse('booking:greeters')}?{query}" if query else reverse("booking:greeters")
