"""The mails after a stay: how it was, and what the office hears of it.

Each is read from the rows as they are when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from booking.letters import Content, NoLongerNeeded, Reader, order_of, order_url, said_no, stop_url
from booking.models import Complaint, OutboxMessage, Review, ReviewReport, Survey
from booking.packages import organiser_identity
from booking.rules import reviews, states
from booking.sold_lines import order_dates
from destination.spoken import in_language
from members.models import LetterChoice
from oti.lib.dates import today as day_of


def survey_url(survey: Survey, *, reference: str) -> str:
    """Return the signed link of a survey, in the active language."""
    path = reverse("booking:survey", args=[reference])
    return f"{settings.BASE_URL}{path}?cle={survey.access_token}"


def _survey(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    survey = Survey.objects.get(order=order)
    if order.state != states.CONFIRMED or survey.answered_at or now >= survey.expires_at:
        raise NoLongerNeeded
    if said_no(order.email, LetterChoice.Purpose.SURVEY, now=now):
        # Since it was written.
        raise NoLongerNeeded
    lines = [one for one in reader.sold_lines(order, now) if one.is_alive]
    return {
        "order": order,
        "dates": order_dates(lines),
        "until": day_of(survey.expires_at),
        "survey_url": survey_url(survey, reference=order.reference),
        "stop_url": stop_url(order.email, LetterChoice.Purpose.SURVEY),
    }


def _survey_detractor(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    survey = Survey.objects.select_related("follow_up").get(order=order)
    answers = survey.answers.select_related("offer", "provider").order_by("line__starts_at", "pk")
    return {
        "order": order,
        "survey": survey,
        "answers": list(answers),
        "due_at": survey.follow_up.due_at,
        "desk_url": settings.BASE_URL + reverse("desk_follow_ups:handle", args=[survey.pk]),
    }


def _review_refused(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    review = Review.objects.select_related("answer__line", "provider").get(
        pk=message.data["review"]
    )
    if not review.reason:
        raise NoLongerNeeded
    return {
        "order": order,
        "title": in_language(review.answer.line.titles),
        "review": review,
        "is_removed": review.state == reviews.REMOVED,
        "notice_url": settings.BASE_URL + reverse("booking:reviews"),
    }


def _review_reported(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    rows = ReviewReport.objects.select_related("review__offer", "review__provider", "user")
    report = rows.get(pk=message.data["report"])
    return {
        "report": report,
        "review": report.review,
        "desk_url": settings.BASE_URL + reverse("desk_reviews:decide", args=[report.review_id]),
    }


def _complaint(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    order = order_of(message)
    complaint = Complaint.objects.get(pk=message.data["complaint"])
    return {
        "order": order,
        "complaint": complaint,
        "mediator": _mediator(now),
        "complaint_url": order_url(order, "booking:complaint"),
        "desk_url": settings.BASE_URL + reverse("desk_complaints:answer", args=[complaint.pk]),
    }


def _mediation(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    content = _complaint(message, reader, now)
    if content["complaint"].answered_at is not None:
        raise NoLongerNeeded
    return content


def _mediator(now: datetime) -> str:
    """Name the mediator that the office joined, "" as long as none is entered."""
    organiser = organiser_identity(now)
    if organiser is None or not organiser.mediator_name:
        return ""
    known = (organiser.mediator_name, organiser.mediator_contact)
    return ", ".join(part for part in known if part)


SURVEY_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {
    "survey": _survey,
    "survey_detractor": _survey_detractor,
    "review_refused": _review_refused,
    "review_reported": _review_reported,
    "complaint_received": _complaint,
    "complaint_office": _complaint,
    "complaint_answered": _complaint,
    "complaint_mediation": _mediation,
}
