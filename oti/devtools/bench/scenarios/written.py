"""A page that the office wrote: read anew, kept whole, and beside both the least Django does."""

from __future__ import annotations

from http import HTTPStatus

from oti.devtools.bench.copy import Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.devtools.locks import wait_until
from oti.lib import generation

READS = 210
SLUG = "banc"


def written_page(copy: Copy) -> list[Line]:
    """Read a page of texts and live blocks anew, then as it is kept, then an address alone."""
    path = _make_page()
    who = visitor(copy)
    # A process may remember for a second that there was no home.
    wait_until(lambda: who.get(path).status == HTTPStatus.OK, 5, step=0.2)
    anew = in_turn(
        copy,
        "written_page",
        lambda number: [expect(who.get(f"{path}?n={number}"), 200)],
        range(READS),
    )
    kept = in_turn(
        copy, "kept_page", lambda _number: [expect(visitor(copy).get(path), 200)], range(READS)
    )
    trivial = in_turn(
        copy,
        "trivial",
        lambda _number: [expect(visitor(copy).get("/favicon.ico"), 301)],
        range(READS),
    )
    kept.more |= {
        "trivial_cpu_ms": trivial.cpu_ms,
        "share": (trivial.cpu_ms or 0) / (kept.cpu_ms or 1),
    }
    return [anew, kept]


def _make_page() -> str:
    """Return the address of a page with three live blocks, made if it isn't there."""
    from wagtail.models import Locale, Page, Site

    from destination.models import HomePage, ThemePage

    page = ThemePage.objects.filter(slug=SLUG).first()
    if page is None:
        locale = Locale.objects.get_or_create(language_code="fr")[0]
        root = Page.get_first_root_node()
        home = HomePage.objects.filter(locale=locale).first() or root.add_child(
            instance=HomePage(title="Accueil", slug="accueil-banc", locale=locale)
        )
        Site.objects.update(root_page=home)
        live = {"heading": "H", "pole": "", "commune": "", "count": 4, "empty_text": "Rien"}
        more = {"kind": "", "days": "35", "for_children": False}
        page = home.add_child(
            instance=ThemePage(
                title="Banc",
                slug=SLUG,
                introduction="Une page de textes et de blocs.",
                locale=locale,
                body=[
                    ("passage", {"heading": "H", "text": "<p>Un texte.</p>" * 20}),
                    ("lodgings", {**live, "when": "", "adults": 2}),
                    ("experiences", {**live, **more}),
                    ("agenda", live),
                ],
            )
        )
        generation.change()
    return f"/fr/{page.slug}/"
