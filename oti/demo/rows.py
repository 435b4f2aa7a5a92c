"""From the catalogue to rows: offers with what belongs to them, and their calendars.

Everything is drawn from names and dates, never from chance: the same day gives the same demo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from booking.models import (
    AgeBand,
    Closure,
    Offer,
    OfferPermit,
    OfferStep,
    PriceRule,
    ReadyStay,
    ReadyStep,
    Slot,
    Stay,
    StayRestriction,
    Supplement,
    Tariff,
    Unit,
)
from booking.models.offers import VatScheme, Weekday
from booking.quoting import slot_end
from booking.rules.kinds import PLACES
from destination.models import Commune, Site
from events.models import Event, Session
from members.models import Provider
from oti.demo import words
from oti.demo.dates import Seasons, Window, hour_on, weekdays_of
from oti.demo.shapes import (
    DatesData,
    EventData,
    LodgingData,
    ProviderData,
    ReadyStayData,
    ReadyStepData,
    RoomData,
    SlotOfferData,
    Words,
)

LANGUAGES = ("fr", "en", "de")
# Numbers of this range are set aside for fiction.
FICTIONAL_PHONE = "04 65 71 43 {:02d}"

HIGH_SUMMER = "sat 07-01..sat 08-24"
# From the first of the month on, so that nobody arrives in between and leaves two orphan nights.
SATURDAY_WEEKS = "07-01..sat 08-24"
OUT_OF_SUMMER = ("01-04..sat 07-01", "sat 08-24..12-19")
CHRISTMAS = "12-19..01-04"
WINTER_HOLIDAYS = "sat 02-06..sat 03-06"
MIDDLE = ("04-04..sat 07-01", "sat 08-24..11-04")
WEEKEND = (Weekday.FRIDAY, Weekday.SATURDAY)
LOW_SHARE = Decimal("0.5")
# How long the demo's authorisations are good, so that they never end while somebody looks.
PERMIT_YEARS = 4

# Places that the demo's hosts sell elsewhere (on the phone, at the door), by how soon a date takes
# place: only the others are on sale here. Nothing is shown as sold that no order stands behind.
DEMO_SOLD_SOON_DAYS = 75
DEMO_SOLD_OUT_SHARE = 0.05
DEMO_LAST_PLACES_SHARE = 0.14
DEMO_SOLD_SOON = 0.6
DEMO_SOLD_LATER = 0.15
# What is on sale of a date that is to be full: one party takes all of it (`full_dates`).
DEMO_LAST_PARTY = 4


@dataclass(frozen=True)
class Ground:
    """What the rows stand on: communes, sites and the ids of policies and providers."""

    communes: dict[str, Commune]
    sites: dict[str, Site]
    policies: dict[str, int]
    providers: dict[str, Provider]


def draw(*parts: object) -> float:
    """Return a number of [0, 1) that depends on the parts alone."""
    text = "·".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) / 2**32


def by_language(field: str, texts: Words, *, note: bool = False) -> dict[str, str]:
    """Return the columns of a translated field; `note` adds that it is a demonstration.

    What reads the same in French and in English is a name or an address: it does in German too.
    """
    if texts.get("fr") and texts.get("fr") == texts.get("en"):
        texts = {"de": texts["fr"], **texts}
    return {
        f"{field}_{language}": f"{text}\n\n{words.DEMO_NOTE[language]}" if note else text
        for language, text in texts.items()
    }


# --- Providers -----------------------------------------------------------------------------------
def provider_row(data: ProviderData, number: int, communes: dict[str, Commune]) -> Provider:
    """Return the provider; its mail and its phone reach nobody."""
    return Provider(
        slug=data.slug,
        name=data.name,
        host_names=data.hosts,
        portrait=data.portrait,
        is_professional=data.is_professional,
        tax_mandate_signed_on=data.mandate,
        commune=communes[data.commune],
        address=data.address,
        phone=FICTIONAL_PHONE.format(number % 100),
        email=f"{data.slug}@example.org",
        is_demo=True,
        **by_language("story", data.story),
    )


# --- Ready-made stays ----------------------------------------------------------------------------
def ready_stay_row(data: ReadyStayData, position: int) -> ReadyStay:
    """Return a stay that the office is supposed to have written."""
    return ReadyStay(
        slug=data.slug,
        state=ReadyStay.State.PUBLISHED,
        themes=data.themes,
        nights=data.nights,
        season_from_month=data.months[0],
        season_to_month=data.months[1],
        min_party=data.party[0],
        max_party=data.party[1],
        illustration=data.illustration,
        position=position,
        is_demo=True,
        **by_language("title", data.title),
        **by_language("summary", data.summary),
        **by_language("description", data.description),
        **by_language("included", data.included),
        **by_language("excluded", data.excluded),
    )


def ready_step_row(stay: ReadyStay, data: ReadyStepData, offers: dict[str, int]) -> ReadyStep:
    """Return a step; an offer that somebody removed leaves it without."""
    return ReadyStep(
        stay=stay,
        day=data.day,
        starts_from=time.fromisoformat(data.from_) if data.from_ else None,
        starts_until=time.fromisoformat(data.until) if data.until else None,
        offer_id=offers.get(data.offer),
        choose=data.choose,
        lasts=data.lasts,
        who=data.who,
        is_optional=data.optional,
        **by_language("note", data.note),
    )


# --- Offers --------------------------------------------------------------------------------------
def lodging_row(data: LodgingData, ground: Ground) -> Offer:
    """Return the offer of a lodging, without its units."""
    provider = ground.providers[data.provider]
    commune = ground.communes[data.commune] if data.commune else provider.commune
    since, until, out = data.hours
    access = words.lodging_access(provider.address, commune.name, provider.host_names, since, until)
    return Offer(
        kind=Offer.Kind.LODGING,
        lodging_type=Offer.LodgingType(data.type),
        tax_category=Offer.TaxCategory(data.tax),
        bedrooms=data.bedrooms,
        check_in_from=time.fromisoformat(since),
        check_in_until=time.fromisoformat(until),
        check_out_until=time.fromisoformat(out),
        registration_number=f"{commune.insee}{data.number:06d}DM" if data.number else "",
        **_common(data, ground, provider, commune),
        **_vat(data.vat),
        **by_language("access_info", access),
    )


def slot_offer_row(data: SlotOfferData, ground: Ground) -> Offer:
    """Return the offer of something sold by the slot, without its prices."""
    provider = ground.providers[data.provider]
    commune = _commune(data.commune, data.near, provider, ground)
    return Offer(
        kind=data.kind,
        min_age=_min_age(data.prices),
        max_age=data.max_age,
        duration_minutes=data.minutes,
        min_advance_days=data.min_advance,
        deposit_amount=data.deposit,
        season_from_month=data.season_months[0] if data.season_months else None,
        season_to_month=data.season_months[-1] if data.season_months else None,
        **_common(data, ground, provider, commune),
        **_vat(data.vat),
        **by_language("place", data.place),
        **by_language("access_info", words.slot_access(data.place, provider.host_names)),
    )


def ticket_offer_row(data: EventData, ground: Ground) -> Offer:
    """Return the ticket offer of an event; it bears the event's words."""
    as_offer = ticket_offer_data(data)
    return slot_offer_row(as_offer, ground)


