"""Moments compared by the time that really passes, whatever the clock on the wall does."""

from datetime import UTC, datetime


def absolute(moment: datetime) -> datetime:
    """Return an aware moment in UTC; a naive one raises ValueError.

    Python compares and subtracts two moments of one zone by their wall clocks, which is an hour
    wrong across a change of time (features.md D14).
    """
    if moment.utcoffset() is None:
        msg = f"{moment} has no time zone"
        raise ValueError(msg)
    return moment.astimezone(UTC)
