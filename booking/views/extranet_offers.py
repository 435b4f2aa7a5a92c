"""The hosts' offers: their list, a new one, its list of tasks, what is done with it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import offer_life, offer_opening, offer_reviews
from booking.access import offer_for_provider
from booking.forms.offers import CopyForm, NewOfferForm
from booking.models import Offer, OfferReview
from booking.offer_content import SHOWN, has_pending
from booking.offer_opening import NewOffer
from booking.offer_tasks import progress_of
from booking.offer_words import standing_words, waiting_words
from booking.pictures import covers
from booking.refusals import Refusal
from booking.showing import offer_url
from booking.views.answers import see_other, tell
from booking.views.houses import houses_of, named_house, shown_house
from booking.views.offer_pages import (
    check_rows,
    field_rows,
    frame,
    own_offer,
    task_rows,
    task_url,
)
from destination.mentions import addresses_of, pages_naming
from members.access import owned_by, owned_provider_for
from members.journal import Actor
from members.models import Provider
from oti.lib.dates import today as day_of

UseCase = Callable[..., Any]
# What the list does at a press; the rest is done on the offer's own page.
IN_THE_LIST = frozenset({"pause", "resume", "copy"})
# What a draft lacks is asked with several questions: of the first ones only.
DRAFTS_LOOKED_AT = 6
# Drafts and what is online first, what was put away last.
ORDER = (Offer.State.DRAFT, Offer.State.PUBLISHED, Offer.State.PAUSED, Offer.State.ARCHIVED)


@never_cache
@login_required
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """List the offers of a house: where each stands, and what can be done with it."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    provider = shown_house(providers, request.GET.get("maison", ""))
    may_edit = provider.pk in owned_by(request.user)
    own = list(
        Offer.objects.filter(provider=provider).select_related("commune", "provider", "review")
    )
    own.sort(key=lambda one: (ORDER.index(Offer.State(one.state)), one.title, one.pk))
    photos = covers(own)
    today = day_of(timezone.now())
    context = {
        "providers": providers,
        "provider": provider,
        "may_edit": may_edit,
        "rows": [
            {
                **_row(one),
                "picture": photos.get(one.pk),
                "missing": _missing(one, today) if place < DRAFTS_LOOKED_AT else None,
                "actions": [
                    (do, words)
                    for do, words in _actions(one, _review(one))
                    if do in IN_THE_LIST and one.state != Offer.State.DRAFT
                ],
                "move_url": reverse("extranet-offer-move", args=[one.pk]),
            }
            for place, one in enumerate(own)
        ],
        "new_url": f"{reverse('extranet-offer-new')}?{urlencode({'provider': provider.slug})}",
    }
    return render(request, "booking/extranet/offers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Ask what an offer is, what it is called and where; then lead through its tasks."""
    provider = owned_provider_for(request.user, named_house(request).slug)
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = NewOfferForm(data, provider=provider, today=day_of(now))
    if data is None:
        return _new_page(request, provider, form)
    if not form.is_valid():
        return _new_page(request, provider, form, status=422)
    kind, lodging_type = form.kind_and_type
    asked = NewOffer(
        kind=kind,
        lodging_type=lodging_type,
        title=form.cleaned_data["title"],
        commune_id=form.cleaned_data["commune"].pk,
    )
    try:
        made = offer_opening.open_offer(provider, asked, actor=Actor.person(request.user), now=now)
    except Refusal as refusal:
        form.tell(refusal)
        return _new_page(request, provider, form, status=refusal.status)
    messages.success(
        request, _("It is begun, and kept as you go: leave and come back whenever you like.")
    )
    return see_other(task_url(made, own_offer(request, made.pk, now=now).progress.next_after("")))


@never_cache
@login_required
@require_safe
def offer_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tasks of one offer, what is missing, how good its page is."""
    own = own_offer(request, pk, now=timezone.now())
    context = {
        **frame(own),
        "tasks": task_rows(own),
        "checks": check_rows(own),
        "progress": own.progress,
        "public_url": offer_url(own.offer) if own.offer.is_published else "",
        "actions": _actions(own.offer, own.review),
        # Where visitors come from: pages that would lead to nothing once it is put away.
        "named_by": pages_naming(addresses_of(own.offer)) if own.is_shown else [],
    }
    return render(request, "booking/extranet/offer.html", context)


@require_POST
@never_cache
@login_required
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Send, pause, take up again, put away or copy one offer, or forget its changes."""
    offer = offer_for_provider(request.user, pk, to_change=True)
    actor, now = Actor.person(request.user), timezone.now()
    asked = request.POST.get("do", "")
    if asked == "copy":
        return _copy(request, offer, actor=actor, now=now)
    if asked not in MOVES:
        raise Http404
    use_case, told = MOVES[asked]
    try:
        use_case(offer, actor=actor, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
    else:
        messages.success(request, told() % {"title": offer.title})
    return see_other("extranet-offer", offer.pk)


MOVES: dict[str, tuple[UseCase, Callable[[], str]]] = {
    "submit": (
        offer_reviews.submit_offer,
        lambda: _("« %(title)s » is with the office: it reads it and writes to you."),
    ),
    "drop": (
        offer_reviews.drop_changes,
        lambda: _("The changes of « %(title)s » are forgotten: the page stays as it is."),
    ),
    "pause": (
        offer_life.pause_by_host,
        lambda: _("« %(title)s » is paused: nobody books it, what is booked is honoured."),
    ),
    "resume": (offer_life.resume_by_host, lambda: _("« %(title)s » is online again.")),
    "archive": (offer_life.archive_by_host, lambda: _("« %(title)s » is put away.")),
}


def _copy(request: HttpRequest, offer: Offer, *, actor: Actor, now: datetime) -> HttpResponse:
    form = CopyForm(request.POST)
    given = form.cleaned_data["title"] if form.is_valid() else ""
    title = given or _("%(title)s (copy)") % {"title": offer.title_fr[:110]}  # type: ignore[attr-defined]
    try:
        made = offer_opening.copy_offer(offer, title=title, actor=actor, now=now)
    except Refusal as refusal:
        tell(request, refusal.troubles)
        return see_other("extranet-offer", offer.pk)
    messages.success(
        request, _("Here is the copy: give it its own title. Dates and bookings aren’t copied.")
    )
    return see_other("extranet-offer", made.pk)


def _review(offer: Offer) -> OfferReview:
    """Return the review that was read with an offer, a blank one where nobody touched it yet."""
    return offer.review if hasattr(offer, "review") else OfferReview(offer=offer)


def _missing(offer: Offer, today: date) -> int | None:
    """Return how much of a draft is to be done, None for what isn't one."""
    if offer.state != Offer.State.DRAFT:
        return None
    progress = progress_of(offer, _review(offer), today=today)
    return len(progress.tasks) - progress.done


def _row(offer: Offer) -> dict[str, Any]:
    review = _review(offer)
    label, kind = standing_words(offer, review)
    row: dict[str, Any] = {
        "offer": offer,
        "title": review.pending.get("fields", {}).get("title_fr") or offer.title,
        "standing": label,
        "standing_kind": kind,
        "remarks": len(review.remarks),
        "url": reverse("extranet-offer", args=[offer.pk]),
        "kind_words": offer.get_lodging_type_display() or offer.get_kind_display(),
    }
    if offer.state in SHOWN and has_pending(review):
        row["waiting"], row["waiting_kind"] = waiting_words(review)
    return row


def _actions(offer: Offer, review: OfferReview) -> list[tuple[str, str]]:
    """Return what may be done with an offer as a whole beside sending it: (move, words)."""
    words = {
        "pause": pgettext("offer", "Pause"),
        "resume": _("Take it up again"),
        "copy": _("Copy"),
        "archive": _("Put away"),
    }
    possible = {
        Offer.State.DRAFT: ("copy", "archive"),
        Offer.State.PUBLISHED: ("pause", "copy", "archive"),
        Offer.State.PAUSED: ("resume", "copy", "archive"),
        Offer.State.ARCHIVED: ("copy",),
    }[Offer.State(offer.state)]
    if offer.state == Offer.State.PAUSED and not review.is_paused_by_host:
        possible = ("copy", "archive")
    return [(one, words[one]) for one in possible]


def _new_page(
    request: HttpRequest, provider: Provider, form: NewOfferForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "rows": field_rows(form, {}),
        "page_errors": bool(form.errors),
        "has_kinds": bool(form.fields["kind"].choices),  # type: ignore[attr-defined]
    }
    return render(request, "booking/extranet/offer_new.html", context, status=status)
