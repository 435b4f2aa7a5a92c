"""Ready-made stays: the list, and the page of one with its days, its price and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS as MONTH_NAMES
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import pictures, showing
from booking.access import basket_for
from booking.filters import MONTHS
from booking.forms.asking import asked
from booking.forms.composing import read_wanted
from booking.forms.search import SearchForm
from booking.kept_offers import kept_offers
from booking.models import Basket, Offer, ReadyStay, ReadyStep
from booking.planning import Part, Party
from booking.ready_stays import (
    OF_AGES,
    PlannedStep,
    ReadyPlan,
    Recipe,
    Wanted,
    nearest_plans,
    plan_ready_stay,
    read_recipes,
)
from booking.views.plans import adopt_form, hosts_of, thread_of, total_box
from destination.models import Pole
from destination.models.territory import pole_by_commune, poles_on
from destination.spoken import language_of, say_languages
from destination.templatetags.velay import heure, jour_long
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import count_nights
from oti.lib.dates import today as day_of

SEASONS = tuple(MONTHS)
# What the links of a page hand on beside dates and party.
DECISIONS = ("pick", "with", "skip", "join")


@require_safe
def ready_stays(request: HttpRequest) -> HttpResponse:
    """List the stays that the office wrote; pole and season filter them, in the address."""
    today = day_of(timezone.now())
    stays = list(
        ReadyStay.objects.published().select_related("photo").prefetch_related("photo__renditions")
    )
    poles_of = _poles_of_stays(stays, today)
    poles = poles_on(today)
    pole = request.GET.get("pole", "")
    pole = pole if pole in {one.slug for one in poles} else ""
    season = request.GET.get("season", "")
    season = season if season in SEASONS else ""
    theme = request.GET.get("theme", "")
    theme = theme if theme in ReadyStay.Theme.values else ""
    chosen = {"pole": pole, "season": season, "theme": theme}

    def passes(stay: ReadyStay, left_out: str = "") -> bool:
        return (
            (left_out == "pole" or not pole or pole in {one.slug for one in poles_of[stay.pk]})
            and (left_out == "season" or not season or bool(stay.months & set(MONTHS[season])))
            and (left_out == "theme" or not theme or theme in stay.themes)
        )

    kept = [stay for stay in stays if passes(stay)]
    context = {
        "cards": [_card(stay, poles_of[stay.pk]) for stay in kept],
        "is_faceted": bool(request.GET),
        "has_any": bool(stays),
        "groups": [
            {
                "label": label,
                "chips": _chips(
                    request,
                    name,
                    options,
                    chosen,
                    lambda one, n=name: sum(
                        passes(stay, n) and _has(stay, n, one, poles_of) for stay in stays
                    ),
                ),
            }
            for name, label, options in (
                ("season", _("Season"), [("summer", _("Summer")), ("winter", _("Winter"))]),
                ("pole", _("Pole"), [(one.slug, one.name) for one in poles]),
                ("theme", _("Theme"), list(ReadyStay.Theme.choices)),
            )
        ],
        "all_url": request.path,
    }
    return render(request, "booking/ready_stays.html", context)


def _has(stay: ReadyStay, name: str, value: str, poles_of: dict[int, list[Pole]]) -> bool:
    if name == "pole":
        return value in {one.slug for one in poles_of[stay.pk]}
    if name == "season":
        return bool(stay.months & set(MONTHS[value]))
    return value in stay.themes


def _chips(
    request: HttpRequest,
    name: str,
    options: Sequence[tuple[str, Any]],
    chosen: dict[str, str],
    count: Any,
) -> list[dict[str, Any]]:
    chips = []
    for value, label in options:
        is_active = chosen[name] == value
        number = count(value)
        if not number and not is_active:
            continue
        query = {**chosen, name: "" if is_active else value}
        shown = urlencode([(key, one) for key, one in query.items() if one])
        chips.append(
            {
                "id": f"chip-{name}-{value}",
                "label": str(label),
                "url": f"{request.path}?{shown}" if shown else request.path,
                "is_active": is_active,
                "count": number,
            }
        )
    return chips


def _poles_of_stays(stays: Sequence[ReadyStay], today: date) -> dict[int, list[Pole]]:
    """Return the poles in which the first choices of each stay are; one statement."""
    poles = pole_by_commune(today)
    found: dict[int, dict[int, Pole]] = {stay.pk: {} for stay in stays}
    steps = ReadyStep.objects.filter(stay__in=found, offer__isnull=False).order_by("day", "pk")
    for stay_id, commune_id in steps.values_list("stay_id", "offer__commune_id"):
        pole = poles.get(commune_id)
        if pole is not None:
            found[stay_id].setdefault(pole.pk, pole)
    return {pk: list(by_id.values()) for pk, by_id in found.items()}


def _card(stay: ReadyStay, poles: Sequence[Pole]) -> dict[str, Any]:
    return {
        "title": stay.title,
        "lang": language_of(stay, "title"),
        "summary_lang": language_of(stay, "summary"),
        "url": reverse("booking:ready-stay", args=[stay.slug]),
        "summary": stay.summary,
        "nights": stay.nights,
        "season": season_words(stay),
        "party": party_limits(stay),
        "poles": poles,
        "themes": theme_words(stay),
        "image": pictures.of_image(stay.photo),
        "illustration": stay.illustration,
    }


def season_words(stay: ReadyStay) -> str:
    """Write when a stay is proposed: "de décembre à mars"."""
    first, last = stay.season_from_month, stay.season_to_month
    if not first or not last or len(stay.months) == 12:
        return _("All year round")
    if first == last:
        return _("in %(month)s") % {"month": MONTH_NAMES[first]}
    return _("from %(first)s to %(last)s") % {
        "first": MONTH_NAMES[first],
        "last": MONTH_NAMES[last],
    }


def party_limits(stay: ReadyStay) -> str:
    """Write for how many persons a stay is written."""
    if stay.min_party == stay.max_party:
        return _("for %(count)s persons") % {"count": stay.max_party}
    return _("for %(min)s to %(max)s persons") % {"min": stay.min_party, "max": stay.max_party}


def theme_words(stay: ReadyStay) -> list[str]:
    """Return the themes of a stay in words; a theme that nobody knows any more is left out."""
    names = dict(ReadyStay.Theme.choices)
    return [str(names[one]) for one in stay.themes if one in names]


# --- One stay ------------------------------------------------------------------------------------
@never_cache
@require_safe
def ready_stay(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a stay day by day; with an arrival and who comes, what of it can be had and its price.

    A draft isn't known to exist.
    """
    now = timezone.now()
    stay = ReadyStay.objects.published().select_related("photo").filter(slug=slug).first()
    if stay is None:
        raise Http404
    say_languages(request, stay)
    form = _form(request, now=now)
    recipes = read_recipes(stay, today=day_of(now))
    offers = kept_offers(pk for recipe in recipes for pk in recipe.offers)
    poles = pole_by_commune(day_of(now))
    firsts = [offers[recipe.step.offer_id] for recipe in recipes if recipe.step.offer_id in offers]
    sold = [one for one in firsts if one.is_published and one.commune_id in poles]
    context = {
        "stay": stay,
        "search": form.for_component(request.path),
        "page_errors": form.page_errors,
        "is_faceted": bool(request.GET),
        "picture": pictures.of_image(stay.photo),
        "nights": nights_words(stay.nights),
        "season": season_words(stay),
        "limits": party_limits(stay),
        "themes": theme_words(stay),
        "poles": list({poles[one.commune_id].pk: poles[one.commune_id] for one in sold}.values()),
        "included": _lines_of(stay.included),
        "excluded": _lines_of(stay.excluded),
        "hosts": hosts_of(sold),
        "is_sold": bool(sold),
        **_dated(request, form, stay, recipes, offers, now=now),
    }
    return render(request, "booking/ready_stay.html", context)


