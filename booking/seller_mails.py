"""The mails about what the tax office is told: what a house still has to say, its statement.

As those of `booking.emails`: written in the language of the house, addresses are absolute.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking.models import OutboxMessage
from booking.rules import sellers
from booking.seller_words import lacking
from members.models import Provider
from oti.lib.dates import paris

Content = dict[str, Any]


def _seller_data(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    provider = Provider.objects.get(pk=message.data["provider"])
    missing = lacking(provider, message.data["missing"])
    # What is said on several pages is listed, each with its own, where payments are read.
    page = missing[0].url if len(missing) == 1 else reverse("extranet-payouts")
    return {
        "host": provider.host_names or provider.name,
        "provider": provider.name,
        "missing": [words for one in missing for words in one.words],
        "is_again": message.data["step"] == sellers.SECOND,
        "is_frozen": message.data["step"] == sellers.FREEZE,
        "waits_from": paris(datetime.fromisoformat(message.data["waits_from"])),
        "url": settings.BASE_URL + page,
    }


def _seller_statement(message: OutboxMessage, _reader: object, now: datetime) -> Content:
    provider = Provider.objects.get(pk=message.data["provider"])
    year = message.data["year"]
    page = reverse("extranet-seller-year", args=[provider.slug, year])
    return {
        "host": provider.host_names or provider.name,
        "provider": provider.name,
        "year": str(year),
        "url": settings.BASE_URL + page,
    }


SELLER_CONTENTS: dict[str, Callable[..., Content]] = {
    "seller_data": _seller_data,
    "seller_statement": _seller_statement,
}
