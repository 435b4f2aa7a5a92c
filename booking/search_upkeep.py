"""Regular care of what is derived: expired holds go, the search table grows with the days."""

from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Exists, OuterRef

from booking import locks
from booking.channels.blocks import write_blocks
from booking.models import SlotHold, Stay, Unit, UnitDay
from booking.search_table import BATCH, rebuild_units
from oti.lib.dates import today as day_of

# What expired yesterday can't be part of a payment under way.
TIDY_AFTER = timedelta(hours=24)
# Half of what a task may take: the batch under way ends in time.
LONGEST_CALL = settings.CELERY_TASK_TIME_LIMIT / 2


def tidy_holds(*, now: datetime) -> int:
    """Delete holds that expired a day ago; nothing counts them, this only keeps tables small."""
    before = now - TIDY_AFTER
    stays, _kinds = Stay.objects.filter(state=Stay.State.HELD, expires_at__lt=before).delete()
    slots, _kinds = SlotHold.objects.filter(expires_at__lt=before).delete()
    return stays + slots


def extend_search_table(*, now: datetime, seconds: float = LONGEST_CALL) -> int:
    """Write again what doesn't reach the horizon yet, once a day for each unit; returns the rows.

    A batch at a time for about so many seconds, then the next call goes on; one that is ended
    before loses the batch under way. It is written from the truth: what had drifted is mended by
    the same stroke. Raises Busy when the units of a batch can't be had.
    """
    today = day_of(now)
    horizon = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    reached = UnitDay.objects.filter(unit=OuterRef("pk"), day__gte=horizon)
    behind = Unit.objects.filter(~Exists(reached)).order_by("pk").values_list("pk", flat=True)
    UnitDay.objects.filter(day__lt=today).delete()
    began, written, last = monotonic(), 0, 0
    while batch := list(behind.filter(pk__gt=last)[:BATCH]):
        last = batch[-1]
        with locks.write_transaction():
            locks.lock_units(batch)
            # What is kept free after bookings of other platforms is part of that truth.
            with_feeds = Unit.objects.filter(pk__in=batch, feeds__isnull=False).distinct()
            for pk in with_feeds.order_by("pk").values_list("pk", flat=True):
                write_blocks(pk, today=today)
            written += rebuild_units(batch, today=today)
        if monotonic() - began >= seconds:
            break
    return written
