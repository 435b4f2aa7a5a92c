"""Sample blocks and openings of the office's pages, for the gallery: every one in its states.

Plain values only; what live blocks find is shown by cards that nobody sells.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext_lazy as _

from destination.blocks import Body
from destination.gallery import POLES, agenda_rows, experience_cards, lodging_cards
from destination.live import CHOICE_GONE, COMMUNE_GONE, NOTHING, POLE_GONE, Live
from destination.models import Site
from destination.page_cards import PageCard

# Blocks as (kind, value).
Parts = list[tuple[str, dict[str, Any]]]
LONG = "Sehenswürdigkeitenbesichtigung und Donaudampfschifffahrtsgesellschaft"
TEXT = (
    "<p>À 1 753 mètres, le Mézenc ferme l’horizon. On y monte en une heure, par les genêts puis "
    "l’herbe rase. <a href='#'>Dormir tout près</a> permet d’y être à l’aube.</p>"
    "<h3>À emporter</h3><ul><li>Une veste</li><li>Un litre d’eau par personne</li></ul>"
)
CRUMBS = [("Accueil", "#"), ("Explorer", "#"), ("Le mont Mézenc", None)]


def _picture(drawing: str, alt: str = "") -> dict[str, Any]:
    return {"image": None, "drawing": drawing, "alt": alt}


def texts() -> Parts:
    """Return sample blocks of text: with a heading, without, with a long one, with pictures."""
    return [
        ("passage", {"heading": "Où l’air est vif", "text": TEXT}),
        ("passage", {"heading": "", "text": "<p>Un texte sans titre suit celui qui en a un.</p>"}),
        ("passage", {"heading": LONG, "text": f"<p>{LONG}</p>"}),
        ("illustrated", {"heading": "À droite", "text": TEXT, "picture": _picture("cathedrale")}),
        ("illustrated", {"heading": "À gauche", "text": TEXT, "picture": _picture("hotes")}),
        ("picture", _picture("concert", "Un chœur devant l’orgue")),
    ]


def bands() -> Parts:
    """Return sample blocks as wide as the page."""
    reasons = [
        ("sun", "On dort au frais", "À 1 200 mètres, 12 degrés la nuit en juillet."),
        ("waves", "On se baigne dans la Loire", "18 degrés en août, à Goudet."),
        ("sparkles", LONG[:80], "Odile montre ses fuseaux, Luc sa vannerie."),
    ]
    said = {
        "words": "Je n’ai rien à vendre. Je montre ma rue, mon banc, et l’heure où la pierre "
        "devient rouge.",
        "who": "Marie-Thé",
        "about": "Dentellière à la retraite, elle marche avec vous une matinée.",
    }
    skills = [
        ("La dentelle au carreau", "beginner", "Un marque-page", "Odile", "Quatre paires."),
        ("Cueillir, puis cuisiner les champignons", "all", "Un bocal de girolles", "", ""),
    ]
    return [
        (
            "reasons",
            {
                "heading": "Trois raisons d’y venir",
                "season": "",
                "reasons": [{"icon": i, "title": t, "text": x} for i, t, x in reasons],
            },
        ),
        ("quotation", {**said, "picture": _picture("greeter", "Deux habitants dans une ruelle")}),
        ("quotation", {**said, "about": "", "picture": _picture("")}),
        (
            "learnings",
            {
                "heading": "Ce qu’on apprend ici",
                "learnings": [
                    {"skill": s, "level": level, "takes_home": home, "tutor": who, "text": text}
                    for s, level, home, who, text in skills
                ],
            },
        ),
        (
            "comparison",
            {
                "heading": "L’hiver ici, l’hiver ailleurs",
                "intro": "Choisir sa montagne, c’est choisir son rythme.",
                "here": ["Des pistes larges", "La cuisine d’Anne, à 19 h"],
                "elsewhere_name": "Le Jura et le Vercors",
                "elsewhere": ["De grands domaines nordiques reliés"],
            },
        ),
    ]


def looked_up() -> Parts:
    """Return sample blocks of what one looks up: days, facts, questions, a button."""
    days = [("Du Puy à Saint-Julien", 18.0), ("Vers Les Estables", 21.5), (LONG, None)]
    return [
        ("days", {"days": [{"title": t, "text": TEXT, "kilometres": km} for t, km in days]}),
        (
            "facts",
            {
                "heading": "En pratique",
                "facts": [
                    {"name": "Ouvert", "value": "9 h à 18 h"},
                    {"name": LONG[:60], "value": LONG},
                ],
            },
        ),
        (
            "questions",
            {
                "heading": "On nous demande souvent",
                "questions": [{"question": "Peut-on venir en train ?", "answer": TEXT}],
            },
        ),
        (
            "call_to_action",
            {"text": "Trois jours suffisent.", "button": "Où dormir", "address": "/fr/dormir/"},
        ),
    ]


def blocks_in(parts: Parts) -> Any:
    """Return the blocks as a page has them, from plain values."""
    return Body().to_python([{"type": name, "value": value} for name, value in parts])


def _cards() -> list[PageCard]:
    quiet = "Le bruit le plus fort est celui du troupeau."
    return [
        PageCard("Le Puy-en-Velay", "#", "Les aiguilles.", "", None, "", hero="le-puy"),
        PageCard("Massif du Mézenc", "#", "La neige.", "", None, "", hero="mezenc-hiver"),
        PageCard("Bien-être et calme", "#", quiet, "baignade", None, ""),
        PageCard(LONG, "#", "", "dentelle", None, ""),
    ]


def _openings() -> list[dict[str, Any]]:
    def page(title: str = "Le mont Mézenc", drawing: str = "rando", **more: Any) -> SimpleNamespace:
        said = "1 753 mètres, une heure de marche, les Alpes au bout."
        usual = {"title": title, "introduction": said, "drawing": drawing, "shown_image": None}
        return SimpleNamespace(**{**usual, **more})

    site = SimpleNamespace(
        known_kind=Site.Kind.NATURE, commune=SimpleNamespace(name="Les Estables")
    )
    tour = {"kilometres": Decimal(52), "days_count": 3, "start": "Le Puy", "finish": "Les Estables"}
    article = {"date": date(2026, 7, 4), "author": "Claire Roux"}
    return [
        {"page": page(), "crumbs": CRUMBS},
        *({"page": page(site=site), "pole": pole} for pole in POLES[:3]),
        {"page": page(site=site, is_locomotive=True), "pole": POLES[3]},
        {"page": page(LONG, "train", introduction=LONG)},
        {"page": page("Une matinée avec Odile", "dentelle", **article), "look": "cms--read"},
        {"page": page("Du Puy au Mézenc", **tour)},
        {"page": page("Explorer"), "look": "cms--map", "has_poles": True},
    ]


def page_gallery_context() -> dict[str, Any]:
    """Return what `components/gallery_pages.html` shows."""
    empty = {
        "heading": "Libres ce week-end",
        "empty_text": "Rien ces jours-ci : demandez à l’office.",
    }
    words = {"heading": "Bonnes adresses", "intro": "Trois façons de continuer."}
    document = {"url": "#", "file_extension": "pdf", "file": SimpleNamespace(size=820_000)}
    return {
        "openings": _openings(),
        "bodies": [blocks_in(texts()), blocks_in(bands()), blocks_in(looked_up())],
        "season": "summer",
        "cards_block": words,
        "page_cards": _cards(),
        "downloads": {
            "heading": "À emporter",
            "documents": [
                SimpleNamespace(title=name, **document) for name in ("Plan du bourg", LONG)
            ],
        },
        "lodgings": [{**one, "add": None, "see": _("See")} for one in lodging_cards()],
        "experiences": [{**one, "add": None, "see": _("See dates")} for one in experience_cards()],
        "agenda": agenda_rows(),
        "empty": empty,
        "silent": {**empty, "empty_text": ""},
        "reasons_why": [Live(why=why) for why in (NOTHING, POLE_GONE, COMMUNE_GONE, CHOICE_GONE)],
        "preview": {"is_preview": True},
    }
