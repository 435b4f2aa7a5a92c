"""A house's own page of booking, made to stand in its own site: no script, no cookie, no account.

It shows what a house sells, and the basket of the signed token in the address. It never looks at
who is signed in, so that whatever frames it has nothing to steal; what it changes is proved by the
token, not by a cookie (features.md H10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from csp.constants import NONE, SELF
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import browsing, cards, showing, widget
from booking.access import basket_for, remember_basket
from booking.forms.basket import read_line
from booking.forms.search import SearchForm
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer
from booking.refusals import Refusal, Trouble
from booking.stay_view import BasketView, view_basket
from booking.views.answers import SeeOther, see_other, tell
from booking.views.experiences import slot_panel
from booking.views.offers import calendar_part, price_box
from booking.widget_sites import sites_of
from members.models import Provider
from oti.lib.dates import today as day_of

MOST_FIELDS = 80
# What a form of the page says beside what is asked for.
OF_THE_FORM = {"cle", "next", "wish", "csrfmiddlewaretoken", "for_others", "instead_of"}


@dataclass(frozen=True)
class Shown:
    """What a page of the widget is about: whose it is, which basket, what was wrong."""

    house: Provider
    basket: Basket | None
    is_token_lost: bool = False
    troubles: tuple[Trouble, ...] = ()
    # What was asked for and refused, to be asked again.
    again: tuple[tuple[str, str], ...] = ()


@never_cache
@require_safe
def page(request: HttpRequest, house: str) -> HttpResponse:
    """Show what a house sells on the dates of the address, and what was chosen so far."""
    owner = _house(house)
    if owner.state != Provider.State.ACTIVE:
        return _framed(render(request, "booking/widget_closed.html", status=410), owner)
    token = request.GET.get("cle", "")
    basket = widget.basket_of_token(owner, token)
    shown = Shown(owner, basket, is_token_lost=bool(token) and basket is None)
    return _framed(_rendered(request, shown, status=200), owner)


@csrf_exempt
@never_cache
@require_POST
def basket(request: HttpRequest, house: str) -> HttpResponse:
    """Add something to the basket of the token, or take it out; a first add begins one."""
    owner = _house(house)
    if owner.state != Provider.State.ACTIVE:
        return _framed(render(request, "booking/widget_closed.html", status=410), owner)
    now = timezone.now()
    token = request.POST.get("cle", "")
    mine = widget.basket_of_token(owner, token)
    try:
        if request.POST.get("wish") == "remove":
            current = widget.remove_in_widget(mine, _number(request.POST.get("line")), now=now)
        else:
            # A form of an hour ago whose basket was carried away begins another one, and says so.
            language = get_language() or "fr"
            wish = read_line(request.POST)
            current = widget.add_in_widget(owner, mine, wish, language=language, now=now)
    except Refusal as refusal:
        return _refused(request, Shown(owner, mine), refusal)
    query = _query_of(request.POST.get("next", ""))
    # What was chosen is theirs: asked for again, these nights would be taken.
    for name in ("arrival", "departure", "first_day", "last_day"):
        query.pop(name, None)
    query["cle"] = widget.token_of(owner, current)
    return _framed(SeeOther(f"{_address(owner)}?{query.urlencode()}#choix"), owner)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def onward(request: HttpRequest, house: str) -> HttpResponse:
    """Show on the site itself what was chosen in a widget, and make it the visitor's stay.

    Never framed; with a form of ours, so that nobody else's page can put something into a stay.
    """
    owner = _house(house)
    token = request.POST.get("cle", "") or request.GET.get("cle", "")
    mine = widget.basket_of_token(owner, token)
    if mine is None:
        return see_other("booking:my-stay")
    now = timezone.now()
    own = basket_for(request)
    if request.method == "POST":
        try:
            carried = widget.carry_over(mine, own, now=now)
        except Refusal as refusal:
            tell(request, refusal.troubles)
            return see_other("booking:my-stay")
        response = see_other("booking:my-stay")
        remember_basket(request, response, carried)
        return response
    view = view_basket(mine, now=now)
    context = {
        "house": owner,
        "token": token,
        "lines": _lines(view),
        "total": view.total,
        "held_until": view.held_until,
        "joins": own is not None and own.lines.exists(),
        "back": f"{_address(owner)}?{urlencode({'cle': token})}",
    }
    return render(request, "booking/widget_onward.html", context)


# --- What the page shows -------------------------------------------------------------------------
def _rendered(request: HttpRequest, shown: Shown, *, status: int) -> HttpResponse:
    now = timezone.now()
    # Whatever asks for the visitor's basket is given that of the token; the cookie isn't read.
    request._basket = shown.basket  # type: ignore[attr-defined]
    token = widget.token_of(shown.house, shown.basket) if shown.basket else ""
    if token:
        data = request.GET.copy()
        data["cle"] = token
        request.GET = data  # type: ignore[assignment]
    keys = widget.offers_in_widget(shown.house, now=now)
    found = kept_offers(keys)
    offers = [found[pk] for pk in keys if pk in found]
    wanted = request.GET.get("offre", "")
    chosen = next((one for one in offers if one.slug == wanted), None)
    if chosen is None and len(offers) == 1 and not wanted:
        chosen = offers[0]
    view = view_basket(shown.basket, now=now) if shown.basket else None
    context: dict[str, Any] = {
        "house": shown.house,
        "token": token,
        "offers": _cards(offers, token, now=now) if chosen is None else [],
        "is_alone": len(offers) == 1,
        "is_gone": bool(wanted) and chosen is None,
        "offer": chosen,
        "list_url": _link(shown.house, token),
        "stay": _stay(view, token, shown.house) if view and view.lines else None,
        "is_token_lost": shown.is_token_lost,
        "troubles": shown.troubles,
        "again": shown.again,
        "bed_had": next((one.params for one in shown.troubles if one.code == "has_bed"), None),
        "add_url": _add_url(shown.house),
        "back": request.get_full_path(),
        # Its forms are proved by the key: no cookie is set for them.
        "csrf_token": "",
    }
    if chosen is not None:
        context |= _of_offer(request, shown.house, chosen, token, now=now)
    if context["is_gone"] and status == 200:
        status = 404
    return render(request, "booking/widget.html", context, status=status)


def _of_offer(
    request: HttpRequest, house: Provider, offer: Offer, token: str, *, now: datetime
) -> dict[str, Any]:
    """Return the price and the dates of one offer, as its page on the site has them."""
    form = SearchForm(request.GET, today=day_of(now))
    if offer.is_lodging:
        context = price_box(request, offer, form, now=now)
        context |= {
            "search": form.for_component(request.path),
            "month": calendar_part(request, offer, form, now=now),
        }
    else:
        context = slot_panel(request, offer, form, now=now)
    hidden = [("offre", offer.slug), *([("cle", token)] if token else [])]
    kept = [one for one in context["search"]["hidden"] if one[0] not in {"offre", "cle"}]
    context["search"] |= {"hidden": [*kept, *hidden]}
    context["is_lodging"] = offer.is_lodging
    found: dict[str, Any] = _led_here(context, _add_url(house), token)
    return found


def _led_here(value: Any, address: str, token: str) -> Any:
    """Return what a page shows with every form that adds to the stay leading to this widget."""
    if isinstance(value, dict):
        found = {name: _led_here(one, address, token) for name, one in value.items()}
        if value.get("url") == reverse("booking:line-add") and "fields" in value:
            found["url"] = address
            found["fields"] = [*value["fields"], *([("cle", token)] if token else [])]
        return found
    if isinstance(value, list):
        return [_led_here(one, address, token) for one in value]
    return value


def _cards(offers: list[Offer], token: str, *, now: datetime) -> list[dict[str, Any]]:
    lowest = browsing.lowest_nights([one.pk for one in offers if one.is_lodging], today=day_of(now))
    found = []
    for offer in offers:
        price = None if offer.is_lodging else cards.from_price(offer)
        if offer.is_lodging and offer.pk in lowest:
            price = {"amount": lowest[offer.pk], "note": _("a night, at the lowest")}
        query = {"offre": offer.slug, **({"cle": token} if token else {})}
        found.append({"offer": offer, "price": price, "url": f"?{urlencode(query)}"})
    return found


def _stay(view: BasketView, token: str, house: Provider) -> dict[str, Any]:
    """Return the basket below the offers, and the way to the site that sells it."""
    onward = reverse("booking:widget-onward", args=[house.slug])
    return {
        "lines": _lines(view),
        "total": view.total,
        "tax_on_site": view.tourist_tax_on_site,
        "held_until": view.held_until,
        "is_lapsed": view.is_lapsed,
        "url": f"{onward}?{urlencode({'cle': token})}",
    }


def _lines(view: BasketView) -> list[dict[str, Any]]:
    return [
        {
            "pk": one.line.pk,
            "title": one.offer.title,
            "when": showing.line_when(one.line, one.offer.kind, one.starts_at, one.ends_at),
            "amount": one.amount,
            "troubles": [trouble.message for trouble in one.troubles],
            "is_held": one.is_held,
        }
        for one in view.lines
    ]


# --- Answers -------------------------------------------------------------------------------------
def _refused(request: HttpRequest, shown: Shown, refusal: Refusal) -> HttpResponse:
    """Show the page that was looked at again, with why and what was asked for."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in OF_THE_FORM
        for value in values
    ]
    told = Shown(
        shown.house,
        shown.basket,
        troubles=tuple({one.message: one for one in refusal.troubles}.values()),
        again=tuple(fields[:MOST_FIELDS]),
    )
    request.GET = _query_of(request.POST.get("next", ""))
    return _framed(_rendered(request, told, status=refusal.status), shown.house)


