"""The demo's second-home families: the Martins, two others, what hosts grant them, what is new."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.models import Offer
from destination.models import Commune, ItineraryPage, ItineraryRenewal
from events.models import Event
from members.models import Advantage, Household, HouseholdMember, Presence, Provider, User
from oti.demo.accounts import CLAIRE_MARTIN, FAURE, MARTIN, WEBER


@dataclass(frozen=True)
class Family:
    """A household: its people by address, when it was here last and comes next, in days from now."""

    name: str
    commune: str
    people: dict[str, str]
    children: int = 0
    state: str = "verified"
    stays: tuple[tuple[int, int], ...] = ()


FAMILIES = (
    Family(
        name="Les Martin",
        commune="Les Estables",
        people={MARTIN: "Thomas", CLAIRE_MARTIN: "Claire"},
        children=1,
        stays=((-110, -96), (-49, -45), (9, 25)),
    ),
    Family(
        name="Les Faure",
        commune="Vorey",
        people={FAURE: "Nadine"},
        stays=((-80, -70),),
    ),
    Family(
        name="Familie Weber",
        commune="Saint-Julien-Chapteuil",
        people={WEBER: "Jonas"},
        children=2,
        state="declared",
    ),
)
ADVANTAGES = (
    (
        "la-table-de-solange",
        "Le café et la tisane offerts après le repas",
        "Coffee or herbal tea after the meal",
        "Kaffee oder Kräutertee nach dem Essen",
    ),
    (
        "anne-et-joel",
        "Le panier de pique-nique à moitié prix pour vos amis de passage",
        "Picnic baskets at half price for friends who visit you",
        "Picknickkörbe zum halben Preis für Freunde, die Sie besuchen",
    ),
    (
        "atelier-des-fuseaux",
        "Un jeu de fuseaux prêté pour continuer à la maison",
        "A set of bobbins lent to go on at home",
        "Ein Satz Klöppel zum Weiterarbeiten zu Hause, geliehen",
    ),
)
# By slug: how many days ago visitors saw it first.
NEW_OFFERS = {"dessiner-la-ville-haute": 30, "batir-un-igloo": 21}
RENEWED_OFFERS = {
    "la-cathedrale-a-la-lanterne": (12, "Un autre parcours, par les toits du cloître"),
    "une-journee-au-carreau": (8, "Un nouveau motif, la fougère du Mézenc"),
}
NEW_EVENTS = {"veillees-du-plateau": 18}
RENEWED_EVENTS = {"concert-de-noel-a-la-lueur": (6, "Un autre chœur et un programme du Nord")}
FOR_RESIDENTS = ("veillees-du-plateau", "les-traineaux-des-estables")
WALK = (15, "La deuxième étape passe par les sucs")


def add_residents(fresh: Collection[str], *, day: date, now: datetime) -> None:
    """Add the families that are missing and what hosts grant them.

    `fresh` are the slugs of offers and events of this load: of these alone is said what is new.
    """
    for family in FAMILIES:
        if not Household.objects.filter(name=family.name, is_demo=True).exists():
            _add_family(family, day, now)
    if not Advantage.objects.filter(is_demo=True).exists():
        providers = {one.slug: one for one in Provider.objects.all()}
        Advantage.objects.bulk_create(
            Advantage(
                provider=providers[slug],
                text_fr=french,
                text_en=english,
                text_de=german,
                first_day=day,
                last_day=day + timedelta(days=330),
                created_at=now,
                is_demo=True,
            )
            for slug, french, english, german in ADVANTAGES
            if slug in providers
        )
    _say_what_is_new(set(fresh), now)


def _add_family(family: Family, day: date, now: datetime) -> None:
    commune = Commune.objects.filter(name=family.commune).first() or Commune.objects.first()
    is_verified = family.state == Household.State.VERIFIED
    household = Household.objects.create(
        name=family.name,
        commune=commune,
        children=family.children,
        state=family.state,
        declared_at=now - timedelta(days=120),
        verified_at=now - timedelta(days=118) if is_verified else None,
        is_demo=True,
    )
    for email, first_name in family.people.items():
        person = User.objects.filter(email=email, household_member=None).first()
        if person is not None:
            HouseholdMember.objects.create(
                household=household, user=person, first_name=first_name, joined_at=now
            )
    Presence.objects.bulk_create(
        Presence(
            household=household,
            arrival=day + timedelta(days=arrival),
            departure=day + timedelta(days=departure),
            said_at=now,
        )
        for arrival, departure in family.stays
    )


def _say_what_is_new(fresh: set[str], now: datetime) -> None:
    for model, new, renewed in (
        (Offer, NEW_OFFERS, RENEWED_OFFERS),
        (Event, NEW_EVENTS, RENEWED_EVENTS),
    ):
        for slug, days in new.items():
            rows = model.objects.filter(slug__in={slug} & fresh)
            rows.update(first_published_at=now - timedelta(days=days))
        for slug, (days, reason) in renewed.items():
            rows = model.objects.filter(slug__in={slug} & fresh)
            rows.update(renewed_at=now - timedelta(days=days), renewal_reason=reason)
    Event.objects.filter(slug__in=set(FOR_RESIDENTS) & fresh).update(is_for_residents=True)
    walk = ItineraryPage.objects.live().order_by("pk").first()
    if fresh and walk is not None:
        days, reason = WALK
        ItineraryRenewal.objects.get_or_create(
            itinerary=walk.translation_key,
            defaults={"renewed_at": now - timedelta(days=days), "reason": reason},
        )
