"""The prices of a host's offer: nights and their seasons, or by age and by thing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from booking import offer_prices
from booking.forms.offer_prices import (
    BandFormSet,
    DurationForm,
    ItemPriceFormSet,
    PricesForm,
    SeasonForm,
)
from booking.models import PriceRule, Supplement, Tariff
from booking.offer_prices import FEES, BandInput, PricesInput
from booking.offer_tasks import PRICES
from booking.offers import check_price_bands
from booking.refusals import Refusal
from booking.rules.pricing import BandTerms
from booking.views.answers import see_other, tell
from booking.views.offer_pages import OwnOffer, field_rows, saved, task_page, task_url
from members.journal import Actor
from oti.lib.dates import today as day_of

NIGHTS_PAGE = "booking/extranet/offer_prices.html"
BANDS_PAGE = "booking/extranet/offer_bands.html"


def prices(request: HttpRequest, own: OwnOffer, *, now: datetime) -> HttpResponse:
    """Show the prices of an offer and keep what is typed."""
    if not own.offer.is_lodging:
        return _bands(request, own, now=now)
    tariff = _chosen(request, own)
    step = request.POST.get("do", "") if request.method == "POST" else ""
    if step == "season":
        return _add_season(request, own, tariff, now=now)
    if step.startswith("remove:"):
        return _remove_season(request, own, step.partition(":")[2], now=now)
    form = _prices_form(own, tariff, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _nights_page(request, own, tariff, form, SeasonForm(), now=now)
    if not form.is_valid():
        return _nights_page(request, own, tariff, form, SeasonForm(), now=now, status=422)
    try:
        offer_prices.keep_prices(
            own.offer,
            _given(own, form.cleaned_data),
            tariff_id=tariff.pk if tariff else None,
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        form.tell(refusal)
        return _nights_page(
            request, own, tariff, form, SeasonForm(), now=now, status=refusal.status
        )
    return saved(request, own, PRICES, now=now)


def _chosen(request: HttpRequest, own: OwnOffer) -> Tariff | None:
    """Return the prices that are named, else the first ones; None before there are any."""
    known = list(own.offer.tariffs.order_by("pk"))
    asked = request.POST.get("tarif", "") or request.GET.get("tarif", "")
    if not asked:
        return known[0] if known else None
    found = next((one for one in known if str(one.pk) == asked), None)
    if found is None:
        raise Http404
    return found


def _prices_form(own: OwnOffer, tariff: Tariff | None, data: Any = None) -> PricesForm:
    """Return the form of the usual price; a fee that is counted otherwise is called so."""
    kinds = {kind: (code, basis) for code, kind, basis, _always in FEES}
    fees = list(Supplement.objects.filter(offer=own.offer, kind__in=kinds).order_by("-pk"))
    form = PricesForm(data, initial=_initial(tariff, fees))
    for one in {fee.kind: fee for fee in fees}.values():
        code, usual = kinds[Supplement.Kind(one.kind)]
        if one.basis != usual:
            basis = str(one.get_basis_display())
            form.fields[code].label = _("%(fee)s, %(basis)s, in euros") % {
                # Some houses say in its name how it is counted.
                "fee": one.name.removesuffix(f", {basis}"),
                "basis": basis,
            }
    return form


def _initial(tariff: Tariff | None, fees: list[Supplement]) -> dict[str, Any]:
    if tariff is None:
        return {}
    kinds = {kind: code for code, kind, _basis, _always in FEES}
    return {
        "base_amount": as_typed(tariff.base_amount),
        "base_occupancy": tariff.base_occupancy,
        "extra_person_amount": as_typed(tariff.extra_person_amount or None),
        "min_stay": tariff.min_stay,
        **{kinds[Supplement.Kind(one.kind)]: as_typed(one.amount) for one in fees},
    }


def as_typed(amount: Decimal | None) -> str:
    """Return a sum as people type it: "90", "90,50"."""
    if amount is None:
        return ""
    whole = amount == amount.to_integral_value()
    return f"{amount:.0f}" if whole else f"{amount:.2f}".replace(".", ",")


def _given(own: OwnOffer, data: dict[str, Any]) -> PricesInput:
    sizes = own.offer.units.filter(is_active=True).values_list("max_guests", flat=True)
    return PricesInput(
        base_amount=data["base_amount"],
        base_occupancy=data["base_occupancy"] or max(sizes, default=2),
        extra_person_amount=data["extra_person_amount"] or 0,
        min_stay=data["min_stay"] or 1,
        fees={code: data[code] for code, *_rest in FEES},
    )


def _add_season(
    request: HttpRequest, own: OwnOffer, tariff: Tariff | None, *, now: datetime
) -> HttpResponse:
    form = SeasonForm(request.POST)
    usual = _prices_form(own, tariff)
    if not form.is_valid():
        return _nights_page(request, own, tariff, usual, form, now=now, status=422)
    try:
        offer_prices.add_season(
            own.offer,
            **form.cleaned_data,
            tariff_id=tariff.pk if tariff else None,
            actor=Actor.person(request.user),
            now=now,
        )
    except Refusal as refusal:
        form.tell(refusal)
        return _nights_page(request, own, tariff, usual, form, now=now, status=refusal.status)
    messages.success(request, _("The season is kept."))
    return see_other(_here(own, tariff))


def _remove_season(
    request: HttpRequest, own: OwnOffer, season: str, *, now: datetime
) -> HttpResponse:
    if not (season.isdecimal() and len(season) < 19):
        raise Http404
    try:
        offer_prices.remove_season(
            own.offer, int(season), actor=Actor.person(request.user), now=now
        )
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("The season is deleted."))
    return see_other(task_url(own.offer, PRICES))


def _here(own: OwnOffer, tariff: Tariff | None) -> str:
    address = task_url(own.offer, PRICES)
    several = tariff is not None and own.offer.tariffs.count() > 1
    return f"{address}?tarif={tariff.pk}#saisons" if several and tariff else f"{address}#saisons"


def _nights_page(
    request: HttpRequest,
    own: OwnOffer,
    tariff: Tariff | None,
    form: PricesForm,
    season: SeasonForm,
    *,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    seasons = PriceRule.objects.none()
    if tariff is not None:
        seasons = tariff.price_rules.filter(
            level=PriceRule.Level.SEASON, dates__endswith__gt=day_of(now)
        )
    return task_page(
        request,
        own,
        PRICES,
        form,
        template=NIGHTS_PAGE,
        status=status,
        season=season,
        season_rows=field_rows(season, {}),
        seasons=seasons.order_by("dates"),
        tariff=tariff,
        tariffs=own.offer.tariffs.order_by("pk"),
    )


# --- By age, by thing --------------------------------------------------------------------------
def _bands(request: HttpRequest, own: OwnOffer, *, now: datetime) -> HttpResponse:
    offer = own.offer
    data = request.POST if request.method == "POST" else None
    terms = ("duration_minutes", "min_age", "max_age")
    form = DurationForm(data, offer=offer, initial={one: getattr(offer, one) for one in terms})
    line_forms = ItemPriceFormSet if offer.is_sold_by_item else BandFormSet
    lines = line_forms(data, initial=_known_bands(own), prefix="prix")
    if data is None:
        return _bands_page(request, own, form, lines)
    if not (form.is_valid() & lines.is_valid()):
        return _bands_page(request, own, form, lines, status=422)
    bands = [
        BandInput(
            name=one.cleaned_data["name"],
            min_age=one.cleaned_data.get("min_age"),
            max_age=one.cleaned_data.get("max_age"),
            amount=one.cleaned_data["amount"],
        )
        for one in lines
        if not one.is_empty
    ]
    problems = _faults(own, form.cleaned_data, bands)
    if problems:
        return _bands_page(request, own, form, lines, problems=problems, status=422)
    try:
        offer_prices.keep_bands(
            offer, bands, form.cleaned_data, actor=Actor.person(request.user), now=now
        )
    except Refusal as refusal:
        problems = [{"text": one.message} for one in refusal.troubles]
        return _bands_page(request, own, form, lines, problems=problems, status=refusal.status)
    return saved(request, own, PRICES, now=now)


def _known_bands(own: OwnOffer) -> list[dict[str, Any]]:
    known = [
        {
            "name": one.name_fr or one.name,
            "min_age": one.min_age,
            "max_age": one.max_age,
            "amount": as_typed(one.amount),
        }
        for one in own.offer.bands.order_by("pk")
    ]
    if known:
        return known
    if own.offer.is_sold_by_item:
        return [{"name": own.progress.content["title_fr"][:60]}]
    if own.offer.kind_rules.minds_children:
        return [{"name": "Enfant", "min_age": 0, "max_age": 11}]
    # The usual two lines, to be filled or emptied.
    return [{"name": "Adulte", "min_age": 12}, {"name": "Enfant", "min_age": 0, "max_age": 11}]


def _faults(own: OwnOffer, terms: dict[str, Any], bands: list[BandInput]) -> list[dict[str, str]]:
    told = [
        BandTerms(
            code=str(number),
            label=one.name,
            # Whoever gives no ages for persons means everybody.
            min_age=one.min_age,
            max_age=one.max_age,
            amount=one.amount,
        )
        for number, one in enumerate(bands)
    ]
    troubles = check_price_bands(
        told,
        terms.get("min_age"),
        terms.get("max_age"),
        is_sold_by_item=own.offer.is_sold_by_item,
    )
    return [{"text": one.message, "href": "#prix"} for one in troubles]


def _bands_page(
    request: HttpRequest,
    own: OwnOffer,
    form: DurationForm,
    lines: Any,
    *,
    problems: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    return task_page(
        request,
        own,
        PRICES,
        form,
        template=BANDS_PAGE,
        status=status,
        lines=lines,
        problems=problems or [],
    )