def _form(request: HttpRequest, *, now: datetime) -> SearchForm:
    """Return the arrival and the party that are asked for; the stay has its own departure."""
    form = asked(request, now=now)
    data = form.data.copy()
    data.pop("departure", None)
    return SearchForm(data, today=day_of(now))


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _dated(
    request: HttpRequest,
    form: SearchForm,
    stay: ReadyStay,
    recipes: Sequence[Recipe],
    offers: dict[int, Offer],
    *,
    now: datetime,
) -> dict[str, Any]:
    basket = basket_for(request)
    wanted = read_wanted(request.GET)
    is_ready = not form.is_updating and not form.page_errors
    party = Party.of([one.age for one in form.guests], basket)
    context: dict[str, Any] = {
        "party": showing.party_words(form.guests),
        "is_frozen": basket is not None and basket.state == Basket.State.FROZEN,
        "plan": None,
    }
    if not is_ready or form.arrival_day is None:
        near = nearest_plans(stay, recipes, party, None, basket=basket, now=now) if is_ready else []
        return context | {
            "outline": _outline(recipes, offers),
            "nearest": [_near(request, form, one) for one in near],
            "from_amount": min((one.total for one in near), default=None),
        }
    plan = plan_ready_stay(
        stay, recipes, party, form.arrival_day, wanted=wanted, basket=basket, now=now
    )
    links = _Links(request, form, plan, wanted)
    view, days = thread_of(plan.parts, party, query=links.query, more=links.more)
    near = []
    if not plan.is_complete:
        near = nearest_plans(
            stay, recipes, party, form.arrival_day, wanted=wanted, basket=basket, now=now
        )
    gaps = [links.gap(step) for step in plan.steps if step.state in {"gone", "left_out"}]
    return context | {
        "plan": plan,
        "days": _with_gaps(days, gaps, plan),
        "troubles": list(dict.fromkeys(one.message for one in plan.troubles)),
        "missing": [links.gap(step) for step in plan.missing],
        "extras": [
            links.optional(step, part)
            for step in plan.steps
            for part in step.others[:1]
            if step.state == "optional"
        ],
        "vanished": [
            links.vanished(step)
            for step in plan.steps
            if step.state == "optional" and not step.others and step.first
        ],
        "counted": _counted(plan),
        "is_of_ages": bool(plan.missing)
        and not plan.troubles
        and all(_is_of_ages(step) for step in plan.missing),
        "nearest": [_near(request, form, one) for one in near],
        "box": total_box(view, now=now),
        "adopt": adopt_form(request, plan.parts, party, back=request.get_full_path())
        if plan.can_adopt
        else None,
    }