def ticket_offer_data(data: EventData) -> SlotOfferData:
    """Return the tickets of an event as an offer sold by the slot; ValueError without tickets."""
    if data.tickets is None:
        msg = f"{data.slug} has no tickets"
        raise ValueError(msg)
    return SlotOfferData(
        slug=data.slug,
        provider=data.organiser,
        kind=Offer.Kind.EVENT_TICKET,
        title=data.title,
        summary=data.summary,
        description=data.description,
        illustration=data.illustration,
        capacity=data.tickets.capacity,
        minutes=data.minutes,
        dates=data.dates,
        prices=data.tickets.prices,
        commune=data.commune,
        place=data.place,
        near=data.near,
        policy=data.tickets.policy,
        features=data.tickets.features,
        most_sold=data.tickets.most_sold,
        vat=data.tickets.vat,
    )


def event_row(data: EventData, ground: Ground, offers: dict[str, Offer]) -> Event:
    """Return the event, tied to its ticket offer where it has one."""
    organiser = ground.providers[data.organiser]
    return Event(
        slug=data.slug,
        state=Event.State.PUBLISHED,
        illustration=data.illustration,
        organiser=organiser,
        commune=_commune(data.commune, data.near, organiser, ground),
        ticket_offer=offers[data.slug] if data.tickets else None,
        is_free=data.is_free,
        is_demo=True,
        **by_language("title", data.title),
        **by_language("summary", data.summary),
        **by_language("description", data.description),
        **by_language("place", data.place),
    )


