"""« I want to fill these dates »: what a house said, what its calendar proposes, one more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import capacity_needs
from booking.access import need_for_provider
from booking.capacity_needs import EmptyWeek, empty_weeks, move_need, say_need
from booking.forms.needs import NeedForm
from booking.models import CapacityNeed, Offer
from booking.refusals import Refusal
from booking.views.answers import see_other, told_at
from booking.views.extranet_figures import period_words
from booking.views.houses import houses_of, shown_house
from members.access import providers_of
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import today as day_of

MOST_OFFERS = 12
MOST_OVER = 10


@dataclass(frozen=True)
class Hole:
    """An offer with its empty weeks of the next season."""

    offer: Offer
    weeks: list[EmptyWeek]


@never_cache
@login_required
@require_safe
def needs(request: HttpRequest) -> HttpResponse:
    """Show what a house wants to fill, and what the calendar would propose."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    now = timezone.now()
    house = shown_house(providers, request.GET.get("maison", ""))
    season, holes = _holes(house, now)
    begun = Q(proposals__campaign__started_at__isnull=False)
    rows = house.capacity_needs.select_related("offer").prefetch_related("periods")
    rows = rows.annotate(percent_off=Max("proposals__campaign__percent_off", filter=begun))
    told = [(one, _state_words(one, now)) for one in rows]
    context = {
        "providers": providers,
        "house": house,
        "running": [one for one in told if not _is_over(one[0], now)],
        "over": [one for one in told if _is_over(one[0], now)][:MOST_OVER],
        "holes": holes,
        "season": season,
        "offers": list(_offers(house)),
    }
    return render(request, "booking/extranet/needs.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Ask what is to be filled of one offer, and write it down."""
    offers = Offer.objects.filter(provider__in=providers_of(request.user))
    offers = offers.exclude(state=Offer.State.ARCHIVED).select_related("provider")
    offer = get_object_or_404(offers, slug=request.GET.get("offre", ""))
    now = timezone.now()
    season, empty = empty_weeks([offer], now=now)
    weeks = empty.get(offer.pk, [])
    form = NeedForm(request.POST if request.method == "POST" else None, offer=offer, weeks=weeks)
    if request.method == "POST" and form.is_valid():
        try:
            say_need(offer, form.given, actor=Actor.person(request.user), now=now)
        except Refusal as refusal:
            form.tell(refusal)
        else:
            text = _("It is noted: the office and its offers know that you want to fill them.")
            messages.success(request, text)
            return see_other(f"{see_other('extranet-needs').url}?maison={offer.provider.slug}")
    context = {
        "form": form,
        "offer": offer,
        "season": period_words(season),
        "page_errors": form.is_bound,
    }
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/need_add.html", context, status=status)


@require_POST
@never_cache
@login_required
@told_at("extranet-needs")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a need, take it up again, or end it."""
    need = need_for_provider(request.user, pk)
    wish = request.POST.get("wish", "")
    move_need(need.pk, wish, actor=Actor.person(request.user), now=timezone.now())
    text = {
        capacity_needs.PAUSE: _("Paused: nobody is told of these dates meanwhile."),
        capacity_needs.RESUME: _("These dates are proposed again."),
        capacity_needs.END: _("Ended: these dates are no longer proposed."),
    }[wish]
    messages.success(request, text)
    return see_other(f"{see_other('extranet-needs').url}?maison={need.provider.slug}")


def _offers(house: Provider) -> list[Offer]:
    rows = house.offers.exclude(state=Offer.State.ARCHIVED).order_by("title", "pk")
    return list(rows[:MOST_OFFERS])


def _holes(house: Provider, now: datetime) -> tuple[str, list[Hole]]:
    """Return the next season and the offers on sale that have empty weeks in it."""
    offers = [one for one in _offers(house) if one.state == Offer.State.PUBLISHED]
    season, weeks = empty_weeks(offers, now=now)
    holes = [Hole(one, weeks[one.pk]) for one in offers if one.pk in weeks]
    return period_words(season), holes


def _is_over(need: CapacityNeed, now: datetime) -> bool:
    return need.is_ended or need.last_day < day_of(now)


def _state_words(need: CapacityNeed, now: datetime) -> tuple[str, str]:
    """Return the state of a need and its colour."""
    if need.ended_at is not None:
        return pgettext("dates to fill", "ended"), "plain"
    if need.is_ended:
        return pgettext("dates to fill", "filled"), "ok"
    if need.last_day < day_of(now):
        return pgettext("dates to fill", "over"), "plain"
    if need.is_paused:
        return pgettext("dates to fill", "paused"), "warn"
    return pgettext("dates to fill", "proposed"), "ok"
