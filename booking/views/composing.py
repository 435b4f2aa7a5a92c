"""« Composer mon séjour »: what is wanted, and two or three whole stays that can be taken."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import showing
from booking.access import basket_for
from booking.alternatives import Proposal, find_alternatives
from booking.composing import PACES, WISHES, Composed, Proposed, compose
from booking.forms.asking import TOLD_BY_ADDRESS, remembered
from booking.forms.composing import ComposeForm
from booking.models import Basket
from booking.pictures import covers
from booking.planning import Part, position_of
from booking.rules.composing import minutes_between
from booking.views.plans import adopt_form, thread_of, total_box
from destination.models.territory import pole_by_commune, poles_on
from destination.office import with_phone
from destination.templatetags.velay import date_range, euros
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of

# Where the list of what is to be put right leads.
FIELDS = {"dates": "arrival", "party": "adults", "ages": "children", "budget": "budget"}


@never_cache
@require_safe
def composing(request: HttpRequest) -> HttpResponse:
    """Ask what is wanted; with dates and party right, propose whole stays day by day."""
    now = timezone.now()
    basket = basket_for(request)
    form = ComposeForm(_data(request, basket), today=day_of(now))
    context = {
        **_fields(form, request.path, now=now),
        "page_errors": form.page_errors,
        "problems": [
            {"text": text, "href": f"#compose-{FIELDS[name]}"}
            for name, text in form.page_errors.items()
        ],
        "is_faceted": bool(request.GET),
        "is_open": not form.is_ready,
        "is_frozen": basket is not None and basket.state == Basket.State.FROZEN,
    }
    if form.is_ready:
        found = compose(form.brief, basket=basket, edits=form.edits, now=now)
        if found.proposals:
            context |= _proposals(request, form, found, now=now)
        else:
            context |= _nothing(request, form, found, now=now)
    return render(request, "booking/compose.html", context)


def _data(request: HttpRequest, basket: Basket | None) -> QueryDict:
    data = request.GET
    if basket is not None and not any(name in data for name in TOLD_BY_ADDRESS):
        known = remembered(basket, data)
        # Who comes is known; on which days another stay is composed isn't.
        for name in ("arrival", "departure"):
            known.pop(name, None)
        return known
    return data


def _fields(form: ComposeForm, path: str, *, now: datetime) -> dict[str, Any]:
    """Return what the form shows beside dates and party."""
    budget = form.budget_amount
    return {
        "search": form.for_component(path),
        "summary": _summary(form),
        "poles": [
            {"value": one.slug, "label": one.name, "is_chosen": form.wish("pole") == one.slug}
            for one in poles_on(day_of(now))
        ],
        "wishes": [
            {"value": code, "label": one.label, "is_chosen": form.wish("wish") == code}
            for code, one in WISHES.items()
        ],
        "paces": [
            {"value": code, "label": label, "is_chosen": form.wish("pace") == code}
            for code, label in PACES.items()
        ],
        "budget": f"{budget.normalize():f}" if budget else form.data.get("budget", "")[:20],
    }


def _summary(form: ComposeForm) -> list[str]:
    """Return what is wanted in a few words, for the folded form."""
    if not form.is_ready:
        return []
    brief = form.brief
    words = []
    if brief.wish:
        words.append(str(WISHES[brief.wish].label))
    words.append(str(PACES[brief.pace]).split(":")[0].strip())
    if brief.budget:
        words.append(_("at most %(sum)s") % {"sum": euros(brief.budget)})
    return words


# --- Proposals -----------------------------------------------------------------------------------
def _proposals(
    request: HttpRequest, form: ComposeForm, found: Composed, *, now: datetime
) -> dict[str, Any]:
    number = min(form.shown, len(found.proposals) - 1)
    shown = found.proposals[number]
    links = _Links(request.path, form, number, shown)
    view, days = thread_of(shown.parts, found.party, query=form.party_query, more=links.more)
    poles = pole_by_commune(day_of(now))
    images = covers(one.bed.offer for one in found.proposals)
    brief = found.brief
    return {
        "proposals": [
            {
                "title": _titles()[one.reason],
                "bed": one.bed.offer.title,
                "pole": _pole(one, poles),
                "sentence": explain(one, count_nights(brief.arrival, brief.departure)),
                "total": one.total,
                "image": images.get(one.bed.offer.pk),
                "illustration": one.bed.offer.illustration,
                "url": links.show(rank),
                "is_shown": rank == number,
            }
            for rank, one in enumerate(found.proposals)
        ],
        "title": shown.bed.offer.title,
        "sentence": explain(shown, count_nights(brief.arrival, brief.departure)),
        "left_out": left_out_words(shown),
        "dates": date_range(brief.arrival, brief.departure),
        "party": showing.party_words(brief.search.guests),
        "nights": nights_words(count_nights(brief.arrival, brief.departure)),
        "days": days,
        "box": total_box(view, now=now),
        "restore_url": links.restore() if form.edits.get(number) else "",
        "adopt": adopt_form(
            request,
            shown.parts,
            found.party,
            back=f"{request.path}?{links.query()}",
        ),
        "is_alone": len(found.proposals) == 1,
    }


def _titles() -> dict[str, str]:
    return {
        "fits": _("Made to measure"),
        "elsewhere": _("On another side of the Velay"),
        "another": _("Another roof"),
        "cheapest": _("The gentlest price"),
    }


def _pole(one: Proposed, poles: dict[int, Any]) -> str:
    """Name the pole of a bed; "" where the commune, which the sentence says, is named alike."""
    pole = poles.get(one.bed.offer.commune_id)
    return "" if pole is None or pole.name == one.bed.offer.commune.name else str(pole.name)


def explain(one: Proposed, nights: int) -> str:
    """Say in one sentence what a stay is made of and why it is proposed."""
    count = len(one.things)
    params: dict[str, Any] = {
        "nights": nights_words(nights),
        "place": one.bed.offer.commune.name,
        "count": count,
        "minutes": one.furthest,
    }
    if not count:
        return _("%(nights)s in %(place)s, and all your time for yourselves.") % params
    if one.furthest:
        text = ngettext(
            "%(nights)s in %(place)s with %(count)s thing to do, about %(minutes)s minutes by "
            "car from your bed.",
            "%(nights)s in %(place)s with %(count)s things to do, the furthest about %(minutes)s "
            "minutes by car from your bed.",
            count,
        )
    else:
        text = ngettext(
            "%(nights)s in %(place)s with %(count)s thing to do, on foot from your bed.",
            "%(nights)s in %(place)s with %(count)s things to do, all on foot from your bed.",
            count,
        )
    return text % params


def left_out_words(one: Proposed) -> str:
    """Say what the budget leaves out of the pace that was asked for, nothing if it has it all."""
    if not one.left_out:
        return ""
    text = ngettext(
        "The pace isn’t quite kept: your budget leaves out %(count)s thing to do.",
        "The pace isn’t quite kept: your budget leaves out %(count)s things to do.",
        one.left_out,
    )
    return text % {"count": one.left_out}


class _Links:
    """The links of one proposal: each changes one line and keeps everything else."""

    def __init__(self, path: str, form: ComposeForm, number: int, shown: Proposed) -> None:
        self.path = path
        self.form = form
        self.number = number
        self.shown = shown

    def query(self, *, stay: int | None = None, add: str = "", offer: int = 0) -> str:
        rank = self.number if stay is None else stay
        rows = [*self.form.dates_and_party(), *self.form.wishes(), *self.form.kept_edits()]
        if add:
            rows.append(("edit", f"{self.number + 1}-{add}-{offer}"))
        return urlencode([*rows, *([("stay", str(rank + 1))] if rank else [])])

    def show(self, rank: int) -> str:
        """Return the address that shows another proposal."""
        return f"{self.path}?{self.query(stay=rank)}#sejour"

    def restore(self) -> str:
        """Return the address of the proposal as it was first."""
        rows = [*self.form.dates_and_party(), *self.form.wishes()]
        mine = f"{self.number + 1}-"
        rows += [row for row in self.form.kept_edits() if not row[1].startswith(mine)]
        rows += [("stay", str(self.number + 1))] if self.number else []
        return f"{self.path}?{urlencode(rows)}#sejour"

    def more(self, part: Part) -> dict[str, Any]:
        """Return what the row of a line lets one do."""
        pk = part.offer.pk
        links = []
        is_bed = part.unit is not None
        if self.shown.can_swap_bed if is_bed else pk in self.shown.can_swap:
            url = f"{self.path}?{self.query(add='other', offer=pk)}#sejour"
            label = _("Another roof") if is_bed else _("Something else")
            links.append({"label": label, "icon": "refresh-cw", "url": url})
        if not is_bed:
            url = f"{self.path}?{self.query(add='off', offer=pk)}#sejour"
            links.append({"label": _("Without it"), "icon": "x", "url": url})
        minutes = minutes_between(position_of(self.shown.bed.offer), position_of(part.offer))
        return {
            "id": f"ligne-{pk}",
            "links": links,
            "word": ""
            if is_bed or not minutes
            else _("About %(minutes)s minutes by car from your bed.") % {"minutes": minutes},
        }


# --- Nothing -------------------------------------------------------------------------------------
def _nothing(
    request: HttpRequest, form: ComposeForm, found: Composed, *, now: datetime
) -> dict[str, Any]:
    """Say why nothing was found, and where to go from there."""
    actions: list[dict[str, str]] = []
    if found.why == "budget" and found.cheapest is not None:
        text = _("On these dates a bed for all of you costs %(sum)s at least.") % {
            "sum": euros(found.cheapest, "exact")
        }
        actions.append(
            {
                "label": _("Without a limit of budget"),
                "url": f"{request.path}?{form.query(budget='')}",
            }
        )
        if found.brief.pole:
            actions.append(_elsewhere(request, form))
        return {"empty": {"title": _("The budget is too small"), "text": text, "actions": actions}}
    if found.why == "short":
        actions = [
            {
                "label": date_range(found.brief.arrival, departure, "short"),
                "url": f"{request.path}?{_with_dates(form, found.brief.arrival, departure)}",
            }
            for departure in found.longer
        ]
        text = _("Hosts ask for more nights then. Stay a little longer:")
        return {
            "empty": {"title": _("These dates are too short"), "text": text, "actions": actions}
        }
    if found.why == "lodged":
        text = _("You have a bed on these nights already. See what else is free meanwhile.")
        url = f"{reverse('booking:ideas')}?{form.party_query}"
        actions = [
            {"label": _("What is free during my stay"), "url": url},
            {"label": _("My stay"), "url": reverse("booking:my-stay")},
        ]
        return {
            "empty": {"title": _("You sleep somewhere already"), "text": text, "actions": actions}
        }
    if found.why == "party":
        text = with_phone(
            _(
                "No single place takes all of you. Take two of them, or call us on %(phone)s for "
                "a group."
            )
        )
        url = f"{reverse('booking:stays')}"
        actions = [{"label": _("See all places to stay"), "url": url}]
        return {"empty": {"title": _("You are many"), "text": text, "actions": actions}}
    alternatives = find_alternatives(found.brief.search, now=now)
    near = [*alternatives.shifted, *alternatives.weeks]
    actions = [_nearby(request, form, one) for one in near[:3]]
    if found.brief.pole and alternatives.elsewhere:
        actions.append(_elsewhere(request, form))
    text = (
        _("No bed is free for all of you then. These are the nearest stays that are:")
        if actions
        else _("No bed is free for all of you then, nor on the days around: the season is closed.")
    )
    if not actions:
        actions.append(
            {
                "label": _("See all places to stay"),
                "url": f"{reverse('booking:stays')}?{form.party_query}",
            }
        )
    return {"empty": {"title": _("Nothing on these dates"), "text": text, "actions": actions}}


def _elsewhere(request: HttpRequest, form: ComposeForm) -> dict[str, str]:
    url = f"{request.path}?{form.query(pole='')}"
    return {"label": _("In the whole Velay"), "url": url}


def _nearby(request: HttpRequest, form: ComposeForm, one: Proposal) -> dict[str, str]:
    return {
        "label": date_range(one.search.arrival, one.search.departure, "short"),
        "url": f"{request.path}?{_with_dates(form, one.search.arrival, one.search.departure)}",
    }


def _with_dates(form: ComposeForm, arrival: date, departure: date) -> str:
    rows = [row for row in form.dates_and_party() if row[0] not in {"arrival", "departure"}]
    dates = [("arrival", arrival.isoformat()), ("departure", departure.isoformat())]
    return urlencode([*dates, *rows, *form.wishes()])
