"""What is asked for a line of the stay, read from a form; the use case decides."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.http import QueryDict

from booking.refusals import BadInput, Trouble, trouble
from booking.rules.pricing import OptionChoice
from booking.wishes import LineRequest
from oti.lib.dates import ONE_DAY, is_of_our_time

DAY_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
MAX_ID = 2**63 - 1
OPTION = "option_"
LONGEST_PROPOSAL = 64
# Before the decimal point: more was never a price of ours.
MAX_DIGITS = 7


def read_line(data: QueryDict) -> LineRequest:
    """Read a posted line: offer, unit or slot, days, persons or ages, quantity, options.

    Ages come as "5,10" or as one field for each child; adults give none. Raises BadInput with
    every trouble at once.
    """
    troubles: list[Trouble] = []
    offer_id = _number(data.get("offer"))
    if offer_id is None:
        troubles.append(trouble("offer_unknown"))
    arrival, departure = _days(data, troubles)
    request = LineRequest(
        offer_id=offer_id or 0,
        unit_id=_number(data.get("unit")),
        slot_id=_number(data.get("slot")),
        arrival=arrival,
        departure=departure,
        ages=read_ages(data, troubles),
        people=tuple(dict.fromkeys(data.getlist("people"))),
        party=_party(data),
        quantity=_quantity(data.get("quantity"), troubles),
        options=_options(data, troubles),
        shown_amount=_amount(data.get("shown_amount")),
        proposal=data.get("proposal", "")[:LONGEST_PROPOSAL],
        is_overlap_accepted=data.get("overlap_ok") == "1",
        is_for_others=data.get("for_others") == "1",
        instead_of=tuple(
            number for number in map(_number, data.getlist("instead_of")) if number is not None
        ),
    )
    if troubles:
        raise BadInput(*troubles)
    return request


def read_ages(data: QueryDict, troubles: list[Trouble]) -> tuple[int | None, ...]:
    """Return the party as ages, adults (None) first; adds what can't be read to `troubles`."""
    adults = _number(data.get("adults") or "0")
    if adults is None:
        troubles.append(trouble("adults_unreadable", field="adults"))
        adults = 0
    elif adults > settings.MAX_PARTY:
        troubles.append(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
        adults = 0
    texts = [text.strip() for text in ",".join(data.getlist("ages")).split(",")]
    given = [text for text in texts if text]
    children = _number(data.get("children") or str(len(given)))
    if adults + max(len(given), children or 0) > settings.MAX_PARTY:
        # Whether each has an age no longer matters.
        troubles.append(trouble("too_many_people", field="adults", max=settings.MAX_PARTY))
        return (None,) * adults
    if children is None or len(given) < children or "" in texts[1:]:
        troubles.append(trouble("ages_missing", field="ages"))
    ages = [_number(text) for text in given]
    if any(age is None or age > 17 for age in ages):
        troubles.append(trouble("age_unreadable", field="ages"))
    return (None,) * adults + tuple(age for age in ages if age is not None)


def _party(data: QueryDict) -> tuple[int | None, ...]:
    """Return everybody who comes, as the page handed it on; nobody where it can't be read."""
    told = QueryDict(mutable=True)
    for name in ("adults", "ages"):
        told.setlist(name, data.getlist(f"party_{name}"))
    troubles: list[Trouble] = []
    ages = read_ages(told, troubles)
    return () if troubles or len(ages) > settings.MAX_PARTY else ages


def read_day(text: str | None) -> date | None:
    """Return a day written as 2027-07-11 or 11/07/2027, None for anything else."""
    for shape in DAY_FORMATS:
        with suppress(ValueError):
            day = datetime.strptime((text or "").strip(), shape).date()  # noqa: DTZ007 - a day
            return day if is_of_our_time(day) else None
    return None


def _days(data: QueryDict, troubles: list[Trouble]) -> tuple[date | None, date | None]:
    """Return `[arrival, departure)`: nights, or the first and the last day of something lent."""
    if "first_day" in data or "last_day" in data:
        first = _day(data.get("first_day"), "arrival", troubles)
        last = _day(data.get("last_day"), "departure", troubles)
        return first, last + ONE_DAY if last else None
    arrival = _day(data.get("arrival"), "arrival", troubles)
    return arrival, _day(data.get("departure"), "departure", troubles)


def _day(text: str | None, field: str, troubles: list[Trouble]) -> date | None:
    day = read_day(text)
    if day is None and (text or "").strip():
        troubles.append(trouble("date_unreadable", field=field))
    return day


def _number(text: str | None) -> int | None:
    cleaned = (text or "").strip()
    if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 20):
        return None
    return min(int(cleaned), MAX_ID)


def _quantity(text: str | None, troubles: list[Trouble]) -> int:
    quantity = _number(text or "1")
    if quantity is None or not 1 <= quantity <= 99:
        troubles.append(trouble("bad_quantity", field="quantity", max=99))
        return 1
    return quantity


def _options(data: QueryDict, troubles: list[Trouble]) -> tuple[OptionChoice, ...]:
    chosen = []
    for name in data:
        if not name.startswith(OPTION):
            continue
        quantity = _number(data.get(name) or "0")
        if quantity is None or quantity > 99:
            troubles.append(trouble("bad_option", field="options"))
        elif quantity:
            chosen.append(OptionChoice(name.removeprefix(OPTION), quantity))
    return tuple(chosen)


def _amount(text: str | None) -> Decimal | None:
    """Return the total that the page showed; one that can't be read was never shown by us."""
    try:
        amount = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount.adjusted() < MAX_DIGITS else None
