"""What guests say of one's houses: each answer about one's own lines, and nothing of the others."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking.access import answers_of_providers, review_for_provider
from booking.forms.talks import MessageForm
from booking.models import LineAnswer, Review
from booking.refusals import Refusal
from booking.relations.reviews import may_reply, reply_to_review
from booking.rules.satisfaction import BEST_SCORE, FEWEST_REVIEWS
from booking.views.answers import see_other
from booking.views.houses import houses_of
from destination.spoken import in_language
from members.journal import Actor

PAGE = 20


@never_cache
@login_required
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """List what guests said of one's lines, the newest first."""
    providers = houses_of(request)
    if not providers:
        return render(request, "booking/extranet/nobody.html")
    found = answers_of_providers(request.user)
    rows = found.select_related("line", "provider", "survey__order", "review").order_by(
        "-answered_at", "-pk"
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    address = reverse("extranet-reviews")
    scored = found.aggregate(average=Avg("score"), count=Count("score"))
    context = {
        "providers": providers,
        "rows": [_row(one) for one in page.object_list],
        # A mean of one or two guests says nothing yet.
        "average": scored["average"] if scored["count"] >= FEWEST_REVIEWS else None,
        "count": scored["count"],
        "best": BEST_SCORE,
        "pages": {
            "number": page.number,
            "total": page.paginator.num_pages,
            "previous_url": f"{address}?page={page.number - 1}" if page.has_previous() else "",
            "next_url": f"{address}?page={page.number + 1}" if page.has_next() else "",
        },
    }
    return render(request, "booking/extranet/reviews.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Reply to a published review: the office reads the reply before visitors do."""
    review = review_for_provider(request.user, pk)
    if request.method != "POST":
        return _reply_page(request, review, MessageForm(initial={"text": review.reply}))
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _reply_page(request, review, form, status=422)
    text = form.cleaned_data["text"]
    try:
        reply_to_review(review, text, actor=Actor.person(request.user), now=timezone.now())
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _reply_page(request, review, form, status=refusal.status)
    messages.success(request, _("Your reply is with the office, and appears once it is read."))
    return see_other("extranet-reviews")


def _reply_page(
    request: HttpRequest, review: Review, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "review": review,
        "title": in_language(review.answer.line.titles),
        "may_reply": may_reply(review),
        "best": BEST_SCORE,
        "form": form,
        "page_errors": status != 200,
    }
    return render(request, "booking/extranet/review.html", context, status=status)


def _row(answer: LineAnswer) -> dict[str, Any]:
    review = getattr(answer, "review", None)
    return {
        "answer": answer,
        "title": in_language(answer.line.titles),
        "guest": answer.survey.order.first_name,
        "reference": answer.survey.order.reference,
        "house": answer.provider.name,
        "lang": answer.survey.order.language,
        "review": review,
        "may_reply": review is not None and may_reply(review),
    }
