"""The same order as `checkout_pages`, through the API, until its mails went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.urls import Resolver404, resolve
from django.utils import timezone

from booking.models import Slot, Unit
from oti.devtools.bench.browser import Answer, Visitor
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.goods import Nights, free_nights
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.devtools.bench.scenarios.buying import ORDERS, SESSION, WARM, mails_and_statements

BASE = "/api/v1"
TWO_ADULTS = [{"age": None}, {"age": None}]


def checkout_api(copy: Copy) -> list[Line]:
    """Buy a lodging, a morning and an evening; the availability of each is asked for first."""
    if not _has_api():
        return [Line("checkout_api", more={"skipped": "no API"})]
    stays = free_nights(ORDERS + WARM, skip=70)
    mornings, evenings = _slots("dentelle"), _slots("hotes")
    begun = timezone.now()

    def buy(number: int) -> Sequence[Answer]:
        who = visitor(copy)
        token = _read(who.send_json("POST", f"{BASE}/baskets", {}), 201)["token"]
        for line in (
            _nights(stays[number]),
            _places(mornings[number % len(mornings)]),
            _places(evenings[number % len(evenings)]),
        ):
            expect(who.get(f"{BASE}/offers/{line['offer']}/availability"), 200)
            _read(who.send_json("POST", f"{BASE}/baskets/{token}/lines", line), 201)
        _check_out(copy, who, token)
        who.close()
        return who.answers

    return [
        in_turn(
            copy,
            "checkout_api",
            buy,
            range(ORDERS + WARM),
            warm=WARM,
            after=lambda: mails_and_statements(copy, begun),
        )
    ]


def _has_api() -> bool:
    try:
        return resolve(f"{BASE}/baskets").url_name == "baskets"
    except Resolver404:
        return False


def _check_out(copy: Copy, who: Visitor, token: str) -> None:
    """Read the stay, order it, pay at the bank, read the order."""
    stay = _read(who.get(f"{BASE}/baskets/{token}"), 200)
    placed = _read(
        who.send_json(
            "POST",
            f"{BASE}/baskets/{token}/checkout",
            {
                "contact": {
                    "first_name": "Camille",
                    "last_name": "Dupont",
                    "email": "camille@example.org",
                    "phone": "06 12 34 56 78",
                },
                "participants": [
                    {"key": one["key"], "first_name": "Camille", "last_name": "Dupont"}
                    for one in stay["people"]
                ],
                "terms_version": stay["terms"]["version"],
                "package_form_version": (stay["package"]["form"] or {}).get("version"),
                "shown_total_cents": stay["totals"]["total_cents"],
                "language": "fr",
            },
        ),
        201,
    )
    found = SESSION.search(placed["payment_url"])
    if found is None:
        msg = f"led to {placed['payment_url']}, not to the bank"
        raise BenchError(msg)
    copy.pay(found[0])
    copy.tell_site()
    key = {"Authorization": f"Bearer {placed['access_token']}"}
    order = _read(who.get(f"{BASE}/orders/{placed['order']}", key), 200)
    if order.get("state") != "confirmed":
        msg = f"the order is {order.get('state')}"
        raise BenchError(msg)


def _read(answer: Answer, status: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(expect(answer, status).body)
    return found


def _nights(stay: Nights) -> dict[str, Any]:
    unit = Unit.objects.select_related("offer").get(pk=stay.unit_id)
    return {
        "offer": unit.offer.slug,
        "unit": unit.pk,
        "arrival": stay.arrival.isoformat(),
        "departure": (stay.arrival + timedelta(days=2)).isoformat(),
        "participants": TWO_ADULTS,
    }


def _places(slot: Slot) -> dict[str, Any]:
    return {"offer": slot.offer.slug, "slot": slot.pk, "participants": TWO_ADULTS}


def _slots(drawing: str) -> list[Slot]:
    """Return dates of one sort of things to do, each with room for two."""
    now = timezone.now()
    rows = Slot.objects.to_come(now + timedelta(days=2)).with_free(now).filter(free__gte=2)
    rows = rows.filter(offer__illustration=drawing, offer__slug__startswith="echelle-")
    return list(rows.select_related("offer").order_by("pk")[: ORDERS + WARM])