# The destination's words of what is sold by dates; a bed is quiet, and one place of its own.
SPIRIT_OF = {
    "activity": ["slow", "wellbeing"],
    "workshop": ["links"],
    "composite": ["links", "slow"],
    "visit": ["slow"],
    "meal": ["links", "wellbeing"],
    "produce": ["links"],
    "childcare": ["links"],
    "rental": ["slow"],
    "shuttle": ["slow"],
    "registration": ["links"],
    "event_ticket": ["links"],
}


def _common(
    data: LodgingData | SlotOfferData, ground: Ground, provider: Provider, commune: Commune
) -> dict[str, Any]:
    latitude, longitude = _position(data.slug, data.near, commune, ground)
    return {
        "provider": provider,
        "state": Offer.State.PUBLISHED,
        "slug": data.slug,
        "illustration": data.illustration,
        "commune": commune,
        "latitude": latitude,
        "longitude": longitude,
        "features": data.features,
        "spirit": SPIRIT_OF.get(getattr(data, "kind", ""), ["zen", "slow"]),
        "cancellation_policy_id": ground.policies[data.policy],
        "is_demo": True,
        **by_language("title", data.title),
        **by_language("summary", data.summary),
        **by_language("description", data.description, note=True),
    }


def _commune(insee: str, near: str, provider: Provider, ground: Ground) -> Commune:
    if insee:
        return ground.communes[insee]
    site = ground.sites.get(near)
    return site.commune if site else provider.commune


def _position(slug: str, near: str, commune: Commune, ground: Ground) -> tuple[float, float]:
    """Return a point near a known site, or inside the commune: the hosts are fictional."""
    place = ground.sites.get(near) or commune
    return (
        round(place.latitude + (draw(slug, "lat") - 0.5) / 250, 5),
        round(place.longitude + (draw(slug, "lon") - 0.5) / 180, 5),
    )


def _vat(text: str) -> dict[str, Any]:
    if text == VatScheme.EXEMPT:
        return {"vat_scheme": VatScheme.EXEMPT, "vat_rate": Decimal(0)}
    return {"vat_scheme": VatScheme.STANDARD, "vat_rate": Decimal(text)}


def _min_age(prices: list[list[int | Decimal]]) -> int | None:
    youngest = min((int(first) for first, _, _ in prices), default=0)
    return youngest or None


# --- What belongs to an offer --------------------------------------------------------------------
def supplement_rows(offer: Offer, data: LodgingData | SlotOfferData) -> Iterator[Supplement]:
    """Yield the supplements written « cleaning 60 »."""
    cots = max(room.sleeps[3] for room in data.rooms) if isinstance(data, LodgingData) else 0
    for text in data.supplements:
        code, amount = text.split()
        shape = words.SUPPLEMENTS[code]
        yield Supplement(
            offer=offer,
            code=code,
            kind=shape.kind,
            basis=shape.basis,
            amount=Decimal(amount),
            is_mandatory=shape.is_mandatory,
            max_quantity=max(1, cots) if code == "cot" else shape.max_quantity,
            vat_rate=shape.vat_rate,
            **by_language("name", shape.name),
        )


def band_rows(offer: Offer, data: SlotOfferData) -> Iterator[AgeBand]:
    """Yield the prices by age, or the one price of a piece."""
    if data.item is not None:
        yield AgeBand(
            offer=offer, code="item", amount=data.item, **by_language("name", data.item_name)
        )
        return
    for number, (first, last, amount) in enumerate(data.prices):
        is_last = number == len(data.prices) - 1
        max_age = data.max_age if is_last else int(last)
        name = words.band_name(int(first), max_age, is_only=len(data.prices) == 1)
        yield AgeBand(
            offer=offer,
            code=f"age-{first}",
            min_age=int(first),
            max_age=max_age,
            amount=Decimal(amount),
            **by_language("name", name),
        )


