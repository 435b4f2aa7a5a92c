"""What the pages of a host's offer share: whose it is, where it stands, its questions in rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.access import offer_for_provider
from booking.forms.offers import OfferForm
from booking.models import Offer, OfferReview
from booking.offer_content import SHOWN, has_pending, is_to_read, review_of
from booking.offer_tasks import (
    ACCESS,
    DATES,
    DESCRIPTION,
    DONE,
    FIELD_TASKS,
    LANGUAGES_TASK,
    OPTIONAL,
    PHOTOS,
    Progress,
    progress_of,
    tasks_of,
)
from booking.offer_words import (
    CHECK_TASKS,
    CHECK_WORDS,
    REMARK_WORDS,
    STANDING_WORDS,
    standing_words,
    task_words,
    waiting_words,
)
from booking.views.answers import see_other
from members.access import owned_by
from oti.lib.dates import today as day_of

# Pages whose answers wait for the office once visitors know the offer.
WAITING_TASKS = frozenset({DESCRIPTION, PHOTOS, ACCESS, LANGUAGES_TASK})


@dataclass(frozen=True)
class OwnOffer:
    """An offer of the person who asks, and where it stands."""

    offer: Offer
    review: OfferReview
    progress: Progress
    # Of whoever owns its house; what was put away changes no more, and is copied.
    may_edit: bool
    may_copy: bool

    @property
    def is_shown(self) -> bool:
        """Whether visitors know it."""
        return self.offer.state in SHOWN


def own_offer(request: HttpRequest, pk: int, *, now: datetime, to_change: bool = False) -> OwnOffer:
    """Return an offer of the person who asks; raises Http404 for any other."""
    offer = offer_for_provider(request.user, pk, to_change=to_change)
    review = review_of(offer)
    progress = progress_of(offer, review, today=day_of(now))
    is_owner = offer.provider_id in owned_by(request.user)
    may_edit = is_owner and offer.state != Offer.State.ARCHIVED
    return OwnOffer(offer, review, progress, may_edit, is_owner)


def task_url(offer: Offer, code: str) -> str:
    """Return the address of a page of an offer; dates have pages of their own."""
    if code == PHOTOS:
        return reverse("extranet-offer-photos", args=[offer.pk])
    if code == DATES:
        if offer.slots.exists():
            query = urlencode({"maison": offer.provider.slug, "offre": offer.slug})
            return f"{reverse('extranet-slots')}?{query}"
        query = urlencode({"provider": offer.provider.slug, "offre": offer.slug})
        return f"{reverse('extranet-slots-add')}?{query}"
    return reverse("extranet-offer-task", args=[offer.pk, code])


def frame(own: OwnOffer) -> dict[str, Any]:
    """Return what every page of an offer shows around itself."""
    offer, review, progress = own.offer, own.review, own.progress
    label, colour = standing_words(offer, review)
    context: dict[str, Any] = {
        "offer": offer,
        "provider": offer.provider,
        "title": progress.content["title_fr"] or offer.title,
        "review": review,
        "may_edit": own.may_edit,
        "may_copy": own.may_copy,
        "is_shown": own.is_shown,
        "is_read": is_to_read(offer, review),
        "standing": label,
        "standing_kind": colour,
        "preview_url": reverse("extranet-offer-preview", args=[offer.pk]),
        "move_url": reverse("extranet-offer-move", args=[offer.pk]),
        "back_url": reverse("extranet-offer", args=[offer.pk]),
        "score": progress.score,
    }
    if own.is_shown and has_pending(review):
        words, kind = waiting_words(review)
        context |= {"waiting": words, "waiting_kind": kind}
    return context


def task_rows(own: OwnOffer) -> list[dict[str, Any]]:
    """Return the pages of an offer as its list shows them."""
    rows = []
    for one in own.progress.tasks:
        words = task_words(own.offer, one.code)
        standing, kind = STANDING_WORDS[one.standing]
        rows.append(
            {
                "title": words.title,
                "why": words.why,
                "url": task_url(own.offer, one.code),
                "standing": standing,
                "kind": kind,
                "troubles": [] if one.standing in {DONE, OPTIONAL} else one.troubles,
            }
        )
    return rows


def check_rows(own: OwnOffer) -> list[dict[str, Any]]:
    """Return what makes the page a good one, with where each is done."""
    known = {one.code for one in own.progress.tasks}
    rows = []
    for one in own.progress.checks:
        task = CHECK_TASKS[one.code]
        url = task_url(own.offer, task) if task in known else ""
        rows.append({"words": CHECK_WORDS[one.code], "is_met": one.is_met, "url": url})
    return rows


def field_rows(form: forms.Form, remarks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the questions of a form, each with why it is asked and what the office remarked."""
    why = form.why if isinstance(form, OfferForm) else {}
    return [
        {"field": one, "why": why.get(one.name, ""), "remark": remarks.get(one.name, "")}
        for one in form.visible_fields()
    ]


def remarks_of_task(review: OfferReview, code: str, shown: set[str]) -> list[dict[str, Any]]:
    """Return the office's remarks on a page that stand beside no field of it."""
    return [
        {"words": words, "about": "" if name == code else REMARK_WORDS.get(name, "")}
        for name, words in review.remarks.items()
        if name not in shown and FIELD_TASKS.get(name, name) == code
    ]


def saved(request: HttpRequest, own: OwnOffer, code: str, *, now: datetime) -> HttpResponse:
    """Say that it is kept, and lead to the next page that lacks something, or to the list."""
    fresh = own_offer(request, own.offer.pk, now=now)
    if own.is_shown and code in WAITING_TASKS and fresh.review.pending:
        messages.success(
            request, _("It is kept. Visitors see it once the office has read it: send it then.")
        )
    else:
        messages.success(request, _("It is kept."))
    following = "" if "back" in request.POST or own.is_shown else fresh.progress.next_after(code)
    if not following:
        return see_other("extranet-offer", own.offer.pk)
    return see_other(task_url(own.offer, following))


def task_page(
    request: HttpRequest,
    own: OwnOffer,
    code: str,
    form: OfferForm | None,
    *,
    template: str = "booking/extranet/offer_task.html",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show a page of an offer around its form, with the office's remarks on it."""
    remarks = own.review.remarks
    rows = field_rows(form, remarks) if form is not None else []
    codes = tasks_of(own.offer)
    context = {
        **frame(own),
        "words": task_words(own.offer, code),
        "code": code,
        "step": codes.index(code) + 1,
        "steps": len(codes),
        "form": form,
        "rows": rows,
        "remarks": remarks_of_task(own.review, code, {row["field"].name for row in rows}),
        "waits": own.is_shown and code in WAITING_TASKS,
        "counts_at_once": own.is_shown and code not in WAITING_TASKS,
        "page_errors": status != 200,
        **more,
    }
    return render(request, template, context, status=status)
