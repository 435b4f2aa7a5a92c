"""What guests say of one's houses: each answer about one's own lines, and nothing of the others."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.access import answers_of_providers
from booking.models import LineAnswer
from booking.rules.satisfaction import BEST_SCORE, FEWEST_REVIEWS
from booking.views.houses import houses_of
from destination.spoken import in_language

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
    rows = found.select_related("line", "provider", "survey__order").order_by("-answered_at", "-pk")
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


def _row(answer: LineAnswer) -> dict[str, Any]:
    return {
        "answer": answer,
        "title": in_language(answer.line.titles),
        "guest": answer.survey.order.first_name,
        "reference": answer.survey.order.reference,
        "house": answer.provider.name,
    }
