"""Addresses of selling, below the language."""

from django.urls import path
from django.utils.translation import pgettext_lazy as _

from booking.views import account, basket, checkout, search

app_name = "booking"

urlpatterns = [
    path(_("address", "stay/"), search.stays, name="stays"),
    path(_("address", "stay/<slug:slug>/"), search.stay_offer, name="stay-offer"),
    path(_("address", "experience/"), search.experiences, name="experiences"),
    path(_("address", "experience/<slug:slug>/"), search.experience_offer, name="experience-offer"),
    path(_("address", "my-stay/"), basket.my_stay, name="my-stay"),
    path(_("address", "my-stay/add/"), basket.add_line, name="line-add"),
    path(_("address", "my-stay/extend/"), basket.extend, name="hold-extend"),
    path(_("address", "my-stay/renew/"), basket.renew, name="hold-renew"),
    path(_("address", "my-stay/<int:pk>/edit/"), basket.edit_line, name="line-edit"),
    path(_("address", "my-stay/<int:pk>/remove/"), basket.remove, name="line-remove"),
    path(_("address", "my-stay/<int:pk>/accept/"), basket.accept, name="line-accept"),
    path(_("address", "book/"), checkout.checkout, name="checkout"),
    path(
        _("address", "book/thanks/<slug:reference>/"),
        checkout.payment_return,
        name="payment-return",
    ),
    path(_("address", "book/back/<slug:reference>/"), checkout.payment_back, name="payment-back"),
    path(
        _("address", "book/retry/<slug:reference>/"), checkout.payment_retry, name="payment-retry"
    ),
    path(_("address", "book/change/<slug:reference>/"), checkout.order_reopen, name="order-reopen"),
    path(_("address", "trip/<slug:reference>/"), account.trip, name="trip"),
    path(_("address", "trip/<slug:reference>/receipt/"), account.receipt, name="receipt"),
    path(_("address", "trip/<slug:reference>/stay.ics"), account.trip_ics, name="trip-ics"),
    path(_("address", "find/"), account.find_order, name="find-order"),
]
