"""The hosts' money: what comes, what came, what was kept back, and the account it goes to."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import payout_accounts
from booking.access import payouts_of_providers
from booking.forms.payouts import WhichProviderForm
from booking.models import OrderLine, Payout
from booking.refusals import Refusal
from booking.rules import states
from booking.seller_asks import Standing, standings_of
from booking.seller_words import lacking
from booking.statements import Statement, account_statement, statement_of
from booking.views.extranet_seller_years import years_of
from members.access import owned_by, owned_provider_for, providers_of
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import paris
from oti.lib.money import ZERO

PAGE = 30


@never_cache
@login_required
@require_safe
def payouts(request: HttpRequest) -> HttpResponse:
    """List what is to be paid, then what was, for the providers of this person."""
    now = timezone.now()
    houses = list(providers_of(request.user).select_related("payout_account"))
    if not houses:
        return render(request, "booking/extranet/nobody.html")
    owned = owned_by(request.user)
    providers = [one for one in houses if one.pk in owned]
    if not providers:
        return render(request, "booking/extranet/owners_only.html", {"providers": houses})
    rows = payouts_of_providers(request.user).select_related(
        "sub_order__order", "sub_order__provider__payout_account"
    )
    coming = rows.filter(state__in=states.SHARE_TO_COME, amount__gt=0).order_by("release_on", "pk")
    waiting = Paginator(coming, PAGE).get_page(request.GET.get("a_venir"))
    past = rows.filter(Q(state=states.PAID) | Q(state=states.CANCELLED))
    shown = Paginator(past.order_by(F("paid_at").desc(nulls_last=True), "-pk"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "providers": providers,
        "accounts": [account_statement(one, is_owner=True) for one in providers],
        "asked": _asked(providers),
        "years": [(one, years_of(one, now=now)) for one in providers],
        "coming": _statements(waiting, now=now),
        "past": _statements(shown, now=now),
        "to_come": coming.aggregate(sum=Sum("amount"))["sum"] or ZERO,
        "received": _received(past, year=paris(now).year),
        "year": paris(now).year,
        "debt": _debt_of(rows),
        "page": shown,
        "waiting": waiting,
        "is_back": "retour" in request.GET,
    }
    return render(request, "booking/extranet/payouts.html", context)


@require_POST
@never_cache
@login_required
def papers(request: HttpRequest) -> HttpResponse:
    """Lead the owner of a provider to the bank's page, opened at this moment."""
    provider = _provider_of(request)
    address = settings.BASE_URL + reverse("extranet-payouts")
    try:
        page = payout_accounts.open_account_page(
            provider,
            return_url=f"{address}?retour=1",
            refresh_url=address,
            actor=Actor.person(request.user),
            now=timezone.now(),
        )
    except Refusal as refusal:
        return _refused(request, refusal)
    return HttpResponseRedirect(page, status=303)


@require_POST
@never_cache
@login_required
def check(request: HttpRequest) -> HttpResponse:
    """Ask the bank how the account of a provider stands, and show it."""
    provider = _provider_of(request)
    try:
        state = payout_accounts.check_account(provider, now=timezone.now())
    except Refusal as refusal:
        return _refused(request, refusal)
    if state == states.ACTIVE:
        messages.success(request, _("The bank has accepted your papers: you can be paid."))
    else:
        messages.info(request, _("The bank hasn’t accepted your papers yet."))
    return redirect("extranet-payouts")


def _provider_of(request: HttpRequest) -> Provider:
    form = WhichProviderForm(request.POST)
    if not form.is_valid():
        raise Http404
    return owned_provider_for(request.user, form.cleaned_data["provider"])


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    for one in refusal.troubles:
        messages.error(request, one.message)
    return redirect("extranet-payouts")


def _statements(rows: QuerySet[Payout], *, now: datetime) -> list[Statement]:
    found = list(rows)
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    sold = OrderLine.objects.filter(sub_order__in=[one.sub_order_id for one in found])
    for line in sold.exclude(state__in=[states.HELD, states.RELEASED]):
        lines[line.sub_order_id].append(line)
    return [statement_of(one, lines[one.sub_order_id], now=now) for one in found]


def _asked(providers: list[Provider]) -> list[dict[str, Any]]:
    """Return what each house still has to say for the tax office, with its pages."""
    standings: dict[int, Standing] = standings_of(providers)
    return [
        {"provider": one, "standing": found, "lacking": lacking(one, found.missing)}
        for one in providers
        if (found := standings.get(one.pk)) is not None
    ]


def _received(past: QuerySet[Payout], *, year: int) -> Decimal:
    own = past.filter(state=states.PAID, paid_at__year=year)
    sums = own.aggregate(sent=Sum("sent_amount"), back=Sum("reversed_amount"))
    return (sums["sent"] or ZERO) - (sums["back"] or ZERO)


def _debt_of(rows: QuerySet[Payout]) -> Decimal:
    open_debts = rows.filter(reversals__state=states.OWED)
    sums = open_debts.aggregate(
        owed=Sum("reversals__amount"), netted=Sum("reversals__netted_amount")
    )
    return (sums["owed"] or ZERO) - (sums["netted"] or ZERO)