def _is_of_ages(step: PlannedStep) -> bool:
    """Tell whether a step is refused for the ages of the party, whatever the dates."""
    return any(one.code in OF_AGES for one in step.troubles)


def _counted(plan: ReadyPlan) -> list[str]:
    """Return what a dated stay comprises, as its days show it: nights, then each thing once.

    Nothing where it is what the office wrote, whose own words say it better.
    """
    if all(
        one.state in ({"optional"} if one.step.is_optional else {"chosen", "swapped"})
        for one in plan.steps
    ):
        return []
    lines: dict[str, int] = {}
    for part in plan.parts:
        if part.days and part.unit is not None:
            words = f"{nights_words(count_nights(*part.days))}, {part.offer.title}"
        else:
            words = part.offer.title
        lines[words] = lines.get(words, 0) + (part.quantity if part.offer.is_sold_by_item else 1)
    return [f"{words} × {count}" if count > 1 else words for words, count in lines.items()]


def _with_gaps(
    days: list[dict[str, Any]], gaps: Sequence[dict[str, Any]], plan: ReadyPlan
) -> list[dict[str, Any]]:
    """Put what can't be had, or was left out, on its day of the thread."""
    by_day = {day["date"]: day for day in days}
    day = plan.arrival
    while day <= plan.departure:
        by_day.setdefault(day, {"date": day, "rows": []})
        day += timedelta(days=1)
    for gap in gaps:
        if gap["date"] in by_day:
            by_day[gap["date"]]["rows"].append(gap)
    return [by_day[day] for day in sorted(by_day)]


