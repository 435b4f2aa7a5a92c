"""Asking guests how it was: once an order, two days after all of it is over.

Only those who came are asked: what was cancelled, or noted as a no-show, is no experience; and
nobody who said no to it. The key
of the message and the order's own row make it impossible to ask twice.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from booking import locks
from booking.messages import write_message
from booking.models import Order, OrderLine, Survey
from booking.relations.consent import may_write
from booking.reminders import GUESTS_FROM, GUESTS_UNTIL
from booking.rules import states
from members.journal import SYSTEM, record
from members.models import LetterChoice
from oti.lib.dates import ONE_DAY, at_paris, paris
from oti.lib.dates import today as day_of

ASK = "survey"
CAME = (states.SOLD, states.HONOURED)
# Whom nobody asked by then isn't asked any more: it would be about another season.
LATEST = timedelta(days=21)


def ask_guests(*, now: datetime, limit: int = 200) -> int:
    """Write to the guests whose stay ended two days ago or a little more; returns how many.

    Between 9 and 20 o'clock. Locks each order, then its address for letters.
    """
    if not GUESTS_FROM <= paris(now).time() < GUESTS_UNTIL:
        return 0
    waiting = list(_over(now).values_list("pk", flat=True)[:limit])
    return sum(_ask(pk, now=now) for pk in waiting)


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
    said = LetterChoice.objects.filter(
        address__email=Lower(OuterRef("email")), purpose=LetterChoice.Purpose.SURVEY
    )
    # Who said no is passed over here, so that they never stand before the others.
    word = Subquery(said.order_by("-at", "is_yes").values("is_yes")[:1])
    found = found.annotate(may=Coalesce(word, Value(value=True)))
    return found.filter(survey__isnull=True, may=True).exclude(email="").order_by("pk")


def _ask(pk: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        order = locks.lock_order(pk)
        lines = came_lines(order, now=now)
        is_asked = Survey.objects.filter(order=order).exists()
        if order.state != states.CONFIRMED or is_asked or not lines:
            return False
        if not may_write(order.email, LetterChoice.Purpose.SURVEY, now=now):
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
