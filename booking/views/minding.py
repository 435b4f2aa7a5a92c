"""Who minds the children, and what the grown-ups do meanwhile: the stay's notes and their pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from booking import cards, showing
from booking.experience_search import ExperienceResult
from booking.minding import (
    Tight,
    Unminded,
    find_minders,
    find_tight,
    find_unminded,
    may_go_out,
    moments_during,
)
from booking.pairing import Half, comes_home, plan_in
from booking.pictures import Picture, covers
from booking.rules.kinds import MINDING
from booking.rules.pairing import Fit
from booking.stay_view import BasketView, LineView
from booking.views.line_pages import ANCHORS
from destination.models import Pole
from destination.models.territory import pole_by_commune
from destination.templatetags.velay import heure, years_old
from oti.lib.dates import ONE_DAY, paris
from oti.lib.dates import today as day_of

MOMENTS_SHOWN = 12


def unminded_rows(view: BasketView, *, now: datetime) -> list[dict[str, Any]]:
    """Return what leaves children alone, in words, each with the way to somebody who minds them."""
    return [
        {
            "text": _unminded_words(one),
            "url": reverse("booking:line-minding", args=[one.line.line.pk]),
        }
        for one in find_unminded(view, now=now)
    ]


def _unminded_words(one: Unminded) -> str:
    if len(one.children) == 1:
        text = _("« %(title)s », %(moment)s: who looks after the child (%(names)s)?")
    else:
        text = _("« %(title)s », %(moment)s: who looks after the children (%(names)s)?")
    return text % {
        "title": one.line.title,
        "moment": showing.moment_words(one.line.starts_at),
        "names": years_old(person.age for person in one.children),
    }


def minding(
    request: HttpRequest, view: BasketView, unminded: Unminded, *, now: datetime
) -> HttpResponse:
    """Show who can look after these children during all of that line, each to be added."""
    minders = find_minders(unminded, view, now=now)
    photos = covers(one.offer for one in minders)
    poles = pole_by_commune(day_of(now))
    starts_at, ends_at = unminded.line.starts_at, unminded.line.ends_at
    query = showing.search_query(
        starts_at.date(), starts_at.date() + ONE_DAY, [person.guest for person in view.people]
    )
    context = {
        "heading": _("Who minds the children?"),
        "question": _unminded_words(unminded),
        "lead": _(
            "Only those who have room for them and are there all the while, from %(from)s to "
            "%(until)s, the way there and back included."
        )
        % {"from": heure(starts_at), "until": heure(ends_at)},
        "on_foot": plan_in(view).on_foot,
        "back": request.get_full_path(),
        "cards": [
            _minder_card(
                one,
                poles.get(one.offer.commune_id),
                photos.get(one.offer.pk),
                back=reverse("booking:my-stay"),
            )
            for one in minders
        ],
        "empty": {
            "title": _("Nobody minds them at that time"),
            "text": _("No carer covers all of it and has room for a child of that age."),
            "actions": [
                {
                    "label": _("All the childcare of that day"),
                    "url": f"{reverse('booking:experiences')}{query}&kind={MINDING[0]}",
                },
                {
                    "label": _("Change who takes part"),
                    "url": reverse("booking:line-edit", args=[unminded.line.line.pk])
                    + ANCHORS["people"],
                },
            ],
        },
    }
    return render(request, "booking/minding.html", context)


def tight_rows(view: BasketView) -> list[str]:
    """Return in words the childcare that leaves no time for the way, with the minutes that lack."""
    return [_tight_words(one) for one in find_tight(view)]


def _tight_words(one: Tight) -> str:
    fit = one.fit
    if fit.is_too_far:
        text = _("« %(care)s » and « %(title)s » are too far apart to walk, there and back.")
    elif fit.lacking_before and fit.lacking_after:
        text = _(
            "« %(care)s » and « %(title)s » are about %(way)s min apart: %(before)s min lack to "
            "get there, %(after)s to be back on time."
        )
    elif fit.lacking_before:
        text = _(
            "« %(care)s » and « %(title)s » are about %(way)s min apart: %(before)s min lack to "
            "get there on time."
        )
    else:
        text = _(
            "« %(care)s » and « %(title)s » are about %(way)s min apart: %(after)s min lack to be "
            "back on time."
        )
    return text % {
        "care": one.care.title,
        "title": one.line.title,
        "way": fit.minutes,
        "before": fit.lacking_before,
        "after": fit.lacking_after,
    }


def outing_rows(view: BasketView) -> list[dict[str, Any]]:
    """Return the childcare during which the grown-ups have nothing yet, each with the way on."""
    return [
        {
            "text": _("« %(title)s », %(moment)s: and you, meanwhile?")
            % {"title": care.title, "moment": showing.moment_words(care.starts_at)},
            "url": reverse("booking:line-for-two", args=[care.line.pk]),
        }
        for care in may_go_out(view)
    ]


def for_two(
    request: HttpRequest, view: BasketView, care: LineView, *, now: datetime
) -> HttpResponse:
    """Show what the grown-ups can do while this childcare has the children, each to be added."""
    found = moments_during(view, care, now=now)[:MOMENTS_SHOWN]
    photos = covers(half.offer for half, _fit in found)
    on_foot = plan_in(view).on_foot
    poles = pole_by_commune(day_of(now))
    query = showing.search_query(
        care.starts_at.date(),
        care.starts_at.date() + ONE_DAY,
        [person.guest for person in view.people],
    )
    context = {
        "heading": _("A moment for two"),
        "question": _("« %(title)s », %(moment)s: and you, meanwhile?")
        % {"title": care.title, "moment": showing.moment_words(care.starts_at)},
        "lead": _(
            "Only what leaves you time to drop the children off at %(from)s and to fetch them "
            "before %(until)s."
        )
        % {"from": heure(care.starts_at), "until": heure(care.ends_at)},
        "cards": [
            _moment_card(
                half,
                fit,
                poles.get(half.offer.commune_id),
                photos.get(half.offer.pk),
                back=reverse("booking:my-stay"),
                on_foot=on_foot,
            )
            for half, fit in found
        ],
        "on_foot": on_foot,
        "back": request.get_full_path(),
        "empty": {
            "title": _("Nothing that leaves you the time"),
            "text": _("Nothing with places for you begins and ends while they are minded."),
            "actions": [
                {
                    "label": _("What takes place on that day"),
                    "url": f"{reverse('booking:experiences')}{query}",
                }
            ],
        },
    }
    return render(request, "booking/minding.html", context)


def _moment_card(
    half: Half,
    fit: Fit,
    pole: Pole | None,
    picture: Picture | None,
    *,
    back: str,
    on_foot: bool,
) -> dict[str, Any]:
    facts = [("clock", _("until %(hour)s") % {"hour": heure(paris(half.slot.ends_at))})]
    if fit.minutes and on_foot:
        words = _("about %(minutes)s min on foot from the carer")
        facts.append(("footprints", words % {"minutes": fit.minutes}))
    elif fit.minutes:
        facts.append(("car", _("about %(minutes)s min from the carer") % {"minutes": fit.minutes}))
    card = _half_card(half, pole, picture, back=back)
    return card | {"id": f"a-deux-{half.slot.pk}", "facts": facts}


def _half_card(
    half: Half, pole: Pole | None, picture: Picture | None, *, back: str
) -> dict[str, Any]:
    guests = [person.guest for person in half.joining]
    result = ExperienceResult(
        offer=half.offer,
        slot=half.slot,
        free=half.slot.free,
        from_amount=None,
        quote=half.quote,
        pole=pole,
    )
    who = [("people", person.key) for person in half.joining]
    return {
        **cards.experience_card(result, guests=guests, back=back, picture=picture),
        "minutes": None,
        "add": cards.add_places(half.offer, half.slot.pk, who, shown=half.quote.total, back=back),
    }


def _minder_card(
    half: Half, pole: Pole | None, picture: Picture | None, *, back: str
) -> dict[str, Any]:
    facts = [("clock", _("until %(hour)s") % {"hour": heure(paris(half.slot.ends_at))})]
    if comes_home(half.offer):
        facts.append(("house", _("comes to where you stay")))
    facts += cards.spoken_facts(half.offer)
    card = _half_card(half, pole, picture, back=back)
    return card | {"id": f"garde-{half.slot.pk}", "facts": facts}
