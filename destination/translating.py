"""From a page in French to its twin in another language, and what keeps half of one unpublished.

wagtail-localize would publish what isn't translated yet in its first language, and copy the pages
above that nobody translated. Here a text is in its page's language or the page isn't there (S03).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation, TranslationSource
from wagtail_localize.views.submit_translations import SubmitPageTranslationView
from wagtail_localize.views.update_translations import UpdateTranslationsView

from destination.models.pages import VelayPage
from destination.publication import blocking
from oti.lib.dates import today as day_of


# --- What holds a page back -----------------------------------------------------------------------
def translation_of(page: Page) -> Translation | None:
    """Return the translation whose result the page is, None for a page written for itself."""
    found: Translation | None = Translation.objects.filter(
        source__object_id=page.translation_key, target_locale_id=page.locale_id, enabled=True
    ).first()
    return found


def texts_to_translate(translation: Translation) -> int:
    """Return how many texts still wait, those that changed in the first language included."""
    total, done = translation.get_progress()
    return int(total - done)


def holds_back(page: Page) -> list[str]:
    """Return, in words, what keeps the newest version of a page from being published."""
    translation = translation_of(page)
    if translation is None:
        newest = page.get_latest_revision_as_object()
    else:
        left = texts_to_translate(translation)
        if left:
            words = ngettext(
                "%(count)s text isn't translated yet: translate it, then publish the page.",
                "%(count)s texts aren't translated yet: translate them, then publish the page.",
                left,
            )
            return [words % {"count": left}]
        newest = translation.source.get_ephemeral_translated_instance(translation.target_locale)
        refused = _refused_address(page, newest.slug)
        if refused:
            return [refused]
    if not isinstance(newest, VelayPage):
        return []
    return [one.words for one in blocking(newest, today=day_of(timezone.now()))]


def _refused_address(page: Page, slug: str) -> str:
    """Say why a page can't have the address that was written for it, "" where it can.

    wagtail-localize would take another one without a word.
    """
    if slugify(slug) != slug:
        words = _("The address “%(slug)s” isn't one: write small letters, digits and hyphens.")
        return words % {"slug": slug}
    beside = Page.objects.child_of(page.get_parent()).exclude(pk=page.pk)
    if beside.filter(slug=slug).exists():
        return _("Another page has the address “%(slug)s” here: write another one.") % {
            "slug": slug
        }
    return ""


def keep_half_translations_back(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Refuse to publish a translation that isn't whole, and to fill one with its first language."""
    if request.method != "POST" or translation_of(page) is None:
        return None
    if "localize-convert-to-alias" in request.POST:
        return _say_no_alias(request, page.pk)
    if request.POST.get("action") != "publish":
        return None
    lacks = holds_back(page)
    for words in lacks:
        messages.error(request, words)
    return redirect("wagtailadmin_pages:edit", page.pk) if lacks else None


def keep_lacking_pages_back(
    request: HttpRequest, action_type: str, objects: list[Any], action: Any
) -> HttpResponse | None:
    """Refuse to publish several pages at once when one of them lacks something; says which."""
    if action_type != "publish":
        return None
    pages = [one for one in objects if isinstance(one, Page)]
    if action.cleaned_form.cleaned_data.get("include_descendants"):
        below = [child for one in pages for child in one.get_descendants().not_live().specific()]
        pages += below
    lacks = {one.title: holds_back(one) for one in pages}
    for title, words in lacks.items():
        if words:
            said = {"title": title, "words": " ".join(words)}
            messages.error(request, _("“%(title)s” can't be published: %(words)s") % said)
    return HttpResponseRedirect(action.next_url) if any(lacks.values()) else None


# --- Aliases --------------------------------------------------------------------------------------
def refuse_alias(request: HttpRequest, page_id: int) -> HttpResponse:
    """Answer the address that would show a page of one language at an address of another."""
    return _say_no_alias(request, page_id)


def _say_no_alias(request: HttpRequest, page_id: int) -> HttpResponse:
    messages.error(
        request, _("A page shows its own language only: take it down instead of copying another.")
    )
    return redirect("wagtailadmin_pages:edit", page_id)


def without_aliases(items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """Take the making of aliases out of what an editor may do with a page."""
    items[:] = [one for one in items if one.name != "localize-convert-to-alias"]


# --- Asking for a translation ---------------------------------------------------------------------
class TranslatePageView(SubmitPageTranslationView):  # type: ignore[misc]
    """Ask for a page in other languages: those in which the page above it is there."""

    def get_form(self) -> forms.Form:
        """Leave out the languages that the page above lacks, and say which."""
        form = super().get_form()
        field = form.fields["locales"]
        field.label = _("Languages")
        wanted = field.queryset
        field.queryset = wanted.filter(pk__in=_languages_above(self.object))
        late = [str(one) for one in wanted.exclude(pk__in=field.queryset)]
        if late:
            words = _("Translate “%(title)s”, above this page, first for: %(languages)s.") % {
                "title": self.object.get_parent().title,
                "languages": ", ".join(late),
            }
            field.help_text = words
            field.error_messages["required"] = words
            field.error_messages["invalid_choice"] = words
        return form  # type: ignore[no-any-return]


def _languages_above(page: Page) -> Any:
    above = page.get_parent()
    if above.is_root():
        return Locale.objects.values("pk")
    return above.get_translations().filter(alias_of__isnull=True).values("locale")


class SyncPagesView(UpdateTranslationsView):  # type: ignore[misc]
    """Hand the texts that changed to the translations; nothing is published by it."""

    def get_form(self) -> forms.Form:
        """Take publishing at once away: it would publish the first language."""
        form = super().get_form()
        form.fields["publish_translations"] = forms.BooleanField(
            required=False, disabled=True, initial=False, widget=forms.HiddenInput
        )
        return form  # type: ignore[no-any-return]


def follow_source(sender: type[Page], instance: Page, **kwargs: Any) -> None:
    """Hand what changed in a published page to its translations: they wait for it from then on."""
    source = TranslationSource.objects.filter(
        object_id=instance.translation_key, locale_id=instance.locale_id
    ).first()
    if source is not None:
        source.update_from_db()
