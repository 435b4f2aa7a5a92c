"""Addresses without a language: what is new to residents, an ambassador's notebook."""

from django.urls import path

from events import notebook_pages, resident_pages

urlpatterns = [
    path("espace/", resident_pages.home, name="space-home"),
    path("espace/carnet/", notebook_pages.notebook, name="notebook"),
    path("espace/carnet/page/", notebook_pages.write, name="notebook-page"),
    path("espace/carnet/ajouter/", notebook_pages.add, name="notebook-add"),
    path("espace/carnet/retirer/", notebook_pages.drop, name="notebook-drop"),
    path("espace/carnet/ordre/", notebook_pages.move, name="notebook-move"),
    path("espace/carnet/envoyer/", notebook_pages.submit, name="notebook-submit"),
]
