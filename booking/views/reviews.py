"""Reviews in public: how they come about, those of one offer, and the doubt about one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking.forms.talks import MessageForm
from booking.models import Offer, Review
from booking.refusals import Refusal
from booking.relations.reviews import report_review
from booking.relations.reviews_shown import published_reviews, reviews_of_offer
from booking.rules.reviews import PUBLISHED
from booking.rules.satisfaction import BEST_SCORE, FEWEST_REVIEWS
from booking.showing import offer_url
from booking.views.answers import see_other

PAGE = 20


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """Say how reviews are collected, checked and ordered (D111-17 code de la consommation)."""
    context = {
        "years": settings.REVIEW_YEARS,
        "after": settings.SURVEY_AFTER_DAYS,
        "days": settings.SURVEY_DAYS,
        "fewest": FEWEST_REVIEWS,
    }
    return render(request, "booking/reviews_notice.html", context)


@require_safe
def of_offer(request: HttpRequest, slug: str) -> HttpResponse:
    """List all reviews of an offer that is online, the newest experiences first."""
    offer = get_object_or_404(Offer.objects.published(), slug=slug)
    page = Paginator(published_reviews(offer.pk), PAGE).get_page(request.GET.get("page"))
    address = reverse("booking:offer-reviews", args=[slug])
    context = {
        "offer": offer,
        "offer_url": offer_url(offer),
        "rows": page.object_list,
        "shown": reviews_of_offer(offer.pk),
        "best": BEST_SCORE,
        "pages": {
            "number": page.number,
            "total": page.paginator.num_pages,
            "previous_url": f"{address}?page={page.number - 1}" if page.has_previous() else "",
            "next_url": f"{address}?page={page.number + 1}" if page.has_next() else "",
        },
    }
    return render(request, "booking/offer_reviews.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a doubt about a published review: here by who signed in, by mail by everybody."""
    rows = Review.objects.filter(state=PUBLISHED).select_related("offer")
    review = get_object_or_404(rows, pk=pk)
    if request.method != "POST":
        return _report_page(request, review, MessageForm())
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _report_page(request, review, form, status=422)
    try:
        text = form.cleaned_data["text"]
        report_review(review, text, user=request.user, now=timezone.now())
    except Refusal as refusal:
        for one in refusal.troubles:
            form.add_error(one.field, one.message)
        return _report_page(request, review, form, status=refusal.status)
    messages.success(request, _("Thank you: the office looks at this review again."))
    return see_other(offer_url(review.offer))


def _report_page(
    request: HttpRequest, review: Review, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "review": review,
        "offer_url": offer_url(review.offer),
        "form": form,
        "may_report": request.user.is_authenticated,
        "login_url": f"{reverse('account_login')}?next={request.path}",
        "best": BEST_SCORE,
        "page_errors": status != 200,
    }
    return render(request, "booking/review_report.html", context, status=status)
