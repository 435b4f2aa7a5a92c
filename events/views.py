"""The programme: the agenda month by month, its calendar feed, the page of an event."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from booking import cards
from booking.forms.asking import asked
from booking.kept_offers import offer_on_sale
from booking.models import Offer
from booking.views.experiences import slot_panel
from booking.views.pairs import for_two_link
from destination.models.territory import Commune, memberships_on, poles_on
from destination.nearby import NEAR_KM
from destination.spoken import say_languages
from destination.structured import breadcrumbs
from destination.templatetags.velay import mois
from events import showings
from events.feed import agenda_feed
from events.models import Event
from events.structured import of_event
from oti.lib.dates import ONE_DAY, paris
from oti.lib.dates import today as day_of
from oti.lib.htmx import render_part
from oti.lib.memo import remembered

FEED_LIFE = timedelta(days=366)
FEED_AGE_SECONDS = 900


@require_safe
def agenda(request: HttpRequest, year: int | None = None, month: int | None = None) -> HttpResponse:
    """Show a month of the programme, the present one from now on; by pole and free entrance."""
    now = timezone.now()
    today = day_of(now)
    first = _month_asked(year, month, today)
    if first < today.replace(day=1):
        return redirect(f"{reverse('events:agenda')}?{request.GET.urlencode()}".rstrip("?"))
    last = showings.month_bounds(first.year, first.month)[1]
    wishes = _wishes(request)
    shown = showings.list_showings(from_day=first, to_day=last, now=now, **wishes)
    context = {
        "first": first,
        "title": _("What’s on in %(month)s") % {"month": mois(first)},
        "agenda": [one.row for one in shown],
        "is_faceted": bool(request.GET),
        "feed_url": reverse("events:agenda-ics") + _query(wishes),
        **_turning(first, today, wishes),
        "chips": _chips(request, first, wishes, today),
        "empty": None if shown else _nothing(first, last, wishes, now=now),
    }
    return render_part(request, "events/agenda.html", "results", context)


@require_safe
def agenda_ics(request: HttpRequest) -> HttpResponse:
    """Give the programme of the coming year as a calendar; the same filters as the agenda."""
    now = timezone.now()
    shown = showings.list_showings(to_day=day_of(now) + FEED_LIFE, now=now, **_wishes(request))
    body = agenda_feed(
        shown,
        name=_("Agenda of the Velay"),
        host=request.get_host().partition(":")[0],
        address=lambda one: request.build_absolute_uri(one.row["url"]),
        now=now,
    )
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="agenda.ics"'
    response["Cache-Control"] = f"public, max-age={FEED_AGE_SECONDS}"
    return response


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an event with its dates, and its tickets where it has some."""
    now = timezone.now()
    found = (
        Event.objects.published().select_related("commune", "organiser").filter(slug=slug).first()
    )
    if found is None:
        raise Http404
    return render(request, "events/event.html", _event_page(request, found, now=now))


def _event_page(request: HttpRequest, found: Event, *, now: datetime) -> dict[str, Any]:
    today = day_of(now)
    membership = (
        memberships_on(today)
        .filter(commune=found.commune_id, is_neighbour=False)
        .select_related("pole")
        .first()
    )
    sessions = list(found.sessions.filter(ends_at__gt=now).order_by("starts_at"))
    say_languages(request, found)
    is_off = found.state == Event.State.CANCELLED
    context: dict[str, Any] = {
        "event": found,
        "pole": membership.pole if membership else None,
        "crumbs": [(_("What’s on"), reverse("events:agenda")), (found.title, "")],
        "is_cancelled": is_off,
        "share": {
            "title": found.title,
            "text": found.summary,
            "drawing": found.illustration,
        },
        "is_faceted": bool(request.GET),
        "sessions": [
            {
                "starts_at": paris(one.starts_at),
                "ends_at": paris(one.ends_at),
                "is_cancelled": is_off or one.is_cancelled,
            }
            for one in sessions
        ],
    }
    offer = _tickets(found, today) if sessions and not is_off else None
    origin = request.build_absolute_uri("/")[:-1]
    way = breadcrumbs(context["crumbs"], origin)
    if offer is None:
        nodes = of_event(found, context["sessions"], lowest=None, origin=origin)
        return context | {"structured": [*nodes, way]}
    form = asked(request, now=now)
    off = frozenset(one.slot_id for one in sessions if one.is_cancelled and one.slot_id)
    ages = cards.ages_words(offer.min_age, offer.max_age)
    first, last = (paris(one.starts_at).date() for one in (sessions[0], sessions[-1]))
    panel = slot_panel(request, offer, form, cancelled=off, from_day=first, to_day=last, now=now)
    shown = panel["panel"]["from_price"]
    lowest = shown["amount"] if shown else None
    nodes = of_event(found, context["sessions"], lowest=lowest, origin=origin)
    return context | {
        "offer": offer,
        "is_sold": True,
        "facts": [("users", ages)] if ages else [],
        "page_errors": form.page_errors,
        "structured": [*nodes, way],
        "for_two": for_two_link(request, offer, form, now=now),
        **panel,
    }


