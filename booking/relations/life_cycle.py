"""The clock writes letters around a stay, each once an order (L04); the rules are data.

Each decision is a row under the order's lock, whatever it is: a round that dies goes on where it
was, and nobody who gets no letter stands before the others. What is commercial asks for consent and
for room under the lock of the address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.db import DatabaseError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Upper

from booking import locks
from booking.messages import write_message
from booking.models import LifeCycleLetter, LifeCycleSwitch, Order, OrderLine, Refund
from booking.refusals import Refusal
from booking.relations.consent import may_write
from booking.relations.frequency import is_at_the_cap
from booking.reminders import GUESTS_FROM, GUESTS_UNTIL
from booking.rules import life_cycle as rules
from booking.rules import states
from booking.rules.life_cycle import Anchor, Outcome, Rule, Stay
from members.journal import Actor, record
from members.rules.consent import OFFERS
from oti.lib.dates import ONE_DAY, at_paris, paris
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)
# Lines that take place or took place, those of a no-show too: they say when the stay is.
ALIVE = states.TAKES_PLACE
UNKNOWN_RULE = "no such letter"


def write_life_cycle(*, now: datetime, limit: int = 200) -> int:
    """Decide the letters that are due, `limit` orders a rule and call; returns how many it wrote.

    Between 9 and 20 o'clock. Locks each order, then its address.
    """
    if not GUESTS_FROM <= paris(now).time() < GUESTS_UNTIL:
        return 0
    switched, written = switches(), 0
    for rule in rules.WRITTEN_HERE:
        if not switched[rule.name]:
            continue
        for pk in list(_due(rule, now=now).values_list("pk", flat=True)[:limit]):
            try:
                written += _decide(rule, pk, now=now)
            except (Refusal, DatabaseError) as error:
                # One order must not hide the others.
                logger.warning("letter %s of order %s waits: %s", rule.name, pk, error)
    return written


def switches() -> Mapping[str, bool]:
    """Return for each letter whether it is written (1 SQL)."""
    said = dict(LifeCycleSwitch.objects.values_list("rule", "is_on"))
    return {one.name: said.get(one.name, True) for one in rules.WRITTEN_HERE}


def switch_letter(name: str, *, is_on: bool, actor: Actor, now: datetime) -> None:
    """Let one letter be written, or not; again is the same. Raises ValueError for none of ours."""
    if name not in {one.name for one in rules.WRITTEN_HERE}:
        raise ValueError(UNKNOWN_RULE)
    with locks.write_transaction():
        LifeCycleSwitch.objects.update_or_create(
            rule=name, defaults={"is_on": is_on, "changed_at": now}
        )
        verb = "letter switched on" if is_on else "letter switched off"
        record(verb, f"letters:{name}", actor=actor, at=now)


def outcomes(*, since: date) -> Mapping[str, Mapping[str, int]]:
    """Return for each letter how often each outcome was decided since a day (1 SQL)."""
    rows = LifeCycleLetter.objects.filter(decided_on__gte=since).order_by()
    counted: dict[str, dict[str, int]] = {one.name: {} for one in rules.WRITTEN_HERE}
    for name, outcome, count in rows.values_list("rule", "outcome").annotate(Count("pk")):
        counted[name][outcome] = count
    return counted


def stay_of(order: Order) -> Stay | None:
    """Return an order's stay as the rules read it, None where nothing of it takes place (2 SQL)."""
    lines = list(OrderLine.objects.filter(order=order).order_by("starts_at", "pk"))
    alive = [one for one in lines if one.state in ALIVE]
    if not alive:
        return None
    beds = [one for one in alive if one.unit_id and one.arrival and one.departure]
    booked = order.confirmed_at or order.placed_at
    return Stay(
        booked_on=paris(booked).date(),
        first_day=min(paris(one.starts_at).date() for one in alive),
        last_day=max(paris(one.ends_at).date() for one in alive),
        first_night=min((one.arrival for one in beds if one.arrival), default=None),
        last_morning=max((one.departure for one in beds if one.departure), default=None),
        is_troubled=len(alive) < len(lines) or _was_given_back(order),
        is_no_show=any(one.state == states.NO_SHOW for one in alive),
    )


def _was_given_back(order: Order) -> bool:
    rows = Refund.objects.filter(payment__order=order)
    return rows.exclude(state=states.FAILED).exists()


