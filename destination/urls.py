"""Addresses of the destination, below the language."""

from django.urls import path, re_path
from django.utils.translation import pgettext_lazy

from destination import map_views, views
from destination.models import LegalText

app_name = "destination"

LEGAL = "|".join(LegalText.Kind.values)

urlpatterns = [
    path("", views.home, name="home"),
    path(pgettext_lazy("address", "explore/<slug:slug>/"), views.pole, name="pole"),
    path(pgettext_lazy("address", "map/ground.json"), map_views.map_ground, name="map-ground"),
    re_path(rf"^(?P<kind>{LEGAL})/$", views.legal, name="legal"),
    # Last: whatever the office wrote.
    re_path(r"^(?P<path>(?:[\w-]+/)+)$", views.page, name="page"),
]
