"""What a host's offers share: guides, rooms, vehicles, and which dates need them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import resources as use_cases
from booking.access import resource_for_provider
from booking.forms.resources import NeedForm, ResourceForm
from booking.models import Offer, OfferResource, Resource, Slot
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.extranet_slots import offers_of
from booking.views.houses import houses_of, named_house, shown_house
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import paris

FORM_METHODS = ["GET", "HEAD", "POST"]
DATES_SHOWN = 10


@never_cache
@login_required
@require_safe
def resources(request: HttpRequest) -> HttpResponse:
    """List what the offers of a house share, with the dates that need too much of it."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    own = provider.resources.prefetch_related("links__offer")
    context = {
        "providers": providers,
        "provider": provider,
        "rows": [_row(one, now=now) for one in own],
        "has_offers": offers_of(provider).exists(),
    }
    return render(request, "booking/extranet/resources.html", context)


@require_http_methods(FORM_METHODS)
@never_cache
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Ask for a name and how many there are, then for the offers that need it."""
    provider = named_house(request)
    form = ResourceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = use_cases.add_resource(
                provider, **form.cleaned_data, actor=_actor(request), now=timezone.now()
            )
        except Refusal as refusal:
            form.tell(refusal)
        else:
            messages.success(
                request, _("« %(name)s » is there: say which offers need it.") % {"name": made.name}
            )
            return see_other("extranet-resource", made.pk)
    context = {"provider": provider, "form": form, "page_errors": form.is_bound}
    status = 422 if form.is_bound else 200
    return render(request, "booking/extranet/resource_add.html", context, status=status)


@require_http_methods(FORM_METHODS)
@never_cache
@login_required
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of them: its name and number, the offers that need it, and how to delete it."""
    found = resource_for_provider(request.user, pk)
    if request.method != "POST":
        return _page(request, found)
    step = request.POST.get("step")
    if step == "link":
        return _link(request, found)
    if step == "unlink":
        return _unlink(request, found)
    if step == "delete":
        name, provider = found.name, found.provider
        use_cases.remove_resource(found, actor=_actor(request), now=timezone.now())
        messages.success(
            request, _("« %(name)s » is deleted. What is sold stays sold.") % {"name": name}
        )
        return see_other(_list_url(provider))
    return _change(request, found)


# --- Steps ---------------------------------------------------------------------------------------
def _change(request: HttpRequest, found: Resource) -> HttpResponse:
    form = ResourceForm(request.POST)
    if form.is_valid():
        try:
            use_cases.change_resource(
                found, **form.cleaned_data, actor=_actor(request), now=timezone.now()
            )
        except Refusal as refusal:
            form.tell(refusal)
            return _page(request, found, form=form, status=refusal.status)
        messages.success(request, _("It is saved."))
        return see_other("extranet-resource", found.pk)
    return _page(request, found, form=form, status=422)


def _link(request: HttpRequest, found: Resource) -> HttpResponse:
    given = request.POST.get("offer", "")
    own = offers_of(found.provider)
    if given and not (given.isdecimal() and own.filter(pk=given[:18]).exists()):
        raise Http404
    form = NeedForm(request.POST, offers=own)
    if not form.is_valid():
        return _page(request, found, need=form, status=422)
    try:
        over = use_cases.link_offer(
            found,
            form.cleaned_data["offer"],
            use_cases.Need(**form.need),
            actor=_actor(request),
            now=timezone.now(),
        )
    except Refusal as refusal:
        form.tell(refusal)
        return _page(request, found, need=form, status=refusal.status)
    messages.success(request, _("It is saved."))
    if over:
        text = ngettext(
            "%(count)s date that is sold needs more than there is: it stays sold, see below.",
            "%(count)s dates that are sold need more than there is: they stay sold, see below.",
            len(over),
        )
        messages.warning(request, text % {"count": len(over)})
    return see_other("extranet-resource", found.pk)


def _unlink(request: HttpRequest, found: Resource) -> HttpResponse:
    given = request.POST.get("offer", "")
    link = found.links.filter(offer=given[:18]).first() if given.isdecimal() else None
    if link is not None:
        try:
            use_cases.unlink_offer(found, link.offer_id, actor=_actor(request), now=timezone.now())
        except Refusal as refusal:
            tell(request, refusal.troubles)
            return see_other(_list_url(found.provider))
        messages.success(request, _("This offer no longer needs it. What is sold stays sold."))
    return see_other("extranet-resource", found.pk)


# --- What is shown -------------------------------------------------------------------------------
def _page(
    request: HttpRequest,
    found: Resource,
    *,
    form: ResourceForm | None = None,
    need: NeedForm | None = None,
    status: int = 200,
) -> HttpResponse:
    own = offers_of(found.provider)
    # As it is kept: what was typed and refused stands in the form alone.
    kept = Resource.objects.select_related("provider").filter(pk=found.pk).first()
    if kept is None:
        raise Http404
    context = {
        "resource": kept,
        "provider": kept.provider,
        "row": _row(kept, now=timezone.now()),
        "form": form or ResourceForm(initial={"name": kept.name, "quantity": kept.quantity}),
        "need": need or NeedForm(offers=own, initial=_initial(request, kept, own)),
        "offers": list(own),
        "page_errors": bool(form or need),
        "back_url": _list_url(kept.provider),
    }
    return render(request, "booking/extranet/resource.html", context, status=status)


def _initial(request: HttpRequest, kept: Resource, own: Any) -> dict[str, Any]:
    """Return what the form of an offer begins with: the one that the address names, as it is."""
    named = kept.links.filter(offer__slug=request.GET.get("offre", "")[:90]).first()
    if named is not None:
        return {
            "offer": named.offer_id,
            "quantity": named.quantity,
            "minutes_before": named.minutes_before,
            "minutes_after": named.minutes_after,
        }
    linked = set(kept.links.values_list("offer_id", flat=True))
    return {"offer": next((one.pk for one in own if one.pk not in linked), None)}


def _row(one: Resource, *, now: datetime) -> dict[str, Any]:
    links: Sequence[OfferResource] = list(one.links.select_related("offer"))
    over = use_cases.clashes_of(one, now=now) if links else []
    return {
        "resource": one,
        "links": sorted(links, key=lambda link: link.offer.title),
        "clashes": [_clash(slot) for slot in over[:DATES_SHOWN]],
        "more": max(0, len(over) - DATES_SHOWN),
        "count": len(over),
    }


def _clash(slot: Slot) -> dict[str, Any]:
    offer: Offer = slot.offer
    return {"slot": slot, "offer": offer, "starts": paris(slot.starts_at)}


def _list_url(provider: Provider) -> str:
    return f"{reverse('extranet-resources')}?maison={provider.slug}"


def _actor(request: HttpRequest) -> Actor:
    return Actor.person(request.user)
