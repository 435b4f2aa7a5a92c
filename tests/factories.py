"""Small worlds for tests: each function makes one thing, with what it needs, and returns it."""

from __future__ import annotations

import hashlib
import itertools
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from booking import quoting, search_table
from booking.models import (
    AgeBand,
    Basket,
    BasketLine,
    CancellationPolicy,
    CancellationStep,
    Feed,
    Offer,
    OfferPermit,
    OfferStep,
    Organiser,
    PriceRule,
    ReadyStay,
    ReadyStep,
    Slot,
    StayRestriction,
    Supplement,
    Tariff,
    TaxCollectivity,
    TouristTaxTariff,
    Unit,
)
from booking.rules.channels import platform_of
from destination.models import (
    Commune,
    Epci,
    LegalText,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
)
from members.models import PayoutAccount, Provider, ProviderRole, User
from oti.lib.codes import secret_token
from oti.lib.dates import PARIS
from oti.lib.dates import today as day_of
from oti.lib.sealing import seal

numbers = itertools.count(1)
LONG_AGO = date(2020, 1, 1)
# The moment of the cast.
SPRING = datetime(2027, 4, 6, 10, 0, tzinfo=PARIS)


def a_perimeter() -> Perimeter:
    """Make one active perimeter with one pole, once per test database."""
    perimeter, is_new = Perimeter.objects.get_or_create(
        slug="geographique", defaults={"name": "Proposition 1"}
    )
    if is_new:
        PerimeterActivation.objects.create(perimeter=perimeter, active_from=LONG_AGO)
        Pole.objects.create(
            perimeter=perimeter,
            slug="massif-du-mezenc",
            name="Massif du Mézenc",
            name_en="Mézenc massif",
            colour="mezenc",
            hero="mezenc-ete",
        )
    return perimeter


def a_commune(
    name: str = "Les Estables",
    *,
    insee: str = "43091",
    inside: bool = True,
    epci: Epci | None = None,
) -> Commune:
    """Make a commune, in the pole unless told otherwise, with the tariffs of its council."""
    epci = epci or an_epci()
    commune, is_new = Commune.objects.get_or_create(
        insee=insee,
        defaults={
            "name": name,
            "slug": name.lower().replace(" ", "-"),
            "department": insee[:2],
            "postal_codes": ["43150"],
            "epci": epci,
            "latitude": 44.9,
            "longitude": 4.15,
        },
    )
    if is_new and inside:
        perimeter = a_perimeter()
        PoleMembership.objects.create(
            perimeter=perimeter,
            pole=perimeter.poles.first(),
            commune=commune,
            valid_from=LONG_AGO,
        )
    return commune


def an_epci(siren: str = "200073401") -> Epci:
    """Make the council of the Mézenc with its real 2026 tariffs (domain.md §1.4)."""
    epci, is_new = Epci.objects.get_or_create(
        siren=siren, defaults={"name": "CC Mézenc-Loire-Meygal", "kind": "CC"}
    )
    if is_new:
        TaxCollectivity.objects.create(epci=epci)
        for category, kind, value, cap in (
            ("3_star", "fixed", "1.00", None),
            ("1_star_or_chambre_dhotes", "fixed", "0.73", None),
            ("unclassified", "percent", "3", "1.27"),
        ):
            TouristTaxTariff.objects.create(
                epci=epci,
                category=category,
                kind=kind,
                value=Decimal(value),
                cap=Decimal(cap) if cap else None,
                valid_from=date(2026, 1, 1),
                source="test",
            )
    return epci


def a_user(email: str = "", **fields: Any) -> User:
    """Make an account whose password is « secret »."""
    return User.objects.create_user(email or f"user{next(numbers)}@example.org", "secret", **fields)


def a_provider(**fields: Any) -> Provider:
    """Make a provider: a private host for whom the platform collects the tourist tax."""
    number = next(numbers)
    values: dict[str, Any] = {
        "slug": f"provider-{number}",
        "name": f"Chez l’hôte {number}",
        "host_names": "Anne et Joël",
        "email": f"host{number}@example.org",
        "phone": "04 00 00 00 00",
        "is_professional": False,
    }
    if "commune" not in fields:
        values["commune"] = a_commune()
    return Provider.objects.create(**{**values, **fields})


