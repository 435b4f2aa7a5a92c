"""The page of a lodging: its rooms at their price, its calendar, its host, what is near."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from booking import browsing, cards, pictures, structured
from booking.access import basket_for
from booking.alternatives import nearest_stays
from booking.availability import UnitChoice, stay_choices
from booking.filters import labels_of, stars_of
from booking.forms.search import SearchForm, options_asked
from booking.lower_prices import GIVEN, Followed, followed
from booking.models import Offer, Stay
from booking.quoting import USUAL_ARRIVAL, policy_of, stay_hours, supplement_terms
from booking.relations.reviews_shown import reviews_of_offer
from booking.request_words import promise_words
from booking.rules.kinds import PROPOSED
from booking.rules.people import Guest
from booking.rules.pricing import OptionChoice
from booking.rules.refunds import deadlines
from booking.showing import cancellation_words, item_rows, party_words
from booking.stay_calendar import CalendarDay, CalendarMonth, stay_calendar
from destination.models import Pole
from destination.models.territory import pole_by_commune
from destination.spoken import say_languages
from destination.structured import breadcrumbs
from destination.templatetags.velay import jour_long
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import ONE_DAY, count_nights, nights
from oti.lib.dates import today as day_of
from oti.lib.memo import remembered

NEAR_COUNT = 3
MONTH_SHAPE = "%Y-%m"


def stay_offer_page(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> dict[str, Any]:
    """Return what `booking/stay_offer.html` shows; `offer` comes from `kept_offers`.

    A lodging beside the perimeter has neither prices nor calendar: it is shown, not sold.
    """
    say_languages(request, offer)
    today = day_of(now)
    pole = pole_by_commune(today).get(offer.commune_id)
    context: dict[str, Any] = {
        "offer": offer,
        "pole": pole,
        "crumbs": _crumbs(offer),
        "pictures": pictures.gallery(offer.pk),
        "facts": _facts(offer),
        "features": cards.feature_facts(offer),
        "labels": labels_of(offer.pk, day=today),
        "is_sold": pole is not None,
        "is_faceted": bool(request.GET),
        "page_errors": form.page_errors,
    }
    context["share"] = cards.shared(offer, context["pictures"])
    context["reviews"] = reviews_of_offer(offer.pk)
    box = {} if pole is None else price_box(request, offer, form, now=now)
    origin = request.build_absolute_uri("/")[:-1]
    context["structured"] = [
        structured.of_lodging(
            offer,
            pictures=context["pictures"],
            lowest=box.get("lowest"),
            rating=context["reviews"].rating,
            origin=origin,
        ),
        breadcrumbs(context["crumbs"], origin),
    ]
    if pole is None:
        return context
    return context | {
        "search": form.for_component(f"{request.path}#reserver"),
        "month": calendar_part(request, offer, form, now=now),
        **_near(request, offer, pole, form, now=now),
        "near_url": f"{reverse('booking:experiences')}?{form.query(pole=pole.slug)}",
        **box,
    }


def _crumbs(offer: Offer) -> list[tuple[str, str]]:
    stays = reverse("booking:stays")
    kind = capfirst(str(offer.get_lodging_type_display()))
    return [
        (_("Where to stay"), stays),
        (kind, f"{stays}?{urlencode({'type': offer.lodging_type})}"),
        (offer.title, ""),
    ]


def _facts(offer: Offer) -> list[tuple[str, str]]:
    units = [unit for unit in offer.units.all() if unit.is_active]
    facts = []
    if units:
        facts.append(("users", cards.up_to(max(unit.max_guests for unit in units))))
    if len(units) > 1:
        facts.append(("house", _("%(count)s units to choose from") % {"count": len(units)}))
    elif offer.bedrooms:
        facts.append(("bed-double", cards.bedrooms_words(offer.bedrooms)))
    stars = stars_of(offer)
    if stars:
        facts.append(("star", cards.stars_words(stars)))
    return facts


# --- The price ----------------------------------------------------------------------------------
def price_box(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> dict[str, Any]:
    """Return what `booking/parts/buy_nights.html` and `rooms.html` show of the address's dates."""
    supplements = supplement_terms(offer)
    taken = options_asked(request.GET, supplements)
    link = followed(
        request.GET.get(GIVEN, ""), offer, find_basket=lambda: basket_for(request), now=now
    )
    box: dict[str, Any] = {
        "options": cards.options_for(supplements, taken),
        "fees": [one for one in supplements if one.is_mandatory],
        "hold_minutes": settings.HOLD_MINUTES,
        "promise": promise_words(offer, hours=settings.REQUEST_ANSWER_HOURS),
        "is_on_request": offer.is_on_request,
        "lower_price": link.notice((), is_on_request=offer.is_on_request),
    }
    if not form.is_ready:
        lowest = browsing.lowest_nights([offer.pk], today=day_of(now))
        return box | {
            "lowest": lowest.get(offer.pk),
            "arrival_alone": form.arrival_day
            if not form.page_errors and not form.departure_day
            else None,
            "policy": _policy(offer, None, now=now),
        }
    arrival, departure = form.criteria.arrival, form.criteria.departure
    choices = stay_choices(
        offer,
        arrival=arrival,
        departure=departure,
        guests=form.guests,
        options=taken,
        units=[unit for unit in offer.units.all() if unit.is_active],
        reduction=link.reduction,
        now=now,
    )
    rooms = _rooms(choices, offer, form, taken, link, back=request.get_full_path())
    best = next((room for room in rooms if room["is_free"]), None)
    is_on_request = best["is_on_request"] if best else offer.is_on_request
    return box | {
        "rooms": rooms if len(rooms) > 1 else [],
        "best": best,
        "is_on_request": is_on_request,
        "lower_price": link.notice(
            [room.get("quote") for room in rooms], is_on_request=is_on_request
        ),
        "refused": rooms[0]["troubles"] if rooms and best is None else [],
        "is_off_sale": not rooms,
        "stay_note": _("%(nights)s, %(party)s")
        % {
            "nights": nights_words(count_nights(arrival, departure)),
            "party": party_words(form.guests),
        },
        "other_dates": _other_dates(request, offer, form, now=now) if best is None else [],
        "policy": _policy(offer, stay_hours(offer, arrival, departure)[0], now=now),
    }


