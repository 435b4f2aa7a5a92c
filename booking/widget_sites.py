"""Which sites may frame a house's widget: written by its people, read with each page of it."""

from __future__ import annotations

from datetime import datetime

from booking import locks
from booking.models import WidgetSite
from booking.refusals import BadInput, NotAllowed, trouble
from booking.rules.origins import read_origin
from members.journal import Actor, record
from members.models import Provider

MOST_SITES = 5


def add_site(house: Provider, typed: str, *, actor: Actor, now: datetime) -> WidgetSite:
    """Let a site frame the widget of a house. Locks the house.

    Raises BadInput `site_unreadable` for what is no address of a site, NotAllowed `site_twice`,
    `too_many_sites`.
    """
    origin = read_origin(typed)
    if origin is None:
        raise BadInput(trouble("site_unreadable", field="site"))
    with locks.write_transaction():
        locks.lock_provider(house.pk)
        known = set(WidgetSite.objects.filter(provider=house).values_list("origin", flat=True))
        if origin in known:
            raise NotAllowed(trouble("site_twice", field="site"))
        if len(known) >= MOST_SITES:
            raise NotAllowed(trouble("too_many_sites", field="site", max=MOST_SITES))
        site = WidgetSite.objects.create(provider=house, origin=origin, created_at=now)
        _note("widget site added", house, origin, actor=actor, now=now)
    return site


def remove_site(house: Provider, site_id: int, *, actor: Actor, now: datetime) -> None:
    """Keep a site from framing the widget of a house; twice is the same as once."""
    with locks.write_transaction():
        locks.lock_provider(house.pk)
        site = WidgetSite.objects.filter(provider=house, pk=site_id).first()
        if site is None:
            return
        _note("widget site removed", house, site.origin, actor=actor, now=now)
        site.delete()


def sites_of(house: Provider) -> list[str]:
    """Return the origins that may frame the widget of a house."""
    rows = WidgetSite.objects.filter(provider=house).order_by("origin")
    return list(rows.values_list("origin", flat=True))


def _note(verb: str, house: Provider, origin: str, *, actor: Actor, now: datetime) -> None:
    record(verb, f"provider:{house.pk}", actor=actor, at=now, site=origin)
