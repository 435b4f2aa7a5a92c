"""Stays that took place, counted once all of them is over: `PastStay`, rebuilt from its order.

What was cancelled, given back whole, or noted as a no-show is no stay (features.md N08). Whatever
changes an order's line later (a no-show noted, a refund) makes its row be built again, or go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from booking import locks
from booking.models import Order, OrderLine, PastStay, Refund
from booking.relations.customers import household_of
from booking.rules import states
from booking.rules.people import ADULT_AGE
from destination.models.territory import pole_by_commune
from oti.lib.dates import paris
from oti.lib.money import ZERO

BATCH = 200
# Of one round: the next one follows at once (`tasks.know_guests`).
MOST = 5_000
CAME = (states.SOLD, states.HONOURED)


@dataclass(frozen=True)
class _Kept:
    """A line that somebody came for, with what is left of its price in euros."""

    line: OrderLine
    amount: Decimal


def keep_past_stays(*, now: datetime, limit: int = MOST) -> int:
    """Count the stays that are over and aren't counted, or changed since; returns how many.

    Locks orders that nobody works on, a batch a transaction.
    """
    done = after = 0
    while done < limit:
        with locks.write_transaction():
            due = _due(now).filter(pk__gt=after).order_by("pk")
            found = [order.pk for order in locks.lock_free_rows(due)[:BATCH]]
            for order in _loaded(found):
                _keep(order, now=now)
        done += len(found)
        if len(found) < BATCH:
            break
        after = found[-1]
    return done


def _due(now: datetime) -> QuerySet[Order]:
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    # An order of which all was given back is no stay: nothing would be written of it, round after
    # round. A refund that fails later makes it one again.
    came = Exists(_not_given_back(lines.filter(state__in=CAME, ends_at__lte=now)))
    to_come = Exists(lines.filter(state__in=states.TAKES_PLACE, ends_at__gt=now))
    changed = Exists(lines.filter(changed_at__gt=OuterRef("past_stay__kept_at")))
    given_back = Exists(
        Refund.objects.filter(
            payment__order=OuterRef("pk"), created_at__gt=OuterRef("past_stay__kept_at")
        )
    )
    counted = Q(past_stay__isnull=False)
    # Whose it is is said first (`customers`), some thousand a round: counted before, it would stay
    # of nobody. Who left no address is nobody.
    is_known = Q(identity__isnull=False) | Q(email="") | Q(confirmed_at__isnull=True)
    is_new = ~counted & Q(state=states.CONFIRMED) & is_known & came & ~to_come
    known_since = Q(identity__isnull=False, past_stay__identity__isnull=True)
    return Order.objects.filter(is_new | counted & (changed | given_back | known_since))


def _not_given_back(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """Keep the lines of which something is left, as `_left` reckons it."""
    refunds = Refund.objects.filter(line=OuterRef("pk")).exclude(state=Refund.State.FAILED)
    sums = (
        refunds.order_by().values("line").annotate(given=Sum(F("amount") - F("tourist_tax_amount")))
    )
    # Nobody's refund is no sum: such a line is kept.
    given = lines.annotate(given=Coalesce(Subquery(sums.values("given")), ZERO))
    return given.filter(Q(given__lte=0) | Q(given__lt=F("gross_amount")))


def _loaded(ids: Sequence[int]) -> list[Order]:
    lines = OrderLine.objects.filter(state__in=CAME).select_related("offer")
    with_refunds = lines.prefetch_related("refunds", "participants").order_by("starts_at", "pk")
    rows = Order.objects.filter(pk__in=ids).select_related("identity", "user")
    return list(
        rows.prefetch_related(Prefetch("lines", with_refunds, to_attr="came")).order_by("pk")
    )


def _keep(order: Order, *, now: datetime) -> None:
    kept = [one for one in map(_left, order.came) if one is not None]  # type: ignore[attr-defined]
    if not kept:
        PastStay.objects.filter(order=order).delete()
        return
    lines = [one.line for one in kept]
    people = {one.pk: one for line in lines for one in line.participants.all()}
    children = sum(1 for one in people.values() if one.age is not None and one.age < ADULT_AGE)
    first, last = _days(lines)
    poles = pole_by_commune(last)
    communes = {line.offer.commune_id for line in lines}
    PastStay.objects.update_or_create(
        order=order,
        defaults={
            "source": PastStay.Source.COUNTER if order.is_counter else PastStay.Source.SITE,
            "identity": order.identity,
            "household": household_of(order.user.email if order.user else order.email),
            "first_day": first,
            "last_day": last,
            "nights": sum(map(_nights, lines)),
            "adults": len(people) - children,
            "children": children,
            "is_group": len(people) >= settings.GROUP_FROM,
            "poles": sorted({poles[one].slug for one in communes if one in poles}),
            "kinds": sorted({line.kind for line in lines}),
            "language": order.language,
            "amount": sum((one.amount for one in kept), ZERO),
            "kept_at": now,
            "is_demo": order.is_demo,
        },
    )


def _left(line: OrderLine) -> _Kept | None:
    """Return a line with what wasn't given back of it; None where all of its price was."""
    given = sum(
        (
            one.amount - one.tourist_tax_amount
            for one in line.refunds.all()
            if one.state != Refund.State.FAILED
        ),
        ZERO,
    )
    if given and given >= line.gross_amount:
        return None
    return _Kept(line, line.gross_amount - given)


def _days(lines: Sequence[OrderLine]) -> tuple[date, date]:
    """Return the first and the last day of lines, local."""
    first = min(paris(line.starts_at).date() for line in lines)
    return first, max(paris(line.ends_at).date() for line in lines)


def _nights(line: OrderLine) -> int:
    """Return how many nights of a bed a line is."""
    if line.unit_id is None or line.arrival is None or line.departure is None:
        return 0
    return (line.departure - line.arrival).days