def _rooms(
    choices: Iterable[UnitChoice],
    offer: Offer,
    form: SearchForm,
    taken: Sequence[OptionChoice],
    link: Followed,
    *,
    back: str,
) -> list[dict[str, Any]]:
    """Return one choice for each sort of equal units, those that can be had first."""
    sorts: dict[tuple[Any, ...], list[UnitChoice]] = {}
    for choice in choices:
        unit = choice.unit
        key = (unit.tariff_id, unit.max_adults, unit.max_children, unit.max_guests)
        sorts.setdefault(key, []).append(choice)
    rooms = []
    for equals in sorts.values():
        first = equals[0]
        free = sum(choice.is_free for choice in equals)
        room: dict[str, Any] = {
            "id": f"unit-{first.unit.pk}",
            "name": _room_name(equals),
            "guests": cards.up_to(first.unit.max_guests),
            "is_free": first.is_free,
            "troubles": list(dict.fromkeys(one.message for one in first.troubles)),
            "left": free if free == 1 < len(equals) else None,
            "is_on_request": first.is_on_request,
        }
        if first.is_free and first.quote:
            room |= {
                "quote": first.quote,
                "breakdown": item_rows(first.quote),
                "add": cards.add_nights(
                    first.unit,
                    form.criteria.arrival,
                    form.criteria.departure,
                    form.guests,
                    shown=first.quote.total,
                    options=taken,
                    is_on_request=first.is_on_request,
                    proposal=link.code_for(first.quote),
                    back=back,
                ),
            }
        rooms.append(room)
    return rooms


def _room_name(equals: Sequence[UnitChoice]) -> str:
    """Return the name of equal units: the tariff's where several share it."""
    unit = equals[0].unit
    if len(equals) > 1 and unit.tariff is not None:
        return str(unit.tariff.name)
    return str(unit.name)


