"""The letter of Monday, for the office: who came back, how happy they were, what waits.

Its figures are those of Monday at eight, kept with the message: whoever sends it again a day later
sends the same. It names no guest: orders and complaints have their numbers.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.crypto import salted_hmac

from booking import locks
from booking.messages import write_message
from booking.mobilisation import mobilisation
from booking.models import Complaint, FollowUp, Meeting, OutboxMessage, Survey
from booking.relations.relation_settings import readers, relation_settings
from booking.relations.retention import Returns, count_returns, day_a_year_before
from booking.relations.surveys_counted import count_surveys
from booking.rules.retention import Rate
from booking.rules.satisfaction import Recommendation
from oti.lib.dates import at_paris, paris
from oti.lib.dates import today as day_of

KIND = "monday_letter"
MONDAY, FROM = 0, time(8)
WEEK = timedelta(days=7)
# As many of what waits are named.
NAMED = 5
MINUTES_OF_AN_HOUR = 60


def write_monday_letter(*, now: datetime) -> int:
    """Write the letter of this week to each reader, on Monday from eight o'clock; how many.

    Once a reader and week, however often it is asked for; nobody while it is switched off. What it
    tells is read before the transaction.
    """
    local = paris(now)
    if local.weekday() != MONDAY or local.time() < FROM:
        return 0
    keys = {f"monday:{local.date()}:{_mark(address)}": address for address in readers()}
    written = OutboxMessage.objects.filter(key__in=keys).values_list("key", flat=True)
    missing = keys.keys() - set(written)
    if not missing:
        return 0
    told = letter_of(now=now)
    with locks.write_transaction():
        return sum(
            write_message(
                KIND,
                key=key,
                recipient=keys[key],
                language="fr",
                data=told,
                now=now,
            )
            for key in sorted(missing)
        )


def _mark(address: str) -> str:
    """Return what tells readers apart in a key, which outlives the message and names nobody."""
    return salted_hmac(KIND, address).hexdigest()[:24]


def letter_of(*, now: datetime) -> dict[str, Any]:
    """Return what the letter of a moment tells, as JSON keeps it."""
    today = day_of(now)
    return {
        "day": today.isoformat(),
        "target": relation_settings().target_percent,
        "returns": _returns(today),
        "surveys": _surveys(today, now),
        "tasks": _tasks(now),
        "complaints": _complaints(today),
        "families": _families(now),
    }


def _returns(today: date) -> dict[str, Any]:
    """Say how many came back this year so far, and the year before up to the same day."""
    year = today.year
    before = count_returns(until=day_a_year_before(today))
    return {
        "year": year,
        "now": _rate(count_returns(until=today), year),
        "before": _rate(before, year - 1),
    }


def _rate(found: Returns, year: int) -> dict[str, int] | None:
    rate: Rate | None = found.rate(year)
    if rate is None or rate.is_few:
        return None
    return {
        "percent": rate.percent or 0,
        "low": rate.low or 0,
        "high": rate.high or 0,
        "back": rate.back,
        "households": rate.households,
        "coverage": rate.coverage or 0,
    }


def _surveys(today: date, now: datetime) -> dict[str, Any]:
    """Say how many were asked and answered in the last week, and the score of the year."""
    last = {"gte": at_paris(today - WEEK, time()), "lt": at_paris(today, time())}
    week = Survey.objects.aggregate(
        asked=Count("pk", filter=Q(asked_at__gte=last["gte"], asked_at__lt=last["lt"])),
        answered=Count("pk", filter=Q(answered_at__gte=last["gte"], answered_at__lt=last["lt"])),
    )
    this_year, _poles = count_surveys(date(today.year, 1, 1), today, today=today)
    then = day_a_year_before(today)
    last_year, _poles = count_surveys(date(then.year, 1, 1), then, today=then)
    return {**week, "now": _score(this_year), "before": _score(last_year)}


def _score(figures: Recommendation) -> dict[str, int | None]:
    return {
        "asked": figures.asked,
        "answered": figures.answered,
        "percent": figures.response_percent,
        "score": figures.score,
        "low": figures.lowest,
        "high": figures.highest,
    }


def _tasks(now: datetime) -> dict[str, Any]:
    """Name the guests to call back that wait longest, by their order."""
    waiting = FollowUp.objects.filter(done_at=None)
    counted = waiting.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    rows = waiting.select_related("survey__order").order_by("due_at", "pk")[:NAMED]
    return {
        **counted,
        "worst": [
            {
                "survey": one.survey_id,
                "reference": one.survey.order.reference,
                "recommend": one.survey.recommend,
                "due_at": one.due_at.isoformat(),
                "is_late": one.due_at < now,
            }
            for one in rows
        ],
    }


def _complaints(today: date) -> dict[str, Any]:
    """Name the complaints that are late, by their number."""
    waiting = Complaint.objects.filter(answered_at=None)
    late = Q(due_on__lt=today)
    counted = waiting.aggregate(open=Count("pk"), late=Count("pk", filter=late))
    rows = waiting.filter(late).order_by("due_on", "pk")[:NAMED]
    return {
        **counted,
        "worst": [
            {"complaint": one.pk, "number": one.number, "due_on": one.due_on.isoformat()}
            for one in rows
        ],
    }


def _families(now: datetime) -> dict[str, Any]:
    """Say how second-home families and greeters take part (features.md M09)."""
    found = mobilisation(now=now)
    year = at_paris(date(day_of(now).year, 1, 1), time())
    given = Meeting.objects.filter(starts_at__gte=year, minutes__gt=0)
    minutes = given.aggregate(sum=Sum("minutes"))["sum"] or 0
    return {
        "verified": found.verified,
        "declared": found.declared,
        "present": found.present,
        "ordering": found.ordering,
        "advantages": found.advantages,
        "hours": minutes // MINUTES_OF_AN_HOUR,
    }
