"""Addresses of selling, below the language."""

from django.urls import path
from django.utils.translation import pgettext_lazy

from booking.views import (
    account,
    adopt,
    ambassadors,
    atlas,
    basket,
    cancelling,
    care,
    checkout,
    coming,
    complaints,
    composing,
    consent,
    enrolment,
    gifts,
    greeters,
    ideas,
    meetings,
    own_data,
    own_stays,
    pairs,
    quiet_offers,
    ready_stays,
    requests,
    reviews,
    search,
    surveys,
    talk,
    widget,
)

app_name = "booking"

urlpatterns = [
    path(pgettext_lazy("address", "stay/"), search.stays, name="stays"),
    path(pgettext_lazy("address", "stay/<slug:slug>/"), search.stay_offer, name="stay-offer"),
    path(pgettext_lazy("address", "experience/"), search.experiences, name="experiences"),
    path(
        pgettext_lazy("address", "experience/<slug:slug>/"),
        search.experience_offer,
        name="experience-offer",
    ),
    path(pgettext_lazy("address", "ready-stays/"), ready_stays.ready_stays, name="ready-stays"),
    path(
        pgettext_lazy("address", "ready-stays/<slug:slug>/"),
        ready_stays.ready_stay,
        name="ready-stay",
    ),
    path(pgettext_lazy("address", "compose/"), composing.composing, name="compose"),
    path(pgettext_lazy("address", "my-stay/adopt/"), adopt.adopt, name="stay-adopt"),
    path(pgettext_lazy("address", "my-stay/"), basket.my_stay, name="my-stay"),
    path(pgettext_lazy("address", "my-stay/ideas/"), ideas.ideas, name="ideas"),
    path(pgettext_lazy("address", "map/"), atlas.atlas, name="map"),
    path(pgettext_lazy("address", "reviews/"), reviews.notice, name="reviews"),
    path(
        pgettext_lazy("address", "reviews/report/<int:pk>/"), reviews.report, name="review-report"
    ),
    path(pgettext_lazy("address", "reviews/<slug:slug>/"), reviews.of_offer, name="offer-reviews"),
    path(pgettext_lazy("address", "ranking/"), search.ranking, name="ranking"),
    # Named alike in every language: houses paste these addresses into their own sites.
    path("widget/<slug:house>/", widget.page, name="widget"),
    path("widget/<slug:house>/panier/", widget.basket, name="widget-basket"),
    path("widget/<slug:house>/suite/", widget.onward, name="widget-onward"),
    path(pgettext_lazy("address", "my-stay/add/"), basket.add_line, name="line-add"),
    path(pgettext_lazy("address", "my-stay/add/for-two/"), pairs.add, name="pair-add"),
    path(pgettext_lazy("address", "my-stay/car/"), pairs.how_they_come, name="comes-by"),
    path(pgettext_lazy("address", "my-stay/for-two/<slug:slug>/"), pairs.for_two, name="for-two"),
    path(
        pgettext_lazy("address", "my-stay/<int:pk>/for-two/"),
        basket.for_two,
        name="line-for-two",
    ),
    path(pgettext_lazy("address", "my-stay/extend/"), basket.extend, name="hold-extend"),
    path(pgettext_lazy("address", "my-stay/renew/"), basket.renew, name="hold-renew"),
    path(pgettext_lazy("address", "my-stay/<int:pk>/edit/"), basket.edit_line, name="line-edit"),
    path(
        pgettext_lazy("address", "my-stay/<int:pk>/minding/"), basket.minding, name="line-minding"
    ),
    path(pgettext_lazy("address", "my-stay/<int:pk>/remove/"), basket.remove, name="line-remove"),
    path(pgettext_lazy("address", "my-stay/<int:pk>/accept/"), basket.accept, name="line-accept"),
    path(pgettext_lazy("address", "book/"), checkout.checkout, name="checkout"),
    path(
        pgettext_lazy("address", "book/thanks/<slug:reference>/"),
        checkout.payment_return,
        name="payment-return",
    ),
    path(
        pgettext_lazy("address", "book/back/<slug:reference>/"),
        checkout.payment_back,
        name="payment-back",
    ),
    path(
        pgettext_lazy("address", "book/retry/<slug:reference>/"),
        checkout.payment_retry,
        name="payment-retry",
    ),
    path(
        pgettext_lazy("address", "book/change/<slug:reference>/"),
        checkout.order_reopen,
        name="order-reopen",
    ),
    path(pgettext_lazy("address", "request/<slug:code>/"), requests.request_page, name="request"),
    path(pgettext_lazy("address", "request/<slug:code>/pay/"), requests.pay, name="request-pay"),
    path(
        pgettext_lazy("address", "request/<slug:code>/withdraw/"),
        requests.withdraw,
        name="request-withdraw",
    ),
    path(pgettext_lazy("address", "ambassadors/"), ambassadors.invitation, name="ambassadors"),
    path(pgettext_lazy("address", "meet/"), greeters.greeters, name="greeters"),
    path(pgettext_lazy("address", "meet/ask/"), greeters.ask, name="greeter-ask"),
    path(pgettext_lazy("address", "meet/<slug:slug>/"), greeters.greeter, name="greeter"),
    path(pgettext_lazy("address", "meeting/<slug:code>/"), meetings.meeting, name="meeting"),
    path(
        pgettext_lazy("address", "meeting/<slug:code>/confirm/"),
        meetings.confirm,
        name="meeting-confirm",
    ),
    path(
        pgettext_lazy("address", "meeting/<slug:code>/write/"),
        meetings.message,
        name="meeting-write",
    ),
    path(
        pgettext_lazy("address", "meeting/<slug:code>/cancel/"),
        meetings.cancel,
        name="meeting-cancel",
    ),
    path(pgettext_lazy("address", "meeting/<slug:code>/felt/"), meetings.felt, name="meeting-felt"),
    path(
        pgettext_lazy("address", "meeting/<slug:code>/meeting.ics"),
        meetings.calendar,
        name="meeting-ics",
    ),
    path(pgettext_lazy("address", "trip/<slug:reference>/"), account.trip, name="trip"),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/cancel/"),
        cancelling.cancel,
        name="trip-cancel",
    ),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/coming/"),
        coming.coming,
        name="trip-coming",
    ),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/receipt/"), account.receipt, name="receipt"
    ),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/stay.ics"),
        account.trip_ics,
        name="trip-ics",
    ),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/messages/<slug:house>/"),
        talk.talk,
        name="talk",
    ),
    path(pgettext_lazy("address", "trip/<slug:reference>/survey/"), surveys.survey, name="survey"),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/complaint/"),
        complaints.complaint,
        name="complaint",
    ),
    path(
        pgettext_lazy("address", "trip/<slug:reference>/care/<int:pk>/"),
        care.care_sheet,
        name="care-sheet",
    ),
    path(pgettext_lazy("address", "letter/"), consent.letter, name="letter"),
    path(pgettext_lazy("address", "letter/confirm/"), consent.confirm, name="letter-confirm"),
    path(pgettext_lazy("address", "letter/mine/"), consent.mine, name="letter-mine"),
    path(
        pgettext_lazy("address", "letter/choices/<slug:token>/"),
        consent.choices,
        name="letter-choices",
    ),
    path(pgettext_lazy("address", "gift/<int:pk>/"), gifts.gift, name="gift"),
    path(pgettext_lazy("address", "gift/<int:pk>/voucher.pdf"), gifts.voucher, name="gift-voucher"),
    path(pgettext_lazy("address", "privacy/my-data/"), own_data.ask, name="own-data"),
    path(
        pgettext_lazy("address", "quiet-offers/<slug:code>/"),
        quiet_offers.quiet_offer,
        name="quiet-offer",
    ),
    path(pgettext_lazy("address", "find/"), account.find_order, name="find-order"),
    path(pgettext_lazy("address", "host/"), enrolment.host, name="host"),
    path(pgettext_lazy("address", "account/"), own_stays.account, name="account"),
]
