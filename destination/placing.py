"""Where a page may stand: below pages of its own language, however it gets there (S03).

Wagtail lets a page be copied or moved into the tree of another language, where it would be shown
in its own: silent French below `/en/`. The way from one language to another is a translation.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from wagtail.admin.forms.pages import CopyForm
from wagtail.models import Page


def misplaced(page: Page, parent: Page) -> str:
    """Return, in words, why a page can't stand below another one: "" where it may."""
    if parent.is_root() or page.locale_id == parent.locale_id:
        return ""
    return _(
        "“%(title)s” is in %(language)s and “%(parent)s” in %(other)s: a page stands below pages "
        "of its own language. Ask for its translation instead."
    ) % {
        "title": page.title,
        "language": _name_of(page),
        "parent": parent.title,
        "other": _name_of(parent),
    }


def _name_of(page: Page) -> str:
    """Return the language of a page in the words of who reads this."""
    name: str = get_language_info(page.locale.language_code)["name_translated"]
    return name.lower()


class CopyPageForm(CopyForm):  # type: ignore[misc]
    """Copy a page, below a page of its language only."""

    def clean(self) -> dict[str, Any]:
        """Say beside the new place why the page can't stand there."""
        cleaned: dict[str, Any] = super().clean()
        parent = cleaned.get("new_parent_page")
        words = misplaced(self.page, parent) if parent is not None else ""
        if words:
            self.add_error("new_parent_page", ValidationError(words, code="other_language"))
        return cleaned


def keep_copies_in_place(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Refuse to copy a page below something that isn't a page; their view would fail on it."""
    if request.method != "POST":
        return None
    asked = request.POST.get("new_parent_page", "")
    if asked.isdecimal() and Page.objects.filter(pk=asked[:18]).exists():
        return None
    messages.error(request, _("Choose the page below which the copy will stand."))
    return redirect("wagtailadmin_pages:copy", page.pk)


def keep_moves_in_place(request: HttpRequest, page: Page, destination: Page) -> HttpResponse | None:
    """Say why a page can't be moved into the tree of another language.

    Wagtail refuses it without a word; of several pages at once it says which.
    """
    words = misplaced(page, destination)
    if not words:
        return None
    messages.error(request, words)
    return redirect("wagtailadmin_pages:move", page.pk)
