"""Greeters as the matching reads them: who is open, when they can, how often they were asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Max, Q

from booking.models import Meeting
from booking.rules import meetings as rules
from destination.models import Pole
from destination.models.territory import pole_by_commune
from members.models import Greeter
from members.rules.greeters import Candidate, Wish, days_of
from oti.lib.dates import ONE_DAY


def read_candidates(*, today: date, only: Iterable[int] | None = None) -> list[Candidate]:
    """Return the greeters who are shown, with what they do already; those of `only` if given."""
    rows = Greeter.objects.shown()
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    asked = Max("asks__asked_at")
    found = list(rows.annotate(last_asked=asked).order_by("pk"))
    met: dict[int, set[date]] = defaultdict(set)
    taken = Meeting.objects.filter(
        Q(state=rules.ACCEPTED) | Q(state=rules.DONE),
        greeter__in=found,
        day__gte=date(today.year, today.month, 1),
    )
    for greeter, day in taken.values_list("greeter_id", "day"):
        if greeter is not None and day is not None:
            met[greeter].add(day)
    poles = pole_by_commune(today)
    return [_candidate(one, frozenset(met[one.pk]), poles) for one in found]


def _candidate(row: Greeter, met: frozenset[date], poles: Mapping[int, Pole]) -> Candidate:
    pole = poles.get(row.commune_id)
    return Candidate(
        key=row.pk,
        languages=frozenset(row.languages),
        interests=frozenset(row.interests),
        weekdays=frozenset(row.weekdays),
        most_people=row.most_people,
        monthly_most=row.monthly_most,
        is_step_free=row.is_step_free,
        pole=pole.slug if pole else "",
        away_from=row.away_from,
        away_until=row.away_until,
        met=met,
        last_asked=row.last_asked,  # type: ignore[attr-defined]
    )


def wish_of(meeting: Meeting, *, today: date) -> Wish:
    """Return what a meeting asks for, from tomorrow on; who was asked already isn't asked again.

    Whose ask was taken back before they answered may be: somebody else was first, and gave up.
    """
    asked = meeting.asks.exclude(state=rules.TAKEN_BACK)
    return Wish(
        days=days_of(max(meeting.first_day, today + ONE_DAY), meeting.last_day),
        size=meeting.party_size,
        languages=frozenset(meeting.languages),
        interests=frozenset(meeting.interests),
        needs_step_free=meeting.needs_step_free,
        pole=meeting.pole,
        not_again=frozenset(asked.values_list("greeter_id", flat=True)),
    )
