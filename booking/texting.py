"""The SMS that go beside mails to hosts: who gets one, and its words.

A text holds a first name and a reference, never more of a person. It is written in the language
of the house, in one SMS.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from booking.gateways.sms import get_sms_gateway
from booking.letters import order_of
from booking.models import NoticeChoice, OutboxMessage, SubOrder, TalkMessage
from booking.rules.texting import LONGEST, shortened
from booking.stay_letters import lines_of_day
from destination.templatetags.velay import jour
from members.models import Provider

LONGEST_NAME = 20
WITH_SMS = (NoticeChoice.Way.SMS, NoticeChoice.Way.BOTH)


def is_on() -> bool:
    """Tell whether anybody carries an SMS."""
    return get_sms_gateway() is not None


def phone_of(provider: Provider) -> str:
    """Return where a house is texted, "" where it isn't."""
    if not is_on():
        return ""
    choice = NoticeChoice.objects.filter(provider=provider, way__in=WITH_SMS).first()
    return choice.phone if choice else ""


def is_mailed(provider: Provider) -> bool:
    """Tell whether what a house may have by SMS alone goes by mail too."""
    only = NoticeChoice.objects.filter(provider=provider, way=NoticeChoice.Way.SMS)
    return not (is_on() and only.exists())


def echo_of(message: OutboxMessage) -> str:
    """Return the number to which a mail to a host is echoed, "" for any other mail."""
    if message.kind not in ECHOED or not is_on():
        return ""
    return phone_of(provider_of(message))


def text_of(message: OutboxMessage) -> str:
    """Return the words of an SMS, at most 160 signs that it can hold.

    Raises NoLongerNeeded for what has become untrue, KeyError for an unknown kind.
    """
    with override(message.language):
        return shortened(TEXTS[message.kind](message), LONGEST)


def provider_of(message: OutboxMessage) -> Provider:
    """Return the house that a message is for; raises KeyError for a kind without one."""
    data = message.data
    if "sub_order" in data:
        return SubOrder.objects.select_related("provider").get(pk=data["sub_order"]).provider
    if "provider" in data:
        return Provider.objects.get(pk=data["provider"])
    written = TalkMessage.objects.select_related("talk__provider").get(pk=data["message"])
    return written.talk.provider


def _of_order(message: OutboxMessage, words: str) -> str:
    """Fill in the first name and the reference, and add where to look."""
    order = order_of(message)
    name = shortened(order.first_name, LONGEST_NAME)
    told = words % {"name": name, "reference": order.reference}
    return f"{told} {_address('extranet-booking', order.reference)}"


def _booking(message: OutboxMessage) -> str:
    return _of_order(message, _("Velay: %(name)s has booked with you (%(reference)s)."))


def _cancelled(message: OutboxMessage) -> str:
    if message.data.get("is_partly"):
        return _of_order(message, _("Velay: %(name)s comes with fewer people (%(reference)s)."))
    return _of_order(message, _("Velay: %(name)s will not come (%(reference)s), it is cancelled."))


def _talk(message: OutboxMessage) -> str:
    return _of_order(message, _("Velay: %(name)s has written to you (%(reference)s)."))


def _day_ahead(message: OutboxMessage) -> str:
    day = date.fromisoformat(message.data["day"])
    count = len(lines_of_day(message.data["provider"], day))
    words = ngettext(
        "Velay: %(count)s booking tomorrow, %(day)s.",
        "Velay: %(count)s bookings tomorrow, %(day)s.",
        count,
    )
    told = words % {"count": count, "day": jour(day)}
    return f"{told} {_address('extranet-day')}?jour={day.isoformat()}"


def _address(name: str, *args: str) -> str:
    return settings.BASE_URL + reverse(name, args=args)


TEXTS: dict[str, Callable[[OutboxMessage], str]] = {
    "provider_booking": _booking,
    "provider_cancelled": _cancelled,
    "talk_host": _talk,
    "day_ahead": _day_ahead,
}
ECHOED = {"provider_booking", "provider_cancelled", "talk_host"}
