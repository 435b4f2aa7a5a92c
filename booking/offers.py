"""The office's side of an offer: what it lacks, when it is shown, its nights and its slots.

Whatever changes prices, rules of stay, units or closures goes through here, so that the search
table changes in the same transaction. It never sells and never cancels an order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max
from django.utils.translation import gettext as _

from booking import locks, search_table
from booking.care_ratios import keeping_ratio
from booking.channels.blocks import write_blocks
from booking.hook_outbox import tell_nights
from booking.models import Closure, Offer, OfferPhoto, OfferReview, Stay, Tariff, Unit
from booking.models.resources import note_sharing
from booking.quoting import TaxBook, facts_to_publish, slot_terms
from booking.refusals import (
    BadInput,
    NotAllowed,
    Trouble,
    Unavailable,
    WrongState,
    trouble,
    troubles_of,
)
from booking.rules.people import Problem
from booking.rules.pricing import OLDEST, BandTerms, check_bands
from booking.rules.tourist_tax import tariff_of
from destination.models.territory import memberships_on
from members.journal import Actor, record
from members.models import Provider
from members.rules.enrolment import NOT_YET
from oti.lib.dates import LAST_DAY, paris
from oti.lib.dates import today as day_of

LONGEST_CLOSURE_DAYS = 1830

# Where the desk mends what a kind of its own asks for.
PART_OF = {
    "permit_missing": "permits",
    "permit_expired": "permits",
    "ages_of_care_missing": "min_age",
    "deposit_missing": "deposit_amount",
    "steps_missing": "steps",
    "plan_b_missing": "steps",
    "must_be_free": "bands",
}

# What an offer may lack and yet be shown: it says « à côté » by itself, and is not sold.
NOT_BLOCKING = frozenset({"outside_perimeter"})
# What a published offer may run out of without its texts becoming impossible to correct.
WEARS_OUT = NOT_BLOCKING | {"slot_missing", "provider_suspended", "permit_expired"}


# --- What an offer lacks -----------------------------------------------------------------------
def check_offer(offer: Offer, *, today: date) -> list[Trouble]:
    """Return everything that keeps an offer from being sold, an empty list when nothing does.

    `field` names the part of the desk where it is mended: units, prices, bands, slots,
    tax_category, duration_minutes, permits, steps, deposit_amount, commune or provider.
    `outside_perimeter` does not keep it from being shown (core.md 14, 20).
    """
    troubles = _check_lodging(offer, today) if offer.is_lodging else _check_places(offer, today)
    if offer.provider.state != Provider.State.ACTIVE:
        troubles.append(
            Trouble(
                "provider_suspended",
                _("The provider is suspended: nothing of it is shown or sold.")
                if offer.provider.enrolment not in NOT_YET
                else _("The provider isn’t approved yet: nothing of it is shown or sold before."),
                field="provider",
            )
        )
    inside = memberships_on(today).filter(is_neighbour=False, commune_id=offer.commune_id)
    if not inside.exists():
        troubles.append(trouble("outside_perimeter", field="commune"))
    return troubles


def blocks_publication(one: Trouble) -> bool:
    """Tell whether an offer with this trouble may not be published."""
    return one.code not in NOT_BLOCKING


def _check_lodging(offer: Offer, today: date) -> list[Trouble]:
    troubles = []
    units = list(
        offer.units.filter(is_active=True)
        .select_related("tariff")
        .prefetch_related("tariff__price_rules")
    )
    if not units:
        troubles.append(trouble("unit_missing", field="units"))
    for unit in units:
        if not _has_price(unit.tariff, today):
            message = _("No price for « %(unit)s »: enter its prices and seasons.")
            troubles.append(Trouble("price_missing", message % {"unit": unit.name}, field="prices"))
    terms = TaxBook().terms_for(offer)
    if not terms.is_flat_rate_regime and tariff_of(terms, today) is None:
        troubles.append(trouble("tariff_missing", field="tax_category"))
    return troubles


def _has_price(tariff: Tariff | None, today: date) -> bool:
    if tariff is None:
        return False
    return tariff.base_amount is not None or any(
        rule.dates.upper > today for rule in tariff.price_rules.all()
    )


def _check_places(offer: Offer, today: date) -> list[Trouble]:
    bands = slot_terms(offer).bands
    troubles = check_price_bands(
        bands, offer.min_age, offer.max_age, is_sold_by_item=offer.is_sold_by_item
    )
    problems = offer.kind_rules.check_offer(facts_to_publish(offer), today)
    troubles += [one for p in problems for one in troubles_of([p], field=PART_OF.get(p.code))]
    if offer.duration_minutes is None:
        troubles.append(
            Trouble(
                "duration_missing",
                _("Say how long it lasts: dates are entered with their beginning only."),
                field="duration_minutes",
            )
        )
    if not offer.slots.filter(is_closed=False, day__gte=today).exists():
        troubles.append(trouble("slot_missing", field="slots"))
    return troubles


def check_price_bands(
    bands: Sequence[BandTerms],
    min_age: int | None,
    max_age: int | None,
    *,
    is_sold_by_item: bool,
) -> list[Trouble]:
    """Return the faults of the prices by age of an offer, in words (features.md D03).

    Codes: `band_missing`, `band_reversed`, `band_overlap`, `band_gap`, `band_ages_missing`,
    `band_ages_forbidden`; `params` carries `codes`, the bands concerned.
    """
    if not bands:
        return [trouble("band_missing", field="bands")]
    by_item = [band.code for band in bands if band.is_item]
    if is_sold_by_item:
        if len(by_item) == 1 and len(bands) == 1:
            return []
        return [_say_of_bands("band_ages_forbidden", [band.code for band in bands])]
    if by_item:
        return [_say_of_bands("band_ages_missing", by_item)]
    return [_of_bands(problem, bands) for problem in check_bands(bands, min_age, max_age)]


def _say_of_bands(code: str, codes: Sequence[str]) -> Trouble:
    return trouble(code, field="bands", codes=list(codes))


def _of_bands(problem: Problem, bands: Sequence[BandTerms]) -> Trouble:
    if problem.code == "band_reversed":
        return _say_of_bands(problem.code, [str(problem.params["code"])])
    ages = list(problem.params["ages"])  # type: ignore[call-overload]
    shown = say_ages(ages)
    codes: Iterable[str] = problem.params.get("codes", ())  # type: ignore[assignment]
    if problem.code == "band_gap":
        codes = _beside_gap(ages, bands)
    message = trouble(problem.code, ages=shown).message
    return Trouble(
        problem.code, message, field="bands", params={"codes": list(codes), "ages": shown}
    )


def _beside_gap(ages: Sequence[int], bands: Sequence[BandTerms]) -> list[str]:
    """Return the band above a hole in the ages, or the one below where none is above."""
    above = [band for band in bands if band.min_age is not None and band.min_age > ages[-1]]
    if above:
        return [min(above, key=lambda band: band.min_age or 0).code]
    return [max(bands, key=lambda band: band.min_age or 0).code]


def say_ages(ages: Sequence[int]) -> str:
    """Return a run of ages as people say it: "7", "6–7", "18 and over"."""
    if ages[-1] >= OLDEST:
        return _("%(age)s and over") % {"age": ages[0]}
    return str(ages[0]) if len(ages) == 1 else f"{ages[0]}–{ages[-1]}"


# --- Shown or not ------------------------------------------------------------------------------
def publish_offer(offer: Offer, *, actor: Actor, now: datetime) -> Offer:
    """Show an offer and sell it. Raises NotAllowed with every trouble that check_offer finds.

    Published already, nothing changes. Locks its units.
    """
    with changing_units(units_of(offer), now=now):
        fresh = Offer.objects.select_related("provider", "commune").get(pk=offer.pk)
        publish_locked(fresh, actor=actor, now=now)
    return fresh


def publish_locked(offer: Offer, *, actor: Actor, now: datetime) -> None:
    """Publish an offer inside `changing_units` of its units; refusals as for `publish_offer`.

    It was read with its provider. Published already, nothing changes.
    """
    if offer.state == Offer.State.PUBLISHED:
        return
    troubles = check_offer(offer, today=day_of(now))
    if any(blocks_publication(one) for one in troubles):
        raise NotAllowed(*troubles)
    move_offer(offer, Offer.State.PUBLISHED, "offer published", actor=actor, now=now)


def pause_offer(offer: Offer, *, actor: Actor, now: datetime) -> Offer:
    """Take an offer off the pages until it is published again; what is sold stays sold.

    Raises WrongState unless it is published or paused already.
    """
    with locks.write_transaction():
        fresh: Offer = Offer.objects.get(pk=offer.pk)
        if fresh.state == Offer.State.PAUSED:
            return fresh
        if fresh.state != Offer.State.PUBLISHED:
            raise WrongState(trouble("wrong_state"))
        move_offer(fresh, Offer.State.PAUSED, "offer paused", actor=actor, now=now)
        # What the office paused, its host doesn't take up again.
        OfferReview.objects.filter(offer=fresh).update(is_paused_by_host=False)
    return fresh


def archive_offer(offer: Offer, *, actor: Actor, now: datetime) -> Offer:
    """Put an offer away: off the pages and out of the desk's daily list; orders keep it."""
    with locks.write_transaction():
        fresh: Offer = Offer.objects.get(pk=offer.pk)
        if fresh.state != Offer.State.ARCHIVED:
            move_offer(fresh, Offer.State.ARCHIVED, "offer archived", actor=actor, now=now)
    return fresh


