"""Small worlds for tests: each function makes one thing, with what it needs, and returns it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model
from django.utils import timezone

from booking import quoting, search_table
from booking.models import (
    AgeBand,
    Basket,
    BasketLine,
    Campaign,
    CampaignNeed,
    CancellationPolicy,
    CancellationStep,
    CapacityNeed,
    Feed,
    LineAnswer,
    NeedPeriod,
    Offer,
    OfferPermit,
    OfferResource,
    OfferStep,
    Order,
    OrderLine,
    Organiser,
    PriceRule,
    ReadyStay,
    ReadyStep,
    Resource,
    Review,
    Slot,
    StayRestriction,
    Supplement,
    Survey,
    Tariff,
    TaxCollectivity,
    TouristTaxTariff,
    Unit,
    Webhook,
)
from booking.relations import reviews, surveys_sent
from booking.rules.channels import platform_of
from booking.rules.kinds.childcare import FORTIETH
from destination.models import (
    Commune,
    Epci,
    LegalText,
    Perimeter,
    PerimeterActivation,
    Pole,
    PoleMembership,
)
from members.groups import OFFICE
from members.models import (
    ContractText,
    Household,
    HouseholdMember,
    PayoutAccount,
    Provider,
    ProviderRole,
    User,
)
from oti.lib.codes import secret_token
from oti.lib.dates import PARIS
from oti.lib.dates import today as day_of
from oti.lib.inserts import insert_together, take_numbers
from oti.lib.joins import read_rows
from oti.lib.sealing import seal

numbers = itertools.count(1)
LONG_AGO = date(2020, 1, 1)
BEFORE = datetime(2027, 4, 1, tzinfo=PARIS)
# The moment of the cast.
SPRING = datetime(2027, 4, 6, 10, 0, tzinfo=PARIS)


Made = TypeVar("Made", bound=Model)


def found(model: type[Made], column: str, value: object) -> Made | None:
    """Return the row that has this in a unique column."""
    statement = f"SELECT {{columns}} FROM {model._meta.db_table} it WHERE it.{column} = %s"
    return next(iter(read_rows(statement, model, [value])), None)


def put_in(*groups: Sequence[Model]) -> None:
    """Write new rows, each group of one model, in two statements; `save` is not called."""
    numbers = take_numbers({type(group[0]): len(group) for group in groups if group})
    for group in groups:
        for row, number in zip(
            group, numbers.get(type(group[0]), []) if group else [], strict=True
        ):
            row.pk = number
            for field in row._meta.concrete_fields:
                # What was made before its parent had a number learns it now.
                if field.is_relation and field.is_cached(row):
                    parent = field.get_cached_value(row)
                    setattr(row, field.attname, None if parent is None else parent.pk)
                elif getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
                    setattr(row, field.attname, timezone.now())
    insert_together(*groups)


def a_perimeter() -> Perimeter:
    """Make one active perimeter with one pole, once per test database."""
    known = found(Perimeter, "slug", "geographique")
    if known is not None:
        return known
    perimeter = Perimeter(slug="geographique", name="Proposition 1")
    pole = Pole(
        perimeter=perimeter,
        slug="massif-du-mezenc",
        name="Massif du Mézenc",
        name_en="Mézenc massif",
        colour="mezenc",
        hero="mezenc-ete",
    )
    activation = PerimeterActivation(perimeter=perimeter, active_from=LONG_AGO)
    put_in([perimeter], [activation], [pole])
    return perimeter


def a_commune(
    name: str = "Les Estables",
    *,
    insee: str = "43091",
    inside: bool = True,
    epci: Epci | None = None,
) -> Commune:
    """Make a commune, in the pole unless told otherwise, with the tariffs of its council."""
    known = found(Commune, "insee", insee)
    if known is not None:
        return known
    commune = Commune(
        insee=insee,
        name=name,
        slug=name.lower().replace(" ", "-"),
        department=insee[:2],
        postal_codes=["43150"],
        epci=epci or an_epci(),
        latitude=44.9,
        longitude=4.15,
    )
    memberships = []
    if inside:
        perimeter = a_perimeter()
        memberships.append(
            PoleMembership(
                perimeter=perimeter,
                # The one made first: two poles at one place of their order come as their rows lie.
                pole=perimeter.poles.order_by("pk").first(),
                commune=commune,
                valid_from=LONG_AGO,
            )
        )
    put_in([commune], memberships)
    return commune


def an_epci(siren: str = "200073401") -> Epci:
    """Make the council of the Mézenc with its real 2026 tariffs (domain.md §1.4)."""
    known = found(Epci, "siren", siren)
    if known is not None:
        return known
    epci = Epci(siren=siren, name="CC Mézenc-Loire-Meygal", kind="CC")
    tariffs = [
        TouristTaxTariff(
            epci=epci,
            category=category,
            kind=kind,
            value=Decimal(value),
            cap=Decimal(cap) if cap else None,
            valid_from=date(2026, 1, 1),
            source="test",
        )
        for category, kind, value, cap in (
            ("3_star", "fixed", "1.00", None),
            ("1_star_or_chambre_dhotes", "fixed", "0.73", None),
            ("unclassified", "percent", "3", "1.27"),
        )
    ]
    put_in([epci], [TaxCollectivity(epci=epci)], tariffs)
    return epci


def a_user(email: str = "", **fields: Any) -> User:
    """Make an account whose password is « secret »."""
    return User.objects.create_user(email or f"user{next(numbers)}@example.org", "secret", **fields)


def the_office() -> Group:
    """Return the group of the office's staff, whose rights each test finds as a deployment does."""
    return Group.objects.get(name=OFFICE)


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
    provider = Provider(**{**values, **fields})
    put_in([provider])
    return provider