def _near(request: HttpRequest, form: SearchForm, plan: ReadyPlan) -> dict[str, Any]:
    data = request.GET.copy()
    for name, value in form.dates_and_party():
        data.setdefault(name, value)
    data.pop("update", None)
    data["arrival"] = plan.arrival.isoformat()
    return {
        "label": capfirst(jour_long(plan.arrival, "no-year")),
        "total": plan.total,
        "url": f"{request.path}?{data.urlencode()}",
    }


def _outline(recipes: Sequence[Recipe], offers: dict[int, Offer]) -> list[dict[str, Any]]:
    """Return the days of a stay without dates: what is on each, and what may stand instead."""
    days: dict[int, list[dict[str, Any]]] = {}
    for recipe in sorted(recipes, key=lambda one: (one.step.day, not _is_bed(one, offers))):
        step = recipe.step
        known = [offers[pk] for pk in recipe.offers if pk in offers and offers[pk].is_published]
        rows = days.setdefault(step.day, [])
        if not known:
            rows.append({"kind": "warn", "title": _("Being replaced"), "note": step.note})
            continue
        first = known[0]
        rows.append(
            {
                "kind": first.kind_rules.bead,
                # The office says between which hours; the real one stands with the dates.
                "when": _("from %(hour)s") % {"hour": heure(step.starts_from)}
                if step.starts_from and not first.is_lodging
                else "",
                "title": first.title,
                "lang": language_of(first, "title"),
                "url": showing.offer_url(first),
                "note": step.note or first.summary,
                "illustration": first.illustration,
                "or": ", ".join(one.title for one in known[1:]),
                "choose": step.choose if step.choose > 1 else 0,
                "is_optional": step.is_optional,
                "place": first.commune.name,
                "who": "" if step.who == ReadyStep.Who.EVERYBODY else step.get_who_display(),
            }
        )
    return [{"number": number, "rows": rows} for number, rows in sorted(days.items())]


def _is_bed(recipe: Recipe, offers: dict[int, Offer]) -> bool:
    return any(offers[pk].is_lodging for pk in recipe.offers[:1] if pk in offers)