def _policy(offer: Offer, starts_at: datetime | None, *, now: datetime) -> dict[str, Any]:
    policy = policy_of(offer)
    words = []
    if starts_at is not None:
        words = cancellation_words(deadlines(policy, starts_at), fee=policy.flat_fee, now=now)
    return {"summary": offer.cancellation_policy.summary, "words": words}


def _other_dates(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> list[dict[str, Any]]:
    """Return the nearest dates that they could have, each at its full price."""
    rest = _without_dates(request, form)
    return [
        {
            "arrival": search.arrival,
            "departure": search.departure,
            "amount": result.quote.total,
            "url": f"{request.path}?{_with_dates(rest, search.arrival, search.departure)}#reserver",
        }
        for search, result in nearest_stays(offer, form.criteria, now=now)
    ]


def _without_dates(request: HttpRequest, form: SearchForm) -> str:
    """Return the address's parameters but its dates: party and options."""
    left_out = {"arrival", "departure", "month", "update"}
    rows: list[tuple[str, str]] = []
    if "adults" not in request.GET:
        rows = [row for row in form.dates_and_party() if row[0] not in left_out]
        left_out |= {"adults", "children", "ages"}
    rows += [
        (name, value)
        for name, values in request.GET.lists()
        if name not in left_out
        for value in values
    ]
    return urlencode(rows)


def _with_dates(rest: str, arrival: date, departure: date | None) -> str:
    """Return parameters with other dates before them."""
    dates = f"arrival={arrival}" + (f"&departure={departure}" if departure else "")
    return f"{dates}&{rest}" if rest else dates


# --- The calendar -------------------------------------------------------------------------------
def calendar_part(
    request: HttpRequest, offer: Offer, form: SearchForm, *, now: datetime
) -> dict[str, Any]:
    """Return one month for `calendar_month.html`.

    A first press chooses the arrival, a second one the departure: each day that can be chosen is
    a link to this page. Nights on hold in this visitor's own stay are theirs, not sold out; those
    that others have are sold out, whatever the address chose.
    """
    today = day_of(now)
    year, month = _month_asked(request, offer, form, today)
    shown = stay_calendar(offer, year=year, month=month, now=now)
    arrival, departure = form.arrival_day, form.departure_day
    if form.page_errors.get("dates"):
        arrival = departure = None
    until = None
    if arrival and not departure:
        until = browsing.last_departure(offer, arrival)
    rest = _without_dates(request, form)
    own = _nights_on_hold(request, offer, now=now)
    taken = {
        day.day
        for week in shown.weeks
        for day in week
        if day and not day.is_free and day.day not in own
    }

    def cell(day: CalendarDay | None) -> dict[str, Any] | None:
        if day is None:
            return None
        can_arrive = day.can_arrive
        url = ""
        if arrival and until and arrival < day.day <= until:
            url = _with_dates(rest, arrival, day.day)
        elif can_arrive:
            url = _with_dates(rest, day.day, None)
        return {
            "date": day.day,
            "state": "free" if day.day in own else _state(day),
            "is_arrival": can_arrive,
            "selection": _selection(day.day, arrival, departure, own=own, taken=taken),
            "url": f"{request.path}?{url}#dates" if url else "",
            "reason": "",
        }

    return {
        "first": date(year, month, 1),
        "weeks": [[cell(day) for day in week] for week in shown.weeks],
        "previous_url": _month_url(request, shown.previous),
        "next_url": _month_url(request, shown.next),
        "reasons": _reasons(shown, arrival if until else None),
    }


def _month_asked(
    request: HttpRequest, offer: Offer, form: SearchForm, today: date
) -> tuple[int, int]:
    """Return the month of the address, else of the arrival, else of the first free night."""
    last = today + timedelta(days=settings.SEARCH_HORIZON_DAYS)
    with suppress(ValueError):
        asked = datetime.strptime(request.GET.get("month", ""), MONTH_SHAPE).date()  # noqa: DTZ007
        if today.replace(day=1) <= asked <= last:
            return asked.year, asked.month
    if form.arrival_day and today <= form.arrival_day <= last:
        return form.arrival_day.year, form.arrival_day.month
    return browsing.first_open_month(offer, today=today)


def _month_url(request: HttpRequest, month: tuple[int, int] | None) -> str:
    if month is None:
        return ""
    data = request.GET.copy()
    data["month"] = f"{month[0]}-{month[1]:02d}"
    return f"{request.path}?{data.urlencode()}#dates"


def _state(day: CalendarDay) -> str:
    if day.is_past:
        return "past"
    if day.is_free:
        return "free"
    return "closed" if day.is_closed else "full"


def _nights_on_hold(request: HttpRequest, offer: Offer, *, now: datetime) -> set[date]:
    """Return the nights of a lodging that this visitor's stay has on hold."""
    basket = basket_for(request)
    if basket is None or basket.first_held_at is None:
        return set()
    held = Stay.objects.filter(
        line__basket=basket, unit__offer=offer, state=Stay.State.HELD, expires_at__gt=now
    )
    dates = held.values_list("dates", flat=True)
    return {day for one in dates for day in nights(one.lower, one.upper)}


def _selection(
    day: date,
    arrival: date | None,
    departure: date | None,
    *,
    own: Collection[date],
    taken: Collection[date],
) -> str:
    """Return what a day is of the dates chosen, or of one's own stay; "" where others have it.

    The day of departure is a morning: what counts is the night before.
    """
    if arrival and day == departure and day - ONE_DAY not in taken:
        return "to"
    if day in taken:
        return ""
    if day == arrival:
        return "from"
    if day in own or (arrival and departure and arrival < day < departure):
        return "in"
    return ""


def _reasons(month: CalendarMonth, arrival: date | None) -> list[str]:
    reasons = [month.rule] if month.rule else []
    if arrival:
        text = _("Arrival on %(day)s. Now choose the day of departure.")
        reasons.insert(0, text % {"day": jour_long(arrival, "no-year")})
    return reasons


# --- Near by ------------------------------------------------------------------------------------
def _near(
    request: HttpRequest, offer: Offer, pole: Pole, form: SearchForm, *, now: datetime
) -> dict[str, Any]:
    """Return a few things to do in the same pole, on the days of the stay where they are known.

    From the hour of arrival on, spread over the days. `near_key` tells two such lists apart where
    they are the same for everybody: without persons nothing can be added, and no price is theirs.
    """
    arrival = departure = None
    if not form.page_errors.get("dates"):
        arrival, departure = form.arrival_day, form.departure_day
    asked = {
        "pole": pole.slug,
        "from_day": arrival,
        "to_day": departure or (arrival + 7 * ONE_DAY if arrival else None),
        "arrives_at": offer.check_in_from or USUAL_ARRIVAL,
    }
    if not form.has_party:
        shown = _near_for_anybody(**asked, query=form.party_query, now=now)
        return {"near": shown, "near_key": (*asked.values(), form.party_query)}
    back = request.get_full_path()
    return {
        "near": _near_cards(
            **asked, query=form.party_query, guests=form.guests, back=back, now=now
        ),
        "near_key": None,
    }


@remembered(most=64, ignoring=("now",))
def _near_for_anybody(*, now: datetime, **asked: Any) -> list[dict[str, Any]]:
    return _near_cards(**asked, guests=(), back="", now=now)


def _near_cards(
    *, query: str, guests: Sequence[Guest], back: str, now: datetime, **asked: Any
) -> list[dict[str, Any]]:
    found = browsing.listed_experiences(
        kinds=PROPOSED, guests=guests, size=NEAR_COUNT, now=now, **asked
    ).results
    photos = pictures.covers(one.offer for one in found)
    return [
        cards.experience_card(
            one, query=query, back=back, guests=guests, picture=photos.get(one.offer.pk)
        )
        for one in found
    ]
