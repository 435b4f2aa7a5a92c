"""What the mails share: the rows that letters of one order are read from, the links in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from booking.models import Order, OrderLine, OutboxMessage, SubOrder
from booking.own_labels import Labels, own_labels
from booking.sold_lines import SoldLine, rows_of, sold_lines
from members.models import LetterAddress, LetterChoice
from members.rules import consent as rules
from oti.lib.html import french_spacing, french_spacing_html

Content = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A mail in words: its subject, its text part, its page."""

    subject: str
    body: str
    page: str


def write(template: str, content: Content) -> Written:
    """Write a mail from its three files, in the language of `content`, which is active."""
    name = f"email/{template}"
    subject = " ".join(render_to_string(f"{name}.subject.txt", content).split())
    body = render_to_string(f"{name}.txt", content).strip() + "\n"
    page = render_to_string(f"{name}.html", content)
    if content["language"] != "fr":
        return Written(subject, body, page)
    # A mail's style is no text.
    head, begin, rest = page.partition("<body>")
    spaced = head + begin + french_spacing_html(rest)
    return Written(french_spacing(subject), french_spacing(body), spaced)


class NoLongerNeeded(Exception):
    """What a message tells is no longer true: it is dropped, and nobody is bothered."""


class Reader:
    """The rows behind some letters that leave together: those of an order are read once."""

    def __init__(self) -> None:
        self._rows: dict[int, list[OrderLine]] = {}
        self._labels: dict[tuple[int, str], Labels] = {}

    def lines_of(self, order: Order) -> list[OrderLine]:
        """Return the lines of an order with all that a letter may tell of them."""
        if order.pk not in self._rows:
            self._rows[order.pk] = rows_of(order)
        return self._rows[order.pk]

    def labels_of(self, order: Order) -> Labels:
        """Return what the houses of an order call its options in the active language."""
        key = order.pk, get_language() or ""
        if key not in self._labels:
            self._labels[key] = own_labels(self.lines_of(order))
        return self._labels[key]

    def sold_lines(self, order: Order, now: datetime) -> list[SoldLine]:
        """Return the lines of an order in the words of the active language."""
        return sold_lines(order, self.lines_of(order), now=now)


def order_url(order: Order, name: str = "booking:trip", *args: str) -> str:
    """Return the signed link of an order's page, in the active language."""
    path = reverse(name, args=[order.reference, *args])
    return f"{settings.BASE_URL}{path}?cle={order.access_token}"


def stop_url(email: str, purpose: str) -> str:
    """Return the address that stops one kind of letter with one click, "" for one unknown."""
    known = LetterAddress.objects.filter(email=email.lower()).values_list("token", flat=True)
    token = known.first()
    path = reverse("letter-stop", args=[token, purpose]) if token else ""
    return settings.BASE_URL + path if path else ""


def said_no(email: str, purpose: str, *, now: datetime) -> bool:
    """Tell whether the last word of an address is no: asked again when a letter is sent (2 SQL)."""
    words = LetterChoice.objects.filter(address__email=email.lower(), purpose=purpose)
    said = [rules.Said(purpose, *one) for one in words.values_list("is_yes", "at")]
    refused = Order.objects.filter(
        email__iexact=email, confirmed_at__isnull=False, letters=Order.Letters.REFUSED
    )
    at_checkout = refused.values_list("placed_at", flat=True)
    bought = [rules.Bought(at, is_told=True, said_no=True) for at in at_checkout]
    return rules.standing(purpose, said, bought, now=now).reason is rules.Reason.SAID_NO


def order_of(message: OutboxMessage) -> Order:
    """Return the order that a message is about; raises ValueError where it has none."""
    if message.order is None:
        msg = f"message {message.pk} has no order"
        raise ValueError(msg)
    return message.order


def own_lines(message: OutboxMessage, reader: Reader) -> tuple[SubOrder, list[OrderLine]]:
    """Return one provider's part and its lines: nothing of the others goes any further."""
    order, number = order_of(message), message.data["sub_order"]
    lines = [one for one in reader.lines_of(order) if one.sub_order_id == number]
    return lines[0].sub_order, lines
