"""The desk's reading of what hosts prepare: offers to publish, changes of those that are online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, TitleColumn

from booking import offer_reviews
from booking.desk.order_views import WHO
from booking.desk.remarks import RemarksForm, word_to_host
from booking.desk.views import UseCaseView, actor_of, offer_url
from booking.features import FEATURES, SPIRIT
from booking.models import Offer, OfferReview
from booking.offer_content import (
    LANGUAGES,
    SHOWN,
    content_of,
    is_to_read,
    live_fields,
    live_photos,
    photos_of,
    texts_asked,
)
from booking.offer_tasks import (
    DATES,
    PAPERS,
    PHOTOS,
    PRICES,
    RULES,
    STEPS,
    UNITS,
    progress_of,
    tasks_of,
)
from booking.offer_words import CHECK_WORDS, REMARK_WORDS
from booking.offers import check_offer
from booking.refusals import BadInput, trouble
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from destination.models import Picture
from members.models import Entry
from oti.lib.dates import today as day_of

APPROVE, FIX = "approve", "fix"
VERBS = {
    "offer created": gettext_lazy("Offer begun"),
    "offer copied": gettext_lazy("Offer copied from another one"),
    "offer written": gettext_lazy("Texts written"),
    "offer changed": gettext_lazy("Offer changed"),
    "photographs added": gettext_lazy("Photographs added"),
    "photographs described": gettext_lazy("Photographs described"),
    "photographs put in order": gettext_lazy("Photographs put in order"),
    "photograph removed": gettext_lazy("Photograph taken away"),
    "photograph cropped": gettext_lazy("Photograph cropped"),
    "offer changes dropped": gettext_lazy("Changes forgotten"),
    "offer submitted": gettext_lazy("Sent to the office"),
    "offer approved": gettext_lazy("Approved"),
    "offer sent back": gettext_lazy("Given back to be put right"),
    "offer published": gettext_lazy("Published"),
    "offer paused": gettext_lazy("Paused"),
    "offer archived": gettext_lazy("Archived"),
    "slots added": gettext_lazy("Dates added"),
    "slot removed": gettext_lazy("Date removed"),
    "offer renewed": gettext_lazy("Said to be new again"),
    "renewal taken back": gettext_lazy("No longer said to be new again"),
}
# What stands by itself on the page of a review beside the texts; the host's other pages are
# remarked on as a whole.
READ = ("spirit", "features", PHOTOS)
WHOLE = frozenset({UNITS, PRICES, DATES, STEPS, RULES, PAPERS})


def to_read() -> QuerySet[OfferReview]:
    """Return what waits for the office: first offers, and changes of those visitors know."""
    is_first = Q(offer__state=Offer.State.DRAFT)
    is_change = Q(offer__state__in=SHOWN) & ~Q(pending={})
    return OfferReview.objects.filter(is_first | is_change, state=OfferReview.State.SUBMITTED)


class OfferReviewIndexView(ReadOnlyIndexView):
    """Who waits longest first."""

    page_title = gettext_lazy("Offers to read")

    def get_base_queryset(self) -> QuerySet[OfferReview]:
        """Load offers and houses."""
        return to_read().select_related("offer__provider").order_by("submitted_at", "pk")


def whole_of(offer: Offer) -> list[str]:
    """Return what is remarked on as a whole of an offer of this kind, in its host's order."""
    return [one for one in tasks_of(offer) if one in WHOLE]


class OfferReviewForm(RemarksForm):
    """A decision, its words, and a remark beside each part."""

    decision = forms.ChoiceField(choices=[(APPROVE, APPROVE), (FIX, FIX)])
    seen = forms.IntegerField(min_value=0, max_value=2_000_000_000)
    note = word_to_host()

    def __init__(self, *args: Any, offer: Offer, sent: Mapping[str, Any], **kwargs: Any) -> None:
        texts = [f"{name}_fr" for name in texts_asked(offer, sent)]
        super().__init__(*args, codes=(*texts, *READ, *whole_of(offer)), **kwargs)


