"""Texts that people sign, by version: what somebody signed is never edited."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column

from destination.desk import (
    DeskDeleteView,
    DeskEditView,
    DeskIndexView,
    DeskViewSet,
    MomentColumn,
    ReadOnlyInspectView,
)
from destination.legal_body import clean_body

SIGNED = Column("signed", label=gettext_lazy("Signed by"))
HOLDS_FROM = MomentColumn("valid_from", label=gettext_lazy("In force from"), sort_key="valid_from")


class SignedTextIndexView(DeskIndexView):
    """The versions, with how often each was signed; a signed one is only read."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Count the signatures."""
        return self.model.objects.annotate(signed=Count("signatures"))

    def get_edit_url(self, instance: Any) -> str | None:
        """A version that somebody signed is only read."""
        return None if instance.signed else super().get_edit_url(instance)

    def get_delete_url(self, instance: Any) -> str | None:
        """A version that somebody signed is kept."""
        return None if instance.signed else super().get_delete_url(instance)


class KeepsSignedTexts:
    """Refuses to change or delete a version that somebody signed."""

    model: Any
    index_url_name: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the text instead, and say what to do."""
        text = get_object_or_404(self.model, pk=kwargs["pk"])
        if text.signatures.exists():
            messages.warning(request, _("This text was signed: enter a new version instead."))
            viewset, _colon, _name = self.index_url_name.partition(":")
            return redirect(reverse(f"{viewset}:inspect", args=[text.pk]))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc,no-any-return]


class SignedTextEditView(KeepsSignedTexts, DeskEditView):
    """Change a version that nobody has signed yet."""


class SignedTextDeleteView(KeepsSignedTexts, DeskDeleteView):
    """Delete a version that nobody has signed yet."""


class SignedTextInspectView(ReadOnlyInspectView):
    """A version as it was signed."""

    template_name = "booking/desk/signed_text.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the text, and how many signed it."""
        return {
            **super().get_context_data(**kwargs),
            "text": self.object,
            "text_html": clean_body(self.object.body),
            "signed": self.object.signatures.count(),
        }


class SignedTextViewSet(DeskViewSet):
    """The versions of a text, among the settings of the desk."""

    icon = "doc-full"
    add_to_settings_menu = True
    inspect_view_enabled = True
    index_view_class = SignedTextIndexView
    edit_view_class = SignedTextEditView
    delete_view_class = SignedTextDeleteView
    inspect_view_class = SignedTextInspectView
