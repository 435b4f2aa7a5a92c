"""The hosts' calendar: months of nights, a change looked at before it is made, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import night_edits
from booking.forms.nights import CalendarQuery, NightsForm, month_after, read_calendar, unit_label
from booking.models import NightEdit, Unit
from booking.night_plan import Plan
from booking.night_rows import UnitRow, arrivals, figures, picked_words, weeks_of
from booking.night_sheet import (
    PREPARED,
    by_night,
    kept_free,
    taken_nights,
    terms_by_tariff,
    units_of,
)
from booking.refusals import Refusal, WrongState
from booking.views.answers import see_other, tell
from booking.views.houses import houses_of, named_house, shown_house
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import nights
from oti.lib.dates import today as day_of

# Three months of so many units are one page.
UNITS_SHOWN = 20


@never_cache
@login_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Show the nights of one provider's units, and the form that changes them."""
    now = timezone.now()
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    query = read_calendar(request.GET, today=day_of(now))
    context: dict[str, Any] = {"providers": providers, "provider": provider, "query": query}
    units = list(units_of(provider))
    if not units:
        return render(request, "booking/extranet/calendar_empty.html", context)
    if query.picked and query.picked.unit not in {one.pk for one in units}:
        query = context["query"] = replace(query, picked=None)
    context |= _months(units, query, page=request.GET.get("page", ""), now=now)
    context |= _around(provider, query, context["chosen"], now=now)
    form = NightsForm(units=units, initial=_initial(context["chosen"].unit, query))
    context |= {"form": form, "last_edit": night_edits.last_edit(provider, now=now)}
    return render(request, "booking/extranet/calendar.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def change(request: HttpRequest) -> HttpResponse:
    """Ask for a change, show what it would do, then do it as it was shown."""
    now = timezone.now()
    provider = named_house(request)
    units = list(units_of(provider))
    if not units:
        return see_other("extranet-calendar")
    if request.method != "POST":
        query = read_calendar(request.GET, today=day_of(now))
        form = NightsForm(units=units, initial=_initial(_unit_of(units, query), query))
        return _form(request, provider, form)
    form = NightsForm(request.POST, units=units)
    form.check_owner()
    if not form.is_valid():
        return _form(request, provider, form, status=422)
    try:
        if request.POST.get("step") == "apply":
            return _apply(request, provider, form, now)
        plan = night_edits.preview_change(provider, form.change(), now=now)
    except Refusal as refusal:
        form.tell(refusal)
        return _form(request, provider, form, status=refusal.status)
    if request.POST.get("step") == "edit":
        return _form(request, provider, form)
    return _preview(request, provider, form, plan)


@require_POST
@never_cache
@login_required
def undo(request: HttpRequest) -> HttpResponse:
    """Put back what the last change changed, or say why not."""
    provider = named_house(request)
    given = request.POST.get("edit", "")
    edit = None
    if given.isdecimal() and len(given) < 19:
        edit = NightEdit.objects.filter(provider=provider, pk=int(given)).first()
    if edit is None:
        raise Http404
    try:
        night_edits.undo_edit(edit, actor=Actor.person(request.user), now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, _("It is undone: these nights are as they were before."))
    return see_other(_address(provider, edit.first_night))


# --- Steps of a change ---------------------------------------------------------------------------
def _apply(
    request: HttpRequest, provider: Provider, form: NightsForm, now: datetime
) -> HttpResponse:
    """Do it; what became another change meanwhile is shown again."""
    asked = form.change()
    actor = Actor.person(request.user)
    try:
        edit = night_edits.apply_change(
            provider, asked, seen=request.POST.get("seen", ""), actor=actor, now=now
        )
    except WrongState as refusal:
        plan = night_edits.preview_change(provider, asked, now=now)
        moved = refusal.troubles[0].message
        return _preview(request, provider, form, plan, moved=moved, status=refusal.status)
    told = ngettext("%(count)s night is changed.", "%(count)s nights are changed.", edit.nights)
    messages.success(request, told % {"count": edit.nights})
    return see_other(_address(provider, edit.first_night))


def _form(
    request: HttpRequest, provider: Provider, form: NightsForm, *, status: int = 200
) -> HttpResponse:
    context = {"provider": provider, "form": form, "page_errors": bool(form.errors)}
    return render(request, "booking/extranet/night_change.html", context, status=status)


def _preview(
    request: HttpRequest,
    provider: Provider,
    form: NightsForm,
    plan: Plan,
    *,
    moved: str = "",
    status: int = 200,
) -> HttpResponse:
    names = {one.pk: unit_label(one) for one in (*plan.units, *plan.shared)}
    hidden = [
        (name, value)
        for name in form.fields
        for value in form.data.getlist(name)  # type: ignore[attr-defined]
        if value != ""
    ]
    context = {
        "provider": provider,
        "plan": plan,
        "hidden": hidden,
        "moved": moved,
        "sold": [{"taken": one, "unit": names[one.unit_id]} for one in plan.sold],
        "held": [{"taken": one, "unit": names[one.unit_id]} for one in plan.held],
        "shared": [names[one.pk] for one in plan.shared],
    }
    return render(request, "booking/extranet/night_preview.html", context, status=status)


# --- What is shown -------------------------------------------------------------------------------
def _unit_of(units: Sequence[Unit], query: CalendarQuery) -> Unit:
    return next((one for one in units if one.pk == query.unit), units[0])


def _months(
    units: Sequence[Unit], query: CalendarQuery, *, page: str, now: datetime
) -> dict[str, Any]:
    """Return the rows of the units of a page, with the days shown."""
    chosen = _unit_of(units, query)
    pages = Paginator(units, UNITS_SHOWN)
    # Without a page, the one on which the chosen unit is.
    number = page or str(units.index(chosen) // UNITS_SHOWN + 1)
    shown = pages.get_page(number)
    if chosen not in shown.object_list:
        chosen = shown.object_list[0]
    days = list(nights(query.first, query.ends_on))
    terms = terms_by_tariff(shown.object_list, days)
    keys, span = [one.pk for one in shown], (query.first, query.ends_on)
    unsold = [*taken_nights(keys, *span, now=now), *kept_free(keys, *span, now=now)]
    taken = by_night(unsold, *span)
    several = len({one.offer_id for one in units}) > 1
    rows = [
        UnitRow(
            unit=one,
            terms=terms[one.tariff_id],
            taken=taken.get(one.pk, {}),
            picked=query.picked if query.picked and query.picked.unit == one.pk else None,
            shows_offer=several and one.name != one.offer.title,
        )
        for one in shown
    ]
    own = next(row for row in rows if row.unit.pk == chosen.pk)
    return {
        "today": day_of(now),
        "days": days,
        "months": [month_after(query.first, number) for number in range(query.months)],
        "rows": rows,
        "page": shown,
        "chosen": own,
        "chosen_name": unit_label(chosen),
        "weeks": weeks_of(query.first),
        "figures": figures(rows, days),
        "prepares": any(
            one.state == PREPARED for of_unit in taken.values() for one in of_unit.values()
        ),
        "arrivals": arrivals(rows, query),
    }


def _around(
    provider: Provider, query: CalendarQuery, chosen: UnitRow, *, now: datetime
) -> dict[str, Any]:
    """Return the addresses around what is shown: months before and after, spans, units."""
    usual = {
        "maison": provider.slug,
        "mois": f"{query.first:%Y-%m}",
        "vue": str(query.months),
        "lieu": str(chosen.unit.pk),
    }

    def to(**other: str) -> str:
        return f"?{urlencode({**usual, **other})}"

    picked = query.picked
    this_month = day_of(now).replace(day=1)
    return {
        "previous_url": to(mois=f"{month_after(query.first, -1):%Y-%m}"),
        "next_url": to(mois=f"{month_after(query.first, 1):%Y-%m}"),
        # Nothing to go back to from where it leads.
        "today_url": "" if query.first == this_month else to(mois=f"{this_month:%Y-%m}"),
        "span_url": to(vue="1" if query.months == 3 else "3"),
        "usual": usual,
        "picked": picked_words(picked) if picked else None,
        "picked_from": f"{picked.unit}:{picked.first}" if picked and picked.is_open else "",
    }


def _initial(unit: Unit, query: CalendarQuery) -> dict[str, Any]:
    initial: dict[str, Any] = {"units": [unit.pk]}
    if query.picked:
        initial |= {"first_night": query.picked.first, "last_night": query.picked.last}
    return initial


def _address(provider: Provider, day: date) -> str:
    query = urlencode({"maison": provider.slug, "mois": f"{day:%Y-%m}"})
    return f"{reverse('extranet-calendar')}?{query}"
