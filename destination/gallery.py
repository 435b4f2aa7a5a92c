"""Sample data of the component gallery, which shows every component in each of its states.

Plain values and a small form: it reads no table and is shown to the staff only.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

ARRIVAL = date(2026, 7, 11)
DEPARTURE = date(2026, 7, 18)
HELD_UNTIL = datetime(2026, 7, 1, 12, 32, tzinfo=UTC)
POLES = [
    {"slug": "le-puy-en-velay", "name": "Le Puy-en-Velay"},
    {"slug": "massif-du-mezenc", "name": "Massif du Mézenc"},
    {"slug": "la-chaise-dieu", "name": "La Chaise-Dieu"},
    {"slug": "ailleurs", "name": "Ailleurs"},
]
ADD = {"url": "#", "fields": [("offer", "1")]}


class GalleryForm(forms.Form):
    """One field of each kind."""

    first_name = forms.CharField(label=_("First name"))
    email = forms.EmailField(
        label=_("E-mail"), help_text=_("Your confirmation and your tickets are sent there")
    )
    needs = forms.CharField(label=_("A special need?"), required=False, widget=forms.Textarea)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("fr", "Français"), ("en", "English")]
    )
    payment = forms.ChoiceField(
        label=_("Payment"),
        choices=[("card", _("Bank card")), ("transfer", _("Transfer"))],
        widget=forms.RadioSelect,
    )
    terms = forms.BooleanField(label=_("I accept the conditions of sale"))


def lodging_cards() -> list[dict[str, Any]]:
    """Return cards of places to stay, one in each state."""
    return [
        {
            "title": "Le Gîte des Narces",
            "url": "#",
            "illustration": "gite",
            "pole": POLES[1],
            "place": "Saint-Front",
            "facts": [("users", "4 à 6"), ("bed-double", "2 chambres")],
            "badges": [{"text": "Plain-pied", "kind": "info", "icon": "accessibility"}],
            "price": {"amount": Decimal("1074.00"), "note": "7 nuits, tout compris"},
            "add": ADD,
        },
        {
            "title": "La Yourte du Meygal",
            "url": "#",
            "illustration": "yourte",
            "pole": POLES[1],
            "place": "Queyrières",
            "facts": [("users", "2 à 4")],
            "left": 1,
            "price": {
                "amount": Decimal("892.50"),
                "note": "7 nuits",
                "tax_on_site": Decimal("15.40"),
            },
            "add": ADD,
        },
        {
            "title": "Chez Solange et Paul, un nom assez long pour tenir sur deux lignes",
            "url": "#",
            "illustration": "chambre",
            "pole": POLES[3],
            "place": "Fay-sur-Lignon",
            "facts": [("utensils", "Table d'hôtes")],
            "price": {"amount": Decimal(110), "note": "la nuit", "from_price": True},
        },
    ]


def experience_cards() -> list[dict[str, Any]]:
    """Return cards of things to live, one in each state."""
    rows = [
        ("Nager dans la Loire sauvage", "baignade", POLES[1], "Goudet", 150, 18, "par adulte"),
        ("Premiers points de dentelle", "dentelle", POLES[0], "Le Puy", 120, 32, "par personne"),
        ("Chœur et grand orgue", "concert", POLES[2], "Abbatiale", 90, 24, "par personne"),
        ("Cueillir, puis cuisiner", "cuisine", POLES[1], "Saint-Front", 240, 96, "pour quatre"),
    ]
    return [
        {
            "title": title,
            "url": "#",
            "illustration": picture,
            "pole": pole,
            "place": place,
            "minutes": minutes,
            "day": date(2026, 7, 14) if picture == "concert" else None,
            "hour": time(21) if picture == "concert" else None,
            "min_age": 6 if picture == "cuisine" else None,
            "left": 3 if picture == "dentelle" else None,
            "price": {"amount": Decimal(amount), "note": note},
            "add": ADD,
        }
        for title, picture, pole, place, minutes, amount, note in rows
    ]


def agenda_rows() -> list[dict[str, Any]]:
    """Return rows of the agenda: as planned, cancelled, full."""
    return [
        {
            "title": "Marché du samedi, place du Plot",
            "url": "#",
            "day": date(2026, 7, 11),
            "hour": time(8),
            "place": "Le Puy",
            "pole": POLES[0],
        },
        {
            "title": "Bal et feu sur l'alpage",
            "url": "#",
            "day": date(2026, 7, 14),
            "hour": time(20, 30),
            "place": "Les Estables",
            "pole": POLES[1],
            "is_cancelled": True,
        },
        {
            "title": "Concert d'orgue au couchant",
            "url": "#",
            "day": date(2026, 7, 19),
            "hour": time(21),
            "place": "abbatiale",
            "pole": POLES[2],
            "is_full": True,
        },
    ]


def _days() -> list[dict[str, Any]]:
    change = {"edit_url": "#", "remove_url": "#"}
    return [
        {
            "date": ARRIVAL,
            "rows": [
                {
                    "kind": "leg",
                    "time": time(14, 10),
                    "icon": "route",
                    "text": "Le Puy, Saint-Front",
                },
                {
                    "kind": "stay",
                    "time": time(16),
                    "title": "Le Gîte des Narces",
                    "note": "7 nuits, chez Anne et Joël",
                    "illustration": "gite",
                    "price": {"amount": Decimal(1074), "note": "taxe de séjour comprise"},
                    **change,
                },
            ],
        },
        {
            "date": date(2026, 7, 12),
            "rows": [
                {
                    "kind": "do",
                    "time": time(9),
                    "title": "Champignons, du panier à la poêle",
                    "note": "4 h, 2 adultes et 2 enfants",
                    "illustration": "cuisine",
                    "price": {"amount": Decimal("96.50"), "before": Decimal(90)},
                    "badge": {"label": "Nouveau prix", "kind": "warn"},
                    **change,
                }
            ],
        },
        {
            "date": date(2026, 7, 13),
            "rows": [],
            "free": {
                "ideas": [{"label": "Goûter à la ferme, 20 €", "url": "#", "fields": []}],
                "browse_url": "#",
            },
        },
        {
            "date": date(2026, 7, 17),
            "rows": [
                {
                    "kind": "warn",
                    "time": time(21),
                    "title": "Chœur et grand orgue",
                    "note": "La Chaise-Dieu",
                    "illustration": "concert",
                    "price_label": "Complet",
                    "price": {"note": "non compté"},
                    "problem": "La dernière place est partie. Rien ne vous sera débité.",
                    "actions": [
                        {
                            "label": "La cathédrale, 22 h, 36 €",
                            "url": "#",
                            "fields": [],
                            "main": True,
                        }
                    ],
                    "remove_url": "#",
                }
            ],
        },
    ]


def _month() -> dict[str, Any]:
    first = date(2026, 7, 1)

    def day(number: int) -> dict[str, Any]:
        current = first + timedelta(days=number - 1)
        is_full = number <= 3 or number >= 25
        selection = {ARRIVAL.day: "from", DEPARTURE.day: "to"}.get(number)
        if ARRIVAL.day < number < DEPARTURE.day:
            selection = "in"
        return {
            "date": current,
            "state": "full" if is_full else "free",
            "is_arrival": current.weekday() == 5 and not is_full,
            "selection": selection,
            "url": "" if is_full else "#",
        }

    cells = [None] * first.weekday() + [day(number) for number in range(1, 32)]
    cells += [None] * (-len(cells) % 7)
    return {
        "first": first,
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        "previous_url": "",
        "next_url": "#",
        "reasons": ["En juillet, les arrivées se font le samedi."],
    }


def _summary() -> dict[str, Any]:
    return {
        "title": "Du 11 au 18 juillet",
        "lines": [
            {
                "title": "Le Gîte des Narces",
                "note": "7 nuits, 4 personnes",
                "amount": Decimal(1074),
                "illustration": "gite",
            },
            {
                "title": "Champignons, du panier à la poêle",
                "note": "dim. 12, 9 h",
                "amount": Decimal("96.50"),
                "illustration": "cuisine",
            },
        ],
        "rows": [{"label": "Frais de réservation", "amount": Decimal(0)}],
        "total": Decimal("1170.50"),
        "total_label": "Total, taxes comprises",
        "tax_on_site": Decimal("15.40"),
        "promises": [("circle-check", "Annulation gratuite jusqu'au 27 juin")],
    }


def gallery_context(theme: str = "") -> dict[str, Any]:
    """Return what `components/gallery.html` shows; `theme` (light or dark) forces a theme."""
    wrong = GalleryForm(
        {"first_name": "Claire", "email": "claire.dupont@", "language": "fr"}, auto_id="wrong_%s"
    )
    search = {
        "arrival": ARRIVAL,
        "departure": DEPARTURE,
        "adults": 2,
        "children": 2,
        "ages": [5, 10],
        "action": "#",
        "errors": {},
    }
    return {
        "data_theme": theme if theme in {"light", "dark"} else "",
        "poles": POLES,
        "lodgings": lodging_cards(),
        "experiences": experience_cards(),
        "agenda": agenda_rows(),
        "days": _days(),
        "month": _month(),
        "summary": _summary(),
        "form": GalleryForm(),
        "wrong_form": wrong,
        "search": search,
        "wrong_search": {
            **search,
            "departure": date(2026, 7, 4),
            "ages": [5, None],
            "errors": {
                "dates": _("The departure must come after the arrival."),
                "ages": _("Say how old each child will be."),
            },
        },
        "hold": {"held_until": HELD_UNTIL, "extend_url": "#", "extend_minutes": 15},
        "last_hold": {"held_until": HELD_UNTIL, "is_last": True},
        "lapsed_hold": {"is_lapsed": True, "renew_url": "#"},
        "steps": [
            {"label": _("My stay"), "url": "#", "state": "done"},
            {"label": _("Book"), "state": "current"},
            {"label": _("Confirmation"), "state": "to_come"},
        ],
        "chips": [
            {"label": "Mézenc", "url": "#", "is_active": True},
            {"label": _("Baby cot"), "url": "#", "icon": "baby", "count": 12},
            {"label": _("Pets welcome"), "url": "#", "icon": "dog", "count": 0},
        ],
        "pages": {"number": 2, "total": 4, "previous_url": "#", "next_url": "#"},
        "rows": [
            {"label": "7 nuits", "amount": Decimal(980)},
            {"label": "Draps et ménage", "amount": Decimal(80)},
            {"label": "Taxe de séjour", "note": "2 adultes", "amount": Decimal("15.40")},
        ],
        "total": Decimal("1075.40"),
        "actions": [
            {"label": _("A week later"), "url": "#"},
            {"label": _("Without filters"), "url": "#"},
        ],
    }
