"""Addresses of the destination without a language."""

from django.urls import path

from destination import views

urlpatterns = [
    path("", views.root, name="root"),
    path("partage/<slug:name>.jpg", views.share_image, name="share-image"),
]
