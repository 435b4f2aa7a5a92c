"""Adding to a stay: once, after many were sold, and two hundred at the same moment."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

from django.utils import timezone

from booking.models import Order, OrderLine, Slot, SlotHold, SubOrder
from booking.rules import states
from oti.demo.scale.rows import insert_from, reserve_ids
from oti.devtools.bench.browser import Answer, Form, Visitor
from oti.devtools.bench.copy import BenchError, Copy, say
from oti.devtools.bench.figures import Line, median, share
from oti.devtools.bench.goods import address_of, doing_pages, free_nights, slot_page
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.devtools.bench.scenarios.buying import Buyer, wait_for_mails

ADDS = 100
IN_TURN = 300
PLACES = 100
BUYERS = 200
OF_ORDER = 4


def ready_to_add(copy: Copy, page: str) -> tuple[Visitor, Form]:
    """Return somebody new who looks at a page, and the first form that adds."""
    who = visitor(copy)
    forms = expect(who.get(page), 200).forms(address_of("booking:line-add"))
    if not forms:
        msg = f"nothing to add on {page}"
        raise BenchError(msg)
    return who, forms[0]


def send(ready: tuple[Visitor, Form]) -> list[Answer]:
    """Press the button."""
    who, form = ready
    try:
        return [expect(who.post(form), 303)]
    finally:
        who.close()


def basket_add(copy: Copy) -> list[Line]:
    """Press "add" on a page, each time somebody new: nights and places in equal parts."""
    pages = [one.address for one in free_nights(ADDS // 2 + 5, skip=40)]
    pages += doing_pages(ADDS // 2 + 5)
    # In turn: a lodging, a thing to do.
    half = len(pages) // 2
    mixed = [page for pair in zip(pages[:half], pages[half:], strict=True) for page in pair]
    ready = [ready_to_add(copy, page) for page in mixed]
    return [in_turn(copy, "basket_add", send, ready)]


def add_after(copy: Copy) -> list[Line]:
    """Add a place to dates of which 100 and 100,000 places are sold, in turn."""
    kinds = {}
    for sold in (100, 100_000):
        page, slot = slot_page(IN_TURN + 100, sold=sold, slug=f"apres-{sold}")
        sell_places(slot, sold)
        kinds[sold] = page
    ready = {
        sold: [ready_to_add(copy, page) for _ in range(IN_TURN + 20)]
        for sold, page in kinds.items()
    }
    for number in range(20):
        for waiting in ready.values():
            send(waiting[number])
    copy.rest()
    answers: dict[int, list[Answer]] = {sold: [] for sold in kinds}
    spent, begun = copy.cpu_ms(), time.perf_counter()
    for number in range(20, IN_TURN + 20):
        for sold, waiting in ready.items():
            answers[sold] += send(waiting[number])
    wall = time.perf_counter() - begun
    copy.rest()
    cpu = (copy.cpu_ms() - spent) / (IN_TURN * len(kinds))
    lines = []
    for sold, given in answers.items():
        times = sorted(one.seconds * 1000 for one in given)
        lines.append(
            Line(
                scenario=f"add_after_{sold}",
                cpu_ms=cpu,
                sql=median(one.sql for one in given),
                sql_ms=median(one.sql_ms for one in given),
                p50_ms=share(times, 0.5),
                p95_ms=share(times, 0.95),
                wall_s=wall / len(kinds),
                more={"operations": len(given), "already_sold": sold},
            )
        )
    return lines


def sell_places(slot: Slot, places: int) -> None:
    """Write the orders of places that are sold already, four by four."""
    now = timezone.now()
    count = places // OF_ORDER
    first_order, first_part = reserve_ids(Order, count), reserve_ids(SubOrder, count)
    gross = str(12 * OF_ORDER)
    net = str(round(Decimal(gross) / Decimal("1.1"), 2))
    source = "generate_series(1, %(count)s) AS n"
    values = {"count": count, "orders": first_order, "parts": first_part, "now": now}
    insert_from(
        Order,
        source,
        {
            "id": "%(orders)s + n",
            "reference": "'B' || lpad((%(orders)s + n)::text, 7, '0')",
            "state": f"'{states.CONFIRMED}'",
            "first_name": "'Camille'",
            "last_name": "'Dupont'",
            "email": "'camille-' || n || '@example.org'",
            "gross_amount": gross,
            "total_amount": gross,
            "deadline": "%(now)s",
            "placed_at": "%(now)s",
            "confirmed_at": "%(now)s",
        },
        **values,
    )
    insert_from(
        SubOrder,
        source,
        {
            "id": "%(parts)s + n",
            "order_id": "%(orders)s + n",
            "provider_id": str(slot.offer.provider_id),
            "gross_amount": gross,
            "payout_amount": gross,
        },
        **values,
    )
    insert_from(
        OrderLine,
        source,
        {
            "order_id": "%(orders)s + n",
            "sub_order_id": "%(parts)s + n",
            "state": f"'{states.SOLD}'",
            "offer_id": str(slot.offer_id),
            "slot_id": str(slot.pk),
            "starts_at": "%(starts_at)s",
            "ends_at": "%(ends_at)s",
            "quantity": str(OF_ORDER),
            "kind": "'activity'",
            "titles": """'{"fr": "Balade"}'::jsonb""",
            "commune_name": "'Le Puy-en-Velay'",
            "quote": "'{}'::jsonb",
            "policy": "'{}'::jsonb",
            "vat_scheme": "'standard'",
            "net_amount": net,
            "vat_amount": f"{gross} - {net}",
            "gross_amount": gross,
        },
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        **values,
    )


def contend(copy: Copy) -> list[Line]:
    """Let 200 buyers press at once for the last 100 places; then those who have one pay."""
    page, slot = slot_page(PLACES, slug="dernieres-places")
    ready = [ready_to_add(copy, page) for _ in range(BUYERS)]
    copy.rest()
    given: list[Answer | None] = [None] * BUYERS
    together = threading.Barrier(BUYERS + 1)

    def press(number: int) -> None:
        who, form = ready[number]
        together.wait()
        try:
            given[number] = who.post(form)
        except OSError as error:
            say(f"contend: {error}")

    threads = [threading.Thread(target=press, args=[number]) for number in range(BUYERS)]
    for thread in threads:
        thread.start()
    spent = copy.cpu_ms()
    together.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - begun
    copy.rest()
    cpu = (copy.cpu_ms() - spent) / BUYERS
    now = timezone.now()
    held = sum(
        SlotHold.objects.filter(slot=slot, expires_at__gt=now).values_list("quantity", flat=True)
    )
    got = [number for number, answer in enumerate(given) if answer and answer.status == 303]
    refused = [answer for answer in given if answer and answer.status == 409]
    times = sorted(answer.seconds * 1000 for answer in given if answer)
    answers = [answer for answer in given if answer]
    begun = time.perf_counter()
    orders = _pay_all(copy, [ready[number][0] for number in got], slot)
    return [
        Line(
            scenario="contend",
            cpu_ms=cpu,
            sql=sum(one.sql for one in answers) / max(1, len(answers)),
            sql_ms=sum(one.sql_ms for one in answers) / max(1, len(answers)),
            p50_ms=share(times, 0.5),
            p95_ms=share(times, 0.95),
            wall_s=wall,
            errors=BUYERS - len(got) - len(refused),
            more={
                "sold": held,
                "refused": len(refused),
                "orders": orders,
                "pay_wall_s": round(time.perf_counter() - begun, 2),
            },
        )
    ]


def _pay_all(copy: Copy, visitors: list[Visitor], slot: Slot) -> int:
    """Check out and pay, eight at a time; returns how many orders are confirmed for the date."""
    since = timezone.now()
    waiting = list(visitors)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                who = waiting.pop()
            try:
                Buyer(copy, who).check_out()
            except (BenchError, OSError) as error:
                say(f"contend: {error}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    copy.tell_site()
    wait_for_mails(since)
    slot.refresh_from_db()
    orders = Order.objects.filter(state=states.CONFIRMED, lines__slot=slot).distinct().count()
    if slot.sold != orders:
        msg = f"{slot.sold} places sold in {orders} orders"
        raise BenchError(msg)
    return orders
