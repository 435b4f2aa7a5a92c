"""The hosts' dates: what takes place when, series added after a look, places, closing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import own_dates, resources, slots
from booking.access import slot_for_provider
from booking.forms.nights import month_after, read_calendar
from booking.forms.slots import OwnSeriesForm, OwnSlotForm, sides_of
from booking.models import Offer, Slot
from booking.models.money import reason_words
from booking.models.resources import note_claims
from booking.refusals import Refusal
from booking.rules.kinds import IN_PROGRAMME
from booking.rules.resources import lacking
from booking.views.answers import see_other, tell
from booking.views.extranet_call_off import state_of
from booking.views.houses import houses_of, named_house, shown_house
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

# A preview names the first dates and says how many more there are.
DATES_SHOWN = 60
COLLISIONS_SHOWN = 10


@never_cache
@login_required
@require_safe
def dates(request: HttpRequest) -> HttpResponse:
    """List the dates of a month, of every offer or of one, day by day."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    query = read_calendar(request.GET, today=day_of(now))
    this_month = day_of(now).replace(day=1)
    own = list(offers_of(provider))
    chosen = next((one for one in own if one.slug == request.GET.get("offre")), None)
    rows = _rows(own if chosen is None else [chosen], query.first, now=now)
    context = {
        "providers": providers,
        "provider": provider,
        "offers": own,
        "chosen": chosen,
        "may_add": any(
            one.kind not in IN_PROGRAMME for one in (own if chosen is None else [chosen])
        ),
        "month": query.first,
        "days": [(day, list(found)) for day, found in groupby(rows, key=lambda row: row["day"])],
        "previous_url": _month_url(provider, chosen, month_after(query.first, -1)),
        "next_url": _month_url(provider, chosen, month_after(query.first, 1)),
        "today_url": "" if query.first == this_month else _month_url(provider, chosen, this_month),
    }
    return render(request, "booking/extranet/slots.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Ask for a series of dates, show what would be made, then make it."""
    provider = named_house(request)
    every = offers_of(provider)
    if not every:
        return see_other("extranet-slots")
    own = every.exclude(kind__in=IN_PROGRAMME)
    named = _named(every, request.POST if request.method == "POST" else request.GET)
    try:
        own_dates.check_may_add(named or own.first() or every[0])
    except Refusal as refusal:
        # The list says it too.
        if request.method == "POST":
            tell(request, refusal.troubles)
        return see_other(_month_url(provider, named, day_of(timezone.now())))
    if request.method != "POST":
        offer = _named(own, request.GET) or own[0]
        form = OwnSeriesForm(offers=own, offer=offer, initial={"offer": offer})
        return _form(request, provider, form, offer)
    given = _named(own, request.POST)
    if given is None and request.POST.get("offer"):
        raise Http404
    offer = given or own[0]
    form = OwnSeriesForm(request.POST, offers=own, offer=offer)
    if not form.is_valid() or _asks_for_others(request.POST, form, offer):
        return _form(request, provider, form, offer, status=422)
    step, now = request.POST.get("step"), timezone.now()
    try:
        if step == "apply":
            return _add(request, provider, form, now)
        found = slots.preview_slots(form.cleaned_data["offer"], **form.series(), now=now)
    except Refusal as refusal:
        form.tell(refusal)
        return _form(request, provider, form, offer, status=refusal.status)
    if not found.new:
        none = _("No new date: all of them exist already, or have passed.")
        form.add_error("weekdays" if not (found.known or found.past) else "last_day", none)
        return _form(request, provider, form, offer, status=422)
    if step == "edit":
        return _form(request, provider, form, offer)
    return _preview(request, provider, form, found)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def date_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the places of one date, close it or open it again, delete it if nobody came near."""
    now = timezone.now()
    slot = slot_for_provider(request.user, pk)
    if request.method != "POST":
        return _slot(request, slot, OwnSlotForm(offer=slot.offer, initial=_initial(slot)), now)
    if request.POST.get("step") == "delete":
        return _delete(request, slot, now)
    form = OwnSlotForm(request.POST, offer=slot.offer)
    if not form.is_valid():
        return _slot(request, slot, form, now, status=422)
    data = form.cleaned_data
    try:
        own_dates.change_own_date(
            slot,
            capacity=data["capacity"],
            sides=sides_of(data),
            is_closed=data["is_closed"],
            reason=data["closed_reason"],
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        form.tell(refusal)
        return _slot(request, slot, form, now, status=refusal.status)
    messages.success(request, _("The date is saved."))
    return see_other(_month_url(slot.offer.provider, None, slot.day))


# --- Steps ---------------------------------------------------------------------------------------
def _add(
    request: HttpRequest, provider: Provider, form: OwnSeriesForm, now: datetime
) -> HttpResponse:
    series = form.series()
    offer = form.cleaned_data["offer"]
    count = slots.add_slots(offer, **series, actor=Actor.person(request.user), now=now)
    if count:
        told = ngettext("%(count)s date added.", "%(count)s dates added.", count)
        messages.success(request, told % {"count": count})
    else:
        messages.info(request, _("No new date: all of them exist already, or have passed."))
    return see_other(_month_url(provider, offer, series["first_day"]))


def _delete(request: HttpRequest, slot: Slot, now: datetime) -> HttpResponse:
    try:
        slots.remove_slot(slot, actor=Actor.person(request.user), now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("extranet-slot", slot.pk)
    messages.success(request, _("The date is deleted."))
    return see_other(_month_url(slot.offer.provider, None, slot.day))


def _named(own: QuerySet[Offer], fields: QueryDict) -> Offer | None:
    """Return the offer that an address names, or a form; None if it is none of one's own."""
    pk, slug = fields.get("offer", ""), fields.get("offre", "")
    return next((one for one in own if str(one.pk) == pk or (not pk and one.slug == slug)), None)


def _asks_for_others(fields: QueryDict, form: OwnSeriesForm, offer: Offer) -> bool:
    """Ask what this offer counts beside its places, of a form that asked it for another one.

    Without script the fields don't follow the offer that is chosen.
    """
    sides = [name for name in form.fields if name.startswith("side_")]
    if not sides or fields.get("sides_of", str(offer.pk)) == str(offer.pk):
        return False
    if any(name in fields for name in sides):
        return False
    form.add_error(sides[0], _("Counted apart for this offer: say how many, or leave it empty."))
    return True


def _form(
    request: HttpRequest,
    provider: Provider,
    form: OwnSeriesForm,
    offer: Offer,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "offer": offer,
        "page_errors": bool(form.errors),
    }
    context["sides"] = [form[name] for name in form.fields if name.startswith("side_")]
    return render(request, "booking/extranet/slots_add.html", context, status=status)


def _preview(
    request: HttpRequest, provider: Provider, form: OwnSeriesForm, found: slots.Series
) -> HttpResponse:
    hidden = [
        (name, value) for name in form.fields for value in request.POST.getlist(name) if value != ""
    ]
    shown = [_moment(*moment) for moment in found.new[:DATES_SHOWN]]
    offer = form.cleaned_data["offer"]
    collided = resources.collisions(offer, found.new, now=timezone.now())
    context = {
        "provider": provider,
        "offer": offer,
        "capacity": form.cleaned_data["capacity"],
        "found": found,
        "count": len(found.new),
        "shown": shown,
        "more": len(found.new) - len(shown),
        "hidden": hidden,
        "collisions": [_collided(one) for one in collided[:COLLISIONS_SHOWN]],
        "more_collisions": max(0, len(collided) - COLLISIONS_SHOWN),
    }
    return render(request, "booking/extranet/slots_preview.html", context)


def _slot(
    request: HttpRequest, slot: Slot, form: OwnSlotForm, now: datetime, *, status: int = 200
) -> HttpResponse:
    (row,) = _told(list(Slot.objects.filter(pk=slot.pk).with_free(now)), now=now)
    context = {
        "slot": slot,
        "row": row,
        "call_off": state_of(request, slot, now=now),
        "form": form,
        "page_errors": bool(form.errors),
        "sides": [form[name] for name in form.fields if name.startswith("side_")],
        "back_url": _month_url(slot.offer.provider, None, slot.day),
    }
    return render(request, "booking/extranet/slot.html", context, status=status)


def _collided(one: resources.Collision) -> dict[str, Any]:
    """Return what a preview says of a date that needs what another one needs."""
    return {
        **_moment(one.starts_at, one.ends_at),
        "resource": one.resource,
        "other": one.other_offer,
        "other_starts": paris(one.other_starts_at),
    }


def _initial(slot: Slot) -> dict[str, Any]:
    beside = Slot.stocks.filter(offer_id=slot.offer_id, starts_at=slot.starts_at)
    return {
        "capacity": slot.capacity // slot.offer.kind_rules.units_per_entry,
        "is_closed": slot.is_closed,
        "closed_reason": reason_words(slot.closed_reason),
        **{f"side_{one.resource}": one.capacity for one in beside.exclude(pk=slot.pk)},
    }


# --- What is shown -------------------------------------------------------------------------------
def offers_of(provider: Provider) -> QuerySet[Offer]:
    """Return what a provider sells by dates."""
    return (
        Offer.objects.filter(provider=provider)
        .exclude(kind=Offer.Kind.LODGING)
        .exclude(state=Offer.State.ARCHIVED)
        .order_by("title", "pk")
    )


def _rows(own: Sequence[Offer], month: date, *, now: datetime) -> list[dict[str, Any]]:
    found = (
        Slot.objects.filter(offer__in=own, day__gte=month, day__lt=month_after(month, 1))
        .select_related("offer")
        .with_free(now)
        .order_by("day", "start_time", "pk")
    )
    return _told(list(found), now=now)


def _told(found: Sequence[Slot], *, now: datetime) -> list[dict[str, Any]]:
    """Return what a list says of dates, in places; shares of a carer are said in percent."""
    note_claims(found, now=now)
    blocking = _blocking(found)
    rows = []
    for slot in found:
        share = slot.offer.kind_rules.units_per_entry > 1
        whole = max(slot.capacity, 1)
        rows.append(
            {
                "slot": slot,
                "day": slot.day,
                **_moment(slot.starts_at, slot.ends_at),
                "in_percent": share,
                "sold": round(100 * slot.sold / whole) if share else slot.sold,
                "held": round(100 * slot.held / whole) if share else slot.held,
                "free": max(0, slot.free),
                "places": slot.capacity // slot.offer.kind_rules.units_per_entry,
                "why_closed": reason_words(slot.closed_reason),
                "is_past": slot.starts_at <= now,
                "blocking": blocking[slot.pk],
                "is_joined": slot.sold + slot.held > 0,
            }
        )
    return rows


def _blocking(found: Sequence[Slot]) -> dict[int, list[dict[str, Any]]]:
    """Return which shared resource stands in the way of each date, and the longest that has it."""
    lacking_of = {slot.pk: lacking(slot.claims) for slot in found}
    blockers = {
        other.offer_id
        for claims in lacking_of.values()
        for one in claims
        for other in one.blockers()
    }
    titles = (
        dict(Offer.objects.filter(pk__in=blockers).values_list("pk", "title")) if blockers else {}
    )
    return {
        pk: [
            {
                "name": one.name,
                "offer": titles.get(other.offer_id, ""),
                "starts": paris(other.starts_at),
            }
            for one in claims
            for other in one.blockers()[:1]
        ]
        for pk, claims in lacking_of.items()
    }


def _moment(starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    """Return a date on the clock of Paris, and whether it ends on another day."""
    start, end = paris(starts_at), paris(ends_at)
    return {"starts": start, "ends": end, "is_over_midnight": end.date() != start.date()}


def _month_url(provider: Provider, offer: Offer | None, day: date) -> str:
    query = {"maison": provider.slug, "mois": f"{day:%Y-%m}"}
    if offer is not None:
        query["offre"] = offer.slug
    return f"{reverse('extranet-slots')}?{urlencode(query)}"
