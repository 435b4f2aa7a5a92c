"""My stay: the thread, the hold, and every change of a line."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import basket as baskets
from booking import package_words, showing
from booking.access import basket_for, last_order_of, remember_basket
from booking.forms.basket import read_line
from booking.minding import find_unminded, may_go_out
from booking.models import Basket, BasketLine
from booking.packages import standing_of
from booking.pairing import plan_in
from booking.referral_claims import keep_invitation
from booking.refusals import Refusal, WrongState, trouble
from booking.rules import states
from booking.stay_view import BasketView, LineView, view_basket
from booking.views import line_pages
from booking.views import minding as minding_pages
from booking.views.answers import see_other, tell, told_at
from booking.views.meetings import in_basket_days, meetings_beside
from destination.templatetags.velay import euros, heure

MY_STAY = "booking:my-stay"


@never_cache
@require_safe
def my_stay(request: HttpRequest) -> HttpResponse:
    """Show the stay day by day, until when it is held, and what it costs."""
    now = timezone.now()
    basket = basket_for(request)
    view = view_basket(basket, now=now) if basket else None
    if view is None or not view.lines:
        order = last_order_of(request)
        is_bought = order is not None and order.state in {states.CONFIRMED, states.CANCELLED}
        empty = {"last_order": order if is_bought else None, **meetings_beside(request, basket)}
        return render(request, "booking/my_stay_empty.html", empty)
    standing = standing_of(view, language=get_language() or "fr", now=now)
    context: dict[str, Any] = {
        "view": view,
        "package": package_words.banner_of(standing),
        "can_book": view.can_check_out and not standing.obstacles,
        "hold": _hold(view),
        "days": showing.stay_days(view),
        "party": showing.party_of(view),
        "rows": showing.total_rows(view),
        "asked": showing.asked_rows_of(view),
        "rules": showing.rules_of(view, now=now),
        "promises": showing.promises_of(view, now=now),
        # The header's, without asking for it again.
        "stay_badge": {"count": len(view.lines), "held_until": view.held_until},
        "order": line_pages.order_under_way(view.basket) if view.is_frozen else None,
        "uncounted": len(view.lines) - len(view.counted) - len(view.asked),
        "unminded": [] if view.is_frozen else minding_pages.unminded_rows(view, now=now),
        "tight": [] if view.is_frozen else minding_pages.tight_rows(view),
        "outings": [] if view.is_frozen else minding_pages.outing_rows(view),
        "on_foot": plan_in(view).on_foot,
    }
    beside = meetings_beside(request, basket)
    in_basket_days(context["days"], beside)
    return render(request, "booking/my_stay.html", context | beside)


@never_cache
@require_POST
def add_line(request: HttpRequest) -> HttpResponse:
    """Hold something and put it into the stay, or say why not without losing what was asked."""
    now = timezone.now()
    basket = basket_for(request) or baskets.new_basket(language=get_language() or "fr", now=now)
    try:
        line = baskets.add_to_basket(basket, read_line(request.POST), now=now)
    except Refusal as refusal:
        response = line_pages.refused(request, basket, refusal, now=now)
    else:
        _keep_friend(request, basket, now=now)
        messages.success(request, _added_words(basket, line))
        response = see_other(MY_STAY)
    remember_basket(request, response, basket)
    return response


def _keep_friend(request: HttpRequest, basket: Basket, *, now: datetime) -> None:
    """Keep who invited, where the page that was added from says so and nobody has yet."""
    came_from = ""
    with suppress(ValueError):
        came_from = urlsplit(request.POST.get("next", "")).query
    code = parse_qs(came_from).get("ami", [""])[0]
    if code and not basket.friend_code:
        # A code that ended is no reason to refuse what was chosen.
        with suppress(Refusal):
            keep_invitation(basket, code, now=now)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Change dates, persons, slot or options of a line; it keeps its place."""
    now = timezone.now()
    basket = _basket(request)
    view = view_basket(basket, now=now)
    line = _line(view, pk)
    if line is None or view.is_frozen:
        tell(request, [trouble("frozen" if view.is_frozen else "line_unknown")])
        return see_other(MY_STAY)
    # Without script, "update" only asks for one age field for each child.
    if request.method != "POST" or "update" in request.POST:
        return line_pages.edit(request, view, line, now=now)
    try:
        baskets.change_line(basket, pk, read_line(request.POST), now=now)
    except Refusal as refusal:
        return line_pages.edit(request, view, line, refusal=refusal, now=now)
    _tell_change(request, line, view_basket(basket, now=now))
    return see_other(MY_STAY)


