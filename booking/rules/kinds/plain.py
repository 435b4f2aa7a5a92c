"""The kinds without rules of their own: a bed, a place in something that begins, a thing."""

from booking.rules.kinds.base import Kind, gettext_noop

LODGING = Kind(
    code="lodging",
    label=gettext_noop("lodging"),
    plural=gettext_noop("Lodgings"),
    icon="house",
    reads_needs=True,
    sold_by="night",
    takes_time=False,
    travel_type="B",
    is_proposed=False,
    bead="stay",
)
ACTIVITY = Kind(
    code="activity",
    label=gettext_noop("activity"),
    plural=gettext_noop("Activities"),
    icon="mountain",
    reads_needs=True,
)
WORKSHOP = Kind(
    code="workshop",
    label=gettext_noop("workshop"),
    plural=gettext_noop("Workshops"),
    icon="sparkles",
    reads_needs=True,
)
EVENT_TICKET = Kind(
    code="event_ticket",
    label=gettext_noop("event ticket"),
    plural=gettext_noop("Shows and festivals"),
    icon="ticket",
    is_in_programme=True,
    is_proposed=False,
    bead="event",
)
MEAL = Kind(
    code="meal",
    label=gettext_noop("meal"),
    plural=gettext_noop("Meals"),
    icon="utensils",
    reads_needs=True,
    may_be_intrinsic=True,
)
PRODUCE = Kind(
    code="produce",
    label=gettext_noop("produce basket"),
    plural=gettext_noop("Produce baskets"),
    icon="shopping-basket",
    sold_by="item",
    takes_time=False,
    # Goods to take home: no travel service.
    travel_type="",
    capacity_label=gettext_noop("Baskets"),
    is_proposed=False,
)
