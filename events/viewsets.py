"""The desk's lists of events and of their dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import (
    FieldPanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup

from booking import called_off
from booking.desk.calendar_viewsets import UseCaseViewSet
from booking.desk.called_off import CallsOff, progress_url
from booking.desk.forms import DRAWINGS
from booking.desk.renewals import RenewalView
from booking.desk.views import UseCaseView, actor_of, tell_troubles
from booking.forms.slots import CallOffForm
from booking.models import CalledOff, Offer, Slot
from booking.refusals import Refusal
from destination.desk import (
    AddressField,
    DayInput,
    DeskCreateView,
    DeskEditView,
    DeskForm,
    DeskIndexView,
    DeskViewSet,
    HourInput,
    ReadOnlyInspectView,
)
from events import programme, renewing
from events.models import Event, Session
from oti.lib.dates import paris


class EventForm(DeskForm):
    """An event: what, where, by whom, free or with tickets."""

    french = ("title", "summary")

    slug = AddressField(max_length=90, label=gettext_lazy("Address of the page"))
    illustration = forms.ChoiceField(
        choices=DRAWINGS, initial="concert", label=gettext_lazy("Drawing")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].error_messages["unique"] = _(
            "Another event has this address: choose another one."
        )
        self.fields["ticket_offer"].error_messages["unique"] = _(
            "These tickets belong to another event."
        )
        self.fields["ticket_offer"].queryset = Offer.objects.filter(
            kind=Offer.Kind.EVENT_TICKET
        ).exclude(state=Offer.State.ARCHIVED)

    def clean(self) -> dict[str, Any]:
        """Free entrance or tickets, not both."""
        data = super().clean() or self.cleaned_data
        if data.get("is_free") and data.get("ticket_offer"):
            self.add_error(
                "is_free", _("Either free entrance or tickets: untick this, or take them away.")
            )
        before = self.instance.ticket_offer_id if self.instance.pk else None
        if before and "ticket_offer" in self.changed_data:
            dated = self.instance.sessions.filter(slot__isnull=False).exists()
            if dated:
                self.add_error(
                    "ticket_offer", _("Dates are on sale with the former tickets: keep those.")
                )
        return data


def _texts(language: str, heading: str) -> ObjectList:
    return ObjectList(
        [
            FieldPanel(
                f"{name}_{language}",
                help_text=gettext_lazy("Without it, visitors read the French one."),
            )
            for name in ("title", "summary", "description", "place")
        ],
        heading=heading,
    )


EVENT = TabbedInterface(
    [
        ObjectList(
            [
                TitleFieldPanel(
                    "title_fr",
                    heading=gettext_lazy("Title"),
                    placeholder=False,
                    classname="",
                    help_text=gettext_lazy("As on the poster."),
                ),
                FieldPanel(
                    "slug",
                    help_text=gettext_lazy(
                        "End of the page's address, made from the title. Don't change it later."
                    ),
                ),
                FieldPanel(
                    "state",
                    help_text=gettext_lazy(
                        "A draft is not shown. A cancelled event stays shown, with the word: its "
                        "dates to come are cancelled, and sell no ticket any more."
                    ),
                ),
                FieldPanel(
                    "summary_fr",
                    heading=gettext_lazy("In one or two sentences"),
                    help_text=gettext_lazy("Shown in the agenda."),
                ),
                FieldPanel(
                    "description_fr",
                    heading=gettext_lazy("Description"),
                    help_text=gettext_lazy("An empty line begins a paragraph."),
                ),
                FieldPanel(
                    "illustration",
                    help_text=gettext_lazy("Used as long as there is no photograph."),
                ),
                MultiFieldPanel(
                    [
                        FieldPanel(
                            "organiser", help_text=gettext_lazy("Enter it as a provider first.")
                        ),
                        FieldPanel("commune", help_text=gettext_lazy("It decides the pole.")),
                        FieldPanel(
                            "place_fr",
                            heading=gettext_lazy("Place"),
                            help_text=gettext_lazy("Church, square, hall."),
                        ),
                    ],
                    heading=gettext_lazy("Who and where"),
                ),
                MultiFieldPanel(
                    [
                        FieldPanel("is_free", help_text=gettext_lazy("Nothing to book.")),
                        FieldPanel(
                            "ticket_offer",
                            help_text=gettext_lazy(
                                "An offer of the kind « event ticket »: it has the prices. Its "
                                "dates are entered under « Dates of events »."
                            ),
                        ),
                        FieldPanel("is_for_residents"),
                        FieldPanel("is_demo", help_text=gettext_lazy("Marks an invented event.")),
                    ],
                    heading=gettext_lazy("Entrance"),
                ),
            ],
            heading=gettext_lazy("The essentials"),
        ),
        _texts("en", "English"),
        _texts("de", "Deutsch"),
    ],
    base_form_class=EventForm,
)


class EventIndexView(DeskIndexView):
    """The events; a title leads to the event's own page."""

    def get_edit_url(self, instance: Event) -> str | None:
        """Lead to the page that says what the event has and lacks."""
        return self.get_inspect_url(instance)

    def get_base_queryset(self) -> QuerySet[Event]:
        """Load organisers, and count dates."""
        to_come = Count("sessions", filter=Q(sessions__ends_at__gt=timezone.now()))
        return Event.objects.select_related("organiser", "commune").annotate(dates_count=to_come)


