"""What the scenarios buy: pages of offers of the copy with something free on them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from booking.availability import StaySearch, search_stays
from booking.models import AgeBand, CancellationPolicy, Offer, Slot
from booking.quoting import slot_end
from destination.models.territory import memberships_on
from members.models import Provider
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Nights:
    """A page of a lodging with dates and party, and the unit that is free."""

    address: str
    unit_id: int
    arrival: date


def address_of(name: str, *args: object) -> str:
    """Return the French address of a page."""
    with override("fr"):
        return reverse(name, args=args)


def free_nights(count: int, *, skip: int = 0, nights: int = 2) -> list[Nights]:
    """Return `count` pages of lodgings, each with a free stay that none of the others takes."""
    now = timezone.now()
    today = day_of(now)
    found: list[Nights] = []
    with override("fr"):
        for ahead in range(10 + skip, 110, nights):
            arrival = today + timedelta(days=ahead)
            departure = arrival + timedelta(days=nights)
            for page in range(1, 4):
                search = StaySearch(arrival, departure, adults=2, page=page)
                for one in search_stays(search, now=now).results:
                    query = f"?arrival={arrival}&departure={departure}&adults=2"
                    path = address_of("booking:stay-offer", one.offer.slug)
                    found.append(Nights(path + query, one.unit.pk, arrival))
                    if len(found) == count:
                        return found
    msg = f"only {len(found)} free stays of {count}"
    raise RuntimeError(msg)


def slot_page(places: int, *, sold: int = 0, slug: str) -> tuple[str, Slot]:
    """Make an offer with one date of so many places; returns its page and the date."""
    slug = f"{slug}-{secrets.token_hex(3)}"
    now = timezone.now()
    day = day_of(now) + timedelta(days=40)
    commune = memberships_on(day_of(now)).filter(is_neighbour=False).order_by("pk")[0].commune
    host = Provider.objects.create(
        slug=f"bench-{slug}", name=slug, commune=commune, email=f"{slug}@example.org", is_demo=True
    )
    offer = Offer.objects.create(
        provider=host,
        kind="activity",
        state=Offer.State.PUBLISHED,
        slug=f"bench-{slug}",
        title_fr=f"Balade {slug}",
        title_en=f"Walk {slug}",
        summary_fr="Une balade.",
        illustration="rando",
        commune=commune,
        cancellation_policy=CancellationPolicy.objects.order_by("pk")[0],
        duration_minutes=120,
        is_demo=True,
    )
    AgeBand.objects.create(offer=offer, code="adulte", name_fr="Adulte", min_age=0, amount=12)
    hour = slot_end(day, time(14), 120)
    slot = Slot.objects.create(
        offer=offer,
        day=day,
        start_time="14:00",
        starts_at=hour[0],
        ends_at=hour[1],
        capacity=places + sold,
        sold=sold,
    )
    return address_of("booking:experience-offer", offer.slug) + "?adults=1", slot


def doing_pages(count: int, *, drawing: str = "") -> list[str]:
    """Return pages of things to do for two adults, of one sort if its drawing is named."""
    offers = Offer.objects.filter(state=Offer.State.PUBLISHED, slug__startswith="echelle-")
    offers = offers.exclude(kind=Offer.Kind.LODGING).order_by("pk")
    if drawing:
        offers = offers.filter(illustration=drawing)
    slugs = list(offers.values_list("slug", flat=True))
    return [
        address_of("booking:experience-offer", slugs[number % len(slugs)]) + "?adults=2"
        for number in range(count)
    ]
