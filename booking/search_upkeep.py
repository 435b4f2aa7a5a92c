"""Regular care of what is derived: expired holds go, the search table grows with the days."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from booking import locks
from booking.models import SlotHold, Stay, Unit, UnitDay
from booking.search_table import BATCH, rebuild_units
from oti.lib.dates import today as day_of

# What expired yesterday can't be part of a payment under way.
TIDY_AFTER = timedelta(hours=24)


def tidy_holds(*, now: datetime) -> int:
    """Delete holds that expired a day ago; nothing counts them, this only keeps tables small."""
    before = now - TIDY_AFTER
    stays, _kinds = Stay.objects.filter(state=Stay.State.HELD, expires_at__lt=before).delete()
    slots, _kinds = SlotHold.objects.filter(expires_at__lt=before).delete()
    return stays + slots


def extend_search_table(*, now: datetime) -> int:
    """Write the table again, to the horizon, on the first call of each day; returns the rows.

    It is written from the truth: what had drifted is mended by the same stroke.
    """
    today = day_of(now)
    horizon = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    last = UnitDay.objects.aggregate(last=Max("day"))["last"]
    if last is not None and last >= horizon:
        return 0
    UnitDay.objects.filter(day__lt=today).delete()
    ids = list(Unit.objects.order_by("pk").values_list("pk", flat=True))
    written = 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with locks.write_transaction():
            locks.lock_units(batch)
            written += rebuild_units(batch, today=today)
    return written