def _dates_to_come(event: Any) -> str:
    return str(event.dates_count) if event.dates_count else _("without a date")


def _told_of(event: Event, request: HttpRequest) -> None:
    """Write what follows from an event that was saved, in the same transaction."""
    now = timezone.now()
    renewing.note_first_day(event, now=now)
    programme.lend_place(event, actor=actor_of(request), now=now)


class LeadsToItsEvent:
    """Returns to the page of the event, which says what remains to be done."""

    def get_success_url(self) -> str:
        """Lead to that page."""
        return event_url(self.object)  # type: ignore[attr-defined]

    def get_success_buttons(self) -> list[Any]:
        """The page that follows has its own."""
        return []


def event_url(event: Event) -> str:
    """Return the desk's page of an event."""
    return reverse("desk_events:inspect", args=[event.pk])


class EventCreateView(LeadsToItsEvent, DeskCreateView):
    """Enter an event."""

    def save_instance(self) -> Event:
        """Keep the first day on which visitors see it, and where its tickets lead."""
        event: Event = super().save_instance()
        _told_of(event, self.request)
        return event


class EventEditView(LeadsToItsEvent, DeskEditView):
    """Change an event; one that is cancelled sells no ticket any more."""

    # What is given back of the dates that this change cancels.
    begun: Sequence[CalledOff] = ()

    def form_valid(self, form: EventForm) -> HttpResponse:
        """Save it; what is cancelled sells nothing before it is said, or nothing is saved.

        One with bookings is cancelled on its own page, which says what goes back. Where it was
        cancelled before, another word of it gives no money back: its dates are called off by
        themselves.
        """
        now = timezone.now()
        is_off = form.cleaned_data["state"] == Event.State.CANCELLED
        count = self._booked(form.instance, now=now) if is_off else 0
        if is_off and not (count and self._was_cancelled(form.instance)):
            if count:
                form.add_error("state", _booked_words(count))
                self.produced_error_code = "validation_error"
                self.produced_error_message = _("Nothing was saved: see below.")
                return self.form_invalid(form)
            try:
                self.begun = programme.cancel_event(
                    form.instance, actor=actor_of(self.request), now=now
                )
            except Refusal as refusal:
                tell_troubles(self.request, refusal)
                return self.render_to_response(self.get_context_data(form=form))
        return super().form_valid(form)

    def save_instance(self) -> Event:
        """Keep the first day on which visitors see it, and where its tickets lead."""
        event: Event = super().save_instance()
        _told_of(event, self.request)
        return event

    def _booked(self, event: Event, *, now: datetime) -> int:
        """Return how many bookings are on the dates of an event."""
        return called_off.preview_call_off(programme.dates_of(event, now=now), now=now).orders

    def _was_cancelled(self, event: Event) -> bool:
        return Event.objects.filter(pk=event.pk, state=Event.State.CANCELLED).exists()

    def get_success_url(self) -> str:
        """Lead to how far it is given back, else to the event."""
        return progress_url(self.begun) if self.begun else super().get_success_url()


