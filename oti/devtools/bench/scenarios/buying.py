"""A whole order of one lodging and two things to do, through HTML forms, until its mails went."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from django.utils import timezone

from booking.models import OutboxMessage
from oti.devtools.bench.browser import Answer, Form, Visitor
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.goods import address_of, doing_pages, free_nights
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.devtools.locks import wait_until
from oti.lib.dates import today as day_of
from oti.measuring import TASKS_FILE

ORDERS = 30
# A shop that has been open for a few seconds: each of two workers has four connections, and
# PostgreSQL plans a statement anew the first five times that a connection asks it.
WARM = 20
MAIL_SECONDS = 60.0
# Behind the dates that the other scenarios take.
LATER = timedelta(days=40)
NAMES = re.compile(r"p\d+_(first|last)")
SESSION = re.compile(r"cs_[A-Za-z0-9_]+")

Thing = TypeVar("Thing")


class Buyer:
    """Somebody who buys, page after page."""

    def __init__(self, copy: Copy, who: Visitor) -> None:
        self.copy = copy
        self.who = who

    def look_at(self, page: str) -> Form:
        """Look at an offer; return the form of its first button."""
        forms = expect(self.who.get(page), 200).forms(address_of("booking:line-add"))
        if not forms:
            msg = f"nothing to add on {page}"
            raise BenchError(msg)
        return forms[0]

    def add_from(self, page: str) -> None:
        """Look at an offer, press the first button, look at the stay."""
        form = self.look_at(page)
        expect(self.who.follow(expect(self.who.post(form), 303)), 200)

    def check_out(self) -> None:
        """Fill in the page of checkout, pay at the bank, come back."""
        page = expect(self.who.get(address_of("booking:checkout")), 200)
        (form,) = page.forms(address_of("booking:checkout"))
        filled = {
            "first_name": "Camille",
            "last_name": "Dupont",
            "email": "camille@example.org",
            "phone": "06 12 34 56 78",
            "buyer_comes": "on",
            "terms": "1",
            "package_form": "on",
        }
        for name, value in form.fields:
            if NAMES.fullmatch(name) and not value:
                filled[name] = "Alex"
        answer = expect(self.who.post(form, filled), 303)
        found = SESSION.search(answer.location)
        if found is None:
            msg = f"led to {urlsplit(answer.location).path}, not to the bank"
            raise BenchError(msg)
        self.copy.pay(found[0])

    def come_back(self) -> None:
        """See the page of thanks."""
        from booking.models import Order

        order = Order.objects.order_by("-pk")[0]
        page = address_of("booking:payment-return", order.reference)
        expect(self.who.follow(expect(self.who.get(f"{page}?cle={order.access_token}"), 303)), 200)


def wait_for_mails(since: datetime) -> None:
    """Wait until every mail written since then has gone; raises BenchError."""
    waiting = OutboxMessage.objects.filter(created_at__gte=since).exclude(
        state=OutboxMessage.State.SENT
    )
    if not wait_until(lambda: not waiting.exists(), MAIL_SECONDS, 0.2):
        msg = f"{waiting.count()} mails have not gone"
        raise BenchError(msg)


def mails_and_statements(copy: Copy, since: datetime) -> int:
    """Wait for the mails written since then; return what the worker asked the database for."""
    wait_for_mails(since)
    tasks = copy.data_dir / TASKS_FILE
    if not tasks.exists():
        return 0
    statements = sum(json.loads(line)["sql"] for line in tasks.read_text().splitlines())
    tasks.unlink()
    return statements


def _wishes(skip: int) -> list[tuple[str, str, str]]:
    """Return for each order the pages of a lodging free from then on, a morning and an evening."""
    count = ORDERS + WARM
    # Morning and evening: nobody may be in two places at once.
    return list(
        zip(
            (stay.address for stay in free_nights(count, skip=skip)),
            doing_pages(count, drawing="dentelle"),
            doing_pages(count, drawing="hotes"),
            strict=True,
        )
    )


def checkout_pages(copy: Copy) -> list[Line]:
    """Buy a lodging and two things to do; all requests, the bank's message and the mails count."""

    def buy(pages: tuple[str, str, str]) -> Sequence[Answer]:
        buyer = Buyer(copy, visitor(copy))
        for page in pages:
            buyer.add_from(page)
        return _pay(buyer)

    return [_orders(copy, "checkout_pages", buy, _wishes(20))]


def checkout_alone(copy: Copy) -> list[Line]:
    """Buy the same, the offers looked at before: three adds, checkout, payment, mails count."""

    seen: Counter[str] = Counter()

    def look(pages: tuple[str, str, str]) -> tuple[Buyer, list[Form]]:
        buyer = Buyer(copy, visitor(copy))
        # All look before anybody buys: each goes to a date of its own, or the first would be full.
        first = day_of(timezone.now()) + LATER
        forms = [
            buyer.look_at(f"{page}&from={first + timedelta(days=seen[page])}") for page in pages
        ]
        seen.update(pages)
        buyer.who.answers.clear()
        return buyer, forms

    def buy(looked: tuple[Buyer, list[Form]]) -> Sequence[Answer]:
        buyer, forms = looked
        for form in forms:
            expect(buyer.who.post(form), 303)
        return _pay(buyer)

    return [_orders(copy, "checkout_alone", buy, [look(pages) for pages in _wishes(45)])]


def _pay(buyer: Buyer) -> Sequence[Answer]:
    """Order what the stay holds, pay, see the thanks; return all that was answered."""
    buyer.check_out()
    buyer.copy.tell_site()
    buyer.come_back()
    buyer.who.close()
    return buyer.who.answers


def _orders(
    copy: Copy, name: str, buy: Callable[[Thing], Sequence[Answer]], things: Sequence[Thing]
) -> Line:
    """Buy each thing in turn until its mails went; the first aren't counted."""
    begun = timezone.now()
    line = in_turn(
        copy, name, buy, things, warm=WARM, after=lambda: mails_and_statements(copy, begun)
    )
    mails = OutboxMessage.objects.filter(created_at__gte=begun).count()
    line.more["mails"] = mails / len(things)
    return line
