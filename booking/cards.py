"""What the cards and the price boxes of offers show: plain values for the components.

It puts results of `availability` and `browsing` into words and addresses; it reads no table and
decides nothing. Sums are decimal euros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from booking.availability import StayResult
from booking.browsing import ShelfResult
from booking.experience_search import ExperienceResult
from booking.features import FEATURE_ICONS, FEATURES, SPOKEN
from booking.models import AgeBand, Offer, Unit
from booking.pictures import Picture
from booking.quoting import check_places
from booking.request_words import promise_words
from booking.rules.people import Guest
from booking.rules.pricing import AGE_OF_UNKNOWN, OptionChoice, SupplementTerms
from booking.showing import offer_url, party_words
from destination.models import Pole
from destination.spoken import language_of
from destination.templatetags.velay import euros, jour_long
from destination.templatetags.velay import nights as nights_words
from oti.lib.dates import ONE_DAY
from oti.lib.html import bound
from oti.lib.memo import remembered

Fields = list[tuple[str, str]]
EVERYBODY = 3
# How the German name of an age band begins when it isn't with a noun: « Unter 2 Jahren ».
NO_NOUNS = {"Ab", "Bis", "Unter", "Von"}


# --- Adding to the stay -------------------------------------------------------------------------
def party_fields(guests: Iterable[Guest]) -> Fields:
    """Return persons as the fields that `line-add` reads: adults, ages "5,10"."""
    party = list(guests)
    ages = [str(guest.age) for guest in party if not guest.is_adult]
    fields = [("adults", str(len(party) - len(ages)))]
    return [*fields, ("ages", ",".join(ages))] if ages else fields


def stay_party_fields(guests: Iterable[Guest]) -> Fields:
    """Return the whole party as fields that `line-add` remembers: also who doesn't take part."""
    party = list(guests)
    return [(f"party_{name}", value) for name, value in party_fields(party)] if party else []


def add_nights(
    unit: Unit,
    arrival: date,
    departure: date,
    guests: Iterable[Guest],
    *,
    shown: Decimal,
    options: Iterable[OptionChoice] = (),
    is_on_request: bool = False,
    proposal: str = "",
    back: str,
) -> dict[str, Any]:
    """Return the form that puts nights into the stay at the price shown.

    `proposal` is the code that it comes from, "" for the usual one.
    """
    return _add(
        [
            ("offer", str(unit.offer_id)),
            ("unit", str(unit.pk)),
            ("arrival", arrival.isoformat()),
            ("departure", departure.isoformat()),
            *party_fields(guests),
            *_proposed(proposal),
        ],
        shown=shown,
        options=options,
        is_on_request=is_on_request,
        back=back,
    )


def add_places(
    offer: Offer,
    slot_id: int,
    who: Fields,
    *,
    shown: Decimal,
    options: Iterable[OptionChoice] = (),
    party: Sequence[Guest] = (),
    proposal: str = "",
    back: str,
) -> dict[str, Any]:
    """Return the form that puts places, or pieces, of a slot into the stay.

    `party` is everybody who comes: those left out of this stay persons of the stay. `proposal` is
    the code that its price comes from, "" for the usual one.
    """
    fields = [("offer", str(offer.pk)), ("slot", str(slot_id)), *who, *stay_party_fields(party)]
    fields += _proposed(proposal)
    return _add(fields, shown=shown, options=options, is_on_request=offer.is_on_request, back=back)


def add_days(
    offer: Offer,
    first: date,
    after: date,
    quantity: int,
    *,
    shown: Decimal,
    options: Iterable[OptionChoice] = (),
    proposal: str = "",
    back: str,
) -> dict[str, Any]:
    """Return the form that puts something lent for `[first, after)` into the stay."""
    fields = [
        ("offer", str(offer.pk)),
        ("first_day", first.isoformat()),
        ("last_day", (after - ONE_DAY).isoformat()),
        ("quantity", str(quantity)),
        *_proposed(proposal),
    ]
    return _add(fields, shown=shown, options=options, is_on_request=offer.is_on_request, back=back)


def _proposed(code: str) -> Fields:
    return [("proposal", code)] if code else []


def _add(
    fields: Fields,
    *,
    shown: Decimal,
    options: Iterable[OptionChoice],
    is_on_request: bool,
    back: str,
) -> dict[str, Any]:
    taken = [(f"option_{one.code}", str(one.quantity)) for one in options]
    form = {
        "url": _add_url(),
        "fields": [*fields, *taken, ("shown_amount", str(shown)), ("next", back)],
    }
    return form | {"label": _("Ask for it")} if is_on_request else form


def on_request_badge(offer: Offer) -> dict[str, str]:
    """Return what a card says of an offer whose host answers first."""
    text = promise_words(offer, hours=settings.REQUEST_ANSWER_HOURS)
    return {"text": text, "kind": "info", "icon": "clock"}


