"""A visit at one's own hour: valid while the place is open, it overlaps with nothing (A09)."""

from booking.rules.kinds.base import Kind, gettext_noop

VISIT = Kind(
    code="visit",
    label=gettext_noop("visit"),
    plural=gettext_noop("Visits at your own hour"),
    icon="landmark",
    takes_time=False,
    begins=False,
    capacity_label=gettext_noop("Admissions a day"),
)