@never_cache
@require_safe
def minding(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who looks after the children meanwhile; where nobody is asked for, the stay itself."""
    now = timezone.now()
    view = view_basket(_basket(request), now=now)
    if _line(view, pk) is None:
        raise Http404
    unminded = next((one for one in find_unminded(view, now=now) if one.line.line.pk == pk), None)
    if unminded is None or view.is_frozen:
        return see_other(MY_STAY)
    return minding_pages.minding(request, view, unminded, now=now)


@never_cache
@require_safe
def for_two(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the grown-ups can do during childcare; for any other line, the stay itself."""
    now = timezone.now()
    view = view_basket(_basket(request), now=now)
    if _line(view, pk) is None:
        raise Http404
    care = next((one for one in may_go_out(view) if one.line.pk == pk), None)
    if care is None or view.is_frozen:
        return see_other(MY_STAY)
    return minding_pages.for_two(request, view, care, now=now)


@never_cache
@require_POST
@told_at(MY_STAY)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line out; a second click does nothing more."""
    basket = _basket(request)
    line = basket.lines.select_related("offer").filter(pk=pk).first()
    baskets.remove_line(basket, pk, now=timezone.now())
    if line is None:
        messages.success(request, _("It is no longer in your stay."))
    else:
        text = _("« %(title)s » is no longer in your stay.") % {"title": line.offer.title}
        messages.success(request, text)
    return see_other(MY_STAY)


@never_cache
@require_POST
@told_at(MY_STAY)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the new price of a line."""
    baskets.accept_price(_basket(request), pk, now=timezone.now())
    messages.success(request, _("The new price is noted."))
    return see_other(MY_STAY)


@never_cache
@require_POST
@told_at(MY_STAY)
def extend(request: HttpRequest) -> HttpResponse:
    """Keep everything a quarter of an hour more."""
    baskets.extend_hold(_basket(request), now=timezone.now())
    return see_other(MY_STAY, fragment="#hold")


@never_cache
@require_POST
@told_at(MY_STAY)
def renew(request: HttpRequest) -> HttpResponse:
    """Ask again for everything that lapsed; only what is gone stays marked."""
    basket = _basket(request)
    if basket.state != Basket.State.OPEN:
        raise WrongState(trouble("frozen"))
    gone = baskets.renew_holds(basket, now=timezone.now())
    if gone and all(one.code == "now_on_request" for one in gone):
        tell(request, gone)
    elif gone:
        messages.warning(request, _("What can still be had is held again. The rest is marked."))
    else:
        messages.success(request, _("Everything is held for you again."))
    return see_other(MY_STAY)


def _added_words(basket: Basket, line: BasketLine) -> str:
    params = {"title": line.offer.title, "hour": heure(basket.expires_at)}
    if line.is_on_request:
        text = _("« %(title)s » is in your stay, on request: nothing is kept for you yet.")
    else:
        text = _("« %(title)s » is in your stay, held for you until %(hour)s.")
    return text % params


def _basket(request: HttpRequest) -> Basket:
    """Return the visitor's basket; without one there is nothing to change."""
    basket = basket_for(request)
    if basket is None:
        raise Http404
    return basket


def _line(view: BasketView, pk: int) -> LineView | None:
    return next((one for one in view.lines if one.line.pk == pk), None)


def _hold(view: BasketView) -> dict[str, Any]:
    return {
        "held_until": view.held_until,
        "is_lapsed": view.is_lapsed,
        "has_asked": bool(view.asked),
        "is_last": not view.can_extend,
        "extend_url": see_other("booking:hold-extend").url,
        "renew_url": see_other("booking:hold-renew").url,
    }


def _tell_change(request: HttpRequest, before: LineView, view: BasketView) -> None:
    after = _line(view, before.line.pk)
    if after is not None and after.is_on_request:
        text = _("The change is noted. It is on request: nothing is kept for you yet.")
        messages.success(request, text)
        return
    if after is None or after.amount == before.amount:
        messages.success(request, _("The change is held for you, at the same price."))
        return
    text = _("The change is held for you: %(new)s instead of %(old)s.")
    sums = {"new": euros(after.amount), "old": euros(before.amount)}
    messages.success(request, text % sums)
