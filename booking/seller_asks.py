"""Houses are asked for what the tax office must be told: two letters, then their payments wait.

CGI art. 1649 ter A to E, domain.md §3.5. Nothing is lost: what waits goes by itself once all is
said (`booking.payouts` looks at each try). One step a house and round, under the house's lock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction

from booking import locks
from booking.messages import write_message
from booking.models import OutboxMessage, SellerAsk
from booking.refusals import Refusal
from booking.rules import sellers
from booking.rules.sellers import Delays, Sold, exclusion_of, freeze_moment, missing_of, next_step
from booking.seller_data import seller_of, sellers_of
from booking.seller_years import sold_in_year
from booking.task_queue import ask_for_task
from members.journal import SYSTEM, record
from members.models import Provider
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)

AT_ONCE = 200
JANUARY = 1


def delays() -> Delays:
    """Return how long a house has, as the office set it."""
    return Delays(
        second=timedelta(days=settings.SELLER_SECOND_LETTER_DAYS),
        freeze=timedelta(days=settings.SELLER_FREEZE_DAYS),
    )


@dataclass(frozen=True)
class Standing:
    """What a house still has to say, and from when its payments wait for it."""

    missing: tuple[str, ...] = ()
    is_frozen: bool = False
    waits_from: datetime | None = None


def standings_of(houses: Iterable[Provider]) -> dict[int, Standing]:
    """Return where each house stands, by its key; one that is asked for nothing isn't in it."""
    asks = SellerAsk.objects.filter(provider__in=list(houses), completed_at=None)
    asked = list(asks.select_related("provider"))
    told = sellers_of([one.provider for one in asked])
    found = {}
    for ask in asked:
        missing = missing_of(told[ask.provider_id])
        if missing or ask.frozen_at:
            moment = freeze_moment(delays(), first_at=ask.first_at, second_at=ask.second_at)
            found[ask.provider_id] = Standing(missing, ask.frozen_at is not None, moment)
    return found


def follow_sellers(*, now: datetime) -> int:
    """Ask, ask again, let payments wait, or let them go; returns how many houses moved.

    Of a year that is over, sellers are still asked in January: it is declared by its end. Twice is
    the same as once.
    """
    sold = _sold_lately(now)
    asked = {one.provider_id: one for one in SellerAsk.objects.filter(completed_at=None)}
    keys = sorted(sold.keys() | asked)
    moved = 0
    for start in range(0, len(keys), AT_ONCE):
        houses = list(Provider.objects.filter(pk__in=keys[start : start + AT_ONCE]).order_by("pk"))
        told = sellers_of(houses)
        for house in houses:
            is_told_of = not _exclusion(house, sold.get(house.pk, ()))
            missing = missing_of(told[house.pk]) if is_told_of else ()
            ask = asked.get(house.pk)
            # A hint that spares locks: what is due is looked at again under them.
            if not (_step(ask, now=now) if missing else ask):
                continue
            try:
                moved += _follow(house.pk, is_told_of=is_told_of, now=now)
            except (Refusal, DatabaseError) as error:
                # One house must not hide the others.
                logger.warning("seller %s not followed: %s", house.pk, error)
    return moved


def send_statements(*, now: datetime) -> int:
    """Write to each house that its statement of last year is there, once; returns how many.

    From a day of January on, to the end of February for what nobody sent in time.
    """
    today = day_of(now)
    is_time = (JANUARY, settings.SELLER_STATEMENT_DAY) <= (today.month, today.day) < (3, 1)
    if not is_time:
        return 0
    year = today.year - 1
    sold = sold_in_year(year)
    keys = {f"provider:{pk}:seller-year:{year}": pk for pk in sold}
    known = OutboxMessage.objects.filter(key__in=list(keys)).values_list("key", flat=True)
    waiting = sorted(keys.keys() - set(known), key=keys.__getitem__)
    sent = 0
    for start in range(0, len(waiting), AT_ONCE):
        chunk = waiting[start : start + AT_ONCE]
        houses = Provider.objects.in_bulk([keys[key] for key in chunk])
        for key in chunk:
            house = houses[keys[key]]
            if _exclusion(house, (sold[house.pk],)):
                continue
            with locks.write_transaction():
                is_new = write_message(
                    "seller_statement",
                    key=key,
                    recipient=house.email,
                    language=house.language,
                    data={"provider": house.pk, "year": year},
                    now=now,
                )
                if is_new:
                    subject = f"provider:{house.pk}"
                    record("seller statement sent", subject, actor=SYSTEM, at=now, year=year)
            sent += is_new
    return sent


def _sold_lately(now: datetime) -> Mapping[int, tuple[Sold, ...]]:
    today = day_of(now)
    years = (today.year, today.year - 1) if today.month == JANUARY else (today.year,)
    found: dict[int, tuple[Sold, ...]] = {}
    for year in years:
        for house, sold in sold_in_year(year).items():
            found[house] = (*found.get(house, ()), sold)
    return found


def _exclusion(house: Provider, years: Iterable[Sold]) -> str:
    """Return why a house isn't told of in any of its years; "" when it is in one."""
    reasons = [
        exclusion_of(one, is_public=house.is_public_body, is_entity=house.is_professional)
        for one in [*years] or [Sold()]
    ]
    return reasons[0] if all(reasons) else ""


def _follow(house_id: int, *, is_told_of: bool, now: datetime) -> int:
    with locks.write_transaction():
        house = locks.lock_provider(house_id)
        ask = SellerAsk.objects.filter(provider=house, completed_at=None).first()
        # Said meanwhile, or never to be told.
        missing = missing_of(seller_of(house)) if is_told_of else ()
        if not missing:
            return _complete(house, ask, now=now) if ask is not None else 0
        step = _step(ask, now=now)
        if not step:
            return 0
        ask = ask or SellerAsk(provider=house, first_at=now)
        if step == sellers.SECOND:
            ask.second_at = now
        elif step == sellers.FREEZE:
            ask.frozen_at = now
        ask.save()
        _tell(house, ask, step, missing, now=now)
    return 1


def _step(ask: SellerAsk | None, *, now: datetime) -> str:
    return next_step(
        delays(),
        first_at=ask.first_at if ask else None,
        second_at=ask.second_at if ask else None,
        frozen_at=ask.frozen_at if ask else None,
        now=now,
    )


def _complete(house: Provider, ask: SellerAsk, *, now: datetime) -> int:
    ask.completed_at = now
    ask.save(update_fields=["completed_at"])
    record("seller data complete", f"provider:{house.pk}", actor=SYSTEM, at=now)
    if ask.frozen_at is not None:
        transaction.on_commit(lambda: ask_for_task("booking.tasks.release_payouts"))
    return 1


VERBS = {
    sellers.FIRST: "seller data asked for",
    sellers.SECOND: "seller data asked for again",
    sellers.FREEZE: "payouts wait for seller data",
}


def _tell(
    house: Provider, ask: SellerAsk, step: str, missing: tuple[str, ...], *, now: datetime
) -> None:
    moment = freeze_moment(delays(), first_at=ask.first_at, second_at=ask.second_at)
    write_message(
        "seller_data",
        key=f"seller-ask:{ask.pk}:{step}",
        recipient=house.email,
        language=house.language,
        data={
            "provider": house.pk,
            "step": step,
            "missing": list(missing),
            "waits_from": moment.isoformat(),
        },
        now=now,
    )
    subject = f"provider:{house.pk}"
    record(VERBS[step], subject, actor=SYSTEM, at=now, missing=list(missing))
