"""Addresses of the programme without a language: the first page of the residents' space."""

from django.urls import path

from events import resident_pages

urlpatterns = [path("espace/", resident_pages.home, name="space-home")]
