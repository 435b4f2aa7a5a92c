"""What takes place when: sessions of published events, read for pages and calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from booking.models import Slot
from destination.models import Pole
from destination.models.territory import memberships_on, pole_by_commune
from destination.nearby import communes_near
from destination.spoken import language_of
from events.models import Event, Session
from oti.lib.dates import ONE_DAY, at_paris, paris
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Showing:
    """A session with what a list says of it."""

    session: Session
    pole: Pole | None
    is_full: bool

    @property
    def is_cancelled(self) -> bool:
        """Whether it, or the whole event, does not take place."""
        return self.session.is_cancelled or self.session.event.state == Event.State.CANCELLED

    @property
    def place(self) -> str:
        """Return where it is, the commune's name in it."""
        event = self.session.event
        if event.commune.name in event.place:
            return event.place
        return ", ".join(part for part in (event.place, event.commune.name) if part)

    @property
    def row(self) -> dict[str, Any]:
        """Return what `components/agenda_list.html` shows."""
        starts_at = paris(self.session.starts_at)
        event = self.session.event
        return {
            "title": event.title,
            "lang": language_of(event, "title"),
            "url": reverse("events:event", args=[event.slug]),
            "day": starts_at.date(),
            "hour": starts_at.time(),
            "place": self.place,
            "pole": self.pole,
            "is_cancelled": self.is_cancelled,
            "is_full": self.is_full,
        }


def list_showings(
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    pole: str = "",
    near: str = "",
    is_free: bool = False,
    for_residents: bool = False,
    limit: int | None = None,
    now: datetime,
) -> list[Showing]:
    """Return the sessions of `[from_day, to_day]` that have not ended, in order.

    `pole` is a slug, `near` that of a commune that it is around; `is_free` asks for free entrance,
    `for_residents` for what the office proposes to them.
    """
    # Nobody can have a place of it any more, however much of that is only held.
    full = Slot.objects.filter(pk=OuterRef("slot_id")).with_free(now).filter(free__lte=0)
    sessions = Session.objects.to_come(now).select_related("event__commune")
    sessions = sessions.annotate(is_full=Exists(full))
    if from_day:
        sessions = sessions.filter(starts_at__gte=at_paris(from_day, time.min))
    if to_day:
        sessions = sessions.filter(starts_at__lt=at_paris(to_day + ONE_DAY, time.min))
    if is_free:
        sessions = sessions.filter(event__is_free=True)
    if for_residents:
        sessions = sessions.filter(event__is_for_residents=True)
    today = day_of(now)
    inside = memberships_on(today).filter(is_neighbour=False, pole__isnull=False)
    if pole:
        communes = inside.filter(pole__slug=pole).values("commune_id")
        sessions = sessions.filter(event__commune__in=communes)
    if near:
        sessions = sessions.filter(event__commune__in=list(communes_near(near)))
    poles = pole_by_commune(today)
    return [
        Showing(session=one, pole=poles.get(one.event.commune_id), is_full=one.is_full)
        for one in (sessions[:limit] if limit else sessions)
    ]


def next_session_day(
    after: date, *, pole: str = "", near: str = "", is_free: bool = False, now: datetime
) -> date | None:
    """Return the first day after `after` on which something takes place."""
    found = list_showings(
        from_day=after + ONE_DAY, pole=pole, near=near, is_free=is_free, limit=1, now=now
    )
    return paris(found[0].session.starts_at).date() if found else None


def month_bounds(year: int, month: int) -> tuple[date, date]:
    """Return the first and the last day of a month."""
    first = date(year, month, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first, following - ONE_DAY
