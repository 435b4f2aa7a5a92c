"""The hosts' linked calendars: what other platforms take, what they may read, double bookings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import incidents
from booking.access import (
    feed_for_provider,
    incident_for_provider,
    incidents_of_providers,
    unit_for_provider,
    units_of_providers,
)
from booking.channels import export, feeds
from booking.channels.words import FeedStatus, feed_status, problem_words, warning_words
from booking.forms.links import FeedForm, RemoveFeedForm, SettleForm
from booking.models import Feed, Unit
from booking.refusals import Refusal
from booking.rules import states
from booking.views.answers import see_other, told_at
from members.access import providers_of
from members.journal import Actor
from oti.lib.dates import today as day_of

FORM_METHODS = ["GET", "HEAD", "POST"]
MOST_SETTLED = 10


@dataclass(frozen=True)
class LinkedFeed:
    """A calendar as its host sees it."""

    feed: Feed
    status: FeedStatus
    warnings: list[str]


@dataclass(frozen=True)
class LinkedUnit:
    """A lodging with its calendars and the address that is shared."""

    unit: Unit
    feeds: list[LinkedFeed] = field(default_factory=list)
    export_url: str = ""
    read_at: datetime | None = None


@never_cache
@login_required
@require_safe
def links(request: HttpRequest) -> HttpResponse:
    """Show each lodging of this person's providers with its calendars, double bookings first."""
    providers = list(providers_of(request.user))
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    units = units_of_providers(request.user).select_related("offer__provider", "export_link")
    own = incidents_of_providers(request.user).select_related("unit__offer", "order_line__order")
    context = {
        "providers": providers,
        "units": [_linked(one, timezone.now()) for one in units.prefetch_related("feeds")],
        "incidents": list(own.exclude(state=states.SETTLED)),
        "settled": list(own.filter(state=states.SETTLED).order_by("-settled_at")[:MOST_SETTLED]),
    }
    return render(request, "booking/extranet/links.html", context)


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the address of a calendar, read it, and link it to a lodging."""
    unit = unit_for_provider(request.user, pk)
    form = FeedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            feed = feeds.add_feed(unit, **form.cleaned_data, actor=_actor(request), now=_now())
        except Refusal as refusal:
            _put_into(form, refusal)
        else:
            if feed.problem:
                messages.warning(request, problem_words(feed.problem))
            else:
                _tell_linked(request, feed)
            return see_other("extranet-links")
    status = 422 if form.is_bound else 200
    context = {"form": form, "unit": unit, "page_errors": form.is_bound}
    return render(request, "booking/extranet/link_add.html", context, status=status)


def _tell_linked(request: HttpRequest, feed: Feed) -> None:
    """Say what a first good reading closed; one that closes nothing may be another lodging's."""
    count = feeds.nights_to_come(feed, today=day_of(_now()))
    if count:
        text = ngettext(
            "%(name)s is linked: %(count)s night to come is closed here.",
            "%(name)s is linked: %(count)s nights to come are closed here.",
            count,
        )
        messages.success(request, text % {"name": feed.name, "count": count})
        return
    text = _(
        "%(name)s is linked. No night to come is taken in it: check that it is the calendar of "
        "this lodging."
    )
    messages.warning(request, text % {"name": feed.name})


@require_POST
@never_cache
@login_required
@told_at("extranet-links")
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a calendar now."""
    feed = feed_for_provider(request.user, pk)
    problem = feeds.refresh_feed(feed, now=_now())
    if problem:
        messages.warning(request, problem_words(problem))
    else:
        messages.success(request, _("%(name)s was read just now.") % {"name": feed.name})
    return see_other("extranet-links")


@require_POST
@never_cache
@login_required
@told_at("extranet-links")
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop reading a calendar, or begin again."""
    feed = feed_for_provider(request.user, pk)
    is_paused = request.POST.get("is_paused") == "1"
    feeds.pause_feed(feed, is_paused=is_paused, actor=_actor(request), now=_now())
    text = _("%(name)s is paused.") if is_paused else _("%(name)s is read again.")
    messages.success(request, text % {"name": feed.name})
    return see_other("extranet-links")


@require_POST
@never_cache
@login_required
@told_at("extranet-links")
def empty(request: HttpRequest, pk: int) -> HttpResponse:
    """Believe that a calendar is empty."""
    feed = feed_for_provider(request.user, pk)
    if feeds.accept_empty(feed, actor=_actor(request), now=_now()):
        messages.success(request, _("Its nights are on sale again."))
    else:
        messages.info(request, _("It isn’t empty any more: nothing was opened."))
    return see_other("extranet-links")


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
@told_at("extranet-links")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what becomes of its nights, then forget a calendar."""
    feed = feed_for_provider(request.user, pk)
    form = RemoveFeedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        keep = form.cleaned_data["nights"] == "keep"
        feeds.remove_feed(feed, keep_closed=keep, actor=_actor(request), now=_now())
        messages.success(request, _("%(name)s is removed.") % {"name": feed.name})
        return see_other("extranet-links")
    context = {"form": form, "feed": feed, "page_errors": form.is_bound}
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/link_remove.html", context, status=status)


@require_POST
@never_cache
@login_required
@told_at("extranet-links")
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the address that other platforms read, another one, or none any more."""
    unit = unit_for_provider(request.user, pk)
    wish = request.POST.get("wish", "give")
    if wish in {"renew", "stop"}:
        export.revoke_link(unit, actor=_actor(request), now=_now())
    if wish == "stop":
        messages.success(request, _("Your calendar is no longer shared."))
    else:
        export.give_link(unit, actor=_actor(request), now=_now())
        messages.success(request, _("Copy the address, and paste it on the other platforms."))
    return see_other("extranet-links")


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
@told_at("extranet-links")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a double booking, and ask how it ended."""
    incident = incident_for_provider(request.user, pk)
    form = SettleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        incidents.settle_incident(incident, **form.cleaned_data, actor=_actor(request), now=_now())
        messages.success(request, _("Thank you: it is noted, the office can read it."))
        return see_other("extranet-links")
    context = {"form": form, "incident": incident, "page_errors": form.is_bound}
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/incident.html", context, status=status)


@require_safe
def exported(request: HttpRequest, token: str) -> HttpResponse:
    """Answer another platform with what is sold and closed here of a unit; nobody's name."""
    found = export.export_calendar(token, now=_now())
    if found is None:
        raise Http404
    answer = HttpResponse(found.body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = found.etag
    answer["Cache-Control"] = "max-age=300"
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=found.etag, response=answer) or answer


def _linked(unit: Unit, now: datetime) -> LinkedUnit:
    shared = getattr(unit, "export_link", None)
    return LinkedUnit(
        unit=unit,
        feeds=[
            LinkedFeed(one, feed_status(one, now=now), warning_words(one))
            for one in unit.feeds.all()
        ],
        export_url=settings.BASE_URL + reverse("unit-calendar", args=[shared.token])
        if shared
        else "",
        read_at=shared.last_read_at if shared else None,
    )


def _put_into(form: FeedForm, refusal: Refusal) -> None:
    for one in refusal.troubles:
        form.add_error(one.field if one.field in form.fields else None, one.message)


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(request.user)


def _now() -> datetime:
    return timezone.now()
