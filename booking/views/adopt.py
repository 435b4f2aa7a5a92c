"""Taking a whole stay: its lines go into the basket, and what was refused is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from booking import cards
from booking.access import basket_for, remember_basket
from booking.adopting import Adopted, Refused, adopt_stay
from booking.basket import new_basket
from booking.forms.composing import read_stay
from booking.models import Basket
from booking.people import people_from
from booking.refusals import BadInput
from booking.rules.people import Guest
from booking.views.answers import own_address, see_other, tell
from booking.views.plans import basket_of_key
from booking.wishes import LineRequest
from destination.templatetags.velay import euros, heure


@never_cache
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Put the lines of a stay into the basket; what can't be had is told with something instead."""
    now = timezone.now()
    language = get_language() or "fr"
    basket = basket_for(request)
    back = own_address(request, request.POST.get("back", "")) or reverse("booking:ready-stays")
    try:
        requests = read_stay(request.POST, basket)
    except BadInput as refusal:
        tell(request, refusal.troubles)
        return see_other(back)
    if basket is None:
        basket = basket_of_key(request, request.POST.get("key", ""), language=language)
    basket = basket or new_basket(language=language, now=now)
    found = adopt_stay(basket, requests, now=now)
    if found.refused:
        response = render(
            request, "booking/stay_adopted.html", _partly(found, basket, back=back), status=409
        )
    else:
        messages.success(request, _words(found, basket))
        response = see_other("booking:my-stay")
    remember_basket(request, response, basket)
    return response


def _words(found: Adopted, basket: Basket) -> str:
    if not found.added:
        return _("This stay is yours already: nothing was added twice.")
    count = len(found.added)
    text = ngettext(
        "%(count)s line is in your stay, held for you until %(hour)s.",
        "%(count)s lines are in your stay, held for you until %(hour)s.",
        count,
    )
    return text % {"count": count, "hour": heure(basket.expires_at)}


def _partly(found: Adopted, basket: Basket, *, back: str) -> dict[str, Any]:
    return {
        "added": [line.offer.title for line in found.added],
        "known": found.known,
        "held_until": basket.expires_at if found.added else None,
        "refused": [_refused(one, basket) for one in found.refused],
        "back": back,
    }


def _refused(one: Refused, basket: Basket) -> dict[str, Any]:
    row: dict[str, Any] = {
        "title": one.offer.title if one.offer else _("This step"),
        "reason": " ".join(dict.fromkeys(trouble.message for trouble in one.troubles)),
        "instead": None,
    }
    my_stay = reverse("booking:my-stay")
    changed = next((found for found in one.troubles if found.code == "price_changed"), None)
    if changed is not None and one.offer is not None:
        row["instead"] = {
            "title": one.offer.title,
            "is_same": True,
            "amount": euros(changed.params["new"]),
            "add": _again(one.request, changed.params["new"], back=my_stay),
        }
    elif one.bed is not None and one.request.arrival and one.request.departure:
        party = people_from(basket.people)
        guests = [person.guest for person in party]
        row["instead"] = {
            "title": one.bed.offer.title,
            "amount": euros(one.bed.quote.total),
            "add": cards.add_nights(
                one.bed.unit,
                one.request.arrival,
                one.request.departure,
                guests,
                shown=one.bed.quote.total,
                back=my_stay,
            ),
        }
    elif one.idea is not None:
        who = [("people", person.key) for person in one.idea.joining]
        if one.idea.offer.is_sold_by_item:
            who = [("quantity", "1")]
        row["instead"] = {
            "title": one.idea.offer.title,
            "amount": euros(one.idea.quote.total),
            "add": cards.add_places(
                one.idea.offer, one.idea.slot.pk, who, shown=one.idea.quote.total, back=my_stay
            ),
        }
    return row


def _again(request: LineRequest, amount: Decimal, *, back: str) -> dict[str, Any]:
    """Return the form that asks for the same line at its new price."""
    fields: list[tuple[str, str]] = [("offer", str(request.offer_id))]
    for name, value in (("unit", request.unit_id), ("slot", request.slot_id)):
        if value is not None:
            fields.append((name, str(value)))
    for name, day in (("arrival", request.arrival), ("departure", request.departure)):
        if day is not None:
            fields.append((name, day.isoformat()))
    fields += [("people", key) for key in request.people]
    fields += cards.stay_party_fields(Guest(age) for age in request.party)
    fields += [("quantity", str(request.quantity)), ("shown_amount", str(amount)), ("next", back)]
    return {"url": reverse("booking:line-add"), "fields": fields}
