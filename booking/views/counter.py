"""A host sells on the phone or at the door: what and for how many, who, done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from booking import counter, showing
from booking.access import line_for_provider, units_of_providers
from booking.forms.bookings import read_day
from booking.forms.counter import CancelCounterForm, WhatForm, WhoForm
from booking.models import Order, Unit
from booking.refusals import Busy, Refusal, trouble
from booking.rules import states
from booking.views.answers import see_other
from booking.views.houses import houses_of, named_house, shown_house
from destination.spoken import in_language
from members.journal import Actor
from members.models import Provider
from oti.lib.codes import secret_token
from oti.lib.dates import ONE_DAY, paris
from oti.lib.dates import today as day_of

FORM_METHODS = ["GET", "HEAD", "POST"]
# Of the address: what is sold. The rest of the form says to whom.
WHAT = ("maison", "quoi", "arrivee", "depart", "adultes", "ages")


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def sell(request: HttpRequest) -> HttpResponse:
    """Ask what is sold, show its price, ask who it is, and sell it."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    house = shown_house(providers, request.GET.get("maison", ""))
    once = request.POST.get("once", "")
    sold = counter.sold_under(once, house)
    if sold is not None:
        # A second press: what it asks for is taken by now, by itself.
        return _show_sale(request, sold)
    asked = request.GET if "quoi" in request.GET else None
    what = WhatForm(asked, house=house, units=_units(request, house), now=now)
    context: dict[str, Any] = {"providers": providers, "provider": house, "what": what, "who": None}
    if not what.is_bound:
        return render(request, "booking/extranet/counter.html", context)
    if not what.is_valid():
        context["page_errors"] = True
        return render(request, "booking/extranet/counter.html", context, status=422)
    try:
        price = counter.price_at_counter(house, what.request(), now=now)
    except Refusal as refusal:
        # The first press may hold it at this moment.
        is_own = counter.is_under_way(once)
        return _refused(request, context, Busy(trouble("busy")) if is_own else refusal)
    who = WhoForm(request.POST or None, initial={"shown_amount": price.shown_amount})
    context |= {"price": price, "once": secret_token(), "who": who, "query": _query(request)}
    if request.method != "POST":
        return render(request, "booking/extranet/counter.html", context)
    if not who.is_valid():
        context |= {"page_errors": True, "once": once}
        return render(request, "booking/extranet/counter.html", context, status=422)
    try:
        order = counter.sell_at_counter(
            house,
            what.request(shown_amount=who.cleaned_data["shown_amount"]),
            who.guest,
            once=who.cleaned_data["once"],
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        return _refused(request, context, refusal)
    return _show_sale(request, order)


@require_POST
@never_cache
@login_required
def from_calendar(request: HttpRequest) -> HttpResponse:
    """Lead from the nights that were chosen on the calendar to their sale."""
    house = named_house(request)
    today = day_of(timezone.now())
    units = _units(request, house)
    chosen = [one for one in units if str(one.pk) in request.POST.getlist("units")]
    first = read_day(request.POST.get("first_night", ""), today=today)
    last = read_day(request.POST.get("last_night", ""), today=today)
    pairs: dict[str, object] = {"maison": house.slug}
    if units and request.POST.get("first_night") and first:
        pairs |= {"quoi": f"u{(chosen or units)[0].pk}", "arrivee": first, "adultes": 2}
        pairs["depart"] = max(last or first, first) + ONE_DAY
    return see_other(f"{reverse('extranet-counter')}?{urlencode(pairs)}")


@never_cache
@login_required
@require_http_methods(FORM_METHODS)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then cancel what this host sold itself; raises Http404 for any other line."""
    now = timezone.now()
    line = line_for_provider(request.user, pk)
    if not line.order.is_counter:
        raise Http404
    form = CancelCounterForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            counter.cancel_at_counter(
                line, reason=reason, actor=Actor.person(request.user), now=now
            )
        except Refusal as refusal:
            for one in refusal.troubles:
                form.add_error(None, one.message)
        else:
            messages.success(request, _("It is cancelled, and free for others again."))
            return see_other("extranet-booking", line.order.reference)
    context = {
        "line": line,
        "title": in_language(line.titles),
        "when": showing.line_when(
            line, line.kind, paris(line.starts_at), paris(line.ends_at), now=now
        ),
        "guest": line.order.first_name,
        "is_sold": line.state == states.SOLD,
        "form": form,
        "page_errors": form.is_bound,
    }
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/counter_cancel.html", context, status=status)


def _units(request: HttpRequest, house: Provider) -> list[Unit]:
    own = units_of_providers(request.user).filter(offer__provider=house, offer__state="published")
    return list(own.select_related("offer"))


def _query(request: HttpRequest) -> str:
    return urlencode({name: request.GET[name] for name in WHAT if request.GET.get(name)})


def _show_sale(request: HttpRequest, order: Order) -> HttpResponse:
    """Lead to what was sold."""
    messages.success(
        request,
        _("It is booked for %(name)s, to be paid at your place.") % {"name": order.first_name},
    )
    return see_other("extranet-booking", order.reference)


def _refused(request: HttpRequest, context: dict[str, Any], refusal: Refusal) -> HttpResponse:
    """Show why it can't be sold, with what was typed.

    While the same sale is being made by another press it keeps its name: the next press finds it.
    """
    once = request.POST.get("once") if isinstance(refusal, Busy) else None
    context |= {"troubles": refusal.troubles, "page_errors": True, "once": once or secret_token()}
    return render(request, "booking/extranet/counter.html", context, status=refusal.status)
