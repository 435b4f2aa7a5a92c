"""Addresses of one's own account; allauth's stand beside them, below `/compte/` too."""

from django.urls import path

from members import views

app_name = "members"
urlpatterns = [
    path("", views.home, name="home"),
    path("proteger/", views.protect, name="protect"),
    path("appareils/", views.end_sessions, name="sessions-end"),
]