def move_offer(offer: Offer, state: str, verb: str, *, actor: Actor, now: datetime) -> None:
    """Write another state of an offer and journal it, inside a transaction that allowed it."""
    before = offer.state
    offer.state = state
    changed = ["state", "updated_at"]
    if state == Offer.State.PUBLISHED and offer.first_published_at is None:
        offer.first_published_at = now
        changed.append("first_published_at")
    offer.save(update_fields=changed)
    record(verb, subject_of(offer), actor=actor, at=now, before=before, after=state)


def subject_of(offer: Offer) -> str:
    """Return how the journal names an offer."""
    return f"offer:{offer.pk}"


# --- Prices, rules of stay, units --------------------------------------------------------------
@contextmanager
def changing_units(unit_ids: Collection[int], *, now: datetime) -> Iterator[set[int]]:
    """Write what is inside together with the search table of these units, or nothing.

    Yields the set of units to rebuild: units born inside are added to it. Locks the units given
    (Unit, pk). Raises Busy.
    """
    touched = set(unit_ids)
    with locks.write_transaction():
        locks.lock_units(touched)
        yield touched
        touched &= set(Unit.objects.filter(pk__in=touched).values_list("pk", flat=True))
        search_table.rebuild_units(sorted(touched), today=day_of(now))


@contextmanager
def changing_offer(offer: Offer, *, actor: Actor, now: datetime) -> Iterator[set[int]]:
    """Write changes of an offer, its units, prices or photographs, with the search table.

    After the block a published offer is checked again: NotAllowed with its troubles, and nothing
    was written, when it could no longer be sold, or has fewer children for a carer than are booked.
    """
    existing = units_of(offer) if offer.pk else set()
    with changing_units(existing, now=now) as touched:
        is_new = offer.pk is None
        with keeping_ratio(offer, now=now):
            yield touched
        touched.update(units_of(offer))
        # What is kept free after others' bookings follows what the unit asks now.
        with_feeds = Unit.objects.filter(pk__in=touched, feeds__isnull=False).distinct()
        for pk in with_feeds.order_by("pk").values_list("pk", flat=True):
            write_blocks(pk, today=day_of(now))
        _number_photos(offer)
        note_sharing([offer.pk])
        fresh = Offer.objects.select_related("provider", "commune").get(pk=offer.pk)
        if fresh.state == Offer.State.PUBLISHED:
            troubles = [
                one for one in check_offer(fresh, today=day_of(now)) if one.code not in WEARS_OUT
            ]
            if troubles:
                raise NotAllowed(*troubles)
        verb = "offer created" if is_new else "offer changed"
        record(verb, subject_of(offer), actor=actor, at=now)
        tell_nights(sorted(touched), None, None, now=now)


