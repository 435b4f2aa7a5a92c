"""A whole order of one lodging and two things to do, through HTML forms, until its mails went."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.utils import timezone

from booking.models import OutboxMessage
from oti.devtools.bench.browser import Answer, Visitor
from oti.devtools.bench.copy import BenchError, Copy
from oti.devtools.bench.figures import Line
from oti.devtools.bench.goods import address_of, doing_pages, free_nights
from oti.devtools.bench.measuring import expect, in_turn, visitor
from oti.devtools.locks import wait_until
from oti.measuring import TASKS_FILE

ORDERS = 30
WARM = 5
MAIL_SECONDS = 60.0
NAMES = re.compile(r"p\d+_(first|last)")
SESSION = re.compile(r"cs_[A-Za-z0-9_]+")


class Buyer:
    """Somebody who buys, page after page."""

    def __init__(self, copy: Copy, who: Visitor) -> None:
        self.copy = copy
        self.who = who

    def add_from(self, page: str) -> None:
        """Look at an offer, press the first button, look at the stay."""
        forms = expect(self.who.get(page), 200).forms(address_of("booking:line-add"))
        if not forms:
            msg = f"nothing to add on {page}"
            raise BenchError(msg)
        expect(self.who.follow(expect(self.who.post(forms[0]), 303)), 200)

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


def checkout_pages(copy: Copy) -> list[Line]:
    """Buy a lodging and two things to do; all requests, the bank's message and the mails count."""
    stays = free_nights(ORDERS + WARM, skip=20)
    # Morning and evening: nobody may be in two places at once.
    mornings = doing_pages(ORDERS + WARM, drawing="dentelle")
    evenings = doing_pages(ORDERS + WARM, drawing="hotes")
    begun = timezone.now()

    def buy(number: int) -> Sequence[Answer]:
        who = visitor(copy)
        buyer = Buyer(copy, who)
        buyer.add_from(stays[number].address)
        buyer.add_from(mornings[number])
        buyer.add_from(evenings[number])
        buyer.check_out()
        copy.tell_site()
        buyer.come_back()
        who.close()
        return who.answers

    line = in_turn(
        copy,
        "checkout_pages",
        buy,
        range(ORDERS + WARM),
        warm=WARM,
        after=lambda: mails_and_statements(copy, begun),
    )
    mails = OutboxMessage.objects.filter(created_at__gte=begun).count()
    line.more["mails"] = mails / (ORDERS + WARM)
    return [line]
