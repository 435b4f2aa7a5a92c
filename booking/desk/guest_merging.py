"""The desk's merges of guests, and families: two records side by side, a reason, and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.permission_policies import ModelPermissionPolicy

from booking.desk.guest_forms import MergeForm, ReasonForm
from booking.desk.guest_pages import GuestActionView, GuestPage
from booking.desk.guest_words import sign_words
from booking.desk.views import UseCaseView, actor_of
from booking.relations import duplicates, families, merging, records
from members.models import Customer, CustomerMerge

MOST_FOUND = 30


class ChooseView(GuestPage):
    """Look for the record that is the same person, or of the same family."""

    template_name = "booking/desk/guest_choose.html"
    page_title = gettext_lazy("Merge, or join a family")
    any_permission_required = ("change",)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Search; without words, suggest."""
        person = get_object_or_404(Customer, pk=self.kwargs["pk"])
        words = self.request.GET.get("q", "").strip().replace("\x00", "")[:100]
        found = records.searched(words).exclude(pk=person.pk) if words else Customer.objects.none()
        suggested = duplicates.duplicates_of(person)
        return {
            **super().get_context_data(**kwargs),
            "person": person,
            "words": words,
            "found": found.prefetch_related("identities__address")[:MOST_FOUND],
            "suggestions": [(one.other, sign_words(one.signs)) for one in suggested],
        }


class TwoPersonsView(GuestActionView):
    """A decision on two persons, shown side by side."""

    template_name = "booking/desk/guest_two.html"

    @cached_property
    def other(self) -> Customer:
        """Return the second person of the address."""
        return get_object_or_404(Customer, pk=self.kwargs["other"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is known of both."""
        both = (self.target, self.other)
        return {
            **super().get_context_data(**kwargs),
            "both": [records.record_of(one, now=self.now) for one in both],
        }


class MergeView(TwoPersonsView):
    """Make one of two records."""

    form_class = MergeForm
    page_title = gettext_lazy("The same person?")
    button = gettext_lazy("Merge the two records")
    kept: Customer | None = None
    intro = gettext_lazy(
        "Stays, notes and addresses of both will be on one page. It can be undone. What each "
        "address said about letters doesn’t change."
    )

    def get_form(self, form_class: Any = None) -> MergeForm:
        """Offer both names."""
        form: MergeForm = super().get_form(form_class)
        form.fields["keep"].choices = [  # type: ignore[attr-defined]
            (one.pk, f"{one} {one.phone}".strip()) for one in (self.target, self.other)
        ]
        return form

    def get_initial(self) -> dict[str, Any]:
        """The one that one comes from."""
        return {"keep": self.target.pk}

    def run(self, form: MergeForm) -> str:
        """Merge."""
        keep, other = self.target, self.other
        if form.cleaned_data["keep"] == other.pk:
            keep, other = other, keep
        merging.merge_customers(
            keep, other, form.cleaned_data["reason"], actor=actor_of(self.request), now=self.now
        )
        self.kept = keep
        return _("The two records are one.")

    def get_success_url(self) -> str:
        """Return to the one that stays."""
        return reverse("desk_guests:guest", args=[(self.kept or self.target).pk])


class UndoView(UseCaseView):
    """Make two records of one again."""

    model = CustomerMerge
    permission_policy = ModelPermissionPolicy(Customer)
    form_class = forms.Form
    index_url_name = "desk_guests:index"
    list_title = gettext_lazy("Guests")
    page_title = gettext_lazy("Undo the merge")
    button = gettext_lazy("Make two records again")
    header_icon = "undo"

    @property
    def facts(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Recall the merge."""
        merge = self.target
        return (
            (_("Record that stayed"), merge.kept),
            (_("Record that was merged"), merge.gone),
            (_("Why"), merge.reason),
        )

    def run(self, form: Any) -> str:
        """Undo it."""
        merging.unmerge(self.target, actor=actor_of(self.request), now=self.now)
        return _("They are two records again.")

    def get_success_url(self) -> str:
        """Return to the one that stayed."""
        return reverse("desk_guests:guest", args=[self.target.kept_id])


class JoinView(TwoPersonsView):
    """Make one family of two."""

    form_class = ReasonForm
    page_title = gettext_lazy("The same family?")
    button = gettext_lazy("Make one family")

    def run(self, form: ReasonForm) -> str:
        """Join them."""
        reason = form.cleaned_data["reason"]
        families.link_family(
            self.target, self.other, reason, actor=actor_of(self.request), now=self.now
        )
        return _("They are one family.")


class LeaveView(GuestActionView):
    """Take a person out of a family."""

    form_class = ReasonForm
    page_title = gettext_lazy("Take out of the family")

    def run(self, form: ReasonForm) -> str:
        """Give them a family of their own."""
        reason = form.cleaned_data["reason"]
        families.unlink_family(self.target, reason, actor=actor_of(self.request), now=self.now)
        return _("This person has a family of their own now.")


class DuplicatesView(GuestPage):
    """Pairs of records that may be one person."""

    template_name = "booking/desk/guest_duplicates.html"
    page_title = gettext_lazy("Likely duplicates")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Look for them."""
        asked = self.request.GET.get("de", "")
        skip = int(asked) if asked.isdecimal() and len(asked) < 8 else 0
        found = duplicates.likely_duplicates(skip)
        return {
            **super().get_context_data(**kwargs),
            "pairs": [(one.one, one.other, sign_words(one.signs)) for one in found.pairs],
            "following": found.following,
        }
