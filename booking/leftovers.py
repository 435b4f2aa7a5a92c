"""Files that no row speaks of: of a house that was deleted, of a write that failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from booking.models import GuestImport
from destination.models import Picture
from members.models import HouseExport, Household, Paper
from oti.lib.private_files import drop_leftover, keys_older_than

# A file is stored before the transaction that speaks of it.
GRACE = timedelta(days=2)
# Where the library keeps photographs as they came (`AbstractImage.get_upload_to`).
ORIGINALS = "original_images"


def drop_leftovers(*, now: datetime) -> int:
    """Delete the sealed files of two days ago and more that no row names; return how many."""
    known = set(Paper.objects.exclude(file_key="").values_list("file_key", flat=True))
    known |= set(HouseExport.objects.exclude(file_key="").values_list("file_key", flat=True))
    unread = GuestImport.objects.exclude(file_key="")
    known |= set(unread.values_list("file_key", flat=True))
    waiting = Household.objects.exclude(file_key="")
    known |= set(waiting.values_list("file_key", flat=True))
    left = [name for name in keys_older_than(now - GRACE) if name not in known]
    for name in left:
        drop_leftover(name)
    return len(left)


def drop_lost_originals(*, now: datetime) -> int:
    """Delete photographs of two days ago and more that the library doesn't know; return how many.

    They are left by an upload whose row was never written.
    """
    # Looked for before the rows are read: what is stored meanwhile isn't among them.
    old = list(_originals_before(now - GRACE))
    known = set(Picture.objects.values_list("file", flat=True))
    left = [name for name in old if name not in known]
    for name in left:
        default_storage.delete(name)
    return len(left)


def _originals_before(moment: datetime) -> Iterator[str]:
    try:
        _folders, names = default_storage.listdir(ORIGINALS)
    except FileNotFoundError:
        return
    for name in names:
        path = f"{ORIGINALS}/{name}"
        try:
            is_old = default_storage.get_modified_time(path) < moment
        except FileNotFoundError:
            # Deleted meanwhile.
            continue
        if is_old:
            yield path