class OfferReviewView(UseCaseView):
    """One offer as its host sent it, beside what visitors see, and what the office decides."""

    model = OfferReview
    form_class = OfferReviewForm
    template_name = "booking/desk/offer_review.html"
    index_url_name = "desk_offer_reviews:index"
    page_title = gettext_lazy("Offer to read")
    list_title = gettext_lazy("Offers to read")
    header_icon = "tag"

    @property
    def offer(self) -> Offer:
        """Return the offer that is read."""
        found: Offer = self.target.offer
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        """Add what is read: each kind has its own parts."""
        sent = content_of(self.offer, self.target)
        return {**super().get_form_kwargs(), "offer": self.offer, "sent": sent}

    def run(self, form: OfferReviewForm) -> str:
        """Do what was decided."""
        data = form.cleaned_data
        who = {"seen": data["seen"], "actor": actor_of(self.request), "now": self.now}
        if data["decision"] == FIX:
            offer_reviews.send_back(self.offer, remarks=form.remarks, note=data["note"], **who)
            return _("The host is told by mail and beside each question.")
        if any(one.strip() for one in form.remarks.values()):
            # What somebody wrote for the host must not go nowhere.
            raise BadInput(trouble("remarks_left"))
        offer = offer_reviews.approve_offer(self.offer, note=data["note"], **who)
        return _("« %(title)s » is online as its host wrote it.") % {"title": offer.title}

    def get_page_subtitle(self) -> str:
        """Name the offer and its house."""
        return f"{self.offer.title} · {self.offer.provider.name}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather what was written, what visitors see, what is missing, and the history."""
        context = super().get_context_data(**kwargs)
        offer, review, form = self.offer, self.target, context["form"]
        today = day_of(self.now)
        progress = progress_of(offer, review, today=today)
        entries = Entry.objects.filter(subject=f"offer:{offer.pk}").order_by("-at", "-pk")
        return {
            **context,
            "offer": offer,
            "review": review,
            "is_shown": offer.state in SHOWN,
            "may_decide": is_to_read(offer, review),
            "texts": _texts(offer, review, form),
            "photos": _photos(offer, review),
            "photo_remark": form[f"remark_{PHOTOS}"],
            "whole": [
                {"label": REMARK_WORDS[code], "remark": form[f"remark_{code}"]}
                for code in whole_of(offer)
            ],
            "missing": [*progress.missing],
            "cautions": [
                one for one in check_offer(offer, today=today) if one not in progress.missing
            ],
            "checks": [(CHECK_WORDS[one.code], one.is_met) for one in progress.checks],
            "score": progress.score,
            "desk_url": offer_url(offer),
            "preview_url": reverse("extranet-offer-preview", args=[offer.pk]),
            "history": [
                {
                    "at": one.at,
                    "what": VERBS.get(one.verb, one.verb),
                    "who": WHO.get(one.actor_label, one.actor_label),
                    "reason": one.data.get("reason", ""),
                }
                for one in entries[:30]
            ],
        }


def _texts(offer: Offer, review: OfferReview, form: OfferReviewForm) -> list[dict[str, Any]]:
    """Return each text as it was sent beside the one that visitors see, with its remark."""
    sent, live = content_of(offer, review), live_fields(offer)
    rows = []
    for name in texts_asked(offer, sent):
        languages = [
            {
                "code": code,
                "sent": sent[f"{name}_{code}"],
                "live": live[f"{name}_{code}"],
                "is_changed": sent[f"{name}_{code}"] != live[f"{name}_{code}"],
            }
            for code in LANGUAGES
            if sent[f"{name}_{code}"] or live[f"{name}_{code}"]
        ]
        rows.append(_row(f"{name}_fr", languages, form))
    for name, words in (("spirit", SPIRIT), ("features", FEATURES)):
        said = [", ".join(str(words.get(one, one)) for one in text[name]) for text in (sent, live)]
        only = {"code": "", "sent": said[0], "live": said[1], "is_changed": said[0] != said[1]}
        rows.append(_row(name, [only], form))
    return rows


def _row(name: str, languages: list[dict[str, Any]], form: OfferReviewForm) -> dict[str, Any]:
    return {"label": REMARK_WORDS[name], "languages": languages, "remark": form[f"remark_{name}"]}


def _photos(offer: Offer, review: OfferReview) -> list[dict[str, Any]]:
    shown = {one.image for one in live_photos(offer)}
    listed = photos_of(offer, review)
    known = Picture.objects.in_bulk([one.image for one in listed])
    return [
        {
            "image": known[one.image],
            "alts": [(code, text) for code, text in one.alts.items() if text],
            "is_new": one.image not in shown,
        }
        for one in listed
        if one.image in known
    ]


def _review_url(review: OfferReview) -> str:
    return reverse("desk_offer_reviews:review", args=[review.pk])


class OfferReviewViewSet(DecidedViewSet):
    """What hosts sent: read, approved, or given back."""

    model = OfferReview
    name = "desk_offer_reviews"
    url_prefix = "offres-a-lire"
    icon = "tag"
    menu_label = gettext_lazy("Offers to read")
    menu_order = 205
    add_to_admin_menu = True
    index_view_class = OfferReviewIndexView
    inspect_view_enabled = False
    search_fields = ("offer__title_fr", "offer__provider__name")
    list_display = (
        TitleColumn(
            "title", label=gettext_lazy("Offer"), accessor="offer.title", get_url=_review_url
        ),
        Column("provider", label=gettext_lazy("Provider"), accessor="offer.provider"),
        Column("state", label=gettext_lazy("State"), accessor="offer.get_state_display"),
        MomentColumn("submitted_at", label=gettext_lazy("Sent"), sort_key="submitted_at"),
    )
    empty_text = gettext_lazy("Offers that hosts send, and changes of those online, appear here.")

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list and the page of one offer."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/", OfferReviewView.as_view(), name="review"),
        ]
