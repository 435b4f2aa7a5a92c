"""Sealed files that no row speaks of: of a house that was deleted, of a write that failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from members.models import HouseExport, Household, Paper
from oti.lib.private_files import drop_leftover, keys_older_than

# A file is stored before the transaction that speaks of it.
GRACE = timedelta(days=2)


def drop_leftovers(*, now: datetime) -> int:
    """Delete the files of two days ago and more that no row names; return how many."""
    known = set(Paper.objects.exclude(file_key="").values_list("file_key", flat=True))
    known |= set(HouseExport.objects.exclude(file_key="").values_list("file_key", flat=True))
    waiting = Household.objects.exclude(file_key="")
    known |= set(waiting.values_list("file_key", flat=True))
    left = [name for name in keys_older_than(now - GRACE) if name not in known]
    for name in left:
        drop_leftover(name)
    return len(left)