def a_host(provider: Provider) -> User:
    """Make a person who works for a provider."""
    user = a_user()
    ProviderRole.objects.create(user=user, provider=provider)
    return user


def a_draft(user: User | None = None, **fields: Any) -> tuple[User, Provider]:
    """Make a house that its owner has begun to enrol; returns both."""
    owner = user or a_user()
    values: dict[str, Any] = {
        "enrolment": "draft",
        "state": Provider.State.SUSPENDED,
        "activities": ["furnished"],
        "address": "3 route du Lac",
        **fields,
    }
    house = a_provider(**values)
    ProviderRole.objects.create(user=owner, provider=house)
    return owner, house


def a_household(user: User | None = None, **fields: Any) -> HouseholdMember:
    """Make a verified household with one person; returns that person."""
    values: dict[str, Any] = {
        "name": "Les Martin",
        "state": "verified",
        "declared_at": SPRING,
        **fields,
    }
    if values["state"] == "verified":
        values.setdefault("verified_at", SPRING)
    if "commune" not in values:
        values["commune"] = a_commune()
    return HouseholdMember.objects.create(
        household=Household.objects.create(**values),
        user=user or a_user(),
        first_name="Camille",
        joined_at=SPRING,
    )


def a_contract(version: str = "2027-1", **fields: Any) -> ContractText:
    """Make the contract that hosts sign."""
    values = {"title": "Contrat", "body": "<p>Nous vendons pour vous.</p>", **fields}
    return ContractText.objects.create(version=version, valid_from=LONG_AGO, **values)


def a_verified_address(user: User, email: str = "") -> User:
    """Let a person have proved to read its own address, or another one beside it."""
    EmailAddress.objects.create(
        user=user, email=email or user.email, verified=True, primary=not email
    )
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
    policy = CancellationPolicy(
        name="Souple", summary="Tout est rendu jusqu’à 14 jours avant.", flat_fee=Decimal(flat_fee)
    )
    written = [
        CancellationStep(policy=policy, hours_before=hours, percent=percent)
        for hours, percent in steps or ((14 * 24, 100), (48, 50))
    ]
    put_in([policy], written)
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
    offer = Offer(**{**values, **fields})
    put_in([offer])
    return offer


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
    tariff = Tariff(
        offer=offer,
        name="Tarif",
        base_amount=Decimal(night) if night is not None else None,
        base_occupancy=sleeps,
        min_stay=min_stay,
    )
    beds = [
        Unit(
            offer=offer,
            tariff=tariff,
            name=f"Logement {number + 1}",
            max_adults=sleeps,
            max_children=sleeps,
            max_guests=sleeps,
            max_infants=cots,
        )
        for number in range(units)
    ]
    fees = []
    if cleaning:
        fees.append(
            Supplement(
                offer=offer,
                code="menage",
                name="Ménage",
                kind="cleaning",
                basis="stay",
                amount=Decimal(cleaning),
                is_mandatory=True,
            )
        )
    put_in([tariff], beds, fees)
    if now is not None:
        search_table.rebuild_units([one.pk for one in beds], today=day_of(now))
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
        bands = [AgeBand(offer=offer, code="tous", name="Tous", min_age=0, amount=Decimal(adult))]
    else:
        bands = [
            AgeBand(offer=offer, code="adulte", name="Adulte", min_age=12, amount=Decimal(adult)),
            AgeBand(
                offer=offer,
                code="enfant",
                name="Enfant",
                min_age=0,
                max_age=11,
                amount=Decimal(child),
            ),
        ]
    put_in(bands)
    return offer


def a_produce(*, price: str = "25", **fields: Any) -> Offer:
    """Make a produce basket sold by the piece."""
    offer = an_offer("produce", **fields)
    AgeBand.objects.create(offer=offer, code="panier", name="Le panier", amount=Decimal(price))
    return offer


