"""Addresses of selling without a language: for the bank and for providers."""

from django.urls import path

from booking.views import account, extranet, webhooks

urlpatterns = [
    path("paiement/stripe/", webhooks.stripe, name="webhook-stripe"),
    path("pro/", extranet.home, name="extranet-home"),
    path("pro/reservations/<int:pk>/", extranet.line, name="extranet-line"),
    path("compte/suite/", account.after_login, name="after-login"),
]