def units_of(offer: Offer) -> set[int]:
    return set(Unit.objects.filter(offer_id=offer.pk).values_list("pk", flat=True))


def _number_photos(offer: Offer) -> None:
    """Put photographs without a place at the end, in the order of their entry."""
    photos = OfferPhoto.objects.filter(offer_id=offer.pk)
    last = photos.aggregate(last=Max("position"))["last"] or 0
    for photo in photos.filter(position=0).order_by("pk"):
        last += 1
        photos.filter(pk=photo.pk).update(position=last)


# --- Nights ------------------------------------------------------------------------------------
def close_nights(
    unit: Unit,
    *,
    first_night: date,
    reopening: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Closure:
    """Take the nights `[first_night, reopening)` of a unit off sale.

    Raises BadInput for dates or a missing reason; Unavailable `closure_over_sold` with the
    references of the orders, `closure_over_held` while somebody is booking one of them,
    `closed_already`. Locks the unit.
    """
    _check_closure(first_night, reopening, reason, now)
    with locks.write_transaction():
        locks.lock_units([unit.pk])
        _refuse_taken(unit, first_night, reopening, now)
        closure = Closure.objects.create(
            unit=unit, dates=DateRange(first_night, reopening), reason=reason.strip()
        )
        _after_closure(closure, "nights closed", actor=actor, now=now)
    return closure


def move_closure(
    closure: Closure,
    *,
    first_night: date,
    reopening: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Closure:
    """Give a closure other dates or another reason; refusals as for close_nights."""
    _check_closure(first_night, reopening, reason, now)
    with locks.write_transaction():
        locks.lock_units([closure.unit_id])
        fresh = Closure.objects.get(pk=closure.pk)
        _refuse_taken(fresh.unit, first_night, reopening, now, closure=fresh)
        old = fresh.dates
        fresh.dates = DateRange(first_night, reopening)
        fresh.reason = reason.strip()
        fresh.save(update_fields=["dates", "reason"])
        search_table.refresh_runs([fresh.unit_id], old.lower, old.upper)
        tell_nights([fresh.unit_id], old.lower, old.upper, now=now)
        _after_closure(fresh, "closure changed", actor=actor, now=now)
    return fresh


def reopen_nights(closure: Closure, *, actor: Actor, now: datetime) -> None:
    """Put the nights of a closure on sale again. Locks the unit; twice is the same as once."""
    with locks.write_transaction():
        locks.lock_units([closure.unit_id])
        fresh = Closure.objects.filter(pk=closure.pk).first()
        if fresh is None:
            return
        Closure.objects.filter(pk=fresh.pk).delete()
        _after_closure(fresh, "nights reopened", actor=actor, now=now)


def _check_closure(first_night: date, reopening: date, reason: str, now: datetime) -> None:
    troubles = []
    if reopening <= first_night:
        message = _("It must open again after the first closed night.")
        troubles.append(Trouble("dates_reversed", message, field="reopening"))
    elif reopening <= day_of(now):
        troubles.append(trouble("in_the_past", field="reopening"))
    elif (reopening - first_night).days > LONGEST_CLOSURE_DAYS:
        message = _("More than five years: to stop selling a unit, untick « sold » on it.")
        troubles.append(Trouble("too_long", message, field="reopening"))
    elif reopening > LAST_DAY:
        troubles.append(trouble("too_far", field="reopening"))
    if not reason.strip():
        troubles.append(trouble("reason_missing", field="reason"))
    if troubles:
        raise BadInput(*troubles)


def _refuse_taken(
    unit: Unit,
    first_night: date,
    reopening: date,
    now: datetime,
    *,
    closure: Closure | None = None,
) -> None:
    wanted = DateRange(first_night, reopening)
    stays = Stay.objects.filter(unit=unit, dates__overlap=wanted).order_by("dates", "pk")
    sold = list(stays.filter(state=Stay.State.SOLD).select_related("order_line__order"))
    if sold:
        orders = [stay.order_line.order.reference for stay in sold if stay.order_line]
        raise Unavailable(trouble("closure_over_sold", field="first_night", orders=orders))
    held = stays.filter(state=Stay.State.HELD, expires_at__gt=now).first()
    if held is not None and held.expires_at is not None:
        message = _("Somebody is booking nights of these dates: try again after %(time)s.")
        until = f"{paris(held.expires_at):%H:%M}"
        raise Unavailable(
            Trouble("closure_over_held", message % {"time": until}, field="first_night")
        )
    others = Closure.objects.filter(unit=unit, dates__contains=wanted)
    if closure is not None:
        others = others.exclude(pk=closure.pk)
    if others.exists():
        message = _("These nights are closed already.")
        raise Unavailable(Trouble("closed_already", message, field="first_night"))


def _after_closure(closure: Closure, verb: str, *, actor: Actor, now: datetime) -> None:
    search_table.refresh_runs([closure.unit_id], closure.dates.lower, closure.dates.upper)
    record(
        verb,
        f"unit:{closure.unit_id}",
        actor=actor,
        at=now,
        first_night=closure.dates.lower.isoformat(),
        reopening=closure.dates.upper.isoformat(),
        reason=closure.reason,
    )
    tell_nights([closure.unit_id], closure.dates.lower, closure.dates.upper, now=now)
