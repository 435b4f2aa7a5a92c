"""Who reads the special needs of a stay: the hosts who prepare for them, and no other provider.

Needs are data about health: a kind says whether its host has a use for them (`reads_needs`).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from booking.models import OrderLine
from booking.rules import states
from booking.rules.kinds import BY_CODE
from booking.stay_view import LineView
from destination.templatetags.velay import names
from members.models import Provider


def are_read(kind: str) -> bool:
    """Whether the host of something of that kind is told the needs."""
    return BY_CODE[kind].reads_needs


def readers_of_stay(views: Iterable[LineView]) -> list[str]:
    """Return the names of those who would read the needs of a stay in the making."""
    return _names(one.offer.provider for one in views if are_read(one.offer.kind))


def readers_of_order(lines: Iterable[OrderLine]) -> list[str]:
    """Return the names of those who read the needs of an order; `sub_order__provider` is loaded.

    A line that is cancelled was told of: its host read them.
    """
    told = (one for one in lines if one.state not in {states.HELD, states.RELEASED})
    return _names(one.sub_order.provider for one in told if are_read(one.kind))


def reading_words(readers: Iterable[str]) -> str:
    """Write who reads the needs, the office included: it prepares the stay with the hosts."""
    return _("Read by: %(names)s, and the office") % {"names": names(", ".join(readers))}


def _names(providers: Iterable[Provider]) -> list[str]:
    return sorted({one.host_names or one.name for one in providers})
