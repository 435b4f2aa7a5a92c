"""Greeters as visitors see them: the list with its filters, one of them, the form of a request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking import meeting_words as words
from booking.access import basket_for, order_for
from booking.forms.meetings import MeetingForm
from booking.models import Basket
from booking.pictures import of_image
from booking.refusals import Refusal
from booking.relations import asking
from booking.relations.access import remember_meeting
from booking.rules.meetings import first_possible
from booking.stay_view import view_basket
from booking.views.answers import see_other
from destination.models.territory import pole_by_commune, poles_on
from destination.spoken import language_of
from members.addresses import has_proved
from members.models import Greeter
from members.rules.greeters import INTERESTS, LANGUAGES
from oti.lib.clients import client_network, count
from oti.lib.codes import secret_token
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

# One network may ask so often in an hour: a hotel's is one too.
TRIES, SECONDS = 8, 3600


@require_safe
def greeters(request: HttpRequest) -> HttpResponse:
    """List the greeters; pole, language and interest filter them, in the address."""
    today = day_of(timezone.now())
    pole_of = pole_by_commune(today)
    poles = [(one.slug, one.name) for one in poles_on(today)]
    rows = list(
        Greeter.objects.shown()
        .select_related("commune", "photo")
        .prefetch_related("photo__renditions")
        .order_by("commune__name", "first_name", "pk")
    )
    chosen = {
        "pole": _known(request, "pole", {slug for slug, _name in poles}),
        "langue": _known(request, "langue", set(LANGUAGES)),
        "envie": _known(request, "envie", set(INTERESTS)),
    }
    said = [(one, _said(one, pole_of)) for one in rows]
    context = {
        "cards": [_card(one, pole_of) for one, has in said if _passes(has, chosen)],
        "groups": [
            {"label": label, "chips": _chips(said, chosen, name, options)}
            for name, label, options in (
                ("pole", _("Where"), poles),
                ("langue", _("Languages"), [*words.LANGUAGE_WORDS.items()]),
                (
                    "envie",
                    _("What you like"),
                    [(code, capfirst(word)) for code, word in words.INTEREST_WORDS.items()],
                ),
            )
        ],
        "has_any": bool(rows),
        "is_faceted": bool(request.GET),
        "all_url": reverse("booking:greeters"),
    }
    return render(request, "booking/greeters.html", context)


def _said(one: Greeter, pole_of: Any) -> dict[str, list[str]]:
    """Return what each filter looks at."""
    pole = pole_of.get(one.commune_id)
    return {
        "pole": [pole.slug] if pole else [],
        "langue": one.languages,
        "envie": one.interests,
    }


def _passes(has: dict[str, list[str]], chosen: dict[str, str], left_out: str = "") -> bool:
    return all(
        name == left_out or not value or value in has[name] for name, value in chosen.items()
    )


def _chips(
    said: Sequence[tuple[Greeter, dict[str, list[str]]]],
    chosen: dict[str, str],
    name: str,
    options: Sequence[tuple[str, Any]],
) -> list[dict[str, Any]]:
    """Return one filter as links, each with how many it would show beside the other choices."""
    others = [has for _one, has in said if _passes(has, chosen, name)]
    found = []
    for code, label in options:
        count_of = sum(code in has[name] for has in others)
        is_active = chosen[name] == code
        if count_of or is_active:
            found.append(
                {
                    "label": str(label),
                    "url": _query({**chosen, name: "" if is_active else code}),
                    "is_active": is_active,
                    "count": count_of,
                    "id": f"{name}-{code}",
                }
            )
    return found


def _known(request: HttpRequest, name: str, values: set[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in values else ""


def _query(chosen: dict[str, str]) -> str:
    kept = {name: value for name, value in chosen.items() if value}
    base = reverse("booking:greeters")
    return f"{base}?{urlencode(kept)}" if kept else base


def _card(one: Greeter, pole_of: Any) -> dict[str, Any]:
    return {
        "greeter": one,
        "url": reverse("booking:greeter", args=[one.slug]),
        "image": of_image(one.photo),
        "drawing": one.portrait or "greeter",
        "pole": pole_of.get(one.commune_id),
        "languages": words.languages_of(one),
        "interests": words.interests_of(one.interests),
        "lang": language_of(one, "about"),
    }


@require_safe
def greeter(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one greeter: a first name, a commune, their words; no address, no phone.

    Of one who pauses nothing is shown: a kept link leads to the others.
    """
    rows = Greeter.objects.in_public().select_related("commune", "photo")
    one = get_object_or_404(rows, slug=slug)
    if one.is_paused:
        messages.info(request, _("This greeter takes a break. Others are glad to meet you."))
        return see_other("booking:greeters")
    today = day_of(timezone.now())
    is_away = one.away_until is not None and one.away_until >= today
    context = {
        **_card(one, pole_by_commune(today)),
        "places_lang": language_of(one, "places"),
        "weekdays": words.weekdays_of(one),
        "is_away": is_away and (one.away_from is None or one.away_from <= today),
        "ask_url": f"{reverse('booking:greeter-ask')}?{urlencode({'greeter': one.slug})}",
    }
    return render(request, "booking/greeter.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a meeting: of one greeter who is named in the address, or of those who suit."""
    now = timezone.now()
    wished = _wished(request)
    stay, initial = _stay_of(request, now=now)
    if request.method != "POST":
        form = MeetingForm(initial={**initial, "press": secret_token()})
        return _ask_page(request, form, wished, now=now)
    form = MeetingForm(request.POST)
    if not form.is_valid():
        return _ask_page(request, form, wished, now=now, status=422)
    # What is to be put right asks nobody: it isn't counted.
    if _asks_too_often(request):
        messages.error(request, _("Many requests came from here: try again in an hour."))
        return _ask_page(request, form, wished, now=now, status=429)
    pole = pole_by_commune(day_of(now)).get(wished.commune_id) if wished else None
    try:
        asked = asking.ask_meeting(
            form.given(pole=pole.slug if pole else ""),
            wished=wished,
            basket=stay,
            user=request.user if request.user.is_authenticated else None,
            is_proved=_is_proved(request, form.cleaned_data["email"]),
            now=now,
        )
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _ask_page(request, form, wished, now=now, status=refusal.status)
    remember_meeting(request, asked)
    return see_other("booking:meeting", asked.code)


def _ask_page(
    request: HttpRequest,
    form: MeetingForm,
    wished: Greeter | None,
    *,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "wished": wished,
        "action": f"?{request.GET.urlencode()}" if request.GET else "",
        "first_day": first_possible(day_of(now), notice_days=asking.notice_days()),
        "page_errors": status != 200,
    }
    return render(request, "booking/greeter_ask.html", context, status=status)


def _wished(request: HttpRequest) -> Greeter | None:
    slug = request.GET.get("greeter", "")
    return Greeter.objects.shown().filter(slug=slug[:50]).first() if slug else None


def _stay_of(request: HttpRequest, *, now: datetime) -> tuple[Basket | None, dict[str, Any]]:
    """Return the stay that a meeting belongs to, and what is known of it for the form.

    An order that the address names must be one that this visitor may see.
    """
    known: dict[str, Any] = {"languages": [(request.LANGUAGE_CODE or "fr")[:2]]}
    if request.user.is_authenticated:
        known |= {"email": request.user.email, "first_name": request.user.first_name}
    reference = request.GET.get("voyage", "")
    if reference:
        order = order_for(request, reference[:20])
        spans = list(order.lines.values_list("starts_at", "ends_at"))
        known |= {"first_name": order.first_name, "email": order.email, "phone": order.phone}
        days = [(paris(start).date(), paris(end).date()) for start, end in spans]
        return order.basket, known | _days(days, today=day_of(now))
    basket = basket_for(request)
    if basket is None or basket.state == Basket.State.ORDERED:
        return None, known
    view = view_basket(basket, now=now)
    if not view.lines:
        return basket, known
    return basket, known | _days([(view.first_day, view.last_day)], today=day_of(now))


def _is_proved(request: HttpRequest, email: str) -> bool:
    """Tell whether this visitor reads an address: by their account, or by a stay paid with it."""
    user = request.user
    if user.is_authenticated and has_proved(user, email):
        return True
    reference = request.GET.get("voyage", "")
    if not reference:
        return False
    order = order_for(request, reference[:20], to_change=True)
    return order.confirmed_at is not None and order.email.lower() == email.lower()


def _days(spans: list[tuple[date, date]], *, today: date) -> dict[str, Any]:
    """Return the days of a stay that may be asked for."""
    if not spans:
        return {}
    first, last = min(one for one, _end in spans), max(end for _start, end in spans)
    earliest = first_possible(today, notice_days=asking.notice_days())
    return {"first_day": max(first, earliest), "last_day": last} if last >= earliest else {}


def _asks_too_often(request: HttpRequest) -> bool:
    """Count by address of the client; without the cache everybody is let through."""
    window = int(time.time() // SECONDS)
    [tries] = count([f"ask-meeting:{client_network(request)}:{window}"], SECONDS)
    return bool(settings.RATE_LIMITS) and tries > TRIES
