"""What can be had: lodgings free for a stay, offers, an offer."""

from __future__ import annotations

import math
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from booking.availability import StayResult, StaySearch, search_stays
from booking.browsing import lowest_nights
from booking.cards import usual_band
from booking.models import AgeBand, Offer, OfferStep, Supplement, Unit
from booking.quoting import supplement_terms
from destination.models import Pole
from destination.models.territory import memberships_on
from oti.api import answers
from oti.api.answers import cents, moment, offer_row, price_of
from oti.api.base import ApiView, fault_of, query_of
from oti.api.schema import described
from oti.api.serializers import OffersQuery, StaysQuery
from oti.lib.dates import today as day_of

PAGE_SIZE = 24
AGES = OpenApiParameter(
    "ages",
    {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 17}},
    explode=False,
    style="form",
    description="The age of each child on the day of arrival: 5,10.",
)


class StaysView(ApiView):
    """Lodgings free for these nights and this party, at the full price of each."""

    is_public = True
    fields_renamed = {"children": "ages"}

    @described("list_stays", {200: answers.Stays}, refusals=(503,), query=[StaysQuery, AGES])
    def get(self, request: Request) -> Response:
        """List lodgings: one row each, its cheapest fitting unit, twelve a page."""
        now = timezone.now()
        asked = query_of(request, StaysQuery)
        _check_pole(asked.get("pole", ""), day_of(now))
        found = search_stays(
            StaySearch(
                arrival=asked["arrival"],
                departure=asked["departure"],
                adults=asked["adults"],
                child_ages=asked["ages"],
                pole=asked.get("pole", ""),
                lodging_type=asked.get("kind", ""),
                page=asked["page"],
            ),
            now=now,
        )
        return Response(
            {
                "results": [_stay_row(one) for one in found.results],
                "count": found.count,
                "page": found.page,
                "pages": found.pages,
            }
        )


class OffersView(ApiView):
    """Everything that is sold, by kind, pole and words."""

    is_public = True

    @described("list_offers", {200: answers.Offers}, query=[OffersQuery])
    def get(self, request: Request) -> Response:
        """List offers by title, 24 a page."""
        now = timezone.now()
        asked = query_of(request, OffersQuery)
        today = day_of(now)
        _check_pole(asked.get("pole", ""), today)
        offers = _wished(asked, today)
        count = offers.count()
        first = (asked["page"] - 1) * PAGE_SIZE
        shown = list(offers[first : first + PAGE_SIZE])
        lowest = lowest_nights([one.pk for one in shown if one.is_lodging], today=today)
        poles = _pole_slugs(today)
        rows = [
            {
                **offer_row(one, poles.get(one.pole_id)),  # type: ignore[attr-defined]
                "from_cents": _from_cents(one, lowest),
            }
            for one in shown
        ]
        pages = max(1, math.ceil(count / PAGE_SIZE))
        return Response({"results": rows, "count": count, "page": asked["page"], "pages": pages})


class OfferView(ApiView):
    """One offer."""

    is_public = True

    @described("show_offer", {200: answers.OfferDetail}, refusals=(404,))
    def get(self, request: Request, slug: str) -> Response:
        """Answer all that its page says; how to get in is told once it is paid."""
        today = day_of(timezone.now())
        offer = published_offer(slug, today)
        pole = _pole_slugs(today).get(offer.pole_id)  # type: ignore[attr-defined]
        return Response(
            {
                **offer_row(offer, pole),
                "description": offer.description,
                "provider": offer.provider.name,
                "place": offer.place,
                "latitude": offer.latitude,
                "longitude": offer.longitude,
                "features": list(offer.features),
                "min_age": offer.min_age,
                "max_age": offer.max_age,
                "duration_minutes": offer.duration_minutes,
                "deposit_cents": _deposit(offer),
                "season": _season(offer),
                "steps": [_step(one) for one in offer.steps.all()],
                "is_sold": pole is not None,
                "cancellation": _policy(offer),
                "units": [_unit(one) for one in offer.units.all()],
                "prices": band_rows(offer),
                "options": [
                    {
                        "code": one.code,
                        "label": one.label,
                        "basis": one.basis,
                        "amount_cents": cents(one.amount),
                        "is_mandatory": one.is_mandatory,
                        "max_quantity": one.max_quantity,
                    }
                    for one in supplement_terms(offer)
                ],
            }
        )


