"""Units and rules of an offer as its host sets them: live at once, sold lines untouched.

What is sold keeps the price and the rules of its day. A published offer stays sellable: what
would keep it from being sold is refused with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import ProtectedError

from booking.models import (
    Offer,
    OfferPermit,
    OfferStep,
    OrderLine,
    Stay,
    Tariff,
    Unit,
)
from booking.offer_content import SHOWN, Edit, begin_edit, end_edit
from booking.offers import changing_offer
from booking.refusals import BadInput, NotAllowed, Unavailable, WrongState, trouble
from members.journal import Actor
from oti.lib.dates import today as day_of

MOST_UNITS = 60
# Rules that a host sets on the offer itself.
TERMS = frozenset(
    {
        "cancellation_policy_id",
        "check_in_from",
        "check_in_until",
        "check_out_until",
        "min_advance_days",
        "max_advance_days",
        "duration_minutes",
        "min_age",
        "max_age",
        "deposit_amount",
        "season_from_month",
        "season_to_month",
        "bedrooms",
    }
)
# What the tax, the law or the list of an offer hangs on: once visitors know it, the office's.
SETTLED = frozenset({"commune_id", "lodging_type", "tax_category", "registration_number"})


@dataclass(frozen=True)
class UnitInput:
    """What one party can have: a whole gîte, one room; guests without infants in cots."""

    name: str
    max_guests: int
    max_adults: int
    max_children: int
    max_infants: int


@dataclass(frozen=True)
class StepInput:
    """One step of a workshop; `plan_b` is what takes its place."""

    title: str
    minutes: int
    plan_b: str


@dataclass(frozen=True)
class PermitInput:
    """The authorisation of a childcare offer."""

    regime: str
    number: str
    authority: str
    valid_until: date
    # Children for one carer; None: as everywhere (`settings`).
    children_below_six: int | None = None
    children_from_six: int | None = None


@contextmanager
def editing_terms(offer: Offer, *, actor: Actor, now: datetime) -> Iterator[Edit]:
    """Change what is sold, under the locks of its units, then of its review.

    Raises WrongState `offer_archived`; NotAllowed where a published offer could no longer be sold.
    """
    with changing_offer(offer, actor=actor, now=now):
        edit = begin_edit(offer)
        yield edit
        end_edit(edit)


# --- The offer itself --------------------------------------------------------------------------
def keep_terms(offer: Offer, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> Offer:
    """Keep rules of an offer by column; what is settled (`SETTLED`) only before it is shown.

    Raises NotAllowed `settled_by_office`; KeyError for a column that is no rule of a host's.
    """
    unknown = set(values) - TERMS - SETTLED
    if unknown:
        raise KeyError(sorted(unknown))
    with editing_terms(offer, actor=actor, now=now) as edit:
        if edit.offer.state in SHOWN and set(values) & SETTLED:
            raise NotAllowed(trouble("settled_by_office"))
        for name, value in values.items():
            setattr(edit.offer, name, value)
        edit.offer.save(update_fields=[*values, "updated_at"])
    return edit.offer


def keep_permit(offer: Offer, permit: PermitInput, *, actor: Actor, now: datetime) -> None:
    """Keep the authorisation of a childcare offer; another one is to be seen by the office.

    Raises NotAllowed `settled_by_office` once the offer is shown: nobody extends the paper on
    which it is sold by himself.
    """
    with editing_terms(offer, actor=actor, now=now) as edit:
        if edit.offer.state in SHOWN:
            raise NotAllowed(trouble("settled_by_office"))
        known = OfferPermit.objects.filter(offer=offer).first()
        values = vars(permit)
        same = known and all(getattr(known, name) == value for name, value in values.items())
        if not same:
            OfferPermit.objects.update_or_create(
                offer=offer, defaults={**values, "checked_on": None}
            )


def keep_steps(offer: Offer, steps: Sequence[StepInput], *, actor: Actor, now: datetime) -> None:
    """Keep the steps of a workshop, in their order; those that were there go."""
    with editing_terms(offer, actor=actor, now=now):
        known = list(OfferStep.objects.filter(offer=offer).order_by("position", "pk"))
        for place, step in enumerate(steps):
            # What another language or another host of a step says stays with its place.
            row = known[place] if place < len(known) else OfferStep(offer=offer)
            row.position, row.minutes = place + 1, step.minutes
            row.title_fr, row.plan_b_fr = step.title, step.plan_b  # type: ignore[attr-defined]
            row.save()
        for row in known[len(steps) :]:
            row.delete()


# --- Units -------------------------------------------------------------------------------------
def keep_unit(
    offer: Offer,
    unit_id: int | None,
    asked: UnitInput,
    *,
    bedrooms: int | None = None,
    count: int = 1,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a unit, or add as many equal ones as `count` says, sold at the offer's prices.

    `bedrooms` are those of the whole lodging. Raises BadInput `too_many_units` past sixty,
    WrongState `unit_gone`.
    """
    values = {
        "max_guests": asked.max_guests,
        "max_adults": asked.max_adults,
        "max_children": asked.max_children,
        "max_infants": asked.max_infants,
    }
    with editing_terms(offer, actor=actor, now=now) as edit:
        edit.offer.bedrooms = bedrooms
        edit.offer.save(update_fields=["bedrooms", "updated_at"])
        if unit_id is not None:
            unit = _unit(offer, unit_id)
            unit.name_fr = asked.name  # type: ignore[attr-defined]
            for name, value in values.items():
                setattr(unit, name, value)
            unit.save()
            return
        there = Unit.objects.filter(offer=offer, is_active=True).count()
        if there + count > MOST_UNITS:
            raise BadInput(trouble("too_many_units", field="count", max=MOST_UNITS))
        tariff = Tariff.objects.filter(offer=offer).order_by("pk").first()
        for number in range(1, count + 1):
            name = asked.name if count == 1 else f"{asked.name[:70]} {there + number}"
            Unit(offer=offer, tariff=tariff, name_fr=name, **values).save()


def remove_unit(offer: Offer, unit_id: int, *, actor: Actor, now: datetime) -> bool:
    """Take a unit away; one that was ever booked is only sold no more. Returns whether it is gone.

    Raises Unavailable `unit_booked` with the first day while bookings are to come, `unit_held`
    while somebody is booking it; NotAllowed where a published offer would have no unit left.
    """
    with editing_terms(offer, actor=actor, now=now):
        unit = _unit(offer, unit_id)
        _refuse_booked(unit, now=now)
        if _was_booked(unit):
            unit.is_active = False
            unit.save(update_fields=["is_active"])
            return False
        try:
            unit.delete()
        except ProtectedError as error:
            # A line of some basket speaks of it, held no longer.
            raise Unavailable(trouble("unit_held")) from error
    return True


def _unit(offer: Offer, unit_id: int) -> Unit:
    unit = Unit.objects.filter(offer=offer, pk=unit_id).first()
    if unit is None:
        raise WrongState(trouble("unit_gone"))
    return unit


def _refuse_booked(unit: Unit, *, now: datetime) -> None:
    today = day_of(now)
    stays = Stay.objects.filter(unit=unit, dates__endswith__gt=today).order_by("dates")
    sold = stays.filter(state=Stay.State.SOLD).first()
    if sold is not None:
        raise Unavailable(trouble("unit_booked", day=sold.dates.lower))
    if stays.filter(state=Stay.State.HELD, expires_at__gt=now).exists():
        raise Unavailable(trouble("unit_held"))


def _was_booked(unit: Unit) -> bool:
    return unit.stays.exists() or OrderLine.objects.filter(unit=unit).exists()