# --- Which orders -------------------------------------------------------------------------------
def _due(rule: Rule, *, now: datetime) -> QuerySet[Order]:
    """Return the orders of which a letter is to be decided, the oldest first."""
    today = day_of(now)
    days = rules.window(rule, today=today)
    if days is None:
        return Order.objects.none()
    found = Order.objects.filter(_in_window(rule, *days), state=states.CONFIRMED)
    decided = LifeCycleLetter.objects.filter(order=OuterRef("pk"), rule=rule.name)
    # One letter a person and day: the other one waits for tomorrow, and stands before nobody.
    person = LifeCycleLetter.objects.annotate(address=Upper("order__email")).filter(
        address=Upper(OuterRef("email")), outcome=Outcome.WRITTEN, decided_on=today
    )
    found = found.filter(~Exists(decided), ~Exists(person))
    return found.exclude(email="").order_by("pk")


def _in_window(rule: Rule, first: date, last: date) -> Q:
    since, until = at_paris(first, time()), at_paris(last + ONE_DAY, time())
    lines = OrderLine.objects.filter(order=OuterRef("pk"), state__in=ALIVE)
    if rule.anchor in {Anchor.FIRST_DAY, Anchor.YEAR_AFTER}:
        begins = lines.filter(starts_at__gte=since, starts_at__lt=until)
        return Q(Exists(begins)) & ~Q(Exists(lines.filter(starts_at__lt=since)))
    if rule.anchor is Anchor.FIRST_NIGHT:
        nights = lines.filter(unit__isnull=False)
        begins = nights.filter(starts_at__gte=since, starts_at__lt=until)
        return Q(Exists(begins)) & ~Q(Exists(nights.filter(starts_at__lt=since)))
    ends = lines.filter(ends_at__gte=since, ends_at__lt=until)
    return Q(Exists(ends)) & ~Q(Exists(lines.filter(ends_at__gte=until)))


# --- One of them --------------------------------------------------------------------------------
def _decide(rule: Rule, pk: int, *, now: datetime) -> bool:
    """Decide one letter of one order; returns whether it was written."""
    today = day_of(now)
    with locks.write_transaction():
        order = locks.lock_order(pk)
        stay = stay_of(order)
        is_decided = LifeCycleLetter.objects.filter(order=order, rule=rule.name).exists()
        if order.state != states.CONFIRMED or not order.email or is_decided or stay is None:
            return False
        if not rules.is_due(rule, stay, today=today):
            return False
        outcome = rules.why_not(rule, stay, today=today)
        if outcome is None and rule.is_commercial:
            outcome = _why_no_sale(order, now=now)
        if outcome is None:
            # What is decided of one person's orders is decided one after the other.
            locks.lock_letter_address(order.email.lower(), language=order.language, now=now)
            if _written(order).filter(decided_on=today).exists():
                return False
            outcome = _why_not_again(rule, order, now=now) or Outcome.WRITTEN
        LifeCycleLetter.objects.create(
            order=order, rule=rule.name, outcome=outcome, decided_on=today
        )
        return outcome is Outcome.WRITTEN and write_message(
            f"life_{rule.name}",
            key=f"order:{order.reference}:life:{rule.name}",
            recipient=order.email,
            language=order.language,
            order=order,
            is_commercial=rule.is_commercial,
            now=now,
        )


def _why_no_sale(order: Order, *, now: datetime) -> Outcome | None:
    if not may_write(order.email, OFFERS, now=now):
        return Outcome.NO_CONSENT
    return Outcome.COMING_BACK if _comes_back(order, now=now) else None


def _comes_back(order: Order, *, now: datetime) -> bool:
    """Tell whether the same address has another stay to come, or was here lately."""
    rows = OrderLine.objects.filter(
        order__email__iexact=order.email,
        order__state=states.CONFIRMED,
        state__in=(states.SOLD, states.HONOURED),
        ends_at__gt=now - rules.BACK_WITHIN,
    )
    return rows.exclude(order=order).exists()


def _why_not_again(rule: Rule, order: Order, *, now: datetime) -> Outcome | None:
    """Return why a person gets no such letter now; its address is locked."""
    since = day_of(now) - timedelta(days=rule.late)
    if _written(order).filter(rule=rule.name, decided_on__gte=since).exists():
        return Outcome.SAME_PERSON
    if not rule.is_commercial:
        return None
    # Said meanwhile.
    if not may_write(order.email, OFFERS, now=now):
        return Outcome.NO_CONSENT
    return Outcome.AT_THE_CAP if is_at_the_cap(order.email, now=now) else None


def _written(order: Order) -> QuerySet[LifeCycleLetter]:
    """Return the letters that were written to the person of an order, for any order."""
    rows = LifeCycleLetter.objects.filter(order__email__iexact=order.email)
    return rows.filter(outcome=Outcome.WRITTEN)
