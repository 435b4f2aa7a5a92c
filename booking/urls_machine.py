"""Addresses of selling without a language: for the bank and for providers."""

from django.urls import path

from booking.views import (
    account,
    enrolment,
    extranet,
    extranet_calendar,
    extranet_links,
    extranet_payouts,
    extranet_slots,
    paper,
    team,
    webhooks,
)

urlpatterns = [
    path("paiement/stripe/", webhooks.stripe, name="webhook-stripe"),
    path("pro/", extranet.home, name="extranet-home"),
    path("pro/reservations/<int:pk>/", extranet.line, name="extranet-line"),
    path("pro/calendrier/", extranet_calendar.calendar, name="extranet-calendar"),
    path("pro/calendrier/changer/", extranet_calendar.change, name="extranet-nights"),
    path("pro/calendrier/defaire/", extranet_calendar.undo, name="extranet-nights-undo"),
    path("pro/creneaux/", extranet_slots.dates, name="extranet-slots"),
    path("pro/creneaux/ajouter/", extranet_slots.add, name="extranet-slots-add"),
    path("pro/creneaux/<int:pk>/", extranet_slots.date_page, name="extranet-slot"),
    path("pro/versements/", extranet_payouts.payouts, name="extranet-payouts"),
    path("pro/versements/papiers/", extranet_payouts.papers, name="extranet-papers"),
    path("pro/versements/verifier/", extranet_payouts.check, name="extranet-check-account"),
    path("pro/liens/", extranet_links.links, name="extranet-links"),
    path("pro/liens/<int:pk>/ajouter/", extranet_links.add, name="extranet-link-add"),
    path("pro/liens/<int:pk>/partager/", extranet_links.share, name="extranet-link-share"),
    path("pro/liens/agenda/<int:pk>/lire/", extranet_links.refresh, name="extranet-feed-refresh"),
    path("pro/liens/agenda/<int:pk>/pause/", extranet_links.pause, name="extranet-feed-pause"),
    path("pro/liens/agenda/<int:pk>/vide/", extranet_links.empty, name="extranet-feed-empty"),
    path("pro/liens/agenda/<int:pk>/retirer/", extranet_links.remove, name="extranet-feed-remove"),
    path("pro/liens/doublons/<int:pk>/", extranet_links.settle, name="extranet-incident"),
    path("ical/<str:token>.ics", extranet_links.exported, name="unit-calendar"),
    path("pro/ouvrir/", enrolment.open_house, name="extranet-open"),
    path("pro/papiers/", enrolment.papers, name="extranet-checklist"),
    path("pro/papiers/<slug:house>/envoyer/", enrolment.submit, name="extranet-submit"),
    path("pro/papiers/<slug:house>/<slug:code>/", paper.paper, name="extranet-paper"),
    path(
        "pro/papiers/<slug:house>/<slug:code>/document/",
        paper.document,
        name="extranet-document",
    ),
    path("pro/equipe/", team.people, name="extranet-team"),
    path("pro/equipe/<slug:house>/inviter/", team.invite, name="extranet-invite"),
    path("pro/equipe/<slug:house>/<int:pk>/", team.change, name="extranet-member"),
    path(
        "pro/equipe/<slug:house>/invitation/<int:pk>/",
        team.withdraw,
        name="extranet-invitation-withdraw",
    ),
    path("pro/invitation/", team.invitation, name="extranet-invitation"),
    path("compte/suite/", account.after_login, name="after-login"),
]