def a_host(provider: Provider) -> User:
    """Make a person who works for a provider."""
    user = a_user()
    ProviderRole.objects.create(user=user, provider=provider)
    return user


def an_account(provider: Provider, account_id: str = "", *, state: str = "active") -> PayoutAccount:
    """Make the account at the bank where a provider is paid."""
    return PayoutAccount.objects.create(
        provider=provider,
        state=state,
        account_id=account_id or f"acct_{next(numbers)}",
        created_at=provider.created_at,
    )


def a_policy(*steps: tuple[int, int], flat_fee: str = "0") -> CancellationPolicy:
    """Make a cancellation policy from (hours before, percent) steps."""
    policy = CancellationPolicy.objects.create(
        name="Souple", summary="Tout est rendu jusqu’à 14 jours avant.", flat_fee=Decimal(flat_fee)
    )
    for hours, percent in steps or ((14 * 24, 100), (48, 50)):
        CancellationStep.objects.create(policy=policy, hours_before=hours, percent=percent)
    return policy


def an_offer(kind: str, **fields: Any) -> Offer:
    """Make a published offer without prices."""
    number = next(numbers)
    values: dict[str, Any] = {
        "kind": kind,
        "state": Offer.State.PUBLISHED,
        "slug": f"offer-{number}",
        "title": f"Offre {number}",
        "title_en": f"Offer {number}",
        "summary": "Une longère de lave.",
    }
    if "provider" not in fields:
        values["provider"] = a_provider()
    if "commune" not in fields:
        values["commune"] = a_commune()
    if "cancellation_policy" not in fields:
        values["cancellation_policy"] = a_policy()
    if kind == Offer.Kind.LODGING:
        values |= {"lodging_type": "gite", "tax_category": "3_star", "vat_scheme": "exempt"}
    return Offer.objects.create(**{**values, **fields})


def a_lodging(
    *,
    night: str | None = "100",
    units: int = 1,
    sleeps: int = 6,
    cots: int = 0,
    min_stay: int = 1,
    now: datetime | None = None,
    cleaning: str | None = None,
    **fields: Any,
) -> Offer:
    """Make a lodging with equal units at one price a night; `now` builds its search table."""
    offer = an_offer(Offer.Kind.LODGING, **fields)
    tariff = Tariff.objects.create(
        offer=offer,
        name="Tarif",
        base_amount=Decimal(night) if night is not None else None,
        base_occupancy=sleeps,
        min_stay=min_stay,
    )
    for number in range(units):
        Unit.objects.create(
            offer=offer,
            tariff=tariff,
            name=f"Logement {number + 1}",
            max_adults=sleeps,
            max_children=sleeps,
            max_guests=sleeps,
            max_infants=cots,
        )
    if cleaning:
        Supplement.objects.create(
            offer=offer,
            code="menage",
            name="Ménage",
            kind="cleaning",
            basis="stay",
            amount=Decimal(cleaning),
            is_mandatory=True,
        )
    if now is not None:
        search_table.rebuild_units(
            list(offer.units.values_list("pk", flat=True)), today=day_of(now)
        )
    return offer


def a_season(offer: Offer, start: date, end: date, amount: str, **fields: Any) -> PriceRule:
    """Add a price of the night over `[start, end)` to a lodging's tariff."""
    return PriceRule.objects.create(
        tariff=offer.tariffs.get(), dates=(start, end), amount=Decimal(amount), **fields
    )


def a_restriction(
    offer: Offer, kind: str, start: date, end: date, **fields: Any
) -> StayRestriction:
    """Add a dated rule of stay to a lodging's tariff."""
    return StayRestriction.objects.create(
        tariff=offer.tariffs.get(), kind=kind, dates=(start, end), **fields
    )


