"""How it was: the survey of a stay, by its own signed link, answered once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import showing
from booking.access import open_survey_link, survey_for
from booking.forms.surveys import SurveyForm
from booking.models import LineAnswer, OrderLine, Survey
from booking.refusals import Refusal
from booking.relations import surveys as asking
from booking.rules.satisfaction import BEST_SCORE
from booking.views.answers import see_other, tell
from destination.spoken import in_language, language_of_texts
from oti.lib.dates import paris

GONE = 410


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask how it was, or show what was answered."""
    now = timezone.now()
    if "cle" in request.GET:
        open_survey_link(request, reference, request.GET["cle"], now=now)
        return see_other("booking:survey", reference)
    found = survey_for(request, reference, to_change=request.method == "POST")
    if request.method == "POST":
        return _answer(request, found, now=now)
    if found.answered_at is not None:
        return _read_back(request, found, now=now)
    if not asking.is_open(found, now=now):
        return render(request, "booking/survey_over.html", {"order": found.order}, status=GONE)
    form = SurveyForm(lines=asking.lines_asked(found, now=now))
    return _page(request, found, form, now=now)


def _answer(request: HttpRequest, found: Survey, *, now: datetime) -> HttpResponse:
    form = SurveyForm(request.POST, lines=asking.lines_asked(found, now=now))
    if asking.is_open(found, now=now) and not form.is_valid():
        return _page(request, found, form, now=now, status=422)
    try:
        # One that is closed says why, whatever was typed.
        asking.check_open(found, now=now)
        asking.answer_survey(found, form.answers, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        if refusal.status == Refusal.status:
            return see_other("booking:survey", found.order.reference)
        return _page(request, found, form, now=now, status=refusal.status)
    return see_other("booking:survey", found.order.reference)


def _page(
    request: HttpRequest, found: Survey, form: SurveyForm, *, now: datetime, status: int = 200
) -> HttpResponse:
    rows = [_row(line, now=now) | _fields(form, line) for line in form.lines]
    context = {
        "order": found.order,
        "until": paris(found.expires_at).date(),
        "form": form,
        "rows": rows,
        "page_errors": status != 200,
    }
    return render(request, "booking/survey.html", context, status=status)


def _fields(form: SurveyForm, line: OrderLine) -> dict[str, Any]:
    score, words = form.fields_of(line)
    return {"score": score, "words": words}


def _row(line: OrderLine, *, now: datetime) -> dict[str, Any]:
    provider = line.sub_order.provider
    starts_at, ends_at = paris(line.starts_at), paris(line.ends_at)
    return {
        "title": in_language(line.titles),
        "lang": language_of_texts(line.titles),
        "when": showing.line_when(line, line.kind, starts_at, ends_at, now=now),
        "host": provider.host_names or provider.name,
    }


def _read_back(request: HttpRequest, found: Survey, *, now: datetime) -> HttpResponse:
    context = {
        "order": found.order,
        "survey": found,
        "answers": [_shown(one) for one in asking.answers_of(found)],
        "best": BEST_SCORE,
    }
    return render(request, "booking/survey_answered.html", context)


def _shown(answer: LineAnswer) -> dict[str, Any]:
    return {
        "title": in_language(answer.line.titles),
        "lang": language_of_texts(answer.line.titles),
        "host": answer.provider.host_names or answer.provider.name,
        "score": answer.score,
        "words": answer.words,
    }
