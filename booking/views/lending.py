"""Choosing the days for which something is lent: from which, up to which, how many of it.

Both days are included, as people say them; `[first, after)` is what the basket keeps. It asks
and puts into words, and never holds anything.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking import cards
from booking.availability import check_days
from booking.forms.basket import read_day
from booking.lower_prices import Followed
from booking.models import Offer
from booking.quoting import asked_of, check_places, quote_places
from booking.refusals import Trouble, trouble
from booking.rules.pricing import OptionChoice
from booking.showing import item_rows
from booking.takes import SlotAsk, check_takes, find_takes
from destination.templatetags.velay import euros
from oti.lib.dates import ONE_DAY, count_nights
from oti.lib.dates import today as day_of


def lending_box(
    offer: Offer,
    data: QueryDict,
    *,
    first: date | None,
    last: date | None,
    quantity: int,
    options: tuple[OptionChoice, ...],
    link: Followed,
    back: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what `booking/parts/lending_box.html` shows: days, price, why not, the button.

    Days of the address (`first_day`, `last_day`) come before those of the stay.
    """
    typed = {name: (data.get(name) or "").strip()[:30] for name in ("first_day", "last_day")}
    if any(typed.values()):
        first, last = read_day(typed["first_day"]), read_day(typed["last_day"])
    box: dict[str, Any] = {
        "first": first or typed["first_day"],
        "last": last or typed["last_day"],
        "today": day_of(now),
        "quantity": quantity,
        "troubles": [],
        "errors": {},
        "quote": None,
        "add": None,
        "lower_price": link.notice((), is_on_request=offer.is_on_request),
    }
    troubles = [
        trouble("date_unreadable", field=field)
        for name, field, day in (
            ("first_day", "arrival", first),
            ("last_day", "departure", last),
        )
        if typed[name] and day is None
    ]
    if first is not None and last is not None and not troubles:
        days = (first, last + ONE_DAY)
        troubles = check_days(offer, *days, today=day_of(now))
        if not troubles:
            return box | _priced(offer, days, quantity, options, link, back=back, now=now)
    return box | {"errors": _by_field(troubles), "troubles": [one.message for one in troubles]}


def _priced(
    offer: Offer,
    days: tuple[date, date],
    quantity: int,
    options: tuple[OptionChoice, ...],
    link: Followed,
    *,
    back: str,
    now: datetime,
) -> dict[str, Any]:
    first, after = days
    count = count_nights(first, after)
    troubles = check_places(offer, (), quantity, options)
    quote = None
    reduction = None if offer.is_on_request else link.reduction
    if reduction is not None and not reduction.holds_over(first, after):
        reduction = None
    if not troubles:
        quote, troubles = quote_places(offer, (), quantity, options, count, reduction)
    asked = asked_of(offer, (), quantity, options)
    (takes,) = find_takes([SlotAsk(offer, asked, first=first, after=after)], now=now)
    troubles = [*troubles, *check_takes(takes, now=now)]
    add = None
    if quote is not None and not troubles:
        add = cards.add_days(
            offer,
            first,
            after,
            quantity,
            shown=quote.total,
            options=options,
            proposal=link.code_for(quote),
            back=back,
        )
        add["label"] = _("Add to my stay")
    days_words = ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
    note, rows = days_words, item_rows(quote) if quote else []
    if quote is not None:
        lent = quote.items[0]
        many = [str(quantity)] if quantity > 1 else []
        note = " × ".join([lent.label, *many]) + f", {days_words}"
        # The row says what was multiplied: things by days.
        rows[0]["label"] = f"{lent.label}, " + " × ".join(
            [*many, days_words, euros(lent.unit_amount)]
        )
    return {
        "quote": quote,
        "lower_price": link.notice([quote], is_on_request=offer.is_on_request),
        "note": note,
        "breakdown": rows,
        "troubles": [one.message for one in troubles],
        "errors": _by_field(troubles),
        "add": add,
    }


def _by_field(troubles: list[Trouble]) -> dict[str, str]:
    return {one.field or "": one.message for one in reversed(troubles)}
