"""Addresses of selling without a language: for the bank and for providers."""

from django.urls import path

from booking.views import (
    account,
    extranet,
    extranet_bookings,
    extranet_calendar,
    extranet_payouts,
    extranet_slots,
    webhooks,
)

urlpatterns = [
    path("paiement/stripe/", webhooks.stripe, name="webhook-stripe"),
    path("pro/", extranet.home, name="extranet-home"),
    path("pro/journee/", extranet_bookings.day, name="extranet-day"),
    path("pro/reservations/", extranet_bookings.bookings, name="extranet-bookings"),
    path("pro/reservations/ligne/<int:pk>/", extranet.line, name="extranet-line"),
    path("pro/reservations/<slug:reference>/", extranet_bookings.booking, name="extranet-booking"),
    path("pro/calendrier/", extranet_calendar.calendar, name="extranet-calendar"),
    path("pro/calendrier/changer/", extranet_calendar.change, name="extranet-nights"),
    path("pro/calendrier/defaire/", extranet_calendar.undo, name="extranet-nights-undo"),
    path("pro/creneaux/", extranet_slots.dates, name="extranet-slots"),
    path("pro/creneaux/ajouter/", extranet_slots.add, name="extranet-slots-add"),
    path("pro/creneaux/<int:pk>/", extranet_slots.date_page, name="extranet-slot"),
    path("pro/versements/", extranet_payouts.payouts, name="extranet-payouts"),
    path("pro/versements/papiers/", extranet_payouts.papers, name="extranet-papers"),
    path("pro/versements/verifier/", extranet_payouts.check, name="extranet-check-account"),
    path("compte/suite/", account.after_login, name="after-login"),
]
