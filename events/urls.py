"""Addresses of the programme, below the language."""

from django.urls import path
from django.utils.translation import pgettext_lazy

from events import notebook_pages, views

app_name = "events"

urlpatterns = [
    path(pgettext_lazy("address", "agenda/"), views.agenda, name="agenda"),
    path(pgettext_lazy("address", "agenda.ics"), views.agenda_ics, name="agenda-ics"),
    path(
        pgettext_lazy("address", "agenda/<int:year>/<int:month>/"),
        views.agenda,
        name="agenda-month",
    ),
    path(pgettext_lazy("address", "agenda/<slug:slug>/"), views.event, name="event"),
    path(pgettext_lazy("address", "friends-of/<slug:code>/"), notebook_pages.friend, name="friend"),
]