# --- Finding ------------------------------------------------------------------------------------
def _check_pole(slug: str, today: date) -> None:
    """Refuse a pole that the perimeter in force doesn't have."""
    if not slug:
        return
    known = list(_pole_slugs(today).values())
    if slug not in known:
        text = _("Choose one of: {known}.").format(known=", ".join(known))
        raise fault_of(field="pole", text=text, code="unknown")


def _pole_slugs(today: date) -> dict[int | None, str]:
    return dict(Pole.objects.active_on(today).values_list("pk", "slug"))


def _wished(asked: dict[str, Any], today: date) -> QuerySet[Offer]:
    """Return the offers on sale that a list asks for, with all that its rows show."""
    offers = Offer.objects.on_sale(today).with_pole(today)
    if asked.get("kind", ""):
        offers = offers.filter(kind=asked.get("kind", ""))
    if asked.get("pole", ""):
        inside = memberships_on(today).filter(pole__slug=asked.get("pole", ""))
        offers = offers.filter(commune__in=inside.values("commune_id"))
    words = asked.get("q", "").split()
    if words:
        offers = offers.filter(reduce(and_, (_says(word) for word in words)))
    return (
        offers.select_related("commune")
        .prefetch_related(Prefetch("bands", AgeBand.objects.order_by("pk")))
        .order_by("title", "pk")
    )


def _says(word: str) -> Q:
    return (
        Q(title_fr__icontains=word)
        | Q(title_en__icontains=word)
        | Q(summary_fr__icontains=word)
        | Q(summary_en__icontains=word)
        | Q(commune__name__icontains=word)
    )


def published_offer(slug: str, today: date) -> Offer:
    """Return what visitors may see; a draft or a withdrawn offer isn't known to exist."""
    offer = (
        Offer.objects.published()
        .with_pole(today)
        .select_related("provider", "commune", "cancellation_policy")
        .prefetch_related(
            Prefetch("units", Unit.objects.filter(is_active=True).order_by("pk")),
            Prefetch("bands", AgeBand.objects.order_by("pk")),
            Prefetch("supplements", Supplement.objects.order_by("pk")),
            "cancellation_policy__steps",
            "steps__led_by",
        )
        .filter(slug=slug)
        .first()
    )
    if offer is None:
        raise Http404
    return offer


# --- Rows ---------------------------------------------------------------------------------------
def _stay_row(one: StayResult) -> dict[str, Any]:
    return {
        "offer": offer_row(one.offer, one.pole.slug if one.pole else None),
        "unit": {
            "id": one.unit.pk,
            "name": one.unit.name,
            "max_guests": one.unit.max_guests,
        },
        "nights": one.nights,
        **price_of(one.quote),
        "free_cancellation_until": moment(one.free_cancellation_until),
        "is_on_request": one.is_on_request,
    }


def _from_cents(offer: Offer, lowest: dict[int, Any]) -> int | None:
    if offer.is_lodging:
        return cents(lowest[offer.pk]) if offer.pk in lowest else None
    band = usual_band(offer.bands.all())
    return cents(band.amount) if band else None


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.pk,
        "name": unit.name,
        "max_guests": unit.max_guests,
        "max_adults": unit.max_adults,
        "max_children": unit.max_children,
        "max_infants": unit.max_infants,
    }


def _deposit(offer: Offer) -> int | None:
    if not offer.kind_rules.has_deposit or offer.deposit_amount is None:
        return None
    return cents(offer.deposit_amount)


def _season(offer: Offer) -> dict[str, int] | None:
    if offer.season_from_month is None or offer.season_to_month is None:
        return None
    return {"from_month": offer.season_from_month, "to_month": offer.season_to_month}


def _step(one: OfferStep) -> dict[str, Any]:
    return {
        "title": one.title,
        "place": one.place,
        "minutes": one.minutes,
        "led_by": one.led_by.name if one.led_by else None,
        "plan_b": one.plan_b,
    }


def _policy(offer: Offer) -> dict[str, Any]:
    policy = offer.cancellation_policy
    return {
        "summary": policy.summary,
        "flat_fee_cents": cents(policy.flat_fee),
        "steps": [
            {"hours_before": one.hours_before, "percent": one.percent} for one in policy.steps.all()
        ],
    }


def band_rows(offer: Offer) -> list[dict[str, Any]]:
    """Return the price of each age, or of a piece."""
    return [
        {
            "code": one.code,
            "name": one.name,
            "min_age": one.min_age,
            "max_age": one.max_age,
            "amount_cents": cents(one.amount),
        }
        for one in offer.bands.all()
    ]