def permit_rows(offer: Offer, data: SlotOfferData, today: date) -> Iterator[OfferPermit]:
    """Yield the authorisation of an offer that must have one, good for some years."""
    if data.permit:
        yield OfferPermit(
            offer=offer, valid_until=date(today.year + PERMIT_YEARS, 12, 31), **data.permit
        )


def step_rows(offer: Offer, data: SlotOfferData, ground: Ground) -> Iterator[OfferStep]:
    """Yield the steps of a workshop in steps, each with its plan B if it has one."""
    for position, step in enumerate(data.steps, start=1):
        leader = ground.providers[step["led_by"]] if "led_by" in step else None
        yield OfferStep(
            offer=offer,
            position=position,
            minutes=step["minutes"],
            led_by=leader,
            **by_language("title", step["title"]),
            **by_language("plan_b", step.get("plan_b", {})),
        )


def tariff_row(offer: Offer, data: LodgingData, room: RoomData) -> Tariff:
    """Return the prices of one sort of rooms, without its seasons."""
    return Tariff(
        offer=offer,
        base_amount=Decimal(room.nights[0]),
        base_occupancy=room.included,
        extra_person_amount=Decimal(room.extra),
        min_stay=data.min_stay,
        max_stay=data.max_stay,
        **by_language("name", room.name),
    )


def unit_rows(offer: Offer, tariff: Tariff, room: RoomData) -> Iterator[Unit]:
    """Yield the equal units of a sort of rooms, numbered where there are several."""
    adults, children, guests, cots = room.sleeps
    for number in range(1, room.count + 1):
        suffix = f" {number}" if room.count > 1 else ""
        names = {language: f"{text}{suffix}" for language, text in room.name.items()}
        yield Unit(
            offer=offer,
            tariff=tariff,
            max_adults=adults,
            max_children=children,
            max_guests=guests,
            max_infants=cots,
            **by_language("name", names),
        )


# --- Calendars of lodgings -----------------------------------------------------------------------
def price_rule_rows(
    tariff_id: int, data: LodgingData, number: int, window: Window
) -> Iterator[PriceRule]:
    """Yield the seasons, weekends and exceptions that begin in the window."""
    room = data.rooms[number]
    _, middle, high = room.nights
    has_snow = data.climate == "snow"
    seasons = [(HIGH_SUMMER, high), *((span, middle) for span in MIDDLE)]
    seasons.append((CHRISTMAS, high if has_snow else middle))
    if has_snow:
        seasons.append((WINTER_HOLIDAYS, high))
    for season, amount in seasons:
        for start, end in window.seasons(season):
            yield _price(tariff_id, PriceRule.Level.SEASON, start, end, amount)
    if room.weekend is not None:
        for season in OUT_OF_SUMMER:
            for start, end in window.seasons(season):
                for weekday in WEEKEND:
                    yield _price(
                        tariff_id, PriceRule.Level.WEEKDAY, start, end, room.weekend, weekday
                    )
    for exception in data.exceptions:
        for start, end in window.seasons(exception.season):
            yield _price(
                tariff_id, PriceRule.Level.EXCEPTION, start, end, exception.amounts[number]
            )


def _price(
    tariff_id: int,
    level: str,
    start: date,
    end: date,
    amount: int | Decimal,
    weekday: int = Weekday.EVERY,
) -> PriceRule:
    return PriceRule(
        tariff_id=tariff_id,
        level=level,
        dates=DateRange(start, end),
        weekday=weekday,
        amount=Decimal(amount),
    )


def restriction_rows(
    tariff_id: int, data: LodgingData, window: Window
) -> Iterator[StayRestriction]:
    """Yield the rules of summer weeks: from Saturday on, a week at least."""
    if not data.saturdays:
        return
    for start, end in window.seasons(SATURDAY_WEEKS):
        dates = DateRange(start, end)
        yield StayRestriction(
            tariff_id=tariff_id,
            kind=StayRestriction.Kind.MIN_STAY_ARRIVAL,
            dates=dates,
            value=7,
        )
        for weekday in set(range(7)) - {Weekday.SATURDAY}:
            yield StayRestriction(
                tariff_id=tariff_id,
                kind=StayRestriction.Kind.CLOSED_TO_ARRIVAL,
                dates=dates,
                weekday=weekday,
            )


