"""The desk's reviews: read before visitors do, looked at again when somebody doubts."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn

from booking.desk.views import UseCaseView, actor_of
from booking.models import Review
from booking.relations import reviews
from booking.rules import reviews as rules
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from members.models import Provider

PUBLISH, REFUSE, REMOVE, KEEP = "publish", "refuse", "remove", "keep"
REPLY_YES, REPLY_NO = "reply_yes", "reply_no"
DECISIONS = (PUBLISH, REFUSE, REMOVE, KEEP, REPLY_YES, REPLY_NO)
CAUTION_WORDS = {
    rules.ADDRESS: gettext_lazy("It holds a mail address."),
    rules.PHONE: gettext_lazy("It holds what looks like a phone number."),
    rules.LINK: gettext_lazy("It holds a link."),
}


class ReviewFilters(WagtailFilterSet):
    """Narrows the list of reviews."""

    waiting = django_filters.BooleanFilter(
        method="that_wait", label=gettext_lazy("Waits for the office")
    )
    provider = django_filters.ModelChoiceFilter(
        queryset=Provider.objects.all(), label=gettext_lazy("Provider")
    )

    class Meta:
        model = Review
        fields = ("waiting", "state", "provider")

    def that_wait(self, rows: QuerySet[Review], name: str, value: bool) -> QuerySet[Review]:
        """Keep what is to be decided, or what isn't."""
        waiting = reviews.to_decide().values("pk")
        return rows.filter(pk__in=waiting) if value else rows.exclude(pk__in=waiting)


class ReviewIndexView(ReadOnlyIndexView):
    """The newest first."""

    def get_base_queryset(self) -> QuerySet[Review]:
        """Load offers and houses."""
        return Review.objects.select_related("offer", "provider")


class ReviewForm(forms.Form):
    """A decision, and the reason of one against a review."""

    decision = forms.ChoiceField(choices=[(one, one) for one in DECISIONS])
    reason = forms.ChoiceField(
        label=gettext_lazy("Why not"),
        choices=[("", gettext_lazy("—")), *Review.Reason.choices],
        required=False,
        help_text=gettext_lazy(
            "The guest reads it. That a review is severe is no reason: the law wants bad ones "
            "shown like good ones."
        ),
    )


class ReviewView(UseCaseView):
    """One review with its reply and its reports, and what the office decides."""

    model = Review
    form_class = ReviewForm
    template_name = "booking/desk/review.html"
    index_url_name = "desk_reviews:index"
    page_title = gettext_lazy("Review")
    list_title = gettext_lazy("Reviews")
    header_icon = "openquote"

    def run(self, form: ReviewForm) -> str:
        """Do what was decided."""
        who = {"actor": actor_of(self.request), "now": self.now}
        decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"]
        if decision == KEEP:
            reviews.keep_review(self.target, **who)
            return _("The review stays, the reports are settled.")
        if decision in {REPLY_YES, REPLY_NO}:
            to = rules.PUBLISHED if decision == REPLY_YES else rules.REFUSED
            reviews.decide_reply(self.target, to, **who)
            return _("The reply is decided.")
        to = {PUBLISH: rules.PUBLISHED, REFUSE: rules.REFUSED, REMOVE: rules.REMOVED}[decision]
        reviews.decide_review(self.target, to, reason=reason, **who)
        if to == rules.PUBLISHED:
            return _("Visitors read it now.")
        return _("Visitors don’t read it; the guest is told why.")

    def get_page_subtitle(self) -> str:
        """Name the offer and its house."""
        return f"{self.target.offer.title} · {self.target.provider.name}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is to be looked at twice, and which decisions there are."""
        review = self.target
        return {
            **super().get_context_data(**kwargs),
            "review": review,
            "cautions": [CAUTION_WORDS[one] for one in rules.cautions(review.words)],
            "reply_cautions": [CAUTION_WORDS[one] for one in rules.cautions(review.reply)],
            "reports": list(review.reports.filter(settled_at=None).select_related("user")),
            "may_publish": rules.can_move(review.state, rules.PUBLISHED),
            "may_refuse": rules.can_move(review.state, rules.REFUSED),
            "may_remove": rules.can_move(review.state, rules.REMOVED),
            "is_reply_to_read": review.reply_state == rules.TO_READ,
            "survey_url": reverse("desk_surveys:inspect", args=[review.answer.survey_id]),
        }


def _decide_url(review: Review) -> str:
    return reverse("desk_reviews:decide", args=[review.pk])


class ReviewViewSet(DecidedViewSet):
    """What guests allowed to be published."""

    model = Review
    name = "desk_reviews"
    url_prefix = "avis-publies"
    icon = "openquote"
    menu_label = gettext_lazy("Reviews")
    ordering = ("-submitted_at", "-pk")
    index_view_class = ReviewIndexView
    inspect_view_enabled = False
    filterset_class = ReviewFilters
    search_fields = ("words", "reply", "first_name", "offer__title_fr")
    list_display = (
        TitleColumn(
            "offer", label=gettext_lazy("Offer"), accessor="offer.title", get_url=_decide_url
        ),
        Column("provider", label=gettext_lazy("Provider"), accessor="provider.name"),
        Column("score", label=gettext_lazy("Score"), sort_key="score"),
        Column("first_name", label=gettext_lazy("Guest")),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
        Column("reply", label=gettext_lazy("Reply"), accessor="get_reply_state_display"),
        MomentColumn("submitted_at", label=gettext_lazy("Written"), sort_key="submitted_at"),
    )
    empty_text = gettext_lazy("Reviews that guests allow to be published will appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one review."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", ReviewView.as_view(), name="decide"),
        ]