def an_activity(
    *, adult: str = "32", child: str | None = "16", kind: str = "activity", **fields: Any
) -> Offer:
    """Make an offer sold by places, with a price for adults and one below 12."""
    offer = an_offer(kind, **{"duration_minutes": 120, **fields})
    if child is None:
        AgeBand.objects.create(offer=offer, code="tous", name="Tous", min_age=0, amount=adult)
    else:
        AgeBand.objects.create(
            offer=offer, code="adulte", name="Adulte", min_age=12, amount=Decimal(adult)
        )
        AgeBand.objects.create(
            offer=offer,
            code="enfant",
            name="Enfant",
            min_age=0,
            max_age=11,
            amount=Decimal(child),
        )
    return offer


def a_produce(*, price: str = "25", **fields: Any) -> Offer:
    """Make a produce basket sold by the piece."""
    offer = an_offer("produce", **fields)
    AgeBand.objects.create(offer=offer, code="panier", name="Le panier", amount=Decimal(price))
    return offer


def a_slot(offer: Offer, day: date, at: time = time(14), *, capacity: int = 10) -> Slot:
    """Add a slot to an offer."""
    starts_at, ends_at = quoting.slot_end(day, at, offer.duration_minutes)
    return Slot.objects.create(
        offer=offer,
        day=day,
        start_time=at,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
    )


def a_basket(*ages: int | None, language: str = "fr") -> Basket:
    """Make a basket whose people have these ages (None: an adult)."""
    people = [{"key": f"p{number}", "age": age} for number, age in enumerate(ages, start=1)]
    return Basket.objects.create(token=secret_token(), language=language, people=people)


def terms(language: str = "fr") -> LegalText:
    """Make the conditions of sale in force."""
    text, _is_new = LegalText.objects.get_or_create(
        kind=LegalText.Kind.TERMS,
        language=language,
        version="test-1",
        defaults={"valid_from": LONG_AGO, "title": "Conditions de vente", "body": "<p>…</p>"},
    )
    return text


def package_form(language: str = "fr", **fields: Any) -> LegalText:
    """Make the information form of packages in force, and somebody who may sell them."""
    an_organiser()
    text, _is_new = LegalText.objects.get_or_create(
        kind=LegalText.Kind.PACKAGE_FORM,
        language=language,
        version="form-1",
        defaults={
            "valid_from": LONG_AGO,
            "title": "Formulaire d’information",
            "body": "<h2>Vos droits</h2><p>L’organisateur répond de tout.</p>",
            **fields,
        },
    )
    return text


def an_organiser(**fields: Any) -> Organiser:
    """Make the organiser of packages with all its papers, once unless its values are given."""
    values: dict[str, Any] = {
        "legal_name": "Office du Velay",
        "legal_form": "EPIC",
        "phone": "04 71 00 00 00",
        "email": "reclamations@example.org",
        "registration_number": "IM043123456",
        "valid_from": LONG_AGO,
        "valid_until": date(2029, 12, 31),
        "guarantor_name": "La Garantie",
        "guarantor_contact": "01 00 00 00 00",
        "insurer_name": "L’Assureur",
        "insurance_policy": "RC-1",
        "emergency_phone": "04 71 00 00 01",
        "mediator_name": "Le Médiateur",
    }
    known = Organiser.objects.filter(valid_from=values["valid_from"]).first()
    if known is None:
        return Organiser.objects.create(**{**values, **fields})
    for name, value in fields.items():
        setattr(known, name, value)
    known.save()
    return known


def line_of(basket: Basket) -> BasketLine:
    """Return the only line of a basket."""
    return basket.lines.get()


# --- Kinds with rules of their own ---------------------------------------------------------------
def a_childcare(*, valid_until: date = date(2028, 12, 31), price: str = "20") -> Offer:
    """Make childcare for ages 2 to 12 with an authorisation; a slot's capacity is in units."""
    offer = an_offer("childcare", min_age=2, max_age=12, duration_minutes=210)
    AgeBand.objects.create(
        offer=offer, code="enfant", name="Enfant", min_age=2, max_age=12, amount=Decimal(price)
    )
    OfferPermit.objects.create(
        offer=offer,
        regime="acm_under_6",
        number="ACM-43-1",
        authority="Préfecture",
        valid_until=valid_until,
    )
    return offer


