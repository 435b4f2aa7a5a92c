"""What a visitor of the lists and offers asks for: the address first, else what the stay knows."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from booking.access import basket_for
from booking.forms.search import SearchForm
from booking.models import Basket
from booking.people import people_from
from oti.lib.dates import today as day_of

TOLD_BY_ADDRESS = ("arrival", "departure", "adults", "children", "ages")


def asked(request: HttpRequest, *, now: datetime, needs_both_dates: bool = False) -> SearchForm:
    """Return the search of the address; without dates and party, those of the visitor's stay."""
    data = request.GET
    if not any(name in data for name in TOLD_BY_ADDRESS):
        basket = basket_for(request)
        if basket is not None:
            data = remembered(basket, data)
    return SearchForm(data, today=day_of(now), needs_both_dates=needs_both_dates)


def remembered(basket: Basket, data: QueryDict) -> QueryDict:
    """Return an address's parameters with the dates and the people of a stay."""
    known = data.copy()
    arrival, departure = basket.arrival, basket.departure
    if arrival is None or departure is None:
        nights = (
            basket.lines.filter(unit__isnull=False)
            .order_by("arrival")
            .values_list("arrival", "departure")
            .first()
        )
        arrival, departure = nights or (None, None)
    # « In the coming days » is an answer of the address's own.
    if arrival and departure and "days" not in data and arrival >= day_of(timezone.now()):
        known["arrival"], known["departure"] = arrival.isoformat(), departure.isoformat()
    people = people_from(basket.people)
    if people:
        ages = [str(one.age) for one in people if not one.is_adult]
        known["adults"] = str(len(people) - len(ages))
        known["children"] = str(len(ages))
        known.setlist("ages", ages)
    return known
