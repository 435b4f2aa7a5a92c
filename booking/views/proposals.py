"""A list of lodgings without anything: why, what can be let go, and stays that can be had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import cards, pictures
from booking.alternatives import (
    Alternatives,
    Cut,
    Proposal,
    Relaxed,
    filters_in_use,
    find_alternatives,
)
from booking.availability import StaySearch
from booking.facets import Facets
from booking.features import FEATURES
from booking.forms.search import SearchForm
from booking.models import Offer, OfferLabel
from booking.pictures import Picture
from booking.showing import party_words
from booking.views.chips import NO_FILTER
from destination.models import Pole
from destination.templatetags.velay import date_range, euros

# How a search is told in the address.
PARAMETERS = {"lodging_type": "type", "text": "q"}
Ways = Sequence[tuple[Relaxed, StaySearch]]


def nothing_found(
    request: HttpRequest,
    form: SearchForm,
    facets: Facets,
    poles: Sequence[Pole],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Say why nothing was found, what would find something, and propose the nearest stays."""
    criteria = form.criteria
    ways = filters_in_use(criteria)
    found = find_alternatives(criteria, now=now)
    dates = date_range(criteria.arrival, criteria.departure, "text")
    if ways:
        text = _("Nothing that you filtered is free from %(dates)s for %(party)s.")
    else:
        text = _(
            "Nothing takes %(party)s from %(dates)s: everything is taken, or asks for other days "
            "of arrival or more nights. A larger party may take two places."
        )
    empty = {
        "title": _("Nothing free as you ask"),
        "text": text % {"dates": dates, "party": party_words(criteria.guests)},
        "actions": _actions(request.path, form, facets, poles, ways, found),
    }
    # Folded, the filters leave the ways out in view.
    return {
        "empty": empty,
        "is_unfolded": False,
        "proposals": _groups(request, form, found, poles),
    }


def _actions(
    path: str,
    form: SearchForm,
    facets: Facets,
    poles: Iterable[Pole],
    ways: Ways,
    found: Alternatives,
) -> list[dict[str, Any]]:
    """Return the filters whose going would show something; without any, the weeks around."""
    actions = []
    for relaxed, search in ways:
        count = facets.count_without(relaxed.condition)
        if count:
            label = _("%(change)s (%(count)s)") % {
                "change": relaxed_words(relaxed, poles),
                "count": count,
            }
            actions.append({"label": label, "url": _list_url(path, form, search)})
    if actions:
        return actions
    for one in found.weeks:
        label = _("A week earlier") if one.relaxed.days < 0 else _("A week later")
        actions.append({"label": label, "url": _list_url(path, form, one.search)})
    if ways:
        url = f"{path}?{form.query(**NO_FILTER)}"
        actions.append({"label": _("Without any filter"), "url": url})
    actions.append({"label": _("See the ready-made stays"), "url": reverse("booking:ready-stays")})
    return actions


def ways_to_loosen(form: SearchForm, path: str, poles: Iterable[Pole]) -> list[dict[str, Any]]:
    """Return each filter that can be let go as a link, where no dates are known."""
    day = form.today
    undated = StaySearch(
        day,
        day + timedelta(days=1),
        adults=1,
        pole=form.wish("pole"),
        lodging_type=form.wish("type"),
        features=form.features,
        commune=form.wish("commune"),
        near=form.wish("near"),
        zone=form.zone,
        stars=form.stars,
        labels=form.labels,
        text=form.wish("q"),
    )
    return [
        {"label": relaxed_words(relaxed, poles), "url": f"{path}?{form.query(**_wishes(search))}"}
        for relaxed, search in filters_in_use(undated)
    ]