def closure_rows(unit_id: int, data: LodgingData, window: Window) -> Iterator[Closure]:
    """Yield the closed seasons that begin in the window."""
    for season in data.closed:
        for start, end in window.seasons(season):
            yield Closure(unit_id=unit_id, dates=DateRange(start, end), reason="Fermeture annuelle")


def taken_rows(unit_id: int, data: LodgingData, number: int, window: Window) -> Iterator[Stay]:
    """Yield nights taken elsewhere, week by week, so that calendars look alive."""
    summer = Seasons([HIGH_SUMMER], window)
    free = Seasons(data.keep_free, window)
    closed = Seasons(data.closed, window)
    for saturday in window.saturdays():
        chance = draw(data.slug, number, saturday)
        is_summer = saturday in summer
        share = data.busy if is_summer else data.busy * LOW_SHARE
        if chance >= share:
            continue
        start, end = saturday, saturday + timedelta(days=7)
        if not (is_summer and data.saturdays):
            start += timedelta(days=int(draw(data.slug, number, saturday, "from") * 5))
            nights = 1 + int(draw(data.slug, number, saturday, "nights") * 3)
            end = min(end, start + timedelta(days=nights))
        if not free.touch(start, end) and not closed.touch(start, end):
            yield Stay(unit_id=unit_id, dates=DateRange(start, end), state=Stay.State.BLOCKED)


# --- Calendars of everything else ----------------------------------------------------------------
def moments(dates: list[DatesData], window: Window) -> Iterator[tuple[date, time]]:
    """Yield each day and hour at which something takes place in the window, once."""
    patterns = [(weekdays_of(one.days), one.at, Seasons(one.season, window)) for one in dates]
    for day in window.days():
        hours = {
            hour_on(hour, day)
            for weekdays, at, seasons in patterns
            if day.weekday() in weekdays and day in seasons
            for hour in at
        }
        for hour in sorted(hours):
            yield day, hour


def slot_rows(offer: Offer, data: SlotOfferData, window: Window, today: date) -> Iterator[Slot]:
    """Yield the slots of the window, some of them with few places (`DEMO_SOLD_*`)."""
    for day, hour in moments(data.dates, window):
        starts_at, ends_at = slot_end(day, hour, data.minutes)
        each = offer.kind_rules.units_per_entry
        stocks = {PLACES: demo_places(data, day, hour, today) * each, **data.sides}
        for resource, capacity in stocks.items():
            yield Slot(
                offer=offer,
                day=day,
                start_time=hour,
                starts_at=starts_at,
                ends_at=ends_at,
                resource=resource,
                capacity=capacity,
            )


def demo_places(data: SlotOfferData, day: date, hour: time, today: date) -> int:
    """Return how many places of a date are on sale, one at least: its host sells the others."""
    is_soon = (day - today).days <= DEMO_SOLD_SOON_DAYS
    most = int(data.capacity * data.most_sold)
    if is_soon and most == data.capacity:
        if is_drawn_full(data.slug, day, hour):
            return min(data.capacity, DEMO_LAST_PARTY)
        if draw(data.slug, day, hour) < DEMO_LAST_PLACES_SHARE:
            return 1 + int(draw(data.slug, day, "left") * 2)
    share = DEMO_SOLD_SOON if is_soon else DEMO_SOLD_LATER
    elsewhere = min(most, int(data.capacity * share * draw(data.slug, day, hour, "sold")))
    return max(data.capacity - elsewhere, 1)


def is_drawn_full(slug: str, day: date, hour: time) -> bool:
    """Tell whether a date is one of those that are to be full, of an offer that may be."""
    return draw(slug, day, hour) < DEMO_SOLD_OUT_SHARE


def session_rows(event_id: int, data: EventData, window: Window) -> Iterator[Session]:
    """Yield the sessions of an event without tickets."""
    for day, hour in moments(data.dates, window):
        starts_at, ends_at = slot_end(day, hour, data.minutes)
        yield Session(event_id=event_id, starts_at=starts_at, ends_at=ends_at)
