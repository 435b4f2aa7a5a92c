"""What a household reads of its gift: the mail, and the voucher as a PDF."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from booking.letters import Content, NoLongerNeeded, Reader
from booking.models import Gift, OutboxMessage
from booking.rules import gifts as rules
from destination.templatetags.velay import jour_long
from oti.lib.dates import today as day_of
from oti.lib.html import french_spacing
from oti.lib.pdf import HEIGHT, WIDTH, Box, Words, one_page

MARGIN, QR_SIDE = 40, 150
# Signs a line beside the code, at its size.
LINE = 52


def gift_url(gift: Gift) -> str:
    """Return the signed link of a gift, in the active language."""
    path = reverse("booking:gift", args=[gift.pk])
    return f"{settings.BASE_URL}{path}?cle={gift.access_token}"


def counter_url(gift: Gift) -> str:
    """Return the address in a voucher's drawing: the page of hosts that says whether it is good."""
    return f"{settings.BASE_URL}{reverse('extranet-gift')}?cle={gift.code}"


def voucher_pdf(gift: Gift) -> bytes:
    """Return a voucher in the active language: what it is, until when, its code twice."""
    campaign, office = gift.campaign, settings.OFFICE
    day = jour_long(campaign.valid_until)
    parts: list[Words | Box] = [
        Words(MARGIN, HEIGHT - 60, "Velay, terre de liens", 22, is_bold=True),
        Words(MARGIN, HEIGHT - 82, _("Your gift of %(year)s") % {"year": campaign.year}),
        Box(MARGIN, HEIGHT - 96, WIDTH - 2 * MARGIN, 1, 0.6),
    ]
    top = HEIGHT - 130
    for line in _lines(campaign.title, 34)[:3]:
        parts.append(Words(MARGIN, top, line, 18, is_bold=True))
        top -= 24
    top -= 4
    for line in _lines(campaign.how, LINE)[:7]:
        parts.append(Words(MARGIN, top, line))
        top -= 16
    parts += [
        Words(MARGIN, 120, _("Good until %(day)s, once.") % {"day": day}, 12, is_bold=True),
        Words(MARGIN, 84, gift.code, 26, is_bold=True),
        Words(MARGIN, 48, f"{office['name']}, {office['address']}, {office['phone']}", 9),
        *_squares(counter_url(gift), WIDTH - MARGIN - QR_SIDE, 84),
    ]
    name = f"{campaign.title} · {gift.code}"
    return one_page(parts, title=name, language=gift.language)


def _lines(text: str, width: int) -> list[str]:
    """Return a text in lines, with the spaces of French where it is read: they don't break."""
    is_french = (get_language() or "").startswith("fr")
    return textwrap.wrap(french_spacing(text) if is_french else text, width)


def _squares(address: str, x: float, y: float) -> Iterator[Box]:
    """Yield the dark runs of a QR code as rectangles."""
    code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(address)
    matrix = code.get_matrix()
    side = QR_SIDE / len(matrix)
    for row, cells in enumerate(matrix):
        start = None
        for column, is_dark in enumerate([*cells, False]):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                height = y + QR_SIDE - (row + 1) * side
                # A little over, so that no line of light shows between two rows.
                yield Box(x + start * side, height, (column - start) * side, side + 0.05)
                start = None


def _gift(message: OutboxMessage, reader: Reader, now: datetime) -> Content:
    gift = Gift.objects.select_related("campaign").get(pk=message.data["gift"])
    campaign = gift.campaign
    if gift.state != rules.TOLD or not campaign.is_good(day_of(now)):
        raise NoLongerNeeded
    content: Content = {
        "gift": gift,
        "campaign": campaign,
        "paragraphs": [one for one in campaign.words.splitlines() if one.strip()],
        "gift_url": gift_url(gift),
    }
    if campaign.kind == rules.VOUCHER:
        name = _("voucher")
        content |= {"pdf": voucher_pdf(gift), "pdf_name": f"{name}-{gift.code}.pdf"}
    return content


GIFT_CONTENTS: dict[str, Callable[[OutboxMessage, Reader, datetime], Content]] = {"gift": _gift}