def a_rental(*, price: str = "10", deposit: str | None = "150") -> Offer:
    """Make something lent by the day, with its deposit."""
    offer = an_offer(
        "rental",
        duration_minutes=540,
        deposit_amount=Decimal(deposit) if deposit is not None else None,
    )
    AgeBand.objects.create(offer=offer, code="velo", name="Vélo", amount=Decimal(price))
    return offer


def rental_days(offer: Offer, first: date, count: int, *, capacity: int = 2) -> list[Slot]:
    """Add a slot a day from nine o'clock on."""
    return [
        a_slot(offer, first + timedelta(days=number), time(9), capacity=capacity)
        for number in range(count)
    ]


def a_shuttle(*, adult: str = "8", bike: str = "5") -> Offer:
    """Make a ride with seats, bicycles and bags."""
    offer = an_activity(kind="shuttle", adult=adult, child="4", duration_minutes=55)
    for code, amount, most in (("bike", bike, 8), ("luggage", "0", 16)):
        Supplement.objects.create(
            offer=offer,
            code=code,
            name=code,
            kind=code,
            basis="item",
            amount=Decimal(amount),
            max_quantity=most,
        )
    return offer


def a_ride(offer: Offer, day: date, *, seats: int = 8, bikes: int = 2, bags: int = 6) -> Slot:
    """Add a departure with what it can take."""
    slot = a_slot(offer, day, time(10), capacity=seats)
    for resource, capacity in (("bike", bikes), ("luggage", bags)):
        a_side(slot, resource, capacity)
    return slot


def a_side(slot: Slot, resource: str, capacity: int) -> Slot:
    """Add a capacity beside the places of a slot."""
    return Slot.stocks.create(
        offer=slot.offer,
        day=slot.day,
        start_time=slot.start_time,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        resource=resource,
        capacity=capacity,
    )


def a_composite(**fields: Any) -> Offer:
    """Make a workshop in three steps, the first one with a plan B."""
    offer = an_activity(kind="composite", duration_minutes=300, **fields)
    for position, (title, plan_b) in enumerate(
        (("Cueillir", "Visiter une champignonnière"), ("Cuisiner", ""), ("Manger", "")), start=1
    ):
        OfferStep.objects.create(
            offer=offer, position=position, title=title, minutes=100, plan_b=plan_b
        )
    return offer


# --- Ready-made stays ----------------------------------------------------------------------------
def a_ready_stay(**fields: Any) -> ReadyStay:
    """Make a published stay of a week without steps."""
    number = next(numbers)
    values: dict[str, Any] = {
        "state": ReadyStay.State.PUBLISHED,
        "slug": f"sejour-{number}",
        "title": f"Séjour {number}",
        "title_en": f"Stay {number}",
        "summary": "Une semaine au pied du Mézenc.",
        "nights": 7,
    }
    return ReadyStay.objects.create(**{**values, **fields})


def a_ready_step(stay: ReadyStay, day: int, offer: Offer, *others: Offer, **fields: Any) -> Any:
    """Add a step to a ready-made stay, with what may take its place."""
    step = ReadyStep.objects.create(stay=stay, day=day, offer=offer, **fields)
    step.others.set(others)
    step.save()
    return step


def a_feed(
    unit: Unit,
    url: str = "https://www.airbnb.fr/calendar/ical/1.ics?s=secret",
    *,
    now: datetime = SPRING,
    **fields: Any,
) -> Feed:
    """Make a calendar of another platform that nobody has read yet."""
    host = url.split("/")[2]
    return Feed.objects.create(
        unit=unit,
        name="Airbnb" if "airbnb" in host else host,
        platform=platform_of(host) or "other",
        sealed=seal(url),
        masked=f"{host}/…",
        digest=hashlib.sha256(url.encode()).hexdigest(),
        created_at=now,
        due_at=now,
        **fields,
    )