def _booked_words(count: int) -> str:
    words = ngettext(
        "%(count)s booking is on its dates. On the event’s page, “Cancel this event” says what "
        "goes back and does it.",
        "%(count)s bookings are on its dates. On the event’s page, “Cancel this event” says what "
        "goes back and does it.",
        count,
    )
    return words % {"count": count}


class EventCancelForm(CallOffForm):
    """Why an event doesn't take place; it may be left unsaid."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].help_text = _(
            "Read by whoever booked, as you write it. Left empty, they read in their own language "
            "that the event is cancelled."
        )


class EventCancelView(CallsOff):
    """Cancel an event with all its dates to come."""

    model = Event
    form_class = EventCancelForm
    header_icon = "calendar-alt"
    page_title = gettext_lazy("Cancel this event")
    button = gettext_lazy("Cancel this event")
    intro = gettext_lazy(
        "A cancelled event stays in the agenda, with the word. All its dates to come are cancelled "
        "with it."
    )
    target: Event

    def dates(self) -> list[Slot]:
        """Return the dates to come of its tickets."""
        return programme.dates_of(self.target, now=self.now)

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show which event, and how many dates it has."""
        ahead = self.target.sessions.filter(starts_at__gt=self.now, is_cancelled=False)
        return ((_("Event"), self.target.title), (_("Dates to come"), ahead.count()))

    def get_success_url(self) -> str:
        """Lead to how far it is given back, else to the event."""
        return progress_url(self.begun) if self.begun else event_url(self.target)

    def run(self, form: EventCancelForm) -> str:
        """Cancel it, and begin to give its tickets back."""
        self.begun = programme.cancel_event(
            self.target,
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return self.told() or _("The event is cancelled, with its dates to come.")


class EventRenewalView(RenewalView):
    """Say that an event is new again, or take that back."""

    model = Event

    def decide(self, reason: str, **who: Any) -> None:
        """Renew it."""
        renewing.renew_event(self.target, reason=reason, **who)

    def take_back(self, **who: Any) -> None:
        """Take the decision back."""
        renewing.take_event_renewal_back(self.target, **who)

    def get_success_url(self) -> str:
        """Return to the event."""
        return event_url(self.target)


class EventInspectView(ReadOnlyInspectView):
    """An event on one page: whether it has dates, and where visitors see it."""

    template_name = "events/desk/event.html"
    page_title = gettext_lazy("Event")
    any_permission_required = ("add", "change", "delete", "view")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather the event and its dates to come."""
        event = self.object
        ahead = event.sessions.filter(ends_at__gt=timezone.now()).select_related("slot")
        is_shown = event.state != Event.State.DRAFT
        may_add = self.request.user.has_perm("events.add_session")
        can_have_dates = may_add and event.state != Event.State.CANCELLED
        add_url = f"{reverse('desk_sessions:add')}?event={event.pk}"
        return {
            **super().get_context_data(**kwargs),
            "event": event,
            "sessions": ahead.order_by("starts_at", "pk")[:8],
            "sessions_count": ahead.count(),
            "public_url": reverse("events:event", args=[event.slug]) if is_shown else "",
            "edit_url": reverse("desk_events:edit", args=[event.pk]),
            "add_url": add_url if can_have_dates else "",
            "may_change": self.user_has_permission("change"),
        }


class EventViewSet(DeskViewSet):
    """What happens."""

    model = Event
    name = "desk_events"
    url_prefix = "evenements"
    icon = "calendar-alt"
    menu_label = gettext_lazy("Events")
    ordering = ("title_fr", "pk")
    index_view_class = EventIndexView
    inspect_view_enabled = True
    inspect_view_class = EventInspectView
    add_view_class = EventCreateView
    edit_view_class = EventEditView
    edit_handler = EVENT
    list_filter = ("state", "is_free", "organiser")
    search_fields = ("title_fr", "title_en", "organiser__name", "commune__name", "place_fr")
    list_display = (
        "title",
        Column("commune", label=gettext_lazy("Commune"), sort_key="commune__name"),
        Column("organiser", label=gettext_lazy("Organiser"), sort_key="organiser__name"),
        Column("dates_count", label=gettext_lazy("Dates to come"), accessor=_dates_to_come),
        Column(
            "state", label=gettext_lazy("State"), accessor="get_state_display", sort_key="state"
        ),
    )
    list_export = ("title_fr", "state", "organiser.name", "commune.name", "place_fr", "is_free")

    def get_urlpatterns(self) -> list[Any]:
        """Add the decision that it is new again, and its cancelling."""
        renew = EventRenewalView.as_view(index_url_name=self.get_url_name("index"))
        cancel = EventCancelView.as_view(index_url_name=self.get_url_name("index"))
        return [
            *super().get_urlpatterns(),
            path("nouveau/<int:pk>/", renew, name="renew"),
            path("annuler/<int:pk>/", cancel, name="cancel"),
        ]

    empty_text = gettext_lazy(
        "Concerts, markets, feasts and shows will appear here, then their dates."
    )


# --- Dates -------------------------------------------------------------------------------------
class SessionForm(forms.Form):
    """One date of an event."""

    event = forms.ModelChoiceField(
        queryset=Event.objects.exclude(state=Event.State.CANCELLED),
        label=gettext_lazy("Event"),
        help_text=gettext_lazy("What happens on this date."),
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=DayInput,
        help_text=gettext_lazy("Today or later."),
    )
    start_time = forms.TimeField(
        label=gettext_lazy("Begins at"), widget=HourInput, help_text=gettext_lazy("Local time.")
    )
    end_time = forms.TimeField(
        label=gettext_lazy("Ends at"),
        widget=HourInput,
        help_text=gettext_lazy("Earlier than the beginning: on the next day."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Tickets on sale"),
        required=False,
        min_value=1,
        max_value=5000,
        help_text=gettext_lazy("Only for an event with tickets."),
    )


class SessionAddView(UseCaseView):
    """Add a date to an event."""

    model = Session
    list_title = gettext_lazy("Dates of events")
    form_class = SessionForm
    permission_required = "add"
    page_title = gettext_lazy("New date of an event")
    button = gettext_lazy("Add this date")
    event: Event | None = None

    def get_initial(self) -> dict[str, Any]:
        """Choose the event that the address names."""
        asked = self.request.GET.get("event", "")
        return {"event": int(asked)} if asked.isdecimal() else {}

    def run(self, form: SessionForm) -> str:
        """Add it."""
        data = form.cleaned_data
        self.event = data["event"]
        programme.schedule_session(
            data["event"],
            day=data["day"],
            start_time=data["start_time"],
            end_time=data["end_time"],
            capacity=data["capacity"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return _("The date is in the programme.")

    def get_success_url(self) -> str:
        """Return to the event once it has this date, to the list before."""
        return event_url(self.event) if self.event else super().get_success_url()


class SessionCancelView(CallsOff):
    """Cancel a date: the only change that a date in the programme knows."""

    model = Session
    list_title = gettext_lazy("Dates of events")
    page_title = gettext_lazy("Cancel this date")
    button = gettext_lazy("Cancel this date")
    intro = gettext_lazy(
        "A cancelled date stays in the agenda, with the word. A wrong day or hour that nobody "
        "booked: delete this date in the list, then add the right one. The tickets on sale are "
        "changed under « Offers », « Dates »."
    )
    target: Session

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead from a date that was cancelled to how far it is given back."""
        slot = self.target.slot
        if slot is not None and self.target.is_cancelled and self.user_has_permission("change"):
            last = slot.called_off.order_by("-pk").first()
            if last is not None and called_off.is_called_off(slot, now=self.now):
                return redirect(progress_url([last]))
        return super().dispatch(request, *args, **kwargs)

    def dates(self) -> list[Slot]:
        """Return its places, if it has some."""
        return [self.target.slot] if self.target.slot else []

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show which date, and how many tickets are sold."""
        return _facts(self.target)

    def run(self, form: CallOffForm) -> str:
        """Cancel it, and begin to give its tickets back."""
        self.begun = programme.cancel_session(
            self.target,
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=self.now,
        )
        return self.told() or _("The date is cancelled.")


class SessionRemoveView(UseCaseView):
    """Take a date out of the programme."""

    model = Session
    list_title = gettext_lazy("Dates of events")
    # Nothing is asked but the press of the button.
    form_class = forms.Form
    permission_required = "delete"
    page_title = gettext_lazy("Take this date out of the programme")
    button = gettext_lazy("Take it out")
    target: Session

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Show which date, and how many tickets are sold."""
        return _facts(self.target)

    def run(self, form: forms.Form) -> str:
        """Take it out."""
        programme.remove_session(self.target, actor=actor_of(self.request), now=self.now)
        return _("The date is out of the programme.")


def _facts(session: Session) -> tuple[tuple[str, Any], ...]:
    start = paris(session.starts_at)
    sold = session.slot.sold if session.slot else 0
    return (
        (_("Event"), session.event.title),
        (_("Date"), f"{start:%d/%m/%Y %H:%M}"),
        (_("Tickets sold"), sold),
    )


class SessionFilters(WagtailFilterSet):
    """Narrows the list of dates."""

    event = django_filters.ModelChoiceFilter(
        queryset=Event.objects.all(), label=gettext_lazy("Event")
    )

    class Meta:
        model = Session
        fields = ("event", "is_cancelled")


class SessionIndexView(DeskIndexView):
    """The dates to come."""

    page_title = gettext_lazy("Dates of events")

    def get_base_queryset(self) -> QuerySet[Session]:
        """Leave out what is over; load events and places."""
        sessions = Session.objects.select_related("event", "slot")
        return sessions.filter(ends_at__gt=timezone.now())


def _local(session: Session) -> str:
    return f"{paris(session.starts_at):%d/%m/%Y %H:%M}"


def _is_cancelled(session: Session) -> str:
    return _("yes") if session.is_cancelled else ""


class SessionViewSet(UseCaseViewSet):
    """Dates of events."""

    model = Session
    name = "desk_sessions"
    url_prefix = "dates-evenements"
    icon = "date"
    menu_label = gettext_lazy("Dates of events")
    ordering = ("starts_at", "pk")
    index_view_class = SessionIndexView
    add_view_class = SessionAddView
    edit_view_class = SessionCancelView
    delete_view_class = SessionRemoveView
    filterset_class = SessionFilters
    search_fields = ("event__title_fr", "event__title_en")
    list_display = (
        "event",
        Column("starts", label=gettext_lazy("Date"), accessor=_local, sort_key="starts_at"),
        Column("sold", label=gettext_lazy("Sold"), accessor="slot.sold"),
        Column("capacity", label=gettext_lazy("Places"), accessor="slot.capacity"),
        Column("is_cancelled", label=gettext_lazy("Cancelled"), accessor=_is_cancelled),
    )
    empty_text = gettext_lazy("Dates of events to come will appear here, with the tickets sold.")


class EventGroup(ViewSetGroup):
    """« Événements »."""

    menu_label = gettext_lazy("Events")
    menu_icon = "calendar-alt"
    menu_order = 230
    items = (EventViewSet, SessionViewSet)
