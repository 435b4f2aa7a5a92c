"""What keeps a ready-made stay from being published: nights without a bed, offers that went.

It reads what the office wrote and the offers as they are now; whether they are free is asked for
each visitor (`booking.ready_stays`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from booking.models import Offer, ReadyStay, ReadyStep
from booking.ready_stays import Recipe, Who, nights_of, recipes_of
from booking.refusals import Trouble, trouble
from destination.models.territory import pole_by_commune
from oti.lib.dates import today as day_of


def faults_of(stays: Sequence[ReadyStay], *, now: datetime) -> dict[int, list[Trouble]]:
    """Return what each stay lacks, by its id, in a bounded number of statements."""
    today = day_of(now)
    recipes = recipes_of(stays, today=today)
    ids = {pk for found in recipes.values() for recipe in found for pk in recipe.offers}
    offers = Offer.objects.select_related("provider").in_bulk(ids)
    sold = frozenset(pole_by_commune(today))
    return {
        stay.pk: check_ready_stay(stay.nights, recipes[stay.pk], offers, sold) for stay in stays
    }


def check_ready_stay(
    nights: int, recipes: Sequence[Recipe], offers: Mapping[int, Offer], sold: Collection[int]
) -> list[Trouble]:
    """Return why a stay can't be published as it is written; `sold` are the communes of sale."""
    troubles: list[Trouble] = []
    covered: dict[int, int] = {}
    for recipe in recipes:
        step = recipe.step
        known = [offers[pk] for pk in recipe.offers if pk in offers]
        first = offers.get(step.offer_id or 0)
        if first is None:
            troubles.append(trouble("ready_step_empty", day=step.day))
            continue
        troubles += _check_step(step, first, known, nights, sold)
        if first.is_lodging and not step.is_optional:
            start, length = nights_of(step, nights)
            for night in range(start + 1, start + length + 1):
                covered[night] = covered.get(night, 0) + 1
    bare = [night for night in range(1, nights + 1) if night not in covered]
    if bare:
        troubles.append(trouble("ready_lodging_missing", nights=bare))
    twice = [night for night, count in covered.items() if count > 1]
    if twice:
        troubles.append(trouble("ready_lodging_twice", night=min(twice)))
    return troubles + _check_hours(recipes, offers)


def _check_step(
    step: ReadyStep, first: Offer, known: Sequence[Offer], nights: int, sold: Collection[int]
) -> list[Trouble]:
    found = []
    ends = step.day + (nights_of(step, nights)[1] if first.is_lodging else 0)
    if ends > nights + 1 or step.day > nights + 1:
        found.append(trouble("ready_step_late", day=ends, last=nights + 1))
    if not first.is_published or first.commune_id not in sold:
        found.append(trouble("ready_step_unsold", day=step.day, offer=first.title))
    if any(one.is_lodging != first.is_lodging for one in known):
        found.append(trouble("ready_step_mixed", day=step.day))
    if len(known) < step.choose:
        found.append(trouble("ready_step_few", day=step.day, choose=step.choose, count=len(known)))
    if step.starts_from and step.starts_until and step.starts_until < step.starts_from:
        found.append(trouble("ready_hours_reversed", day=step.day))
    return found


def _check_hours(recipes: Sequence[Recipe], offers: Mapping[int, Offer]) -> list[Trouble]:
    """Return the pairs of a day that can't follow each other whatever the hour they begin at."""
    found = []
    timed = [
        (recipe.step, offers[recipe.step.offer_id])
        for recipe in recipes
        if recipe.step.offer_id in offers
        and recipe.step.starts_from
        and recipe.step.starts_until
        and not offers[recipe.step.offer_id].is_lodging
        and offers[recipe.step.offer_id].kind_rules.takes_time
    ]
    for number, (step, offer) in enumerate(timed):
        for other, beside in timed[number + 1 :]:
            shares = step.who == other.who or Who.EVERYBODY in {step.who, other.who}
            if step.day != other.day or not shares:
                continue
            if not (_follows(step, offer, other) or _follows(other, beside, step)):
                found.append(
                    trouble(
                        "ready_hours_clash",
                        day=step.day,
                        first=offer.title,
                        second=beside.title,
                    )
                )
    return found


def _follows(step: ReadyStep, offer: Offer, other: ReadyStep) -> bool:
    """Tell whether `other` may begin once `step` is over."""
    if step.starts_from is None or other.starts_until is None:
        return True
    begins = step.starts_from.hour * 60 + step.starts_from.minute
    ends = begins + (offer.duration_minutes or 60)
    return ends <= other.starts_until.hour * 60 + other.starts_until.minute