class _Links:
    """The links of a dated stay: each changes one decision and keeps the others."""

    def __init__(
        self, request: HttpRequest, form: SearchForm, plan: ReadyPlan, wanted: Wanted
    ) -> None:
        self.path = request.path
        self.wanted = wanted
        self.party = [one for one in form.dates_and_party() if one[0] != "departure"]
        self.query = showing.search_query(
            plan.arrival, plan.departure, plan.party.guests()
        ).removeprefix("?")
        self.guests = plan.party.guests
        self.step_of = {id(part): step for step in plan.steps for part in step.parts}

    def more(self, part: Part) -> dict[str, Any]:
        """Return what the row of a part says and lets one do."""
        step = self.step_of[id(part)]
        links = []
        if not step.is_lodging:
            leave = (
                self._address(extras=self.wanted.extras - {step.step.pk})
                if step.step.is_optional
                else self._address(skips=self.wanted.skips | {step.step.pk})
            )
            links.append({"label": _("Without it"), "icon": "x", "url": leave})
        if step.state == "swapped":
            links += self._joining(step)
        if step.step.pk in self.wanted.joins:
            everybody = self._address(joins=self.wanted.joins - {step.step.pk})
            links.append({"label": _("With everybody"), "icon": "users", "url": everybody})
        return {
            "id": f"etape-{step.step.pk}-{part.offer.pk}",
            "word": step.step.note,
            "swapped": self._swapped(step, part),
            "links": links,
            "choices": [
                {"title": one.offer.title, "url": self._pick(step, part, one), "part": one}
                for one in step.others
            ],
        }

    def _swapped(self, step: PlannedStep, part: Part) -> str:
        """Say why another choice than the first one stands here."""
        if step.state != "swapped" or step.first is None or part.offer.pk == step.first.pk:
            return ""
        reason = self._why(step)
        return _("Instead of « %(title)s »: %(reason)s") % {
            "title": step.first.title,
            "reason": reason,
        }

    def gap(self, step: PlannedStep) -> dict[str, Any]:
        """Return the row of a step that isn't part of the stay, and what can be done."""
        title = step.first.title if step.first else _("This step")
        row: dict[str, Any] = {
            "kind": "warn",
            "date": step.day,
            "title": title,
            "illustration": step.first.illustration if step.first else "gite",
            "word": step.step.note,
        }
        if step.state == "left_out":
            back = self._address(skips=self.wanted.skips - {step.step.pk})
            row |= {
                "kind": "free",
                "price_label": _("Left out"),
                "links": [{"label": _("Put it back"), "icon": "plus", "url": back}],
            }
            return row
        row["problem"] = self._why(step)
        row["price_label"] = (
            _("Not for everybody") if _is_of_ages(step) else _("Not on these dates")
        )
        row["links"] = self._joining(step)
        if not step.is_lodging:
            without = self._address(skips=self.wanted.skips | {step.step.pk})
            row["links"].append({"label": _("Do without it"), "icon": "x", "url": without})
        return row

    def _why(self, step: PlannedStep) -> str:
        """Say why a step can't be had; for the ages, who may take part stands beside it."""
        words = [
            _("Not for the ages of your party.")
            if one.code in OF_AGES and not step.fitting
            else _("Not for every age of your party.")
            if one.code in OF_AGES
            else one.message
            for one in step.troubles
        ]
        return " ".join(dict.fromkeys(words))

    def _joining(self, step: PlannedStep) -> list[dict[str, str]]:
        """Return the link with which those of the right age take part, if some are."""
        if not step.fitting:
            return []
        taken = self.wanted.extras | ({step.step.pk} if step.step.is_optional else set())
        who = showing.party_words(self.guests(step.fitting))
        url = self._address(joins=self.wanted.joins | {step.step.pk}, extras=taken)
        return [{"label": _("For %(who)s only") % {"who": who}, "icon": "users", "url": url}]

    def optional(self, step: PlannedStep, part: Part) -> dict[str, Any]:
        """Return an optional step that can be added."""
        return {
            "title": part.offer.title,
            "day": step.day,
            "hour": part.hours[0].time(),
            "word": step.step.note,
            "amount": part.quote.total,
            "url": self._address(extras=self.wanted.extras | {step.step.pk}),
        }

    def vanished(self, step: PlannedStep) -> dict[str, Any]:
        """Return an optional step that can't be added, and why."""
        return {
            "title": step.first.title if step.first else _("This step"),
            "day": step.day,
            "word": step.step.note,
            "problem": self._why(step),
            "links": self._joining(step),
        }

    def _pick(self, step: PlannedStep, part: Part, other: Part) -> str:
        """Return the address at which another choice stands in the place of this one."""
        stay = [one.offer.pk for one in step.parts if one is not part]
        picks = {**self.wanted.picks, step.step.pk: (other.offer.pk, *stay)}
        return self._address(picks=picks)

    def _address(
        self, *, picks: Any = None, extras: Any = None, skips: Any = None, joins: Any = None
    ) -> str:
        wanted = self.wanted
        rows = list(self.party)
        for step, ids in (wanted.picks if picks is None else picks).items():
            rows += [("pick", f"{step}-{pk}") for pk in ids]
        rows += [("with", str(pk)) for pk in sorted(wanted.extras if extras is None else extras)]
        rows += [("skip", str(pk)) for pk in sorted(wanted.skips if skips is None else skips)]
        rows += [("join", str(pk)) for pk in sorted(wanted.joins if joins is None else joins)]
        return f"{self.path}?{urlencode(rows)}"