def a_slot(offer: Offer, day: date, at: time = time(14), *, capacity: int = 10) -> Slot:
    """Add a slot to an offer; the capacity of childcare is in fortieths of a carer (core.md 5)."""
    if offer.kind == "childcare":
        capacity *= FORTIETH
    starts_at, ends_at = quoting.slot_end(day, at, offer.duration_minutes)
    slot = Slot(
        offer=offer,
        day=day,
        start_time=at,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
    )
    put_in([slot])
    return slot


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


def a_shuttle(*, adult: str = "8", bike: str = "5", **fields: Any) -> Offer:
    """Make a ride with seats, bicycles and bags."""
    offer = an_activity(kind="shuttle", adult=adult, child="4", duration_minutes=55, **fields)
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


# --- What offers share ---------------------------------------------------------------------------
def a_resource(provider: Provider, name: str = "Marie", quantity: int = 1) -> Resource:
    """Make something that several offers of a provider need."""
    return Resource.objects.create(provider=provider, name=name, quantity=quantity)


def a_need(
    offer: Offer, resource: Resource, quantity: int = 1, *, before: int = 0, after: int = 0
) -> OfferResource:
    """Let each date of an offer need a resource."""
    offer.uses_resources = True
    Offer.objects.filter(pk=offer.pk).update(uses_resources=True)
    return OfferResource.objects.create(
        offer=offer,
        resource=resource,
        quantity=quantity,
        minutes_before=before,
        minutes_after=after,
    )


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


def a_survey(order: Order, *, lines_of: Order | None = None, asked_at: datetime) -> Survey:
    """Ask the guest of an order how all of it was, whenever its stay is."""
    lines = list((lines_of or order).lines.all())
    return surveys_sent.open_survey(order, lines, now=asked_at)


def a_review(line: OrderLine, *, score: int = 5, words: str = "", at: datetime) -> Review:
    """Let the guest of a line, asked then, say in public what it thinks of it."""
    return a_review_of(a_survey(line.order, asked_at=at), line, score=score, words=words, at=at)


def a_review_of(
    survey: Survey, line: OrderLine, *, score: int = 5, words: str = "", at: datetime
) -> Review:
    """Let a survey say in public what it thinks of a line."""
    answer = LineAnswer.objects.create(
        survey=survey,
        line=line,
        offer=line.offer,
        provider=line.sub_order.provider,
        score=score,
        words=words,
        answered_at=at,
    )
    reviews.open_reviews(survey, line.order, [answer], now=at)
    return answer.review


def a_webhook(provider: Provider, address: str = "", **fields: Any) -> Webhook:
    """Make an address that a house's program is told at, of everything."""
    url = address or f"https://hooks.example.org/velay/{next(numbers)}"
    known = Webhook.objects.filter(provider=provider).first()
    if known is not None and not address:
        return known
    values: dict[str, Any] = {
        "sealed": seal(url),
        "masked": url.removeprefix("https://"),
        "digest": hashlib.sha256(url.encode()).hexdigest(),
        "topics": list(Webhook.Topic.values),
        "secret": seal("velay_wh_secret"),
        "created_at": SPRING,
        **fields,
    }
    return Webhook.objects.create(provider=provider, **values)


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


# --- Campaigns -----------------------------------------------------------------------------------
def a_campaign(*, now: datetime, **fields: Any) -> Campaign:
    """Make a draft whose French is whole, for everybody who may get offers."""
    words = {"subject": "Le Velay en mars", "heading": "En mars", "text": "Venez voir."}
    values = {
        "title": f"Lettre {next(numbers)}",
        "purpose": "offers",
        "texts": {"fr": words},
        "created_at": now,
        "changed_at": now,
        **fields,
    }
    return Campaign.objects.create(**values)


def a_proposal(
    offer: Offer, days: tuple[date, date], *, most: int = 3, percent: int = 15, floor: int = 50
) -> CampaignNeed:
    """Make a campaign that was sent and proposes `[first, after)` of an offer at a lower price."""
    need = CapacityNeed.objects.create(
        provider=offer.provider,
        offer=offer,
        quantity=7,
        floor_amount=floor,
        max_redemptions=most,
        last_day=days[1],
        created_at=BEFORE,
    )
    NeedPeriod.objects.create(need=need, dates=DateRange(*days))
    campaign = Campaign.objects.create(
        title="Saison calme",
        kind="quiet",
        purpose="offers",
        state="sent",
        percent_off=percent,
        started_at=BEFORE,
        created_at=BEFORE,
        changed_at=BEFORE,
    )
    return CampaignNeed.objects.create(campaign=campaign, need=need)