@remembered()
def _add_url() -> str:
    """Return where a line is added: a page of dates has two dozen forms."""
    return reverse("booking:line-add")


# --- Words --------------------------------------------------------------------------------------
def up_to(guests: int | None) -> str:
    """Write how many a lodging sleeps."""
    if not guests:
        return ""
    words = ngettext("%(count)s person", "up to %(count)s persons", guests)
    return bound(words % {"count": guests})


def bedrooms_words(bedrooms: int | None) -> str:
    """Write how many bedrooms there are."""
    if not bedrooms:
        return ""
    words = ngettext("%(count)s bedroom", "%(count)s bedrooms", bedrooms)
    return bound(words % {"count": bedrooms})


def stars_words(stars: int) -> str:
    """Write the official rating of a lodging."""
    return bound(ngettext("%(count)s star", "%(count)s stars", stars) % {"count": stars})


def ages_words(min_age: int | None, max_age: int | None) -> str:
    """Write for which ages something is; "" for everybody."""
    if min_age and max_age:
        words = _("from %(first)s to %(last)s years")
        return bound(words % {"first": min_age, "last": max_age})
    if min_age:
        words = ngettext("from %(age)s year", "from %(age)s years", min_age)
        return bound(words % {"age": min_age})
    if max_age:
        words = ngettext("up to %(age)s year", "up to %(age)s years", max_age)
        return bound(words % {"age": max_age})
    return ""


def feature_facts(offer: Offer) -> list[tuple[str, str]]:
    """Return what an offer has as (icon, words), in the order of the list of features."""
    return [
        (FEATURE_ICONS[code], str(words))
        for code, words in FEATURES.items()
        if code in offer.features
    ]


def spoken_facts(offer: Offer) -> list[tuple[str, str]]:
    """Return in which languages one is spoken to beside French, as (icon, words)."""
    return [(FEATURE_ICONS[code], str(FEATURES[code])) for code in SPOKEN if code in offer.features]


def supplement_price(one: SupplementTerms) -> str:
    """Write what a supplement costs: "8 € par personne", "included" when it is free."""
    if not one.amount:
        return _("free of charge")
    words = {
        "stay": _("%(sum)s for the stay"),
        "night": _("%(sum)s a night"),
        "person": _("%(sum)s per person"),
        "person_night": _("%(sum)s per person and night"),
        "item": _("%(sum)s each"),
    }
    return words[one.basis] % {"sum": euros(one.amount)}


def options_for(
    supplements: Iterable[SupplementTerms], taken: Iterable[OptionChoice]
) -> list[dict[str, Any]]:
    """Return the options of an offer as the form shows them, none taken before it is asked for."""
    quantities = {one.code: one.quantity for one in taken}
    return [
        {
            "name": f"option_{one.code}",
            "label": one.label,
            "price": supplement_price(one),
            "quantity": quantities.get(one.code, 0),
            "choices": list(range(one.max_quantity + 1)) if one.max_quantity > 1 else None,
        }
        for one in supplements
        if not one.is_mandatory
    ]


def usual_band(bands: Iterable[AgeBand]) -> AgeBand | None:
    """Return the price of an adult, or of a piece; the highest one where no adult may come."""
    known = sorted(bands, key=lambda band: -band.amount)
    for_adults = [band for band in known if _is_for_adults(band)]
    return next(iter(for_adults or known), None)


def from_price(offer: Offer) -> dict[str, Any] | None:
    """Return the price that a card shows before anybody says who comes."""
    bands = list(offer.bands.all())
    band = usual_band(bands)
    if band is None:
        return None
    if offer.is_sold_by_item:
        note = _("%(item)s, a day") % {"item": band.name} if offer.is_sold_by_day else band.name
        return {"amount": band.amount, "note": note}
    if len(bands) == 1:
        return {"amount": band.amount, "note": _("per person") if band.amount else ""}
    # A band's own name (« Dès 13 ans ») beside a price would read as an age limit.
    note = _("per adult") if _is_for_adults(band) else band.name
    others = [one for one in bands if one.amount < band.amount]
    children = [one for one in others if one.amount and not _is_for_adults(one)]
    if children and _is_for_adults(band):
        sums = {one.amount for one in children}
        words = _("child %(sum)s") if len(sums) == 1 else _("child from %(sum)s")
        note = f"{note}, {words % {'sum': euros(min(sums))}}"
    elif others:
        lowest = min(others, key=lambda one: one.amount)
        least = euros(lowest.amount) if lowest.amount else _("free of charge")
        note = f"{note}, {_within(lowest.name)} {least}"
    return {"amount": band.amount, "note": note}


def _within(name: str) -> str:
    """Write the name of an age band within a sentence; German nouns keep their capital."""
    is_noun = (get_language() or "")[:2] == "de" and name.partition(" ")[0] not in NO_NOUNS
    return name if is_noun else name[:1].lower() + name[1:]


