"""« Relation client »: a record of each guest, their conversation, what is to be answered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.guest_forms import NoteForm, OutcomeForm, PersonForm
from booking.desk.guest_imports import GuestImportViewSet
from booking.desk.guest_merging import (
    ChooseView,
    DuplicatesView,
    JoinView,
    LeaveView,
    MergeView,
    UndoView,
)
from booking.desk.guest_pages import GuestActionView, GuestPage
from booking.desk.guest_words import letter_rows, sign_words, thread_rows
from booking.desk.views import UseCaseView, actor_of
from booking.models import PastStay
from booking.relations import conversation, records
from booking.relations.customers import PersonFacts, change_customer
from destination.desk import DecidedViewSet, MomentColumn, ReadOnlyIndexView
from members.models import Customer, CustomerNote
from oti.lib.dates import today as day_of


class GuestIndexView(ReadOnlyIndexView):
    """Everybody who has stayed here, who is known last first."""

    page_title = gettext_lazy("Guests")
    export_headings: ClassVar[dict[str, Any]] = {
        "stays": gettext_lazy("Stays"),
        "last_day": gettext_lazy("Last stay"),
    }

    def get_base_queryset(self) -> QuerySet[Customer]:
        """Count the stays of those that are shown: not everybody's, for one page of them."""
        rows = Customer.objects.filter(erased_at=None, merged_into=None)
        if "last_day" in self.request.GET.get("ordering", ""):
            # In this order everybody's are counted, and once over all is quicker than one by one.
            return rows.annotate(
                stays=Count("identities__past_stays", distinct=True),
                last_day=Max("identities__past_stays__last_day"),
            )
        stays = PastStay.objects.filter(identity__customer=OuterRef("pk")).order_by()
        mine = stays.values("identity__customer")
        return rows.annotate(
            stays=Coalesce(Subquery(mine.annotate(count=Count("pk")).values("count")), 0),
            last_day=Subquery(mine.annotate(last=Max("last_day")).values("last")),
        )

    def search_queryset(self, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Keep the persons in whom every word is found."""
        if not self.is_searching:
            return queryset
        return queryset.filter(pk__in=records.searched(self.search_query).values("pk"))

    @property
    def header_buttons(self) -> list[Button]:
        """Lead to what waits and to what may be there twice."""
        return [
            *super().header_buttons,
            HeaderButton(_("To answer"), url=reverse("desk_guests:to-do"), icon_name="history"),
            HeaderButton(
                _("Likely duplicates"), url=reverse("desk_guests:duplicates"), icon_name="copy"
            ),
        ]


class RecordView(GuestPage):
    """One person: who, stays, words, letters, thread."""

    template_name = "booking/desk/guest.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; a record that was merged leads to who it has become."""
        if self.person.merged_into_id:
            return redirect("desk_guests:guest", self.person.merged_into_id)
        return super().get(request, *args, **kwargs)

    @cached_property
    def person(self) -> Customer:
        """Return the person of the address."""
        people = Customer.objects.select_related("family__household__commune")
        return get_object_or_404(people, pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        """Name them."""
        return str(self.person) or _("Guest without a name")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Gather everything of the person."""
        now = timezone.now()
        user = self.request.user
        found = records.record_of(self.person, now=now)
        may_read_orders = user.has_perm("booking.view_order") or user.has_perm(  # type: ignore[union-attr]
            "booking.change_order"
        )
        moments = records.thread_of(self.person, may_read_orders=may_read_orders)
        return {
            **super().get_context_data(**kwargs),
            "person": self.person,
            "record": found,
            "letters": letter_rows(found.letters),
            "suggestions": [(one.other, sign_words(one.signs)) for one in found.duplicates],
            "thread": thread_rows(moments, self.person),
            "may_read_orders": may_read_orders,
            "may_change": self.user_has_permission("change") and self.person.erased_at is None,
            "today": day_of(now),
        }


class NoteView(GuestActionView):
    """Write down what was said on the phone or at the counter."""

    form_class = NoteForm
    page_title = gettext_lazy("Write a note")

    def get_initial(self) -> dict[str, Any]:
        """Today, on the phone."""
        return {"happened_on": day_of(self.now), "channel": CustomerNote.Channel.PHONE}

    def run(self, form: NoteForm) -> str:
        """Write it."""
        note = conversation.NoteInput(**form.cleaned_data)
        conversation.write_note(self.target, note, actor=actor_of(self.request), now=self.now)
        return _("The note is written.")


class OutcomeView(UseCaseView):
    """Say what was answered or done about a note."""

    model = CustomerNote
    permission_policy = ModelPermissionPolicy(Customer)
    form_class = OutcomeForm
    index_url_name = "desk_guests:to-do"
    list_title = gettext_lazy("To answer")
    page_title = gettext_lazy("Answered or done")
    header_icon = "history"

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Recall the note."""
        note = self.target
        return (
            (_("Guest"), note.customer),
            (_("Phone"), note.customer.phone),
            (_("What was said"), note.text),
            (_("Next step"), note.next_step),
        )

    def run(self, form: OutcomeForm) -> str:
        """Close it."""
        conversation.finish_note(
            self.target, form.cleaned_data["outcome"], actor=actor_of(self.request), now=self.now
        )
        return _("Noted: nothing more is to be done.")


class ToDoView(GuestPage):
    """What guests wait for, what is due first before all."""

    template_name = "booking/desk/guest_to_do.html"
    page_title = gettext_lazy("To answer")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Load it."""
        return {
            **super().get_context_data(**kwargs),
            "notes": conversation.notes_to_do()[:200],
            "today": day_of(timezone.now()),
            "may_change": self.user_has_permission("change"),
        }


class CorrectView(GuestActionView):
    """Put right what is known of a person."""

    form_class = PersonForm
    page_title = gettext_lazy("Correct")
    intro = gettext_lazy("Bookings stay as they were made: only the office’s record changes.")

    def get_initial(self) -> dict[str, Any]:
        """Begin with what is known."""
        return {name: getattr(self.target, name) for name in PersonForm.base_fields}

    def run(self, form: PersonForm) -> str:
        """Keep it."""
        facts = PersonFacts(**form.cleaned_data)
        change_customer(self.target, facts, actor=actor_of(self.request), now=self.now)
        return _("It is kept.")


def _name_listed(person: Customer) -> str:
    """Return what leads to a person: who gave only a first name has a page too."""
    return person.last_name or person.first_name or _("without a name")


def _guest_url(person: Customer) -> str:
    return reverse("desk_guests:guest", args=[person.pk])


class GuestViewSet(DecidedViewSet):
    """Guests, one line each."""

    model = Customer
    name = "desk_guests"
    url_prefix = "clients"
    icon = "user"
    menu_label = gettext_lazy("Guests")
    index_view_class = GuestIndexView
    inspect_view_enabled = False
    list_filter = ("language", "country")
    search_fields = ("last_name", "first_name")
    list_display = (
        TitleColumn(
            "last_name",
            label=gettext_lazy("Name"),
            accessor=_name_listed,
            get_url=_guest_url,
            sort_key="last_name",
        ),
        Column("first_name", label=gettext_lazy("First name")),
        Column("postal_code", label=gettext_lazy("Postcode"), sort_key="postal_code"),
        Column("country", label=gettext_lazy("Country"), sort_key="country"),
        Column("stays", label=gettext_lazy("Stays")),
        MomentColumn("last_day", label=gettext_lazy("Last stay"), sort_key="last_day"),
    )
    list_export = (
        *("last_name", "first_name", "phone", "postal_code", "country", "language"),
        *("stays", "last_day"),
    )
    empty_text = gettext_lazy(
        "Whoever has booked a stay appears here: one record per person, over all their stays."
    )

    def get_urlpatterns(self) -> list[Any]:
        """Serve the list, each person, what is done about them."""
        return [
            *super().get_urlpatterns(),
            path("a-repondre/", ToDoView.as_view(), name="to-do"),
            path("doublons/", DuplicatesView.as_view(), name="duplicates"),
            path("<int:pk>/", RecordView.as_view(), name="guest"),
            path("<int:pk>/note/", NoteView.as_view(), name="note"),
            path("<int:pk>/corriger/", CorrectView.as_view(), name="correct"),
            path("<int:pk>/reunir/", ChooseView.as_view(), name="choose"),
            path("<int:pk>/reunir/<int:other>/", MergeView.as_view(), name="merge"),
            path("<int:pk>/famille/<int:other>/", JoinView.as_view(), name="join"),
            path("<int:pk>/famille/quitter/", LeaveView.as_view(), name="leave"),
            path("notes/<int:pk>/", OutcomeView.as_view(), name="outcome"),
            path("reunions/<int:pk>/", UndoView.as_view(), name="undo"),
        ]


class RelationGroup(ViewSetGroup):
    """« Relation client »."""

    menu_label = gettext_lazy("Guest relations")
    menu_icon = "group"
    menu_order = 212
    items = (GuestViewSet, GuestImportViewSet)
