"""Texts that people sign, by version: what somebody signed is never edited."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from destination.desk import DeskEditView, DeskViewSet
from members.models import ContractText, GreeterCharter


class SignedTextEditView(DeskEditView):
    """Change a version that nobody has signed yet."""

    def get_object(self, queryset: Any = None) -> ContractText | GreeterCharter:
        """Refuse one that was signed."""
        text: ContractText | GreeterCharter = super().get_object(queryset)
        if text.signatures.exists():
            raise PermissionDenied
        return text


class SignedTextViewSet(DeskViewSet):
    """The versions of a text, among the settings of the desk."""

    icon = "doc-full"
    add_to_settings_menu = True
    edit_view_class = SignedTextEditView
