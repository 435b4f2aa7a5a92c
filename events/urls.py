"""Addresses of the programme, below the language."""

from django.urls import path
from django.utils.translation import pgettext_lazy as _

from events import views

app_name = "events"

urlpatterns = [
    path(_("address", "agenda/"), views.agenda, name="agenda"),
    path(_("address", "agenda.ics"), views.agenda_ics, name="agenda-ics"),
    path(_("address", "agenda/<int:year>/<int:month>/"), views.agenda, name="agenda-month"),
    path(_("address", "agenda/<slug:slug>/"), views.event, name="event"),
]
