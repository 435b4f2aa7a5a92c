"""What the tax office is told of a house for a year: its page and its file, for owners alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.rules.sellers import QUARTERS, SellerData, missing_of
from booking.seller_data import seller_of
from booking.seller_tables import statement
from booking.seller_words import ACTIVITY_NAMES, EXCLUSION_WORDS, lacking
from booking.seller_years import FIRST_YEAR, Part, Quarter, years_of_houses
from members.access import owned_provider_for
from members.models import Provider
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class ShownPart:
    """One activity or property, its quarters beside their numbers."""

    part: Part
    words: Promise
    rows: list[tuple[int, Quarter]]


@never_cache
@login_required
@require_safe
def year_page(request: HttpRequest, house: str, year: int) -> HttpResponse:
    """Show what is told of a house for a civil year, as it stands today."""
    now = timezone.now()
    provider = _house_of(request, house, year, now=now)
    seller = seller_of(provider)
    whole = years_of_houses([provider], year)[provider.pk]
    context = {
        "provider": provider,
        "year": str(year),
        "is_over": year < day_of(now).year,
        "whole": whole,
        "exclusion": EXCLUSION_WORDS.get(whole.exclusion, ""),
        "parts": [
            ShownPart(
                one,
                ACTIVITY_NAMES[one.activity],
                list(zip(QUARTERS, one.quarters, strict=True)),
            )
            for one in whole.parts
        ],
        "facts": _facts(seller),
        "lacking": lacking(provider, missing_of(seller)),
        "years": [(str(one), one) for one in years_of(provider, now=now)],
    }
    return render(request, "booking/extranet/seller_year.html", context)


@never_cache
@login_required
@require_safe
def year_table(request: HttpRequest, house: str, year: int) -> HttpResponse:
    """Give the same as a file for a spreadsheet."""
    provider = _house_of(request, house, year, now=timezone.now())
    answer = HttpResponse(statement(provider, year), content_type="text/csv; charset=utf-8")
    name = f"{provider.slug}-dac7-{year}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def years_of(provider: Provider, *, now: datetime) -> list[int]:
    """Return the years that a house may read, the present one first."""
    last = day_of(now).year
    first = max(FIRST_YEAR, min(last, day_of(provider.created_at).year))
    return list(range(last, first - 1, -1))


def _house_of(request: HttpRequest, house: str, year: int, *, now: datetime) -> Provider:
    provider = owned_provider_for(request.user, house)
    if not FIRST_YEAR <= year <= day_of(now).year:
        raise Http404
    return provider


def _facts(seller: SellerData) -> list[tuple[str, str]]:
    facts = [
        (_("Name"), seller.legal_name),
        (_("Address"), seller.home_address),
        (_("SIRET"), seller.siret),
        (_("VAT number"), seller.vat_number),
        (_("Day of birth"), seller.born_on),
        (_("Place of birth"), seller.born_at),
        (
            _("Tax number"),
            f"{seller.tax_number} ({seller.tax_country})" if seller.tax_number else "",
        ),
        (_("Account at the bank"), seller.account),
    ]
    return [(words, value) for words, value in facts if value]
