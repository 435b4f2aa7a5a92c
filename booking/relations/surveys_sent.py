"""Asking guests how it was: once an order, two days after all of it is over.

Only those who came are asked: what was cancelled, or noted as a no-show, is no experience; and
nobody whose last word about such questions is no (`relations.consent`). The key of the message and
the order's own row make it impossible to ask twice.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from booking import locks
from booking.messages import write_message
from booking.models import Order, OrderLine, Survey
from booking.refusals import Refusal
from booking.relations.consent import said_no
from booking.reminders import GUESTS_FROM, GUESTS_UNTIL
from booking.rules import states
from members.journal import SYSTEM, record
from members.models import LetterChoice
from members.rules.consent import SURVEY
from oti.lib.dates import ONE_DAY, at_paris, paris
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)
ASK = "survey"
CAME = (states.SOLD, states.HONOURED)
# Whom nobody asked by then isn't asked any more: it would be about another season.
LATEST = timedelta(days=21)


def ask_guests(*, now: datetime, limit: int = 200) -> int:
    """Write to the guests whose stay ended two days ago or a little more; returns how many.

    Between 9 and 20 o'clock. Locks each order.
    """
    if not GUESTS_FROM <= paris(now).time() < GUESTS_UNTIL:
        return 0
    sent = 0
    for pk in list(_over(now).values_list("pk", flat=True)[:limit]):
        try:
            sent += _ask(pk, now=now)
        except (Refusal, DatabaseError) as error:
            # One order must not hide the others.
            logger.warning("order %s not asked how it was: %s", pk, error)
    return sent


def came_lines(order: Order, *, now: datetime) -> list[OrderLine]:
    """Return the lines that the guests of an order came for, each with its offer and house."""
    rows = OrderLine.objects.filter(order=order, state__in=CAME, ends_at__lte=now)
    loaded = rows.select_related("offer", "sub_order__provider")
    return list(loaded.order_by("starts_at", "position", "pk"))


def _over(now: datetime) -> QuerySet[Order]:
    """Return the orders whose last day is long enough ago, and that were not asked."""
    last = day_of(now) - timedelta(days=settings.SURVEY_AFTER_DAYS)
    until, since = at_paris(last + ONE_DAY, time()), at_paris(last - LATEST, time())
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    came = lines.filter(state__in=CAME, ends_at__gte=since, ends_at__lt=until)
    still = lines.filter(state__in=states.TAKES_PLACE, ends_at__gte=until)
    found = Order.objects.filter(Exists(came), ~Exists(still), state=states.CONFIRMED)
    # Left out here, or they would fill each round.
    words = LetterChoice.objects.filter(address__email=Lower(OuterRef("email")), purpose=SURVEY)
    last_word = Subquery(words.order_by("-at", "is_yes").values("is_yes")[:1])
    found = found.annotate(word=last_word).filter(Q(word=True) | Q(word__isnull=True))
    return found.filter(survey__isnull=True).exclude(email="").order_by("pk")


def _ask(pk: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        order = locks.lock_order(pk)
        lines = came_lines(order, now=now)
        is_asked = Survey.objects.filter(order=order).exists()
        # Without an address: erased meanwhile.
        if order.state != states.CONFIRMED or is_asked or not lines or not order.email:
            return False
        if said_no(order.email, SURVEY, now=now):
            return False
        # The key of the link that stops these mails.
        locks.lock_letter_address(order.email.lower(), language=order.language, now=now)
        open_survey(order, lines, now=now)
        record("survey sent", f"order:{order.reference}", actor=SYSTEM, at=now)
        return write_message(
            ASK,
            key=f"order:{order.reference}:survey",
            recipient=order.email,
            language=order.language,
            order=order,
            now=now,
        )


def open_survey(order: Order, lines: list[OrderLine], *, now: datetime) -> Survey:
    """Write the survey of an order, in the present transaction and under the order's lock."""
    bed = next((one for one in lines if one.unit_id), lines[0])
    return Survey.objects.create(
        order=order,
        commune_id=bed.offer.commune_id,
        last_day=_last_day(lines),
        asked_at=now,
        expires_at=now + timedelta(days=settings.SURVEY_DAYS),
        is_demo=order.is_demo,
    )


def _last_day(lines: list[OrderLine]) -> date:
    return max(paris(one.ends_at).date() for one in lines)
