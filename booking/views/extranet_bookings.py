"""A host's bookings: found again, one of them whole, and a day as it will be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import host_refunds, house_days, no_shows
from booking.access import line_for_provider, lines_of_providers, payouts_of_providers
from booking.forms.bookings import BookingsForm, read_day
from booking.models import OrderLine
from booking.models.money import reason_words
from booking.rules import states
from booking.showing import moment_words
from booking.statements import statement_of
from booking.views.after_sale import actions_of
from booking.views.extranet_requests import waiting_for
from booking.views.houses import houses_of
from destination.templatetags.velay import euros
from members.access import owned_by
from members.models import Entry
from oti.lib.dates import ONE_DAY, is_of_our_time, paris
from oti.lib.dates import today as day_of

PAGE = 20
CANCELLED = "line cancelled"


@never_cache
@login_required
@require_safe
def bookings(request: HttpRequest) -> HttpResponse:
    """List the bookings of one's houses: to come, under way, past or cancelled, narrowed."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    form = BookingsForm(request.GET, providers=providers)
    is_readable = form.is_valid()
    when = request.GET.get("quand", "")
    when = when if when in house_days.WHENS else house_days.COMING
    found = _narrowed(lines_of_providers(request.user), form.cleaned_data)
    rows = house_days.with_words(house_days.lines_when(found, when, now=now))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    address = reverse("extranet-bookings")
    context = {
        "providers": providers,
        "asked": waiting_for(request.user, now=now),
        "form": form,
        "page_errors": not is_readable,
        "when": when,
        "whens": [(code, words, f"{address}?{form.query(quand=code)}") for code, words in _whens()],
        "lines": house_days.told(page.object_list, now=now),
        "count": page.paginator.count,
        "pages": {
            "number": page.number,
            "total": page.paginator.num_pages,
            "previous_url": _page(form, when, page.number - 1) if page.has_previous() else "",
            "next_url": _page(form, when, page.number + 1) if page.has_next() else "",
        },
    }
    return render(request, "booking/extranet/bookings.html", context)


@never_cache
@login_required
@require_safe
def booking(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one's own part of an order: its lines, who comes, what it brings, what happened."""
    now = timezone.now()
    lines = list(
        house_days.with_words(lines_of_providers(request.user))
        .filter(order__reference=reference)
        .order_by("starts_at", "pk")
    )
    if not lines:
        return _line_of_old_address(request, reference)
    order = lines[0].order
    shares = payouts_of_providers(request.user).filter(sub_order__order=order)
    shares = shares.select_related("sub_order__order", "sub_order__provider__payout_account")
    booked = house_days.told(lines, now=now)
    context = {
        "reference": order.reference,
        "booked": booked,
        "first": booked[0],
        "is_alive": any(one.is_alive for one in booked),
        "arrival": next((one for one in booked if one.arrival_time is not None), None),
        "needs": next((one.needs for one in booked if one.needs), ""),
        "shares": [
            statement_of(
                one, [row for row in lines if row.sub_order_id == one.sub_order_id], now=now
            )
            for one in shares.order_by("pk")
        ],
        # Who left no address can't be written to.
        "houses": list(
            {one.sub_order.provider_id: one.sub_order.provider for one in lines}.values()
        )
        if order.email
        else [],
        "new_talks": set(
            order.talks.filter(is_new_to_host=True).values_list("provider_id", flat=True)
        ),
        "is_counter": order.is_counter,
        "actions": actions_of(lines, owned=owned_by(request.user), now=now),
        "history": _history(lines),
    }
    return render(request, "booking/extranet/booking.html", context)


@never_cache
@login_required
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Show one day on one sheet, to print or to carry: who comes, who leaves, what takes place."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    today = day_of(now)
    asked = read_day(request.GET.get("jour", ""), today=today)
    shown = asked or today
    lines = lines_of_providers(request.user)
    before, after = shown - ONE_DAY, shown + ONE_DAY
    context = {
        "providers": providers,
        "sheet": house_days.day_of_house(lines, providers, shown, now=now),
        "is_unreadable": asked is None,
        "is_today": shown == today,
        "previous": before if is_of_our_time(before) else None,
        "next": after if is_of_our_time(after) else None,
    }
    return render(request, "booking/extranet/day.html", context, status=200 if asked else 422)


def _narrowed(lines: QuerySet[OrderLine], asked: dict[str, Any]) -> QuerySet[OrderLine]:
    if asked.get("maison"):
        lines = lines.filter(sub_order__provider=asked["maison"])
    if asked.get("offre"):
        lines = lines.filter(offer=asked["offre"])
    if asked.get("q"):
        lines = house_days.lines_of_words(lines, asked["q"])
    return house_days.lines_between(lines, asked.get("du"), asked.get("au"))


def _whens() -> list[tuple[str, str]]:
    return [
        (house_days.COMING, pgettext("bookings", "To come")),
        (house_days.RUNNING, pgettext("bookings", "Under way")),
        (house_days.PAST, pgettext("bookings", "Past")),
        (house_days.CANCELLED, pgettext("bookings", "Cancelled")),
    ]


def _page(form: BookingsForm, when: str, number: int) -> str:
    return f"{reverse('extranet-bookings')}?{form.query(quand=when, page=number)}"


def _line_of_old_address(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead from where a line's page was before, as mails still say; raises Http404 for others."""
    if not reference.isdecimal() or len(reference) > 18:
        raise Http404
    return redirect("extranet-line", line_for_provider(request.user, int(reference)).pk)


def _history(lines: list[OrderLine]) -> list[tuple[str, str]]:
    """Return what happened to these lines, the first first: (when, what).

    Of the order's journal only what names one of the lines, without who of the office did it; a
    reason is told where the mail to the provider told it.
    """
    own = {line.pk: line for line in lines}
    told = [(moment_words(paris(lines[0].order.placed_at)), _("Booked"))]
    verbs = _verbs()
    entries = Entry.objects.filter(
        subject=f"order:{lines[0].order.reference}", verb__in=verbs
    ).order_by("at", "pk")
    for one in entries:
        line = own.get(one.data.get("line"))
        if line is None or (one.verb == CANCELLED and line.state != states.CANCELLED):
            continue
        back = euros(Decimal(one.data.get("refund", "0")), "exact")
        title = verbs[one.verb] % {"title": house_days.title_of(line), "refund": back}
        reason = reason_words(one.data.get("reason", "")) if one.data.get("basis") == "full" else ""
        told.append((moment_words(paris(one.at)), f"{title} ({reason})" if reason else title))
    return told


def _verbs() -> dict[str, str]:
    """Return what of an order's journal is a host's to read, in its words."""
    return {
        CANCELLED: _("Cancelled: %(title)s"),
        no_shows.NOTED: _("Nobody came: %(title)s"),
        host_refunds.VERB: _("%(refund)s given back beyond the rule: %(title)s"),
        no_shows.TAKEN_BACK: _("They came after all: %(title)s"),
    }