def _framed(response: HttpResponse, house: Provider) -> HttpResponse:
    """Let the sites of this house frame an answer, and nobody else's; nothing runs in it."""
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    response._csp_replace = {  # type: ignore[attr-defined]
        "frame-ancestors": [SELF, *sites_of(house)],
        "script-src": [NONE],
        "connect-src": [NONE],
        "form-action": [SELF],
    }
    response["X-Robots-Tag"] = "noindex"
    return response


def _house(slug: str) -> Provider:
    """Return a house that is, or was, approved; raises Http404 for any other."""
    known = [Provider.Enrolment.APPROVED, Provider.Enrolment.SUSPENDED]
    return get_object_or_404(Provider, slug=slug, enrolment__in=known)


def _address(house: Provider) -> str:
    return reverse("booking:widget", args=[house.slug])


def _add_url(house: Provider) -> str:
    return reverse("booking:widget-basket", args=[house.slug])


def _link(house: Provider, token: str) -> str:
    return f"{_address(house)}?{urlencode({'cle': token})}" if token else _address(house)


def _query_of(address: str) -> QueryDict:
    """Return the parameters of the page that was looked at; nonsense has none."""
    try:
        query = urlsplit(address[:2000]).query
    except ValueError:
        query = ""
    found = QueryDict(query, mutable=True)
    found.pop("cle", None)
    return found


def _number(text: str | None) -> int:
    cleaned = (text or "").strip()
    if not (cleaned.isascii() and cleaned.isdecimal() and len(cleaned) < 18):
        raise Http404
    return int(cleaned)
