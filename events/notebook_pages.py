"""An ambassador's notebook: the places that they recommend, and the page that friends read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.access import basket_for, remember_basket
from booking.basket import new_basket
from booking.forms.ambassadors import FriendsPageForm, PlaceForm
from booking.models import ReferralGift
from booking.referral_claims import ambassador_of, has_been, keep_invitation
from booking.refusals import Refusal
from booking.relations import ambassadors
from booking.relations.invitations_shown import gifts_now
from booking.views.answers import see_other, tell
from booking.views.houses import put_into
from events.recommended import place_at, shown_places
from members.access import ambassador_for
from members.rules import enrolment
from members.rules.ambassadors import MOST_PLACES

NOTEBOOK = "notebook"
# The two buttons of a place, and how their elements begin.
UP, DOWN = "monter", "descendre"


@never_cache
@login_required
@require_safe
def notebook(request: HttpRequest) -> HttpResponse:
    """Show one's places, the words around them, and where the office's reading stands."""
    return _page(request)


@require_POST
@never_cache
@login_required
def write(request: HttpRequest) -> HttpResponse:
    """Keep the name and the words of one's page."""
    ambassador = ambassador_for(request.user)
    form = FriendsPageForm(request.POST)
    if not form.is_valid():
        return _page(request, writing=form, status=422)
    data = form.cleaned_data
    return _done(
        request,
        lambda: ambassadors.write_page(
            ambassador, name=data["name"], words=data["words"], now=timezone.now()
        ),
        _("It is kept. Send it to the office when it is ready."),
    )


@require_POST
@never_cache
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Recommend one more place."""
    ambassador, now = ambassador_for(request.user), timezone.now()
    form = PlaceForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            place = place_at(data["address"], data["words"], now=now)
            ambassadors.add_place(ambassador, place, now=now)
        except Refusal as refusal:
            put_into(form, refusal)
        else:
            messages.success(
                request, _("« %(title)s » is in your notebook.") % {"title": place.title}
            )
            return see_other(NOTEBOOK)
    return _page(request, adding=form, status=422)


@require_POST
@never_cache
@login_required
def drop(request: HttpRequest) -> HttpResponse:
    """Take a place off."""
    ambassador = ambassador_for(request.user)
    kind, _blank, slug = request.POST.get("key", "").partition(" ")
    return _done(
        request,
        lambda: ambassadors.drop_place(ambassador, kind, slug, now=timezone.now()),
        _("It is taken off, your friends see it no longer."),
    )


@require_POST
@never_cache
@login_required
def move(request: HttpRequest) -> HttpResponse:
    """Put a place one step up or down; the same button has the focus again, or its neighbour."""
    ambassador = ambassador_for(request.user)
    way = UP if UP in request.POST else DOWN
    key = request.POST.get(way, "")
    kind, _blank, slug = key.partition(" ")
    by = -1 if way == UP else 1
    try:
        at = ambassadors.move_place(ambassador, kind, slug, by=by, now=timezone.now())
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other(NOTEBOOK)
    if at is None:
        messages.warning(request, _("This place is no longer in your notebook."))
        return see_other(NOTEBOOK)
    count = len(ambassadors.content_of(ambassador)["places"])
    messages.success(
        request,
        _("It is number %(number)s of %(count)s now.") % {"number": at, "count": count},
    )
    # At either end there is one button left.
    button = DOWN if at == 1 else UP if at == count else way
    return see_other(NOTEBOOK, fragment=f"#{button}-{slugify(key)}")


@require_POST
@never_cache
@login_required
def submit(request: HttpRequest) -> HttpResponse:
    """Send one's page to the office."""
    ambassador = ambassador_for(request.user)
    return _done(
        request,
        lambda: ambassadors.submit_page(ambassador, now=timezone.now()),
        _("It is sent: the office reads it and writes to you."),
    )


# --- What friends see -----------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def friend(request: HttpRequest, code: str) -> HttpResponse:
    """Welcome a friend: who invites, what they love, what is given for a first stay.

    The invitation is kept with one press, in the stay that the friend makes: looking keeps nothing.
    """
    ambassador = ambassador_of(code)
    if ambassador is None:
        if has_been(code):
            return render(request, "events/friend_over.html", status=410)
        raise Http404
    now = timezone.now()
    if request.method == "POST":
        basket = basket_for(request) or new_basket(language=get_language() or "fr", now=now)
        try:
            keep_invitation(basket, ambassador.code, now=now)
        except Refusal as refusal:
            # A stay that is being paid: it is finished, or taken back, where it stands.
            tell(request, refusal.troubles)
            return see_other("booking:my-stay")
        messages.success(
            request,
            _("%(name)s’s invitation goes with your stay.") % {"name": ambassador.first_name},
        )
        response = see_other("booking:stays")
        remember_basket(request, response, basket)
        return response
    page = ambassador.page
    places = shown_places(page.get("places", []), query=f"?ami={ambassador.code}")
    context = {
        "ambassador": ambassador,
        "name": page.get("name") or ambassador.first_name,
        "words": page.get("words", ""),
        "lang": page.get("language", "") if page.get("language") != get_language() else "",
        "places": [one for one in places if one.is_there],
        "welcomes": gifts_now(now, whom=ReferralGift.Whom.FRIEND),
    }
    return render(request, "events/friend.html", context)


# --- Inside ---------------------------------------------------------------------------------------
def _page(
    request: HttpRequest,
    *,
    writing: FriendsPageForm | None = None,
    adding: PlaceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    ambassador = ambassador_for(request.user)
    content = ambassadors.content_of(ambassador)
    places = shown_places(content["places"])
    initial: dict[str, Any] = {
        "name": content["name"] or ambassador.first_name,
        "words": content["words"],
    }
    state = ambassador.page_state
    context = {
        "ambassador": ambassador,
        "form": writing or FriendsPageForm(initial=initial),
        "place_form": adding or PlaceForm(),
        "places": places,
        "is_full": len(places) >= MOST_PLACES,
        "may_send": bool(ambassador.draft) and state != enrolment.SUBMITTED,
        "is_shown": bool(ambassador.page),
        "has_draft": bool(ambassador.draft),
        "page_errors": status != 200,
    }
    return render(request, "events/notebook.html", context, status=status)


def _done(request: HttpRequest, case: Callable[[], Any], told: str) -> HttpResponse:
    """Do one thing and say so, or say why not."""
    try:
        case()
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, told)
    return see_other(NOTEBOOK)
