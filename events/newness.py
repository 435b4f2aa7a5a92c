"""What is new to a household since it last came: offers, events, itineraries (N13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from django.db.models import Exists, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import get_language

from booking.models import OrderLine
from booking.newness import HAD, Since, Window, new_offers, since_of, window_of
from booking.pictures import Picture, covers, of_image
from booking.presences import Standing, presences_of, standing_of
from booking.showing import offer_url
from destination.newness import new_itineraries
from destination.spoken import language_of
from events.models import Event, Session
from events.showings import Showing, list_showings
from members.models import Household
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

MOST = 24
MOST_OF_PROGRAMME = 6
# An event with many dates takes one row.
LOOKED_AT = 72
OFFER, EVENT, WALK = "offer", "event", "walk"


@dataclass(frozen=True)
class Novelty:
    """One new thing as a page shows it; `next_at` is its next date, where it has dates.

    `image` is its photograph; where it has none, `drawing` is shown.
    """

    kind: str
    title: str
    lang: str
    url: str
    text: str
    place: str
    at: datetime
    drawing: str
    image: Picture | None = None
    next_at: datetime | None = None
    is_renewed: bool = False
    reason: str = ""
    is_had: bool = False


@dataclass(frozen=True)
class News:
    """What is new, since when, and within which days it was looked for."""

    since: Since
    window: Window
    standing: Standing
    items: Sequence[Novelty]


def news_of(household: Household, *, everything: bool = False, now: datetime) -> News:
    """Return what is new to a household: what it hasn't had first, then the newest first.

    It has a date during the household's next stay, or `everything`: during the months to come.
    Itineraries have no date. At most 24. Eight statements.
    """
    today = day_of(now)
    standing = standing_of(presences_of(household), today=today)
    since = since_of(household, standing, now=now)
    at_any_time = Standing(standing.here, standing.left_on, None)
    window = window_of(at_any_time if everything else standing, now=now)
    found = chain(
        _offers(household, since, window, today),
        _events(household, since, window),
        _walks(since),
    )
    items = sorted(found, key=lambda one: (one.is_had, -one.at.timestamp(), one.title))
    return News(since, window, standing, items[:MOST])


def residents_programme(*, now: datetime) -> list[Showing]:
    """Return the next session of each event that the office proposes to residents."""
    found: dict[int, Showing] = {}
    for one in list_showings(for_residents=True, limit=LOOKED_AT, now=now):
        found.setdefault(one.session.event_id, one)
    return list(found.values())[:MOST_OF_PROGRAMME]


def _offers(household: Household, since: Since, window: Window, today: date) -> list[Novelty]:
    found = new_offers(household, since, window, today=today, most=MOST)
    images = covers(one.offer for one in found)
    return [
        Novelty(
            kind=OFFER,
            title=one.offer.title,
            lang=language_of(one.offer, "title"),
            url=offer_url(one.offer),
            text=one.offer.summary,
            place=one.offer.commune.name,
            at=one.at,
            next_at=paris(one.next_at) if one.next_at else None,
            is_renewed=one.is_renewed,
            reason=one.offer.renewal_reason if one.is_renewed else "",
            is_had=one.is_had,
            drawing=one.offer.illustration,
            image=images.get(one.offer.pk),
        )
        for one in found
    ]


def _events(household: Household, since: Since, window: Window) -> list[Novelty]:
    """Return the new events with a session in the window; one statement."""
    sessions = Session.objects.filter(
        event_id=OuterRef("pk"),
        is_cancelled=False,
        starts_at__gte=window.begins,
        starts_at__lte=window.ends,
    )
    first = sessions.order_by().values("event_id").annotate(first=Min("starts_at")).values("first")
    had = OrderLine.objects.filter(
        offer_id=OuterRef("ticket_offer_id"),
        order__user__household_member__household=household,
        state__in=HAD,
    )
    rows = (
        Event.objects.filter(state=Event.State.PUBLISHED)
        .filter(Q(first_published_at__gt=since.at) | Q(renewed_at__gt=since.at))
        .annotate(next_at=Subquery(first), is_had=Exists(had))
        .filter(next_at__isnull=False)
        .annotate(
            new_at=Greatest(
                Coalesce("renewed_at", "first_published_at"),
                Coalesce("first_published_at", "renewed_at"),
            )
        )
        .select_related("commune")
        .order_by("is_had", F("new_at").desc(), "pk")[:MOST]
    )
    return [_event(one, since) for one in rows]


def _event(event: Event, since: Since) -> Novelty:
    is_renewed = event.renewed_at is not None and event.renewed_at > since.at
    return Novelty(
        kind=EVENT,
        title=event.title,
        lang=language_of(event, "title"),
        url=reverse("events:event", args=[event.slug]),
        text=event.summary,
        place=event.commune.name,
        at=event.new_at,  # type: ignore[attr-defined]
        next_at=paris(event.next_at),  # type: ignore[attr-defined]
        is_renewed=is_renewed,
        reason=event.renewal_reason if is_renewed else "",
        is_had=event.is_had,  # type: ignore[attr-defined]
        drawing=event.illustration,
    )


def _walks(since: Since) -> list[Novelty]:
    own = get_language()
    return [
        Novelty(
            kind=WALK,
            title=one.page.title,
            lang="" if one.code == own else one.code,
            url=one.url,
            text=one.page.introduction,
            place="",
            at=one.at,
            is_renewed=one.is_renewed,
            reason=one.reason,
            drawing=one.page.drawing,
            image=of_image(one.page.shown_image),
        )
        for one in new_itineraries(since.at, most=MOST)
    ]
