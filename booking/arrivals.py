"""At which hours hosts welcome, and what to tell who comes at another one.

Nobody is refused for an hour: a late train is settled by a call between guest and host.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.utils.translation import gettext as _

from booking.models import Offer
from booking.stay_view import LineView
from destination.templatetags.velay import heure
from members.models import Provider


@dataclass(frozen=True)
class ArrivalNotice:
    """What to tell somebody who arrives outside the hours of a lodging, and the phone to call."""

    text: str
    phone: str


def hours_words(offer: Offer, starts_at: datetime) -> str:
    """Write when a lodging welcomes: "entre 16 h et 20 h"; `starts_at` is the local arrival."""
    if offer.check_in_until is None:
        return _("from %(from)s on") % {"from": heure(starts_at)}
    hours = {"from": heure(starts_at), "until": heure(offer.check_in_until)}
    return _("between %(from)s and %(until)s") % hours


def hours_of_stay(views: Iterable[LineView]) -> list[str]:
    """Return the hours of the lodgings where a stay begins: "Le Gîte : entre 16 h et 20 h"."""
    told = (
        _("%(title)s: %(hours)s")
        % {"title": one.title, "hours": hours_words(one.offer, one.starts_at)}
        for one in _first_beds(views)
    )
    return list(dict.fromkeys(told))


def notices_of_stay(arrival: time, views: Iterable[LineView]) -> list[ArrivalNotice]:
    """Return what to tell, before they pay, who would arrive at `arrival`: each host's once."""
    notices = (
        notice_of(arrival, one.offer, one.offer.provider, title=one.title, starts_at=one.starts_at)
        for one in _first_beds(views)
    )
    return list(dict.fromkeys(one for one in notices if one is not None))


def _first_beds(views: Iterable[LineView]) -> list[LineView]:
    lodgings = [one for one in views if one.unit is not None]
    first = min((one.starts_at.date() for one in lodgings), default=None)
    return [one for one in lodgings if one.starts_at.date() == first]


def is_outside(arrival: time, offer: Offer, starts_at: datetime) -> bool:
    """Whether `arrival` isn't within the hours of a lodging; `starts_at` is the local arrival.

    An hour after midnight comes before every arrival: it is outside too.
    """
    until = offer.check_in_until
    return arrival < starts_at.time() or (until is not None and arrival > until)


def notice_of(
    arrival: time, offer: Offer, provider: Provider, *, title: str, starts_at: datetime
) -> ArrivalNotice | None:
    """Return what to tell who arrives at `arrival`, None within the hours of the lodging.

    A host without a phone is told by the office.
    """
    if not is_outside(arrival, offer, starts_at):
        return None
    params = {
        "hour": heure(arrival),
        "title": title,
        "hours": hours_words(offer, starts_at),
        "host": provider.host_names or provider.name,
    }
    if provider.phone:
        text = _(
            "You arrive at %(hour)s, outside the hours of “%(title)s” (%(hours)s). Before you "
            "come, call %(host)s:"
        )
        return ArrivalNotice(text % params, provider.phone)
    text = _(
        "You arrive at %(hour)s, outside the hours of “%(title)s” (%(hours)s). Before you come, "
        "call us:"
    )
    return ArrivalNotice(text % params, str(settings.OFFICE["phone"]))
