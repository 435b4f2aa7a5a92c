"""The filters of the lists as links: what each changes in the address, and what it would show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.facets import Facets
from booking.features import FEATURE_ICONS, FEATURES
from booking.filters import STARS
from booking.forms.search import SearchForm
from booking.models import Offer, OfferLabel
from booking.rules.kinds import DATED
from destination.models import Commune, Pole
from destination.nearby import NEAR_KM
from oti.lib.memo import remembered

# What lodgings have and people look for; the first ones stand in the row, the rest unfolds.
LODGING_FEATURES = (
    "pets",
    "cot",
    "accessible",
    "linen_included",
    "breakfast",
    "table_hotes",
    "wifi",
    "parking",
    "garden",
    "fireplace",
    "bike_shed",
    "ev_charging",
)
EXPERIENCE_FEATURES = ("accessible", "pets", "animals_to_see", "indoor", "outdoor")
FEATURES_IN_ROW = 3
TYPE_ICONS = {
    Offer.LodgingType.GITE: "house",
    Offer.LodgingType.GUEST_ROOM: "bed-double",
    Offer.LodgingType.HOTEL: "bed-double",
    Offer.LodgingType.CAMPING: "tent",
    Offer.LodgingType.UNUSUAL: "moon",
    Offer.LodgingType.HOSTEL: "users",
}
NO_FILTER: dict[str, Any] = {
    "q": "",
    "pole": "",
    "commune": "",
    "near": "",
    "zone": "",
    "days": "",
    "age": "",
    "type": "",
    "kind": "",
    "season": "",
    "stars": (),
    "labels": (),
    "features": (),
}

Chip = dict[str, Any]


def stay_filters(
    form: SearchForm, path: str, poles: Iterable[Pole], facets: Facets
) -> dict[str, Any]:
    """Return the filters of lodgings for `booking/stays.html`."""
    wishes = [_feature_chip(form, path, code, facets) for code in LODGING_FEATURES]
    groups = [
        (_("Kind of lodging"), _type_chips(form, path, facets)),
        (_("Official rating"), _star_chips(form, path, facets)),
        (_("What it offers"), wishes[FEATURES_IN_ROW:]),
        (_("Labels"), _label_chips(form, path, facets)),
        (_("Commune"), _commune_chips(form, path, facets)),
    ]
    row = pole_chips(form, path, poles, facets) + wishes[:FEATURES_IN_ROW]
    return _filters(form, path, _near_chips(form, path) + row, groups)


def experience_filters(
    form: SearchForm, path: str, poles: Iterable[Pole], facets: Facets
) -> dict[str, Any]:
    """Return the filters of things to do for `booking/experiences.html`."""
    row = _near_chips(form, path) + _span_chips(form, path)
    row += _kind_chips(form, path, facets) + pole_chips(form, path, poles, facets)
    groups = [
        (_("Season"), _season_chips(form, path)),
        (
            _("What it offers"),
            [_feature_chip(form, path, code, facets) for code in EXPERIENCE_FEATURES],
        ),
        (_("Labels"), _label_chips(form, path, facets)),
        (_("Commune"), _commune_chips(form, path, facets)),
    ]
    return _filters(form, path, row, groups)


def _filters(
    form: SearchForm, path: str, row: list[Chip], groups: list[tuple[str, list[Chip]]]
) -> dict[str, Any]:
    shown = [{"label": label, "chips": chips} for label, chips in groups if chips]
    folded = [chip for _label, chips in groups for chip in chips]
    return {
        "chips": row,
        "filter_groups": shown,
        "active_filters": sum(chip["is_active"] for chip in [*row, *folded]) + bool(form.wish("q")),
        "is_unfolded": any(chip["is_active"] for chip in folded) or bool(form.wish("q")),
        "clear_url": f"{path}?{form.query(**NO_FILTER)}",
        "words": {
            "value": form.wish("q"),
            "hidden": form.dates_and_party() + form.wishes({"q": ""}),
            "action": path,
        },
    }


def pole_chips(form: SearchForm, path: str, poles: Iterable[Pole], facets: Facets) -> list[Chip]:
    """Return a chip for each pole; choosing one leaves the commune."""
    return [
        _chip(
            form,
            path,
            f"pole-{pole.slug}",
            pole.name,
            {"pole": "" if form.wish("pole") == pole.slug else pole.slug, "commune": ""},
            is_active=form.wish("pole") == pole.slug,
            icon="map-pin",
            count=facets.count("pole", pole.slug),
        )
        for pole in poles
    ]


def _near_chips(form: SearchForm, path: str) -> list[Chip]:
    """Return the chips that leave « around a commune » and a part of the map, where asked for."""
    chips = zone_chips(form, path)
    slug = form.wish("near")
    if slug:
        name = dict(_communes()).get(slug, slug)
        label = _("%(km)s km around %(commune)s") % {"km": NEAR_KM, "commune": name}
        chips.append(_chip(form, path, "near", label, {"near": ""}, is_active=True, icon="map-pin"))
    return chips


def zone_chips(form: SearchForm, path: str, more: Sequence[tuple[str, str]] = ()) -> list[Chip]:
    """Return the chip that leaves the part of the map that was searched, where one was.

    `more` are parameters that the form doesn't know.
    """
    if not form.zone:
        return []
    label = _("In this part of the map")
    chip = _chip(form, path, "zone", label, {"zone": ""}, is_active=True, icon="map")
    if more:
        chip["url"] += f"{'&' if '?' in chip['url'] else '?'}{urlencode(more)}"
    return [chip]


def _span_chips(form: SearchForm, path: str) -> list[Chip]:
    """Return the chips that leave the coming days and the age of a child, where asked for."""
    chips = []
    if form.last_day:
        days = int(form.wish("days"))
        label = ngettext("Within %(count)s day", "Within %(count)s days", days) % {"count": days}
        chips.append(
            _chip(form, path, "days", label, {"days": ""}, is_active=True, icon="calendar-days")
        )
    if form.child_age is not None:
        label = ngettext(
            "With a child of %(count)s year", "With a child of %(count)s years", form.child_age
        ) % {"count": form.child_age}
        chips.append(_chip(form, path, "age", label, {"age": ""}, is_active=True, icon="users"))
    return chips


def _type_chips(form: SearchForm, path: str, facets: Facets) -> list[Chip]:
    return [
        _chip(
            form,
            path,
            f"type-{value}",
            capfirst(str(label)),
            {"type": "" if form.wish("type") == value else value},
            is_active=form.wish("type") == value,
            icon=TYPE_ICONS[Offer.LodgingType(value)],
            count=facets.count("type", value),
        )
        for value, label in Offer.LodgingType.choices
    ]


def _kind_chips(form: SearchForm, path: str, facets: Facets) -> list[Chip]:
    return [
        _chip(
            form,
            path,
            f"kind-{kind.code}",
            _(kind.plural),
            {"kind": "" if form.wish("kind") == kind.code else kind.code},
            is_active=form.wish("kind") == kind.code,
            icon=kind.icon,
            count=facets.count("kind", kind.code),
        )
        for kind in DATED
    ]


def _star_chips(form: SearchForm, path: str, facets: Facets) -> list[Chip]:
    chips = []
    for number in STARS.values():
        is_active = number in form.stars
        count = facets.count("stars", number)
        if not count and not is_active:
            continue
        others = tuple(one for one in form.stars if one != number)
        label = ngettext("%(count)s star", "%(count)s stars", number) % {"count": number}
        change = {"stars": others if is_active else tuple(sorted((*others, number)))}
        chips.append(
            _chip(
                form, path, f"stars-{number}", label, change,
                is_active=is_active, icon="star", count=count,
            )
        )  # fmt: skip
    return chips


def _label_chips(form: SearchForm, path: str, facets: Facets) -> list[Chip]:
    chips = []
    for code, label in OfferLabel.Code.choices:
        is_active = code in form.labels
        count = facets.count("labels", code)
        if not count and not is_active:
            continue
        others = tuple(one for one in form.labels if one != code)
        change = {"labels": others if is_active else (*others, code)}
        chips.append(
            _chip(
                form, path, f"label-{code}", str(label), change,
                is_active=is_active, icon="shield-check", count=count,
            )
        )  # fmt: skip
    return chips


def _commune_chips(form: SearchForm, path: str, facets: Facets) -> list[Chip]:
    chosen = form.wish("commune")
    slugs = {*facets.choices("commune"), chosen} - {""}
    return [
        _chip(
            form,
            path,
            f"commune-{slug}",
            name,
            {"commune": "" if slug == chosen else slug},
            is_active=slug == chosen,
            # Two dozen of them: their names say enough.
            icon="",
            count=facets.count("commune", slug),
        )
        for slug, name in _communes()
        if slug in slugs
    ]


@remembered(most=1, by_language=False)
def _communes() -> tuple[tuple[str, str], ...]:
    """Return the slug and the name of every commune, by name."""
    return tuple(Commune.objects.order_by("slug").values_list("slug", "name"))


def _season_chips(form: SearchForm, path: str) -> list[Chip]:
    seasons = {
        "summer": (_("April to October"), "sun"),
        "winter": (_("November to March"), "snowflake"),
    }
    return [
        _chip(
            form,
            path,
            f"season-{code}",
            label,
            {"season": "" if form.wish("season") == code else code},
            is_active=form.wish("season") == code,
            icon=icon,
        )
        for code, (label, icon) in seasons.items()
    ]


def _feature_chip(form: SearchForm, path: str, code: str, facets: Facets) -> Chip:
    is_active = code in form.features
    others = tuple(one for one in form.features if one != code)
    return _chip(
        form,
        path,
        f"with-{code}",
        str(FEATURES[code]),
        {"features": others if is_active else (*others, code)},
        is_active=is_active,
        icon=FEATURE_ICONS[code],
        count=facets.count("features", code),
    )


def _chip(
    form: SearchForm,
    path: str,
    name: str,
    label: str,
    changes: dict[str, Any],
    *,
    is_active: bool,
    icon: str,
    count: int | None = None,
) -> Chip:
    query = form.query(**changes)
    return {
        "id": f"chip-{name}",
        "label": label,
        "url": f"{path}?{query}" if query else path,
        "is_active": is_active,
        "icon": icon,
        "count": count,
    }