def relaxed_words(relaxed: Relaxed, poles: Iterable[Pole]) -> str:
    """Say what was relaxed, in a few words."""
    if relaxed.days:
        days = abs(relaxed.days)
        if relaxed.days < 0:
            return ngettext("%(count)s day earlier", "%(count)s days earlier", days) % {
                "count": days
            }
        return ngettext("%(count)s day later", "%(count)s days later", days) % {"count": days}
    if relaxed.name == "pole":
        name = {pole.slug: pole.name for pole in poles}.get(relaxed.value)
        label = _("Beyond « %(pole)s », in the whole Velay") % {"pole": name}
        return label if name else _("In the whole Velay")
    names: Mapping[str, Any] = {"features": FEATURES, "labels": dict(OfferLabel.Code.choices)}
    if relaxed.name in names:
        return _("Without « %(filter)s »") % {"filter": names[relaxed.name][relaxed.value]}
    if relaxed.name == "text":
        return _("Without « %(filter)s »") % {"filter": relaxed.value}
    return {
        "lodging_type": _("Every kind of lodging"),
        "commune": _("In every commune"),
        "near": _("Further away"),
        "zone": _("Beyond this part of the map"),
        "stars": _("Whatever its stars"),
    }.get(relaxed.name, "")


def _wishes(search: StaySearch) -> dict[str, Any]:
    names = (
        "pole",
        "commune",
        "near",
        "zone",
        "lodging_type",
        "text",
        "stars",
        "labels",
        "features",
    )
    return {PARAMETERS.get(name, name): getattr(search, name) for name in names}


def _list_url(path: str, form: SearchForm, search: StaySearch) -> str:
    query = _moved(form, search).query(**_wishes(search))
    return f"{path}?{query}"


def _moved(form: SearchForm, search: StaySearch) -> SearchForm:
    """Return the form as if these dates had been asked for."""
    data = form.data.copy()
    data["arrival"], data["departure"] = search.arrival.isoformat(), search.departure.isoformat()
    return SearchForm(data, today=form.today)


# --- Stays that can be had -----------------------------------------------------------------------
def _groups(
    request: HttpRequest, form: SearchForm, found: Alternatives, poles: Sequence[Pole]
) -> list[dict[str, Any]]:
    """Return the proposals as groups of cards, each with what was relaxed."""
    shifted = found.shifted or found.weeks
    everything = [*shifted, *found.elsewhere, *found.loosened]
    if found.cut:
        everything += [found.cut.first, found.cut.second]
    photos = pictures.covers(one.result.offer for one in everything)

    def group(title: str, proposals: Sequence[Proposal], note: str = "") -> dict[str, Any]:
        shown = [_card(request, form, one, poles, photos) for one in proposals]
        return {"title": title, "note": note, "cards": shown}

    groups = [
        group(_("A few days earlier or later"), shifted),
        group(_("Elsewhere in the Velay, on your dates"), found.elsewhere),
        group(_("On your dates, with one wish less"), found.loosened),
    ]
    if found.cut:
        title = _("In two places, one after the other")
        groups.append(group(title, [found.cut.first, found.cut.second], _cut_words(found.cut)))
    return [one for one in groups if one["cards"]]


def _cut_words(cut: Cut) -> str:
    tax = cut.first.result.quote.tourist_tax_on_site + cut.second.result.quote.tourist_tax_on_site
    text = _("%(sum)s for both stays. Add one, then the other.") % {"sum": euros(cut.total)}
    if tax:
        text += " " + _("Tourist tax on site: %(tax)s.") % {"tax": euros(tax, "exact")}
    return text


def _card(
    request: HttpRequest,
    form: SearchForm,
    one: Proposal,
    poles: Iterable[Pole],
    photos: Mapping[int, Picture],
) -> dict[str, Any]:
    search = one.search
    offer: Offer = one.result.offer
    card = cards.lodging_card(
        one.result,
        guests=search.guests,
        arrival=search.arrival,
        departure=search.departure,
        query=_moved(form, search).party_query,
        back=request.get_full_path(),
        picture=photos.get(offer.pk),
    )
    dates = date_range(search.arrival, search.departure, "text")
    words = relaxed_words(one.relaxed, poles)
    badges = [{"text": dates, "kind": "info", "icon": "calendar-days"}]
    if words:
        badges.append({"text": words, "kind": "info", "icon": "lightbulb"})
    unique = f"res-{offer.pk}-{search.arrival:%m%d}-{search.departure:%m%d}"
    if one.relaxed.name:
        unique += f"-{one.relaxed.condition or one.relaxed.name}"
    return {**card, "id": unique, "badges": [*badges, *card["badges"]]}