def _tickets(found: Event, today: date) -> Offer | None:
    """Return the ticket offer of an event if it is on sale."""
    if found.ticket_offer_id is None:
        return None
    return offer_on_sale(found.ticket_offer_id, is_lodging=False, today=today)


# --- The agenda ---------------------------------------------------------------------------------
def _month_asked(year: int | None, month: int | None, today: date) -> date:
    if year is None or month is None:
        return today.replace(day=1)
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    try:
        first = date(year, month, 1)
    except (ValueError, OverflowError):
        raise Http404 from None
    if first > last or first.year < today.year - 10:
        raise Http404
    return first


def _wishes(request: HttpRequest) -> dict[str, Any]:
    return {
        "pole": request.GET.get("pole", "").strip()[:60],
        "near": request.GET.get("near", "").strip()[:60],
        "is_free": request.GET.get("free") == "1",
    }


def _query(wishes: dict[str, Any]) -> str:
    rows = [("pole", wishes["pole"])] if wishes["pole"] else []
    rows += [("near", wishes["near"])] if wishes["near"] else []
    rows += [("free", "1")] if wishes["is_free"] else []
    return f"?{urlencode(rows)}" if rows else ""


def _month_url(first: date, wishes: dict[str, Any]) -> str:
    return reverse("events:agenda-month", args=[first.year, first.month]) + _query(wishes)


def _turning(first: date, today: date, wishes: dict[str, Any]) -> dict[str, str]:
    """Return the addresses of the months beside: none before the present, none past the horizon."""
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    before = (first - ONE_DAY).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return {
        "previous_url": _month_url(before, wishes) if before >= today.replace(day=1) else "",
        "next_url": _month_url(after, wishes) if after <= last else "",
    }


def _chips(
    request: HttpRequest, first: date, wishes: dict[str, Any], today: date
) -> list[dict[str, Any]]:
    chips = [
        {
            "id": f"chip-pole-{pole.slug}",
            "label": pole.name,
            "icon": "map-pin",
            "is_active": pole.slug == wishes["pole"],
            "url": _month_url(
                first, {**wishes, "pole": "" if pole.slug == wishes["pole"] else pole.slug}
            ),
        }
        for pole in poles_on(today)
    ]
    free = {**wishes, "is_free": not wishes["is_free"]}
    return [
        *_near_chip(first, wishes),
        *chips,
        {
            "id": "chip-free",
            "label": _("Free entrance"),
            "icon": "ticket",
            "is_active": wishes["is_free"],
            "url": _month_url(first, free),
        },
    ]


def _near_chip(first: date, wishes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the chip that leaves « around a commune », where a page asked for it."""
    if not wishes["near"]:
        return []
    label = _("%(km)s km around %(commune)s")
    return [
        {
            "id": "chip-near",
            "label": label % {"km": NEAR_KM, "commune": _commune_name(wishes["near"])},
            "icon": "map-pin",
            "is_active": True,
            "url": _month_url(first, {**wishes, "near": ""}),
        }
    ]


@remembered(most=64, by_language=False)
def _commune_name(slug: str) -> str:
    names = Commune.objects.filter(slug=slug).values_list("name", flat=True)
    return names.first() or slug


def _nothing(first: date, last: date, wishes: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Say that a month is empty, and where something is."""
    actions = []
    following = showings.next_session_day(last, now=now, **wishes)
    if following:
        label = _("In %(month)s") % {"month": mois(following)}
        url = _month_url(following.replace(day=1), wishes)
        actions.append({"label": label, "url": url})
    if wishes["pole"]:
        url = _month_url(first, {**wishes, "pole": ""})
        actions.append({"label": _("In the whole Velay"), "url": url})
    if wishes["near"]:
        url = _month_url(first, {**wishes, "near": ""})
        actions.append({"label": _("Further away"), "url": url})
    if wishes["is_free"]:
        url = _month_url(first, {**wishes, "is_free": False})
        actions.append({"label": _("With paid entrance too"), "url": url})
    return {
        "title": _("Nothing is announced"),
        "text": _("For %(month)s, nothing like that is in the agenda yet.")
        % {"month": mois(first)},
        "actions": actions,
    }
