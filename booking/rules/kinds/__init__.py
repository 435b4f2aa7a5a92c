"""Every kind of offer, in the order in which lists show them.

One more kind is one more module here and its name below; basket, checkout and order don't change.
"""

from booking.rules.kinds.base import PLACES, Asked, Facts, Kind, Permit, Side, SoldBy
from booking.rules.kinds.childcare import CHILDCARE, CHILDREN
from booking.rules.kinds.composite import COMPOSITE
from booking.rules.kinds.plain import (
    ACTIVITY,
    EVENT_TICKET,
    LODGING,
    MEAL,
    PRODUCE,
    WORKSHOP,
)
from booking.rules.kinds.registration import REGISTRATION
from booking.rules.kinds.rental import RENTAL
from booking.rules.kinds.shuttle import SHUTTLE
from booking.rules.kinds.visit import VISIT

__all__ = [
    "BY_CODE",
    "CHILDREN",
    "DATED",
    "FOR_TWO",
    "KINDS",
    "MINDING",
    "PLACES",
    "PROPOSED",
    "SHUTTLE",
    "SLEPT",
    "Asked",
    "Facts",
    "Kind",
    "Permit",
    "Side",
    "SoldBy",
    "kind_of",
]

KINDS: tuple[Kind, ...] = (
    LODGING,
    ACTIVITY,
    WORKSHOP,
    COMPOSITE,
    VISIT,
    MEAL,
    PRODUCE,
    CHILDCARE,
    RENTAL,
    SHUTTLE,
    REGISTRATION,
    EVENT_TICKET,
)
BY_CODE = {kind.code: kind for kind in KINDS}
# What is slept in, and what is lived at a date.
SLEPT = tuple(kind.code for kind in KINDS if kind.sold_by == "night")
DATED = tuple(kind for kind in KINDS if kind.sold_by != "night")
MINDING = tuple(kind.code for kind in KINDS if kind.minds_children)
# What two grown-ups may go to while somebody minds the children: it begins, it ends, one is there.
FOR_TWO = tuple(
    kind.code
    for kind in KINDS
    if kind.sold_by == "place"
    and kind.takes_time
    and not kind.minds_children
    and not kind.is_transport
)
IN_PROGRAMME = tuple(kind.code for kind in KINDS if kind.is_in_programme)
PROPOSED = tuple(kind.code for kind in KINDS if kind.is_proposed)


def kind_of(code: str) -> Kind:
    """Return a kind; raises KeyError for a code that isn't one."""
    return BY_CODE[code]