def _is_for_adults(band: AgeBand) -> bool:
    first, last = band.min_age or 0, 200 if band.max_age is None else band.max_age
    return first <= AGE_OF_UNKNOWN <= last


# --- Cards --------------------------------------------------------------------------------------
def lodging_card(
    result: StayResult,
    *,
    guests: Sequence[Guest],
    arrival: date,
    departure: date,
    query: str,
    back: str,
    picture: Picture | None = None,
    left: int | None = None,
) -> dict[str, Any]:
    """Return the card of a lodging at its full price for the stay."""
    offer, unit = result.offer, result.unit
    facts = [("users", up_to(unit.max_guests))]
    facts += _bedroom_facts(offer)
    badges = []
    if result.free_cancellation_until:
        day = jour_long(result.free_cancellation_until, "no-year")
        text = _("Free cancellation until %(day)s") % {"day": day}
        badges = [{"text": text, "kind": "ok", "icon": "circle-check"}]
    if result.is_on_request:
        badges = [on_request_badge(offer)]
    tax_on_site = result.quote.tourist_tax_on_site
    note = _("%(nights)s, all included") if not tax_on_site else "%(nights)s"
    return {
        **_base(offer, result.pole, query, picture),
        "id": f"res-{offer.pk}",
        "facts": facts,
        "badges": badges,
        "left": left if left == 1 else None,
        "price": {
            "amount": result.quote.total,
            "note": note % {"nights": nights_words(result.nights)},
            "tax_on_site": tax_on_site,
        },
        "add": add_nights(
            unit,
            arrival,
            departure,
            guests,
            shown=result.quote.total,
            is_on_request=result.is_on_request,
            back=back,
        ),
    }


def shelf_card(
    result: ShelfResult, *, query: str = "", picture: Picture | None = None
) -> dict[str, Any]:
    """Return the card of a lodging before any date: its lowest night, what comes on top."""
    offer = result.offer
    price = None
    if result.from_amount is not None:
        has_fees = any(one.is_mandatory for one in offer.supplements.all())
        price = {
            "amount": result.from_amount,
            "note": _("a night, cleaning and tourist tax on top")
            if has_fees
            else _("a night, tourist tax on top"),
            "from_price": True,
        }
    return {
        **_base(offer, result.pole, query, picture),
        "facts": [("users", up_to(result.max_guests)), *_bedroom_facts(offer)],
        "price": price,
    }


def _bedroom_facts(offer: Offer) -> list[tuple[str, str]]:
    """Return the bedrooms of a whole house; a hotel's number of rooms says nothing of a room."""
    whole = {Offer.LodgingType.GITE, Offer.LodgingType.UNUSUAL}
    if offer.bedrooms and offer.lodging_type in whole:
        return [("bed-double", bedrooms_words(offer.bedrooms))]
    return [("house", capfirst(str(offer.get_lodging_type_display())))]


def experience_card(
    result: ExperienceResult,
    *,
    guests: Sequence[Guest] = (),
    query: str = "",
    back: str,
    picture: Picture | None = None,
) -> dict[str, Any]:
    """Return the card of something to live, at the price of the party where it is known.

    With a party it can be added for the next open slot; those who may not join are left out and
    the card says for whom the price is.
    """
    offer, slot = result.offer, result.slot
    left = offer.stock_rules.places_left(result.free, guests)
    card = {
        **_base(offer, result.pole, query, picture),
        "day": slot.day if slot else None,
        "hour": slot.start_time if slot else None,
        "minutes": offer.duration_minutes
        if offer.kind_rules.begins and not offer.is_sold_by_item
        else None,
        "min_age": offer.min_age,
        "left": left if slot and left <= EVERYBODY else None,
        "price": from_price(offer),
        "add": None,
    }
    if result.quote is not None and slot is not None:
        joining = [guest for guest in guests if not check_places(offer, [guest], 1)]
        card["price"] = {"amount": result.quote.total, "note": party_words(joining)}
        if left >= len(joining):
            who = party_fields(joining)
            party = guests if len(guests) > len(joining) else ()
            card["add"] = add_places(
                offer, slot.pk, who, shown=result.quote.total, party=party, back=back
            )
    return card


def _base(offer: Offer, pole: Pole | None, query: str, picture: Picture | None) -> dict[str, Any]:
    return {
        "title": offer.title,
        "lang": language_of(offer, "title"),
        "url": offer_url(offer, f"?{query}" if query else ""),
        "image": picture,
        "illustration": offer.illustration,
        "pole": pole,
        "place": offer.commune.name,
        "facts": [],
        "badges": [on_request_badge(offer)] if offer.is_on_request else [],
    }


def shared(offer: Offer, photos: Sequence[Picture]) -> dict[str, str]:
    """Return what stands where the page of an offer is shared."""
    return {
        "title": offer.title,
        "text": offer.summary,
        "image": photos[0].large_url if photos else "",
        "drawing": offer.illustration,
    }
