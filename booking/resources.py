"""What a host's offers share: made, changed, named by an offer and no longer (features.md H08).

What is sold stays sold, whatever changes here: dates that then need more than there is are told.
What is being booked is kept: a change that it would make impossible waits until it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Max

from booking import locks
from booking.models import Offer, OfferResource, Resource, Slot, SlotHold
from booking.models.resources import (
    LENT,
    MOST_MINUTES,
    MOST_OF_ONE,
    note_sharing,
    taken_claims,
)
from booking.offers import subject_of
from booking.refusals import BadInput, NotAllowed, trouble
from booking.rules.resources import Use, is_enough, use_of
from members.journal import Actor, record
from members.models import Provider
from oti.lib.dates import paris

MOST_RESOURCES = 50
DATES_NAMED = 5
LONGEST_PREPARATION = timedelta(minutes=2 * MOST_MINUTES)


# --- A resource ----------------------------------------------------------------------------------
def add_resource(
    provider: Provider, *, name: str, quantity: int, actor: Actor, now: datetime
) -> Resource:
    """Make a resource of a provider. Raises BadInput: its name or its number.

    Raises NotAllowed `too_many_resources`.
    """
    with locks.write_transaction():
        # Two presses make one: who adds has the house to itself.
        locks.lock_provider(provider.pk)
        if provider.resources.count() >= MOST_RESOURCES:
            raise NotAllowed(trouble("too_many_resources", max=MOST_RESOURCES))
        resource = Resource(provider=provider)
        _fill(resource, name, quantity)
        resource.save()
        _journal("resource added", resource, actor=actor, now=now)
    return resource


def change_resource(
    resource: Resource, *, name: str, quantity: int, actor: Actor, now: datetime
) -> None:
    """Give a resource another name, or another number of it.

    Never fewer than what is sold or being booked needs at one hour: NotAllowed `resource_used`
    {days}; nor than one date of an offer needs: NotAllowed `resource_too_few` {offer}. Raises
    BadInput as `add_resource`, NotAllowed `resource_gone`. Locks: the house, the resource, the
    dates to come that need it.
    """
    with locks.write_transaction():
        locks.lock_provider(resource.provider_id)
        current = _lock(resource)
        before = current.quantity
        _fill(current, name, quantity)
        if quantity < before:
            _check_links(current)
            _lock_dates(current, now=now)
            _check_used(current, now=now)
        current.save()
        _journal("resource changed", current, actor=actor, now=now, before=before)
    resource.name, resource.quantity = current.name, current.quantity


def remove_resource(resource: Resource, *, actor: Actor, now: datetime) -> None:
    """Forget a resource: its offers' dates are limited by their places alone from now on.

    Nothing that is sold changes. Locks the resource; twice is the same as once.
    """
    with locks.write_transaction():
        try:
            current = locks.lock_resource(resource.pk)
        except Resource.DoesNotExist:
            return
        offers = list(current.links.values_list("offer_id", flat=True))
        _journal("resource removed", current, actor=actor, now=now)
        current.delete()
        note_sharing(offers)


def _lock(resource: Resource) -> Resource:
    """Lock a resource; raises NotAllowed `resource_gone`: another tab deleted it."""
    try:
        return locks.lock_resource(resource.pk)
    except Resource.DoesNotExist as error:
        raise NotAllowed(trouble("resource_gone")) from error


def _fill(resource: Resource, name: str, quantity: int) -> None:
    name = " ".join(name.split())
    if not name:
        raise BadInput(trouble("resource_unnamed", field="name"))
    own = Resource.objects.filter(provider=resource.provider_id, name__iexact=name)
    if own.exclude(pk=resource.pk).exists():
        raise BadInput(trouble("resource_known", field="name", name=name))
    if not 1 <= quantity <= MOST_OF_ONE:
        raise BadInput(trouble("bad_quantity", field="quantity", max=MOST_OF_ONE))
    resource.name, resource.quantity = name[:60], quantity


def _check_links(resource: Resource) -> None:
    greedy = resource.links.filter(quantity__gt=resource.quantity).select_related("offer").first()
    if greedy is not None:
        raise NotAllowed(
            trouble(
                "resource_too_few",
                field="quantity",
                offer=greedy.offer.title,
                count=greedy.quantity,
            )
        )


def _check_used(resource: Resource, *, now: datetime) -> None:
    over = _over(resource, now=now)
    if over:
        shown = [f"{_moment(one)} ({one.offer.title})" for one in over[:DATES_NAMED]]
        more = ["…"] if len(over) > DATES_NAMED else []
        raise NotAllowed(trouble("resource_used", field="quantity", dates=shown + more))


# --- Its offers ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Need:
    """What one date of an offer needs of a resource; the minutes are before and after its hours."""

    quantity: int = 1
    minutes_before: int = 0
    minutes_after: int = 0


def link_offer(
    resource: Resource, offer: Offer, need: Need, *, actor: Actor, now: datetime
) -> list[Slot]:
    """Let each date of an offer need a resource, or need it otherwise than before.

    Returns the dates that are sold already and now need more than there is together: they stay
    sold, nobody else joins them. Raises BadInput for an offer of another provider
    (`offer_unknown`), for a lodging (`not_for_lodging`) and for numbers that can't be;
    NotAllowed `resource_too_few`, and `resource_held` {time} while somebody books a date that the
    change would make impossible. Locks: the resource, the dates to come that need it.
    """
    if offer.provider_id != resource.provider_id:
        raise BadInput(trouble("offer_unknown", field="offer"))
    if offer.is_lodging:
        raise BadInput(trouble("not_for_lodging", field="offer"))
    _check_need(need)
    with locks.write_transaction():
        current = _lock(resource)
        if need.quantity > current.quantity:
            raise NotAllowed(
                trouble(
                    "resource_too_few", field="quantity", offer=offer.title, count=need.quantity
                )
            )
        OfferResource.objects.update_or_create(
            offer=offer, resource=current, defaults=vars(need).copy()
        )
        note_sharing([offer.pk])
        _lock_dates(current, now=now)
        over = _over(current, now=now)
        _refuse_while_held(over, now=now)
        _journal("resource named", current, actor=actor, now=now, offer=subject_of(offer))
    return over


def unlink_offer(resource: Resource, offer_id: int, *, actor: Actor, now: datetime) -> None:
    """Let the dates of an offer need a resource no longer; nothing that is sold changes.

    Locks the resource; twice is the same as once.
    """
    with locks.write_transaction():
        current = _lock(resource)
        count, _rows = OfferResource.objects.filter(resource=current, offer=offer_id).delete()
        if count:
            note_sharing([offer_id])
            _journal("resource let go", current, actor=actor, now=now, offer=f"offer:{offer_id}")


def _check_need(need: Need) -> None:
    minutes = {"minutes_before": need.minutes_before, "minutes_after": need.minutes_after}
    troubles = [
        trouble("bad_minutes", field=field, max=MOST_MINUTES)
        for field, count in minutes.items()
        if not 0 <= count <= MOST_MINUTES
    ]
    if not 1 <= need.quantity <= MOST_OF_ONE:
        troubles.append(trouble("bad_quantity", field="quantity", max=MOST_OF_ONE))
    if troubles:
        raise BadInput(*troubles)


def _refuse_while_held(over: Sequence[Slot], *, now: datetime) -> None:
    """Raise where somebody books one of these dates: what they see must be what they can have."""
    held = SlotHold.objects.filter(slot__in=[one.pk for one in over], expires_at__gt=now)
    until = held.aggregate(until=Max("expires_at"))["until"]
    if until is not None:
        raise NotAllowed(trouble("resource_held", time=f"{paris(until):%H:%M}"))


def _lock_dates(resource: Resource, *, now: datetime) -> None:
    """Lock every date to come that needs a resource: none is sold or held meanwhile."""
    dates = Slot.objects.filter(offer__shared_resources__resource=resource)
    locks.lock_slots(dates.filter(ends_at__gt=now).values_list("pk", flat=True))


# --- What collides -------------------------------------------------------------------------------
def _over(resource: Resource, *, now: datetime) -> list[Slot]:
    """Return the dates with somebody in them that need more together than `resource` has."""
    claims = taken_claims(resource.pk, now=now)
    over = [
        pk
        for pk, claim in claims.items()
        if not replace(claim, quantity=resource.quantity).is_met()
    ]
    return list(
        Slot.objects.filter(pk__in=over).select_related("offer").order_by("starts_at", "pk")
    )


def clashes_of(resource: Resource, *, now: datetime) -> list[Slot]:
    """Return the dates, sold or being booked, that need more together than there is."""
    return _over(resource, now=now)


@dataclass(frozen=True)
class Collision:
    """A date that would need a resource at the hours of other dates; the longest one is named."""

    starts_at: datetime
    ends_at: datetime
    resource: str
    other_offer: str
    other_starts_at: datetime
    lasts: timedelta


def collisions(
    offer: Offer, moments: Sequence[tuple[datetime, datetime]], *, now: datetime
) -> list[Collision]:
    """Return which new dates of an offer need a resource that others need too, the longest first.

    Every open date to come counts, whether somebody is in it or not: only one of them can then be
    sold. Dates of the series itself count as well. Two statements; one without resources.
    """
    links = list(OfferResource.objects.filter(offer=offer).select_related("resource"))
    if not links or not moments:
        return []
    first = min(start for start, _end in moments) - LONGEST_PREPARATION
    last = max(end for _start, end in moments) + LONGEST_PREPARATION
    dates = (
        OfferResource.objects.filter(resource__in=[one.resource_id for one in links])
        .filter(offer__slots__resource="", offer__slots__is_closed=False)
        .filter(offer__slots__ends_at__gt=max(first, now), offer__slots__starts_at__lt=last)
        .order_by("offer__slots__starts_at", "offer__slots__pk", "pk")
        .values_list(
            "resource_id",
            "offer_id",
            "offer__title",
            "offer__slots__starts_at",
            "offer__slots__ends_at",
            "minutes_before",
            "minutes_after",
            "quantity",
        )
    )
    known: dict[int, list[tuple[str, datetime, Use]]] = {}
    for resource_id, offer_id, title, start, end, before, after, quantity in dates:
        if offer_id != offer.pk or offer.kind not in LENT:
            use = use_of(start, end, before=before, after=after, quantity=quantity)
            known.setdefault(resource_id, []).append((title, start, use))
    found = []
    for link in links:
        others = known.get(link.resource_id, [])
        found += _collisions_of(link, offer, moments, others)
    return sorted(found, key=lambda one: (-one.lasts, one.starts_at))


def _collisions_of(
    link: OfferResource,
    offer: Offer,
    moments: Sequence[tuple[datetime, datetime]],
    others: Sequence[tuple[str, datetime, Use]],
) -> list[Collision]:
    uses = [
        use_of(
            start,
            end,
            before=link.minutes_before,
            after=link.minutes_after,
            quantity=link.quantity,
        )
        for start, end in moments
    ]
    series = [(offer.title, start, use) for (start, _end), use in zip(moments, uses, strict=True)]
    found = []
    for place, ((start, end), use) in enumerate(zip(moments, uses, strict=True)):
        beside = [*others]
        if offer.kind not in LENT:
            beside += series[:place] + series[place + 1 :]
        met = [one for one in beside if one[2].meets(use)]
        if is_enough(link.resource.quantity, use, (one for _title, _start, one in met)):
            continue
        title, other_start, longest = max(met, key=lambda one: _length(one[2]))
        lasts = max(_length(longest), _length(use))
        found.append(Collision(start, end, link.resource.name, title, other_start, lasts))
    return found


def _length(use: Use) -> timedelta:
    return use.ends_at - use.starts_at


def _moment(slot: Slot) -> str:
    start = paris(slot.starts_at)
    return f"{start:%d/%m/%Y %H:%M}"


def _journal(verb: str, resource: Resource, *, actor: Actor, now: datetime, **data: object) -> None:
    record(
        verb,
        f"resource:{resource.pk}",
        actor=actor,
        at=now,
        name=resource.name,
        quantity=resource.quantity,
        **data,
    )
