"""Pages by cursor: after the last row that was seen, so that nothing is missed or told twice."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from oti.api.base import fault_of


def cursor_of(moment: datetime, pk: int) -> str:
    """Return the mark of a row, which means nothing to who gets it."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{pk}".encode()).decode().rstrip("=")


def known_moment(told: str) -> datetime:
    """Read a moment with its zone, in UTC: written out, PostgreSQL refuses zones past 16 hours.

    Raises ValueError for one without a zone, unreadable, or outside the years 2000 to 2199.
    """
    found = datetime.fromisoformat(told)
    if found.tzinfo is None or not 2000 <= found.year <= 2199:
        raise ValueError(told)
    return found.astimezone(UTC)


def after_cursor(rows: Any, cursor: str, *, moment: str) -> Any:
    """Return the rows after a mark, in the order of (`moment`, pk); raises ValidationError."""
    if not cursor:
        return rows
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told, _bar, pk = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode().rpartition("|")
        )
        when, number = known_moment(told), int(pk)
        is_good = 0 < number < 2**63
    except (ValueError, binascii.Error):
        is_good = False
    if not is_good:
        text = _("Take the « next » of the page before, as it is.")
        raise fault_of(field="cursor", text=text, code="cursor_unreadable")
    return rows.filter(Q(**{f"{moment}__gt": when}) | Q(**{moment: when, "pk__gt": number}))
