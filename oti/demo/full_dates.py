"""Dates of the demo that nothing is left of: sold on site by their hosts, so that orders stand behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from booking.counter import CounterGuest, is_sellable, price_at_counter, sell_at_counter
from booking.models import Basket, Order, Slot
from booking.refusals import Refusal
from booking.wishes import LineRequest
from members.journal import SYSTEM
from oti.demo.rows import DEMO_LAST_PARTY, DEMO_SOLD_SOON_DAYS, is_drawn_full

FIRST_DAYS = 2
# Enough to meet a full date in lists; each is an order, and costs its time.
GUESTS = ("Adèle", "Bruno", "Coline", "Denis", "Elsa", "Félix")
ONCE = "demo-places-"


def add_full_dates(*, now: datetime) -> None:
    """Sell what is left of some dates that the demo draws full, once; outside any transaction.

    One date an offer, the next ones first.
    """
    if Basket.objects.filter(token__startswith=ONCE).exists():
        return
    guests = iter(GUESTS)
    guest = next(guests, None)
    for slot in _drawn_full(now=now):
        if guest is None:
            return
        if sell_places(slot, guest, slot.capacity, once=f"{ONCE}{slot.pk:020d}", now=now):
            guest = next(guests, None)


def _drawn_full(*, now: datetime) -> Iterator[Slot]:
    offers: set[int] = set()
    slots = Slot.objects.filter(
        offer__is_demo=True,
        is_closed=False,
        resource="",
        sold=0,
        capacity__lte=DEMO_LAST_PARTY,
        starts_at__gt=now + timedelta(days=FIRST_DAYS),
        starts_at__lt=now + timedelta(days=DEMO_SOLD_SOON_DAYS),
    )
    for slot in slots.select_related("offer__provider").order_by("starts_at", "pk").iterator():
        is_new = slot.offer_id not in offers and is_sellable(slot.offer)
        if is_new and is_drawn_full(slot.offer.slug, slot.day, slot.start_time):
            offers.add(slot.offer_id)
            yield slot


def sell_places(
    slot: Slot, first_name: str, places: int, *, once: str, now: datetime
) -> Order | None:
    """Sell places to grown-ups at the counter: no bank is asked; None where it can't be."""
    house = slot.offer.provider
    request = LineRequest(offer_id=slot.offer_id, slot_id=slot.pk, ages=(None,) * places)
    rank = GUESTS.index(first_name) + 1 if first_name in GUESTS else 0
    guest = CounterGuest(first_name, "Exemple", phone=f"06 00 00 00 {rank:02d}")
    try:
        price_at_counter(house, request, now=now)
        order = sell_at_counter(house, request, guest, once=once, actor=SYSTEM, now=now)
    except Refusal:
        return None
    Order.objects.filter(pk=order.pk).update(is_demo=True)
    return order
