"""Addresses of one's own account; allauth's stand beside them, below `/compte/` too.

Three of allauth's are taken here first, under its own addresses: they ask for a fresh proof.
"""

from allauth.account.views import email
from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django.urls import path

from members import views
from members.fresh_proof import before_address_goes, before_first_factor

app_name = "members"
urlpatterns = [
    path("", views.home, name="home"),
    path("proteger/", views.protect, name="protect"),
    path("appareils/", views.end_sessions, name="sessions-end"),
    path("confirmer/", views.prove, name="prove"),
    path("email/", before_address_goes(email)),
    path("2fa/totp/activate/", before_first_factor(activate_totp)),
    path("2fa/webauthn/add/", before_first_factor(add_webauthn)),
]
