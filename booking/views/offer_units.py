"""The beds and rooms of a host's lodging: each unit changed, added or taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from booking import offer_terms
from booking.forms.offer_prices import UnitForm
from booking.models import Unit
from booking.offer_tasks import UNITS
from booking.offer_terms import UnitInput
from booking.refusals import Refusal
from booking.views.answers import see_other, tell
from booking.views.offer_pages import OwnOffer, saved, task_page, task_url
from members.journal import Actor

ANOTHER = "autre"


def units(request: HttpRequest, own: OwnOffer, *, now: datetime) -> HttpResponse:
    """Show the units of a lodging with the form of one of them, or of another one."""
    known = list(own.offer.units.filter(is_active=True).order_by("pk"))
    asked = request.POST.get("lieu", "") or request.GET.get("lieu", "")
    unit = _chosen(known, asked)
    if request.method == "POST" and request.POST.get("do") == "remove":
        return _remove(request, own, unit, now=now)
    data = request.POST if request.method == "POST" else None
    form = UnitForm(data, initial=_initial(own, unit))
    if unit is not None:
        del form.fields["count"]
    if data is None:
        return _page(request, own, form, known, unit)
    if not form.is_valid():
        return _page(request, own, form, known, unit, status=422)
    try:
        _keep(request, own, unit, form.cleaned_data, now=now)
    except Refusal as refusal:
        form.tell(refusal)
        return _page(request, own, form, known, unit, status=refusal.status)
    if asked:
        # Who has several goes on with the next one of them.
        messages.success(request, _("It is kept."))
        return see_other(task_url(own.offer, UNITS))
    return saved(request, own, UNITS, now=now)


def _chosen(known: list[Unit], asked: str) -> Unit | None:
    """Return the unit that the address names, the only one, or None for another one."""
    if asked == ANOTHER:
        return None
    if asked:
        found = next((one for one in known if str(one.pk) == asked), None)
        if found is None:
            raise Http404
        return found
    return known[0] if len(known) == 1 else None


def _initial(own: OwnOffer, unit: Unit | None) -> dict[str, Any]:
    if unit is None:
        return {"name": _("The lodging"), "bedrooms": own.offer.bedrooms, "count": 1}
    return {
        "name": unit.name_fr or unit.name,  # type: ignore[attr-defined]
        "max_guests": unit.max_guests,
        "max_adults": unit.max_adults if unit.max_adults != unit.max_guests else None,
        "max_infants": unit.max_infants or None,
        "bedrooms": own.offer.bedrooms,
    }


def _keep(
    request: HttpRequest, own: OwnOffer, unit: Unit | None, data: dict[str, Any], *, now: datetime
) -> None:
    actor = Actor.person(request.user)
    guests = data["max_guests"]
    asked = UnitInput(
        name=data["name"],
        max_guests=guests,
        max_adults=data["max_adults"] or guests,
        # With children there is at least one grown-up.
        max_children=guests - 1,
        max_infants=data["max_infants"] or 0,
    )
    offer_terms.keep_unit(
        own.offer,
        unit.pk if unit else None,
        asked,
        bedrooms=data["bedrooms"],
        count=data.get("count") or 1,
        actor=actor,
        now=now,
    )


def _remove(
    request: HttpRequest, own: OwnOffer, unit: Unit | None, *, now: datetime
) -> HttpResponse:
    if unit is None:
        raise Http404
    try:
        is_gone = offer_terms.remove_unit(
            own.offer, unit.pk, actor=Actor.person(request.user), now=now
        )
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        gone = _("« %(unit)s » is taken away.")
        kept = _("« %(unit)s » is sold no more; its past bookings are kept.")
        messages.success(request, (gone if is_gone else kept) % {"unit": unit.name})
    return see_other(task_url(own.offer, UNITS))


def _page(
    request: HttpRequest,
    own: OwnOffer,
    form: UnitForm,
    known: list[Unit],
    unit: Unit | None,
    *,
    status: int = 200,
) -> HttpResponse:
    return task_page(
        request,
        own,
        UNITS,
        form,
        template="booking/extranet/offer_units.html",
        status=status,
        units=known,
        unit=unit,
        lieu=str(unit.pk) if unit and len(known) > 1 else (ANOTHER if known and not unit else ""),
    )
