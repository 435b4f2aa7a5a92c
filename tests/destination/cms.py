"""Pages of the office for tests: each function adds one to the tree and returns it."""

from __future__ import annotations

import itertools
from typing import Any

from wagtail.models import Locale, Page, Site

from destination.models import HomePage, PolePage, SectionPage
from destination.models.pages import VelayPage

numbers = itertools.count(1)


def locale(code: str) -> Locale:
    """Return a language of the site."""
    return Locale.objects.get_or_create(language_code=code)[0]


def a_home(code: str = "fr", **fields: Any) -> HomePage:
    """Make the home of a language; the French one is the root of the site."""
    known = HomePage.objects.filter(locale__language_code=code).first()
    if known is not None:
        return known
    root = Page.get_first_root_node()
    fields.setdefault("title", "Home" if code == "en" else "Accueil")
    french = HomePage.objects.filter(locale__language_code="fr").first()
    if french is not None:
        fields["translation_key"] = french.translation_key
    home = root.add_child(instance=HomePage(slug=f"home-{code}", locale=locale(code), **fields))
    if code == "fr":
        Site.objects.update_or_create(
            is_default_site=True, defaults={"root_page": home, "hostname": "testserver"}
        )
    return home


def a_page(kind: type[VelayPage], parent: Page | None = None, **fields: Any) -> Any:
    """Add a published page below `parent` (the French home), in its language."""
    above = parent or a_home()
    number = next(numbers)
    fields.setdefault("title", f"Page {number}")
    fields.setdefault("slug", f"page-{number}")
    return above.add_child(instance=kind(locale=above.locale, **fields))


def translated(page: Any, parent: Page, **fields: Any) -> Any:
    """Add the same page in the language of `parent`."""
    return a_page(type(page), parent, translation_key=page.translation_key, **fields)


def a_pole_page(slug: str = "massif-du-mezenc", code: str = "fr", **fields: Any) -> PolePage:
    """Add the office's page of a pole, below a section."""
    section = a_page(SectionPage, a_home(code), title="Explorer", slug=f"explorer-{code}")
    return a_page(PolePage, section, pole_slug=slug, slug=slug, **fields)
